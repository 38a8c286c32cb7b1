//! Which category a ticket really has, by whom: what the classifier learns from. The port to a database.
//!
//! A label points to its ticket and holds none of its words: deleting the ticket deletes what was learnt from it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store::StoreError;

/// Who says so. The later stands above the earlier; of equals the newest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelSource {
    /// Chosen by rules or a model, and left so by the resident who confirmed the ticket.
    Confirmed,
    /// Chosen by the resident, on the card or in words.
    Resident,
    /// Put right by a gridworker or a dispatcher.
    Worker,
}

impl LabelSource {
    /// As it stands in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Resident => "resident",
            Self::Worker => "worker",
        }
    }

    /// The inverse of [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Confirmed, Self::Resident, Self::Worker].into_iter().find(|s| s.word() == word)
    }
}

/// A described matter and its category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// What happened, in the words of the ticket.
    pub text: String,
    /// Code of the leaf.
    pub code: String,
    /// Who says so.
    pub source: LabelSource,
}

/// A label as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLabel {
    /// Code of the leaf; the caller has looked it up in the taxonomy.
    pub code: String,
    /// Who says so.
    pub source: LabelSource,
    /// The account, for the record; `None` for residents.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Keeps labels. Append-only: a correction is a new row.
#[async_trait]
pub trait LabelStore: Send + Sync + std::fmt::Debug {
    /// Says which category the ticket with this number has. The ticket itself stays as it was sent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    async fn label(&self, number: &str, label: NewLabel) -> Result<(), StoreError>;

    /// The standing label of one ticket: code of the leaf, and who says so.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; none for a ticket that is unknown or has none.
    async fn of_ticket(&self, number: &str) -> Result<Option<(String, LabelSource)>, StoreError>;

    /// The standing label of each of the newest `limit` tickets, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn labelled(&self, limit: u32) -> Result<Vec<Labelled>, StoreError>;

    /// Grows with every label, and only with labels that put something right ([`LabelSource::Resident`] and up): a change
    /// is the sign to learn again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn corrections(&self) -> Result<i64, StoreError>;
}
