//! How a table is learnt: first from the passages alone, then from questions whose passages are known.
//!
//! Both are contrastive: in a batch, the two halves of a pair must be nearer to each other than to everything else.
//! Everything is deterministic, whatever the number of threads: what is added is added in a fixed order.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Bag, DIM, Table, Terms, Vector, dot, normalise};
use crate::learn::ngrams;
use crate::learn::random::Random;

/// Temperature of the softmax.
const TEMPERATURE: f32 = 0.07;
/// Pairs in a batch of the first training.
const BATCH: usize = 256;
/// A passage that is shorter (bytes) is not halved.
const HALVED: usize = 120;
/// Rows (terms) that one thread takes at a time.
const GRAIN: usize = 512;

/// A passage to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// Title of its document.
    pub title: &'a str,
    /// Heading or chapter it stands under.
    pub heading: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Number of its document; neighbours with the same number follow each other.
    pub document: u64,
}

impl Piece<'_> {
    fn bag(&self, terms: &Terms) -> Bag {
        terms.bag([self.title, self.heading, self.text])
    }
}

/// What is known of a question.
#[derive(Debug, Clone)]
pub struct Lesson<'a> {
    /// As asked.
    pub question: &'a str,
    /// Numbers of the pieces that answer it.
    pub right: Vec<usize>,
    /// Numbers of pieces that look right and are not (from the ranks 4–60 of another leg).
    pub wrong: Vec<usize>,
}

/// How long and how strongly to learn from questions.
#[derive(Debug, Clone, Copy)]
pub struct Refining {
    /// Times that every question is seen.
    pub epochs: usize,
    /// Step of the descent.
    pub rate: f32,
    /// What the sums of squares of the gradients begin with.
    pub start: f32,
    /// Wrong pieces beside each right one.
    pub wrong: usize,
    /// Pairs in a batch.
    pub batch: usize,
    /// Temperature of the softmax.
    pub temperature: f32,
    /// Of the order of the questions.
    pub seed: u64,
}

impl Default for Refining {
    fn default() -> Self {
        Self { epochs: 4, rate: 0.05, start: 1e-6, wrong: 3, batch: 128, temperature: TEMPERATURE, seed: 1 }
    }
}

/// Terms that fewer passages hold get no row: 8 in tens of thousands of passages, 2 in a few hundred.
#[must_use]
pub fn least_frequency(passages: usize) -> u32 {
    (passages / 4000).clamp(2, 8) as u32
}

