//! The storage port of ledgers.

use async_trait::async_trait;
use jiff::civil::Date;
use uuid::Uuid;

use super::{Entry, Visit};
use crate::incident::store::StoreError;

/// Which entries; all that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryQuery {
    /// In these grids; `None` = the whole street.
    pub grids: Option<Vec<String>>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Due on or before this day.
    pub due_by: Option<Date>,
    /// Behind this one in the order of days.
    pub after: Option<(Date, Uuid)>,
    /// At most.
    pub limit: u32,
}

/// What became of handed-in entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// New ones.
    pub added: u32,
    /// Known ones that are different now.
    pub changed: u32,
    /// Known ones that were the same.
    pub same: u32,
}

/// Keeps ledgers. Every method that writes is one durable transaction.
#[async_trait]
pub trait LedgerStore: Send + Sync + std::fmt::Debug {
    /// Entries, the one that is due first in front.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn entries(&self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError>;

    /// One entry.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn entry(&self, id: Uuid) -> Result<Option<Entry>, StoreError>;

    /// The entry with this number in its file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn numbered(&self, kind: &str, number: &str) -> Result<Option<Entry>, StoreError>;

    /// Takes entries over, known by kind and number; all or none. With `dry` nothing is written, only counted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn put(&self, entries: &[Entry], dry: bool) -> Result<Stored, StoreError>;

    /// Visits of an entry, newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn visits(&self, entry: Uuid, limit: u32) -> Result<Vec<Visit>, StoreError>;

    /// Writes a visit down and sets the day of the next one. The same id again gives the first one and `false`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] without such an entry; [`StoreError::Invalid`] when the id is another entry's or another account's
    /// visit; [`StoreError::Unavailable`].
    async fn visit(&self, visit: &Visit, next_due: Date) -> Result<(Visit, bool), StoreError>;

    /// Notes which ticket came of a visit. The same number again changes nothing; another one neither.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    async fn reported(&self, visit: Uuid, ticket: &str) -> Result<Visit, StoreError>;
}
