//! What the words of the labels say about a text: for when nobody has given an example yet.
//!
//! A label is the set of its phrases (its name, the names below it, listed words). Each pair of characters in them
//! weighs `√count · idf over the labels`; a label's weights have length 1. A text's score for a label is the sum of the
//! weights of its pairs, each times the square root of its count, divided by the length of the text's own weights: 0..1.
//! Measured on a foreign scheme of 15 labels: pairs alone are as good as pairs with words and single characters.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::features::Counts;

/// Weighted pairs of characters of every label.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Keywords {
    /// Term → (label, weight), labels in order.
    weights: HashMap<u32, Vec<(u32, f32)>>,
    labels: usize,
}

impl Keywords {
    /// One list of phrases a label.
    #[must_use]
    pub fn new<S: AsRef<str>>(labels: &[Vec<S>]) -> Self {
        let mut counts: HashMap<u32, Vec<(u32, f32)>> = HashMap::new();
        for (label, phrases) in labels.iter().enumerate() {
            let mut own: HashMap<u32, f32> = HashMap::new();
            for phrase in phrases {
                for term in Counts::pairs(phrase.as_ref()) {
                    *own.entry(term).or_default() += 1.0;
                }
            }
            for (term, count) in own {
                counts.entry(term).or_default().push((label as u32, count));
            }
        }
        let total = labels.len() as f32;
        let mut weights = counts;
        for list in weights.values_mut() {
            let idf = ((total + 1.0) / (list.len() as f32 + 0.5)).ln().max(0.0);
            for (_, weight) in list {
                *weight = weight.sqrt() * idf;
            }
        }
        let mut terms: Vec<u32> = weights.keys().copied().collect();
        terms.sort_unstable();
        let mut squares = vec![0f32; labels.len()];
        for list in terms.iter().filter_map(|t| weights.get(t)) {
            for (label, weight) in list {
                squares[*label as usize] += weight * weight;
            }
        }
        for list in weights.values_mut() {
            for (label, weight) in list {
                *weight /= squares[*label as usize].sqrt().max(f32::MIN_POSITIVE);
            }
        }
        Self { weights, labels: labels.len() }
    }

    /// The score of each label, 0..1.
    #[must_use]
    pub fn scores(&self, text: &Counts) -> Vec<f32> {
        let mut out = vec![0f32; self.labels];
        let mut square = 0f32;
        for (term, count) in &text.blocks[0] {
            square += count;
            for (label, weight) in self.weights.get(term).into_iter().flatten() {
                out[*label as usize] += weight * count.sqrt();
            }
        }
        let length = square.sqrt().max(f32::MIN_POSITIVE);
        for score in &mut out {
            *score /= length;
        }
        out
    }
}
