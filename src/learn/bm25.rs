//! BM25F over characters and bigrams: two legs (unigrams, bigrams) with their own mean length, summed.
//!
//! The same weights feed the in-memory postings here and the sparse vectors of the index:
//! document value = tf'(k1+1) / (tf' + k1(1 − b + b·len'/mean)), query value = query tf, idf = ln(1 + (N − df + ½)/(df + ½)),
//! where tf' and len' are sums over the fields, each times its weight.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::learn::ngrams;

/// Saturation of repeated terms. Measured: .6–2.0 is flat, 1.2 best.
pub const K1: f32 = 1.2;
/// Strength of the length normalisation. Measured: .4–.9 is flat, .75 best.
pub const B: f32 = 0.75;

/// Weighted term frequencies of one document and its weighted length on both legs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frequencies {
    /// (term, sum over fields of weight × occurrences), sorted by term.
    pub terms: Vec<(u32, f32)>,
    /// Weighted length of each leg.
    pub length: LegLengths,
}

/// A length for each leg, in weighted terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LegLengths {
    /// Of the unigram leg.
    pub unigrams: f32,
    /// Of the bigram leg.
    pub bigrams: f32,
}

impl LegLengths {
    /// The mean over documents; 1 on a leg without any term, so that nothing divides by zero.
    #[must_use]
    pub fn mean<'a>(lengths: impl IntoIterator<Item = &'a Self>) -> Self {
        let (mut u, mut b, mut n) = (0f64, 0f64, 0f64);
        for l in lengths {
            u += f64::from(l.unigrams);
            b += f64::from(l.bigrams);
            n += 1.0;
        }
        let leg = |sum: f64| if n > 0.0 && sum > 0.0 { (sum / n) as f32 } else { 1.0 };
        Self { unigrams: leg(u), bigrams: leg(b) }
    }
}

/// Adds the fields of one document, each `(weight, text)`.
#[must_use]
pub fn frequencies<'a>(fields: impl IntoIterator<Item = (f32, &'a str)>) -> Frequencies {
    let mut terms: HashMap<u32, f32> = HashMap::new();
    let mut length = LegLengths::default();
    for (weight, text) in fields {
        ngrams::visit(text, |term| {
            *terms.entry(term).or_insert(0.0) += weight;
            if ngrams::is_bigram(term) {
                length.bigrams += weight;
            } else {
                length.unigrams += weight;
            }
        });
    }
    let mut terms: Vec<(u32, f32)> = terms.into_iter().collect();
    terms.sort_unstable_by_key(|(term, _)| *term);
    Frequencies { terms, length }
}

fn saturate(tf: f32, length: f32, mean: f32) -> f32 {
    tf * (K1 + 1.0) / (tf + K1 * (1.0 - B + B * length / mean))
}

/// The document side of the score, sorted by term: what a sparse vector stores. IDF is the engine's (or [`idf`]).
#[must_use]
pub fn document_values(doc: &Frequencies, mean: LegLengths) -> Vec<(u32, f32)> {
    doc.terms.iter().map(|&(term, tf)| (term, document_value(term, tf, doc.length, mean))).collect()
}

/// The document side of the score of one term.
#[must_use]
pub fn document_value(term: u32, tf: f32, length: LegLengths, mean: LegLengths) -> f32 {
    let (length, mean) = if ngrams::is_bigram(term) { (length.bigrams, mean.bigrams) } else { (length.unigrams, mean.unigrams) };
    saturate(tf, length, mean)
}

/// How telling a term is that `df` of `n` documents hold: ln(1 + (n − df + ½)/(df + ½)).
#[must_use]
pub fn idf(n: usize, df: usize) -> f32 {
    let (n, df) = (n as f32, df as f32);
    (1.0 + (n - df + 0.5) / (df + 0.5)).ln()
}

/// Postings in memory, built once: for measurements and for corpora that fit.
#[derive(Debug, Default)]
pub struct Postings {
    lists: HashMap<u32, Vec<(u32, f32)>>,
    documents: usize,
}

impl Postings {
    /// Indexes documents in order; a document's number is its position.
    #[must_use]
    pub fn build(documents: &[Frequencies]) -> Self {
        let mean = LegLengths::mean(documents.iter().map(|d| &d.length));
        let mut lists: HashMap<u32, Vec<(u32, f32)>> = HashMap::new();
        for (number, doc) in documents.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for (term, value) in document_values(doc, mean) {
                lists.entry(term).or_default().push((number, value));
            }
        }
        Self { lists, documents: documents.len() }
    }

    /// The number of documents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.documents
    }

    /// True when nothing is indexed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents == 0
    }

    /// The score of every document for `query` (0 = no common term), indexed by document number.
    #[must_use]
    pub fn scores(&self, query: &str) -> Vec<f32> {
        let mut out = vec![0f32; self.documents];
        for (term, tf) in frequencies([(1.0, query)]).terms {
            if let Some(list) = self.lists.get(&term) {
                let weight = tf * idf(self.documents, list.len());
                for &(doc, value) in list {
                    out[doc as usize] += weight * value;
                }
            }
        }
        out
    }

    /// As [`Self::scores`], each leg alone: (unigrams, bigrams).
    #[must_use]
    pub fn legs(&self, query: &str) -> (Vec<f32>, Vec<f32>) {
        let (mut unigrams, mut bigrams) = (vec![0f32; self.documents], vec![0f32; self.documents]);
        for (term, tf) in frequencies([(1.0, query)]).terms {
            if let Some(list) = self.lists.get(&term) {
                let weight = tf * idf(self.documents, list.len());
                let leg = if ngrams::is_bigram(term) { &mut bigrams } else { &mut unigrams };
                for &(doc, value) in list {
                    leg[doc as usize] += weight * value;
                }
            }
        }
        (unigrams, bigrams)
    }

    /// The best `top` documents with their scores, best first; equal scores in document order.
    #[must_use]
    pub fn search(&self, query: &str, top: usize) -> Vec<(usize, f32)> {
        let mut hits: Vec<(usize, f32)> = self.scores(query).into_iter().enumerate().filter(|(_, score)| *score > 0.0).collect();
        let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if hits.len() > top && top > 0 {
            hits.select_nth_unstable_by(top - 1, order);
        }
        hits.truncate(top);
        hits.sort_unstable_by(order);
        hits
    }
}
