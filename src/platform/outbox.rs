//! The outbox: what is to be pushed, who is on it, and every attempt that was made.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::visibility::ReporterField;
use crate::incident::news::TicketNews;
use crate::incident::store::StoreError;
use crate::incident::ticket::Ticket;
use crate::incident::update::Update;

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// Still to be delivered, now or later.
    Pending,
    /// The platform has it.
    Delivered,
    /// The platform refuses it for good; a person must look and redrive it.
    Dead,
}

impl RowState {
    /// The word in the storage and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The state behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Dead].into_iter().find(|s| s.word() == word)
    }
}

/// What a row brings to a platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The ticket itself; its id is the idempotency key.
    Incident,
    /// What happened to it later.
    Update(Box<Update>),
    /// One of its photos or recordings.
    Attachment {
        /// The attachment, which is its own idempotency key.
        id: Uuid,
        /// Which one of the ticket's, from 1.
        number: u32,
    },
}

impl Message {
    /// The word in the storage and for people.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Update(_) => "update",
            Self::Attachment { .. } => "attachment",
        }
    }
}

/// What is handed to a platform's adapter.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The ticket as it is now, whole: the adapter takes out what its receiver must not see.
    pub ticket: Ticket,
    /// What is brought.
    pub message: Message,
    /// A JSON merge patch over the body, by a person who put a dead letter right.
    pub corrections: Option<serde_json::Value>,
}

/// A row that this worker holds until its lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The row.
    pub id: i64,
    /// Who holds it.
    pub worker: String,
    /// The platform it goes to.
    pub destination: String,
    /// Attempts that were recorded before this one.
    pub attempts: u32,
    /// True when an earlier push may have arrived without our knowing: ask before sending.
    pub unsure: bool,
    /// What is to be brought.
    pub parcel: Parcel,
}

/// What was done in one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Only asked whether the platform has it.
    Asked,
    /// Only pushed.
    Sent,
    /// Asked, was told no, and pushed.
    AskedAndSent,
}

impl Act {
    /// The word in the storage.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Sent => "sent",
            Self::AskedAndSent => "asked+sent",
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform has it under this number.
    Delivered {
        /// The platform's own number.
        external_no: String,
    },
    /// Again at `at`.
    Retry {
        /// The earliest time of the next attempt.
        at: Timestamp,
        /// Why, without personal data.
        reason: String,
        /// True when it may have arrived.
        unsure: bool,
    },
    /// Never again by itself.
    Dead {
        /// Why, without personal data.
        reason: String,
    },
}

/// One attempt, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What was done.
    pub act: Act,
    /// The platform's answer, if there was one.
    pub http_status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// The fields that name the reporter and were in what was sent: written down when the platform has taken it.
    pub carried: Vec<ReporterField>,
}

/// A row as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutboxRow {
    /// The row.
    pub id: i64,
    /// Its ticket; also the idempotency key.
    pub ticket_id: Uuid,
    /// The ticket's number.
    pub ticket_number: String,
    /// The platform it goes to.
    pub destination: String,
    /// `incident`, `update` or `attachment`.
    pub kind: String,
    /// Where it stands.
    pub state: RowState,
    /// Attempts so far.
    pub attempts: u32,
    /// When the ticket was confirmed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The earliest next attempt of a pending row.
    #[schema(value_type = String, format = DateTime)]
    pub next_at: Timestamp,
    /// When it was delivered or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Why it is waiting or dead.
    pub reason: Option<String>,
    /// The platform's own number.
    pub external_no: Option<String>,
}

/// One attempt as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttemptRow {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Timestamp,
    /// `asked`, `sent` or `asked+sent`.
    pub act: String,
    /// `delivered`, `retry` or `dead`.
    pub outcome: String,
    /// The platform's answer, if there was one.
    pub http_status: Option<u16>,
    /// Why it did not arrive.
    pub reason: Option<String>,
}

/// How many rows there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutboxCounts {
    /// Still to be delivered.
    pub pending: u64,
    /// At the platform.
    pub delivered: u64,
    /// Refused for good.
    pub dead: u64,
}

/// Which dead rows to try again; all that is given must fit. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redrive {
    /// This row.
    pub id: Option<i64>,
    /// Rows of this ticket number.
    pub number: Option<String>,
    /// Rows to this platform.
    pub destination: Option<String>,
    /// `incident`, `update` or `attachment`.
    pub kind: Option<String>,
    /// Rows whose reason has these words in it.
    pub reason: Option<String>,
}

/// Keeps the outbox. Every method that writes is one durable transaction.
#[async_trait]
pub trait OutboxStore: Send + Sync + std::fmt::Debug {
    /// Takes up to `limit` due rows of a destination for `worker`, oldest first, until `now + lease`; none while the destination
    /// is paused. A row waits for the older rows of its ticket. A row whose earlier holder vanished comes back as unsure.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn claim(
        &self,
        destination: &str,
        worker: &str,
        now: Timestamp,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Gives up everything that a worker of this name held before it was stopped; they stay unsure. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn release(&self, worker: &str) -> Result<u64, StoreError>;

    /// Records an attempt and its outcome. After a delivery the platform's number is kept, what named the reporter in it is written
    /// to the audit log, and the ticket, if still 已提交 and this is its leading platform, becomes 已送达平台, all in the same
    /// transaction; that move is returned.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn finish(&self, claim: &Claim, attempt: &Attempt) -> Result<Option<TicketNews>, StoreError>;

    /// Makes dead rows due at `now`. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn redrive(&self, which: &Redrive, now: Timestamp) -> Result<u64, StoreError>;

    /// Rows, newest first; all states without `state`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn list(&self, state: Option<RowState>, limit: u32) -> Result<Vec<OutboxRow>, StoreError>;

    /// Every attempt of a row, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn attempts(&self, id: i64) -> Result<Vec<AttemptRow>, StoreError>;

    /// How many rows there are of each kind.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn counts(&self) -> Result<OutboxCounts, StoreError>;
}
