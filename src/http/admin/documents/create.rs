//! `POST /api/v1/admin/documents`.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::view::{Content, DocumentView};
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// A document to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDocument {
    /// Stable id.
    pub id: String,
    /// Front matter and text.
    pub content: Content,
    /// A remark for the history.
    #[serde(default)]
    pub note: String,
}

/// Begins a new document as a draft.
#[utoipa::path(post, path = "/api/v1/admin/documents", tag = "资料", security(("session" = []), ("key" = [])),
    request_body = CreateDocument,
    responses((status = 201, body = DocumentView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create_document(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<CreateDocument>,
) -> Result<Response, Problem> {
    let content = wish.content.parsed(&wish.id)?;
    let acted =
        api.life.create(content, &crate::http::admin::actor(&caller), &wish.note).await.map_err(|e| super::refusal(&e))?;
    super::audit(&api, &caller, "document.create", &acted, json!({ "revision": 1 })).await?;
    Ok((StatusCode::CREATED, super::shown(&api, &acted.after)).into_response())
}
