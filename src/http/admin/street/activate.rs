//! `POST /api/v1/admin/street/versions/{version}/activate`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::create::KeptVersion;
use super::{apart, author};
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Which version the caller saw in use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateVersion {
    /// The version in use that the caller saw.
    pub base: u32,
    /// Why, for instance when going back.
    #[serde(default)]
    pub note: String,
}

/// Puts a version to use; an older one, or 0 for the shipped files, is the way back. It is checked again: 422 when it no longer
/// fits, 409 when another version is in use than `base`; nothing is changed then.
#[utoipa::path(post, path = "/api/v1/admin/street/versions/{version}/activate", tag = "街道数据", security(("session" = [])),
    params(("version" = u32, Path)), request_body = ActivateVersion,
    responses((status = 200, body = KeptVersion), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn activate_street_version(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(version): Path<u32>,
    JsonBody(wanted): JsonBody<ActivateVersion>,
) -> Result<Json<KeptVersion>, Problem> {
    let ActivateVersion { base, note } = wanted;
    let detail = json!({ "before": base, "note": note });
    let by = author(&caller);
    apart(&api.street, async move |desk| desk.activate(version, base, &note, &by).await).await?;
    let traced = api.audit.record(&caller, "street.activate", ("street", &version.to_string()), detail).await;
    traced.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(KeptVersion { version, active: version }))
}
