//! A static embedding of n-grams: a text is the weighted sum of one small vector for each of its characters and bigrams.
//!
//! It is trained on the spot from the passages of a knowledge base ([`train`]), needs no model from elsewhere, and
//! embeds some ten thousand texts a second. x = tf/(tf+.7)·idf per term, L2-normalised; e = Σ x·E, L2-normalised.
//! Rows are stored as int8 with a scale each.

pub mod train;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use rayon::prelude::*;

use crate::learn::ngrams;

/// Numbers in a vector.
pub const DIM: usize = 128;
/// Saturation of repeated terms.
const SATURATION: f32 = 0.7;
/// First bytes of a stored table: name and version of the format.
const MAGIC: &[u8; 8] = b"gwemb\x00\x00\x01";

/// A vector of unit length (or all zero).
pub type Vector = [f32; DIM];

/// Scalar product.
#[must_use]
pub fn dot(a: &Vector, b: &Vector) -> f32 {
    let mut lanes = [0f32; 16];
    for (a, b) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}

/// Scales to unit length; the length it had.
pub fn normalise(v: &mut Vector) -> f32 {
    let length = dot(v, v).sqrt();
    if length > 1e-12 {
        for x in v.iter_mut() {
            *x /= length;
        }
    }
    length
}

/// Which terms have a row, and where: open addressing, because it is asked for every character of a corpus.
#[derive(Debug, Clone, Default)]
struct Vocabulary {
    /// Sorted; a term's row is its place.
    terms: Vec<u32>,
    /// Place + 1, or 0 for free.
    slots: Vec<u32>,
}

impl Vocabulary {
    fn new(mut terms: Vec<u32>) -> Self {
        terms.sort_unstable();
        terms.dedup();
        let size = (terms.len() * 2).next_power_of_two().max(2);
        let mut slots = vec![0u32; size];
        for (place, term) in (1u32..).zip(&terms) {
            let mut at = Self::home(*term, size);
            while slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            slots[at] = place;
        }
        Self { terms, slots }
    }

