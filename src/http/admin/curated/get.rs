//! `GET /api/v1/admin/curated/{id}`.

use axum::Json;
use axum::extract::{Path, State};

use super::SavedCurated;
use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// One fixed answer: what is live, what waits, and what a person should look at in the newest version.
#[utoipa::path(get, path = "/api/v1/admin/curated/{id}", tag = "固定答复", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = SavedCurated), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_curated(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<SavedCurated>, Problem> {
    let found = api.curation.curated().curated(callers::id(&id)?).await.map_err(|e| Problem::unavailable(&e))?;
    let curated = found.ok_or(Code::NotFound)?;
    let today = crate::http::admin::today(&api);
    let warnings = curated.newest().map(|v| api.curation.warnings(curated.id, &v.content, today)).unwrap_or_default();
    Ok(Json(SavedCurated { curated, warnings }))
}
