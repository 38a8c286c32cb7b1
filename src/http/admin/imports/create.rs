//! `POST /api/v1/admin/imports`.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::json;

use super::{JobView, Upload, problem, received};
use crate::http::admin::actor;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Hands files in: md, txt, docx, pdf with a text layer, xlsx, xls, ods, csv, html, zip. Their documents become drafts.
#[utoipa::path(post, path = "/api/v1/admin/imports", tag = "导入", security(("session" = []), ("key" = [])),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 201, body = JobView), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create_import(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    let (hand_in, audience) = received(&api, form).await?;
    let job = api.imports.submit(hand_in, audience, actor(&caller)).await.map_err(problem)?;
    let detail = json!({ "files": job.paths.len(), "audience": audience.as_str() });
    let object = ("import", &*job.id.to_string());
    api.audit.record(&caller, "import.create", object, detail).await.map_err(|e| Problem::unavailable(&e))?;
    Ok((StatusCode::CREATED, Json(job.into())))
}
