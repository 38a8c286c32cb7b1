//! `POST /api/v1/worker/tickets/{number}/moves`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{StaffTicket, in_scope, post_of};
use crate::conversation::store::Owner;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::tickets::attachments::{checked, not_added};
use crate::http::tickets::refusal;
use crate::http::worker::acting;
use crate::identity::{Caller, Permission};
use crate::incident::store::TicketMove;
use crate::incident::ticket::Status;

/// Longest note, in characters.
const NOTE: usize = 500;

/// A move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffMove {
    /// 已受理, 已交办, 处置中 or 已办结. Returning, extending, merging and withdrawing have calls of their own.
    pub to: Status,
    /// The state that was seen; another one by now is a conflict, so that two people never move a ticket twice.
    #[serde(default)]
    pub from: Option<Status>,
    /// For the resident, in plain words; needed for 已办结.
    #[serde(default)]
    pub note: Option<String>,
    /// Ids from `POST /worker/attachments` of the same account; the resident sees them with the move.
    #[serde(default)]
    pub attachments: Vec<Uuid>,
}

/// Moves a ticket on. The resident is told, and so is every platform that has it.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/moves", tag = "工单", security(("session" = []), ("key" = [])),
    params(("number" = String, Path)), request_body = StaffMove,
    responses((status = 200, body = StaffTicket), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn move_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(step): JsonBody<StaffMove>,
) -> Result<Json<StaffTicket>, Problem> {
    let ticket = in_scope(&api, &caller, &number).await?;
    if !matches!(step.to, Status::已受理 | Status::已交办 | Status::处置中 | Status::已办结) {
        return Err(Problem::new(Code::InvalidBody).detail(format!("“{}”不能这样办，请用对应的操作", step.to.word())));
    }
    if step.to == Status::已交办 && !caller.may(Permission::TicketDispatch) {
        return Err(Problem::new(Code::Forbidden).detail("交办由流转调度岗操作"));
    }
    let note = step.note.map(|n| n.trim().chars().take(NOTE).collect::<String>()).filter(|n| !n.is_empty());
    if step.to == Status::已办结 && note.is_none() {
        return Err(Problem::new(Code::InvalidBody).detail("办结要写明处理结果，居民会看到"));
    }
    check_attachments(&api, &caller, &step.attachments).await?;
    if ticket.status == step.to {
        // A second tap: it stands there already. What is brought later still belongs to it; what is there is left out.
        if step.attachments.is_empty() {
            return Ok(Json(ticket.into()));
        }
        let by = post_of(&api, &caller, &ticket);
        let added = api.conversations.add_to(&ticket, &by, &step.attachments, note.as_deref()).await.map_err(not_added)?;
        return Ok(Json(added.into()));
    }
    if let Some(seen) = step.from.filter(|seen| *seen != ticket.status) {
        let detail = format!("工单现在是“{}”，不是“{}”，请刷新后再操作", ticket.status.word(), seen.word());
        return Err(Problem::new(Code::Conflict).detail(detail));
    }
    if !ticket.status.may_become(step.to) {
        let detail = format!("“{}”的工单不能变为“{}”", ticket.status.word(), step.to.word());
        return Err(Problem::new(Code::Conflict).detail(detail));
    }
    let detail = json!({ "from": ticket.status.word(), "to": step.to.word() });
    let detail = acting::noted(&api, &caller, &ticket.number, detail).await?;
    let traced = api.audit.record(&caller, "ticket.move", ("ticket", &ticket.number), detail).await;
    traced.map_err(|e| Problem::unavailable(&e))?;
    let by = post_of(&api, &caller, &ticket);
    let attachments = step.attachments;
    let step = TicketMove { to: step.to, by, note, at: api.clock.now() };
    let moved = api.conversations.move_with(&ticket.number, step, &attachments).await.map_err(refusal)?;
    api.delivery.bell.ring();
    Ok(Json(moved.into()))
}

/// Not too many, and all of the caller's own account.
pub async fn check_attachments(api: &Api, caller: &Caller, ids: &[Uuid]) -> Result<(), Problem> {
    if ids.is_empty() {
        return Ok(());
    }
    let owner = Owner::Account(caller.account_id);
    let foreign = api.conversations.foreign(owner, checked(api, ids)?).await.map_err(|e| Problem::unavailable(&e))?;
    match foreign {
        Some(_) => Err(Problem::new(Code::InvalidBody).detail("附件不存在，请重新上传")),
        None => Ok(()),
    }
}