/// Learns a table from passages alone. `progress` is told the share (0..1) that is done.
#[must_use]
pub fn train(pieces: &[Piece<'_>], seed: u64, mut progress: impl FnMut(f32)) -> Table {
    let terms = terms(pieces);
    let mut random = Random::new(seed);
    let mut net = Net::random(&terms, &mut random);
    let mut batches: Vec<(Kind, Vec<u32>)> = Vec::new();
    for kind in [Kind::Halves, Kind::Next, Kind::Heading] {
        let mut pairs: Vec<u32> = (0..pieces.len()).filter(|n| kind.fits(pieces, *n)).map(|n| n as u32).collect();
        random.shuffle(&mut pairs);
        batches.extend(pairs.chunks(BATCH).filter(|b| b.len() > 1).map(|b| (kind, b.to_vec())));
    }
    random.shuffle(&mut batches);
    let all = batches.len().max(1) as f32;
    for (number, (kind, batch)) in batches.iter().enumerate() {
        let (left, right): (Vec<Bag>, Vec<Bag>) = batch
            .par_iter()
            .map(|n| kind.pair(pieces, *n as usize, &terms))
            .filter(|(a, b)| !a.is_empty() && !b.is_empty())
            .unzip();
        net.step(&left, &right, &[], 0.1, TEMPERATURE, true);
        progress((number + 1) as f32 / all);
    }
    Table::quantise(terms, &net.rows)
}

/// Learns on from questions whose pieces are known, and gives a second table over the same terms.
#[must_use]
pub fn refine(table: &Table, pieces: &[Piece<'_>], lessons: &[Lesson<'_>], how: &Refining) -> Table {
    let terms = &table.terms;
    let mut net = Net { rows: table.floats(), squares: vec![how.start; terms.len()] };
    let mut random = Random::new(how.seed);
    let mut order: Vec<(usize, usize)> =
        lessons.iter().enumerate().flat_map(|(l, lesson)| lesson.right.iter().map(move |r| (l, *r))).collect();
    for _ in 0..how.epochs {
        random.shuffle(&mut order);
        for batch in order.chunks(how.batch) {
            let mut columns: Vec<usize> = batch.iter().map(|(_, right)| *right).collect();
            for (lesson, _) in batch {
                let pool = &lessons[*lesson].wrong;
                columns.extend((0..how.wrong.min(pool.len())).map(|_| pool[random.below(pool.len())]));
            }
            // Other right pieces of the same question are neither right nor wrong for this pair.
            let mask: Vec<(u32, u32)> = batch
                .iter()
                .enumerate()
                .flat_map(|(row, (lesson, right))| {
                    let right_ones = &lessons[*lesson].right;
                    columns
                        .iter()
                        .enumerate()
                        .filter(move |(column, piece)| *column != row && (**piece == *right || right_ones.contains(piece)))
                        .map(move |(column, _)| (row as u32, column as u32))
                })
                .collect();
            let left: Vec<Bag> = batch.par_iter().map(|(l, _)| terms.bag([lessons[*l].question])).collect();
            let right: Vec<Bag> = columns.par_iter().map(|n| pieces[*n].bag(terms)).collect();
            net.step(&left, &right, &mask, how.rate, how.temperature, false);
        }
    }
    Table::quantise(terms.clone(), &net.rows)
}

fn terms(pieces: &[Piece<'_>]) -> Terms {
    let sets = pieces.par_chunks(2048).map(|chunk| {
        let mut count: HashMap<u32, u32> = HashMap::new();
        let mut own: Vec<u32> = Vec::new();
        for piece in chunk {
            own.clear();
            for part in [piece.title, piece.heading, piece.text] {
                ngrams::visit(part, |t| own.push(t));
            }
            own.sort_unstable();
            own.dedup();
            for t in &own {
                *count.entry(*t).or_insert(0) += 1;
            }
        }
        count
    });
    let frequency = sets.reduce(HashMap::new, |a, b| {
        let (mut large, small) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        for (t, n) in small {
            *large.entry(t).or_insert(0) += n;
        }
        large
    });
    Terms::new(pieces.len(), &frequency, least_frequency(pieces.len()))
}

/// What belongs together without anybody having said so.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The first half of a passage's sentences, and the second.
    Halves,
    /// A passage, and the next of its document.
    Next,
    /// Title and heading, and the text below.
    Heading,
}

impl Kind {
    fn fits(self, pieces: &[Piece<'_>], n: usize) -> bool {
        match self {
            Self::Halves => pieces[n].text.len() > HALVED && halves(pieces[n].text).is_some(),
            Self::Next => pieces.get(n + 1).is_some_and(|next| next.document == pieces[n].document),
            Self::Heading => !(pieces[n].title.is_empty() && pieces[n].heading.is_empty()),
        }
    }

    fn pair(self, pieces: &[Piece<'_>], n: usize, terms: &Terms) -> (Bag, Bag) {
        let piece = &pieces[n];
        match self {
            Self::Halves => {
                let (first, second) = halves(piece.text).unwrap_or(("", ""));
                (terms.bag([first]), terms.bag([second]))
            }
            Self::Next => (terms.bag([piece.text]), terms.bag([pieces.get(n + 1).map_or("", |p| p.text)])),
            Self::Heading => (terms.bag([piece.title, piece.heading]), terms.bag([piece.text])),
        }
    }
}

/// Cuts a text between its sentences into two halves; `None` when it is one sentence.
fn halves(text: &str) -> Option<(&str, &str)> {
    let cuts: Vec<usize> = text
        .char_indices()
        .filter(|(_, c)| matches!(c, '。' | '；' | '\n'))
        .map(|(at, c)| at + c.len_utf8())
        .filter(|at| *at < text.len())
        .collect();
    // The middle one of the sentences, as many before as after.
    let sentences = cuts.len() + 1;
    (sentences > 1).then(|| text.split_at(cuts[sentences / 2 - 1]))
}

/// Rows while they are being learnt.
struct Net {
    rows: Vec<Vector>,
    /// Sum of the mean squared gradients of each row.
    squares: Vec<f32>,
}

impl Net {
    fn random(terms: &Terms, random: &mut Random) -> Self {
        let mut rows: Vec<Vector> = (0..terms.len()).map(|_| std::array::from_fn(|_| random.normal())).collect();
        let mean = rows.iter().map(|r| dot(r, r).sqrt()).sum::<f32>() / rows.len().max(1) as f32;
        rows.iter_mut().flatten().for_each(|x| *x /= mean.max(1e-6));
        Self { rows, squares: vec![1e-8; terms.len()] }
    }

    /// The unit vector of a bag and the length it had.
    fn embed(&self, bag: &[(u32, f32)]) -> (Vector, f32) {
        let mut out = [0f32; DIM];
        for &(row, x) in bag {
            axpy(x, &self.rows[row as usize], &mut out);
        }
        let length = normalise(&mut out);
        (out, length.max(1e-6))
    }

    /// One step: the i-th of `left` belongs to the i-th of `right`; what `mask` names counts as neither right nor wrong.
    fn step(&mut self, left: &[Bag], right: &[Bag], mask: &[(u32, u32)], rate: f32, temperature: f32, both: bool) {
        if left.is_empty() {
            return;
        }
        let a: Vec<(Vector, f32)> = left.par_iter().with_min_len(16).map(|bag| self.embed(bag)).collect();
        let b: Vec<(Vector, f32)> = right.par_iter().with_min_len(16).map(|bag| self.embed(bag)).collect();
        let (p, q) = errors(&a, &b, mask, temperature, both);
        // Gradients of the sums of rows, through the normalisation.
        let through = |own: &(Vector, f32), errors: &[f32], others: &[(Vector, f32)]| -> Vector {
            let mut gradient = [0f32; DIM];
            for (error, (other, _)) in errors.iter().zip(others) {
                axpy(*error, other, &mut gradient);
            }
            let along = dot(&gradient, &own.0);
            std::array::from_fn(|i| (gradient[i] - along * own.0[i]) / own.1)
        };
        let (n, m) = (a.len(), b.len());
        let da: Vec<Vector> =
            a.par_iter().enumerate().with_min_len(8).map(|(i, own)| through(own, &p[i * m..(i + 1) * m], &b)).collect();
        let db: Vec<Vector> =
            b.par_iter().enumerate().with_min_len(8).map(|(j, own)| through(own, &q[j * n..(j + 1) * n], &a)).collect();
        self.descend(left, right, &da, &db, rate);
    }

    /// Row-wise Adagrad. Each row gathers its own gradient in the order of the bags.
    fn descend(&mut self, left: &[Bag], right: &[Bag], da: &[Vector], db: &[Vector], rate: f32) {
        let mut ends = vec![0u32; self.rows.len() + 1];
        let bags = || left.iter().zip(da).chain(right.iter().zip(db));
        for (bag, _) in bags() {
            for (row, _) in bag {
                ends[*row as usize + 1] += 1;
            }
        }
        for row in 1..ends.len() {
            ends[row] += ends[row - 1];
        }
        let mut entries = vec![(0u32, 0f32); ends.last().copied().unwrap_or(0) as usize];
        let mut next = ends.clone();
        for (number, (bag, _)) in bags().enumerate() {
            for (row, x) in bag {
                let at = &mut next[*row as usize];
                entries[*at as usize] = (number as u32, *x);
                *at += 1;
            }
        }
        let gradients: Vec<&Vector> = da.iter().chain(db).collect();
        self.rows.par_iter_mut().zip(&mut self.squares).enumerate().with_min_len(GRAIN).for_each(|(row, (values, square))| {
            let own = &entries[ends[row] as usize..ends[row + 1] as usize];
            if own.is_empty() {
                return;
            }
            let mut gradient = [0f32; DIM];
            for (bag, x) in own {
                axpy(*x, gradients[*bag as usize], &mut gradient);
            }
            *square += dot(&gradient, &gradient) / DIM as f32;
            axpy(-rate / square.sqrt(), &gradient, values);
        });
    }
}

fn axpy(by: f32, from: &Vector, to: &mut Vector) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += by * f);
}

/// Derivatives of the cross-entropy by the scalar products, by rows (n × m) and turned (m × n), divided by the temperature.
fn errors(a: &[(Vector, f32)], b: &[(Vector, f32)], mask: &[(u32, u32)], temperature: f32, both: bool) -> (Vec<f32>, Vec<f32>) {
    let (n, m) = (a.len(), b.len());
    let scale = 1.0 / (temperature * n as f32 * if both { 2.0 } else { 1.0 });
    let mut scores = vec![0f32; n * m];
    scores.par_chunks_mut(m).zip(a).with_min_len(8).for_each(|(row, (own, _))| {
        row.iter_mut().zip(b).for_each(|(s, (other, _))| *s = dot(own, other) / temperature);
    });
    for (row, column) in mask {
        scores[*row as usize * m + *column as usize] = f32::NEG_INFINITY;
    }
    let mut turned = transpose(&scores, n, m);
    let soften = |values: &mut [f32], width: usize| {
        values.par_chunks_mut(width).enumerate().with_min_len(8).for_each(|(i, row)| {
            let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let mut sum = 0f32;
            for s in row.iter_mut() {
                *s = (*s - top).exp();
                sum += *s;
            }
            let by = scale / sum;
            for s in row.iter_mut() {
                *s *= by;
            }
            if i < width {
                row[i] -= scale;
            }
        });
    };
    soften(&mut scores, m);
    if both {
        soften(&mut turned, n);
        let back = transpose(&turned, m, n);
        scores.iter_mut().zip(&back).for_each(|(s, b)| *s += b);
    }
    let turned = transpose(&scores, n, m);
    (scores, turned)
}

fn transpose(values: &[f32], n: usize, m: usize) -> Vec<f32> {
    let mut out = vec![0f32; n * m];
    out.par_chunks_mut(n.max(1)).enumerate().with_min_len(32).for_each(|(j, column)| {
        column.iter_mut().enumerate().for_each(|(i, x)| *x = values[i * m + j]);
    });
    out
}
