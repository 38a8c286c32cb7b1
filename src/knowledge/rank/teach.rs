//! Learning from questions whose passages are known: the second table and the re-ranker.
//!
//! The re-ranker must learn how much a cosine is worth for a question that nobody has asked. So the cosines it learns from come
//! from tables that had not seen the question: the questions are divided into parts, and each part is shown to a table
//! learnt from the others. This is done twice, with parts by chance and with parts that share no right passage, so that it
//! meets both kinds of new questions.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::features::{First, WIDTH};
use super::folds::{self, Kind};
use super::shelf::{Pool, Ranker, Shelf, ShelfBags, Sight, Texts};
use crate::learn::boost::{self, Forest, Growing, Rows};
use crate::learn::embedding::train::{Lesson, Piece, Refining, refine};
use crate::learn::embedding::{Matrix, Table};

/// Parts into which the questions are divided.
pub const PARTS: usize = 5;
/// Of the division within the training; another than any that is scored.
const SALT: u64 = 7;
/// Trainings of the re-ranker that are added up.
const SEEDS: u64 = 3;
/// Trees and step of a re-ranker that is only tried.
const TRIED: (usize, f64) = (50, 0.15);
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
    /// Where each group of rows comes from.
    pub groups: Vec<Group>,
}

/// A question's candidates as a table ranked them that had not seen the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Number of the question.
    pub question: usize,
    /// How the questions were divided.
    pub kind: Kind,
    /// The part that it was in.
    pub part: usize,
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
        Some(Forest::sum((1..=SEEDS).map(|seed| boost::train(rows, &Growing { seed, ..Growing::default() }))))
    }

    /// A re-ranker that has seen no question of a part (of the questions divided so that parts share no right passage), and the groups
    /// of that part: what is to be expected of the real one, with a third of its trees in larger steps and a single training.
    #[must_use]
    pub fn trial(&self, part: usize) -> (Forest, Vec<usize>) {
        let of_part = |g: &Group| g.kind == Kind::Disjoint && g.part == part;
        let held: HashSet<usize> = self.groups.iter().filter(|g| of_part(g)).map(|g| g.question).collect();
        let shown = (0..self.groups.len()).filter(|n| of_part(&self.groups[*n])).collect();
        let seen = (0..self.groups.len()).filter(|n| !held.contains(&self.groups[*n].question));
        let mut rows = Rows::new(WIDTH);
        for group in seen {
            rows.push(self.rows.group(group));
        }
        let how = Growing { trees: TRIED.0, rate: TRIED.1, seed: 1, ..Growing::default() };
        let forest = if rows.ends.is_empty() { Forest::default() } else { boost::train(&rows, &how) };
        (forest, shown)
    }
}

/// The part of each question.
#[must_use]
pub fn divide(kind: Kind, ids: &[&str], gold: &[Vec<usize>]) -> Vec<usize> {
    folds::divide(kind, ids, gold, PARTS, SALT)
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
    let (mut rows, mut groups) = (Rows::new(WIDTH), Vec::new());
    // Reads candidates only when there is a forest to be asked; while one is learnt, an empty one stands in.
    let none = Forest::default();
    for kind in [Kind::Random, Kind::Disjoint] {
        let parts = divide(kind, &ids, &gold);
        for part in 0..PARTS {
            let of = |wanted: bool| -> Vec<usize> {
                which.iter().zip(&parts).filter(|(_, p)| (**p == part) == wanted).map(|(n, _)| *n).collect()
            };
            let (shown, learnt) = (of(true), of(false));
            if shown.is_empty() || learnt.is_empty() {
                continue;
            }
            let taught = Sight::new(Arc::new(table(&own.table, &pieces, questions, &learnt)), bags);
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
                let taken = rows.push(pool.features.iter().zip(&pool.numbers).map(|(f, n)| (f.as_slice(), right.contains(n))));
                if taken {
                    groups.push(Group { question: *n, kind, part });
                }
            }
        }
    }
    Taught { table: table(&own.table, &pieces, questions, which), lessons: lessons(own, questions, which), rows, groups }
}

/// Vectors of questions by the table learnt from the passages: they tell how familiar another question is.
fn lessons(own: &Sight, questions: &[Known], which: &[usize]) -> Matrix {
    Matrix::new(&which.iter().map(|n| own.table.embed(&questions[*n].text)).collect::<Vec<_>>())
}
