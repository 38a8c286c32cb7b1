//! What a file may do: nothing to the others, nothing to the service.

use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use gridworker::knowledge::import::extractor::{Extractor, Limits};
use gridworker::knowledge::import::sniff::Format;
use gridworker::knowledge::import::{MAX_FILE_BYTES, archive, collect, prepare};

use super::{extractor, make, read};

/// A parser that does what the shell says.
fn stand_in(folder: &Path, script: &str) -> std::path::PathBuf {
    let path = folder.join("parser.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("write");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("may run");
    path
}

#[tokio::test]
async fn a_parser_that_loops_or_dies_or_talks_for_ever_is_ended_with_a_reason() {
    let folder = tempfile::tempdir().expect("temp folder");
    let limits = Limits { wall: Duration::from_millis(700), output: 100_000, ..Limits::default() };
    for (script, reason) in [
        ("while :; do :; done", "没有完成"),
        ("sleep 60", "没有完成"),
        ("kill -SEGV $$", "读不出来"),
        ("kill -ABRT $$", "内存"),
        ("kill -XCPU $$", "计算时间"),
        ("exit 3", "读不出来"),
        ("echo not json", "读不出来"),
        ("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", "太多"),
    ] {
        let parser = Extractor::new(stand_in(folder.path(), script), limits);
        let begun = Instant::now();
        let why = parser.extract(Format::Docx, &vec![b'x'; 300_000]).await.expect_err(script);
        assert!(why.contains(reason), "{script}: {why}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{script}: {:?}", begun.elapsed());
    }
    let none = Extractor::new(folder.path().join("nothing"), limits);
    assert!(none.extract(Format::Pdf, b"").await.expect_err("no program").contains("无法启动"));
}

#[tokio::test]
async fn a_parser_sees_no_secrets_and_cannot_write() {
    let folder = tempfile::tempdir().expect("temp folder");
    let parser = Extractor::new(
        stand_in(
            folder.path(),
            "env > /dev/stderr; n=$(env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD= | wc -l); echo \"{\\\"refused\\\":\\\"$n\\\"}\"",
        ),
        Limits::default(),
    );
    assert_eq!(parser.extract(Format::Pdf, b"").await, Err("0".to_owned()), "variables of the service reach the parser");
}

#[tokio::test]
async fn memory_and_computing_are_bounded_in_the_real_parser() {
    // A sheet with a cell at its very end: a table of 17 thousand million cells if somebody believes it.
    let sheet = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData></worksheet>";
    let honest = make::xlsx(&[("S", &[&["1"]], &[])]);
    let mut files = Vec::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(honest)).expect("a zip");
    for n in 0..archive.len() {
        let mut file = archive.by_index(n).expect("a file");
        let name = file.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).expect("bytes");
        if name.ends_with("sheet1.xml") {
            bytes = sheet.as_bytes().to_vec();
        }
        files.push((name, bytes));
    }
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    let begun = Instant::now();
    let why = read("大.xlsx", make::zip(&files)).await.map(|d| d.body).expect_err("a table too large");
    assert!(why.contains("拆") || why.contains("另存"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());

    // A page nested a hundred thousand deep.
    let deep = format!("<html><body>{}文字{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    let _reason_or_text = read("深.html", deep.into_bytes()).await;

    // Ten megabytes of entities and one open tag.
    let bomb = make::docx(&"<w:tbl><w:tr><w:tc>".repeat(100_000));
    assert!(read("套.docx", bomb).await.is_err());
}

#[test]
fn an_archive_bomb_is_named_and_not_opened() {
    let zeros = vec![b' '; 48 * 1024 * 1024];
    let bomb = make::zip(&[("一.txt", zeros.clone()), ("二.txt", "正常的内容。".into())]);
    assert!(bomb.len() < 200_000, "{} bytes", bomb.len());
    let entries = archive::list(Cursor::new(&bomb)).expect("a list");
    assert!(entries[0].refused.as_ref().is_some_and(|why| why.contains("压缩炸弹")), "{entries:?}");
    assert_eq!(entries[1].refused, None);
    assert!(archive::read(Cursor::new(&bomb), &[0]).expect_err("not opened").contains("压缩炸弹"), "whatever the list said");
    assert_eq!(archive::read(Cursor::new(&bomb), &[1]).expect("opened"), "正常的内容。".as_bytes());

    let two =
        make::zip(&[("里.zip", make::zip(&[("更里.zip", make::zip(&[("底.txt", "字".into())])), ("中.txt", "中".into())]))]);
    let entries = archive::list(Cursor::new(&two)).expect("a list");
    let names: Vec<(&str, bool)> = entries.iter().map(|e| (e.name.as_str(), e.refused.is_some())).collect();
    assert_eq!(names, [("里.zip!更里.zip", true), ("里.zip!中.txt", false)]);

    let many: Vec<(String, Vec<u8>)> = (0..=archive::MAX_ENTRIES).map(|n| (format!("{n}.txt"), b"x".to_vec())).collect();
    let many: Vec<(&str, Vec<u8>)> = many.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    assert!(archive::list(Cursor::new(make::zip(&many))).expect_err("too many").contains("拆成"));
}

#[test]
fn names_in_archives_are_labels_and_never_paths() {
    let packed = make::zip(&[
        ("../../etc/passwd.txt", "a".into()),
        ("/绝对/b.txt", "b".into()),
        ("C:\\系统\\c.txt", "c".into()),
        ("__MACOSX/x.txt", "d".into()),
        (".隐藏/e.txt", "e".into()),
        ("夹/README.md", "f".into()),
    ]);
    let names: Vec<String> = archive::list(Cursor::new(packed)).expect("a list").into_iter().map(|e| e.name).collect();
    assert_eq!(names, ["etc/passwd.txt", "绝对/b.txt", "系统/c.txt"]);
    let gbk = make::zip_gbk(&[("养犬管理/收费标准.txt", "甲".into()), ("通知.txt", "乙".into())]);
    let names: Vec<String> = archive::list(Cursor::new(gbk)).expect("a list").into_iter().map(|e| e.name).collect();
    assert_eq!(names, ["养犬管理/收费标准.txt", "通知.txt"]);
}

#[tokio::test]
async fn a_text_of_200_megabytes_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().expect("temp folder");
    let path = folder.path().join("大.txt");
    std::fs::File::create(&path).and_then(|f| f.set_len(200 * 1024 * 1024)).expect("a sparse file");
    let sources = collect::sources(&[path], "");
    assert_eq!(sources.len(), 1);
    let why = prepare::load(&sources[0]).expect_err("too large");
    assert_eq!(why, format!("文件有 200 MB，超过 {} MB 的上限，请拆分后上传", MAX_FILE_BYTES / 1024 / 1024));
}

