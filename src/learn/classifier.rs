//! A text classifier that is trained where it is used, in seconds: tf·idf over two blocks, each of length 1, a linear
//! SVM a label, beside it a prior (what the words of the labels say), and probabilities calibrated on held-out folds.
//!
//! The measured choices: each block normalised by itself, tf^¾, terms of at least three examples once there are enough of
//! them, no terms hashed together. Logistic regression, trigrams, bagging and nearest examples did not help.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::features::{BLOCKS, Counts};
use super::linear::{self, Fitting, Packed, Row};

/// Terms kept at most: 60,000 × (4 key + 2 document frequency + a byte a label).
const TERMS: usize = 60_000;
/// Exponent of a term's weighted count.
const SATURATION: f32 = 0.75;
/// From this many examples on, a term must stand in three of them; below it in one.
const PLENTY: usize = 600;
/// Folds for calibration.
const FOLDS: usize = 4;
/// The share of held-out examples that is called unsure.
pub const UNSURE: f32 = 0.10;
/// Weights of the prior that are tried on the held-out folds.
const SHARES: [f32; 8] = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
/// Of the prior alone. The least surprising sharpness on a foreign scheme, for 7 and for 15 labels; its probabilities are rather too low.
const UNTRAINED: Calibration = Calibration { sharpness: 140.0, threshold: 0.3 };

/// An example: what is seen of it, and the number of its label.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its terms.
    pub counts: Counts,
    /// What the words of the labels say about it, one score a label; empty when nothing does.
    pub prior: Vec<f32>,
    /// Below the number of labels.
    pub label: usize,
}

/// A label with its probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Number of the label.
    pub label: usize,
    /// 0..1, all labels together 1.
    pub probability: f32,
}

/// What is said of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// All labels, best first; equal ones by number.
    pub ranked: Vec<Ranked>,
    /// Whether the first may be taken without asking.
    pub sure: bool,
}

impl Verdict {
    /// How far the first is ahead of the second.
    #[must_use]
    pub fn margin(&self) -> f32 {
        match self.ranked.as_slice() {
            [first, second, ..] => first.probability - second.probability,
            [_] => 1.0,
            [] => 0.0,
        }
    }
}

/// Turns scores into probabilities and into "sure".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Probabilities are softmax(sharpness × scores).
    pub sharpness: f32,
    /// A margin of probability below this is unsure.
    pub threshold: f32,
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    labels: usize,
    space: Space,
    planes: Packed,
    /// Weight of the prior beside the distances to the planes.
    share: f32,
    calibration: Calibration,
}

impl Classifier {
    /// Trains on the examples; with none it goes by the prior alone.
    #[must_use]
    pub fn train(examples: &[Example], labels: usize) -> Self {
        if examples.is_empty() {
            let planes = Packed::new(&vec![linear::Plane { weights: Vec::new(), bias: 0.0 }; labels], &[]);
            return Self { labels, space: Space::default(), planes, share: 1.0, calibration: UNTRAINED };
        }
        let all: Vec<&Example> = examples.iter().collect();
        let held_out = held_out_scores(&all, labels);
        let (share, calibration) = calibrate(&all, &held_out);
        let (space, planes) = fit(&all, labels);
        Self { labels, space, planes, share, calibration }
    }

    /// Probabilities of all labels for a text, and whether the first is sure.
    #[must_use]
    pub fn judge(&self, counts: &Counts, prior: &[f32]) -> Verdict {
        let scores = blend(&self.planes.scores(&self.space.row(counts)), prior, self.share);
        let ranked = rank(&scores, self.calibration.sharpness);
        let mut verdict = Verdict { ranked, sure: false };
        verdict.sure = !counts.is_empty() && verdict.margin() >= self.calibration.threshold;
        verdict
    }

    /// How scores became probabilities.
    #[must_use]
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// Weight of the prior, as the held-out folds chose it.
    #[must_use]
    pub fn prior_share(&self) -> f32 {
        self.share
    }

    /// Size of the model in bytes: terms, their frequencies, weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.space.bytes() + self.planes.bytes()
    }
}

/// The terms that count, and how much each says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Space {
    /// Terms of each block, sorted; their places, one block after the other, are the columns.
    terms: [Vec<u32>; BLOCKS],
    /// In how many examples each column's term stands.
    frequencies: Vec<u16>,
    examples: usize,
}

impl Space {
    fn new(examples: &[&Example]) -> Self {
        let least = if examples.len() >= PLENTY { 3 } else { 1 };
        let mut space = Self { examples: examples.len(), ..Self::default() };
        for block in 0..BLOCKS {
            let mut found: HashMap<u32, u16> = HashMap::new();
            for example in examples {
                for (term, _) in &example.counts.blocks[block] {
                    let n = found.entry(*term).or_default();
                    *n = n.saturating_add(1);
                }
            }
            let mut kept: Vec<(u32, u16)> = found.into_iter().filter(|(_, n)| *n >= least).collect();
            kept.sort_unstable();
            space.frequencies.extend(kept.iter().map(|(_, n)| *n));
            space.terms[block] = kept.into_iter().map(|(term, _)| term).collect();
        }
        space
    }

    fn columns(&self) -> usize {
        self.frequencies.len()
    }

