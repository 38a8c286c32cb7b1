//! The order of passages that stand for themselves, learnt from the questions of this knowledge base.
//!
//! Guides are judged as a whole by [`crate::knowledge::judge`]; clauses of laws and plain paragraphs are put in order here, by two
//! tables of n-grams and a re-ranker. The probabilities stay where they are: the best passage takes the best probability that
//! any of them had, and so on, so the gate means the same with and without. It is off where held-out questions do not gain.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::knowledge::catalog::Catalog;
use crate::knowledge::rank::features::First;
use crate::knowledge::rank::folds::{self, Kind};
use crate::knowledge::rank::reading::{FIELDS, Text};
use crate::knowledge::rank::shelf::{LEG, Ranker, Shelf, ShelfBags, Sight, Texts};
use crate::knowledge::rank::teach::{Known, teach};
use crate::knowledge::search::{Candidate, Knowledge};
use crate::learn::bm25::{self, Postings};
use crate::learn::boost::Forest;
use crate::learn::embedding::{Matrix, Table};

/// Questions below which nothing is learnt.
pub const FEWEST: usize = 60;
/// Parts of the questions; one is held out to see whether anything is gained.
const PARTS: usize = 5;
/// Of that division.
const SALT: u64 = 11;
/// Gain in MRR@10 on the held-out questions below which the sparse order stays.
const GAIN: f64 = 0.005;

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
    numbers: HashMap<(u32, u32), usize>,
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
        let numbers = places.iter().enumerate().map(|(n, place)| (*place, n)).collect();
        Self { catalog, places, documents, numbers }
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
    /// The tables, without the re-ranker.
    Tables,
    /// Everything.
    Full,
}

/// What the held-out questions say. MRR@10 each, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Questions learnt from in the end.
    pub lessons: usize,
    /// Questions held out to see; no passage is right for one of them and for one that was learnt from.
    pub held_out: usize,
    /// By the sparse leg alone.
    pub sparse: f64,
    /// By the tables.
    pub tables: f64,
    /// By the re-ranker.
    pub full: f64,
    /// What is used.
    pub level: Level,
}

/// What was learnt.
#[derive(Debug, Clone)]
pub struct Model {
    /// The table learnt from the passages.
    pub own: Table,
    taught: Table,
    lessons: Matrix,
    forest: Option<Forest>,
    /// What the held-out questions said.
    pub verdict: Verdict,
}

impl Knowledge {
    /// Learns the order of passages that stand for themselves and uses it when held-out questions gain; `None` when there is
    /// no built-in table or too little to learn from. Takes up to a minute of both cores: not for an executor's thread.
    pub fn learn_order(&self, lessons: &[Lesson]) -> Option<Verdict> {
        let snapshot = self.snapshot()?;
        let model = learn(&snapshot.catalog, snapshot.learned.as_ref()?.table(), lessons)?;
        self.order.store(Reorder::new(&snapshot.catalog, &model).map(Arc::new));
        Some(model.verdict)
    }
}

struct School {
    shelf: Shelf<Passages>,
    bags: ShelfBags,
    own: Sight,
    known: Vec<Known>,
}

