//! For which reasons a clock may stand still (挂起), for how long at most, and what the resident hears (pauses.csv).

use serde::Deserialize;

use super::table::{self, DataError};

/// Name of the file.
pub const FILE: &str = "pauses.csv";

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PauseReason {
    /// Its id, as calls name it.
    pub id: String,
    /// What staff choose.
    pub title: String,
    /// After so many days the clock goes on by itself.
    pub max_days: i64,
    /// What the resident hears: 「等待您补充情况」.
    pub words: String,
}

/// All reasons of the street.
#[derive(Debug, Clone)]
pub struct Pauses(Vec<PauseReason>);

impl Pauses {
    /// Reads the table.
    ///
    /// # Errors
    /// An id twice, days outside 1..=90, no words, no reason at all.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut rows: Vec<PauseReason> = Vec::new();
        for (line, row) in table::rows::<PauseReason>(FILE, text)? {
            let bad = |message: &str| DataError::row(FILE, line, message);
            if !(1..=90).contains(&row.max_days) {
                return Err(bad("挂起天数应在1到90之间"));
            }
            if row.title.is_empty() || row.words.is_empty() {
                return Err(bad("没有写明名称或对居民的说法"));
            }
            if rows.iter().any(|r| r.id == row.id) {
                return Err(bad("编号重复"));
            }
            rows.push(row);
        }
        if rows.is_empty() {
            return Err(DataError::file(FILE, "至少要有一种挂起事由"));
        }
        Ok(Self(rows))
    }

    /// The reason with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&PauseReason> {
        self.0.iter().find(|r| r.id == id)
    }

    /// All reasons, in the order of the table.
    #[must_use]
    pub fn all(&self) -> &[PauseReason] {
        &self.0
    }
}
