//! The documents in use, prepared for judging candidates: terms of each field, and how telling each term is.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
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
    /// Terms of each front-matter question, sorted; of the title when there is none.
    pub questions: Vec<Vec<u32>>,
    /// Keywords in the form for matching.
    pub keywords: Vec<String>,
    /// BM25F values of all fields together, sorted by term.
    pub whole: Vec<(u32, f32)>,
    /// BM25F values of title, keywords and questions, sorted by term.
    pub asked: Vec<(u32, f32)>,
}

/// The documents in use.
#[derive(Debug, Default)]
pub struct Catalog {
    units: Vec<Arc<Unit>>,
    by_passage: HashMap<Uuid, (usize, usize)>,
    /// How telling each known term is. Asked tens of thousands of times a search: a look-up, no logarithm.
    idf: TermMap<f32>,
    /// How telling a term is that nothing has.
    unknown: f32,
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
    /// Has it no questions of its own? Then it is judged by weights of its own.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.meta.questions.is_empty()
    }

    fn new(meta: Arc<DocumentMeta>, title: &str, passages: Vec<Arc<Passage>>) -> Self {
        let asked = || meta.keywords.iter().chain(&meta.questions).map(String::as_str);
        let head = sorted(std::iter::once(title).chain(asked()));
        let body = passages.iter().flat_map(|p| [p.heading.as_str(), p.text.as_str()]);
        let terms = sorted(std::iter::once(title).chain(asked()).chain(body));
        let matter = |q: &str| sorted([lexicon::matter(&lexicon::standard(&for_matching(q)))]);
        // Without questions of its own the title is the one thing that says what a text is asked for.
        let asking =
            if meta.questions.is_empty() { vec![matter(title)] } else { meta.questions.iter().map(|q| matter(q)).collect() };
        Self {
            head,
            terms,
            title: sorted([title]),
            questions: asking,
            keywords: meta.keywords.iter().map(|k| for_matching(k)).collect(),
            passages,
            meta,
            whole: Vec::new(),
            asked: Vec::new(),
        }
    }
}

impl Catalog {
    /// Prepares the documents.
    #[must_use]
    pub fn new(documents: Vec<Document>) -> Self {
        let mut units = Vec::new();
        for document in documents {
            let meta = Arc::new(document.meta);
            let passages: Vec<Arc<Passage>> = document.passages.into_iter().map(Arc::new).collect();
            match meta.shape {
                Shape::Guide => units.push(Unit::new(Arc::clone(&meta), &meta.title, passages)),
                Shape::Lines => {
                    for passage in passages {
                        let title = passage.heading.clone();
                        units.push(Unit::new(Arc::clone(&meta), &title, vec![passage]));
                    }
                }
                Shape::Clauses => {
                    for passage in passages {
                        let title = format!("{} {} {}", passage.title, passage.path, passage.heading);
                        units.push(Unit::new(Arc::clone(&meta), &title, vec![passage]));
                    }
                }
            }
        }
        weigh(&mut units);
        let mut out = Self::default();
        let mut frequency: TermMap<usize> = TermMap::default();
        for unit in units {
            for term in &unit.terms {
                *frequency.entry(*term).or_insert(0) += 1;
            }
            out.add(unit);
        }
        let count = out.units.len();
        out.unknown = bm25::idf(count, 0);
        out.idf = frequency.into_iter().map(|(term, df)| (term, bm25::idf(count, df))).collect();
        out
    }

    fn add(&mut self, unit: Unit) {
        for (place, passage) in unit.passages.iter().enumerate() {
            self.by_passage.insert(passage.id, (self.units.len(), place));
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
        self.idf.get(&term).copied().unwrap_or(self.unknown)
    }

    /// Is the term anywhere in the knowledge base?
    #[must_use]
    pub fn knows(&self, term: u32) -> bool {
        self.idf.contains_key(&term)
    }
}

/// Gives every unit its values on both fields, against the mean length over all.
fn weigh(units: &mut [Unit]) {
    let fields = |unit: &Unit| -> (bm25::Frequencies, bm25::Frequencies) {
        let normal = |text: &str| lexicon::standard(&for_matching(text));
        let title = match unit.meta.shape {
            Shape::Guide => normal(&unit.meta.title),
            Shape::Lines => unit.passages.iter().map(|p| normal(&p.heading)).collect(),
            Shape::Clauses => unit.passages.iter().map(|p| normal(&format!("{} {} {}", p.title, p.path, p.heading))).collect(),
        };
        let asked: Vec<String> = unit.meta.keywords.iter().chain(&unit.meta.questions).map(|q| normal(q)).collect();
        let body: Vec<String> = unit.passages.iter().flat_map(|p| [normal(&p.heading), normal(&p.text)]).collect();
        let head = || std::iter::once((TITLE, title.as_str())).chain(asked.iter().map(|q| (ASKED, q.as_str())));
        (bm25::frequencies(head().chain(body.iter().map(|t| (TEXT, t.as_str())))), bm25::frequencies(head()))
    };
    let all: Vec<_> = units.iter().map(fields).collect();
    let whole = bm25::LegLengths::mean(all.iter().map(|(w, _)| &w.length));
    let asked = bm25::LegLengths::mean(all.iter().map(|(_, a)| &a.length));
    for (unit, (w, a)) in units.iter_mut().zip(&all) {
        unit.whole = bm25::document_values(w, whole);
        unit.asked = bm25::document_values(a, asked);
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
