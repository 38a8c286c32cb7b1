//! Categories learnt from labels: what changes, and what may not.

use gridworker::incident::labels::{LabelSource, Labelled};
use gridworker::incident::learned::Learned;

use super::STREET;

fn label(text: &str, code: &str) -> Labelled {
    Labelled { text: text.to_owned(), code: code.to_owned(), source: LabelSource::Worker }
}

/// Matters of this street that its table has no words for, with the leaf that a gridworker gave them.
const TAUGHT: [(&str, &str); 3] = [
    ("隔壁养蜂的把蜂箱摆在楼顶，蜜蜂到处飞", "030603"),
    ("天桥底下有人熬沥青，味道大得很", "030401"),
    ("共享单车堆在单元门口，进出都要侧起身子", "050101"),
];

fn taught() -> Learned {
    let labels: Vec<Labelled> = TAUGHT.iter().map(|(text, code)| label(text, code)).collect();
    Learned::train(&STREET.taxonomy, &labels).expect("three labels teach something")
}

#[test]
fn one_correction_decides_the_same_message_and_one_like_it() {
    let learned = taught();
    assert_eq!(learned.labels(), 3);
    let alike = [("有人在天桥底下熬沥青，味道很大", "030401"), ("楼顶有人养蜂，蜂箱摆在那里，蜜蜂到处飞", "030603")];
    for (text, code) in TAUGHT.iter().chain(&alike) {
        let verdict = learned.decide(&STREET.taxonomy, text, STREET.taxonomy.decide_by_words(text));
        let first = verdict.ranked.first().map(|s| s.code.as_str());
        assert_eq!(first, Some(*code), "{text} {:?}", verdict.ranked.iter().take(3).collect::<Vec<_>>());
    }
}

#[test]
fn what_nobody_labelled_anything_like_stays_with_the_table() {
    let learned = taught();
    for text in ["楼顶有瓷砖掉下来了", "3栋2单元有人飞线充电", "井盖不见了", "", "你好", "今天天气不错"]
    {
        let by_words = STREET.taxonomy.decide_by_words(text);
        assert_eq!(learned.decide(&STREET.taxonomy, text, by_words.clone()), by_words, "{text}");
    }
}

#[test]
fn a_leaf_that_goes_to_another_body_is_no_matter_of_learning() {
    let stopper = STREET.taxonomy.leaves().iter().find(|l| !l.stopper.is_empty()).expect("the table has one");
    let ours = STREET.taxonomy.leaves().iter().find(|l| l.stopper.is_empty()).expect("the table has others");
    // A label that says 「this is for another body」 teaches nothing: nobody is sent away by what was learnt.
    assert!(Learned::train(&STREET.taxonomy, &[label("隔壁养蜂的把蜂箱摆在楼顶", &stopper.code)]).is_none());
    // And what the table sends away is sent away, whatever was learnt.
    let text = &stopper.examples[0];
    let by_words = STREET.taxonomy.decide_by_words(text);
    assert_eq!(by_words.ranked[0].code, stopper.code, "the table knows its own sentence");
    let learned = Learned::train(&STREET.taxonomy, &[label(text, &ours.code)]).expect("a label of a leaf of ours");
    assert_eq!(learned.decide(&STREET.taxonomy, text, by_words.clone()), by_words);
}

#[test]
fn the_same_labels_teach_the_same() {
    let (one, two) = (taught(), taught());
    for (text, _) in TAUGHT {
        let words = STREET.taxonomy.decide_by_words(text);
        assert_eq!(one.decide(&STREET.taxonomy, text, words.clone()), two.decide(&STREET.taxonomy, text, words));
    }
}

#[test]
fn many_labels_do_not_spoil_what_the_table_knew() {
    // Half of the table's own sentences become labels; the other half is asked for, unknown to both.
    let rest = STREET.taxonomy.without_examples(|number| number >= 3);
    let held = |odd: usize| {
        let leaves = STREET.taxonomy.leaves().iter().filter(|l| l.stopper.is_empty());
        leaves.flat_map(move |l| l.examples.iter().skip(3 + odd).step_by(2).map(|e| (e.as_str(), l.code.as_str())))
    };
    let labels: Vec<Labelled> = held(0).map(|(text, code)| label(text, code)).collect();
    let learned = Learned::train(&rest, &labels).expect("labels teach something");
    let (mut by_words, mut by_both, mut surely_wrong, mut total) = (0usize, 0usize, 0usize, 0usize);
    for (text, code) in held(1) {
        let words = rest.decide_by_words(text);
        total += 1;
        by_words += usize::from(words.ranked.first().is_some_and(|s| s.code == code));
        let both = learned.decide(&rest, text, words);
        let right = both.ranked.first().is_some_and(|s| s.code == code);
        by_both += usize::from(right);
        surely_wrong += usize::from(both.sure && !right);
        if both.sure && !right {
            let top: Vec<_> = both.ranked.iter().take(2).map(|s| format!("{} {:.2}", s.code, s.score)).collect();
            eprintln!("surely wrong: {text} ({code}) → {top:?}");
        }
    }
    eprintln!(
        "{} labels: {by_words} of {total} by words, {by_both} with what was learnt, {surely_wrong} surely wrong",
        labels.len()
    );
    assert!(total > 90, "{total} sentences are asked");
    assert!(by_both + 2 >= by_words, "{by_both} against {by_words} of {total}");
    assert!(surely_wrong * 100 <= total * 8, "{surely_wrong} of {total} are sure and wrong");
}
