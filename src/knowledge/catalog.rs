//! The documents in use, prepared for judging candidates: terms of each field, and how telling each term is.
//!
//! It is kept small, because it is in memory as a whole: a term is four bytes once per unit, how often it stands there one
//! byte beside it. What did not change is shared with the catalog before it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use rayon::prelude::*;
use uuid::Uuid;

use crate::core::text::for_matching;
use crate::knowledge::document::{Document, DocumentMeta, Passage, Shape};
use crate::knowledge::lexicon;
use crate::learn::bm25::{self, LegLengths};
use crate::learn::ngrams;

/// Weights of the fields in the sparse leg.
const TITLE: f32 = 2.0;
const HEADING: f32 = 1.0;
const TEXT: f32 = 1.0;
const ASKED: f32 = 1.0;

/// Terms with how often they stand there, each field times its weight; at most 255 times.
#[derive(Debug, Default)]
struct Weighted {
    /// `None` = the terms of the set that it belongs to.
    terms: Option<Box<[u32]>>,
    times: Box<[u8]>,
    length: LegLengths,
}

impl Weighted {
    fn new(frequencies: &bm25::Frequencies, set: &[u32]) -> Self {
        let times = frequencies.terms.iter().map(|(_, tf)| tf.clamp(1.0, 255.0) as u8).collect();
        let same = frequencies.terms.len() == set.len() && frequencies.terms.iter().zip(set).all(|((a, _), b)| a == b);
        let terms = (!same).then(|| frequencies.terms.iter().map(|(term, _)| *term).collect());
        Self { terms, times, length: frequencies.length }
    }

    /// The BM25 value of a term; 0 when it is not there.
    fn value(&self, set: &[u32], term: u32, mean: LegLengths) -> f32 {
        let terms = self.terms.as_deref().unwrap_or(set);
        terms.binary_search(&term).map_or(0.0, |at| bm25::document_value(term, f32::from(self.times[at]), self.length, mean))
    }
}

/// What is found as a whole: a guide, or one paragraph of a plain file.
#[derive(Debug)]
pub struct Unit {
    /// The document it belongs to.
    pub meta: Arc<DocumentMeta>,
    /// Its passages, in order.
    pub passages: Vec<Arc<Passage>>,
    /// Keywords in the form for matching.
    pub keywords: Vec<String>,
    terms: Box<[u32]>,
    head: Box<[u32]>,
    // `None` = the head.
    title: Option<Box<[u32]>>,
    questions: Vec<Box<[u32]>>,
    whole: Weighted,
    asked: Weighted,
    lengths: Box<[LegLengths]>,
    // What the unit was made from; another stamp needs another unit.
    stamp: Stamp,
}

/// What tells an unchanged version of a document from a changed one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Stamp {
    version: u32,
    // Of its hash: there is a stamp for each clause of a law.
    content: u64,
    from: jiff::civil::Date,
    until: Option<jiff::civil::Date>,
    pieces: usize,
}

impl Stamp {
    fn of(document: &Document) -> Self {
        let first = document.passages.first();
        Self {
            version: document.version,
            content: xxhash_rust::xxh3::xxh3_64(document.content_hash.as_bytes()),
            from: first.map_or(document.meta.effective_from, |p| p.effective_from),
            until: first.map_or(document.meta.expires_on, |p| p.expires_on),
            pieces: document.passages.len(),
        }
    }
}

/// The documents in use.
#[derive(Debug, Default)]
pub struct Catalog {
    units: Vec<Arc<Unit>>,
    by_passage: HashMap<Uuid, (u32, u32)>,
    // Number of the first passage of each unit.
    first: Vec<u32>,
    // How many units hold each term.
    frequency: TermMap<u32>,
    // How telling a term is that so many units hold: asked tens of thousands of times a search, so no logarithm.
    telling: Vec<f32>,
    earliest_end: Option<jiff::civil::Date>,
    // Of the rows, when they could tell.
    revision: Option<u64>,
    mean: LegLengths,
    mean_whole: LegLengths,
    mean_asked: LegLengths,
}

/// Terms are hashes already: one multiplication spreads them.
#[derive(Debug, Default)]
struct TermHasher(u64);

impl Hasher for TermHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, term: u32) {
        self.0 = (self.0 ^ u64::from(term)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type TermMap<V> = HashMap<u32, V, BuildHasherDefault<TermHasher>>;

impl Unit {
    /// Has it no questions of its own? Then it is judged by weights of its own.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.meta.questions.is_empty()
    }

    /// All terms of all fields, sorted.
    #[must_use]
    pub fn terms(&self) -> &[u32] {
        &self.terms
    }

    /// Terms of title, keywords and questions, sorted.
    #[must_use]
    pub fn head(&self) -> &[u32] {
        &self.head
    }

    /// Terms of the title, sorted.
    #[must_use]
    pub fn title(&self) -> &[u32] {
        self.title.as_deref().unwrap_or(&self.head)
    }

    /// Terms of each front-matter question, sorted; of the title when there is none.
    pub fn questions(&self) -> impl Iterator<Item = &[u32]> {
        let of_title = self.questions.is_empty().then(|| self.title());
        of_title.into_iter().chain(self.questions.iter().map(AsRef::as_ref))
    }

    /// Weighted lengths of each passage for the sparse leg.
    #[must_use]
    pub fn lengths(&self) -> &[LegLengths] {
        &self.lengths
    }

    /// The version of its document.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.stamp.version
    }

