//! What the conversation room asks of storage.
//!
//! To add something: a method here, the SQL in `storage/sqlite/conversation.rs`. A look-up of something that may be
//! missing returns `Option`; a write that must be whole is one method.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::log::{LogFilter, StoredLine};
use super::media::MediaKind;
use super::memory::Memory;
use super::message::{Message, MessageBody, Role};
use super::outcome::TurnOutcome;
use super::redact::Vault;
use crate::knowledge::trace::Trace;

/// Storage did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or was not there.
    #[error("storage: {0}")]
    Database(String),
    /// A stored value is not what this program writes.
    #[error("stored value of {what} cannot be read: {why}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// Who may be answered from what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Anybody.
    Resident,
    /// A verified gridworker; sees the residents' knowledge too.
    Gridworker,
}

/// A conversation as stored.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Public id.
    pub id: Uuid,
    /// SHA-256 of the token, hex. The token itself is never stored.
    pub token_hash: String,
    /// Channel it came through.
    pub channel: String,
    /// Verified audience.
    pub audience: Audience,
    /// Draft and placeholders.
    pub memory: Memory,
}

/// Whose an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A conversation's; it goes with it.
    Conversation(Uuid),
    /// An account's: what somebody who handles a ticket brings back.
    Account(Uuid),
}

/// An attachment as stored; the bytes lie in the data folder.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Public id.
    pub id: Uuid,
    /// Whose it is.
    pub owner: Owner,
    /// What it is.
    pub kind: MediaKind,
    /// By content, never by name.
    pub content_type: String,
    /// Size in bytes after stripping.
    pub bytes: u64,
    /// Pixels; 0 of what is no photo.
    pub width: u32,
    /// Pixels; 0 of what is no photo.
    pub height: u32,
    /// Milliseconds of voice and video, where the container says so.
    pub duration_ms: Option<u64>,
    /// SHA-256 of the stored bytes, hex.
    pub sha256: String,
    /// SHA-256 of the small picture, hex; `None` = there is none.
    pub thumb_sha256: Option<String>,
}

/// One line of a turn's log.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// Grows by one from 1.
    pub id: u64,
    /// SSE event name.
    pub event: &'static str,
    /// JSON.
    pub data: String,
}

/// One line of a turn's log as read back.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Grows; coalesced deltas keep the id of their last part.
    pub id: u64,
    /// SSE event name.
    pub event: String,
    /// JSON.
    pub data: String,
}

/// What [`ConversationStore::begin_turn`] found.
#[derive(Debug)]
pub enum Begun {
    /// A new turn; the resident's message is stored.
    New,
    /// The same `client_message_id` was sent before: this is its turn.
    Known(Uuid),
}

/// A turn as stored.
#[derive(Debug, Clone)]
pub struct StoredTurn {
    /// Public id.
    pub id: Uuid,
    /// Its conversation.
    pub conversation_id: Uuid,
    /// `None` while it runs.
    pub outcome: Option<TurnOutcome>,
}

/// The first half of a turn.
#[derive(Debug)]
pub struct NewTurn<'a> {
    /// Public id.
    pub turn_id: Uuid,
    /// Its conversation.
    pub conversation_id: Uuid,
    /// Given by the client, unique in the conversation.
    pub client_message_id: &'a str,
    /// Id of the resident's message.
    pub message_id: Uuid,
    /// The resident's message.
    pub body: &'a MessageBody,
    /// Now.
    pub at: Timestamp,
}

/// The second half of a turn.
#[derive(Debug)]
pub struct EndedTurn<'a> {
    /// Which.
    pub turn_id: Uuid,
    /// Its conversation.
    pub conversation_id: Uuid,
    /// Id of the reply.
    pub reply_id: Uuid,
    /// The reply as a reader sees it.
    pub reply: &'a MessageBody,
    /// The whole turn.
    pub outcome: &'a TurnOutcome,
    /// Log lines that are not written yet.
    pub events: &'a [LoggedEvent],
    /// What the conversation now remembers; `None` = unchanged.
    pub memory: Option<&'a Memory>,
    /// How the answer was found; a fixed answer in it is counted, once a turn.
    pub trace: Option<&'a Trace>,
    /// Now.
    pub at: Timestamp,
}

/// A question that was not answered well. Nothing of it carries personal data.
#[derive(Debug)]
pub struct NewGap<'a> {
    /// Public id.
    pub id: Uuid,
    /// As asked.
    pub question: &'a str,
    /// What a thumbs-down said.
    pub comment: Option<&'a str>,
    /// `no_passage` or `thumbs_down`.
    pub reason: &'static str,
    /// Where it was asked; the gap is deleted with it.
    pub conversation_id: Uuid,
    /// In which turn.
    pub turn_id: Uuid,
    /// Who asked.
    pub audience: Audience,
    /// Now.
    pub at: Timestamp,
}

/// An answer that somebody called right: a pair to learn from.
#[derive(Debug)]
pub struct ConfirmedAnswer<'a> {
    /// The turn.
    pub turn_id: Uuid,
    /// Personal data replaced.
    pub question: &'a str,
    /// The document that answered.
    pub document_id: &'a str,
    /// Its clause.
    pub clause: &'a str,
    /// The account; `None` = a thumbs-up.
    pub by: Option<&'a str>,
    /// Now.
    pub at: Timestamp,
}

/// A reply as curators may look at it.
#[derive(Debug, Clone)]
pub struct PastReply {
    /// Its conversation.
    pub conversation_id: Uuid,
    /// Verified audience of the conversation.
    pub audience: Audience,
    /// The turn.
    pub turn_id: Uuid,
    /// As asked: personal data are still in it.
    pub question: String,
    /// As answered.
    pub reply: MessageBody,
    /// How it was found.
    pub trace: Option<Trace>,
    /// What the conversation knows of persons.
    pub vault: Vault,
}

