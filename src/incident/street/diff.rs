//! What a new text of a file changes: rows added, removed and changed, with the changed cells, told apart by their keys.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::files::StreetFile;
use super::sheet::{Row, Sheet};

/// A list of rows longer than this is cut; the counts say how many there are.
pub const MOST: usize = 500;

/// A row that is new or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StreetRow)]
pub struct WholeRow {
    /// What tells it apart.
    pub key: String,
    /// Its line: in the new file of a new row, in the old file of one that is gone.
    pub line: u64,
    /// Its cells by column, without empty ones.
    pub cells: BTreeMap<String, String>,
}

/// A cell that is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StreetCellChange)]
pub struct CellChange {
    /// The column.
    pub column: String,
    /// As it was.
    pub from: String,
    /// As it becomes.
    pub to: String,
}

/// A row some of whose cells are others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StreetRowChange)]
pub struct ChangedRow {
    /// What tells it apart.
    pub key: String,
    /// Its line in the new file.
    pub line: u64,
    /// The cells.
    pub cells: Vec<CellChange>,
}

/// What becomes of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StreetFileDiff)]
pub struct FileDiff {
    /// Its name.
    pub file: String,
    /// What it is about, for people.
    pub title: String,
    /// Columns that come.
    pub columns_added: Vec<String>,
    /// Columns that go.
    pub columns_removed: Vec<String>,
    /// How many rows are new.
    pub rows_added: usize,
    /// How many rows go.
    pub rows_removed: usize,
    /// How many rows change.
    pub rows_changed: usize,
    /// Rows that stay stand in another order.
    pub reordered: bool,
    /// New rows; at most 500.
    pub added: Vec<WholeRow>,
    /// Rows that go; at most 500.
    pub removed: Vec<WholeRow>,
    /// Rows that change; at most 500.
    pub changed: Vec<ChangedRow>,
}

/// Compares two texts of `file`; `None` when they say the same. A text that is no table is compared as a whole.
#[must_use]
pub fn diff(file: &StreetFile, old: Option<&str>, new: Option<&str>) -> Option<FileDiff> {
    if old == new {
        return None;
    }
    let mut out = FileDiff {
        file: file.name.to_owned(),
        title: file.title.to_owned(),
        columns_added: Vec::new(),
        columns_removed: Vec::new(),
        rows_added: 0,
        rows_removed: 0,
        rows_changed: 0,
        reordered: false,
        added: Vec::new(),
        removed: Vec::new(),
        changed: Vec::new(),
    };
    if file.columns.is_none() {
        (out.rows_changed, out.rows_added, out.rows_removed) = match (old, new) {
            (Some(_), Some(_)) => (1, 0, 0),
            (None, _) => (0, 1, 0),
            (_, None) => (0, 0, 1),
        };
        return Some(out);
    }
    let (old, new) = (rows(file, old), rows(file, new));
    out.columns_added = new.columns().filter(|c| old.sheet.column(c).is_none()).cloned().collect();
    out.columns_removed = old.columns().filter(|c| new.sheet.column(c).is_none()).cloned().collect();
    for (key, row) in &new.rows {
        match old.place.get(key) {
            None => out.added.push(whole(key, row, &new.sheet)),
            Some(at) => {
                let cells = changed(&old.sheet, &old.rows[*at].1, &new.sheet, row);
                if !cells.is_empty() {
                    out.changed.push(ChangedRow { key: key.clone(), line: row.line, cells });
                }
            }
        }
    }
    out.removed
        .extend(old.rows.iter().filter(|(key, _)| !new.place.contains_key(key)).map(|(key, row)| whole(key, row, &old.sheet)));
    let stay = |a: &Keyed, b: &Keyed| -> Vec<String> {
        a.rows.iter().map(|(k, _)| k.clone()).filter(|k| b.place.contains_key(k)).collect()
    };
    out.reordered = stay(&old, &new) != stay(&new, &old);
    (out.rows_added, out.rows_removed, out.rows_changed) = (out.added.len(), out.removed.len(), out.changed.len());
    out.added.truncate(MOST);
    out.removed.truncate(MOST);
    out.changed.truncate(MOST);
    let nothing = out.rows_added + out.rows_removed + out.rows_changed == 0
        && !out.reordered
        && out.columns_added.is_empty()
        && out.columns_removed.is_empty();
    // Quotes, spaces and the order of columns say nothing.
    (!nothing).then_some(out)
}

struct Keyed {
    sheet: Sheet,
    rows: Vec<(String, Row)>,
    place: BTreeMap<String, usize>,
}

impl Keyed {
    fn columns(&self) -> impl Iterator<Item = &String> {
        self.sheet.columns.iter()
    }
}

/// The rows under keys that are unique: a key that comes again gets a number.
fn rows(file: &StreetFile, text: Option<&str>) -> Keyed {
    let (sheet, _) = Sheet::read(file.name, text.unwrap_or_default());
    let mut rows = Vec::new();
    let mut place = BTreeMap::new();
    for row in &sheet.rows {
        let key = file.columns.as_ref().map(|c| sheet.key(row, c)).unwrap_or_default();
        let mut unique = key.clone();
        let mut n = 1;
        while place.contains_key(&unique) {
            n += 1;
            unique = format!("{key} #{n}");
        }
        place.insert(unique.clone(), rows.len());
        rows.push((unique, row.clone()));
    }
    Keyed { sheet, rows, place }
}

fn whole(key: &str, row: &Row, sheet: &Sheet) -> WholeRow {
    let mut cells = sheet.named(row);
    cells.retain(|_, cell| !cell.is_empty());
    WholeRow { key: key.to_owned(), line: row.line, cells }
}

/// Cells that differ; a missing column is an empty cell.
fn changed(old_sheet: &Sheet, old: &Row, new_sheet: &Sheet, new: &Row) -> Vec<CellChange> {
    let gone = old_sheet.columns.iter().filter(|c| new_sheet.column(c).is_none());
    let mut out = Vec::new();
    for column in new_sheet.columns.iter().chain(gone) {
        let (from, to) = (old_sheet.cell(old, column), new_sheet.cell(new, column));
        if from != to {
            out.push(CellChange { column: column.clone(), from: from.to_owned(), to: to.to_owned() });
        }
    }
    out
}
