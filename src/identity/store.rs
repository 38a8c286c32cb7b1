//! The port to the rows of accounts. Each change takes the audit row that belongs to it and writes both or neither.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::access_key::{ApiKey, Session};
use super::account::Account;
use super::audit::AuditEntry;
use super::duty_store::DutyStore;

/// The rows cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The storage said so.
    #[error("account store: {0}")]
    Backend(String),
    /// A row is not what it should be.
    #[error("account store: row {id} is damaged: {reason}")]
    Damaged {
        /// Which.
        id: String,
        /// Why.
        reason: String,
    },
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Done.
    Done,
    /// There is no such account.
    Missing,
    /// The name is taken.
    NameTaken,
    /// It would leave the service without an enabled administrator.
    LastAdministrator,
}

/// A session with the hash of its token.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// SHA-256 of the token, hex.
    pub token_hash: String,
    /// Sessions of the account beyond this number end, oldest first.
    pub at_most: u32,
}

/// A password as kept.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// PHC string.
    pub hash: String,
    /// Set: to be changed at the first sign-in, and void from this moment.
    pub one_time_until: Option<Timestamp>,
    /// When it was set.
    pub at: Timestamp,
}

/// How many wrong tries are too many.
#[derive(Debug, Clone, Copy)]
pub struct TryRule {
    /// Tries within the window.
    pub tries: u32,
    /// The window, and how long the lock lasts.
    pub lock: SignedDuration,
}

/// What a try to sign in met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// It may go on. `locks`: when it fails, the subject is locked.
    Open {
        /// True for the last try before a lock.
        locks: bool,
    },
    /// Not before this moment.
    Locked(Timestamp),
}

/// The rows of accounts, sessions, keys and wrong tries.
#[async_trait]
pub trait AccountStore: DutyStore {
    /// Adds an account.
    async fn add_account(
        &self,
        account: &Account,
        folded_name: &str,
        password: Option<&NewPassword>,
        audit: &AuditEntry,
    ) -> Result<Changed, StoreError>;
    /// Adds the very first account; false when there is or was any.
    async fn add_first_account(
        &self,
        account: &Account,
        folded_name: &str,
        password: &NewPassword,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError>;
    /// One account.
    async fn account(&self, id: Uuid) -> Result<Option<Account>, StoreError>;
    /// One account by its folded name, with the hash of its password.
    async fn account_by_name(&self, folded_name: &str) -> Result<Option<(Account, Option<String>)>, StoreError>;
    /// The hash of a password.
    async fn password_hash(&self, id: Uuid) -> Result<Option<String>, StoreError>;
    /// All accounts by name.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;
    /// Writes title, roles, scope and state of `account`; what it no longer allows ends with it (sessions of a disabled account).
    async fn change_account(&self, account: &Account, audit: &AuditEntry) -> Result<Changed, StoreError>;
    /// Sets the password, ends all sessions and opens `fresh` instead. `was`: only when the kept hash is still this one.
    async fn set_password(
        &self,
        id: Uuid,
        password: &NewPassword,
        was: Option<&str>,
        fresh: Option<&NewSession>,
        audit: &AuditEntry,
    ) -> Result<Changed, StoreError>;
    /// Keeps the same password under better parameters.
    async fn rehash(&self, id: Uuid, was: &str, hash: &str) -> Result<(), StoreError>;

    /// Opens a session and notes the sign-in.
    async fn open_session(&self, new: &NewSession, audit: &AuditEntry) -> Result<(), StoreError>;
    /// The session of a token and its account, whether live or not.
    async fn session(&self, token_hash: &str) -> Result<Option<(Session, Account)>, StoreError>;
    /// Notes that a session is used.
    async fn touch_session(&self, id: Uuid, seen_at: Timestamp, idle_until: Timestamp) -> Result<(), StoreError>;
    /// Live sessions of an account, newest first.
    async fn sessions(&self, account: Uuid, now: Timestamp) -> Result<Vec<Session>, StoreError>;
    /// Ends one session of an account; false when it has none such.
    async fn end_session(&self, account: Uuid, session: Uuid, audit: &AuditEntry) -> Result<bool, StoreError>;
    /// Ends all sessions of an account, but `except`; how many.
    async fn end_sessions(&self, account: Uuid, except: Option<Uuid>, audit: &AuditEntry) -> Result<u64, StoreError>;

    /// Adds a key.
    async fn add_key(&self, key: &ApiKey, secret_hash: &str, audit: &AuditEntry) -> Result<(), StoreError>;
    /// The key behind a secret and its owner, whether live or not.
    async fn key(&self, secret_hash: &str) -> Result<Option<(ApiKey, Account)>, StoreError>;
    /// Notes that a key is used.
    async fn touch_key(&self, id: Uuid, at: Timestamp) -> Result<(), StoreError>;
    /// Keys of an account or of all, newest first.
    async fn keys(&self, account: Option<Uuid>) -> Result<Vec<ApiKey>, StoreError>;
    /// Takes a key back; false when it was already. `owner`: only when it is theirs.
    async fn revoke_key(&self, id: Uuid, owner: Option<Uuid>, at: Timestamp, audit: &AuditEntry) -> Result<bool, StoreError>;

    /// Writes an audit row that belongs to no other change.
    async fn note(&self, audit: &AuditEntry) -> Result<(), StoreError>;

    /// Counts a try before it is checked, so that many at once are not more than many after each other.
    async fn begin_try(&self, subject: &str, rule: TryRule, now: Timestamp) -> Result<Try, StoreError>;
    /// The try was right: `forget` all of the subject, or only this one.
    async fn end_try(&self, subject: &str, forget: bool) -> Result<(), StoreError>;
    /// Forgets sessions and tries that are over.
    async fn sweep(&self, now: Timestamp, tries_before: Timestamp) -> Result<u64, StoreError>;
}
