//! Learning from questions whose passages are known: the second table and the re-ranker.
//!
//! The re-ranker must learn how much a cosine is worth for a question that nobody has asked. So the cosines it learns from come
//! from tables that had not seen the question: the questions are divided into parts, and each part is shown to a table
//! learnt from the others. This is done twice, with parts by chance and with parts that share no right passage, so that it
//! meets both kinds of new questions.

use rayon::prelude::*;

use super::features::{First, WIDTH};
use super::folds::{self, Kind};
use super::shelf::{Pool, Ranker, Shelf, ShelfBags, Sight, Texts};
use crate::learn::boost::{self, Forest, Growing, Rows};
use crate::learn::embedding::train::{Lesson, Piece, Refining, refine};
use crate::learn::embedding::{Matrix, Table};

/// Parts into which the questions are divided.
const PARTS: usize = 5;
/// Of the division within the training; another than any that is scored.
const SALT: u64 = 7;
/// Trainings of the re-ranker that are added up.
const SEEDS: u64 = 3;
/// Sparse ranks from which passages are taken that look right and are not.
const LOOKALIKES: std::ops::Range<usize> = 3..60;

/// A question whose passages are known.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Tells it from the others.
    pub id: String,
    /// As asked.
    pub text: String,
    /// Numbers of the passages that answer it.
    pub right: Vec<usize>,
    /// Numbers of the best passages of the sparse leg, best first.
    pub sparse: Vec<usize>,
}

/// What is learnt.
#[derive(Debug)]
pub struct Taught {
    /// The table learnt from questions.
    pub table: Table,
    /// The questions it was learnt from, by the table learnt from the passages.
    pub lessons: Matrix,
    /// What the re-ranker learns from.
    pub rows: Rows,
}

impl Taught {
    /// The re-ranker, without the features whose numbers are given; `None` when there is nothing to learn an order from.
    #[must_use]
    pub fn forest(&self, without: &[usize]) -> Option<Forest> {
        if self.rows.ends.is_empty() {
            return None;
        }
        let blind;
        let rows = if without.is_empty() {
            &self.rows
        } else {
            let mut copy = self.rows.clone();
            for (n, value) in copy.values.iter_mut().enumerate() {
                if without.contains(&(n % WIDTH)) {
                    *value = 0.0;
                }
            }
            blind = copy;
            &blind
        };
        let one = |seed: u64| boost::train(rows, &Growing { seed, ..Growing::default() });
        Some(Forest::sum((1..=SEEDS).map(one)))
    }
}

/// How the second table is learnt.
#[must_use]
pub fn refining() -> Refining {
    Refining { temperature: 0.1, wrong: 8, ..Refining::default() }
}

/// Learns the second table from the questions whose numbers are given.
#[must_use]
pub fn table(own: &Table, pieces: &[Piece<'_>], questions: &[Known], which: &[usize]) -> Table {
    let lessons: Vec<Lesson<'_>> = which
        .iter()
        .map(|n| &questions[*n])
        .filter(|q| !q.right.is_empty())
        .map(|q| {
            let lookalikes = q.sparse.get(LOOKALIKES.start..q.sparse.len().min(LOOKALIKES.end)).unwrap_or_default();
            Lesson {
                question: &q.text,
                right: q.right.clone(),
                wrong: lookalikes.iter().copied().filter(|n| !q.right.contains(n)).collect(),
            }
        })
        .collect();
    refine(own, pieces, &lessons, &refining())
}

/// Learns the second table, and gathers what the re-ranker learns from, from the questions whose numbers are given.
#[must_use]
pub fn teach<T: Texts>(
    shelf: &Shelf<T>,
    bags: &ShelfBags,
    own: &Sight,
    questions: &[Known],
    which: &[usize],
    first: First,
) -> Taught {
    let pieces = shelf.pieces();
    let ids: Vec<&str> = which.iter().map(|n| questions[*n].id.as_str()).collect();
    let gold: Vec<Vec<usize>> = which.iter().map(|n| questions[*n].right.clone()).collect();
    let mut rows = Rows::new(WIDTH);
    // Reads candidates only when there is a forest to be asked; while one is learnt, an empty one stands in.
    let none = Forest::default();
    for kind in [Kind::Random, Kind::Disjoint] {
        let parts = folds::divide(kind, &ids, &gold, PARTS, SALT);
        for part in 0..PARTS {
            let of = |wanted: bool| -> Vec<usize> {
                which.iter().zip(&parts).filter(|(_, p)| (**p == part) == wanted).map(|(n, _)| *n).collect()
            };
            let (shown, learnt) = (of(true), of(false));
            if shown.is_empty() || learnt.is_empty() {
                continue;
            }
            let taught = Sight::new(table(&own.table, &pieces, questions, &learnt), bags);
            let lessons = lessons(own, questions, &learnt);
            let ranker = Ranker { own: Some(own), taught: Some(&taught), lessons: &lessons, forest: Some(&none), first };
            let pools: Vec<Pool> = shown
                .par_iter()
                .map(|n| {
                    let question = &questions[*n];
                    ranker.pool(shelf, &question.text, &question.sparse, &ranker.dense(&question.text, super::shelf::LEG))
                })
                .collect();
            for (n, pool) in shown.iter().zip(&pools) {
                let right = &questions[*n].right;
                rows.push(pool.features.iter().zip(&pool.numbers).map(|(f, n)| (f.as_slice(), right.contains(n))));
            }
        }
    }
    Taught { table: table(&own.table, &pieces, questions, which), lessons: lessons(own, questions, which), rows }
}

/// Vectors of questions by the table learnt from the passages: they tell how familiar another question is.
fn lessons(own: &Sight, questions: &[Known], which: &[usize]) -> Matrix {
    Matrix::new(&which.iter().map(|n| own.table.embed(&questions[*n].text)).collect::<Vec<_>>())
}
