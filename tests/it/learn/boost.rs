//! The re-ranker alone: it learns an order, is the same every time, and passes over what teaches nothing.

use gridworker::learn::boost::{Forest, Growing, Rows, train};
use gridworker::learn::random::Random;

/// Questions whose right candidate is the one with the largest product of two features; the third says nothing.
fn toy(questions: usize, seed: u64) -> Rows {
    let mut random = Random::new(seed);
    let mut rows = Rows::new(3);
    for _ in 0..questions {
        let candidates: Vec<[f32; 3]> = (0..20).map(|_| [random.unit(), random.unit(), random.unit()]).collect();
        let right = (0..20).max_by(|a, b| {
            let worth = |n: &usize| candidates[*n][0] * candidates[*n][1];
            worth(a).total_cmp(&worth(b))
        });
        rows.push(candidates.iter().enumerate().map(|(n, c)| (c.as_slice(), Some(n) == right)));
    }
    rows
}

/// Share of the questions whose best candidate by `score` is right.
fn hits(rows: &Rows, score: impl Fn(&[f32]) -> f32) -> f64 {
    let mut begin = 0;
    let mut hits = 0usize;
    for end in &rows.ends {
        let best = (begin..*end)
            .max_by(|a, b| {
                let of = |n: usize| score(&rows.values[n * rows.width..(n + 1) * rows.width]);
                of(*a).total_cmp(&of(*b))
            })
            .expect("a candidate");
        hits += usize::from(rows.right[best]);
        begin = *end;
    }
    hits as f64 / rows.ends.len() as f64
}

#[test]
fn it_orders_unseen_questions_better_than_any_feature_alone() {
    let forest = train(&toy(400, 1), &Growing { features: 1.0, ..Growing::default() });
    let unseen = toy(300, 2);
    let (first, second, learnt) = (hits(&unseen, |r| r[0]), hits(&unseen, |r| r[1]), hits(&unseen, |r| forest.score(r)));
    assert!(learnt > first.max(second) + 0.2, "{first} {second} → {learnt}");
    let uses = forest.uses(3);
    assert!(uses[0] > uses[2] && uses[1] > uses[2], "noise is used most: {uses:?}");
}

#[test]
fn the_same_rows_give_the_same_forest_whatever_the_number_of_threads() {
    let grown = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| train(&toy(60, 1), &Growing { trees: 20, seed, ..Growing::default() }))
    };
    assert_eq!(grown(1, 1), grown(4, 1));
    assert_ne!(grown(1, 1), grown(1, 2), "the seed changes nothing");
    let text = serde_json::to_string(&grown(1, 1)).expect("as JSON");
    assert_eq!(serde_json::from_str::<Forest>(&text).expect("read back"), grown(1, 1));
}

#[test]
fn scores_of_many_rows_and_of_one_agree_and_add_up() {
    let rows = toy(60, 3);
    let (a, b) = (
        train(&rows, &Growing { trees: 10, ..Growing::default() }),
        train(&rows, &Growing { trees: 10, seed: 2, ..Growing::default() }),
    );
    let table: Vec<&[f32]> = rows.values.chunks(3).take(50).collect();
    let both = Forest::sum([a.clone(), b.clone()]);
    for (row, score) in table.iter().zip(both.scores(&table)) {
        assert!((score - a.score(row) - b.score(row)).abs() < 1e-5);
    }
}

#[test]
fn a_question_without_an_order_teaches_nothing() {
    let mut rows = Rows::new(2);
    rows.push([([1.0f32, 2.0].as_slice(), false), ([0.0, 1.0].as_slice(), false)]);
    rows.push([([1.0f32, 2.0].as_slice(), true)]);
    rows.push(std::iter::empty());
    assert!(rows.ends.is_empty() && rows.values.is_empty() && rows.right.is_empty());
    let forest = train(&rows, &Growing::default());
    assert!(forest.score(&[1.0, 2.0]).abs() < 1e-9, "nothing to learn: no order");
}
