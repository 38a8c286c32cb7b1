//! Callbacks: what a platform tells, checked, taken once, and turned into a move of the ticket.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::broadcast;
use utoipa::ToSchema;

use super::signature::{SignatureError, SignedHeaders, Signer};
use crate::core::clock::Clock;
use crate::incident::news::TicketNews;
use crate::incident::store::StoreError;
use crate::incident::ticket::Status;

/// The longest note or handler that is kept, in characters; the rest is cut.
const WORDS_LIMIT: usize = 500;
/// The longest identifier that is looked at, in bytes.
const KEY_LIMIT: usize = 200;
/// Who moved the ticket when the platform names nobody.
const PLATFORM: &str = "治理平台";

/// The platform's words for where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlatformStatus {
    /// Stored; nobody has looked at it yet (已接收).
    Received,
    /// Somebody took it up (受理).
    Accepted,
    /// A post has it (交办).
    Assigned,
    /// The post is at work (处置中).
    InProgress,
    /// The post says it is done (办结).
    Resolved,
    /// Not for here, or not enough to act on (退回).
    Returned,
    /// It takes longer, with a reason (延期).
    Extended,
    /// It went into another incident (合并).
    Merged,
    /// Looked over and closed (结案).
    Closed,
}

impl PlatformStatus {
    /// Every word.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Accepted,
        Self::Assigned,
        Self::InProgress,
        Self::Resolved,
        Self::Returned,
        Self::Extended,
        Self::Merged,
        Self::Closed,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::Resolved => "resolved",
            Self::Returned => "returned",
            Self::Extended => "extended",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }

    /// The state of ours that it means. Closing is 已办结 as well: what comes after it is our own follow-up.
    #[must_use]
    pub const fn means(self) -> Status {
        match self {
            Self::Received => Status::已送达平台,
            Self::Accepted => Status::已受理,
            Self::Assigned => Status::已交办,
            Self::InProgress => Status::处置中,
            Self::Resolved | Self::Closed => Status::已办结,
            Self::Returned => Status::退回待审,
            Self::Extended => Status::延期,
            Self::Merged => Status::合并,
        }
    }
}

/// The body of a callback.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Callback {
    /// The platform's own number.
    #[serde(default)]
    pub external_no: Option<String>,
    /// Our idempotency key: the ticket's id.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// Where the incident stands now.
    pub status: PlatformStatus,
    /// Since when, at the platform.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What is said about it, for the resident.
    #[serde(default)]
    pub note: Option<String>,
    /// Who did it, as a post title.
    #[serde(default)]
    pub handler: Option<String>,
}

/// What became of a callback that was in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// The ticket moved.
    Moved(TicketNews),
    /// Taken note of, with the reason why nothing moved.
    Ignored(String),
    /// This webhook-id was here before.
    Repeated,
    /// No ticket of ours; nothing was stored, so it may come again.
    UnknownTicket,
}

/// Keeps callbacks. One durable transaction per callback.
#[async_trait]
pub trait CallbackStore: Send + Sync + std::fmt::Debug {
    /// Takes a callback of `destination` once per `webhook_id` and moves its ticket when that is legal and in order.
    /// `by` and `note` of the move are the callback's `handler` and `note`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn apply(
        &self,
        destination: &str,
        webhook_id: &str,
        callback: &Callback,
        received_at: Timestamp,
    ) -> Result<Applied, StoreError>;
}

/// Why a callback is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// 401: not from the platform, or too old.
    #[error("回调签名无效：{0}")]
    Signature(#[from] SignatureError),
    /// 422: signed, but not a callback.
    #[error("回调内容无法识别：{0}")]
    Malformed(String),
    /// 404: no ticket of ours.
    #[error("没有与回调对应的工单")]
    UnknownTicket,
    /// 503: try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The answer to a callback that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The ticket moved; the news is on its way.
    Moved(TicketNews),
    /// Acknowledged without a move, with the reason.
    Ignored(String),
    /// Acknowledged again.
    Repeated,
}

/// Takes callbacks.
#[derive(Debug)]
pub struct CallbackReceiver {
    destination: String,
    signer: Signer,
    store: Arc<dyn CallbackStore>,
    clock: Arc<dyn Clock>,
    news: broadcast::Sender<TicketNews>,
}

impl CallbackReceiver {
    /// For the platform called `destination` in the outbox.
    ///
    /// # Errors
    /// [`SignatureError::Secret`].
    pub fn new(
        destination: impl Into<String>,
        secret: &SecretString,
        store: Arc<dyn CallbackStore>,
        clock: Arc<dyn Clock>,
        news: broadcast::Sender<TicketNews>,
    ) -> Result<Self, SignatureError> {
        Ok(Self { destination: destination.into(), signer: Signer::new(secret)?, store, clock, news })
    }

    /// Takes one request: checks signature and window, reads the body, moves the ticket.
    ///
    /// # Errors
    /// See [`CallbackError`]; each variant names its HTTP status.
    pub async fn receive(&self, headers: SignedHeaders<'_>, body: &[u8]) -> Result<Taken, CallbackError> {
        let now = self.clock.now();
        self.signer.check(headers, body, now)?;
        if headers.id.len() > KEY_LIMIT {
            return Err(CallbackError::Malformed("webhook-id 过长".to_owned()));
        }
        let callback = read(body)?;
        match self.store.apply(&self.destination, headers.id, &callback, now).await? {
            Applied::Moved(news) => {
                // Nobody listening is no loss: the event waits in the storage until it is told.
                drop(self.news.send(news.clone()));
                Ok(Taken::Moved(news))
            }
            Applied::Ignored(reason) => {
                tracing::info!(webhook_id = headers.id, reason, "平台回调：已记录，未改变工单");
                Ok(Taken::Ignored(reason))
            }
            Applied::Repeated => Ok(Taken::Repeated),
            Applied::UnknownTicket => Err(CallbackError::UnknownTicket),
        }
    }
}

/// The receivers of all platforms. The first one added answers the address without a name.
#[derive(Debug, Default)]
pub struct Callbacks(Vec<CallbackReceiver>);

impl Callbacks {
    /// Adds a platform's.
    pub fn add(&mut self, receiver: CallbackReceiver) {
        self.0.push(receiver);
    }

    /// The platform called so; without a name the first one.
    #[must_use]
    pub fn of(&self, destination: Option<&str>) -> Option<&CallbackReceiver> {
        match destination {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|r| r.destination == name),
        }
    }
}

fn read(body: &[u8]) -> Result<Callback, CallbackError> {
    let mut callback: Callback = serde_json::from_slice(body).map_err(|e| CallbackError::Malformed(e.to_string()))?;
    let key = |words: Option<String>| words.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    callback.external_no = key(callback.external_no);
    callback.idempotency_key = key(callback.idempotency_key);
    if callback.external_no.is_none() && callback.idempotency_key.is_none() {
        return Err(CallbackError::Malformed("需要 external_no 或 idempotency_key".to_owned()));
    }
    if [&callback.external_no, &callback.idempotency_key].into_iter().flatten().any(|k| k.len() > KEY_LIMIT) {
        return Err(CallbackError::Malformed("编号过长".to_owned()));
    }
    callback.note = tidy(callback.note);
    callback.handler = Some(tidy(callback.handler).unwrap_or_else(|| PLATFORM.to_owned()));
    Ok(callback)
}

/// Without control characters, trimmed, at most [`WORDS_LIMIT`] characters.
fn tidy(words: Option<String>) -> Option<String> {
    let kept: String = words?.chars().filter(|c| !c.is_control() || *c == '\n').take(WORDS_LIMIT).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}
