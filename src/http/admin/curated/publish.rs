//! `POST /api/v1/admin/curated/{id}/publish`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::knowledge::curated::Curated;
use crate::knowledge::publish_gate::GateReport;

/// How it is published or retired.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// Why it must be in spite of warnings or of lost answers.
    #[serde(default)]
    pub acknowledge: Option<String>,
}

/// A fixed answer after it went live or out of use.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedCurated {
    /// As it is now.
    pub curated: Curated,
    /// What the canonical questions said.
    pub report: GateReport,
}

/// Publishes the waiting draft. Never by its author; warnings and right answers that would be lost need a reason.
#[utoipa::path(post, path = "/api/v1/admin/curated/{id}/publish", tag = "固定答复", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)), request_body = Acknowledge,
    responses((status = 200, body = PublishedCurated), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn publish_curated(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<Acknowledge>,
) -> Result<Json<PublishedCurated>, Problem> {
    let (now, today) = (api.clock.now(), crate::http::admin::today(&api));
    let published = api.curation.publish(callers::id(&id)?, &caller.name, wish.acknowledge.as_deref(), now, today).await;
    let (curated, report) = published.map_err(super::refusal)?;
    let detail = json!({
        "version": curated.live.as_ref().map(|v| v.version), "acknowledged": wish.acknowledge, "lost": report.lost.len(),
    });
    super::audit(&api, &caller, "curated.publish", &curated, detail).await?;
    Ok(Json(PublishedCurated { curated, report }))
}
