//! The storage port of this room: what a database must do for tickets.
//!
//! An adapter lives under `storage/`; this room never sees a query.

use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

use super::destinations::Destination;
use super::labels::LabelSource;
use super::ticket::{Identity, Status, Ticket, TicketEvent, Urgency};

/// A ticket that the resident confirmed and that has no number yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTicket {
    /// Complete but for `number`, which is empty: the store allocates it in its own transaction.
    pub ticket: Ticket,
    /// The draft it came from. Unique: the same draft never makes a second ticket.
    pub draft_id: Uuid,
    /// The platforms that must receive it, the leading one first; one outbox row each, and one for each attachment.
    pub destinations: Vec<Destination>,
    /// Who chose its category: kept beside the ticket, to learn from.
    pub labelled_by: LabelSource,
}

/// The outcome of [`TicketStore::create`].
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// The stored ticket, with its number.
    pub ticket: Ticket,
    /// False when this draft had become a ticket before; `ticket` is then that earlier one.
    pub created: bool,
}

/// One wished move of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketMove {
    /// The state it shall have.
    pub to: Status,
    /// `居民`, `系统`, or the platform's handler as a post title.
    pub by: String,
    /// What was said about it, for the resident.
    pub note: Option<String>,
    /// When it happened.
    pub at: Timestamp,
}

/// What the resident thinks of the result (回访).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// False reopens the ticket (重新办理).
    pub solved: bool,
    /// 1..=5.
    pub stars: u8,
    /// Free words.
    pub comment: Option<String>,
    /// When it was given.
    pub at: Timestamp,
}

/// Which tickets; all that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketQuery {
    /// In these states; empty = all.
    pub statuses: Vec<Status>,
    /// In these grids; `None` = the whole street and what has no grid.
    pub grids: Option<Vec<String>>,
    /// Beginning of the category's code.
    pub category: Option<String>,
    /// This urgent.
    pub urgency: Option<Urgency>,
    /// These characters stand in its number.
    pub number: Option<String>,
    /// With a post of this section now.
    pub section: Option<String>,
    /// All of these words stand in its number, title, matter, place, category or route.
    pub words: Vec<String>,
    /// Beyond the deadline that counts at this moment. A clock that stands still is beyond none.
    pub overdue_at: Option<Timestamp>,
    /// Older than this number.
    pub before: Option<String>,
    /// What comes first.
    pub order: TicketOrder,
    /// So many are passed over.
    pub skip: u32,
    /// At most.
    pub limit: u32,
}

/// What comes first in a list of tickets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TicketOrder {
    /// The newest.
    #[default]
    Newest,
    /// What is due next, the longest overdue before all; what nothing is due of comes last.
    Due,
}

/// How many tickets are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatusCount {
    /// The state.
    pub status: Status,
    /// In it.
    pub tickets: u64,
    /// Of them beyond the deadline that counts.
    pub overdue: u64,
    /// Of them with a clock that stands still.
    pub paused: u64,
}

/// A line that a ticket's resident was told, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldLine {
    /// When it happened.
    pub at: Timestamp,
    /// When the conversation was told; none: not yet.
    pub told_at: Option<Timestamp>,
    /// What.
    pub what: Told,
}

/// What a resident was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A move; the street's texts say it.
    Move(TicketEvent),
    /// A notice, in its own words.
    Notice(String),
}

/// What can go wrong in a ticket store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No ticket with this number or id.
    #[error("没有找到工单 {0}")]
    NotFound(String),
    /// The ticket's present state does not allow the move ([`Status::may_become`]).
    #[error("工单 {number} 不能从「{}」变为「{}」", from.word(), to.word())]
    IllegalMove {
        /// The ticket.
        number: String,
        /// Its present state.
        from: Status,
        /// The state that was asked for.
        to: Status,
    },
    /// A rating outside 1..=5 or of a ticket that is not closed yet.
    #[error("{0}")]
    Invalid(String),
    /// The database failed; the cause is for the log, not for the resident.
    #[error("工单存储暂时不可用")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Keeps tickets and their events. Every method that writes is one durable transaction.
