//! `make fuzz`: every importer and the splitter against files that nobody wrote.
//!
//! Mutations know the formats (entries of archives, elements of XML, operators of PDF, the words of laws); there is no
//! coverage to steer by, so an input is kept when it came to something new. Each target runs in a process of its own under
//! the limits of a parser. A finding is a panic in our own code, a broken promise of the splitter, or a death or hang that
//! the service would not survive: what foreign parsers die of is given to `gridworker extract` as the service would, and
//! must come back as a reason.
//!
//! `cargo bench --bench fuzz -- --minutes 10 [--target docx]…`; seeds and what was kept: `tests/fuzz-corpus/TARGET/`.

#![expect(clippy::print_stdout, reason = "what was found")]

#[path = "../tests/it/knowledge/import/make.rs"]
mod make;

use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gridworker::knowledge::document::{Audience, ImportDefaults, ParsedDocument};
use gridworker::knowledge::import::extractor::{Extractor, Limits};
use gridworker::knowledge::import::sniff::Format;
use gridworker::knowledge::import::{archive, extract, prepare, sniff, text};
use gridworker::knowledge::split::{self, clauses, pack};

const TARGETS: [&str; 9] = ["split", "markdown", "text", "csv", "html", "docx", "xlsx", "pdf", "zip"];
/// Inputs kept of one target.
const KEPT: usize = 48;
/// Bytes of an input that is kept.
const SMALL: usize = 6000;
/// One input must be done within this.
const SLOW: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let of = |name: &str| args.iter().position(|a| a == name).and_then(|at| args.get(at + 1)).cloned();
    let corpus =
        PathBuf::from(of("--corpus").unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz-corpus").to_owned()));
    if let Some(target) = of("--worker") {
        let seconds = of("--seconds").and_then(|s| s.parse().ok()).unwrap_or(10);
        let seed = of("--seed").and_then(|s| s.parse().ok()).unwrap_or(1);
        return worker(&target, &corpus, Duration::from_secs(seconds), seed);
    }
    let minutes: f64 = of("--minutes").and_then(|m| m.parse().ok()).unwrap_or(10.0);
    let chosen: Vec<String> =
        args.iter().zip(args.iter().skip(1)).filter(|(flag, _)| *flag == "--target").map(|(_, name)| name.clone()).collect();
    let mut findings = 0;
    for target in TARGETS.iter().filter(|t| chosen.is_empty() || chosen.iter().any(|c| c == *t)) {
        findings += drive(target, &corpus, Duration::from_secs_f64(minutes * 60.0), of("--binary").as_deref());
    }
    println!("{findings} findings");
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs workers of one target until its time is over; a worker that died is replaced, and what it died of is looked at.
fn drive(target: &str, corpus: &Path, time: Duration, binary: Option<&str>) -> usize {
    let begun = Instant::now();
    let (mut runs, mut kept, mut findings, mut deaths, mut seed) = (0u64, 0u64, 0, 0, 1u64);
    let mut contained: BTreeMap<String, u64> = BTreeMap::new();
    while begun.elapsed() + Duration::from_secs(1) < time {
        let left = time.saturating_sub(begun.elapsed()).as_secs().max(1);
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--worker", target, "--seconds", &left.min(120).to_string(), "--seed", &seed.to_string()])
            .arg("--corpus")
            .arg(corpus)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a worker");
        seed += 1;
        let out = child.wait_with_output().expect("a worker ends");
        let said = String::from_utf8_lossy(&out.stdout);
        for line in said.lines() {
            match line.split_once(' ') {
                Some(("runs", n)) => runs += n.parse::<u64>().unwrap_or(0),
                Some(("kept", n)) => kept += n.parse::<u64>().unwrap_or(0),
                Some(("contained", place)) => *contained.entry(place.to_owned()).or_default() += 1,
                Some(("finding", what)) => {
                    findings += 1;
                    println!("FINDING {target}: {what}");
                }
                _ => {}
            }
        }
        if !out.status.success() {
            deaths += 1;
            let input = std::fs::read(current(target)).unwrap_or_default();
            if let Err(why) = survives(target, &input, binary) {
                findings += 1;
                println!("FINDING {target}: {why}, saved as {}", save(corpus, target, "finding", &input).display());
            }
        }
    }
    println!(
        "{target}: {runs} inputs in {:.0} s, {kept} kept, {deaths} workers replaced, {} panics of foreign parsers contained, {findings} findings",
        begun.elapsed().as_secs_f64(),
        contained.values().sum::<u64>()
    );
    findings
}

/// What a worker died of is given to the service's own way of reading; only that counts.
fn survives(target: &str, input: &[u8], binary: Option<&str>) -> Result<(), String> {
    let Ok(format) = target.parse::<Format>() else { return Err("our own code died".to_owned()) };
    if !format.is_foreign() {
        return Err("our own code died or hung".to_owned());
    }
    let Some(binary) = binary else {
        return Err("a parser died, and there is no --binary to show that the service survives".to_owned());
    };
    let extractor = Extractor::new(binary.into(), Limits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let begun = Instant::now();
    let outcome = runtime.block_on(extractor.extract(format, input));
    if begun.elapsed() > Limits::default().wall + Duration::from_secs(5) {
        return Err(format!("it took {:?}", begun.elapsed()));
    }
    match outcome {
        Ok(_) => Ok(()),
        Err(reason) if reason.contains("管理员") => Err(reason),
        Err(_) => Ok(()),
    }
}

fn current(target: &str) -> PathBuf {
    std::env::temp_dir().join(format!("gridworker-fuzz-{target}"))
}

fn save(corpus: &Path, target: &str, kind: &str, input: &[u8]) -> PathBuf {
    let folder = corpus.join(target);
    let path = folder.join(format!("{kind}-{:016x}", xxhash_rust::xxh3::xxh3_64(input)));
    if std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, input)).is_err() {
        println!("could not save {}", path.display());
    }
    path
}

