//! 台账: households and spots that are visited again and again, and what was found there.
//!
//! An entry has a file number (一户一档), a grid, and a day on which the next visit is due. A visit that reached somebody moves that
//! day on by the entry's interval; one that reached nobody leaves it where it is. `import` reads the office's table.

pub mod import;
pub mod store;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ticket::Point;

/// Longest note of a visit, in characters.
pub const MAX_NOTE: usize = 500;

/// Something that is visited.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// 独居老人, 外墙瓷砖 …
    pub kind: String,
    /// Number of its file; one within a kind.
    pub number: String,
    /// The community it lies in.
    pub community: String,
    /// The grid that answers for it.
    pub grid_code: String,
    /// Days from one visit to the next.
    pub interval_days: u16,
    /// The day on which the next visit is due.
    pub next_due: Date,
    /// It was made up for showing.
    pub sample: bool,
    /// What lies sealed.
    pub matter: Matter,
}

/// What of an entry points to a household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Matter {
    /// Where: estate, building, door.
    pub place: String,
    /// What whoever comes should know.
    #[serde(default)]
    pub details: String,
    /// On the map.
    #[serde(default)]
    pub point: Option<Point>,
}

impl Entry {
    /// The day of the next visit after one on `day` with this result.
    #[must_use]
    pub fn due_after(&self, day: Date, result: VisitResult) -> Date {
        match result {
            VisitResult::没见到 => self.next_due,
            VisitResult::正常 | VisitResult::发现隐患 => {
                day.checked_add(Span::new().days(i64::from(self.interval_days))).unwrap_or(self.next_due)
            }
        }
    }
}

/// How a visit went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum VisitResult {
    /// Nothing to be done.
    正常,
    /// Something that must be reported.
    发现隐患,
    /// Nobody was there, or nobody opened.
    没见到,
}

impl VisitResult {
    /// The word of the rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::正常 => "正常",
            Self::发现隐患 => "发现隐患",
            Self::没见到 => "没见到",
        }
    }

    /// The result behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::正常, Self::发现隐患, Self::没见到].into_iter().find(|r| r.word() == word)
    }
}

/// A visit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Drawn by whoever was there.
    pub id: Uuid,
    /// What was visited.
    pub entry: Uuid,
    /// When it was written down.
    pub at: Timestamp,
    /// The account.
    pub account: Uuid,
    /// As which post.
    pub by: String,
    /// How it went.
    pub result: VisitResult,
    /// In words.
    pub note: Option<String>,
    /// Ids of photos.
    pub attachments: Vec<Uuid>,
    /// Number of the ticket that came of it.
    pub ticket: Option<String>,
}
