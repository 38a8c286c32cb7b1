//! `GET /api/v1/worker/tickets/{number}/attachments/{id}`: what belongs to a ticket, to whoever may see the ticket.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;

use serde_json::json;

use super::{guarded, in_scope};
use crate::conversation::media::MediaKind;
use crate::conversation::store::Owner;
use crate::http::callers;
use crate::http::media::{self, Form};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::{Caller, Permission};

/// An attachment of a ticket of the caller's part of the street. Another ticket's is not there.
///
/// The voice of somebody who is kept secret names them: the centre only, and each hearing is in the audit log before the answer leaves.
#[utoipa::path(get, path = "/api/v1/worker/tickets/{number}/attachments/{id}", tag = "工单", security(("session" = []), ("key" = [])),
    params(("number" = String, Path), ("id" = Uuid, Path), Form),
    responses((status = 200, description = "image/*, audio/*, video/*"), (status = 206, description = "the part that Range asks for"),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 500, body = ProblemBody)))]
pub async fn get_ticket_attachment(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path((number, id)): Path<(String, String)>,
    Query(form): Query<Form>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let ticket = in_scope(&api, &caller, &number).await?;
    let id = callers::id(&id)?;
    let missing = || Problem::new(Code::NotFound).detail("这张工单没有这个附件，或者居民已经删除");
    if !ticket.attachments.contains(&id) {
        return Err(missing());
    }
    let row = api.conversations.attachment(id).await.map_err(|e| Problem::unavailable(&e))?.ok_or_else(missing)?;
    if guarded(&ticket) && row.kind != MediaKind::Photo && matches!(row.owner, Owner::Conversation(_)) {
        if !caller.may(Permission::ConfidentialRead) {
            return Err(Problem::new(Code::Forbidden).detail("这张工单的反映人要求保密，录音录像里有声音，只有指挥中心可以打开"));
        }
        let what = json!({ "attachment": id, "guarded": true });
        api.audit
            .record(&caller, "identity.read", ("ticket", &ticket.number), what)
            .await
            .map_err(|e| Problem::unavailable(&e))?;
    }
    media::give(&api, &row, &form, &headers).await
}
