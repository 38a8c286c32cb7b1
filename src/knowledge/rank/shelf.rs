//! A corpus prepared for ranking, and the ranking itself.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::features::{self, Candidate, Features, First, Whole, order};
use super::reading::{Reading, Scratch, Statistics, Text};
use crate::learn::boost::Forest;
use crate::learn::embedding::train::Piece;
use crate::learn::embedding::{Bags, Matrix, Rounded, Table};

/// Candidates that the re-ranker puts in order.
pub const KEPT: usize = 200;
/// Candidates that each leg hands over.
pub const LEG: usize = 400;

/// The passages of a corpus by number. Those of one document follow each other.
pub trait Texts: Sync {
    /// How many there are.
    fn count(&self) -> usize;
    /// Title, heading and text of one.
    fn text(&self, n: usize) -> Text<'_>;
    /// Number of its document.
    fn document(&self, n: usize) -> u32;
    /// How high its document stands, 0..1.
    fn authority(&self, n: usize) -> f32;
}

/// A corpus with what is counted once.
#[derive(Debug)]
pub struct Shelf<T> {
    texts: T,
    statistics: Statistics,
    /// Number of each passage's heading.
    headings: Vec<u32>,
    /// First passage under each heading.
    firsts: Vec<usize>,
}

impl<T: Texts> Shelf<T> {
    /// Counts what there is to count.
    #[must_use]
    pub fn new(texts: T) -> Self {
        let count = texts.count();
        let statistics = Statistics::new((0..count).map(|n| texts.text(n)));
        let (mut headings, mut firsts) = (Vec::with_capacity(count), Vec::new());
        {
            let mut numbers: HashMap<(u32, &str), u32> = HashMap::new();
            for n in 0..count {
                let number = *numbers.entry((texts.document(n), texts.text(n).heading)).or_insert_with(|| {
                    firsts.push(n);
                    firsts.len() as u32 - 1
                });
                headings.push(number);
            }
        }
        Self { texts, statistics, headings, firsts }
    }

    /// The passages.
    #[must_use]
    pub fn texts(&self) -> &T {
        &self.texts
    }

    /// The passages as an embedding learns from them.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        let piece = |n: usize| {
            let text = self.texts.text(n);
            Piece { title: text.title, heading: text.heading, text: text.text, document: u64::from(self.texts.document(n)) }
        };
        (0..self.texts.count()).map(piece).collect()
    }

    /// The passages taken apart for tables over the terms of this one.
    #[must_use]
    pub fn bags(&self, table: &Table) -> ShelfBags {
        let numbers: Vec<usize> = (0..self.texts.count()).collect();
        let whole = table.terms().bags(&numbers, |n| {
            let text = self.texts.text(*n);
            vec![text.title, text.heading, text.text]
        });
        let headings = table.terms().bags(&self.firsts, |n| {
            let text = self.texts.text(*n);
            vec![text.title, text.heading]
        });
        ShelfBags { whole, headings }
    }

    fn neighbours(&self, n: usize) -> [Option<usize>; 2] {
        let document = self.texts.document(n);
        let same = |m: &usize| *m < self.texts.count() && self.texts.document(*m) == document;
        [n.checked_sub(1).filter(same), Some(n + 1).filter(same)]
    }
}

/// Passages and headings taken apart.
#[derive(Debug)]
pub struct ShelfBags {
    whole: Bags,
    headings: Bags,
}

/// One table's vectors of a corpus.
#[derive(Debug)]
pub struct Sight {
    /// The table.
    pub table: Arc<Table>,
    whole: Matrix,
    headings: Matrix,
}

impl Sight {
    /// Embeds every passage and heading of a corpus, one after another: nothing is kept of them taken apart.
    #[must_use]
    pub fn over<T: Texts>(table: Arc<Table>, shelf: &Shelf<T>) -> Self {
        let rows = |numbers: Vec<usize>, whole: bool| -> Matrix {
            let row = |n: &usize| {
                let text = shelf.texts.text(*n);
                let parts = [text.title, text.heading, text.text];
                Matrix::round(&table.embed_parts(parts.into_iter().take(if whole { 3 } else { 2 })))
            };
            Matrix::of_rows(numbers.par_iter().map(row).collect())
        };
        let (whole, headings) = (rows((0..shelf.texts.count()).collect(), true), rows(shelf.firsts.clone(), false));
        Self { table, whole, headings }
    }

    /// The same from passages taken apart before, for several tables over the same terms.
    #[must_use]
    pub fn new(table: Arc<Table>, bags: &ShelfBags) -> Self {
        let whole = Matrix::new(&table.embed_bags(&bags.whole));
        let headings = Matrix::new(&table.embed_bags(&bags.headings));
        Self { table, whole, headings }
    }
}

/// What ranks: a table learnt from the passages, perhaps one learnt from questions, perhaps a re-ranker.
#[derive(Debug, Clone, Copy)]
pub struct Ranker<'a> {
    /// Learnt from the passages.
    pub own: Option<&'a Sight>,
    /// Learnt from questions.
    pub taught: Option<&'a Sight>,
    /// Those questions, by the table learnt from the passages.
    pub lessons: &'a Matrix,
    /// The re-ranker.
    pub forest: Option<&'a Forest>,
    /// The order before it.
    pub first: First,
}

