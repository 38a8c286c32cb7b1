//! Finding thousands of words in one short message in microseconds.

use std::collections::HashMap;

/// A set of words, each with the numbers that it stands for.
#[derive(Debug, Clone, Default)]
pub struct WordScan {
    /// First character → words with it, longest first.
    by_first: HashMap<char, Vec<Entry>>,
}

#[derive(Debug, Clone)]
struct Entry {
    word: Vec<char>,
    ids: Vec<usize>,
}

/// A word that stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'a> {
    /// First character of the word in the text (counted in characters).
    pub start: usize,
    /// One past its last character.
    pub end: usize,
    /// What the word stands for, in the order of insertion.
    pub ids: &'a [usize],
}

impl WordScan {
    /// Builds the set. Words are taken as they are: bring words and text into the same form first.
    pub fn new<S: AsRef<str>>(words: impl IntoIterator<Item = (S, usize)>) -> Self {
        let mut by_word: HashMap<Vec<char>, Vec<usize>> = HashMap::new();
        for (word, id) in words {
            let ids = by_word.entry(word.as_ref().chars().collect()).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let mut by_first: HashMap<char, Vec<Entry>> = HashMap::new();
        for (word, ids) in by_word {
            let Some(&first) = word.first() else { continue };
            by_first.entry(first).or_default().push(Entry { word, ids });
        }
        for entries in by_first.values_mut() {
            entries.sort_by(|a, b| b.word.len().cmp(&a.word.len()).then_with(|| a.word.cmp(&b.word)));
        }
        Self { by_first }
    }

    /// Every occurrence, also overlapping ones, by position and then longest first.
    #[must_use]
    pub fn all<'a>(&'a self, text: &[char]) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        for (start, first) in text.iter().enumerate() {
            let Some(entries) = self.by_first.get(first) else { continue };
            for entry in entries {
                if text[start..].starts_with(&entry.word) {
                    hits.push(Hit { start, end: start + entry.word.len(), ids: &entry.ids });
                }
            }
        }
        hits
    }

    /// Occurrences that do not lie inside a longer one, by position.
    #[must_use]
    pub fn longest<'a>(&'a self, text: &[char]) -> Vec<Hit<'a>> {
        let all = self.all(text);
        all.iter()
            .filter(|h| !all.iter().any(|o| o.start <= h.start && h.end <= o.end && (o.end - o.start) > (h.end - h.start)))
            .copied()
            .collect()
    }
}
