//! `/api/v1/worker/…/dispute`: a post says that a ticket is not for it, another person decides. The rules are `incident::dispute`.

pub mod decide;
pub mod list;
pub mod of_ticket;
pub mod raise;

use crate::http::problem::{Code, Problem};
use crate::http::state::Api;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::dispute::{DisputeError, MAX_REASON};
use crate::incident::store::StoreError;
use crate::incident::ticket::Ticket;

/// The ticket, when it lies in the caller's part of the street. What is outside does not exist for them.
async fn own(api: &Api, caller: &Caller, number: &str) -> Result<Ticket, Problem> {
    let missing = || Problem::new(Code::NotFound).detail("没有这个工单");
    let ticket = api.tickets.get(number).await.map_err(refusal)?.ok_or_else(missing)?;
    let (community, grid) = (ticket.place.community.as_deref(), ticket.place.grid_code.as_deref());
    if caller.scope.covers(community.unwrap_or_default(), grid.unwrap_or_default()) { Ok(ticket) } else { Err(missing()) }
}

/// A reason that says something.
fn reason(words: &str) -> Result<String, Problem> {
    let words = words.trim();
    if words.is_empty() || words.chars().count() > MAX_REASON {
        return Err(Problem::new(Code::InvalidBody).detail(format!("请写明理由，{MAX_REASON}字以内")));
    }
    Ok(words.to_owned())
}

fn problem(error: DisputeError) -> Problem {
    let words = error.to_string();
    match error {
        DisputeError::Designated => Problem::new(Code::NotDisputable).detail(words),
        DisputeError::Own => Problem::new(Code::OwnDispute).detail(words),
        DisputeError::Waiting
        | DisputeError::State(_)
        | DisputeError::Nothing
        | DisputeError::Store(StoreError::IllegalMove { .. }) => Problem::new(Code::Conflict).detail(words),
        DisputeError::Store(error) => refusal(error),
    }
}
