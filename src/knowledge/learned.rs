//! The built-in dense leg: a table learnt from the passages of one generation, and a vector for each of them.
//!
//! The vectors are a byte a number and are searched exactly, in memory beside the catalog: some milliseconds for a hundred
//! thousand passages, with the same filter as the other legs, and the same over every engine. Nothing has to be optimised.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::core::text::for_matching;
use crate::knowledge::catalog::{Catalog, Unit};
use crate::knowledge::document::Passage;
use crate::knowledge::vector::{ChunkPayload, Filter, VectorHit};
use crate::learn::embedding::train::{self, Piece};
use crate::learn::embedding::{Matrix, Rounded, Table, Vector};

/// Passages below which there is nothing to learn a table from.
pub const FEWEST: usize = 300;
/// The same knowledge learns the same table.
const SEED: u64 = 20_261_126;

/// A table with the vectors of a catalog's passages, by their number.
#[derive(Debug)]
pub struct Learned {
    table: Arc<Table>,
    matrix: Matrix,
    // Whether a filter holds is asked once for all passages that are alike in what filters look at.
    class: Vec<u32>,
    classes: Vec<serde_json::Value>,
}

/// The fields of a passage, as the table reads them.
fn fields(passage: &Passage) -> [String; 3] {
    [for_matching(&passage.title), for_matching(&format!("{} {}", passage.path, passage.heading)), for_matching(&passage.text)]
}

/// Learns a table from the passages of a catalog; `None` when there are too few. `progress` is told the share (0..1) done.
#[must_use]
pub fn learn(catalog: &Catalog, progress: impl FnMut(f32)) -> Option<Table> {
    if catalog.passages() < FEWEST {
        return None;
    }
    let texts: Vec<[String; 3]> = catalog.units().par_iter().flat_map_iter(|u| u.passages.iter().map(|p| fields(p))).collect();
    let numbers = catalog.units().iter().zip(1u64..).flat_map(|(unit, number)| {
        // Clauses of one document are units of their own, and neighbours all the same.
        let number = document_number(unit).unwrap_or(number);
        unit.passages.iter().map(move |_| number)
    });
    let pieces: Vec<Piece<'_>> = texts
        .iter()
        .zip(numbers)
        .map(|([title, heading, text], document)| Piece { title, heading, text, document })
        .collect();
    Some(train::train(&pieces, SEED, progress))
}

fn document_number(unit: &Unit) -> Option<u64> {
    let first = unit.passages.first()?;
    Some(xxhash_rust::xxh3::xxh3_64(format!("{}\n{}", first.document_id, first.version).as_bytes()))
}

/// The id of a table in a manifest and in the rows.
#[must_use]
pub fn id_of(table: &Table) -> String {
    format!("table-{:016x}", table.fingerprint())
}

impl Learned {
    /// Gives every passage of the catalog its vector. Vectors of units that `before` shares are taken from it.
    #[must_use]
    pub fn new(table: Arc<Table>, catalog: &Catalog, before: Option<(&Self, &Catalog)>) -> Self {
        let known: HashMap<usize, usize> = match before {
            Some((_, old)) => old.units().iter().enumerate().map(|(n, u)| (Arc::as_ptr(u).addr(), n)).collect(),
            None => HashMap::new(),
        };
        let rows = catalog.units().par_iter().flat_map_iter(|unit| {
            let old = before.zip(known.get(&Arc::as_ptr(unit).addr()).copied());
            let table = &table;
            unit.passages.iter().enumerate().map(move |(place, passage)| {
                let known = old.and_then(|((learned, catalog), number)| learned.matrix.row(catalog.number(number, place)));
                known.unwrap_or_else(|| Matrix::round(&table.embed_parts(fields(passage).iter().map(String::as_str))))
            })
        });
        let matrix = Matrix::of_rows(rows.collect());
        let (mut class, mut classes, mut seen) = (Vec::with_capacity(matrix.len()), Vec::new(), HashMap::new());
        for (_, passage) in catalog.all() {
            let payload = alike(passage);
            let key = (payload.audience.clone(), payload.area.clone(), payload.effective_from, payload.expires_on);
            let number = *seen.entry(key).or_insert_with(|| {
                classes.push(serde_json::to_value(&payload).unwrap_or_default());
                classes.len() as u32 - 1
            });
            class.push(number);
        }
        Self { table, matrix, class, classes }
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The vector of a question.
    #[must_use]
    pub fn question(&self, text: &str) -> Vector {
        self.table.embed(&for_matching(text))
    }

    /// The cosine with a passage, by its number.
    #[must_use]
    pub fn cosine(&self, question: &Rounded, number: usize) -> f32 {
        self.matrix.cosine(question, number)
    }

    /// The `limit` passages nearest to the question for which `filter` holds: (number, cosine), nearest first.
    #[must_use]
    pub fn nearest(&self, question: &Rounded, filter: &Filter, limit: usize) -> Vec<(usize, f32)> {
        if limit == 0 {
            return Vec::new();
        }
        let allowed: Vec<bool> = self.classes.iter().map(|payload| filter.holds(payload)).collect();
        let mut hits: Vec<(usize, f32)> = self
            .matrix
            .cosines(question)
            .into_iter()
            .enumerate()
            .filter(|(number, cosine)| *cosine > 0.0 && allowed[self.class[*number] as usize])
            .collect();
        let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if hits.len() > limit {
            hits.select_nth_unstable_by(limit - 1, order);
            hits.truncate(limit);
        }
        hits.sort_unstable_by(order);
        hits
    }

    /// Adds this leg to what the index found: its own best, and its cosine to everything else that was found.
    pub fn join(&self, catalog: &Catalog, found: &mut Vec<VectorHit>, question: &Rounded, filter: &Filter, limit: usize) {
        let mut nearest: HashMap<usize, f32> = self.nearest(question, filter, limit).into_iter().collect();
        for hit in found.iter_mut() {
            let Some((unit, place)) = catalog.find(hit.id) else { continue };
            let number = catalog.number(unit, place);
            hit.learned = Some(nearest.remove(&number).unwrap_or_else(|| self.cosine(question, number)));
        }
        let mut rest: Vec<(usize, f32)> = nearest.into_iter().collect();
        rest.sort_unstable_by_key(|(number, _)| *number);
        found.extend(rest.into_iter().filter_map(|(number, cosine)| {
            catalog.passage(number).map(|p| VectorHit { id: p.id, sparse: None, dense: None, learned: Some(cosine) })
        }));
    }
}

/// What filters of a question look at: neither the document nor the place in it.
fn alike(passage: &Passage) -> ChunkPayload {
    ChunkPayload { document: String::new(), version: 0, ordinal: 0, ..ChunkPayload::of(passage) }
}
