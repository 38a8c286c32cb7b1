//! `POST /api/v1/admin/imports/{id}/cancel`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::json;

use super::{JobView, job};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Ends an open job; files that were taken stay. 409 when it has ended.
#[utoipa::path(post, path = "/api/v1/admin/imports/{id}/cancel", tag = "导入", security(("session" = []), ("key" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = JobView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn cancel_import(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Problem> {
    let known = job(&api, &id).await?;
    let ended = api.imports.importer().store().cancel(known.id, api.clock.now()).await.map_err(|e| Problem::unavailable(&e))?;
    if !ended {
        return Err(Problem::new(Code::Conflict).detail("导入已经结束"));
    }
    let detail = json!({ "waiting": known.counts.waiting });
    let object = ("import", &*known.id.to_string());
    api.audit.record(&caller, "import.cancel", object, detail).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(job(&api, &id).await?.into()))
}
