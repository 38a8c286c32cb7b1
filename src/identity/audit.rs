//! The audit log: every change, by whom, on what, when. Rows are only ever added, and each row's hash covers the row before.
//!
//! A handler says `api.audit.record(&caller, "document.publish", ("document", &id), json!({"version": 3})).await?` before its
//! answer leaves. A store that writes the change itself takes the [`AuditEntry`] of [`Audit::entry`] and adds the row in the same
//! transaction (`storage::sqlite::audit::append`). The detail is short JSON: what changed, `before`/`after`. Neither secrets nor
//! personal data belong in it; what looks like one is taken out here once more.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::caller::Caller;
use crate::core::clock::Clock;

/// The log cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("audit log: {0}")]
pub struct AuditError(pub String);

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// The account; nil for the console and the service itself.
    pub actor: Uuid,
    /// Its name at that time.
    pub actor_name: String,
    /// `session`, `key`, `console` or `system`.
    pub via: String,
    /// From which network, shortened; may be empty.
    pub net: String,
    /// What was done, `noun.verb`.
    pub action: String,
    /// Kind of the object, `document`, `account` …
    pub object_kind: String,
    /// Its id.
    pub object_id: String,
    /// What changed, as compact JSON.
    pub detail: String,
}

/// A row as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Grows by one.
    pub seq: i64,
    /// What was written.
    pub entry: AuditEntry,
    /// Hash of the row before, hex; of the first row [`GENESIS`].
    pub previous: String,
    /// Hash of this row, hex.
    pub hash: String,
}

/// What stands before the first row.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Longest detail, in bytes; a longer one is replaced by its hash and length.
pub const MAX_DETAIL: usize = 4096;

/// The hash of a row: over the hash before it and every field, each with its length.
#[must_use]
pub fn chained(previous: &str, seq: i64, entry: &AuditEntry) -> String {
    let AuditEntry { at, actor, actor_name, via, net, action, object_kind, object_id, detail } = entry;
    let (seq, at, actor) = (seq.to_string(), at.as_millisecond().to_string(), actor.to_string());
    let mut hash = Sha256::new();
    for field in [previous, &seq, &at, &actor, actor_name, via, net, action, object_kind, object_id, detail] {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// What is looked for; all that is given must fit.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// By this account.
    pub actor: Option<Uuid>,
    /// By an account of this name (exact).
    pub actor_name: Option<String>,
    /// This action, or all of a noun (`document.`).
    pub action: Option<String>,
    /// On this kind of object.
    pub object_kind: Option<String>,
    /// On this object.
    pub object_id: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Older than this row: the next page.
    pub before_seq: Option<i64>,
    /// At most.
    pub limit: u32,
}

/// What the chain says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainState {
    /// Rows read.
    pub rows: u64,
    /// Number of the newest row.
    pub last_seq: i64,
    /// Hash of the newest row: note it elsewhere, and a shortened log shows.
    pub head: String,
    /// The first row that does not fit, and why.
    pub broken: Option<(i64, String)>,
}

/// Where the rows are. Newest first when read.
#[async_trait]
pub trait AuditLog: Send + Sync + std::fmt::Debug {
    /// Adds a row; it is on disk when this returns.
    async fn append(&self, entry: &AuditEntry) -> Result<i64, AuditError>;
    /// Rows that fit, newest first.
    async fn search(&self, query: &AuditQuery) -> Result<Vec<AuditRow>, AuditError>;
    /// Reads the whole chain.
    async fn verify(&self) -> Result<ChainState, AuditError>;
}

/// The log with the time: what handlers hold.
#[derive(Debug, Clone)]
pub struct Audit {
    log: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
}

impl Audit {
    /// Over a log.
    #[must_use]
    pub fn new(log: Arc<dyn AuditLog>, clock: Arc<dyn Clock>) -> Self {
        Self { log, clock }
    }

    /// The log itself, for reading.
    #[must_use]
    pub fn log(&self) -> &dyn AuditLog {
        &*self.log
    }

    /// The row for a change, to be written by a store in its own transaction.
    #[must_use]
    pub fn entry(&self, caller: &Caller, action: &str, object: (&str, &str), detail: Value) -> AuditEntry {
        entry(self.clock.now(), caller, action, object, detail)
    }

    /// Writes down that `caller` did `action` to `object` (kind and id).
    ///
    /// # Errors
    /// The row could not be written: the answer must not say that all is well.
    pub async fn record(&self, caller: &Caller, action: &str, object: (&str, &str), detail: Value) -> Result<(), AuditError> {
        self.log.append(&self.entry(caller, action, object, detail)).await.map(|_| ())
    }
}

/// The row for a change at a given time.
#[must_use]
pub fn entry(at: Timestamp, caller: &Caller, action: &str, object: (&str, &str), detail: Value) -> AuditEntry {
    AuditEntry {
        at: Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at),
        actor: caller.account_id,
        actor_name: caller.name.clone(),
        via: caller.via.word().to_owned(),
        net: caller.net.as_str().to_owned(),
        action: action.to_owned(),
        object_kind: object.0.to_owned(),
        object_id: object.1.chars().take(200).collect(),
        detail: compact(detail),
    }
}

/// Compact, short, without secrets and personal data.
fn compact(mut detail: Value) -> String {
    scrub(&mut detail);
    if detail.is_null() {
        return "{}".to_owned();
    }
    let text = detail.to_string();
    if text.len() <= MAX_DETAIL {
        return text;
    }
    serde_json::json!({ "too_long": text.len(), "sha256": super::hash(&text) }).to_string()
}

/// Fields that never belong in the log, by their names.
const SECRET_FIELDS: [&str; 12] = [
    "password",
    "secret",
    "token",
    "bearer",
    "cookie",
    "authorization",
    "phone",
    "id_card",
    "id_number",
    "plate",
    "room",
    "reporter",
];
const HIDDEN: &str = "（已略）";

fn scrub(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if SECRET_FIELDS.contains(&name.to_ascii_lowercase().as_str()) {
                    *value = Value::from(HIDDEN);
                } else {
                    scrub(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::String(text) => {
            if let Some(clean) = without_numbers_of_people(text) {
                *text = clean;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Telephone and identity numbers taken out; `None` when there is none.
fn without_numbers_of_people(text: &str) -> Option<String> {
    let part = |c: char| c.is_ascii_alphanumeric();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(part) {
        let (before, word) = rest.split_at(at);
        out.push_str(before);
        let end = word.find(|c| !part(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let mobile = word.len() == 11 && digits == 11 && word.starts_with('1') && !word.starts_with("10");
        let identity = word.len() == 18 && (digits == 18 || (digits == 17 && word.ends_with(['x', 'X'])));
        if mobile || identity {
            out.push_str(HIDDEN);
            found = true;
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out.push_str(rest);
    found.then_some(out)
}
