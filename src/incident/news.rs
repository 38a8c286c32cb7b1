//! 进展: a move of a ticket that its conversation has not been told yet.
//!
//! The ticket's event is the durable truth; what travels on a channel is only a hint to look.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::store::StoreError;
use super::ticket::Status;

/// One move, as the resident's conversation is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketNews {
    /// The event behind it; told once it was passed to [`NewsStore::mark_told`].
    pub event_id: i64,
    /// The ticket's id.
    pub ticket_id: Uuid,
    /// The ticket's number.
    pub ticket_number: String,
    /// Where to tell it.
    pub conversation_id: Uuid,
    /// The state before.
    pub from: Option<Status>,
    /// The state now.
    pub to: Status,
    /// Who moved it.
    pub by: String,
    /// What was said about it.
    pub note: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// Set when it is not the ticket's own resident who is to be told, but one whose ticket was merged into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follower: Option<Follower>,
}

/// A ticket that was merged into the one that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Follower {
    /// Its id.
    pub ticket_id: Uuid,
    /// Its number.
    pub ticket_number: String,
}

/// What has not been told yet survives a crash here.
#[async_trait]
pub trait NewsStore: Send + Sync + std::fmt::Debug {
    /// The oldest moves that were not told, in the order they happened; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn untold(&self, limit: u32) -> Result<Vec<TicketNews>, StoreError>;

    /// Remembers that a move was told at `at`. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn mark_told(&self, news: &TicketNews, at: Timestamp) -> Result<(), StoreError>;
}
