//! Features, linear models and the classifier over them, on sentences of their own.

use gridworker::learn::classifier::{Classifier, Example, Verdict};
use gridworker::learn::features::Counts;
use gridworker::learn::keywords::Keywords;
use gridworker::learn::linear::{self, Fitting, Packed, Row};
use proptest::prelude::*;

/// Three matters, some ways to put each.
const MATTERS: [(&str, [&str; 6]); 3] = [
    (
        "路灯",
        [
            "门口的路灯不亮了",
            "路灯坏了三天没人修",
            "晚上路灯全灭黑漆漆的",
            "路灯一闪一闪的",
            "巷子里没有路灯",
            "路灯杆歪了灯也不亮",
        ],
    ),
    (
        "垃圾",
        [
            "垃圾桶满了没人清",
            "楼下垃圾堆得到处都是",
            "垃圾臭得不敢开窗",
            "有人乱倒装修垃圾",
            "垃圾车两天没来了",
            "垃圾桶盖子坏了很臭",
        ],
    ),
    (
        "噪声",
        [
            "楼上半夜吵得睡不着",
            "广场舞音响声音太大",
            "工地夜里打桩很吵",
            "装修电钻声音从早响到晚",
            "邻居家天天大声唱歌",
            "烧烤摊半夜喝酒吵闹",
        ],
    ),
];

fn examples() -> Vec<Example> {
    let matters = MATTERS.iter().enumerate();
    matters
        .flat_map(|(label, (_, texts))| {
            texts.iter().map(move |t| Example { counts: Counts::of_text(t), prior: Vec::new(), label })
        })
        .collect()
}

fn first(verdict: &Verdict) -> usize {
    verdict.ranked.first().expect("a label").label
}

#[test]
fn what_it_was_not_shown_is_recognised_and_the_same_model_comes_out_twice() {
    let model = Classifier::train(&examples(), MATTERS.len());
    assert_eq!(model, Classifier::train(&examples(), MATTERS.len()), "training is deterministic");
    for (text, label) in [("我们这条路的路灯都不亮", 0), ("垃圾没人清，臭得很", 1), ("夜里太吵，声音大得睡不着", 2)]
    {
        assert_eq!(first(&model.judge(&Counts::of_text(text), &[])), label, "{text}");
    }
}

#[test]
fn a_text_without_a_known_term_is_unsure() {
    let model = Classifier::train(&examples(), MATTERS.len());
    for text in ["", "！！！", "abc"] {
        assert!(!model.judge(&Counts::of_text(text), &[]).sure, "「{text}」");
    }
}

#[test]
fn without_examples_the_words_of_the_labels_decide() {
    let keywords = Keywords::new(&MATTERS.iter().map(|(name, _)| vec![*name]).collect::<Vec<_>>());
    let model = Classifier::train(&[], MATTERS.len());
    for (label, (_, texts)) in MATTERS.iter().enumerate().take(2) {
        let counts = Counts::of_text(texts[1]);
        let verdict = model.judge(&counts, &keywords.scores(&counts));
        assert_eq!(first(&verdict), label);
        assert!(verdict.sure, "the label's own word is enough");
    }
}

#[test]
fn words_of_the_labels_help_while_examples_are_few() {
    let keywords = Keywords::new(&MATTERS.iter().map(|(name, _)| vec![*name]).collect::<Vec<_>>());
    let few: Vec<Example> = MATTERS
        .iter()
        .enumerate()
        .flat_map(|(label, (_, texts))| texts.iter().take(2).map(move |t| (label, Counts::of_text(t))))
        .map(|(label, counts)| Example { prior: keywords.scores(&counts), counts, label })
        .collect();
    let model = Classifier::train(&few, MATTERS.len());
    assert!(model.prior_share() > 0.0, "the held-out folds choose to listen to the words");
    let counts = Counts::of_text("小区垃圾分类点关门了");
    assert_eq!(first(&model.judge(&counts, &keywords.scores(&counts))), 1);
}

#[test]
fn a_list_of_words_and_the_text_they_come_from_look_alike() {
    let text = Counts::of_text("路灯坏了");
    let list = Counts::of_words(["路灯", "坏", "了"]);
    assert_eq!(text.blocks[0], list.blocks[0], "characters and pairs run on over the words");
    assert!(text.blocks[1].iter().any(|t| list.blocks[1].contains(t)), "the word stands in both");
}

#[test]
fn the_beginning_counts_more_and_two_pieces_add_up() {
    let front = Counts::of_words(["路灯", "垃圾"]);
    let (lamp, waste) = (Counts::pairs("路灯")[0], Counts::pairs("垃圾")[0]);
    let weight = |c: &Counts, term: u32| c.blocks[0].iter().find(|(t, _)| *t == term).map_or(0.0, |(_, w)| *w);
    assert!(weight(&front, lamp) > weight(&front, waste));
    let twice = front.joined(&front);
    assert!((weight(&twice, lamp) - 2.0 * weight(&front, lamp)).abs() < 1e-5);
}

#[test]
fn the_packed_planes_separate_what_the_planes_separate() {
    // Column 0 speaks for label 0, column 1 for label 1, column 2 for nobody.
    let rows: Vec<Row> = vec![vec![(0, 1.0), (2, 0.3)], vec![(0, 0.9)], vec![(1, 1.0), (2, 0.3)], vec![(1, 0.8)]];
    let labels = [0, 0, 1, 1];
    let planes = linear::one_against_rest(&rows, &labels, 3, 3, Fitting::default());
    let packed = Packed::new(&planes, &[0, 1, 2]);
    for (row, label) in rows.iter().zip(labels) {
        let scores = packed.scores(row);
        let best = (0..3).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).expect("three labels");
        assert_eq!(best, label, "{scores:?}");
        assert!((scores[2] + 1.0).abs() < 1e-6, "a label without examples always says no");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn probabilities_are_probabilities_and_every_label_is_ranked_once(text in "[路灯垃圾吵闹abc0-9，。 \\n]{0,80}") {
        let model = Classifier::train(&examples(), MATTERS.len());
        let verdict = model.judge(&Counts::of_text(&text), &[]);
        let mut labels: Vec<usize> = verdict.ranked.iter().map(|r| r.label).collect();
        labels.sort_unstable();
        prop_assert_eq!(labels, (0..MATTERS.len()).collect::<Vec<_>>());
        let sum: f32 = verdict.ranked.iter().map(|r| r.probability).sum();
        prop_assert!((sum - 1.0).abs() < 1e-4);
        prop_assert!(verdict.ranked.windows(2).all(|w| w[0].probability >= w[1].probability));
    }
}
