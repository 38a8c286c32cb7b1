//! `POST /api/v1/admin/runs`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::knowledge::runs::Run;

/// What is to be asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// The set.
    pub set: String,
    /// Its version; the newest when absent.
    #[serde(default)]
    pub version: Option<u32>,
    /// For people.
    #[serde(default)]
    pub note: Option<String>,
}

/// Asks a set against what is live and keeps the run with the scores of every question.
#[utoipa::path(post, path = "/api/v1/admin/runs", tag = "评测", security(("session" = []), ("key" = [])), request_body = StartRun,
    responses((status = 201, body = Run), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn start_run(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<StartRun>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let (now, today) = (api.clock.now(), crate::http::admin::today(&api));
    let note: Option<String> = wish.note.map(|n| n.trim().chars().take(200).collect());
    let made = api.curation.run(&wish.set, wish.version, &caller.name, note.as_deref(), now, today).await;
    let run = made.map_err(|e| Problem::unavailable(&e))?.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这个题集"))?;
    let detail =
        json!({ "set": run.set_id, "version": run.set_version, "right": run.figures.right, "questions": run.figures.questions });
    let written = api.audit.record(&caller, "evaluation.run", ("run", &run.id.to_string()), detail).await;
    written.map_err(|e| Problem::unavailable(&e))?;
    Ok((StatusCode::CREATED, Json(run)))
}
