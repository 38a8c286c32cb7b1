//! `DELETE /api/v1/admin/documents/{id}/draft`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::view::DocumentView;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Throws the draft away; what was published stays.
#[utoipa::path(delete, path = "/api/v1/admin/documents/{id}/draft", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = DocumentView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 428, body = ProblemBody)))]
pub async fn discard_draft(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = super::seen(&headers)?;
    let acted = api.life.discard(&id, seen, &crate::http::admin::actor(&caller), "").await.map_err(|e| super::refusal(&e))?;
    super::audit(&api, &caller, "document.discard", &acted, json!({ "revision": seen })).await?;
    Ok(super::shown(&api, &acted.after))
}
