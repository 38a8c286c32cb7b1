//! `GET /api/v1/admin/documents/{id}/findings`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::FindingView;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Findings.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingList {
    /// How many stand in the way of publishing.
    pub open: usize,
    /// The worst first.
    pub findings: Vec<FindingView>,
}

/// What is to be looked at in the draft or the version that waits, both passages side by side.
#[utoipa::path(get, path = "/api/v1/admin/documents/{id}/findings", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = FindingList), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_findings(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<FindingList>, Problem> {
    let findings = api.life.findings(&id).await.map_err(|e| super::refusal(&e))?;
    let open = findings.iter().filter(|f| f.is_open()).count();
    Ok(Json(FindingList { open, findings: findings.into_iter().map(FindingView::from).collect() }))
}