    fn home(term: u32, size: usize) -> usize {
        (u64::from(term).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (size - 1)
    }

    fn find(&self, term: u32) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = Self::home(term, self.slots.len());
        loop {
            match self.slots[at] {
                0 => return None,
                place if self.terms[place as usize - 1] == term => return Some(place - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }
}

/// Terms of a text that have a row, with their weights, L2-normalised, sorted by row.
pub(crate) type Bag = Vec<(u32, f32)>;

/// Texts taken apart once, for several tables over the same terms.
#[derive(Debug, Clone, Default)]
pub struct Bags(Vec<Bag>);

/// Which terms count, and how much: what all tables over one knowledge base share.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    vocabulary: Vocabulary,
    /// ln(1 + (n − df + ½)/(df + ½)) of each row.
    idf: Vec<f32>,
}

impl Terms {
    /// The terms that at least `least` of `documents` hold, from how many hold each.
    fn new(documents: usize, frequency: &HashMap<u32, u32>, least: u32) -> Self {
        let vocabulary = Vocabulary::new(frequency.iter().filter(|(_, df)| **df >= least).map(|(term, _)| *term).collect());
        let idf = vocabulary
            .terms
            .iter()
            .map(|t| crate::learn::bm25::idf(documents, frequency.get(t).copied().unwrap_or(0) as usize))
            .collect();
        Self { vocabulary, idf }
    }

    /// How many terms have a row.
    #[must_use]
    pub fn len(&self) -> usize {
        self.idf.len()
    }

    /// True when no term has a row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.idf.is_empty()
    }

    /// The row of a term of [`ngrams`].
    #[must_use]
    pub fn row(&self, term: u32) -> Option<usize> {
        self.vocabulary.find(term).map(|row| row as usize)
    }

    /// Takes many texts apart, on all threads.
    #[must_use]
    pub fn bags<'a, T: Sync>(&self, texts: &'a [T], parts: impl Fn(&'a T) -> Vec<&'a str> + Sync) -> Bags {
        Bags(texts.par_iter().map(|text| self.bag(parts(text))).collect())
    }

    fn bag<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Bag {
        let mut rows: Vec<u32> = Vec::with_capacity(256);
        for part in parts {
            ngrams::visit(part, |term| rows.extend(self.vocabulary.find(term)));
        }
        rows.sort_unstable();
        let mut bag: Bag = Vec::with_capacity(rows.len());
        for row in rows {
            match bag.last_mut() {
                Some((last, tf)) if *last == row => *tf += 1.0,
                _ => bag.push((row, 1.0)),
            }
        }
        let mut square = 0f32;
        for (row, x) in &mut bag {
            *x = *x / (*x + SATURATION) * self.idf[*row as usize];
            square += *x * *x;
        }
        let length = square.sqrt().max(1e-12);
        for (_, x) in &mut bag {
            *x /= length;
        }
        bag
    }
}

/// A trained embedding.
#[derive(Debug, Clone, Default)]
pub struct Table {
    terms: Terms,
    rows: Vec<[i8; DIM]>,
    scales: Vec<f32>,
}

/// Why stored bytes are not a table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("这不是一张可用的词向量表：{0}")]
pub struct TableError(&'static str);

impl Table {
    /// Rounds rows to int8, each with its own scale.
    fn quantise(terms: Terms, floats: &[Vector]) -> Self {
        let (mut rows, mut scales) = (Vec::with_capacity(floats.len()), Vec::with_capacity(floats.len()));
        for row in floats {
            let scale = row.iter().fold(0f32, |m, x| m.max(x.abs())) / 127.0;
            let by = if scale > 0.0 { 1.0 / scale } else { 0.0 };
            rows.push(row.map(|x| (x * by).round() as i8));
            scales.push(scale);
        }
        Self { terms, rows, scales }
    }

    fn floats(&self) -> Vec<Vector> {
        self.rows.iter().zip(&self.scales).map(|(row, scale)| row.map(|x| f32::from(x) * scale)).collect()
    }

    /// Which terms have a row.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The vector of a text: unit length, or all zero when no term of it is known.
    #[must_use]
    pub fn embed(&self, text: &str) -> Vector {
        self.embed_parts([text])
    }

    /// The vector of a text in several fields (title, heading, text …); no bigram reaches from one into the next.
    #[must_use]
    pub fn embed_parts<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Vector {
        self.sum(&self.terms.bag(parts))
    }

    /// The vectors of many texts, on all threads.
    #[must_use]
    pub fn embed_all<'a, T: Sync>(&self, texts: &'a [T], parts: impl Fn(&'a T) -> Vec<&'a str> + Sync) -> Vec<Vector> {
        texts.par_iter().map(|text| self.embed_parts(parts(text))).collect()
    }

    /// The vectors of prepared texts, on all threads.
    #[must_use]
    pub fn embed_bags(&self, bags: &Bags) -> Vec<Vector> {
        bags.0.par_iter().map(|bag| self.sum(bag)).collect()
    }

    fn sum(&self, bag: &[(u32, f32)]) -> Vector {
        let mut out = [0f32; DIM];
        for &(row, x) in bag {
            let by = x * self.scales[row as usize];
            for (o, r) in out.iter_mut().zip(&self.rows[row as usize]) {
                *o += by * f32::from(*r);
            }
        }
        normalise(&mut out);
        out
    }

    /// The table as bytes: terms, idf, scales, rows; little-endian, with a checksum at the end.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAGIC.len() + 16 + self.rows.len() * (DIM + 12));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&(DIM as u32).to_le_bytes());
        out.extend_from_slice(&(self.rows.len() as u32).to_le_bytes());
        self.terms.vocabulary.terms.iter().for_each(|t| out.extend_from_slice(&t.to_le_bytes()));
        self.terms.idf.iter().chain(&self.scales).for_each(|x| out.extend_from_slice(&x.to_le_bytes()));
        self.rows.iter().for_each(|row| out.extend(row.iter().map(|x| x.cast_unsigned())));
        out.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(&out).to_le_bytes());
        out
    }