/// A small generator: the same seed, the same inputs.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

type Panics = Arc<Mutex<Option<String>>>;

fn worker(target: &str, corpus: &Path, time: Duration, seed: u64) -> ExitCode {
    let memory = Limits::default().memory;
    rlimit::Resource::AS.set(memory, memory).expect("a limit");
    rlimit::Resource::CORE.set(0, 0).expect("a limit");
    let last: Panics = Arc::default();
    let heard = Arc::clone(&last);
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or_else(|| "nowhere".to_owned(), |l| format!("{}:{}", l.file(), l.line()));
        *heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(place);
    }));
    // A watch over the input that is being worked on.
    let started: Arc<Mutex<Option<Instant>>> = Arc::default();
    let watched = Arc::clone(&started);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let since = *watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if since.is_some_and(|s| s.elapsed() > SLOW) {
                std::process::exit(3);
            }
        }
    });
    let (target, corpus) = (target.to_owned(), corpus.to_owned());
    let run = move || loop_over(&target, &corpus, time, seed, &last, &started);
    // The stack of a parser's process.
    let thread = std::thread::Builder::new().stack_size(128 * 1024 * 1024).spawn(run).expect("a thread");
    thread.join().expect("the loop");
    ExitCode::SUCCESS
}

fn loop_over(target: &str, corpus: &Path, time: Duration, seed: u64, last: &Panics, started: &Mutex<Option<Instant>>) {
    let mut dice = Dice(seed.wrapping_mul(0x1234_5678_9ABC_DEF1));
    let mut inputs = seeds(target);
    let mut known: HashSet<String> = HashSet::new();
    if let Ok(files) = std::fs::read_dir(corpus.join(target)) {
        let mut files: Vec<PathBuf> = files.flatten().map(|f| f.path()).collect();
        files.sort();
        inputs.extend(files.iter().filter_map(|f| std::fs::read(f).ok()));
    }
    let saved = inputs.len();
    let mut out = std::io::stdout();
    let begun = Instant::now();
    let (mut runs, mut kept) = (0u64, 0u64);
    let mut turn = 0;
    while begun.elapsed() < time {
        // First everything that is there, as it is.
        let input = if turn < saved { inputs[turn].clone() } else { mutated(target, &inputs, &mut dice) };
        turn += 1;
        runs += 1;
        let _written = std::fs::write(current(target), &input);
        *started.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Instant::now());
        let outcome = catch_unwind(AssertUnwindSafe(|| one(target, &input)));
        *started.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
        let place = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        match outcome {
            Ok(Ok(signature)) => {
                if let Some(place) = place {
                    let _ = writeln!(out, "contained {place}");
                    // A foreign panic that the importer turned into a reason; ours would be a defect even so.
                    if ours(&place) {
                        let _ = writeln!(
                            out,
                            "finding panic at {place}, saved as {}",
                            save(corpus, target, "finding", &input).display()
                        );
                    }
                }
                if known.insert(signature) && turn > saved {
                    inputs.push(input.clone());
                    if inputs.len() > 400 {
                        inputs.remove(saved);
                    }
                    if input.len() <= SMALL && saved + (kept as usize) < KEPT {
                        save(corpus, target, "kept", &input);
                        kept += 1;
                    }
                }
            }
            Ok(Err(broken)) => {
                let _ = writeln!(out, "finding {broken}, saved as {}", save(corpus, target, "finding", &input).display());
            }
            Err(_) => {
                let place = place.unwrap_or_default();
                let foreign = target.parse::<Format>().is_ok_and(Format::is_foreign) && !ours(&place);
                let word = if foreign { "contained" } else { "finding" };
                let _ = writeln!(out, "{word} panic at {place}");
                if !foreign {
                    save(corpus, target, "finding", &input);
                }
            }
        }
    }
    let _ = writeln!(out, "runs {runs}\nkept {kept}");
}

