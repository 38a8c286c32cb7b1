//! The storage port for clocks: what a database must do so that a deadline is kept, put off or complained about.
//!
//! Every ticket has two clocks as rows, planned in the transaction that makes the ticket and followed in the one that moves it.
//! A step that is due is a row too ([`ClockStore::fire`] fires it once, whatever happens to the process), and what was said stays
//! in the ticket's notices: lines of its story that are no moves.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    escalation::{ClockKind, Receiver, Step},
    pauses::PauseReason,
    rules::{IncidentRules, Rules},
    store::StoreError,
    ticket::{Place, Ticket},
    ticket_clock::ClockState,
};

/// Where the street's rules of this moment come from: they may be replaced while the service runs.
pub trait RulesNow: Send + Sync + std::fmt::Debug {
    /// The rules that hold now.
    fn rules(&self) -> Arc<IncidentRules>;
}

impl RulesNow for Rules {
    fn rules(&self) -> Arc<IncidentRules> {
        self.load()
    }
}

impl RulesNow for Arc<IncidentRules> {
    fn rules(&self) -> Arc<IncidentRules> {
        Self::clone(self)
    }
}

/// Who puts a deadline off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The account's id.
    pub account: String,
    /// True when it may agree to a second extension (流转调度).
    pub may_review: bool,
}

/// A wish to pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Who.
    pub by: Actor,
    /// Why; its words reach the resident.
    pub reason: PauseReason,
    /// For colleagues; never told the resident.
    pub note: Option<String>,
    /// Until when at most; else as long as the reason allows.
    pub until: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
}

/// How far a deadline is put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendTo {
    /// By so many hours: of working time when the clock counts that, else of any.
    Hours(i64),
    /// To the end of work on this day.
    Day(Date),
}

/// A wish to extend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Who.
    pub by: Actor,
    /// How far.
    pub to: ExtendTo,
    /// Why, in words that the resident reads.
    pub why: String,
    /// The deadline that the person saw when deciding. The same wish again (a second tap) is known by it.
    pub seen: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// Why a clock is left as it is.
#[derive(Debug, Error)]
pub enum ClockError {
    /// The ticket is closed, returned, merged or withdrawn, or has no clock.
    #[error("工单{0}现在没有在计时")]
    NotRunning(String),
    /// Only what was accepted can wait for somebody.
    #[error("工单{0}还没有受理，不能暂停计时；请先受理")]
    NotAccepted(String),
    /// It is paused for another reason already.
    #[error("已经暂停计时（{0}），请先恢复再换事由")]
    PausedAlready(String),
    /// An extension of a paused clock would be of no use.
    #[error("正在暂停计时，请先恢复计时再延期")]
    Paused,
    /// Somebody else changed the deadline meanwhile: what it is now.
    #[error("时限已经变为{words}，请看过再决定")]
    Moved {
        /// The deadline that holds.
        due: Timestamp,
        /// In words.
        words: String,
    },
    /// A second extension needs another person.
    #[error("已经延期过一次，再次延期要由另一位有流转调度权限的人办理")]
    NeedsReviewer,
    /// The wish itself is not possible.
    #[error("{0}")]
    Invalid(String),
    /// Storage.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which places somebody may see: what lies elsewhere does not exist for them.
pub type Within = dyn Fn(&Place) -> bool + Send + Sync;

/// What fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The ticket.
    pub ticket: String,
    /// Which clock.
    pub clock: ClockKind,
    /// How hard.
    pub step: Step,
    /// Who was told.
    pub to: Receiver,
    /// When it should have fired.
    pub due: Timestamp,
}

/// A step that fired and that nobody took note of yet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Alert {
    /// Its id.
    pub id: i64,
    /// The ticket's number.
    pub ticket: String,
    /// The ticket's title.
    pub title: String,
    /// Community and grid, for whoever has several.
    pub community: Option<String>,
    /// Code of the grid.
    pub grid_code: Option<String>,
    /// Which clock.
    pub clock: ClockKind,
    /// How hard.
    pub step: Step,
    /// Who is told.
    pub to: Receiver,
    /// Under which title.
    pub to_title: String,
    /// What they are told.
    pub words: String,
    /// When it fired.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The deadline that it is about.
    #[schema(value_type = String, format = DateTime)]
    pub deadline: Timestamp,
    /// When somebody took note.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub taken_at: Option<Timestamp>,
}

/// A clock as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClockView {
    /// Which.
    pub clock: ClockKind,
    /// Round, from 1.
    pub round: u32,
    /// Whether it runs.
    pub state: ClockState,
    /// The deadline; while it does not run, the one from before.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    /// Whole minutes that are left as the clock counts them; negative when the deadline has passed.
    pub left_minutes: i64,
    /// While paused: when it goes on by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_until: Option<Timestamp>,
    /// How often it was extended.
    pub extended: u32,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

