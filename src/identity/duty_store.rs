//! The port to the rows of posts and leaves. Each change takes the audit rows that belong to it and writes all or nothing.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::account::Account;
use super::audit::AuditEntry;
use super::duties::{Duty, Holder, Leave};
use super::store::StoreError;

/// What became of a wished leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveKept {
    /// Kept.
    Done,
    /// The account is away in that time already.
    AwayAlready,
    /// The stand-in is away in that time.
    StandInAway,
    /// The account stands in for somebody in that time.
    StandsInItself,
}

/// A post's whole work goes to somebody else, for good.
#[derive(Debug, Clone)]
pub struct HandOver {
    /// Who gives it.
    pub from: Account,
    /// Who takes it, as the account shall be afterwards.
    pub to: Account,
    /// `from` is disabled with it.
    pub disable: bool,
    /// When.
    pub at: Timestamp,
}

/// How much a hand-over moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Posts, as A or B.
    pub posts: u64,
    /// Assigned groups of gaps.
    pub gaps: u64,
    /// Leaves that ended with it.
    pub leaves: u64,
}

/// The rows of posts and leaves.
#[async_trait]
pub trait DutyStore: Send + Sync + std::fmt::Debug {
    /// Who holds which post, by post.
    async fn holders(&self) -> Result<Vec<Holder>, StoreError>;
    /// Says who holds a post from now on; `None` = nobody.
    async fn hold(
        &self,
        post: &str,
        holders: [(Duty, Option<Uuid>); 2],
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;
    /// All leaves, the latest beginning first.
    async fn leaves(&self) -> Result<Vec<Leave>, StoreError>;
    /// Keeps a leave, if nothing stands against it.
    async fn add_leave(&self, leave: &Leave, audit: &AuditEntry) -> Result<LeaveKept, StoreError>;
    /// Ends a leave now; false when it is over already.
    async fn end_leave(&self, id: Uuid, at: Timestamp, audit: &AuditEntry) -> Result<bool, StoreError>;
    /// The leaves in which `account` stands in for somebody at `now`, with who is away.
    async fn standing_in(&self, account: Uuid, now: Timestamp) -> Result<Vec<(Leave, Account)>, StoreError>;
    /// Moves posts and assigned gaps, ends leaves of both kinds, widens the successor and disables the predecessor when wished.
    /// `None`: it would leave the service without an administrator.
    async fn hand_over(&self, wish: &HandOver, audit: &[AuditEntry]) -> Result<Option<Moved>, StoreError>;
}
