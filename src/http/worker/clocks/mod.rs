//! `/api/v1/worker/…/clocks`, `pause`, `resume`, `extend` and `alerts`: deadlines in the hands of staff.

pub mod alerts;
pub mod extend;
pub mod get;
pub mod pause;
pub mod resume;
pub mod take;

use serde_json::json;

use crate::http::problem::{Code, Problem};
use crate::http::state::Api;
use crate::http::tickets::refusal;
use crate::http::worker::acting;
use crate::identity::Caller;
use crate::identity::role::Permission;
use crate::incident::clock_store::{Actor, ClockError, Within};
use crate::incident::store::StoreError;
use crate::incident::ticket::Ticket;

/// The longest reason or note, in characters.
const WORDS: usize = 200;

/// A ticket of the caller's part of the street; what lies elsewhere does not exist for them.
async fn ticket_of(api: &Api, caller: &Caller, number: &str) -> Result<Ticket, Problem> {
    let missing = || Problem::new(Code::NotFound).detail("没有这个工单");
    let ticket = api.tickets.get(number).await.map_err(refusal)?.ok_or_else(missing)?;
    if within(caller)(&ticket.place) { Ok(ticket) } else { Err(missing()) }
}

/// What the caller may see.
pub(in crate::http) fn within(caller: &Caller) -> Box<Within> {
    let scope = caller.scope.clone();
    Box::new(move |place| {
        scope.covers(place.community.as_deref().unwrap_or_default(), place.grid_code.as_deref().unwrap_or_default())
    })
}

fn actor(caller: &Caller) -> Actor {
    Actor { account: caller.account_id.to_string(), may_review: caller.may(Permission::TicketDispatch) }
}

/// Written down first: a deadline that moved without a trace is worse than a trace of one that did not.
async fn trace(api: &Api, caller: &Caller, action: &str, number: &str, detail: serde_json::Value) -> Result<(), Problem> {
    let detail = acting::noted(api, caller, number, detail).await?;
    let traced = api.audit.record(caller, action, ("ticket", number), detail).await;
    traced.map_err(|error| Problem::unavailable(&error))
}

/// A refused wish as a problem.
fn refused(error: ClockError) -> Problem {
    let words = error.to_string();
    match error {
        ClockError::NotRunning(_) | ClockError::NotAccepted(_) | ClockError::PausedAlready(_) | ClockError::Paused => {
            Problem::new(Code::Conflict).detail(words)
        }
        ClockError::Moved { due, .. } => Problem::new(Code::DeadlineMoved).detail(words).with("resolve_by", json!(due)),
        ClockError::NeedsReviewer => Problem::new(Code::ReviewerNeeded).detail(words),
        ClockError::Invalid(_) => Problem::new(Code::InvalidBody).detail(words),
        ClockError::Store(error @ (StoreError::NotFound(_) | StoreError::Unavailable(_))) => refusal(error),
        ClockError::Store(error @ (StoreError::IllegalMove { .. } | StoreError::Invalid(_))) => {
            Problem::new(Code::Conflict).detail(error.to_string())
        }
    }
}

/// Words that somebody typed, trimmed; too many are refused rather than cut.
fn words(field: &'static str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > WORDS {
        return Err(Problem::new(Code::InvalidBody).detail(format!("{field}：最多{WORDS}个字")));
    }
    Ok(text.to_owned())
}
