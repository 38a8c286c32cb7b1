//! `POST /api/v1/admin/street/versions`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{Handed, apart, author};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::{Caller, caller::Via};
use crate::incident::street::desk::Given;

/// A version to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStreetVersion {
    /// The version in use that the author saw.
    pub base: u32,
    /// Texts by file name; null = back to the shipped file. The others stay as they are in `base`.
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub files: Given,
    /// What was changed and why.
    pub note: String,
    /// Puts it to use at once.
    #[serde(default)]
    pub activate: bool,
}

/// A version that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptVersion {
    /// Its number.
    pub version: u32,
    /// The version in use now.
    pub active: u32,
}

/// Keeps files as a new version. 422 when anything is wrong with them, 409 when another version is in use than `base`; nothing is
/// changed then. Also as multipart/form-data.
#[utoipa::path(post, path = "/api/v1/admin/street/versions", tag = "街道数据", security(("session" = []), ("key" = [])),
    request_body = NewStreetVersion,
    responses((status = 201, body = KeptVersion), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create_street_version(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Handed(new): Handed<NewStreetVersion>,
) -> Result<(StatusCode, Json<KeptVersion>), Problem> {
    let NewStreetVersion { base, files, note, activate } = new;
    if activate && !matches!(caller.via, Via::Session(_)) {
        return Err(Problem::new(Code::Forbidden).detail("启用要本人登录，不能用接口密钥；可以先保存，再由人启用"));
    }
    if files.is_empty() {
        return Err(Problem::new(Code::InvalidBody).detail("没有给出任何文件"));
    }
    let names: Vec<String> = files.keys().cloned().collect();
    let by = author(&caller);
    let version = apart(&api.street, async move |desk| desk.keep(base, &files, &note, by, activate).await).await?;
    let detail = json!({ "base": base, "files": names, "activated": activate });
    let traced = api.audit.record(&caller, "street.version", ("street", &version.to_string()), detail).await;
    traced.map_err(|e| Problem::unavailable(&e))?;
    let active = if activate { version } else { base };
    Ok((StatusCode::CREATED, Json(KeptVersion { version, active })))
}