    /// A number that tells this table from every other: the checksum of its bytes.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let bytes = self.to_bytes();
        bytes.last_chunk::<8>().map_or(0, |tail| u64::from_le_bytes(*tail))
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`TableError`] when the bytes are cut, changed, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TableError> {
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or(TableError("太短"))?;
        if xxhash_rust::xxh3::xxh3_64(body) != u64::from_le_bytes(*sum) {
            return Err(TableError("校验不符"));
        }
        let mut rest = body.strip_prefix(MAGIC).ok_or(TableError("版本不同"))?;
        let mut word = || -> Result<[u8; 4], TableError> {
            let (head, tail) = rest.split_first_chunk::<4>().ok_or(TableError("太短"))?;
            rest = tail;
            Ok(*head)
        };
        if u32::from_le_bytes(word()?) as usize != DIM {
            return Err(TableError("维数不同"));
        }
        let count = u32::from_le_bytes(word()?) as usize;
        if body.len() != MAGIC.len() + 8 + count * (DIM + 12) {
            return Err(TableError("长度不符"));
        }
        let terms = (0..count).map(|_| word().map(u32::from_le_bytes)).collect::<Result<Vec<_>, _>>()?;
        if !terms.is_sorted_by(|a, b| a < b) {
            return Err(TableError("词序不符"));
        }
        let idf = (0..count).map(|_| word().map(f32::from_le_bytes)).collect::<Result<Vec<_>, _>>()?;
        let scales = (0..count).map(|_| word().map(f32::from_le_bytes)).collect::<Result<Vec<_>, _>>()?;
        let (rows, _) = rest.as_chunks::<DIM>();
        let rows = rows.iter().map(|row| row.map(u8::cast_signed)).collect();
        Ok(Self { terms: Terms { vocabulary: Vocabulary::new(terms), idf }, rows, scales })
    }
}

/// Vectors of many passages as int8 with a common scale, for exact search in memory.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    rows: Vec<[i8; DIM]>,
}

impl Matrix {
    /// Rounds unit vectors.
    #[must_use]
    pub fn new(vectors: &[Vector]) -> Self {
        Self { rows: vectors.iter().map(round).collect() }
    }

    /// From rows that were rounded before.
    #[must_use]
    pub fn of_rows(rows: Vec<[i8; DIM]>) -> Self {
        Self { rows }
    }

    /// A unit vector as a row.
    #[must_use]
    pub fn round(vector: &Vector) -> [i8; DIM] {
        round(vector)
    }

    /// One row; `None` when there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<[i8; DIM]> {
        self.rows.get(row).copied()
    }

    /// How many vectors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without any vector.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The cosine with one row, to about a hundredth; 0 when there is no such row.
    #[must_use]
    pub fn cosine(&self, query: &Rounded, row: usize) -> f32 {
        self.rows.get(row).map_or(0.0, |r| multiply(&query.0, r) as f32 * STEP)
    }

    /// The `count` rows nearest to the query with their cosines, nearest first; equal ones in their order.
    #[must_use]
    pub fn best(&self, query: &Rounded, count: usize) -> Vec<(usize, f32)> {
        // Whole numbers compare as the cosines do. The least of those kept is on top.
        let mut kept: BinaryHeap<Reverse<(i32, Reverse<usize>)>> = BinaryHeap::with_capacity(count + 1);
        let mut least = i32::MIN;
        for (n, row) in self.rows.iter().enumerate() {
            let product = multiply(&query.0, row);
            if kept.len() < count {
                kept.push(Reverse((product, Reverse(n))));
            } else if product > least && count > 0 {
                kept.pop();
                kept.push(Reverse((product, Reverse(n))));
            } else {
                continue;
            }
            least = kept.peek().map_or(i32::MIN, |Reverse((product, _))| *product);
        }
        let sorted = kept.into_sorted_vec();
        sorted.into_iter().map(|Reverse((product, Reverse(n)))| (n, product as f32 * STEP)).collect()
    }

    /// The cosines with all rows.
    #[must_use]
    pub fn cosines(&self, query: &Rounded) -> Vec<f32> {
        self.rows.iter().map(|row| multiply(&query.0, row) as f32 * STEP).collect()
    }
}

/// A query's vector, rounded for a [`Matrix`].
#[derive(Debug, Clone)]
pub struct Rounded([i16; DIM]);

impl Rounded {
    /// Rounds a unit vector, finer than the rows are.
    #[must_use]
    pub fn new(vector: &Vector) -> Self {
        Self(vector.map(|x| (x * FINE).round() as i16))
    }
}

/// Largest component that a row can hold: components of a unit vector of this length are rarely larger, and are cut.
const LARGEST: f32 = 0.5;
/// Steps of a query's component: 127 × 16,000 × 128 stays far below the limit of 32 bits.
const FINE: f32 = 16_000.0;

fn round(v: &Vector) -> [i8; DIM] {
    v.map(|x| (x / LARGEST * 127.0).round() as i8)
}

/// What one step of a product of whole numbers is as a cosine.
const STEP: f32 = LARGEST / 127.0 / FINE;

fn multiply(a: &[i16; DIM], b: &[i8; DIM]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}
