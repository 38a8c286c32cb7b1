//! `/api/v1/worker/tickets`: tickets as those see them who handle them. Who reported is not in them: that is asked for on its
//! own (`identity`), with a reason, and written down.

pub mod attachments;
pub mod board;
pub mod get;
pub mod identity;
pub mod list;
pub mod moves;
pub mod relations;
pub mod revisit;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::problem::{Code, Problem};
use crate::http::state::Api;
use crate::http::tickets::refusal;
use crate::http::worker::acting;
use crate::identity::{Caller, Role};
use crate::incident::ticket::{Category, Deadlines, FilingStandard, Kind, Place, Route, Status, Ticket, Urgency};

/// A ticket without what names its reporter.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffTicket {
    /// `WG…`
    pub number: String,
    /// What the resident wants.
    pub kind: Kind,
    /// The category.
    pub category: Category,
    /// At most 30 characters.
    pub title: String,
    /// What happened.
    pub description: String,
    /// Where, without the door.
    pub place: Place,
    /// When it happened, as told.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub occurred_at: Option<Timestamp>,
    /// How soon.
    pub urgency: Urgency,
    /// Why that soon.
    pub urgency_reason: String,
    /// How many suffer from it.
    pub people_affected: Option<u32>,
    /// The category's own questions and what was answered.
    pub answers: BTreeMap<String, String>,
    /// Ids of photos and recordings.
    pub attachments: Vec<Uuid>,
    /// The reporter wishes to be anonymous.
    pub anonymous: bool,
    /// Who reports goes to nobody who handles it.
    pub confidential: bool,
    /// Who acts.
    pub route: Route,
    /// Until when.
    pub clock: Deadlines,
    /// The filing-and-closing standard it was taken under.
    pub standard: Option<FilingStandard>,
    /// Where it stands.
    pub status: Status,
    /// How many residents stand behind it.
    pub joined: u32,
    /// Number of the ticket that it repeats.
    pub duplicate_of: Option<String>,
    /// The ledger it is kept in.
    pub ledger: Option<String>,
    /// Through which channel it came.
    pub channel: String,
    /// A model helped to fill it.
    pub assisted_by_ai: bool,
    /// When it was confirmed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<Ticket> for StaffTicket {
    fn from(mut ticket: Ticket) -> Self {
        drop(ticket.take_identity());
        // Every field by its name: a new one is decided upon here.
        let Ticket {
            id: _,
            number,
            kind,
            category,
            title,
            description,
            original_words: _,
            place,
            occurred_at,
            urgency,
            urgency_reason,
            people_affected,
            answers,
            attachments,
            reporter,
            confidential,
            route,
            clock,
            standard,
            status,
            joined,
            duplicate_of,
            ledger,
            source,
            assisted_by_ai,
            created_at,
            schema_version: _,
        } = ticket;
        Self {
            number,
            kind,
            category,
            title,
            description,
            place,
            occurred_at,
            urgency,
            urgency_reason,
            people_affected,
            answers,
            attachments,
            anonymous: reporter.anonymous,
            confidential,
            route,
            clock,
            standard,
            status,
            joined,
            duplicate_of,
            ledger,
            channel: source.channel,
            assisted_by_ai,
            created_at,
        }
    }
}

/// The ticket, when it lies in the caller's part of the street. What is outside does not exist for them.
pub async fn in_scope(api: &Api, caller: &Caller, number: &str) -> Result<Ticket, Problem> {
    let missing = || Problem::new(Code::NotFound).detail("没有这个工单");
    let ticket = api.tickets.matter(number).await.map_err(refusal)?.ok_or_else(missing)?;
    let (community, grid) = (ticket.place.community.as_deref(), ticket.place.grid_code.as_deref());
    if caller.scope.covers(community.unwrap_or_default(), grid.unwrap_or_default()) { Ok(ticket) } else { Err(missing()) }
}

/// Whether who reported is kept secret: only the centre learns it.
pub fn guarded(ticket: &Ticket) -> bool {
    ticket.confidential || ticket.reporter.anonymous || ticket.kind == Kind::举报
}

/// As whom the resident sees the caller act: a post, never a person.
pub fn post_of(api: &Api, caller: &Caller, ticket: &Ticket) -> String {
    let stands_in = if acting::for_whom(api, caller, ticket).is_some() { "（代班）" } else { "" };
    format!("{}{stands_in}", own_post(api, caller, ticket))
}

fn own_post(api: &Api, caller: &Caller, ticket: &Ticket) -> String {
    let rules = api.rules.load();
    if caller.roles.contains(&Role::Gridworker) && !caller.roles.contains(&Role::Dispatcher) {
        let grid = ticket.place.grid_code.as_deref().and_then(|code| rules.places.gazetteer().grid(code));
        return grid.map_or_else(|| "网格员岗".to_owned(), |g| g.handler_post.clone());
    }
    format!("{}基层治理指挥中心", rules.street)
}