    fn new(meta: Arc<DocumentMeta>, title: &str, passages: Vec<Arc<Passage>>, stamp: Stamp) -> Self {
        let matched: Vec<(String, String)> = passages.iter().map(|p| (for_matching(&p.heading), for_matching(&p.text))).collect();
        let title = for_matching(title);
        let asking: Vec<String> = meta.keywords.iter().chain(&meta.questions).map(|q| for_matching(q)).collect();
        let set = |texts: &mut dyn Iterator<Item = &str>| {
            let mut out = Vec::new();
            texts.for_each(|text| ngrams::visit(text, |t| out.push(t)));
            out.sort_unstable();
            out.dedup();
            out.into_boxed_slice()
        };
        let heads = || std::iter::once(title.as_str()).chain(asking.iter().map(String::as_str));
        let bodies = || matched.iter().flat_map(|(heading, text)| [heading.as_str(), text.as_str()]);
        let terms = set(&mut heads().chain(bodies()));
        let head = set(&mut heads());
        let own_title = set(&mut std::iter::once(title.as_str()));
        let matter = |q: &str| ngrams::set(&lexicon::matter(&lexicon::standard(q))).into_boxed_slice();
        // Without questions of its own the title is the one thing that says what a text is asked for.
        let mut questions: Vec<Box<[u32]>> = if meta.questions.is_empty() {
            vec![matter(&title)]
        } else {
            meta.questions.iter().map(|q| matter(&for_matching(q))).collect()
        };
        if questions.len() == 1 && questions[0] == own_title {
            questions.clear();
        }
        let own_title = (own_title != head).then_some(own_title);
        let standard = |text: &str| lexicon::standard(text);
        let title_text = standard(&title);
        let asked_texts: Vec<String> = asking.iter().map(|q| standard(q)).collect();
        let body_texts: Vec<String> = bodies().map(standard).collect();
        let heads = || std::iter::once((TITLE, title_text.as_str())).chain(asked_texts.iter().map(|q| (ASKED, q.as_str())));
        let whole = bm25::frequencies(heads().chain(body_texts.iter().map(|t| (TEXT, t.as_str()))));
        let asked = bm25::frequencies(heads());
        let lengths = passages.iter().map(|p| frequencies(&meta, p).length).collect();
        Self {
            keywords: meta.keywords.iter().map(|k| for_matching(k)).collect(),
            whole: Weighted::new(&whole, &terms),
            asked: Weighted::new(&asked, &head),
            terms,
            head,
            title: own_title,
            questions,
            lengths,
            passages,
            meta,
            stamp,
        }
    }
}

/// The units of one document.
fn units_of(document: Document) -> Vec<Arc<Unit>> {
    let stamp = Stamp::of(&document);
    let meta = Arc::new(document.meta);
    let passages = document.passages.into_iter().map(Arc::new);
    match meta.shape {
        Shape::Guide => vec![Arc::new(Unit::new(Arc::clone(&meta), &meta.title, passages.collect(), stamp))],
        Shape::Lines | Shape::Clauses => passages
            .map(|passage| {
                let title = match meta.shape {
                    Shape::Clauses => format!("{} {} {}", passage.title, passage.path, passage.heading),
                    _ => passage.heading.clone(),
                };
                Arc::new(Unit::new(Arc::clone(&meta), &title, vec![passage], stamp.clone()))
            })
            .collect(),
    }
}

impl Catalog {
    /// Prepares the documents.
    #[must_use]
    pub fn new(documents: Vec<Document>) -> Self {
        Self::default().followed_by(documents)
    }

    /// Prepares the documents; what this catalog holds of them unchanged is shared with it.
    #[must_use]
    pub fn followed_by(&self, documents: Vec<Document>) -> Self {
        let mut known: HashMap<(&str, u32), &[Arc<Unit>]> = HashMap::new();
        for group in self.units.chunk_by(|a, b| a.meta.id == b.meta.id && a.stamp.version == b.stamp.version) {
            known.insert((group[0].meta.id.as_str(), group[0].stamp.version), group);
        }
        let units: Vec<Vec<Arc<Unit>>> = documents
            .into_par_iter()
            .map(|document| match known.get(&(document.meta.id.as_str(), document.version)) {
                Some(group) if group[0].stamp == Stamp::of(&document) && *group[0].meta == document.meta => group.to_vec(),
                _ => units_of(document),
            })
            .collect();
        Self::of_units(units.into_iter().flatten().collect())
    }

