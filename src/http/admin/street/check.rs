//! `POST /api/v1/admin/street/check`.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Handed, apart};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::incident::street::desk::{Given, Report};

/// What is to be looked at: files, or a version that is kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToCheck {
    /// Texts by file name; null = back to the shipped file.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub files: Given,
    /// A version that is kept, instead of files.
    #[serde(default)]
    pub version: Option<u32>,
}

/// A dry run: everything that is wrong with the files, or what they change against what is in use, and what comes of it. Nothing is
/// changed. Also as multipart/form-data with the files as they are.
#[utoipa::path(post, path = "/api/v1/admin/street/check", tag = "街道数据", security(("session" = []), ("key" = [])),
    request_body = ToCheck,
    responses((status = 200, body = Report), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn check_street(State(api): State<ApiState>, Handed(wanted): Handed<ToCheck>) -> Result<Json<Report>, Problem> {
    let ToCheck { files, version } = wanted;
    if files.is_empty() == version.is_none() {
        return Err(Problem::new(Code::InvalidBody).detail("请给出要检查的文件（files），或者一个版本号（version）"));
    }
    let report = apart(&api.street, async move |desk| match version {
        Some(version) => desk.check_version(version).await,
        None => desk.check(&files).await,
    });
    Ok(Json(report.await?))
}
