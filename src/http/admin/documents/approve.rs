//! `POST /api/v1/admin/documents/{id}/approve`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::view::DocumentView;
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Which version was read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// The version that waits.
    pub version: u32,
    /// A remark for the history.
    #[serde(default)]
    pub note: String,
}

/// Publishes the version that waits. Never by somebody who wrote on it; not while findings are open. It answers from its
/// first day on: what is published for a later day leaves the version before it in place until then.
#[utoipa::path(post, path = "/api/v1/admin/documents/{id}/approve", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)), request_body = Approve,
    responses((status = 200, body = DocumentView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn approve_version(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<Approve>,
) -> Result<Response, Problem> {
    let by = crate::http::admin::actor(&caller);
    let acted = api.life.approve(&id, wish.version, &by, &wish.note).await.map_err(|e| super::refusal(&e))?;
    super::audit(&api, &caller, "document.approve", &acted, json!({ "version": wish.version })).await?;
    Ok(super::shown(&api, &acted.after))
}
