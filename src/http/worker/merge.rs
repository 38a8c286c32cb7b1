//! `POST /api/v1/worker/tickets/{number}/merge` and `…/split`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::tickets::in_scope;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::tickets::refusal;
use crate::http::worker::acting;
use crate::identity::Caller;
use crate::incident::duplicates::store::{MergeError, MergeStep, Merged};
use crate::incident::ticket::{Status, Ticket};

/// The post that merges and splits, as residents read it; the account stands in the audit log.
const DISPATCH: &str = "流转调度岗";
/// Characters of a reason.
const REASON: usize = 200;

/// Into which ticket, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeWish {
    /// Number of the ticket that carries on.
    pub into: String,
    /// For history and residents.
    pub reason: String,
}

/// Why it is taken out again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitWish {
    /// For history and residents.
    pub reason: String,
}

/// How a ticket stands after a merge or a split.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MergeStanding)]
pub struct Standing {
    /// `WG…`
    pub number: String,
    /// Its state.
    pub status: Status,
    /// Residents behind it.
    pub joined: u32,
    /// How many suffer from it: at least those who joined.
    pub people_affected: Option<u32>,
    /// The ticket that it went into.
    pub duplicate_of: Option<String>,
}

/// Both tickets afterwards.
#[derive(Debug, Serialize, ToSchema)]
pub struct MergeView {
    /// The one that was merged or split off.
    pub ticket: Standing,
    /// The other.
    pub into: Standing,
}

/// Merges a ticket, with all that was merged into it, into another that is still open. Its residents are told, and from then on
/// they are told the moves of the one that carries on.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/merge", tag = "工单", security(("session" = [])),
    params(("number" = String, Path)), request_body = MergeWish,
    responses((status = 200, body = MergeView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn merge_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(wish): JsonBody<MergeWish>,
) -> Result<Json<MergeView>, Problem> {
    let reason = reason(&wish.reason)?;
    let ticket = in_scope(&api, &caller, &number).await?;
    let into = in_scope(&api, &caller, wish.into.trim()).await?;
    if !ticket.status.may_become(Status::合并) || !into.status.may_take_in() || ticket.id == into.id {
        let words =
            format!("工单 {}（{}）不能并入 {}（{}）", ticket.number, ticket.status.word(), into.number, into.status.word());
        return Err(Problem::new(Code::Conflict).detail(words));
    }
    trace(&api, &caller, "ticket.merge", &ticket, json!({ "into": into.number, "reason": reason })).await?;
    let step = MergeStep { by: DISPATCH.to_owned(), reason, at: api.clock.now() };
    let merged = api.merges.merge(&ticket.number, &into.number, step).await.map_err(refused)?;
    api.delivery.bell.ring();
    Ok(view(merged))
}

/// Takes a merged ticket out again: it has its state from before, the other one its counts from before.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/split", tag = "工单", security(("session" = [])),
    params(("number" = String, Path)), request_body = SplitWish,
    responses((status = 200, body = MergeView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn split_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(wish): JsonBody<SplitWish>,
) -> Result<Json<MergeView>, Problem> {
    let reason = reason(&wish.reason)?;
    let ticket = in_scope(&api, &caller, &number).await?;
    let Some(into) = ticket.duplicate_of.as_deref().filter(|_| ticket.status == Status::合并) else {
        return Err(Problem::new(Code::Conflict).detail("这张工单没有合并到别的工单"));
    };
    let into = in_scope(&api, &caller, into).await?;
    trace(&api, &caller, "ticket.split", &ticket, json!({ "from": into.number, "reason": reason })).await?;
    let step = MergeStep { by: DISPATCH.to_owned(), reason, at: api.clock.now() };
    let split = api.merges.split(&ticket.number, step, &api.destinations).await.map_err(refused)?;
    api.delivery.bell.ring();
    Ok(view(split))
}

fn reason(words: &str) -> Result<String, Problem> {
    let words = words.trim();
    match words.chars().count() {
        0 => Err(Problem::new(Code::InvalidBody).detail("请写明理由")),
        count if count > REASON => Err(Problem::new(Code::InvalidBody).detail(format!("理由最多{REASON}个字"))),
        _ => Ok(words.to_owned()),
    }
}

/// Written down first: a merge that nobody can trace is worse than a trace of one that did not come to be.
async fn trace(api: &Api, caller: &Caller, action: &str, ticket: &Ticket, detail: Value) -> Result<(), Problem> {
    let detail = acting::noted(api, caller, &ticket.number, detail).await?;
    api.audit.record(caller, action, ("ticket", &ticket.number), detail).await.map_err(|error| Problem::unavailable(&error))
}

fn refused(error: MergeError) -> Problem {
    match error {
        MergeError::Refused(words) => Problem::new(Code::Conflict).detail(words),
        MergeError::Store(error) => refusal(error),
    }
}

fn view(merged: Merged) -> Json<MergeView> {
    let standing = |ticket: Ticket| Standing {
        number: ticket.number,
        status: ticket.status,
        joined: ticket.joined,
        people_affected: ticket.people_affected,
        duplicate_of: ticket.duplicate_of,
    };
    Json(MergeView { ticket: standing(merged.ticket), into: standing(merged.into) })
}
