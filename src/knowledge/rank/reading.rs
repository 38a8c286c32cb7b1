//! The features by which a passage is ranked among its candidates, computed from the texts themselves.
//!
//! One pass over a passage's characters gives everything that its words say about a question: both BM25 legs, coverage, the
//! best sentence, the longest common subsequence. A table of the question's characters makes it a few nanoseconds each.

use std::collections::HashMap;

use crate::core::text::is_cjk;
use crate::learn::bm25::{self, B, K1};
use crate::learn::ngrams;

/// Weights of title, heading and text in the sparse legs.
pub const FIELDS: [f32; 3] = [2.0, 1.0, 1.0];
/// Characters of a passage that the longest common subsequence looks at.
const SUBSEQUENCE: u32 = 600;
/// Sentences up to this many characters are passed over.
const SHORT: u32 = 3;

/// A passage as the ranking sees it.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Title of its document.
    pub title: &'a str,
    /// Heading or chapter it stands under.
    pub heading: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// How many passages hold each term, in all fields, in the title, in the heading; and how long the fields are.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    documents: usize,
    /// Sorted by term: all fields, title, heading.
    frequency: [Vec<(u32, u32)>; 3],
    /// Mean weighted length of both legs over all fields.
    all: bm25::LegLengths,
    /// Mean length of the title.
    title: bm25::LegLengths,
    /// Mean length of the heading.
    heading: bm25::LegLengths,
}

impl Statistics {
    /// Counts over passages.
    #[must_use]
    pub fn new<'a>(texts: impl IntoIterator<Item = Text<'a>>) -> Self {
        let mut out = Self::default();
        let mut counts: [HashMap<u32, u32>; 3] = Default::default();
        let (mut all, mut title, mut heading) = ([0f64; 2], [0f64; 2], [0f64; 2]);
        let mut own: Vec<u32> = Vec::new();
        for text in texts {
            out.documents += 1;
            own.clear();
            for (field, part) in [text.title, text.heading, text.text].into_iter().enumerate() {
                let begin = own.len();
                ngrams::visit(part, |t| own.push(t));
                let leg = |bigram: bool| own[begin..].iter().filter(|t| ngrams::is_bigram(**t) == bigram).count() as f64;
                let lengths = [leg(false), leg(true)];
                for i in 0..2 {
                    all[i] += lengths[i] * f64::from(FIELDS[field]);
                    match field {
                        0 => title[i] += lengths[i],
                        1 => heading[i] += lengths[i],
                        _ => {}
                    }
                }
                if field < 2 {
                    let mut set = own[begin..].to_vec();
                    set.sort_unstable();
                    set.dedup();
                    for t in set {
                        *counts[field + 1].entry(t).or_insert(0) += 1;
                    }
                }
            }
            own.sort_unstable();
            own.dedup();
            for t in &own {
                *counts[0].entry(*t).or_insert(0) += 1;
            }
        }
        out.frequency = counts.map(|map| {
            let mut list: Vec<(u32, u32)> = map.into_iter().collect();
            list.sort_unstable();
            list
        });
        let n = out.documents.max(1) as f64;
        let mean = |sums: [f64; 2]| {
            let leg = |sum: f64| if sum > 0.0 { (sum / n) as f32 } else { 1.0 };
            bm25::LegLengths { unigrams: leg(sums[0]), bigrams: leg(sums[1]) }
        };
        (out.all, out.title, out.heading) = (mean(all), mean(title), mean(heading));
        out
    }

    fn idf(&self, field: usize, term: u32) -> f32 {
        let list = &self.frequency[field];
        let df = list.binary_search_by_key(&term, |(t, _)| *t).map_or(0, |at| list[at].1);
        // A term that nothing holds scores nothing in the sparse legs; here it counts as what cannot be covered.
        bm25::idf(self.documents, df as usize)
    }
}

/// One distinct term of a question.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    tf: f32,
    /// In all fields, title, heading.
    idf: [f32; 3],
    bigram: bool,
}

/// A question, prepared for reading passages.
pub struct Reading<'s> {
    statistics: &'s Statistics,
    terms: Vec<Wanted>,
    /// For each character of the basic plane: number of the unigram + 1.
    characters: Vec<u8>,
    /// For each pair of unigrams: number of the term + 1.
    pairs: Vec<u16>,
    /// Term of each unigram.
    unigrams: Vec<u16>,
    runs: HashMap<String, u16>,
    /// Where each unigram stands in the question, as bits.
    places: Vec<u128>,
    /// Characters of the question without punctuation, at most 128.
    length: u32,
    total: [f32; 2],
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("terms", &self.terms).finish_non_exhaustive()
    }
}

/// What one passage says about the question.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Said {
    /// BM25F over all fields: unigrams, bigrams.
    pub legs: [f32; 2],
    /// BM25 of the title alone: unigrams, bigrams.
    pub title: [f32; 2],
    /// BM25 of the heading alone, unigrams.
    pub heading: f32,
    /// Share (0..1), by how telling they are, of the question's distinct unigrams and bigrams that the text holds.
    pub cover: [f32; 2],
    /// The largest share (0..1) of its bigrams in one sentence.
    pub sentence: f32,
    /// The densest sentence: telling of matched bigrams over 20 + length.
    pub density: f32,
    /// Longest common subsequence over the question's length (0..1).
    pub subsequence: f32,
    /// ln(1 + characters).
    pub length: f32,
}

