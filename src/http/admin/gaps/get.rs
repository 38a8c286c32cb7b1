//! `GET /api/v1/admin/gaps/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::gaps::{Cluster, Gap};

/// A group with its questions.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapGroup {
    /// The group.
    pub group: Cluster,
    /// Its questions, newest first; personal data are replaced.
    pub questions: Vec<Gap>,
    /// Those who asked may be told of the answer (configuration).
    pub may_tell: bool,
    /// What they would read; `{question}` and `{answer}` are filled in.
    pub tell_text: String,
}

/// One group with all its questions.
#[utoipa::path(get, path = "/api/v1/admin/gaps/{id}", tag = "知识缺口", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = GapGroup), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_gap(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<GapGroup>, Problem> {
    let group = super::cluster(&api, &id).await?;
    let questions = api.curation.gaps().gaps_of(group.id).await.map_err(|e| Problem::unavailable(&e))?;
    let (may_tell, tell_text) = (api.curation_settings.tell_askers, api.curation_settings.tell_text.clone());
    Ok(Json(GapGroup { group, questions, may_tell, tell_text }))
}
