//! `GET /api/v1/worker/ledgers/{id}/attachments/{attachment}`: photos of visits, to whoever may see the entry.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::own;
use crate::http::callers;
use crate::http::media::{self, Form};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;

/// A photo of a visit to an entry of the caller's part of the street.
#[utoipa::path(get, path = "/api/v1/worker/ledgers/{id}/attachments/{attachment}", tag = "台账",
    security(("session" = []), ("key" = [])), params(("id" = Uuid, Path), ("attachment" = Uuid, Path), Form),
    responses((status = 200, description = "image/*"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_visit_attachment(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path((id, attachment)): Path<(String, String)>,
    Query(form): Query<Form>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entry = own(&api, &caller, &id).await?;
    let wanted = callers::id(&attachment)?;
    let missing = || Problem::new(Code::NotFound).detail("这条台账没有这个附件");
    let visits = api.ledgers.visits(entry.id, 500).await.map_err(refusal)?;
    if !visits.iter().any(|v| v.attachments.contains(&wanted)) {
        return Err(missing());
    }
    let row = api.conversations.attachment(wanted).await.map_err(|e| Problem::unavailable(&e))?.ok_or_else(missing)?;
    media::give(&api, &row, &form, &headers).await
}