/// The conversation room's storage.
#[async_trait]
pub trait ConversationStore: Send + Sync + std::fmt::Debug {
    /// Stores a new conversation.
    async fn create(&self, conversation: &Conversation, at: Timestamp) -> Result<(), StoreError>;
    /// Looks a conversation up.
    async fn conversation(&self, id: Uuid) -> Result<Option<Conversation>, StoreError>;
    /// Looks a conversation up by the hash of its token.
    async fn conversation_of_token(&self, token_hash: &str) -> Result<Option<Conversation>, StoreError>;
    /// Replaces what a conversation remembers.
    async fn remember(&self, id: Uuid, memory: &Memory) -> Result<(), StoreError>;
    /// Deletes a conversation with everything in it; returns the ids of its attachments.
    async fn delete(&self, id: Uuid) -> Result<Vec<Uuid>, StoreError>;
    /// Conversations whose last message is older than `before` and that no ticket points to.
    async fn expired(&self, before: Timestamp, limit: u32) -> Result<Vec<Uuid>, StoreError>;

    /// Stores the resident's message and opens its turn, or finds the turn that it already has.
    async fn begin_turn(&self, turn: NewTurn<'_>) -> Result<Begun, StoreError>;
    /// Appends to the log of a running turn.
    async fn append_events(&self, turn_id: Uuid, events: &[LoggedEvent]) -> Result<(), StoreError>;
    /// Ends a turn: reply, outcome, rest of the log and memory in one transaction.
    async fn end_turn(&self, ended: EndedTurn<'_>) -> Result<(), StoreError>;
    /// A turn of a conversation.
    async fn turn(&self, conversation_id: Uuid, turn_id: Uuid) -> Result<Option<StoredTurn>, StoreError>;
    /// The log of a turn, from the first event after `after`.
    async fn turn_events(&self, turn_id: Uuid, after: u64) -> Result<Vec<StoredEvent>, StoreError>;
    /// Turns that were running when the process ended.
    async fn running_turns(&self) -> Result<Vec<StoredTurn>, StoreError>;

    /// Adds a message that belongs to no turn (news); `None` when a message with this id is there already.
    async fn add_message(
        &self,
        conversation_id: Uuid,
        id: Uuid,
        role: Role,
        body: &MessageBody,
        at: Timestamp,
    ) -> Result<Option<Message>, StoreError>;
    /// Messages after `after` (a sequence number), oldest first.
    async fn messages(&self, conversation_id: Uuid, after: i64, limit: u32) -> Result<Vec<Message>, StoreError>;
    /// The last `limit` messages, oldest first.
    async fn last_messages(&self, conversation_id: Uuid, limit: u32) -> Result<Vec<Message>, StoreError>;
    /// Stores a verdict; false when there is no such message.
    async fn feedback(&self, conversation_id: Uuid, message_id: Uuid, feedback: &str) -> Result<bool, StoreError>;

    /// Stores an attachment's row.
    async fn add_attachment(&self, attachment: &Attachment, at: Timestamp) -> Result<(), StoreError>;
    /// An attachment's row.
    async fn attachment(&self, id: Uuid) -> Result<Option<Attachment>, StoreError>;
    /// How many attachments a conversation has, or how many of an account went into no ticket yet.
    async fn attachment_count(&self, owner: Owner) -> Result<u32, StoreError>;
    /// Deletes the rows of what accounts sent before `before` and put into no ticket; returns their ids.
    async fn sweep_attachments(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError>;

    /// Keeps a question that was not answered well; of one turn only one, with the last comment.
    async fn record_gap(&self, gap: NewGap<'_>) -> Result<(), StoreError>;
    /// Keeps that the answer of a turn was called right; again with the last say.
    async fn confirm_answer(&self, confirmed: ConfirmedAnswer<'_>) -> Result<(), StoreError>;
    /// Takes back what a thumb said of a turn before: its gap, or its confirmation.
    async fn withdraw_thumb(&self, turn_id: Uuid) -> Result<(), StoreError>;
    /// A reply of any conversation with the question before it, for curators.
    async fn past_reply(&self, message_id: Uuid) -> Result<Option<PastReply>, StoreError>;
    /// The reply of any turn, for curators.
    async fn past_turn(&self, turn_id: Uuid) -> Result<Option<PastReply>, StoreError>;

    /// Turns of any conversation that have ended, by time.
    async fn logged(&self, filter: &LogFilter, skip: u32, take: u32) -> Result<Vec<StoredLine>, StoreError>;
    /// How many there are.
    async fn logged_count(&self, filter: &LogFilter) -> Result<u64, StoreError>;
    /// Channels that they came through, by name.
    async fn logged_channels(&self) -> Result<Vec<String>, StoreError>;
    /// Notes how at most `limit` turns went that ended before there was a log; returns how many.
    async fn complete_log(&self, limit: u32) -> Result<u64, StoreError>;
    /// How the last answers were found, newest first.
    async fn recent_traces(&self, limit: u32) -> Result<Vec<(Uuid, Trace)>, StoreError>;
}

/// Where the bytes of attachments lie.
#[async_trait]
pub trait Blobs: Send + Sync + std::fmt::Debug {
    /// Keeps bytes; they are on disk when it returns.
    async fn put(&self, id: Uuid, bytes: bytes::Bytes) -> Result<(), StoreError>;
    /// The bytes, when they are there.
    async fn get(&self, id: Uuid) -> Result<Option<bytes::Bytes>, StoreError>;
    /// Removes bytes; removing what is not there is fine.
    async fn remove(&self, id: Uuid) -> Result<(), StoreError>;
}
