//! What an editor is told, and the figures of a question set.

use gridworker::knowledge::eval::{self, Question};
use gridworker::knowledge::eval_retrieval::{RetrievalJob, run};
use gridworker::knowledge::law_index::LawIndex;
use gridworker::knowledge::lint::{Severity, lint};

use super::{DAY, guide, parse};

#[test]
fn the_law_index_knows_articles_and_versions() {
    let folder = tempfile::tempdir().expect("temp folder");
    std::fs::write(folder.path().join("甲法(2020-01-02).md"), "# 甲法\n\n第一条　为了甲。\n\n第二条之一 内容。\n续行。\n")
        .expect("write");
    std::fs::create_dir(folder.path().join("民法典")).expect("folder");
    std::fs::write(folder.path().join("民法典").join("总则.md"), "第一条 民事。\n").expect("write");
    let index = LawIndex::build(folder.path()).expect("build");
    let rows: Vec<String> = index.rows().iter().map(|r| format!("{} {} {}", r.law, r.version, r.article)).collect();
    assert_eq!(rows, ["民法典 2020-05-28 第一条", "甲法 2020-01-02 第一条", "甲法 2020-01-02 第二条之一"]);
    assert!(index.rows().iter().all(|r| r.hash.len() == 12));
    let again = LawIndex::parse(index.to_csv().expect("csv").as_bytes()).expect("parse");
    assert_eq!(again.rows(), index.rows(), "the table comes back whole");
}

#[test]
fn lint_finds_what_a_careful_editor_would() {
    let folder = tempfile::tempdir().expect("temp folder");
    let laws = LawIndex::parse("law,version,article,hash\n甲法,2020-01-02,第一条,0\n".as_bytes()).expect("table");
    let source = |article: &str| format!("sources = [{{ law = \"甲法\", article = \"{article}\", version = \"2020-01-02\" }}]");
    let good = guide("good", "甲", &["问一", "问二", "问三", "问四"], "", "**结论**：好。（《甲法》第一条）\n\n## 怎么办\n做。")
        .replace("sources = []", &source("第一条"));
    let long = "长".repeat(720);
    let bad = guide("other", "乙", &["问一"], "", &format!("没有结论。（《甲法》第一条和第三条）\n\n## 一\n{long}"))
        .replace("sources = []", &source("第九条"))
        .replace("2027-06-30", "2026-06-30")
        .replace("published", "perhaps");
    std::fs::write(folder.path().join("good.md"), good).expect("write");
    std::fs::write(folder.path().join("bad.md"), bad).expect("write");
    let files = gridworker::knowledge::import::collect(&[folder.path().to_owned()]);
    let findings = lint(&files, &laws, DAY);
    let text: Vec<String> = findings.iter().map(|f| f.message.clone()).collect();
    for expected in [
        "编号“other”与文件名“bad”不一致",
        "复核日期 2026-06-30 已过",
        "没有第九条",
        "《甲法》第一条没有列入",
        "《甲法》第三条没有列入",
        "超过 700 字",
        "没有以 “**结论**” 开头",
        "状态只能是",
        "问法“问一”在",
    ] {
        let hits = text.iter().filter(|t| t.contains(expected)).count();
        assert_eq!(hits, 1, "{expected} in {text:#?}");
    }
    let on_good = findings
        .iter()
        .filter(|f| f.file.ends_with("good.md") && f.severity == Severity::Error && !f.message.contains("问法"))
        .count();
    assert_eq!(on_good, 0, "{findings:#?}");
}

#[test]
fn near_copies_of_front_matter_are_found() {
    let document = parse("a.md", &guide("a", "甲", &["厨房有煤气味怎么办"], "", "**结论**：好。"));
    let question = |text: &str| -> Question {
        serde_json::from_value(serde_json::json!({ "id": 1, "question": text })).expect("a question")
    };
    let set = [question("厨房里有煤气味怎么办"), question("闻到臭鸡蛋味道害怕")];
    let documents = [&document.meta];
    let copies = eval::near_copies(&set, &documents);
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert_eq!(copies[0].0, "厨房里有煤气味怎么办");
}

#[test]
fn retrieval_is_measured_as_the_contract_says() {
    let folder = tempfile::tempdir().expect("temp folder");
    let at = |name: &str| folder.path().join(name);
    let corpus =
        "{\"name\":\"甲\",\"law\":\"动物法\",\"chapter\":\"\",\"text\":\"养犬应当登记\"}\n{\"id\":7,\"text\":\"燃放烟花爆竹\"}\n";
    let mut gz =
        flate2::write::GzEncoder::new(std::fs::File::create(at("c.jsonl.gz")).expect("file"), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, corpus.as_bytes()).and_then(|()| gz.finish().map(drop)).expect("write");
    std::fs::write(at("q.jsonl"), "{\"query_id\":1,\"query\":\"烟花能放吗\",\"gold\":[7]}\n{\"query_id\":\"b\",\"query\":\"养犬登记\",\"gold\":[\"甲\",\"乙\"]}\n").expect("write");
    let report = run(&RetrievalJob {
        corpus: at("c.jsonl.gz"),
        queries: at("q.jsonl"),
        out: at("run.jsonl"),
        top: 100,
        ..RetrievalJob::default()
    })
    .expect("run");
    let figures = report.figures;
    assert!((figures.mrr10 - 1.0).abs() < 1e-9 && (figures.recall[0] - 0.75).abs() < 1e-9, "{report}");
    let out = std::fs::read_to_string(at("run.jsonl")).expect("read");
    assert_eq!(out, "{\"query_id\":1,\"ranked\":[7]}\n{\"query_id\":\"b\",\"ranked\":[\"甲\"]}\n", "ids keep their JSON type");
}