/// Learns from questions whose documents are in the catalog; `None` when there are too few for passages that stand for
/// themselves. The same knowledge and the same questions give the same model.
#[must_use]
pub fn learn(catalog: &Arc<Catalog>, own: &Table, lessons: &[Lesson]) -> Option<Model> {
    let shelf = Shelf::new(Passages::new(Arc::clone(catalog)));
    let known = known(&shelf, lessons);
    if known.len() < FEWEST {
        return None;
    }
    let bags = shelf.bags(own);
    let school = School { own: Sight::new(own.clone(), &bags), shelf, bags, known };
    let ids: Vec<&str> = school.known.iter().map(|k| k.id.as_str()).collect();
    let gold: Vec<Vec<usize>> = school.known.iter().map(|k| k.right.clone()).collect();
    let part = folds::divide(Kind::Disjoint, &ids, &gold, PARTS, SALT);
    // The part nearest to a fifth: one question can hang together with half of the others.
    let size = |p: usize| part.iter().filter(|q| **q == p).count();
    let held = (0..PARTS).min_by_key(|p| (size(*p).abs_diff(ids.len() / PARTS), *p))?;
    let (shown, learnt): (Vec<usize>, Vec<usize>) = (0..ids.len()).partition(|n| part[*n] == held);
    let trial = school.teach(&learnt);
    let mrr = |level: Level| trial.mrr(&school, &shown, level);
    let (sparse, tables, full) = (mrr(Level::Off), mrr(Level::Tables), mrr(Level::Full));
    let level = if full >= tables.max(sparse + GAIN) {
        Level::Full
    } else if tables >= sparse + GAIN {
        Level::Tables
    } else {
        Level::Off
    };
    let everything: Vec<usize> = (0..ids.len()).collect();
    let Learnt { taught, lessons, forest } = school.teach(&everything);
    let verdict = Verdict { lessons: everything.len(), held_out: shown.len(), sparse, tables, full, level };
    Some(Model { own: own.clone(), taught: taught.table, lessons, forest, verdict })
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

struct Learnt {
    taught: Sight,
    lessons: Matrix,
    forest: Option<Forest>,
}

impl School {
    fn teach(&self, which: &[usize]) -> Learnt {
        let taught = teach(&self.shelf, &self.bags, &self.own, &self.known, which, First::TAUGHT);
        let forest = taught.forest(&[]);
        Learnt { taught: Sight::new(taught.table, &self.bags), lessons: taught.lessons, forest }
    }
}

impl Learnt {
    fn mrr(&self, school: &School, shown: &[usize], level: Level) -> f64 {
        let ranker = ranker(&school.own, &self.taught, &self.lessons, self.forest.as_ref(), level);
        let one = |n: &usize| -> f64 {
            let known = &school.known[*n];
            let place = match &ranker {
                None => known.sparse.iter().take(10).position(|p| known.right.contains(p)),
                Some(ranker) => {
                    let dense = ranker.dense(&known.text, LEG);
                    let ranked = ranker.rank(&school.shelf, &known.text, &known.sparse, &dense);
                    ranked.iter().take(10).position(|(p, _)| known.right.contains(p))
                }
            };
            place.map_or(0.0, |p| 1.0 / (p as f64 + 1.0))
        };
        // In order, so that the sum is the same every time.
        let all: Vec<f64> = shown.par_iter().map(one).collect();
        all.iter().sum::<f64>() / shown.len().max(1) as f64
    }
}

fn ranker<'a>(own: &'a Sight, taught: &'a Sight, lessons: &'a Matrix, forest: Option<&'a Forest>, level: Level) -> Option<Ranker<'a>> {
    let forest = match level {
        Level::Off => return None,
        Level::Tables => None,
        Level::Full => forest,
    };
    Some(Ranker { own: Some(own), taught: Some(taught), lessons, forest, first: First::TAUGHT })
}

/// A model over the catalog that is in use.
#[derive(Debug)]
pub struct Reorder {
    shelf: Shelf<Passages>,
    own: Sight,
    taught: Sight,
    lessons: Matrix,
    forest: Option<Forest>,
    level: Level,
}

impl Reorder {
    /// Prepares a catalog; `None` when the model is not to be used.
    #[must_use]
    pub fn new(catalog: &Arc<Catalog>, model: &Model) -> Option<Self> {
        if model.verdict.level == Level::Off {
            return None;
        }
        let shelf = Shelf::new(Passages::new(Arc::clone(catalog)));
        let bags = shelf.bags(&model.own);
        Some(Self {
            own: Sight::new(model.own.clone(), &bags),
            taught: Sight::new(model.taught.clone(), &bags),
            shelf,
            lessons: model.lessons.clone(),
            forest: model.forest.clone(),
            level: model.verdict.level,
        })
    }

    /// The catalog whose candidates it can put in order.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.shelf.texts().catalog
    }

    /// Puts the candidates that stand for themselves in order among themselves. `question` in the form for matching.
    /// Nothing is added and nothing is taken away, and the list of probabilities stays as it is.
    pub fn apply(&self, question: &str, candidates: &mut [Candidate]) {
        let Some(ranker) = ranker(&self.own, &self.taught, &self.lessons, self.forest.as_ref(), self.level) else { return };
        let passages = self.shelf.texts();
        let plain: Vec<usize> =
            (0..candidates.len()).filter(|n| passages.catalog.units()[candidates[*n].unit].is_plain()).collect();
        if plain.len() < 2 {
            return;
        }
        let mut of_passage: HashMap<usize, usize> = HashMap::new();
        for n in &plain {
            for (place, _) in &candidates[*n].passages {
                if let Some(number) = passages.numbers.get(&(candidates[*n].unit as u32, *place as u32)) {
                    of_passage.insert(*number, *n);
                }
            }
        }
        let mut numbers: Vec<usize> = of_passage.keys().copied().collect();
        numbers.sort_unstable();
        // A candidate is as good as its best passage; what the re-ranker did not keep follows in the order it had.
        let mut order: Vec<usize> = Vec::with_capacity(plain.len());
        let ranked = ranker.rank(&self.shelf, question, &numbers, &[]);
        for n in ranked.iter().filter_map(|(number, _)| of_passage.get(number)).chain(&plain) {
            if !order.contains(n) {
                order.push(*n);
            }
        }
        let scores: Vec<f32> = plain.iter().map(|n| candidates[*n].score).collect();
        let mut moved: Vec<Candidate> = Vec::with_capacity(order.len());
        for n in &order {
            let hole = Candidate { unit: 0, score: 0.0, features: candidates[*n].features, passages: Vec::new() };
            moved.push(std::mem::replace(&mut candidates[*n], hole));
        }
        for ((slot, score), candidate) in plain.iter().zip(scores).zip(moved) {
            candidates[*slot] = Candidate { score, ..candidate };
        }
    }
}
