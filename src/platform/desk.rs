//! Where people look after deliveries: what waits, what was refused and why, put right, sent again, done by hand, held back.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::outbox::{OutboxRow, Parcel, RowState};
use crate::incident::store::StoreError;

/// Which rows; all that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowQuery {
    /// In these states; empty = all.
    pub states: Vec<RowState>,
    /// To this platform.
    pub destination: Option<String>,
    /// Of this ticket number.
    pub number: Option<String>,
    /// `incident`, `update` or `attachment`.
    pub kind: Option<String>,
    /// Whose reason has these words in it.
    pub reason: Option<String>,
    /// Older than this row: the next page.
    pub before_id: Option<i64>,
    /// At most.
    pub limit: u32,
}

/// A platform and what waits for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DestinationState {
    /// Its name.
    pub name: String,
    /// Rows still to be delivered.
    pub pending: u64,
    /// Rows that it has.
    pub delivered: u64,
    /// Rows that it refused for good.
    pub dead: u64,
    /// Since when the oldest row waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub oldest_pending_at: Option<Timestamp>,
    /// Why it is held back, when a person has paused it.
    pub paused: Option<Pause>,
}

/// A platform that a person holds back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pause {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// How a ticket stands at one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AtPlatform {
    /// The platform.
    pub destination: String,
    /// Its callbacks move the ticket.
    pub leads: bool,
    /// Its own number.
    pub external_no: Option<String>,
    /// Its newest state, in its own words.
    pub status: Option<String>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub status_at: Option<Timestamp>,
    /// Rows that still wait.
    pub pending: u64,
    /// Rows that it refused.
    pub dead: u64,
}

/// A dead row that was brought to the platform by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// The number that the platform gave for it there.
    pub external_no: String,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What people do with deliveries. Every method that writes is one durable transaction.
#[async_trait]
pub trait DeliveryDesk: Send + Sync + std::fmt::Debug {
    /// Every platform that a row ever went to, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn destinations(&self) -> Result<Vec<DestinationState>, StoreError>;

    /// Rows that fit, newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn rows(&self, query: &RowQuery) -> Result<Vec<OutboxRow>, StoreError>;

    /// A row with what it brings; an unknown one is `Ok(None)`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn parcel(&self, id: i64) -> Result<Option<(OutboxRow, Parcel)>, StoreError>;

    /// Puts a dead row right by a JSON merge patch over its body (none = as it was) and makes it due.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`] when it is not dead, [`StoreError::Unavailable`].
    async fn correct(&self, id: i64, corrections: Option<&Value>, now: Timestamp) -> Result<(), StoreError>;

    /// Ends a row that could not be delivered: somebody has entered it there by hand. An incident becomes 已送达平台.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`] when it is delivered, [`StoreError::Unavailable`].
    async fn done_by_hand(&self, id: i64, done: &ByHand) -> Result<(), StoreError>;

    /// Holds a platform back: its rows wait. Pausing again changes the reason.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn pause(&self, destination: &str, pause: &Pause) -> Result<(), StoreError>;

    /// Lets a platform's rows go again; true when it was paused.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn resume(&self, destination: &str) -> Result<bool, StoreError>;

    /// How a ticket stands at each of its platforms, the leading one first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn of_ticket(&self, ticket: Uuid) -> Result<Vec<AtPlatform>, StoreError>;
}