fn ours(place: &str) -> bool {
    place.starts_with("src/") || place.starts_with("benches/") || place.contains("gridworker/src/")
}

fn defaults() -> ImportDefaults {
    ImportDefaults { audience: Audience::Resident, area: "全国".to_owned(), effective_from: jiff::civil::date(2026, 1, 1) }
}

/// Runs one input; what it came to, or which promise was broken.
fn one(target: &str, input: &[u8]) -> Result<String, String> {
    match target {
        "split" => cut(&String::from_utf8_lossy(input)),
        "markdown" => match ParsedDocument::parse(Path::new("x.md"), &String::from_utf8_lossy(input), &defaults()) {
            Ok(document) => Ok(pieces(&document)),
            Err(e) => Ok(e.reason.chars().take(12).collect()),
        },
        "text" => {
            let kind = sniff::sniff("x.txt", input);
            let text = text::decode(input);
            if let Some(text) = &text {
                cut(text)?;
            }
            Ok(format!("{kind:?} {}", text.is_some()))
        }
        "zip" => {
            let kind = sniff::sniff("x.zip", input);
            let listed = archive::list(Cursor::new(input));
            let mut signature = format!("{kind:?} {:?}", listed.as_ref().map(Vec::len));
            for entry in listed.unwrap_or_default().iter().take(20) {
                let read = archive::read(Cursor::new(input), &entry.place).map(|b| b.len().min(3));
                signature.push_str(&format!("{read:?}{:?}", entry.refused));
            }
            Ok(signature)
        }
        _ => {
            let format: Format = target.parse()?;
            match extract::outline(format, input) {
                Ok(outline) => {
                    let document = prepare::from_outline("x", &outline, &defaults());
                    let kinds: usize = outline.blocks.iter().map(std::mem::discriminant).collect::<HashSet<_>>().len();
                    let size = outline.blocks.len().ilog2_or_zero();
                    match document {
                        Ok(document) => Ok(format!("{kinds} {size} {}", pieces(&document))),
                        Err(reason) => Ok(format!("{kinds} {size} {}", reason.chars().take(8).collect::<String>())),
                    }
                }
                Err(reason) => Ok(reason.chars().filter(|c| !c.is_ascii_digit()).take(20).collect()),
            }
        }
    }
}

trait Log {
    fn ilog2_or_zero(self) -> u32;
}

impl Log for usize {
    fn ilog2_or_zero(self) -> u32 {
        self.checked_ilog2().unwrap_or(0)
    }
}

fn pieces(document: &ParsedDocument) -> String {
    let passages = document.passages(1);
    format!("{:?} {}", document.meta.shape, passages.len().ilog2_or_zero())
}

/// The promises of the splitter over any text.
fn cut(text: &str) -> Result<String, String> {
    let mut signature = String::new();
    for (name, sections) in
        [("clauses", clauses::clauses(text)), ("sections", split::sections(text)), ("lines", split::lines(text))]
    {
        for section in &sections {
            let Some(own) = section.text.get(section.repeated..) else {
                return Err(format!("{name}: a piece cut within a character"));
            };
            if own.chars().count() > split::MAX_CHARS + 1 {
                return Err(format!("{name}: a piece of {} characters", own.chars().count()));
            }
            if section.text[..section.repeated].chars().count() > pack::MAX_CONTEXT + 64 {
                return Err(format!("{name}: {} bytes are said again", section.repeated));
            }
            if own.trim().is_empty() {
                return Err(format!("{name}: an empty piece"));
            }
        }
        signature.push_str(&format!("{} ", sections.len().ilog2_or_zero()));
    }
    signature.push_str(&format!("{}", clauses::is_law(text)));
    Ok(signature)
}

