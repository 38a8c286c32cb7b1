//! `/api/v1/tickets`: where a ticket stands, for whoever has the right to know.

pub mod attachments;
pub mod get;
pub mod lookup;
pub mod rating;
pub mod withdraw;

use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::callers;
use super::problem::{Code, Problem};
use super::state::Api;
use crate::incident::evidence::AddedEvidence;
use crate::incident::progress::{self, TimelineEntry};
use crate::incident::store::StoreError;
use crate::incident::ticket::Ticket;

/// A ticket with its story.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketStory {
    /// The ticket.
    pub ticket: Ticket,
    /// Its moves in plain words, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// What was added after it was confirmed, oldest first.
    pub added: Vec<AddedEvidence>,
}

/// A store's failure as a refusal.
pub fn refusal(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound(_) => Problem::new(Code::NotFound).detail("没有这个工单"),
        StoreError::IllegalMove { .. } => Problem::new(Code::Conflict).detail("工单还没有办结，暂时不能评价"),
        StoreError::Invalid(why) => Problem::new(Code::InvalidBody).detail(why),
        StoreError::Unavailable(_) => Problem::unavailable(&error),
    }
}

/// The ticket, when the bearer is the key of its conversation.
async fn own_ticket(api: &Api, headers: &HeaderMap, number: &str) -> Result<Ticket, Problem> {
    callers::bearer(headers).ok_or(Code::Unauthenticated)?;
    let found = api.tickets.get(number).await.map_err(refusal)?;
    let ticket = found.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这个工单"))?;
    // Somebody else's number must look like no number at all.
    match callers::conversation(api, headers, ticket.source.conversation_id).await {
        Ok(_) => Ok(ticket),
        Err(problem) if problem.code == Code::Unavailable => Err(problem),
        Err(_) => Err(Problem::new(Code::NotFound).detail("没有这个工单")),
    }
}

async fn story(api: &Api, ticket: Ticket) -> Result<TicketStory, Problem> {
    let moves = api.tickets.timeline(&ticket.number).await.map_err(refusal)?;
    let timeline = progress::timeline(&moves, &api.rules.load().news);
    let added = api.conversations.added(&ticket.number).await.map_err(refusal)?;
    Ok(TicketStory { ticket, timeline, added })
}
