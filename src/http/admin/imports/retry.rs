//! `POST /api/v1/admin/imports/{id}/retry`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::json;

use super::{JobView, job};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Lets failed and waiting files of an ended job be tried again; 409 when there is nothing to try.
#[utoipa::path(post, path = "/api/v1/admin/imports/{id}/retry", tag = "导入", security(("session" = []), ("key" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = JobView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn retry_import(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Problem> {
    let known = job(&api, &id).await?;
    let again = api.imports.importer().store().retry(known.id).await.map_err(|e| Problem::unavailable(&e))?;
    if again == 0 {
        return Err(Problem::new(Code::Conflict).detail("没有可以重试的文件，或导入还没有结束"));
    }
    let detail = json!({ "files": again });
    let object = ("import", &*known.id.to_string());
    api.audit.record(&caller, "import.retry", object, detail).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(job(&api, &id).await?.into()))
}
