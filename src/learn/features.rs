//! What a classifier sees of a message: two blocks of weighted terms, characters with their pairs, and words.
//!
//! What a message is about stands at its beginning (the subject line, the first sentence), so an occurrence counts
//! `1 + LEAD · e^(−position / LEAD_SPAN)`. Measured on foreign complaints: +.01 macro-F1 in every cross-validation.
//! Words come from a dictionary, or ready-made where only word lists are left of a message.

use std::collections::HashMap;
use std::sync::LazyLock;

use jieba_rs::Jieba;
use xxhash_rust::xxh3::xxh3_64;

/// Blocks of a text: characters and pairs of them, words of two characters or more.
pub const BLOCKS: usize = 2;

/// How much more the very first character counts.
const LEAD: f32 = 3.0;
/// Characters after which that has fallen to 1/e.
const LEAD_SPAN: f32 = 45.0;

/// The dictionary is compiled in; loading it takes a moment, so it is done once, when the first text is cut.
static WORDS: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Weighted counts of one text: for each block (term, weight), sorted by term. A term is a hash; blocks do not mix.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// Characters and pairs; words.
    pub blocks: [Vec<(u32, f32)>; BLOCKS],
}

impl Counts {
    /// Of a running text, which is cut into words here.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self::of_words(WORDS.cut(text, true).iter().map(|token| token.word))
    }

    /// Of a list of words, in their order. Neighbouring words are read on as one run of characters.
    #[must_use]
    pub fn of_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut chars: HashMap<u32, f32> = HashMap::new();
        let mut whole: HashMap<u32, f32> = HashMap::new();
        let mut previous: Option<char> = None;
        let mut position = 0f32;
        let mut buffer = String::with_capacity(8);
        for word in words {
            let weight = 1.0 + LEAD * (-position / LEAD_SPAN).exp();
            let mut length = 0;
            for c in word.chars() {
                if !c.is_alphanumeric() {
                    previous = None;
                    continue;
                }
                let c = c.to_lowercase().next().unwrap_or(c);
                buffer.clear();
                if let Some(before) = previous {
                    buffer.push(before);
                    buffer.push(c);
                    *chars.entry(hash(&buffer)).or_default() += weight;
                    buffer.clear();
                }
                buffer.push(c);
                *chars.entry(hash(&buffer)).or_default() += weight;
                previous = Some(c);
                length += 1;
            }
            position += length as f32;
            if length >= 2 {
                buffer.clear();
                buffer.extend(word.chars().flat_map(char::to_lowercase));
                *whole.entry(hash(&buffer)).or_default() += weight;
            }
        }
        Self { blocks: [sorted(chars), sorted(whole)] }
    }

    /// The pairs of neighbouring characters of a phrase, in their order, as terms of the first block.
    #[must_use]
    pub fn pairs(phrase: &str) -> Vec<u32> {
        let chars: Vec<char> = phrase.chars().flat_map(char::to_lowercase).collect();
        let whole = chars.windows(2).filter(|pair| pair.iter().all(|c| c.is_alphanumeric()));
        whole.map(|pair| hash(&pair.iter().collect::<String>())).collect()
    }

    /// The sum of both: one text in two pieces, each with a beginning of its own.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let add = |block: usize| {
            let mut sum: HashMap<u32, f32> = self.blocks[block].iter().copied().collect();
            for &(term, weight) in &other.blocks[block] {
                *sum.entry(term).or_default() += weight;
            }
            sorted(sum)
        };
        Self { blocks: [add(0), add(1)] }
    }

    /// True when there is nothing to judge by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.iter().all(Vec::is_empty)
    }
}

fn hash(term: &str) -> u32 {
    xxh3_64(term.as_bytes()) as u32
}

fn sorted(counts: HashMap<u32, f32>) -> Vec<(u32, f32)> {
    let mut out: Vec<(u32, f32)> = counts.into_iter().collect();
    out.sort_unstable_by_key(|(term, _)| *term);
    out
}
