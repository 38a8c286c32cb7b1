//! A stream of messages: those that come are compared with those that are there, by the words alone.
//!
//! Sublinear tf-idf and cosine over the grams of `grams`. How telling a gram is follows from what is in the index *now*, so an
//! answer depends on the set of messages and not on the order in which they came and went. Inverted lists of pairs of characters
//! find the nearest few, the shortest lists first and within a budget; those are then compared exactly.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::LazyLock;

use super::grams::{self, Gram};

/// Entries of inverted lists that one question may visit. Lists of rare pairs come first: they tell most.
const BUDGET: usize = 200_000;
/// The most promising messages that are compared exactly, at most.
const COMPARED: usize = 32;
/// After so many in a row that are not even half as alike as they must be, the less promising ones are left alone.
const IN_VAIN: usize = 8;
/// Grams are counted in so many cells (2^22). Two grams in one cell look a little more common than they are.
const CELLS: u32 = 22;

/// A message that is like the one asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Match<K> {
    /// Which.
    pub key: K,
    /// Cosine of topic (twice) and beginning, 0..1: compare with [`super::SAME_INCIDENT`].
    pub incident: f32,
    /// Cosine of the texts, 0..1: compare with [`super::COPY`].
    pub copy: f32,
}

#[derive(Debug)]
struct Entry<K> {
    key: K,
    topic: Box<str>,
    text: Box<str>,
}

/// Messages by their keys.
pub struct Index<K> {
    entries: Vec<Option<Entry<K>>>,
    /// Of each entry the root of the number of its pairs.
    lengths: Vec<f32>,
    free: Vec<u32>,
    places: HashMap<K, u32>,
    lists: HashMap<u64, Vec<u32>>,
    counts: Box<[u32]>,
    /// Messages that were counted: those here and the background.
    counted: u32,
}

impl<K> std::fmt::Debug for Index<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("messages", &self.places.len()).finish_non_exhaustive()
    }
}

impl<K: Ord + Hash + Clone> Default for Index<K> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            lengths: Vec::new(),
            free: Vec::new(),
            places: HashMap::new(),
            lists: HashMap::new(),
            counts: vec![0; 1 << CELLS].into_boxed_slice(),
            counted: 0,
        }
    }
}

