//! The documents in use, prepared for judging candidates: terms of each field, and how telling each term is.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::core::text::for_matching;
use crate::knowledge::document::{Document, DocumentMeta, Passage, Shape};
use crate::knowledge::lexicon;
use crate::learn::{bm25, ngrams};

/// Weights of the fields in the sparse leg.
const TITLE: f32 = 2.0;
const HEADING: f32 = 1.0;
const TEXT: f32 = 1.0;
const ASKED: f32 = 1.0;

/// What is found as a whole: a guide, or one paragraph of a plain file.
#[derive(Debug)]
pub struct Unit {
    /// The document it belongs to.
    pub meta: Arc<DocumentMeta>,
    /// Its passages, in order.
    pub passages: Vec<Arc<Passage>>,
    /// All terms of all fields, sorted.
    pub terms: Vec<u32>,
    /// Terms of title, keywords and questions, sorted.
    pub head: Vec<u32>,
    /// Terms of the title, sorted.
    pub title: Vec<u32>,
    /// Terms of each front-matter question, sorted.
    pub questions: Vec<Vec<u32>>,
    /// Keywords in the form for matching.
    pub keywords: Vec<String>,
}

/// The documents in use.
#[derive(Debug, Default)]
pub struct Catalog {
    units: Vec<Arc<Unit>>,
    by_passage: HashMap<Uuid, (usize, usize)>,
    document_frequency: HashMap<u32, u32>,
}

fn sorted(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<u32> {
    let mut out = Vec::new();
    for text in texts {
        ngrams::visit(&for_matching(text.as_ref()), |t| out.push(t));
    }
    out.sort_unstable();
    out.dedup();
    out
}

impl Unit {
    fn new(meta: Arc<DocumentMeta>, title: &str, passages: Vec<Arc<Passage>>) -> Self {
        let asked = || meta.keywords.iter().chain(&meta.questions).map(String::as_str);
        let head = sorted(std::iter::once(title).chain(asked()));
        let body = passages.iter().flat_map(|p| [p.heading.as_str(), p.text.as_str()]);
        let terms = sorted(std::iter::once(title).chain(asked()).chain(body));
        Self {
            head,
            terms,
            title: sorted([title]),
            questions: meta.questions.iter().map(|q| sorted([lexicon::matter(&for_matching(q))])).collect(),
            keywords: meta.keywords.iter().map(|k| for_matching(k)).collect(),
            passages,
            meta,
        }
    }
}

impl Catalog {
    /// Prepares the documents.
    #[must_use]
    pub fn new(documents: Vec<Document>) -> Self {
        let mut out = Self::default();
        for document in documents {
            let meta = Arc::new(document.meta);
            let passages: Vec<Arc<Passage>> = document.passages.into_iter().map(Arc::new).collect();
            match meta.shape {
                Shape::Guide => out.add(Unit::new(Arc::clone(&meta), &meta.title, passages)),
                Shape::Lines => {
                    for passage in passages {
                        let title = passage.heading.clone();
                        out.add(Unit::new(Arc::clone(&meta), &title, vec![passage]));
                    }
                }
            }
        }
        out
    }

    fn add(&mut self, unit: Unit) {
        for (place, passage) in unit.passages.iter().enumerate() {
            self.by_passage.insert(passage.id, (self.units.len(), place));
        }
        for term in &unit.terms {
            *self.document_frequency.entry(*term).or_insert(0) += 1;
        }
        self.units.push(Arc::new(unit));
    }

    /// Everything that is found as a whole.
    #[must_use]
    pub fn units(&self) -> &[Arc<Unit>] {
        &self.units
    }

    /// Where a passage stands: (unit, place in it).
    #[must_use]
    pub fn find(&self, passage: Uuid) -> Option<(usize, usize)> {
        self.by_passage.get(&passage).copied()
    }

    /// How many passages there are.
    #[must_use]
    pub fn passages(&self) -> usize {
        self.by_passage.len()
    }

    /// How telling a term is here; an unknown term is as telling as can be.
    #[must_use]
    pub fn idf(&self, term: u32) -> f32 {
        bm25::idf(self.units.len(), self.document_frequency.get(&term).copied().unwrap_or(0) as usize)
    }

    /// Is the term anywhere in the knowledge base?
    #[must_use]
    pub fn knows(&self, term: u32) -> bool {
        self.document_frequency.contains_key(&term)
    }
}

/// The weighted terms of a passage for the sparse leg: its own text, and what its document says it answers.
#[must_use]
pub fn frequencies(meta: &DocumentMeta, passage: &Passage) -> bm25::Frequencies {
    let title = if meta.shape == Shape::Guide { for_matching(&passage.title) } else { String::new() };
    let heading = for_matching(&passage.heading);
    let text = for_matching(&passage.text);
    let asked: Vec<String> = meta.keywords.iter().chain(&meta.questions).map(|s| for_matching(s)).collect();
    bm25::frequencies(
        [(TITLE, title.as_str()), (HEADING, heading.as_str()), (TEXT, text.as_str())]
            .into_iter()
            .chain(asked.iter().map(|s| (ASKED, s.as_str()))),
    )
}
