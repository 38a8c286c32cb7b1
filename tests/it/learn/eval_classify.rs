//! `eval classify`: mixed lines, linked lines left out, runs that can be scored.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use gridworker::evaluation::classify::{self, ClassifyJob, ClassifyReport};
use serde_json::{Value, json};

const LAMPS: [&str; 6] = ["门口路灯不亮", "路灯坏了没人修", "晚上路灯全灭", "路灯一闪一闪", "巷子没有路灯", "路灯杆歪了"];
const WASTE: [&str; 6] = ["垃圾桶满了", "垃圾堆得到处是", "垃圾臭得不敢开窗", "乱倒装修垃圾", "垃圾车没来", "垃圾桶坏了"];

fn write(folder: &Path, name: &str, lines: &[Value]) -> PathBuf {
    let path = folder.join(name);
    let text: String = lines.iter().map(|l| format!("{l}\n")).collect::<Vec<_>>().concat();
    if path.extension().is_some_and(|e| e == "gz") {
        let mut out =
            flate2::write::GzEncoder::new(std::fs::File::create(&path).expect("a file of the test"), flate2::Compression::fast());
        out.write_all(text.as_bytes()).expect("writes");
        out.finish().expect("ends");
    } else {
        std::fs::write(&path, text).expect("writes");
    }
    path
}

fn tokens() -> Vec<Value> {
    let one = |(i, (text, label)): (usize, (&str, &str))| {
        let words: Vec<String> = text.chars().collect::<Vec<_>>().chunks(2).map(|c| c.iter().collect()).collect();
        json!({ "id": format!("t{i}"), "tokens": words.join(" "), "label": label })
    };
    LAMPS.iter().map(|t| (*t, "路灯")).chain(WASTE.iter().map(|t| (*t, "垃圾"))).enumerate().map(one).collect()
}

fn run(job: &ClassifyJob) -> (ClassifyReport, Vec<Value>) {
    let report = classify::run(job).expect("the job runs");
    let text = if job.out.extension().is_some_and(|e| e == "gz") {
        let file = std::fs::File::open(&job.out).expect("the run was written");
        std::io::read_to_string(flate2::read::GzDecoder::new(file)).expect("it is gzip")
    } else {
        std::fs::read_to_string(&job.out).expect("the run was written")
    };
    (report, text.lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect())
}

#[test]
fn texts_are_judged_by_word_lists_and_the_run_keeps_order_and_ids() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = write(folder.path(), "train.jsonl.gz", &tokens());
    let lines = [
        json!({ "id": 7, "topic": "路灯", "text": "巷子里的路灯坏了，一闪一闪", "label": "路灯", "source": "a", "token_id": "t3" }),
        json!({ "id": "7", "topic": "", "text": "垃圾桶满了，臭", "label": "垃圾", "source": "b", "token_id": null }),
    ];
    let test = write(folder.path(), "test.jsonl", &lines);
    let out = folder.path().join("run.jsonl.gz");
    let (report, rows) = run(&ClassifyJob { train: vec![train], test, out, folds: 2, ..ClassifyJob::default() });
    assert_eq!(report.examples, 12);
    assert_eq!(report.labels, ["垃圾", "路灯"]);
    assert_eq!(rows.iter().map(|r| r["id"].clone()).collect::<Vec<_>>(), [json!(7), json!("7")], "ids keep their type");
    assert_eq!(rows[0]["label"], "路灯");
    assert_eq!(rows[1]["ranked"], json!(["垃圾", "路灯"]));
    assert!(rows.iter().all(|r| r["sure"].is_boolean()));
    assert!((report.figures.all.macro_f1 - 1.0).abs() < 1e-9);
    assert_eq!(report.figures.by_source.len(), 2);
    let printed = report.to_string();
    for part in ["macro-F1", "confusion", "calibration error", "the worst 10 % called unsure"] {
        assert!(printed.contains(part), "{part} is printed:\n{printed}");
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "none is right: exactly 0")]
fn who_is_tested_on_is_not_trained_on() {
    let folder = tempfile::tempdir().expect("a folder");
    // The same message stands in training under its own name and under its list's, with a label of its own: only a model
    // that saw one of them could know that label.
    let mut lines = tokens();
    lines.push(json!({ "id": "t90", "tokens": "水管 爆了 漫水", "label": "水管" }));
    lines.push(json!({ "id": "x1", "topic": "水管", "text": "水管爆了，漫水", "label": "水管", "token_id": "t90" }));
    let train = write(folder.path(), "train.jsonl", &lines);
    let test = write(
        folder.path(),
        "test.jsonl",
        &[json!({ "id": "x1", "topic": "水管", "text": "水管爆了，漫水", "label": "水管", "token_id": "t90" })],
    );
    let linked = ClassifyJob { train: vec![train], test, out: folder.path().join("run.jsonl"), ..ClassifyJob::default() };
    let (report, rows) = run(&linked);
    assert_eq!(report.examples, 13, "the text and its list are one example");
    assert_ne!(rows[0]["label"], "水管", "a label of which no example is left cannot win");
    assert_eq!(report.figures.all.accuracy, 0.0);

    // The same message without a link is another example.
    let stranger = json!({ "id": "y1", "topic": "水管", "text": "水管爆了，漫水", "label": "水管" });
    let test = write(folder.path(), "stranger.jsonl", &[stranger]);
    let (_, rows) = run(&ClassifyJob { test, ..linked });
    assert_eq!(rows[0]["label"], "水管");
}

#[test]
fn without_training_the_scheme_alone_decides_and_few_examples_are_drawn_again_and_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let scheme = folder.path().join("scheme.json");
    std::fs::write(
        &scheme,
        json!({ "tree": { "路灯": { "照明": ["路灯杆", "其他"] }, "垃圾": { "环卫": ["垃圾桶"] } } }).to_string(),
    )
    .expect("writes");
    let lines: Vec<Value> = [("路灯杆断了", "路灯"), ("垃圾桶没了", "垃圾")]
        .iter()
        .enumerate()
        .map(|(i, (text, label))| json!({ "id": i, "text": text, "label": label }))
        .collect();
    let test = write(folder.path(), "test.jsonl", &lines);
    let out = folder.path().join("run.jsonl");
    let untrained = ClassifyJob { test, out, taxonomy: Some(scheme), ..ClassifyJob::default() };
    let (report, _) = run(&untrained);
    assert_eq!(report.examples, 0);
    assert!((report.figures.all.macro_f1 - 1.0).abs() < 1e-9);

    let train = write(folder.path(), "train.jsonl", &tokens());
    let cold = ClassifyJob { train: vec![train], per_label: Some(2), draws: 10, ..untrained };
    let (report, _) = run(&cold);
    let mean = report.mean.as_ref().expect("several draws have a mean");
    assert_eq!(mean.draws, 10);
    assert_eq!(report.to_string(), {
        let (again, _) = run(&cold);
        let (a, b) = (report.to_string(), again.to_string());
        // Times differ from run to run; everything measured does not.
        let measured = |t: &str| t.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(measured(&a), measured(&b));
        a
    });
}

#[test]
fn neither_examples_nor_a_scheme_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let test = write(folder.path(), "test.jsonl", &[json!({ "id": 1, "text": "路灯", "label": "路灯" })]);
    let job = ClassifyJob { test, out: folder.path().join("run.jsonl"), ..ClassifyJob::default() };
    assert!(classify::run(&job).is_err());
}
