//! `POST /api/v1/admin/curated/{id}/check`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::publish_gate::{Change, GateReport};

/// What publishing would meet.
#[derive(Debug, Serialize, ToSchema)]
pub struct CuratedCheck {
    /// To be put right, or acknowledged.
    pub warnings: Vec<String>,
    /// What the canonical questions say.
    pub report: GateReport,
}

/// Tries the newest version out, without publishing anything.
#[utoipa::path(post, path = "/api/v1/admin/curated/{id}/check", tag = "固定答复", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = CuratedCheck), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn check_curated(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<CuratedCheck>, Problem> {
    let id = callers::id(&id)?;
    let found = api.curation.curated().curated(id).await.map_err(|e| Problem::unavailable(&e))?;
    let curated = found.ok_or(Code::NotFound)?;
    let content = &curated.newest().ok_or(Code::NotFound)?.content;
    let today = crate::http::admin::today(&api);
    let report = api.curation.gate().check(Change::Curated { id, next: Some(content) }, today).await;
    Ok(Json(CuratedCheck {
        warnings: api.curation.warnings(id, content, today),
        report: report.map_err(|e| Problem::unavailable(&e))?,
    }))
}
