//! `GET /api/v1/admin/documents/{id}/diff`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::DifferenceView;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::knowledge::document::ParsedDocument;
use crate::knowledge::life::diff;

/// Which two.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiffQuery {
    /// A version's number, or `draft`.
    pub from: String,
    /// A version's number, or `draft`.
    pub to: String,
}

/// What changed between any two versions, or the draft: fields, lines, words within a line.
#[utoipa::path(get, path = "/api/v1/admin/documents/{id}/diff", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path), DiffQuery),
    responses((status = 200, body = DifferenceView), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
pub async fn get_diff(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    query: Result<Query<DiffQuery>, QueryRejection>,
) -> Result<Json<DifferenceView>, Problem> {
    let Query(query) = query.map_err(|_| Problem::new(Code::InvalidParameter).detail("要写明 from 和 to"))?;
    let from = text(&api, &id, &query.from).await?;
    let to = text(&api, &id, &query.to).await?;
    Ok(Json(diff::between(&from, &to).into()))
}

async fn text(api: &Api, id: &str, which: &str) -> Result<ParsedDocument, Problem> {
    if which == "draft" {
        let file = api.life.file(id).await.map_err(|e| super::refusal(&e))?;
        let draft = file.draft.map(|d| d.content);
        return draft.ok_or_else(|| Problem::new(Code::NotFound).detail("没有草稿"));
    }
    let version = which.parse().map_err(|_| Problem::new(Code::InvalidParameter).detail("from 和 to 须是版本号或 draft"))?;
    Ok(api.life.version(id, version).await.map_err(|e| super::refusal(&e))?.parsed())
}