impl<K: Ord + Hash + Clone> Index<K> {
    /// An empty index that knows from `background` how common grams are, so that its first answers are not blind.
    #[must_use]
    pub fn with_background<'a>(background: impl IntoIterator<Item = &'a str>) -> Self {
        let mut index = Self::default();
        for text in background {
            index.count(&grams::of("", text), true);
        }
        index
    }

    /// How many messages are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True when nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether the message with this key is in it.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    /// Puts a message in; one with the same key is replaced.
    pub fn add(&mut self, key: K, topic: &str, text: &str) {
        self.remove(&key);
        let grams = grams::of(topic, text);
        self.count(&grams, true);
        let place = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.lengths.push(1.0);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        });
        let mut pairs = 0u16;
        for gram in grams.iter().filter(|g| g.is_pair()) {
            self.lists.entry(gram.id).or_default().push(place);
            pairs = pairs.saturating_add(1);
        }
        self.places.insert(key.clone(), place);
        self.entries[place as usize] = Some(Entry { key, topic: topic.into(), text: cut(text).into() });
        self.lengths[place as usize] = f32::from(pairs.max(1)).sqrt();
    }

    /// Takes a message out; false when it was not there.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some(place) = self.places.remove(key) else { return false };
        let Some(entry) = self.entries[place as usize].take() else { return false };
        let grams = grams::of(&entry.topic, &entry.text);
        for gram in grams.iter().filter(|g| g.is_pair()) {
            if let Some(list) = self.lists.get_mut(&gram.id) {
                if let Some(at) = list.iter().position(|p| *p == place) {
                    list.swap_remove(at);
                }
                if list.is_empty() {
                    self.lists.remove(&gram.id);
                }
            }
        }
        self.count(&grams, false);
        self.free.push(place);
        true
    }

    /// Topic and text of a message, as far as they are compared.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<(&str, &str)> {
        let entry = self.entries[*self.places.get(key)? as usize].as_ref()?;
        Some((&entry.topic, &entry.text))
    }

    /// The messages that are most like this one (which itself need not be here), the most alike first; of equals the smaller key.
    #[must_use]
    pub fn find(&self, topic: &str, text: &str) -> Vec<Match<K>> {
        let said = self.weigh(topic, text);
        let mut out = Vec::new();
        let mut in_vain = 0;
        for entry in self.promising(&said) {
            let found = self.compare(&said, entry);
            let unlike = found.incident < super::SAME_INCIDENT / 2.0 && found.copy < super::COPY / 2.0;
            in_vain = if unlike { in_vain + 1 } else { 0 };
            out.push(found);
            if in_vain == IN_VAIN {
                break;
            }
        }
        out.sort_by(|a, b| {
            b.incident.total_cmp(&a.incident).then_with(|| b.copy.total_cmp(&a.copy)).then_with(|| a.key.cmp(&b.key))
        });
        out
    }

    /// How alike this message and the one with the key are; `None` when it is not here.
    #[must_use]
    pub fn likeness(&self, topic: &str, text: &str, key: &K) -> Option<Match<K>> {
        self.likenesses(topic, text, std::slice::from_ref(key)).pop()
    }

    /// How alike this message and each of those with the keys are, in their order, without those that are not here.
    #[must_use]
    pub fn likenesses(&self, topic: &str, text: &str, keys: &[K]) -> Vec<Match<K>> {
        let said = self.weigh(topic, text);
        let entries = keys.iter().filter_map(|key| self.entries[*self.places.get(key)? as usize].as_ref());
        entries.map(|entry| self.compare(&said, entry)).collect()
    }

    fn count(&mut self, grams: &[Gram], up: bool) {
        for gram in grams {
            let cell = &mut self.counts[cell(gram.id)];
            *cell = if up { cell.saturating_add(1) } else { cell.saturating_sub(1) };
        }
        self.counted = if up { self.counted.saturating_add(1) } else { self.counted.saturating_sub(1) };
    }

    /// How telling a gram is while the asked message is counted as well; `here` says whether the gram is in that message.
    fn idf(&self, id: u64, here: bool) -> f32 {
        let with = self.counts[cell(id)] + u32::from(here);
        logarithm(2 + self.counted) - logarithm(1 + with) + 1.0
    }

    fn weigh(&self, topic: &str, text: &str) -> Weighed {
        let grams = grams::of(topic, text);
        let idf: Vec<f32> = grams.iter().map(|g| self.idf(g.id, true)).collect();
        let norms = norms(grams.iter().zip(&idf));
        Weighed { grams, idf, norms }
    }

    /// Those that share most with the message by the shortest lists of its pairs.
    fn promising(&self, said: &Weighed) -> Vec<&Entry<K>> {
        let mut lists: Vec<(usize, u64, f32, &[u32])> = said
            .grams
            .iter()
            .zip(&said.idf)
            .filter(|(gram, _)| gram.is_pair())
            .filter_map(|(gram, idf)| {
                let list = self.lists.get(&gram.id)?;
                // What stands in the topic or the beginning tells the incident, the rest at least the copy.
                let weight = idf * idf * sublinear(gram.incident.max(1));
                Some((list.len(), gram.id, weight, list.as_slice()))
            })
            .collect();
        lists.sort_unstable_by_key(|(length, id, ..)| (*length, *id));
        let mut shared = vec![0f32; self.entries.len()];
        let mut left = BUDGET;
        for (length, _, weight, list) in lists {
            if length > left {
                break;
            }
            left -= length;
            for place in list {
                shared[*place as usize] += weight;
            }
        }
        for (sum, length) in shared.iter_mut().zip(&self.lengths) {
            *sum /= length;
        }
        // The least that the best must have; where many have just that, all of them are looked at and the smaller keys stay.
        let mut least = 0.0;
        if shared.len() > COMPARED {
            let mut sums = shared.clone();
            least = *sums.select_nth_unstable_by(COMPARED, |a, b| b.total_cmp(a)).1;
        }
        let mut ranked: Vec<(f32, &Entry<K>)> = shared
            .iter()
            .zip(&self.entries)
            .filter(|(sum, _)| **sum > 0.0 && **sum >= least)
            .filter_map(|(sum, entry)| Some((*sum, entry.as_ref()?)))
            .collect();
        ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.key.cmp(&b.1.key)));
        ranked.truncate(COMPARED);
        ranked.into_iter().map(|(_, entry)| entry).collect()
    }

    fn compare(&self, said: &Weighed, entry: &Entry<K>) -> Match<K> {
        let own = grams::of(&entry.topic, &entry.text);
        let mut idf = Vec::with_capacity(own.len());
        let mut dots = [0f32; 2];
        let mut at = 0;
        for gram in &own {
            while said.grams.get(at).is_some_and(|g| g.id < gram.id) {
                at += 1;
            }
            match said.grams.get(at).filter(|g| g.id == gram.id) {
                Some(other) => {
                    let weight = said.idf[at] * said.idf[at];
                    dots[0] += weight * sublinear(gram.incident) * sublinear(other.incident);
                    dots[1] += weight * sublinear(gram.copy) * sublinear(other.copy);
                    idf.push(said.idf[at]);
                }
                None => idf.push(self.idf(gram.id, false)),
            }
        }
        let norms = norms(own.iter().zip(&idf));
        let cosine = |field: usize| {
            let both = norms[field] * said.norms[field];
            if both > 0.0 { (dots[field] / both).min(1.0) } else { 0.0 }
        };
        Match { key: entry.key.clone(), incident: cosine(0), copy: cosine(1) }
    }
}

/// A message with the weight of each gram.
struct Weighed {
    grams: Vec<Gram>,
    idf: Vec<f32>,
    /// Of incident and copy.
    norms: [f32; 2],
}

fn norms<'a>(weighed: impl Iterator<Item = (&'a Gram, &'a f32)>) -> [f32; 2] {
    let mut sums = [0f32; 2];
    for (gram, idf) in weighed {
        sums[0] += (sublinear(gram.incident) * idf).powi(2);
        sums[1] += (sublinear(gram.copy) * idf).powi(2);
    }
    sums.map(f32::sqrt)
}

/// The fifth mention adds less than the second.
fn sublinear(count: u16) -> f32 {
    /// Logarithms of small counts: nearly all are.
    const KNOWN: [f32; 5] = [0.0, 1.0, 1.693_147_2, 2.098_612_3, 2.386_294_4];
    KNOWN.get(usize::from(count)).copied().unwrap_or_else(|| 1.0 + f32::from(count).ln())
}

/// Natural logarithm of a count of at least one; those of small counts are known.
fn logarithm(count: u32) -> f32 {
    static KNOWN: LazyLock<Vec<f32>> = LazyLock::new(|| (0..1024u16).map(|n| f32::from(n.max(1)).ln()).collect());
    KNOWN.get(count as usize).copied().unwrap_or_else(|| (count as f32).ln())
}

fn cell(id: u64) -> usize {
    (id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - CELLS)) as usize
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(grams::WHOLE).map_or(text, |(end, _)| &text[..end])
}
