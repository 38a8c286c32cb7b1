//! `POST /api/v1/admin/documents/{id}/check`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::FindingView;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::publish_gate::GateReport;

/// What publishing would meet.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentCheck {
    /// What the canonical questions say; null where none are asked before publishing.
    pub report: Option<GateReport>,
    /// What is to be acknowledged when more answers would be lost than may be.
    pub finding: Option<FindingView>,
}

/// Asks the canonical questions with and without the version that waits. Nothing is published.
#[utoipa::path(post, path = "/api/v1/admin/documents/{id}/check", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DocumentCheck), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn check_document(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<DocumentCheck>, Problem> {
    let tried = api.life.gate(&id).await.map_err(|e| super::refusal(&e))?;
    let (report, finding) = tried.map_or((None, None), |(report, finding)| (Some(report), finding));
    Ok(Json(DocumentCheck { report, finding: finding.map(FindingView::from) }))
}
