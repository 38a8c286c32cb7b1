//! `POST /api/v1/admin/documents/preview`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{Content, FindingView, PieceView};
use crate::http::body::JsonBody;
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::life::form;

/// A text to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewDocument {
    /// Stable id: other versions of the same document are no duplicates of it.
    pub id: String,
    /// Front matter and text.
    pub content: Content,
}

/// How a text will be cut and what is to be looked at.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preview {
    /// The pieces as they will be found and cited.
    pub pieces: Vec<PieceView>,
    /// Fields that are missing or wrong.
    pub faults: Vec<FieldProblem>,
    /// Near copies and contradictions among what is published.
    pub findings: Vec<FindingView>,
}

/// Shows the pieces of a text before it goes live, what is missing, and what it repeats or contradicts. Keeps nothing.
#[utoipa::path(post, path = "/api/v1/admin/documents/preview", tag = "资料", security(("session" = []), ("key" = [])),
    request_body = PreviewDocument,
    responses((status = 200, body = Preview), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn preview_document(
    State(api): State<ApiState>,
    JsonBody(wish): JsonBody<PreviewDocument>,
) -> Result<Json<Preview>, Problem> {
    let content = wish.content.parsed(&wish.id)?;
    let faults = form::faults(&content, api.life.today());
    let pieces = content.passages(0).into_iter().map(PieceView::from).collect();
    let findings = api.life.check(content).await.map_err(|e| super::refusal(&e))?;
    Ok(Json(Preview {
        pieces,
        faults: faults.into_iter().map(|f| FieldProblem { field: f.field.to_owned(), message: f.message }).collect(),
        findings: findings.into_iter().map(FindingView::from).collect(),
    }))
}
