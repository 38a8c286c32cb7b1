//! `/health/*`, `/metrics`, `/openapi.json`: for those who run it.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Code, Problem, ProblemBody};
use super::state::ApiState;

/// Alive or ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    pub status: &'static str,
    /// What works otherwise than it was meant to, for the operator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "运维", responses((status = 200, body = Health)))]
pub async fn live() -> Json<Health> {
    Json(Health { status: "ok", warnings: Vec::new() })
}

/// Migrations, first import and index are done. A dead model or platform does not make it unready.
#[utoipa::path(get, path = "/health/ready", tag = "运维", responses((status = 200, body = Health), (status = 503, body = ProblemBody)))]
pub async fn ready(State(api): State<ApiState>) -> Result<Json<Health>, Problem> {
    if api.readiness.is_ready() {
        let warnings = api.street.fault().map(|fault| fault.words()).into_iter().collect();
        Ok(Json(Health { status: "ok", warnings }))
    } else {
        Err(Problem::new(Code::Unavailable).detail("正在启动：知识库导入和索引尚未完成").retry_after(2))
    }
}

/// Numbers for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "运维", responses((status = 200, description = "text/plain; version=0.0.4")))]
pub async fn metrics(State(api): State<ApiState>) -> Result<Response, Problem> {
    let handle = api.metrics.as_ref().ok_or(Code::NotFound)?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response())
}