/// Buffers for reading many passages without allocating.
#[derive(Debug, Default)]
pub struct Scratch {
    counts: [Vec<f32>; 3],
    sentence: Vec<u32>,
}

impl<'s> Reading<'s> {
    /// Takes a question apart.
    #[must_use]
    pub fn new(question: &str, statistics: &'s Statistics) -> Self {
        let mut out = Self {
            statistics,
            terms: Vec::new(),
            characters: vec![0; 1 << 16],
            pairs: Vec::new(),
            unigrams: Vec::new(),
            runs: HashMap::new(),
            places: Vec::new(),
            length: 0,
            total: [0.0; 2],
        };
        let mut numbers: HashMap<u32, u16> = HashMap::new();
        let mut add = |terms: &mut Vec<Wanted>, term: u32| -> u16 {
            let number = *numbers.entry(term).or_insert_with(|| {
                let idf = std::array::from_fn(|field| statistics.idf(field, term));
                terms.push(Wanted { tf: 0.0, idf, bigram: ngrams::is_bigram(term) });
                (terms.len() - 1) as u16
            });
            terms[usize::from(number)].tf += 1.0;
            number
        };
        let mut previous: Option<(char, u8)> = None;
        let mut run = String::new();
        let mut pairs: Vec<(u8, u8, u16)> = Vec::new();
        // A space at the end closes the last run.
        for c in question.chars().chain(std::iter::once(' ')) {
            if c.is_ascii_alphanumeric() {
                run.push(c.to_ascii_lowercase());
                previous = None;
                continue;
            }
            if !run.is_empty() {
                let mut term = 0;
                ngrams::visit(&run, |t| term = t);
                let number = add(&mut out.terms, term);
                out.runs.insert(std::mem::take(&mut run), number);
            }
            if !is_cjk(c) || c as usize >= out.characters.len() {
                previous = None;
                continue;
            }
            let mut own = [0u8; 4];
            let mut term = 0;
            ngrams::visit(c.encode_utf8(&mut own), |t| term = t);
            if out.characters[c as usize] == 0 {
                if out.unigrams.len() >= 255 {
                    previous = None;
                    continue;
                }
                let number = add(&mut out.terms, term);
                out.unigrams.push(number);
                out.places.push(0);
                out.characters[c as usize] = out.unigrams.len() as u8;
            } else {
                add(&mut out.terms, term);
            }
            let number = out.characters[c as usize];
            if out.length < 128 {
                out.places[usize::from(number) - 1] |= 1 << out.length;
                out.length += 1;
            }
            if let Some((before, b)) = previous {
                let mut term = 0;
                ngrams::visit(&String::from_iter([before, c]), |t| term = if ngrams::is_bigram(t) { t } else { term });
                let bigram = add(&mut out.terms, term);
                pairs.push((b, number, bigram));
            }
            previous = Some((c, number));
        }
        let width = out.unigrams.len() + 1;
        out.pairs = vec![0; width * width];
        for (a, b, term) in pairs {
            out.pairs[usize::from(a) * width + usize::from(b)] = term + 1;
        }
        for term in &out.terms {
            out.total[usize::from(term.bigram)] += term.idf[0];
        }
        out
    }

    /// Reads one field; `each` is called with every term of the question that it meets, and with the place of a unigram.
    /// Lengths of both legs come back.
    fn visit(&self, text: &str, mut each: impl FnMut(u16, u8)) -> (f32, f32) {
        let width = self.unigrams.len() + 1;
        let (mut unigrams, mut bigrams) = (0u32, 0u32);
        let mut before: Option<u8> = None;
        let mut run: Option<usize> = None;
        for (at, c) in text.char_indices() {
            if c.is_ascii() {
                if c.is_ascii_alphanumeric() {
                    run.get_or_insert(at);
                } else if let Some(begin) = run.take() {
                    unigrams += 1;
                    self.run(&text[begin..at], &mut each);
                }
                before = None;
                continue;
            }
            if let Some(begin) = run.take() {
                unigrams += 1;
                self.run(&text[begin..at], &mut each);
            }
            if !is_cjk(c) {
                before = None;
                continue;
            }
            unigrams += 1;
            let number = self.characters.get(c as usize).copied().unwrap_or(0);
            if number > 0 {
                each(self.unigrams[usize::from(number) - 1], number);
            }
            if let Some(b) = before {
                bigrams += 1;
                if b > 0 && number > 0 {
                    let term = self.pairs[usize::from(b) * width + usize::from(number)];
                    if term > 0 {
                        each(term - 1, 0);
                    }
                }
            }
            before = Some(number);
        }
        if let Some(begin) = run {
            unigrams += 1;
            self.run(&text[begin..], &mut each);
        }
        (unigrams as f32, bigrams as f32)
    }