    /// Without the documents for which `keep` is false; everything else is shared.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&DocumentMeta) -> bool) -> Self {
        Self::of_units(self.units.iter().filter(|u| keep(&u.meta)).map(Arc::clone).collect())
    }

    fn of_units(units: Vec<Arc<Unit>>) -> Self {
        let mut out = Self::default();
        for unit in &units {
            for term in &unit.terms {
                *out.frequency.entry(*term).or_insert(0) += 1;
            }
        }
        let mut passage = 0u32;
        for (number, unit) in units.iter().enumerate() {
            out.first.push(passage);
            for (place, p) in unit.passages.iter().enumerate() {
                out.by_passage.insert(p.id, (number as u32, place as u32));
            }
            passage += unit.passages.len() as u32;
        }
        let most = out.frequency.values().copied().max().unwrap_or(0) as usize;
        out.telling = (0..=most).map(|df| bm25::idf(units.len(), df)).collect();
        out.earliest_end = units.iter().filter_map(|u| u.stamp.until).min();
        out.mean = LegLengths::mean(units.iter().flat_map(|u| u.lengths.iter()));
        out.mean_whole = LegLengths::mean(units.iter().map(|u| &u.whole.length));
        out.mean_asked = LegLengths::mean(units.iter().map(|u| &u.asked.length));
        out.frequency.shrink_to_fit();
        out.by_passage.shrink_to_fit();
        out.units = units;
        out
    }

    /// The same, as what the rows held at this revision.
    #[must_use]
    pub fn at(mut self, revision: Option<u64>) -> Self {
        self.revision = revision;
        self
    }

    /// The revision of the rows that it was read from.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.revision
    }

    /// Everything that is found as a whole.
    #[must_use]
    pub fn units(&self) -> &[Arc<Unit>] {
        &self.units
    }

    /// Where a passage stands: (unit, place in it).
    #[must_use]
    pub fn find(&self, passage: Uuid) -> Option<(usize, usize)> {
        self.by_passage.get(&passage).map(|(unit, place)| (*unit as usize, *place as usize))
    }

    /// The number of a passage, counted over all units: what the vectors of the built-in embedding are kept by.
    #[must_use]
    pub fn number(&self, unit: usize, place: usize) -> usize {
        self.first.get(unit).map_or(usize::MAX, |first| *first as usize + place)
    }

    /// The passages with their units, by number.
    pub fn all(&self) -> impl Iterator<Item = (&Arc<Unit>, &Arc<Passage>)> {
        self.units.iter().flat_map(|u| u.passages.iter().map(move |p| (u, p)))
    }

    /// The passage of a number.
    #[must_use]
    pub fn passage(&self, number: usize) -> Option<&Arc<Passage>> {
        let unit = self.first.partition_point(|first| *first as usize <= number).checked_sub(1)?;
        self.units.get(unit)?.passages.get(number - self.first[unit] as usize)
    }

    /// How many passages there are.
    #[must_use]
    pub fn passages(&self) -> usize {
        self.by_passage.len()
    }

    /// The first day on which something of all this has ended.
    #[must_use]
    pub fn earliest_end(&self) -> Option<jiff::civil::Date> {
        self.earliest_end
    }

    /// The mean weighted length of the passages: what the values of the sparse leg are made with.
    #[must_use]
    pub fn mean(&self) -> LegLengths {
        self.mean
    }

    /// How telling a term is here; an unknown term is as telling as can be.
    #[must_use]
    pub fn idf(&self, term: u32) -> f32 {
        let df = self.frequency.get(&term).copied().unwrap_or(0) as usize;
        self.telling.get(df).copied().unwrap_or(0.0)
    }

    /// Is the term anywhere in the knowledge base?
    #[must_use]
    pub fn knows(&self, term: u32) -> bool {
        self.frequency.contains_key(&term)
    }

    /// The BM25F value of a term over all fields of a unit.
    #[must_use]
    pub fn whole_value(&self, unit: &Unit, term: u32) -> f32 {
        unit.whole.value(&unit.terms, term, self.mean_whole)
    }

    /// The BM25F value of a term over title, keywords and questions of a unit.
    #[must_use]
    pub fn asked_value(&self, unit: &Unit, term: u32) -> f32 {
        unit.asked.value(&unit.head, term, self.mean_asked)
    }
}

/// The weighted terms of a passage for the sparse leg: its own text, and what its document says it answers.
#[must_use]
pub fn frequencies(meta: &DocumentMeta, passage: &Passage) -> bm25::Frequencies {
    let title = if meta.shape == Shape::Lines { String::new() } else { for_matching(&passage.title) };
    let heading = for_matching(&format!("{} {}", passage.path, passage.heading));
    let text = for_matching(&passage.text);
    let asked: Vec<String> = meta.keywords.iter().chain(&meta.questions).map(|s| for_matching(s)).collect();
    bm25::frequencies(
        [(TITLE, title.as_str()), (HEADING, heading.as_str()), (TEXT, text.as_str())]
            .into_iter()
            .chain(asked.iter().map(|s| (ASKED, s.as_str()))),
    )
}
