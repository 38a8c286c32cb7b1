//! Messages as a reader of the history sees them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::outcome::{Citation, Finish, Route};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MessageRole)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person at the other end, resident or gridworker.
    Resident,
    /// The service, in answer to a message.
    Assistant,
    /// The service, by itself: a ticket moved.
    News,
}

impl Role {
    /// The stored word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Assistant => "assistant",
            Self::News => "news",
        }
    }

    /// The role of a stored word; anything unknown is news, which is only shown.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "resident" => Self::Resident,
            "assistant" => Self::Assistant,
            _ => Self::News,
        }
    }
}

/// What a message holds beside its place in the conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessageBody {
    /// The words as shown.
    pub text: String,
    /// Which way the turn went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// What the words rest on.
    #[serde(default)]
    pub citations: Vec<Citation>,
    /// A card, see the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub card: Option<serde_json::Value>,
    /// How the turn ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<Finish>,
    /// True only if a model wrote the words.
    #[serde(default)]
    pub generated: bool,
    /// The AI label, on generated words only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Ids of pictures.
    #[serde(default)]
    pub attachments: Vec<Uuid>,
}

/// A message of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Public id.
    pub id: Uuid,
    /// Grows within the conversation.
    pub seq: i64,
    /// Who speaks.
    pub role: Role,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The turn it belongs to; news has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<Uuid>,
    /// As the client named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// The rest.
    #[serde(flatten)]
    pub body: MessageBody,
    /// `up` or `down`, once somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
}