#[tokio::test]
async fn as_much_text_as_is_allowed_is_cut_in_time() {
    let paragraph = "社区活动室每周三下午开放，居民凭身份证登记后可以使用，请爱护公物。";
    let law: String = (1..=60_000).map(|n| format!("第{n}条　{paragraph}\n")).collect::<Vec<_>>().concat();
    let begun = Instant::now();
    let why = prepare::document("巨.txt", law.into_bytes(), &super::defaults(), &extractor())
        .await
        .map(|_| ())
        .expect_err("too many pieces");
    assert!(why.contains("上限"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let one_line = paragraph.repeat(20_000);
    let begun = Instant::now();
    let document =
        prepare::document("一行.txt", one_line.into_bytes(), &super::defaults(), &extractor()).await.expect("a document");
    assert!(document.passages(1).len() > 1000);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_grows_with_the_square_of_a_file_is_bounded() {
    let begun = Instant::now();
    let brackets = format!("甲：{}", "[".repeat(2_000_000));
    assert!(read("括号.txt", brackets.into_bytes()).await.is_ok());
    let wide: String = (0..60_000).map(|n| format!("{n},")).collect::<Vec<_>>().concat();
    let why = read("宽.csv", format!("{wide}\n{}", "a,b\n".repeat(60_000)).into_bytes())
        .await
        .map(|d| d.body)
        .expect_err("too many cells");
    assert!(why.contains("格子"), "{why}");
    let tables = "<table><tr><td>".repeat(1500);
    let _text_or_reason = read("表.html", format!("<html><body>{tables}").into_bytes()).await;
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
}