/// What was done to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Paused.
    Pause,
    /// Went on after a pause.
    Resume,
    /// Put off.
    Extend,
    /// Stopped by a move of the ticket.
    Stop,
    /// Went on after that.
    Restart,
    /// Counted again because the calendar changed.
    Calendar,
}

impl ChangeKind {
    const ALL: [Self; 6] = [Self::Pause, Self::Resume, Self::Extend, Self::Stop, Self::Restart, Self::Calendar];

    /// The word in the rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Extend => "extend",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Calendar => "calendar",
        }
    }

    /// The kind behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }
}

/// One change of a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeView {
    /// Which clock.
    pub clock: ClockKind,
    /// What.
    pub kind: ChangeKind,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The account; none when the service did it by itself.
    pub by: Option<String>,
    /// Why, as the resident reads it.
    pub why: Option<String>,
    /// For colleagues.
    pub note: Option<String>,
    /// The deadline before.
    #[schema(value_type = String, format = DateTime)]
    pub due_before: Timestamp,
    /// The deadline after.
    #[schema(value_type = String, format = DateTime)]
    pub due_after: Timestamp,
}

/// A line of the ticket's story that is no move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoticeView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// In words.
    pub text: String,
}

/// Everything about the clocks of a ticket, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct ClockStory {
    /// The clocks.
    pub clocks: Vec<ClockView>,
    /// What was done to them.
    pub changes: Vec<ChangeView>,
    /// What was said because of them.
    pub notices: Vec<NoticeView>,
}

/// Keeps clocks. Every method that writes is one durable transaction.
#[async_trait]
pub trait ClockStore: Send + Sync + std::fmt::Debug {
    /// Pauses the clock until resolved. Already paused for the same reason: nothing changes.
    ///
    /// # Errors
    /// See [`ClockError`].
    async fn pause(&self, number: &str, wish: &Pause) -> Result<Ticket, ClockError>;

    /// Goes on with exactly what was left. Already running: nothing changes.
    ///
    /// # Errors
    /// See [`ClockError`].
    async fn resume(&self, number: &str, by: &Actor, at: Timestamp) -> Result<Ticket, ClockError>;

    /// Puts the deadline off. The same wish by the same person again: nothing changes.
    ///
    /// # Errors
    /// See [`ClockError`].
    async fn extend(&self, number: &str, wish: &Extension) -> Result<Ticket, ClockError>;

    /// Clocks, changes and notices of a ticket; empty for an unknown number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn story(&self, number: &str, now: Timestamp) -> Result<ClockStory, StoreError>;

    /// Fires the steps that are due at `now`, oldest first, at most `limit`; each exactly once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then none of this call fired.
    async fn fire(&self, now: Timestamp, limit: u32) -> Result<Vec<Fired>, StoreError>;

    /// Lets the pauses go on whose time is over at `now`, from the moment it was over; the tickets' numbers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn end_pauses(&self, now: Timestamp) -> Result<Vec<String>, StoreError>;

    /// Gives clocks to open tickets that have none (from before there were any), and counts deadlines again that the calendar of
    /// today puts elsewhere; how many tickets changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn catch_up(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Steps that fired, that nobody took note of, and whose clock is not over, of the places that `within` lets through;
    /// oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn alerts(&self, within: &Within, limit: usize) -> Result<Vec<Alert>, StoreError>;

    /// One alert, taken or not; `None` when there is none or it lies elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn alert(&self, id: i64, within: &Within) -> Result<Option<Alert>, StoreError>;

    /// Somebody took note (知悉). The first one stays.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn take(&self, id: i64, account: &str, at: Timestamp) -> Result<(), StoreError>;
}

/// What a conversation is told beside the moves of its tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Told once it was passed to [`NoticeStore::mark_notice_told`].
    pub id: i64,
    /// The ticket's number.
    pub ticket_number: String,
    /// The ticket's id.
    pub ticket_id: Uuid,
    /// Where to tell it.
    pub conversation_id: Uuid,
    /// In words for the resident.
    pub text: String,
    /// When it happened.
    pub at: Timestamp,
}

/// What has not been told yet survives a crash here.
#[async_trait]
pub trait NoticeStore: Send + Sync + std::fmt::Debug {
    /// The oldest notices for residents that were not told; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn untold_notices(&self, limit: u32) -> Result<Vec<Notice>, StoreError>;

    /// Remembers that a notice was told at `at`. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn mark_notice_told(&self, id: i64, at: Timestamp) -> Result<(), StoreError>;
}
