//! `POST /api/v1/admin/documents/{id}/withdraw`.

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

/// Takes a version back before it is decided; its content is a draft again. Only for those who wrote on it.
#[utoipa::path(post, path = "/api/v1/admin/documents/{id}/withdraw", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)), request_body = Remark,
    responses((status = 200, body = DocumentView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn withdraw_version(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<Remark>,
) -> Result<Response, Problem> {
    let by = crate::http::admin::actor(&caller);
    let acted = api.life.withdraw(&id, &by, &wish.note).await.map_err(|e| super::refusal(&e))?;
    super::audit(&api, &caller, "document.withdraw", &acted, json!({})).await?;
    Ok(super::shown(&api, &acted.after))
}
