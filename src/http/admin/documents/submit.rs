//! `POST /api/v1/admin/documents/{id}/submit`.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::view::{DocumentView, FindingView};
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Words that go with a move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// Reason or remark.
    #[serde(default)]
    pub note: String,
}

/// A version that waits, and what its reviewer will have to look at.
#[derive(Debug, Serialize, ToSchema)]
pub struct Submitted {
    /// The document.
    pub document: DocumentView,
    /// The new version.
    pub version: Option<u32>,
    /// Near copies and contradictions; those that block must go, the others need somebody who stands by the text.
    pub findings: Vec<FindingView>,
}

/// Hands the draft in for review: from now on this version is never changed.
#[utoipa::path(post, path = "/api/v1/admin/documents/{id}/submit", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Remark,
    responses((status = 200, body = Submitted), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody)))]
pub async fn submit_draft(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(wish): JsonBody<Remark>,
) -> Result<Json<Submitted>, Problem> {
    let seen = super::seen(&headers)?;
    let done = api.life.submit(&id, seen, &crate::http::admin::actor(&caller), &wish.note).await;
    let (acted, findings) = done.map_err(|e| super::refusal(&e))?;
    let version = acted.after.waiting().map(|v| v.version);
    super::audit(&api, &caller, "document.submit", &acted, json!({ "version": version, "findings": findings.len() })).await?;
    let document = DocumentView::new(&acted.after, api.life.today());
    Ok(Json(Submitted { document, version, findings: findings.into_iter().map(FindingView::from).collect() }))
}
