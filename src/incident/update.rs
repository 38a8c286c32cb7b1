//! What a platform that has a ticket must learn of it afterwards. Each update has an id of its own and arrives after
//! everything that happened before it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ticket::{Deadlines, Route, Status, Ticket};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateKind {
    /// The resident says that it is not solved.
    Reopened,
    /// The resident takes it back.
    Withdrawn,
    /// More residents stand behind it, or it went into another ticket.
    Joined,
    /// A resident's report is a ticket of its own again.
    Split,
    /// Something was added: words, a photo.
    Supplemented,
    /// The deadline was put off by us.
    Extended,
    /// Another post is to act.
    Rerouted,
    /// The resident rated the result.
    Rated,
    /// Somebody of ours moved it on.
    Moved,
}

impl UpdateKind {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reopened => "reopened",
            Self::Withdrawn => "withdrawn",
            Self::Joined => "joined",
            Self::Split => "split",
            Self::Supplemented => "supplemented",
            Self::Extended => "extended",
            Self::Rerouted => "rerouted",
            Self::Rated => "rated",
            Self::Moved => "moved",
        }
    }

    /// What a move of ours to `to` is for a platform.
    #[must_use]
    pub const fn of_move(to: Status) -> Self {
        match to {
            Status::重新办理 => Self::Reopened,
            Status::撤销 => Self::Withdrawn,
            Status::合并 => Self::Joined,
            Status::延期 => Self::Extended,
            _ => Self::Moved,
        }
    }
}

/// What the resident thinks of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stars {
    /// Whether it is solved.
    pub solved: bool,
    /// 1..=5.
    pub stars: u8,
}

/// One update. What is shown of the ticket in it (state, deadline, route, counts) is as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// Its idempotency key.
    pub id: Uuid,
    /// What happened.
    pub kind: UpdateKind,
    /// When.
    pub at: Timestamp,
    /// Who did it: 居民, 系统, or a post's title.
    pub by: String,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where the ticket stands since.
    pub status: Status,
    /// How many residents stand behind it.
    pub joined: u32,
    /// How many suffer from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_affected: Option<u32>,
    /// Until when.
    pub clock: Deadlines,
    /// Who acts.
    pub route: Route,
    /// The rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Stars>,
}

impl Update {
    /// Of a ticket as it stands now.
    #[must_use]
    pub fn of(ticket: &Ticket, id: Uuid, kind: UpdateKind, at: Timestamp, by: &str, note: Option<String>) -> Self {
        Self {
            id,
            kind,
            at,
            by: by.to_owned(),
            note,
            status: ticket.status,
            joined: ticket.joined,
            people_affected: ticket.people_affected,
            clock: ticket.clock.clone(),
            route: ticket.route.clone(),
            rating: None,
        }
    }
}
