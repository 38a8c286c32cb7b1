//! `GET /api/v1/worker/alerts`.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::within;
use crate::http::problem::Problem;
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::clock_store::Alert;

/// At most so many at once: who has more has another problem.
const MOST: usize = 200;

/// Open alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alerts {
    /// Oldest first, at most 200.
    pub alerts: Vec<Alert>,
}

/// What the clocks have raised in the own part of the street, and nobody took note of.
#[utoipa::path(get, path = "/api/v1/worker/alerts", tag = "工单", security(("session" = [])),
    responses((status = 200, body = Alerts)))]
pub async fn list_alerts(State(api): State<ApiState>, Extension(caller): Extension<Caller>) -> Result<Json<Alerts>, Problem> {
    let alerts = api.clocks.alerts(&*within(&caller), MOST).await.map_err(refusal)?;
    Ok(Json(Alerts { alerts }))
}
