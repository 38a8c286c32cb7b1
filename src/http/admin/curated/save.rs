//! `PUT /api/v1/admin/curated/{id}`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::json;

use super::{SavedCurated, WishedContent};
use crate::http::body::JsonBody;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Saves the next version as a draft; what is live stays live until another person publishes it. Figures of the answer that stand in
/// none of the cited passages come back as warnings.
#[utoipa::path(put, path = "/api/v1/admin/curated/{id}", tag = "固定答复", security(("session" = []), ("key" = [])), request_body = WishedContent,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = SavedCurated), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn save_curated(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<WishedContent>,
) -> Result<Json<SavedCurated>, Problem> {
    let content = super::content(&api, wish).await?;
    let (now, today) = (api.clock.now(), crate::http::admin::today(&api));
    let saved = api.curation.save(Some(callers::id(&id)?), content, &caller.name, None, now, today).await;
    let (curated, warnings) = saved.map_err(super::refusal)?;
    let version = curated.draft.as_ref().map(|d| d.version);
    super::audit(&api, &caller, "curated.save", &curated, json!({ "version": version })).await?;
    Ok(Json(SavedCurated { curated, warnings }))
}