    fn row(&self, counts: &Counts) -> Row {
        let mut row = Row::new();
        let mut start = 0;
        for (terms, block) in self.terms.iter().zip(&counts.blocks) {
            let from = row.len();
            for (term, weight) in block {
                if let Ok(place) = terms.binary_search(term) {
                    let column = start + place;
                    let df = f32::from(self.frequencies[column]);
                    let idf = ((1.0 + self.examples as f32) / (1.0 + df)).ln() + 1.0;
                    row.push((column as u32, weight.powf(SATURATION) * idf));
                }
            }
            let norm = row[from..].iter().map(|(_, v)| v * v).sum::<f32>().sqrt();
            if norm > 0.0 {
                for (_, value) in &mut row[from..] {
                    *value /= norm;
                }
            }
            start += terms.len();
        }
        row
    }

    /// The same space with only these columns, which are sorted.
    fn reduced(&self, columns: &[u32]) -> Self {
        let mut out = Self { examples: self.examples, ..Self::default() };
        let mut start = 0;
        for (terms, kept) in self.terms.iter().zip(&mut out.terms) {
            let end = start + terms.len();
            kept.extend(columns.iter().map(|c| *c as usize).filter(|c| (start..end).contains(c)).map(|c| terms[c - start]));
            start = end;
        }
        out.frequencies = columns.iter().map(|c| self.frequencies[*c as usize]).collect();
        out
    }

    fn bytes(&self) -> usize {
        self.columns() * 6
    }
}

/// Terms, planes, and of the terms those that decide anything.
fn fit(examples: &[&Example], labels: usize) -> (Space, Packed) {
    let space = Space::new(examples);
    let rows: Vec<Row> = examples.iter().map(|e| space.row(&e.counts)).collect();
    let sides: Vec<usize> = examples.iter().map(|e| e.label).collect();
    let planes = linear::one_against_rest(&rows, &sides, labels, space.columns(), Fitting::default());
    let mut columns: Vec<u32> = (0..space.columns() as u32).collect();
    if columns.len() > TERMS {
        let says: Vec<f32> = (0..columns.len())
            .map(|c| {
                let largest = planes.iter().map(|p| p.weights[c].abs()).fold(0f32, f32::max);
                largest * f32::from(space.frequencies[c]).sqrt().sqrt()
            })
            .collect();
        columns.sort_unstable_by(|a, b| says[*b as usize].total_cmp(&says[*a as usize]).then(a.cmp(b)));
        columns.truncate(TERMS);
        columns.sort_unstable();
    }
    (space.reduced(&columns), Packed::new(&planes, &columns))
}

/// The scores of every example by planes that were trained without its fold.
fn held_out_scores(examples: &[&Example], labels: usize) -> Vec<Vec<f32>> {
    let mut seen = vec![0usize; labels];
    // The n-th example of a label goes to fold n: every fold has its part of every label.
    let folds: Vec<usize> = examples
        .iter()
        .map(|e| {
            seen[e.label] += 1;
            seen[e.label] % FOLDS
        })
        .collect();
    let mut out = vec![Vec::new(); examples.len()];
    for fold in 0..FOLDS {
        let others: Vec<&Example> = examples.iter().zip(&folds).filter(|(_, f)| **f != fold).map(|(e, _)| *e).collect();
        let (space, planes) = fit(&others, labels);
        for (i, example) in examples.iter().enumerate().filter(|(i, _)| folds[*i] == fold) {
            out[i] = planes.scores(&space.row(&example.counts));
        }
    }
    out
}

fn blend(scores: &[f32], prior: &[f32], share: f32) -> Vec<f32> {
    scores.iter().enumerate().map(|(i, s)| s + share * prior.get(i).copied().unwrap_or(0.0)).collect()
}

fn rank(scores: &[f32], sharpness: f32) -> Vec<Ranked> {
    let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores.iter().map(|s| ((s - best) * sharpness).exp()).collect();
    let sum: f32 = powers.iter().sum();
    let mut ranked: Vec<Ranked> =
        powers.iter().enumerate().map(|(label, p)| Ranked { label, probability: p / sum.max(f32::MIN_POSITIVE) }).collect();
    ranked.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.label.cmp(&b.label)));
    ranked
}

/// The weight of the prior and the sharpness under which the held-out examples are the least surprising, and the margin
/// below which the worst [`UNSURE`] of them lie.
fn calibrate(examples: &[&Example], scores: &[Vec<f32>]) -> (f32, Calibration) {
    let prior = examples.iter().any(|e| !e.prior.is_empty());
    let mut best = (f64::INFINITY, 0.0, 1.0);
    for share in if prior { &SHARES[..] } else { &SHARES[..1] } {
        let blended: Vec<Vec<f32>> = examples.iter().zip(scores).map(|(e, s)| blend(s, &e.prior, *share)).collect();
        for step in 0..=24 {
            let sharpness = 0.5 * 2f32.powf(step as f32 / 4.0);
            let surprise: f64 = examples.iter().zip(&blended).map(|(e, s)| surprise(s, e.label, sharpness)).sum();
            if surprise < best.0 {
                best = (surprise, *share, sharpness);
            }
        }
    }
    let (_, share, sharpness) = best;
    let mut margins: Vec<f32> = examples
        .iter()
        .zip(scores)
        .map(|(e, s)| Verdict { ranked: rank(&blend(s, &e.prior, share), sharpness), sure: false }.margin())
        .collect();
    margins.sort_by(f32::total_cmp);
    let threshold = margins.get((margins.len() as f32 * UNSURE) as usize).copied().unwrap_or(0.2);
    (share, Calibration { sharpness, threshold })
}

/// −ln of the probability of the right label.
fn surprise(scores: &[f32], label: usize, sharpness: f32) -> f64 {
    let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = scores.iter().map(|s| ((s - best) * sharpness).exp()).sum();
    f64::from(sum.ln() - (scores[label] - best) * sharpness)
}
