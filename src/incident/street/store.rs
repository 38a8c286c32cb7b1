//! The storage port of the street's versions, and what a check has to know of tickets.

use async_trait::async_trait;
use jiff::Timestamp;

use super::super::store::StoreError;
use super::super::ticket::Ticket;
use super::base::Texts;

/// Who makes or activates a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The account; empty = somebody at the command line.
    pub id: String,
    /// Its name at that time.
    pub name: String,
}

/// A version to be kept.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The version that was in use when it was made, as its author saw it.
    pub base: u32,
    /// Every file that is not as shipped.
    pub files: Texts,
    /// Who made it.
    pub by: Author,
    /// What for.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// A version as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// From 1; 0 is what was shipped and has no row.
    pub version: u32,
    /// The version that was in use when it was made.
    pub base: u32,
    /// Names of its files.
    pub files: Vec<String>,
    /// Who made it.
    pub by: Author,
    /// What for.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// The moment from which a version is to be in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// Grows; the highest one counts. 0 = nothing was ever activated.
    pub seq: i64,
    /// The version.
    pub version: u32,
    /// The one before.
    pub before: u32,
    /// Who did it.
    pub by: Author,
    /// Why, may be empty.
    pub note: String,
    /// When.
    pub at: Timestamp,
    /// Since when the service has really used it.
    pub taken_at: Option<Timestamp>,
    /// Why the service could not use it, for people.
    pub fault: Option<String>,
}

/// What became of a wish to keep or activate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Done; the number of the version.
    Done(u32),
    /// Another version is in use than the author saw; nothing was written.
    Stale(u32),
}

/// A code in use by tickets that are not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCode {
    /// The code.
    pub code: String,
    /// How many tickets.
    pub tickets: u64,
    /// Some of their numbers.
    pub examples: Vec<String>,
}

/// A ticket for a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Routed {
    /// The ticket, with the route that it has.
    pub ticket: Ticket,
    /// A reviewer gave it its route after a dispute; rules have no say.
    pub designated: bool,
}

/// Keeps versions. They are added and never changed; which one is in use is the newest activation.
#[async_trait]
pub trait StreetStore: Send + Sync + std::fmt::Debug {
    /// The newest activation; `None` when the shipped files have always been in use.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], as of all others here.
    async fn active(&self) -> Result<Option<Activation>, StoreError>;

    /// All activations, newest first, at most `limit`.
    async fn activations(&self, limit: u32) -> Result<Vec<Activation>, StoreError>;

    /// All versions, newest first.
    async fn versions(&self) -> Result<Vec<VersionRow>, StoreError>;

    /// The files of a version; version 0 has none. `None`: there is no such version.
    async fn files(&self, version: u32) -> Result<Option<Texts>, StoreError>;

    /// Keeps a version, and activates it when told so: one durable transaction, only while `new.base` is in use.
    async fn keep(&self, new: &NewVersion, activate: bool) -> Result<Kept, StoreError>;

    /// Activates a version that is kept, only while `seen` is in use.
    async fn activate(&self, version: u32, seen: u32, by: &Author, note: &str, at: Timestamp) -> Result<Kept, StoreError>;

    /// Says that the service uses what was activated, or why it cannot. The first word stays unless it was a fault.
    async fn taken(&self, seq: i64, at: Timestamp, fault: Option<&str>) -> Result<(), StoreError>;

    /// Codes of tickets that are not closed.
    async fn open_codes(&self) -> Result<Vec<OpenCode>, StoreError>;

    /// Codes of labels, with how many labels name them.
    async fn label_codes(&self) -> Result<Vec<(String, u64)>, StoreError>;

    /// The newest tickets, newest first.
    async fn newest(&self, limit: u32) -> Result<Vec<Routed>, StoreError>;

    /// The tickets with these numbers, those that exist.
    async fn numbered(&self, numbers: &[String]) -> Result<Vec<Routed>, StoreError>;
}
