//! Terms of a Chinese text without a dictionary: characters, pairs of neighbouring characters, ASCII runs.
//!
//! A term is a 32-bit number (xxh3 of its UTF-8 bytes), so that the same text gives the same sparse
//! vector in every index. Unigrams and bigrams never share a number: the highest bit tells them apart.

use xxhash_rust::xxh3::xxh3_64;

use crate::core::text::is_cjk;

/// The bit that marks a bigram.
const BIGRAM: u32 = 1 << 31;

/// True for a term made of two neighbouring characters.
#[must_use]
pub fn is_bigram(term: u32) -> bool {
    term & BIGRAM != 0
}

fn hash(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}

/// Calls `each` with every term of `text` in reading order: each CJK character and each ASCII run (lower-cased)
/// as a unigram, each pair of neighbouring CJK characters as a bigram.
pub fn visit(text: &str, mut each: impl FnMut(u32)) {
    let mut previous: Option<usize> = None;
    let mut run: Vec<u8> = Vec::new();
    for (at, c) in text.char_indices() {
        if c.is_ascii_alphanumeric() {
            run.push(c.to_ascii_lowercase() as u8);
            previous = None;
            continue;
        }
        if !run.is_empty() {
            each(hash(&run) & !BIGRAM);
            run.clear();
        }
        if is_cjk(c) {
            let end = at + c.len_utf8();
            each(hash(&text.as_bytes()[at..end]) & !BIGRAM);
            if let Some(start) = previous {
                each(hash(&text.as_bytes()[start..end]) | BIGRAM);
            }
            previous = Some(at);
        } else {
            previous = None;
        }
    }
    if !run.is_empty() {
        each(hash(&run) & !BIGRAM);
    }
}

/// The distinct terms of `text`, sorted, so that membership is a binary search and two sets meet in one pass.
#[must_use]
pub fn set(text: &str) -> Vec<u32> {
    let mut out = Vec::with_capacity(text.len() / 2);
    visit(text, |term| out.push(term));
    out.sort_unstable();
    out.dedup();
    out
}

/// The distinct bigrams of `text`, sorted.
#[must_use]
pub fn bigram_set(text: &str) -> Vec<u32> {
    let mut out = set(text);
    out.retain(|term| is_bigram(*term));
    out
}

/// Jaccard similarity (0..1) of two sorted sets; 0 when both are empty.
#[must_use]
pub fn jaccard(a: &[u32], b: &[u32]) -> f32 {
    let (mut i, mut j, mut common) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let union = a.len() + b.len() - common;
    if union == 0 { 0.0 } else { common as f32 / union as f32 }
}
