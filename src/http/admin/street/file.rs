//! `GET /api/v1/admin/street/files/{name}`.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::incident::street::files::file;

/// Which text.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhichText {
    /// The version; absent = the one in use, 0 = as shipped.
    pub version: Option<u32>,
    /// True: with a byte order mark, so that spreadsheet programs read it as UTF-8.
    #[serde(default)]
    pub bom: bool,
}

/// The text of a file, to be edited and handed in again.
#[utoipa::path(get, path = "/api/v1/admin/street/files/{name}", tag = "街道数据", security(("session" = []), ("key" = [])),
    params(("name" = String, Path), WhichText),
    responses((status = 200, description = "text/csv; charset=utf-8"), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_street_file(
    State(api): State<ApiState>,
    Path(name): Path<String>,
    Query(which): Query<WhichText>,
) -> Result<Response, Problem> {
    let version = match which.version {
        Some(version) => version,
        None => api.street.active().await.map_err(problem)?,
    };
    let text = api.street.text(version, &name).await.map_err(problem)?;
    let text = if which.bom { format!("\u{feff}{text}") } else { text };
    let is_table = file(&name).is_some_and(|f| f.columns.is_some());
    let kind = if is_table { "text/csv; charset=utf-8" } else { "application/json" };
    // The name is one of the list: nothing foreign gets into the header.
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], text).into_response())
}