const LAW: &str = "# 条例\n\n目录\n第一章 总则\n\n第一章 总则\n第一条　为了规范，制定本条例。\n第二条 应当遵守下列规定：\n（一）甲；\n（二）乙：\n1.丙；\n2.丁。\n\n| 项目 | 金额 |\n|---|---|\n| 登记 | 50元 |\n\n第三条之一 施行。\n附件：表\n- 项\n";

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let line = |y: f64, text: &'static str| (72.0, y, 12.0, text);
    match target {
        "split" | "markdown" => vec![
            LAW.into(),
            "+++\nid = \"a\"\ntitle = \"甲\"\naudience = \"resident\"\narea = \"全国\"\ncategory = \"x\"\nissuer = \"y\"\neffective_from = 2026-01-01\nstatus = \"published\"\n+++\n**结论**：甲。\n\n## 怎么办\n- 乙\n".into(),
            "甲：乙。\n丙：丁。\n".into(),
        ],
        "text" => vec![LAW.into(), encoding_rs::GBK.encode(LAW).0.into_owned(), b"\xFF\xFEa\0b\0".to_vec(), make::png(), b"%PDF-1.4".to_vec()],
        "csv" => vec!["问题,答案,相似问题\n甲,乙,丙;丁\n".into(), "表一,,\n项目\t金额\n\"a\n\"\"b\",2\n".into()],
        "html" => vec![
            "<!DOCTYPE html><html><head><meta charset=gbk><title>a_b</title></head><body><h1>x</h1><table><tr><td>a</td></tr><tr><td>b</td></tr></table><ul><li>c<ol><li>d</ol></ul><pre>e</pre></body></html>".into(),
        ],
        "docx" => {
            let mut body = make::p("<w:pStyle w:val=\"a3\"/>", "办法");
            body += &make::p("<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr>", "条");
            body += &make::p("<w:numPr><w:ilvl w:val=\"1\"/><w:numId w:val=\"1\"/></w:numPr>", "项");
            body += &make::tbl(&[&["a", "b"], &["c", "d"]]);
            vec![make::docx(&body), make::docx(&make::p("<w:numPr><w:numId w:val=\"2\"/></w:numPr>", "点"))]
        }
        "xlsx" => vec![
            make::xlsx(&[("S", &[&["表", ""], &["a", "b"], &["1", "2.5"]], &["A1:B1"]), ("T", &[&["问题", "答案"], &["q", "a"]], &[])]),
        ],
        "pdf" => vec![
            make::pdf(&[&[line(700.0, "第一条　为了"), line(680.0, "制定。")], &[line(700.0, "第二条")]], "Identity-H"),
            make::pdf(&[&[line(700.0, "甲")]], "GBK-EUC-H"),
        ],
        _ => vec![
            make::zip(&[("a.txt", "甲".into()), ("b/c.md", LAW.into()), ("d.zip", make::zip(&[("e.txt", "乙".into())]))]),
            make::zip_gbk(&[("通知.txt", "甲".into())]),
        ],
    }
}

