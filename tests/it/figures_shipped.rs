//! The figure gate over the shipped knowledge: planted wrong figures, and right answers in other words.
//!
//! The cases were written from the knowledge files alone, before anybody looked at the gate. `eval figures` reads the same files.

use std::collections::HashSet;
use std::path::Path;

use gridworker::conversation::figures;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    document: String,
    source_passage: String,
    answer_sentence: String,
    ok: bool,
}

fn cases(name: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    let cases: Vec<Case> = text.lines().map(|l| serde_json::from_str(l).expect("a case")).collect();
    assert!(cases.len() >= 200, "{name}: {} cases", cases.len());
    let ids: HashSet<&str> = cases.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len(), "{name}: every case has a name of its own");
    cases
}

/// The cases about which the gate thinks otherwise than their author.
fn misjudged(cases: &[Case]) -> Vec<String> {
    let wrong = cases.iter().filter(|c| figures::check(&c.answer_sentence, &[&c.source_passage]).ok() != c.ok);
    wrong.map(|c| format!("{}「{}」 from 「{}」", c.id, c.answer_sentence, c.source_passage)).collect()
}

#[test]
fn no_planted_wrong_figure_gets_through() {
    let cases = cases("figures-planted.jsonl");
    let through = misjudged(&cases);
    assert!(through.is_empty(), "{} of {} get through:\n{}", through.len(), cases.len(), through.join("\n"));
}

#[test]
fn right_answers_in_other_words_are_let_through() {
    let cases = cases("figures-right.jsonl");
    let dropped = misjudged(&cases);
    assert!(
        dropped.len() * 100 <= cases.len() * 2,
        "{} of {} are held back:\n{}",
        dropped.len(),
        cases.len(),
        dropped.join("\n")
    );
}

#[test]
fn the_cases_are_about_the_shipped_knowledge() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let (mut all, mut gone) = (0usize, Vec::new());
    for case in cases("figures-planted.jsonl").into_iter().chain(cases("figures-right.jsonl")) {
        all += 1;
        let text = std::fs::read_to_string(root.join(&case.document)).unwrap_or_default();
        if !text.contains(&case.source_passage) {
            gone.push(format!("{} {}", case.document, case.source_passage));
        }
    }
    gone.dedup();
    // A guide may be reworded without anybody refreshing its case; most must stand in it to the letter.
    assert!(gone.len() * 20 <= all, "{} of {all} passages are no longer in their document:\n{}", gone.len(), gone.join("\n"));
}
