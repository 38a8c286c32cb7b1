//! `GET /api/v1/admin/audit/check`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::failed;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::audit::ChainState;

/// What the chain says about itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditCheck {
    /// True when every row fits the one before.
    pub whole: bool,
    /// Rows read.
    pub rows: u64,
    /// Number of the newest row.
    pub last_seq: i64,
    /// Hash of the newest row. Noted elsewhere, it proves later that nothing before it was changed.
    pub head: String,
    /// The first row that does not fit; 0 when it is the table itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<i64>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Reads the whole log and says whether anybody has changed it.
#[utoipa::path(get, path = "/api/v1/admin/audit/check", tag = "审计", security(("session" = []), ("key" = [])),
    responses((status = 200, body = AuditCheck), (status = 403, body = ProblemBody)))]
pub async fn check_audit(State(api): State<ApiState>) -> Result<Json<AuditCheck>, Problem> {
    let ChainState { rows, last_seq, head, broken } = api.audit.log().verify().await.map_err(failed)?;
    let (broken_at, why) = broken.unzip();
    Ok(Json(AuditCheck { whole: broken_at.is_none(), rows, last_seq, head, broken_at, why }))
}
