//! The order of passages that stand for themselves, learnt from the questions of this knowledge base.
//!
//! Guides are judged as a whole by [`crate::knowledge::judge`]; clauses of laws and plain paragraphs are put in order here, by two
//! tables of n-grams and a re-ranker, over what the index found and what the tables find beside it. The probabilities stay where
//! they are: the best passage takes the best probability that any of them had, and so on, so the gate means the same with and
//! without. As much of it is used as held-out questions gain by; without enough questions the table learnt from the passages
//! alone helps a large knowledge base, and a small one stays with the sparse order.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::knowledge::catalog::{Catalog, Unit};
use crate::knowledge::judge::FEATURES;
use crate::knowledge::rank::features::{FIRST, First};
use crate::knowledge::rank::reading::{FIELDS, Text};
use crate::knowledge::rank::shelf::{LEG, Ranker, Shelf, Sight, Texts};
use crate::knowledge::rank::teach::{Known, PARTS, Taught, teach};
use crate::knowledge::search::{Candidate, Knowledge, KnowledgeError, LegScores, reseat};
use crate::knowledge::vector::VectorHit;
use crate::learn::bm25::{self, Postings};
use crate::learn::boost::Forest;
use crate::learn::embedding::{DIM, Matrix, Table};

/// Questions below which nothing is learnt.
pub const FEWEST: usize = 60;
/// Gain in MRR@10 on the held-out questions below which a simpler order stays.
const GAIN: f64 = 0.005;
/// Passages that stand for themselves from which on the table learnt from the passages is trusted without questions to try it on.
pub const LARGE: usize = 3000;
/// Passages that the tables find beside those of the index, before the filter of the question.
pub const FOUND: usize = 150;

/// A question and what answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// As asked.
    pub question: String,
    /// The document that answers.
    pub document: String,
    /// Heading of the clause that answers; `None` when the whole document does.
    pub clause: Option<String>,
}

/// The passages of a catalog by number.
#[derive(Debug)]
pub struct Passages {
    catalog: Arc<Catalog>,
    places: Vec<(u32, u32)>,
    documents: Vec<u32>,
}

impl Passages {
    /// Numbers them in the catalog's order.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let mut places = Vec::with_capacity(catalog.passages());
        let mut documents = Vec::with_capacity(catalog.passages());
        let mut seen: HashMap<String, u32> = HashMap::new();
        for (unit, own) in (0u32..).zip(catalog.units()) {
            let next = seen.len() as u32;
            let document = *seen.entry(own.meta.id.clone()).or_insert(next);
            for place in 0..own.passages.len() as u32 {
                places.push((unit, place));
                documents.push(document);
            }
        }
        Self { catalog, places, documents }
    }

    fn id(&self, n: usize) -> Option<Uuid> {
        let (unit, place) = *self.places.get(n)?;
        Some(self.catalog.units().get(unit as usize)?.passages.get(place as usize)?.id)
    }

    fn number(&self, id: Uuid) -> Option<usize> {
        let (unit, place) = self.catalog.find(id)?;
        Some(self.catalog.number(unit, place))
    }
}

impl Texts for Passages {
    fn count(&self) -> usize {
        self.places.len()
    }

    fn text(&self, n: usize) -> Text<'_> {
        let (unit, place) = self.places[n];
        let passage = &self.catalog.units()[unit as usize].passages[place as usize];
        // What stands above a clause tells more than its number does.
        let heading = if passage.path.is_empty() { &passage.heading } else { &passage.path };
        Text { title: &passage.title, heading, text: &passage.text }
    }

    fn document(&self, n: usize) -> u32 {
        self.documents[n]
    }

    fn authority(&self, n: usize) -> f32 {
        self.catalog.units()[self.places[n].0 as usize].meta.authority()
    }
}

/// How far the learnt order is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not at all.
    Off,
    /// The table learnt from the passages.
    Own,
    /// The table learnt on from questions, without the re-ranker.
    Tables,
    /// Everything.
    Full,
}