#[async_trait]
pub trait TicketStore: Send + Sync + std::fmt::Debug {
    /// Stores ticket, first event (`None` → `已提交`, by `居民`) and one outbox row per destination in one
    /// transaction, and allocates the number ([`number_day`], sequence from 1 per day).
    ///
    /// Idempotent per `draft_id`: the second call returns the first ticket with `created == false`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn create(&self, new: NewTicket) -> Result<Created, StoreError>;

    /// The ticket with this number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; an unknown number is `Ok(None)`.
    async fn get(&self, number: &str) -> Result<Option<Ticket>, StoreError>;

    /// The ticket with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; an unknown id is `Ok(None)`.
    async fn get_by_id(&self, id: Uuid) -> Result<Option<Ticket>, StoreError>;

    /// The ticket with this number without what names its reporter: that stays sealed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; an unknown number is `Ok(None)`.
    async fn matter(&self, number: &str) -> Result<Option<Ticket>, StoreError>;

    /// Who reported a ticket. Whoever shows it to somebody writes that down first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; an unknown number is `Ok(None)`.
    async fn identity(&self, number: &str) -> Result<Option<Identity>, StoreError>;

    /// Tickets that fit, in the order that is asked for, without what names their reporters.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn search(&self, query: &TicketQuery) -> Result<Vec<Ticket>, StoreError>;

    /// How many fit in each state that has any, at `now`, whatever `before`, `skip` and `limit` say.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn count(&self, query: &TicketQuery, now: Timestamp) -> Result<Vec<StatusCount>, StoreError>;

    /// The tickets that went straight into this one and are in it still, oldest first, without what names their reporters.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; empty for an unknown number.
    async fn merged_into(&self, number: &str) -> Result<Vec<Ticket>, StoreError>;

    /// What the ticket's own resident was told and is about to be told, oldest first. What the resident did themselves is not told.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; empty for an unknown number.
    async fn told(&self, number: &str) -> Result<Vec<ToldLine>, StoreError>;

    /// The ticket that a draft became.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; a draft that is no ticket yet is `Ok(None)`.
    async fn of_draft(&self, draft_id: Uuid) -> Result<Option<Ticket>, StoreError>;

    /// All tickets of a conversation, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn by_conversation(&self, conversation_id: Uuid) -> Result<Vec<Ticket>, StoreError>;

    /// All moves of a ticket, oldest first; empty for an unknown number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn timeline(&self, number: &str) -> Result<Vec<TicketEvent>, StoreError>;

    /// Moves a ticket by somebody of ours and appends the event; every platform that has it is to learn of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::IllegalMove`], [`StoreError::Unavailable`].
    async fn move_to(&self, number: &str, step: TicketMove) -> Result<Ticket, StoreError>;

    /// Keeps the resident's rating and moves 已办结 → 已回访 when `solved`, else → 重新办理 (by `居民`); the platforms are to
    /// learn both.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::IllegalMove`], [`StoreError::Invalid`] (stars outside 1..=5),
    /// [`StoreError::Unavailable`].
    async fn rate(&self, number: &str, rating: Rating) -> Result<Ticket, StoreError>;

    /// Remembers the number that a platform gave. Setting the same one again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    async fn set_external_no(&self, number: &str, destination: &str, external_no: &str) -> Result<(), StoreError>;
}

/// The day part of a ticket number (`yyyymmdd`) in the street's time zone.
#[must_use]
pub fn number_day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y%m%d").to_string()
}

/// `WG` + day + six digits. More than 999 999 tickets a day make the sequence longer, never wrong.
#[must_use]
pub fn ticket_number(day: &str, sequence: u32) -> String {
    format!("WG{day}{sequence:06}")
}