/// A question's candidates: numbers, the scores of the first order, features.
#[derive(Debug, Default)]
pub struct Pool {
    /// Numbers of the passages.
    pub numbers: Vec<usize>,
    /// Their scores in the first order.
    pub first: Vec<f32>,
    /// Their features.
    pub features: Vec<Features>,
}

impl Ranker<'_> {
    /// The best passages by the dense leg (the table learnt from questions, else the one learnt from passages), best first.
    #[must_use]
    pub fn dense(&self, question: &str, top: usize) -> Vec<usize> {
        self.near(question, top).into_iter().map(|(n, _)| n).collect()
    }

    /// The same with their cosines.
    #[must_use]
    pub fn near(&self, question: &str, top: usize) -> Vec<(usize, f32)> {
        let Some(sight) = self.taught.or(self.own) else { return Vec::new() };
        let question = Rounded::new(&sight.table.embed(question));
        // A text without a known term has no direction.
        let near = sight.whole.best(&question, top);
        near.into_iter().filter(|(_, cosine)| *cosine > 0.0).collect()
    }

    /// The features of the best candidates of both legs.
    #[must_use]
    pub fn pool<T: Texts>(&self, shelf: &Shelf<T>, question: &str, sparse: &[usize], dense: &[usize]) -> Pool {
        let mut numbers: Vec<usize> = sparse.iter().chain(dense).copied().filter(|n| *n < shelf.texts.count()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let reading = Reading::new(question, &shelf.statistics);
        let mut scratch = Scratch::default();
        let sights = [self.own, self.taught].map(|s| s.map(|s| (s, Rounded::new(&s.table.embed(question)))));
        let cosine = |which: usize, n: usize| sights[which].as_ref().map_or(0.0, |(s, q)| s.whole.cosine(q, n));
        let mut candidates: Vec<Candidate> = numbers
            .iter()
            .map(|&n| Candidate {
                document: shelf.texts.document(n),
                heading: shelf.headings[n],
                said: reading.read(&shelf.texts.text(n), &mut scratch),
                own: cosine(0, n),
                taught: cosine(1, n),
                authority: shelf.texts.authority(n),
                ..Candidate::default()
            })
            .collect();
        let best = |of: fn(&Candidate) -> f32| candidates.iter().map(of).fold(0f32, f32::max);
        let familiar = sights[0].as_ref().map_or(0.0, |(_, q)| self.lessons.cosines(q).into_iter().fold(0f32, f32::max));
        let whole = Whole { best: [best(|c| c.own), best(|c| c.taught)], familiar, length: question.chars().count() as f32 };
        let first = features::first(&candidates, &self.first);
        let mut kept = order(candidates.len(), |n| first[n]);
        kept.truncate(KEPT);
        kept.sort_unstable();
        numbers = kept.iter().map(|n| numbers[*n]).collect();
        candidates = kept.iter().map(|n| candidates[*n]).collect();
        let first: Vec<f32> = kept.iter().map(|n| first[*n]).collect();
        if self.forest.is_none() {
            return Pool { numbers, first, features: Vec::new() };
        }
        for (n, candidate) in numbers.iter().zip(&mut candidates) {
            let heading = shelf.headings[*n] as usize;
            candidate.titles = [0, 1].map(|w| sights[w].as_ref().map_or(0.0, |(s, q)| s.headings.cosine(q, heading)));
            candidate.taught_around = shelf.neighbours(*n).into_iter().flatten().map(|n| cosine(1, n)).fold(0f32, f32::max);
        }
        look_around(shelf, &reading, &numbers, &mut candidates, &mut scratch);
        let features = features::features(&candidates, &first, &whole);
        Pool { numbers, first, features }
    }

    /// Numbers and scores, best first. Scores of different questions cannot be compared.
    #[must_use]
    pub fn rank<T: Texts>(&self, shelf: &Shelf<T>, question: &str, sparse: &[usize], dense: &[usize]) -> Vec<(usize, f32)> {
        let pool = self.pool(shelf, question, sparse, dense);
        let scores = self.forest.map_or_else(|| pool.first.clone(), |forest| forest.scores(&pool.features));
        order(scores.len(), |n| scores[n]).into_iter().map(|n| (pool.numbers[n], scores[n])).collect()
    }
}

/// Adds to the candidates the sparse scores of what stands before and after them.
fn look_around<T: Texts>(
    shelf: &Shelf<T>,
    reading: &Reading<'_>,
    numbers: &[usize],
    candidates: &mut [Candidate],
    scratch: &mut Scratch,
) {
    let known: HashMap<usize, f32> = numbers.iter().copied().zip(candidates.iter().map(Candidate::base)).collect();
    for (n, candidate) in numbers.iter().zip(candidates) {
        candidate.around = shelf.neighbours(*n).map(|other| {
            other.map_or(0.0, |other| {
                known.get(&other).copied().unwrap_or_else(|| reading.legs(&shelf.texts.text(other), scratch).iter().sum())
            })
        });
    }
}
