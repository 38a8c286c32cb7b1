//! Texts as sets of hashed character runs: how much of one text stands in another.

use xxhash_rust::xxh3::xxh3_64;

/// Characters of a run. Five Chinese characters that two texts share by chance are rare.
const RUN: usize = 5;
/// Every so many hashes one is kept in the index: the same ones in every text, so that shares stay comparable.
pub const SAMPLE: u64 = 8;

/// The characters that make a text what it is: letters, digits and ideographs, without punctuation and space.
#[must_use]
pub fn bare(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The hashed runs of a text, sorted, each once. A text shorter than a run is one run.
#[must_use]
pub fn shingles(text: &str) -> Vec<u64> {
    let chars = bare(text);
    let mut out = Vec::with_capacity(chars.len());
    let mut buffer = String::with_capacity(RUN * 4);
    if !chars.is_empty() && chars.len() < RUN {
        return vec![xxh3_64(chars.iter().collect::<String>().as_bytes())];
    }
    for run in chars.windows(RUN) {
        buffer.clear();
        buffer.extend(run);
        out.push(xxh3_64(buffer.as_bytes()));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Is this hash one of those that the index keeps?
#[must_use]
pub fn sampled(hash: u64) -> bool {
    hash.is_multiple_of(SAMPLE)
}

/// How many hashes two sorted sets share.
#[must_use]
pub fn shared(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                count += 1;
                i += 1;
                j += 1;
            }
        }
    }
    count
}

/// Shared of all (0..1).
#[must_use]
pub fn jaccard(a: &[u64], b: &[u64]) -> f32 {
    let both = shared(a, b);
    let all = a.len() + b.len() - both;
    if all == 0 { 0.0 } else { both as f32 / all as f32 }
}

/// How much of the smaller stands in the larger (0..1).
#[must_use]
pub fn containment(a: &[u64], b: &[u64]) -> f32 {
    let smaller = a.len().min(b.len());
    if smaller == 0 { 0.0 } else { shared(a, b) as f32 / smaller as f32 }
}
