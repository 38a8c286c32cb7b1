//! `POST /api/v1/admin/curated/{id}/retire`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::json;

use super::publish::{Acknowledge, PublishedCurated};
use crate::http::body::JsonBody;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Takes a fixed answer out of use; its versions stay.
#[utoipa::path(post, path = "/api/v1/admin/curated/{id}/retire", tag = "固定答复", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)), request_body = Acknowledge,
    responses((status = 200, body = PublishedCurated), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn retire_curated(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<Acknowledge>,
) -> Result<Json<PublishedCurated>, Problem> {
    let today = crate::http::admin::today(&api);
    let retired = api.curation.retire(callers::id(&id)?, wish.acknowledge.as_deref(), today).await;
    let (curated, report) = retired.map_err(super::refusal)?;
    super::audit(&api, &caller, "curated.retire", &curated, json!({ "acknowledged": wish.acknowledge })).await?;
    Ok(Json(PublishedCurated { curated, report }))
}
