//! `POST /api/v1/admin/curated/{id}/check`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::{Caller, Permission};
use crate::knowledge::curation::Catch;
use crate::knowledge::publish_gate::{Change, GateReport};

/// What publishing would meet.
#[derive(Debug, Serialize, ToSchema)]
pub struct CuratedCheck {
    /// To be put right, or acknowledged.
    pub warnings: Vec<String>,
    /// What the canonical questions say.
    pub report: GateReport,
    /// Questions of the past that it would answer, or that its negative questions keep from it; only for those who may see questions.
    pub catches: Vec<Catch>,
    /// How many searches of the past were looked at.
    pub looked_at: usize,
}

/// Searches of the past that a check looks at.
const LOOKED_AT: u32 = 500;

/// Tries the newest version out, without publishing anything.
#[utoipa::path(post, path = "/api/v1/admin/curated/{id}/check", tag = "固定答复", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = CuratedCheck), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn check_curated(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<CuratedCheck>, Problem> {
    let id = callers::id(&id)?;
    let found = api.curation.curated().curated(id).await.map_err(|e| Problem::unavailable(&e))?;
    let curated = found.ok_or(Code::NotFound)?;
    let content = &curated.newest().ok_or(Code::NotFound)?.content;
    let today = crate::http::admin::today(&api);
    let report = api.curation.gate().check(Change::Curated { id, next: Some(content) }, today).await;
    let past = if caller.may(Permission::ConversationRead) {
        api.conversations.recent_searches(LOOKED_AT).await.map_err(|e| Problem::unavailable(&e))?
    } else {
        Vec::new()
    };
    let looked_at = past.len();
    Ok(Json(CuratedCheck {
        catches: api.curation.catches(id, content, past, today).await.map_err(|e| Problem::unavailable(&e))?,
        looked_at,
        warnings: api.curation.warnings(id, content, today),
        report: report.map_err(|e| Problem::unavailable(&e))?,
    }))
}