/// What the questions say, each of an order that was learnt without it and without what answers it. MRR@10, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Questions learnt from.
    pub lessons: usize,
    /// A number that tells these lessons from all others.
    pub of: u64,
    /// By the sparse leg alone.
    pub sparse: f64,
    /// With the table learnt from the passages.
    pub own: f64,
    /// With the table learnt from questions.
    pub tables: f64,
    /// By the re-ranker.
    pub full: f64,
    /// What is used.
    pub level: Level,
}

/// A number that tells these lessons, in any order, from all others.
#[must_use]
pub fn fingerprint(lessons: &[Lesson]) -> u64 {
    let line = |l: &Lesson| format!("{}\u{1f}{}\u{1f}{}", l.question, l.document, l.clause.as_deref().unwrap_or_default());
    let mut lines: Vec<String> = lessons.iter().map(line).collect();
    lines.sort_unstable();
    xxhash_rust::xxh3::xxh3_64(lines.join("\n").as_bytes())
}

/// What was learnt from questions.
#[derive(Debug, Clone)]
pub struct Model {
    taught: Arc<Table>,
    lessons: Matrix,
    forest: Option<Forest>,
    /// What the held-out questions said.
    pub verdict: Verdict,
}

impl Model {
    /// As bytes, for the rows: each part with its length before it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = |value: Result<Vec<u8>, serde_json::Error>| value.unwrap_or_default();
        let lessons: Vec<u8> =
            (0..self.lessons.len()).filter_map(|n| self.lessons.row(n)).flatten().map(i8::cast_unsigned).collect();
        let parts =
            [json(serde_json::to_vec(&self.verdict)), self.taught.to_bytes(), lessons, json(serde_json::to_vec(&self.forest))];
        let mut out = Vec::with_capacity(parts.iter().map(|p| p.len() + 8).sum());
        for part in parts {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(&part);
        }
        out
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` when it is cut or of another version: it is learnt again then.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut part = || -> Option<&[u8]> {
            let (length, tail) = rest.split_first_chunk::<8>()?;
            let (part, tail) = tail.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            rest = tail;
            Some(part)
        };
        let verdict = serde_json::from_slice(part()?).ok()?;
        let taught = Arc::new(Table::from_bytes(part()?).ok()?);
        let (rows, tail) = part()?.as_chunks::<DIM>();
        let lessons = Matrix::of_rows(rows.iter().map(|row| row.map(u8::cast_signed)).collect());
        let forest = serde_json::from_slice(part()?).ok()?;
        tail.is_empty().then_some(Self { taught, lessons, forest, verdict })
    }
}

/// Under which id what was learnt for a table is kept.
#[must_use]
pub(super) fn part_of(table: &str) -> String {
    format!("order-{table}")
}

impl Knowledge {
    /// Learns the order of passages that stand for themselves and uses as much of it as held-out questions gain by; `None` when
    /// there is no built-in table or too little to learn from. Takes up to a minute of both cores: not for an executor's thread.
    pub fn learn_order(&self, lessons: &[Lesson]) -> Option<Model> {
        let snapshot = self.snapshot()?;
        let own = snapshot.learned.as_ref()?.table();
        let model = learn(&snapshot.catalog, own, lessons)?;
        self.order.store(Reorder::new(&snapshot.catalog, own, Some(&model)).map(Arc::new));
        Some(model)
    }

    /// Puts what was learnt before over the passages as they are now; without a model the table learnt from the passages, when
    /// there are enough of them. Reads every passage: not for an executor's thread.
    pub fn use_order(&self, model: Option<&Model>) {
        let Some(snapshot) = self.snapshot() else { return };
        let own = snapshot.learned.as_ref().map(|l| Arc::clone(l.table()));
        let order = own.and_then(|own| Reorder::new(&snapshot.catalog, &own, model));
        self.order.store(order.map(Arc::new));
    }

    /// What was learnt for a table and kept; `None` when nothing was, or it is of another version.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn kept_order(&self, table: &str) -> Result<Option<Model>, KnowledgeError> {
        Ok(self.book.part(&part_of(table)).await?.and_then(|bytes| Model::from_bytes(&bytes)))
    }

    /// Keeps what was learnt for a table, as long as a generation has that table.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn keep_order(&self, table: &str, model: &Model) -> Result<(), KnowledgeError> {
        Ok(self.book.put_part(&part_of(table), model.to_bytes()).await?)
    }

    /// How the order of passages that stand for themselves is made now.
    #[must_use]
    pub fn order_level(&self) -> Level {
        self.order.load().as_ref().map_or(Level::Off, |order| order.level)
    }
}

/// Learns from questions whose documents are in the catalog; `None` when there are too few for passages that stand for
/// themselves. The same knowledge and the same questions give the same model.
#[must_use]
pub fn learn(catalog: &Arc<Catalog>, own: &Arc<Table>, given: &[Lesson]) -> Option<Model> {
    let shelf = Shelf::new(Passages::new(Arc::clone(catalog)));
    let known = known(&shelf, given);
    if known.len() < FEWEST {
        return None;
    }
    let bags = shelf.bags(own);
    let own = Sight::new(Arc::clone(own), &bags);
    let everything: Vec<usize> = (0..known.len()).collect();
    let taught = teach(&shelf, &bags, &own, &known, &everything, First::TAUGHT);
    drop(bags);
    let verdict = judge(&shelf, &own, &known, &taught, fingerprint(given));
    let forest = (verdict.level == Level::Full).then(|| taught.forest(&[])).flatten();
    Some(Model { taught: Arc::new(taught.table), lessons: taught.lessons, forest, verdict })
}

/// What each question says of an order that had seen neither it nor what answers it: each part of what was learnt must earn its place
/// over what is simpler.
fn judge(shelf: &Shelf<Passages>, own: &Sight, known: &[Known], taught: &Taught, of: u64) -> Verdict {
    let untaught = Matrix::default();
    let ranker = Ranker { own: Some(own), taught: None, lessons: &untaught, forest: None, first: First::UNTAUGHT };
    // Places in order, so that the sums are the same every time.
    let place = |question: &Known| {
        let ranked = ranker.rank(shelf, &question.text, &question.sparse, &ranker.dense(&question.text, LEG));
        ranked.iter().position(|(p, _)| question.right.contains(p))
    };
    let own: Vec<Option<usize>> = known.par_iter().map(place).collect();
    let sparse = known.iter().map(|q| q.sparse.iter().position(|p| q.right.contains(p)));
    let (mut tables, mut full) = (Vec::new(), Vec::new());
    for part in 0..PARTS {
        let (forest, groups) = taught.trial(part);
        for group in groups {
            tables.push(taught.rows.place(group, |row| row.get(FIRST).copied().unwrap_or_default()));
            full.push(taught.rows.place(group, |row| forest.score(row)));
        }
    }
    let mean = |places: &mut dyn Iterator<Item = Option<usize>>| -> f64 {
        let gained = places.map(|place| place.filter(|p| *p < 10).map_or(0.0, |p| 1.0 / (p as f64 + 1.0)));
        // Four digits: they come back from their text as they were.
        (gained.sum::<f64>() / known.len().max(1) as f64 * 1e4).round() / 1e4
    };
    let (sparse, own) = (mean(&mut sparse.into_iter()), mean(&mut own.into_iter()));
    let (tables, full) = (mean(&mut tables.into_iter()), mean(&mut full.into_iter()));
    let mut level = (Level::Off, sparse);
    for (next, gained) in [(Level::Own, own), (Level::Tables, tables), (Level::Full, full)] {
        if gained >= level.1 + GAIN {
            level = (next, gained);
        }
    }
    Verdict { lessons: known.len(), of, sparse, own, tables, full, level: level.0 }
}

/// Lessons as questions with the numbers of their passages, only those that stand for themselves.
fn known(shelf: &Shelf<Passages>, lessons: &[Lesson]) -> Vec<Known> {
    let passages = shelf.texts();
    let mut of_document: HashMap<&str, Vec<usize>> = HashMap::new();
    for (n, (unit, _)) in passages.places.iter().enumerate() {
        let unit = &passages.catalog.units()[*unit as usize];
        if unit.is_plain() {
            of_document.entry(unit.meta.id.as_str()).or_default().push(n);
        }
    }
    let documents: Vec<bm25::Frequencies> = (0..passages.count())
        .into_par_iter()
        .map(|n| {
            let text = passages.text(n);
            bm25::frequencies([(FIELDS[0], text.title), (FIELDS[1], text.heading), (FIELDS[2], text.text)])
        })
        .collect();
    let postings = Postings::build(&documents);
    drop(documents);
    let mut by_question: HashMap<&str, Vec<usize>> = HashMap::new();
    for lesson in lessons {
        let right = of_document.get(lesson.document.as_str()).into_iter().flatten().copied().filter(|n| {
            let (unit, place) = passages.places[*n];
            let heading = &passages.catalog.units()[unit as usize].passages[place as usize].heading;
            lesson.clause.as_ref().is_none_or(|clause| clause == heading)
        });
        by_question.entry(lesson.question.as_str()).or_default().extend(right);
    }
    let mut questions: Vec<(&str, Vec<usize>)> = by_question.into_iter().filter(|(_, right)| !right.is_empty()).collect();
    questions.sort_unstable();
    questions
        .into_par_iter()
        .map(|(question, mut right)| {
            right.sort_unstable();
            right.dedup();
            let text = crate::core::text::for_matching(question);
            let sparse = postings.search(&text, LEG).into_iter().map(|(n, _)| n).collect();
            Known { id: question.to_owned(), text, right, sparse }
        })
        .collect()
}

fn ranker<'a>(
    own: &'a Sight,
    taught: Option<&'a Sight>,
    lessons: &'a Matrix,
    forest: Option<&'a Forest>,
    level: Level,
) -> Option<Ranker<'a>> {
    let (taught, forest, first) = match level {
        Level::Off => return None,
        Level::Own => (None, None, First::UNTAUGHT),
        Level::Tables => (taught, None, First::TAUGHT),
        Level::Full => (taught, forest, First::TAUGHT),
    };
    Some(Ranker { own: Some(own), taught, lessons, forest, first })
}

/// What was learnt, over the passages of a catalog. It knows passages by their id: while another catalog has taken the place of this
/// one and the order over that is still being made, it orders what both have.
#[derive(Debug)]
pub struct Reorder {
    shelf: Shelf<Passages>,
    own: Sight,
    taught: Option<Sight>,
    lessons: Matrix,
    forest: Option<Forest>,
    level: Level,
}

/// A passage that is put in order without having been judged.
#[derive(Debug, Clone, Copy)]
pub struct Near {
    /// Number of its unit in the catalog that is searched.
    pub unit: usize,
    /// Its place in the unit.
    pub place: usize,
    /// How it was found: by the tables, or far down by a leg of the index.
    pub legs: LegScores,
}

impl Near {
    /// What the index found beyond what is judged, when it stands for itself.
    #[must_use]
    pub fn of(catalog: &Catalog, hit: &VectorHit) -> Option<Self> {
        let (unit, place) = catalog.find(hit.id)?;
        let legs = LegScores { sparse: hit.sparse, dense: hit.dense, learned: hit.learned };
        catalog.units().get(unit)?.is_plain().then_some(Self { unit, place, legs })
    }
}

impl Reorder {
    /// Prepares a catalog; `None` when the order is not to be used for it.
    #[must_use]
    pub fn new(catalog: &Arc<Catalog>, own: &Arc<Table>, model: Option<&Model>) -> Option<Self> {
        let plain = || catalog.units().iter().filter(|u| u.is_plain()).map(|u| u.passages.len()).sum::<usize>();
        let level = match model {
            Some(model) => model.verdict.level,
            None if plain() >= LARGE => Level::Own,
            None => Level::Off,
        };
        if level == Level::Off {
            return None;
        }
        let shelf = Shelf::new(Passages::new(Arc::clone(catalog)));
        let taught = model.filter(|_| level != Level::Own);
        Some(Self {
            own: Sight::over(Arc::clone(own), &shelf),
            taught: taught.map(|m| Sight::over(Arc::clone(&m.taught), &shelf)),
            shelf,
            lessons: taught.map(|m| m.lessons.clone()).unwrap_or_default(),
            forest: taught.filter(|_| level == Level::Full).and_then(|m| m.forest.clone()),
            level,
        })
    }

    fn ranker(&self) -> Option<Ranker<'_>> {
        ranker(&self.own, self.taught.as_ref(), &self.lessons, self.forest.as_ref(), self.level)
    }

    /// The passages that stand for themselves and are nearest to the question by the tables, of those that `admits` lets through.
    /// `question` in the form for matching.
    #[must_use]
    pub fn nearest(&self, catalog: &Catalog, question: &str, admits: impl Fn(&Unit, usize) -> bool) -> Vec<Near> {
        let Some(ranker) = self.ranker() else { return Vec::new() };
        let passages = self.shelf.texts();
        let near = |(number, cosine): (usize, f32)| {
            let (unit, place) = catalog.find(passages.id(number)?)?;
            let own = catalog.units().get(unit)?;
            let legs = LegScores { sparse: None, dense: None, learned: Some(cosine) };
            (own.is_plain() && admits(own, place)).then_some(Near { unit, place, legs })
        };
        ranker.near(question, FOUND).into_iter().filter_map(near).collect()
    }

    /// Puts the candidates that stand for themselves in order among themselves, those in `near` with them. The list of probabilities
    /// stays as it is; what comes in beside it has the least of them.
    pub fn apply(&self, catalog: &Catalog, question: &str, near: &[Near], candidates: &mut Vec<Candidate>) {
        let Some(ranker) = self.ranker() else { return };
        let passages = self.shelf.texts();
        let is_plain = |c: &Candidate| catalog.units().get(c.unit).is_some_and(|unit| unit.is_plain());
        let least = candidates.iter().filter(|c| is_plain(c)).map(|c| c.score).fold(f32::INFINITY, f32::min);
        let least = if least.is_finite() { least } else { 0.0 };
        let mut known: HashMap<usize, usize> = candidates.iter().enumerate().map(|(n, c)| (c.unit, n)).collect();
        for Near { unit, place, legs } in near {
            if let Some(n) = known.get(unit) {
                let own = &mut candidates[*n].passages;
                if !own.iter().any(|(p, _)| p == place) {
                    own.push((*place, *legs));
                }
            } else {
                known.insert(*unit, candidates.len());
                candidates.push(Candidate {
                    unit: *unit,
                    score: least,
                    features: [0.0; FEATURES],
                    passages: vec![(*place, *legs)],
                });
            }
        }
        let plain: Vec<usize> = (0..candidates.len()).filter(|n| is_plain(&candidates[*n])).collect();
        if plain.len() < 2 {
            return;
        }
        let mut of_passage: HashMap<usize, usize> = HashMap::new();
        for n in &plain {
            let unit = &catalog.units()[candidates[*n].unit];
            for (place, _) in &candidates[*n].passages {
                if let Some(number) = passages.number(unit.passages[*place].id) {
                    of_passage.insert(number, *n);
                }
            }
        }
        let mut numbers: Vec<usize> = of_passage.keys().copied().collect();
        numbers.sort_unstable();
        // A candidate is as good as its best passage; what the re-ranker did not keep follows in the order it had.
        let ranked = ranker.rank(&self.shelf, question, &numbers, &[]);
        let mut placed = vec![false; candidates.len()];
        let mut order: Vec<usize> = Vec::with_capacity(plain.len());
        for n in ranked.iter().filter_map(|(number, _)| of_passage.get(number)).chain(&plain) {
            if !std::mem::replace(&mut placed[*n], true) {
                order.push(*n);
            }
        }
        reseat(candidates, &plain, &order);
    }
}
