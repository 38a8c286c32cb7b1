//! `POST /api/v1/admin/documents/{id}/rollback`.

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

/// Which version comes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    /// A version that was once published.
    pub version: u32,
    /// A remark for the history.
    #[serde(default)]
    pub note: String,
}

/// Begins a draft with the content of an old published version. It goes through review like any other.
#[utoipa::path(post, path = "/api/v1/admin/documents/{id}/rollback", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)), request_body = RollBack,
    responses((status = 200, body = DocumentView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn roll_back(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<RollBack>,
) -> Result<Response, Problem> {
    let by = crate::http::admin::actor(&caller);
    let acted = api.life.roll_back(&id, wish.version, &by, &wish.note).await.map_err(|e| super::refusal(&e))?;
    super::audit(&api, &caller, "document.rollback", &acted, json!({ "version": wish.version })).await?;
    Ok(super::shown(&api, &acted.after))
}