const WORDS: [&str; 34] = [
    "第",
    "条",
    "章",
    "节",
    "编",
    "之",
    "一",
    "十",
    "百",
    "第一条　",
    "第二条 ",
    "（一）",
    "(1)",
    "1.",
    "· ",
    "- ",
    "：",
    "。",
    "；",
    "\n",
    "\n\n",
    "|",
    "|---|\n",
    "# ",
    "## ",
    "**",
    "`",
    "\\",
    "[a](b)",
    "目录",
    "附件：",
    "表1",
    "\u{feff}",
    "𠮷",
];
const XML: [&str; 26] = [
    "<w:p>",
    "</w:p>",
    "<w:tbl>",
    "</w:tbl>",
    "<w:tr>",
    "<w:tc>",
    "<w:vMerge/>",
    "<w:gridSpan w:val=\"99999999\"/>",
    "<w:t>",
    "</w:t>",
    "<w:numId w:val=\"1\"/>",
    "<w:ilvl w:val=\"8\"/>",
    "<mc:Fallback>",
    "<w:del>",
    "&amp;",
    "&#x10FFFF;",
    "&bomb;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "<c r=\"XFD1048576\"><v>1</v></c>",
    "<mergeCell ref=\"A1:XFD1048576\"/>",
    "t=\"s\"",
    "<w:lvlText w:val=\"%9%1%\"/>",
    "<w:start w:val=\"4294967295\"/>",
    "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
];
const HTML: [&str; 20] = [
    "<table>",
    "</table>",
    "<tr>",
    "<td colspan=999999>",
    "<th>",
    "<div>",
    "<p>",
    "<li>",
    "<ol start=99999999999>",
    "<pre>",
    "<code>",
    "<script>",
    "<!--",
    "&nbsp;",
    "&#0;",
    "<h6>",
    "<a href=x>",
    "<title",
    "charset=",
    "<svg><math>",
];
const PDF: [&str; 24] = [
    "<<",
    ">>",
    "[",
    "]",
    "stream\n",
    "endstream",
    "endobj",
    "1 0 obj",
    "0 R",
    "/Length 999999999",
    "/Filter /FlateDecode",
    "/Kids [2 0 R]",
    "/Parent 2 0 R",
    "/MediaBox [0]",
    "/Type /Page",
    "BT",
    "ET",
    "Tj",
    "Tf",
    "cm",
    "/Encoding /UniGB-UCS2-H",
    "/ToUnicode 3 0 R",
    "-99999999999",
    "xref",
];

fn words(target: &str) -> &'static [&'static str] {
    match target {
        "docx" | "xlsx" => &XML,
        "html" => &HTML,
        "pdf" => &PDF,
        _ => &WORDS,
    }
}

fn mutated(target: &str, inputs: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let base = dice.pick(inputs).clone();
    // Office files are changed inside and packed again most of the time: else only the checksum would be tested.
    if matches!(target, "docx" | "xlsx" | "zip")
        && dice.below(8) > 0
        && let Some(packed) = repacked(target, &base, dice)
    {
        return packed;
    }
    let mut out = base;
    for _ in 0..=dice.below(6) {
        change(&mut out, words(target), inputs, dice);
    }
    out.truncate(200_000);
    out
}

fn repacked(target: &str, base: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(base)).ok()?;
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for n in 0..archive.len().min(40) {
        let file = archive.by_index(n).ok()?;
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        let mut bytes = Vec::new();
        file.take(200_000).read_to_end(&mut bytes).ok()?;
        files.push((name, bytes));
    }
    if files.is_empty() {
        return None;
    }
    for _ in 0..=dice.below(3) {
        let at = dice.below(files.len());
        for _ in 0..=dice.below(5) {
            change(&mut files[at].1, words(target), &[], dice);
        }
        files[at].1.truncate(200_000);
    }
    let mut seen = HashSet::new();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().filter(|(n, _)| seen.insert(n.clone())).map(|(n, b)| (n.as_str(), b.clone())).collect();
    catch_unwind(AssertUnwindSafe(|| make::zip(&files))).ok()
}

fn change(out: &mut Vec<u8>, words: &[&str], others: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(out.len() + 1);
    let span = dice.below(40).min(out.len() - at);
    match dice.below(9) {
        0 => {
            if let Some(byte) = out.get_mut(at) {
                *byte ^= 1 << (dice.next() % 8);
            }
        }
        1 => {
            out.drain(at..at + span);
        }
        2 => {
            let piece = out[at..at + span].to_vec();
            let to = dice.below(out.len() + 1);
            out.splice(to..to, piece);
        }
        3..=5 => {
            let word = dice.pick(words).as_bytes().to_vec();
            out.splice(at..at, word);
        }
        6 => {
            let word = dice.pick(words).as_bytes().repeat(1 + dice.below(200));
            out.splice(at..at, word);
        }
        7 => {
            let number = [0i64, 1, -1, 255, 65_536, i64::from(i32::MAX), i64::MAX][dice.below(7)].to_string();
            out.splice(at..at + span.min(4), number.into_bytes());
        }
        _ => {
            if let Some(other) = (!others.is_empty()).then(|| dice.pick(others)) {
                let from = dice.below(other.len() + 1);
                let len = dice.below(300).min(other.len() - from);
                out.splice(at..at, other[from..from + len].to_vec());
            }
        }
    }
}
