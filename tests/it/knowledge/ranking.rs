//! The ranking of passages that stand for themselves: what is read from a text, how questions are divided, and that nothing
//! that is scored was learnt from.

use std::collections::{BTreeMap, BTreeSet};

use gridworker::knowledge::eval_retrieval::{Folds, RetrievalJob, run};
use gridworker::knowledge::rank::folds::divide;
use gridworker::knowledge::rank::reading::{FIELDS, Reading, Scratch, Statistics, Text};
use gridworker::learn::bm25::{self, Postings};
use proptest::prelude::*;

const TOPICS: [(&str, &str, [&str; 5]); 4] = [
    ("养犬管理法", "狗", ["登记", "牵引绳", "狂犬病疫苗", "公共场所", "烈性犬"]),
    ("电梯安全条例", "升降机", ["检验", "救援电话", "维护保养", "使用单位", "层门"]),
    ("医疗保险规定", "看病", ["门诊费用", "异地就医", "缴费年限", "住院待遇", "定点机构"]),
    ("物业管理条例", "小区", ["维修资金", "业主大会", "停车位", "物业费", "公共收益"]),
];

/// A small corpus and questions in other words, as the files of the contract.
fn files(folder: &std::path::Path, spoilt: Option<usize>) -> (std::path::PathBuf, std::path::PathBuf) {
    let (mut corpus, mut questions) = (String::new(), String::new());
    let mut number = 0usize;
    for (law, word, matters) in TOPICS {
        for (n, matter) in matters.iter().enumerate() {
            for variant in 0..3 {
                let text = format!(
                    "有关{matter}的事项，应当按照规定办理第{variant}类手续。违反{matter}规定的，由主管部门处理；情节严重的，处以罚款。"
                );
                let line = serde_json::json!({ "name": format!("{law}{n}-{variant}"), "law": law, "chapter": format!("第{n}章"), "text": text });
                corpus.push_str(&format!("{line}\n"));
            }
            let gold = if spoilt == Some(number) { "电梯安全条例0-0".to_owned() } else { format!("{law}{n}-0") };
            let line = serde_json::json!({ "query_id": number, "query": format!("{word}的{matter}怎么办"), "gold": [gold] });
            questions.push_str(&format!("{line}\n"));
            number += 1;
        }
    }
    let at = |name: &str| folder.join(name);
    std::fs::write(at("corpus.jsonl"), corpus).expect("write");
    std::fs::write(at("questions.jsonl"), questions).expect("write");
    (at("corpus.jsonl"), at("questions.jsonl"))
}

fn ranked(folds: Option<Folds>, spoilt: Option<usize>) -> BTreeMap<u64, Vec<String>> {
    let folder = tempfile::tempdir().expect("temp folder");
    let (corpus, queries) = files(folder.path(), spoilt);
    let out = folder.path().join("run.jsonl");
    let report =
        run(&RetrievalJob { corpus, queries, out: out.clone(), folds, top: 100, ..RetrievalJob::default() }).expect("a run");
    assert_eq!(report.figures.judged, 20);
    let run = std::fs::read_to_string(out).expect("the run");
    run.lines()
        .map(|l| {
            let line: serde_json::Value = serde_json::from_str(l).expect("a line");
            let keys = line["ranked"].as_array().expect("keys").iter().map(ToString::to_string).collect();
            (line["query_id"].as_u64().expect("an id"), keys)
        })
        .collect()
}

#[test]
fn what_is_right_for_a_question_does_not_change_how_it_is_ranked() {
    let (honest, spoilt) = (ranked(Some(Folds::Random), None), ranked(Some(Folds::Random), Some(8)));
    assert_eq!(honest[&8], spoilt[&8], "the question was learnt from and then ranked");
}

#[test]
fn a_question_that_is_ranked_is_left_out_of_the_training() {
    let folder = tempfile::tempdir().expect("temp folder");
    let (corpus, queries) = files(folder.path(), None);
    let job = RetrievalJob {
        corpus,
        queries: queries.clone(),
        out: folder.path().join("run.jsonl"),
        train: Some(queries.clone()),
        top: 10,
        ..RetrievalJob::default()
    };
    let report = run(&job).expect("a run");
    assert_eq!((report.taught, report.left_out), (0, 20));
    assert!(run(&RetrievalJob { folds: Some(Folds::Random), ..job }).is_err(), "two ways of training at once");
}

proptest! {
    #[test]
    fn parts_cover_everything_and_disjoint_ones_share_nothing(gold in proptest::collection::vec(proptest::collection::vec(0usize..40, 0..4), 1..60)) {
        let ids: Vec<String> = (0..gold.len()).map(|n| n.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        for kind in [Folds::Random, Folds::Disjoint] {
            let parts = divide(kind, &ids, &gold, 5, 0);
            prop_assert_eq!(parts.len(), gold.len());
            prop_assert!(parts.iter().all(|p| *p < 5));
            prop_assert_eq!(&parts, &divide(kind, &ids, &gold, 5, 0));
        }
        let parts = divide(Folds::Disjoint, &ids, &gold, 5, 3);
        let of = |part: usize| -> BTreeSet<usize> {
            parts.iter().zip(&gold).filter(|(p, _)| **p == part).flat_map(|(_, g)| g.iter().copied()).collect()
        };
        for a in 0..5 {
            for b in a + 1..5 {
                prop_assert!(of(a).is_disjoint(&of(b)));
            }
        }
        let mut random = [0usize; 5];
        for p in divide(Folds::Random, &ids, &gold, 5, 0) {
            random[p] += 1;
        }
        prop_assert!(random.iter().max().unwrap_or(&0) - random.iter().min().unwrap_or(&0) <= 1);
    }

    /// Reading a text for a question gives what the sparse index gives.
    #[test]
    fn a_text_read_scores_as_in_the_index(
        texts in proptest::collection::vec(("[犬梯保登记a1 。]{0,12}", "[犬梯章]{0,4}", "[犬梯保险登记费用aB12。；, ]{0,60}"), 1..8),
        question in "[犬梯保险登记费aB1 ？]{1,30}",
    ) {
        let text = |n: usize| Text { title: &texts[n].0, heading: &texts[n].1, text: &texts[n].2 };
        let statistics = Statistics::new((0..texts.len()).map(text));
        let documents: Vec<_> = texts
            .iter()
            .map(|(a, b, c)| bm25::frequencies([(FIELDS[0], a.as_str()), (FIELDS[1], b.as_str()), (FIELDS[2], c.as_str())]))
            .collect();
        let expected = Postings::build(&documents).scores(&question);
        let reading = Reading::new(&question, &statistics);
        let mut scratch = Scratch::default();
        for (n, expected) in expected.iter().enumerate() {
            let said = reading.read(&text(n), &mut scratch);
            let both: f32 = said.legs.iter().sum();
            prop_assert!((both - expected).abs() < 1e-3 * expected.max(1.0), "{} {}", both, expected);
            let context: f32 = reading.legs(&text(n), &mut scratch).iter().sum();
            prop_assert!((context - both).abs() < 1e-3 * both.max(1.0));
            prop_assert!(said.cover.iter().all(|c| (0.0..=1.0001).contains(c)));
            prop_assert!((0.0..=1.0).contains(&said.subsequence) && said.sentence <= said.cover[1] + 1e-4);
        }
    }
}
