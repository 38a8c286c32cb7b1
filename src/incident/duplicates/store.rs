//! The port to a database: which tickets are open, and merging and splitting them.
//!
//! Merged tickets form trees: each points to the one that it went into, and the root carries on. A ticket's `joined` is its own
//! reporter and those of everything below it, so that a whole group moves with its root and a split takes back exactly what it brought.

use async_trait::async_trait;
use jiff::Timestamp;
use thiserror::Error;

use crate::incident::destinations::Destinations;
use crate::incident::store::{NewTicket, StoreError};
use crate::incident::ticket::Ticket;

/// Tickets that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// As they are now.
    pub tickets: Vec<Ticket>,
    /// Where to go on reading.
    pub until: i64,
    /// There may be more at once.
    pub more: bool,
}

/// Reads the tickets that the duplicates are looked for among.
#[async_trait]
pub trait OpenTicketStore: Send + Sync + std::fmt::Debug {
    /// The newest event of any ticket: changes after a full reading begin here.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn newest_event(&self) -> Result<i64, StoreError>;

    /// Tickets that can still be joined, in the order of their ids, after `after` (nil at first), at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn open_tickets(&self, after: uuid::Uuid, limit: u32) -> Result<Vec<Ticket>, StoreError>;

    /// Tickets with events after `after`, each once; at most `limit` events are read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn changed_since(&self, after: i64, limit: u32) -> Result<Changed, StoreError>;
}

/// A wish to merge or to split, by whom and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeStep {
    /// Who moves it, as it stands in the history: `居民` or a post's title.
    pub by: String,
    /// For history and residents.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A ticket and the one that it went into, or came from, after the step.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The one that was merged or split off.
    pub ticket: Ticket,
    /// The other.
    pub into: Ticket,
    /// False when the same draft had been joined before; nothing was changed then.
    pub created: bool,
}

/// A merge or split is not made.
#[derive(Debug, Error)]
pub enum MergeError {
    /// Not possible as the tickets stand now, in words.
    #[error("{0}")]
    Refused(String),
    /// Rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Merges and splits. Every method that writes is one durable transaction.
#[async_trait]
pub trait MergeStore: Send + Sync + std::fmt::Debug {
    /// 一起反映: stores a resident's own ticket and merges it into `into` at once. Nothing is pushed: the platform has the incident.
    /// Idempotent per draft, like `TicketStore::create`.
    ///
    /// # Errors
    /// [`MergeError::Refused`] when `into` is not open any more, [`StoreError::NotFound`], [`StoreError::Unavailable`].
    async fn join(&self, new: NewTicket, into: &str, step: MergeStep) -> Result<Merged, MergeError>;

    /// Merges a ticket, with everything that was merged into it, into another.
    ///
    /// # Errors
    /// [`MergeError::Refused`]: the same ticket, one that is merged or closed already, an aim that is merged, closed or withdrawn;
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    async fn merge(&self, number: &str, into: &str, step: MergeStep) -> Result<Merged, MergeError>;

    /// Takes a merged ticket out again: it has the state that it had, and the other one the counts that it had without it. One that was
    /// never on its way to a platform (it was joined) goes to `destinations` now.
    ///
    /// # Errors
    /// [`MergeError::Refused`] when it is not merged by us; [`StoreError::NotFound`], [`StoreError::Unavailable`].
    async fn split(&self, number: &str, step: MergeStep, destinations: &Destinations) -> Result<Merged, MergeError>;

    /// The ticket that carries on for this one: itself, unless it was merged.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    async fn carrying(&self, number: &str) -> Result<Ticket, StoreError>;
}
