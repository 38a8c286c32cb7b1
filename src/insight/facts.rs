//! The rows that are counted. None of them names a person.

use jiff::Timestamp;
use uuid::Uuid;

use crate::incident::ticket::Status;

/// A conversation in which something was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationFact {
    /// Its number among the facts.
    pub id: i64,
    /// When it began.
    pub at: Timestamp,
    /// Channel.
    pub channel: String,
    /// `resident`, `gridworker`.
    pub audience: String,
    /// Turns that have ended.
    pub turns: u32,
    /// Questions among them.
    pub questions: u32,
    /// Questions that were answered.
    pub answered: u32,
    /// Turns in which a person was wanted.
    pub human: u32,
    /// Tickets that came of it.
    pub tickets: u32,
}

/// A turn that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnFact {
    /// Its number among the facts.
    pub id: i64,
    /// Of the conversation with this number.
    pub conversation: i64,
    /// As long as it is not deleted.
    pub turn_id: Option<Uuid>,
    /// When it was asked.
    pub at: Timestamp,
    /// Until the answer was whole.
    pub took_ms: u64,
    /// Channel.
    pub channel: String,
    /// `resident`, `gridworker`.
    pub audience: String,
    /// Which way it went: `ask`, `report`, …
    pub route: String,
    /// `complete`, `refused`, `cut`.
    pub finish: String,
    /// Whether a model wrote the words.
    pub generated: bool,
    /// Documents that were cited, the first one first: id and title.
    pub documents: Vec<(String, String)>,
    /// `up`, `down`.
    pub thumb: Option<String>,
    /// The question as the gaps keep it, personal data replaced; only of what was not answered well.
    pub question: Option<String>,
}

impl TurnFact {
    /// A question.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.route == "ask"
    }
}

/// A ticket with its whole life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFact {
    /// Its number.
    pub number: String,
    /// When it was confirmed.
    pub at: Timestamp,
    /// Channel.
    pub channel: String,
    /// Of its conversation; unknown when that was deleted.
    pub audience: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// 投诉, 求助, …
    pub kind: String,
    /// 一般, 紧急, 特急.
    pub urgency: String,
    /// Code of the category.
    pub category: String,
    /// Its names, from the first level on.
    pub path: Vec<String>,
    /// Section (板块).
    pub section: String,
    /// Post (岗位).
    pub post: String,
    /// Community; empty = not known.
    pub community: String,
    /// Code of the grid; empty = not known.
    pub grid_code: String,
    /// Name of the grid.
    pub grid: String,
    /// Estate; empty = not known.
    pub estate: String,
    /// Where exactly is nobody's business who only counts.
    pub confidential: bool,
    /// How many stand behind it.
    pub joined: u32,
    /// Until when it was to be accepted.
    pub accept_by: Timestamp,
    /// Until when it is to be resolved.
    pub resolve_by: Timestamp,
    /// The clock stands still.
    pub paused: bool,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was resolved last.
    pub resolved_at: Option<Timestamp>,
    /// How often it was done again.
    pub reopened: u32,
    /// How often a post gave it back.
    pub returned: u32,
    /// The resident's last word: solved or not, stars.
    pub rating: Option<(bool, u8)>,
}

impl TicketFact {
    /// Somebody has it to do: neither joined with another nor withdrawn.
    #[must_use]
    pub const fn on_duty(&self) -> bool {
        !matches!(self.status, Status::合并 | Status::撤销)
    }

    /// It is done, as it stands now.
    #[must_use]
    pub const fn done(&self) -> bool {
        matches!(self.status, Status::已办结 | Status::已回访)
    }
}

/// A push of a ticket to a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFact {
    /// The row of the outbox.
    pub id: i64,
    /// When it was put there.
    pub at: Timestamp,
    /// The ticket's number.
    pub number: String,
    /// Platform.
    pub destination: String,
    /// `incident`, `update`, `attachment`.
    pub kind: String,
    /// `pending`, `delivered`, `dead`.
    pub state: String,
    /// Attempts.
    pub attempts: u32,
    /// The ticket's community; empty = not known.
    pub community: String,
    /// The ticket's grid; empty = not known.
    pub grid_code: String,
    /// The ticket's channel.
    pub channel: String,
}

/// What is waiting for somebody right now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Pushes that a platform refused.
    pub dead_letters: u64,
    /// Pushes that have waited for ten minutes and more.
    pub late_pushes: u64,
    /// Platforms that somebody has paused.
    pub paused_destinations: u64,
    /// Groups of questions that nobody has taken.
    pub open_gaps: u64,
    /// Groups that are beyond their day.
    pub late_gaps: u64,
    /// Versions that wait for a second person.
    pub in_review: u64,
    /// Fixed answers whose newest version is not live.
    pub curated_drafts: u64,
    /// Published documents that end within thirty days.
    pub expiring: u64,
    /// Published documents that have ended, without a successor of the same document.
    pub expired: u64,
    /// Published documents whose day of review has come.
    pub review_due: u64,
    /// Imports with files that failed, of the last seven days.
    pub failed_imports: u64,
}

/// The rows of one span.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Conversations that began in it.
    pub conversations: Vec<ConversationFact>,
    /// Turns that were asked in it.
    pub turns: Vec<TurnFact>,
    /// Tickets that were confirmed in it.
    pub tickets: Vec<TicketFact>,
    /// Pushes that were put into the outbox in it.
    pub deliveries: Vec<DeliveryFact>,
}

/// What the rows are narrowed to; empty = everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// Channel.
    pub channel: Option<String>,
    /// `resident`, `gridworker`.
    pub audience: Option<String>,
    /// Community. Conversations have no place: they are left out.
    pub community: Option<String>,
    /// Code of a grid. Conversations have no place: they are left out.
    pub grid: Option<String>,
}

impl Narrowed {
    /// True when only what has a place is counted.
    #[must_use]
    pub const fn to_a_place(&self) -> bool {
        self.community.is_some() || self.grid.is_some()
    }
}

impl Facts {
    /// Only what fits. `seen` says which places (community, grid) the caller may see; it is asked of tickets and pushes.
    #[must_use]
    pub fn narrowed(mut self, to: &Narrowed, seen: impl Fn(&str, &str) -> bool) -> Self {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        let talk = |channel: &str, audience: &str| !to.to_a_place() && fits(&to.channel, channel) && fits(&to.audience, audience);
        let place = |community: &str, grid: &str| fits(&to.community, community) && fits(&to.grid, grid) && seen(community, grid);
        self.conversations.retain(|c| talk(&c.channel, &c.audience));
        self.turns.retain(|t| talk(&t.channel, &t.audience));
        self.tickets.retain(|t| {
            fits(&to.channel, &t.channel)
                && to.audience.as_deref().is_none_or(|w| t.audience.as_deref() == Some(w))
                && place(&t.community, &t.grid_code)
        });
        self.deliveries.retain(|d| fits(&to.channel, &d.channel) && to.audience.is_none() && place(&d.community, &d.grid_code));
        self
    }
}
