//! `POST /api/v1/admin/documents/{id}/findings/{finding}/acknowledge`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::submit::Remark;
use super::view::DocumentView;
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Stands by the text in spite of a finding, with a reason that is kept. What blocks cannot be acknowledged.
#[utoipa::path(post, path = "/api/v1/admin/documents/{id}/findings/{finding}/acknowledge", tag = "资料",
    security(("session" = []), ("key" = [])), params(("id" = String, Path), ("finding" = String, Path)), request_body = Remark,
    responses((status = 200, body = DocumentView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn acknowledge_finding(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path((id, finding)): Path<(String, String)>,
    JsonBody(wish): JsonBody<Remark>,
) -> Result<Response, Problem> {
    let by = crate::http::admin::actor(&caller);
    let acted = api.life.acknowledge(&id, &finding, &by, &wish.note).await.map_err(|e| super::refusal(&e))?;
    super::audit(&api, &caller, "document.acknowledge", &acted, json!({ "finding": finding, "note": wish.note })).await?;
    Ok(super::shown(&api, &acted.after))
}
