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
use crate::knowledge::vector::VectorHit;
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
    let pieces: Vec<Piece<'_>> =
        texts.iter().zip(numbers).map(|([title, heading, text], document)| Piece { title, heading, text, document }).collect();
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
        Self { table, matrix }
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

    /// Tells this leg's cosine with everything that the others have found.
    pub fn tell(&self, catalog: &Catalog, found: &mut [VectorHit], question: &Rounded) {
        for hit in found {
            hit.learned = catalog.find(hit.id).map(|(unit, place)| self.cosine(question, catalog.number(unit, place)));
        }
    }
}