    fn run(&self, run: &str, each: &mut impl FnMut(u16, u8)) {
        if !self.runs.is_empty()
            && let Some(number) = self.runs.get(run.to_ascii_lowercase().as_str())
        {
            each(*number, 0);
        }
    }

    /// Both BM25F legs alone, for passages that are only context.
    #[must_use]
    pub fn legs(&self, text: &Text<'_>, scratch: &mut Scratch) -> [f32; 2] {
        let counts = &mut scratch.counts[0];
        counts.clear();
        counts.resize(self.terms.len(), 0.0);
        let mut lengths = (0f32, 0f32);
        for (part, weight) in [text.title, text.heading, text.text].into_iter().zip(FIELDS) {
            let (u, b) = self.visit(part, |term, _| counts[usize::from(term)] += weight);
            lengths = (lengths.0 + weight * u, lengths.1 + weight * b);
        }
        self.score(counts, lengths, self.statistics.all, 0)
    }

    /// Reads a passage.
    #[must_use]
    pub fn read(&self, text: &Text<'_>, scratch: &mut Scratch) -> Said {
        for counts in &mut scratch.counts {
            counts.clear();
            counts.resize(self.terms.len(), 0.0);
        }
        let [title, heading, body] = &mut scratch.counts;
        let of_title = self.visit(text.title, |term, _| title[usize::from(term)] += 1.0);
        let of_heading = self.visit(text.heading, |term, _| heading[usize::from(term)] += 1.0);
        let stamps = &mut scratch.sentence;
        stamps.clear();
        stamps.resize(self.terms.len(), 0);
        let mut out = Said::default();
        let (mut best, mut dense) = (0f32, 0f32);
        let mut bits = u128::MAX;
        let mut lengths = (0f32, 0f32);
        // A sentence's number, and the characters before it.
        let (mut number, mut before) = (0u32, 0u32);
        let mut rest = text.text;
        while !rest.is_empty() {
            let end = rest.find(['。', '；', ';', '\n']).unwrap_or(rest.len());
            let (sentence, tail) = rest.split_at(end);
            number += 1;
            let mut sum = 0f32;
            let (u, b) = self.visit(sentence, |term, place| {
                let at = usize::from(term);
                body[at] += 1.0;
                let wanted = &self.terms[at];
                if wanted.bigram && stamps[at] != number {
                    stamps[at] = number;
                    sum += wanted.idf[0];
                }
                if place > 0 && before < SUBSEQUENCE {
                    let met = bits & self.places[usize::from(place) - 1];
                    bits = bits.wrapping_add(met) | (bits - met);
                }
            });
            lengths = (lengths.0 + u, lengths.1 + b);
            let length = sentence.chars().count() as u32;
            if length > SHORT {
                best = best.max(sum);
                dense = dense.max(sum / (20.0 + length as f32));
            }
            before += length;
            let sign = tail.chars().next();
            before += u32::from(sign.is_some());
            rest = &tail[sign.map_or(0, char::len_utf8)..];
        }
        let total = |leg: usize| self.total[leg].max(1e-6);
        for (count, term) in body.iter().zip(&self.terms) {
            if *count > 0.0 {
                out.cover[usize::from(term.bigram)] += term.idf[0];
            }
        }
        out.cover = [out.cover[0] / total(0), out.cover[1] / total(1)];
        out.sentence = best / total(1);
        out.density = dense;
        let mask = if self.length >= 128 { u128::MAX } else { (1u128 << self.length) - 1 };
        out.subsequence = (!bits & mask).count_ones() as f32 / self.length.max(1) as f32;
        out.length = (1.0 + before as f32).ln();
        let statistics = self.statistics;
        out.title = self.score(title, of_title, statistics.title, 1);
        out.heading = self.score(heading, of_heading, statistics.heading, 2)[0];
        for ((body, title), heading) in body.iter_mut().zip(title).zip(heading) {
            *body = FIELDS[0] * *title + FIELDS[1] * *heading + FIELDS[2] * *body;
        }
        let weighted = |f: fn((f32, f32)) -> f32| FIELDS[0] * f(of_title) + FIELDS[1] * f(of_heading) + FIELDS[2] * f(lengths);
        out.legs = self.score(body, (weighted(|l| l.0), weighted(|l| l.1)), statistics.all, 0);
        out
    }

    fn score(&self, counts: &[f32], lengths: (f32, f32), mean: bm25::LegLengths, field: usize) -> [f32; 2] {
        let norm = [K1 * (1.0 - B + B * lengths.0 / mean.unigrams), K1 * (1.0 - B + B * lengths.1 / mean.bigrams)];
        let mut out = [0f32; 2];
        for (tf, term) in counts.iter().zip(&self.terms) {
            if *tf > 0.0 {
                let leg = usize::from(term.bigram);
                out[leg] += term.tf * term.idf[field] * tf * (K1 + 1.0) / (tf + norm[leg]);
            }
        }
        out
    }
}
