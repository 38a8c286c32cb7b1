//! `PUT /api/v1/worker/ledgers/{id}/visits/{visit}/ticket`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{LedgerVisit, own};
use crate::http::body::JsonBody;
use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::http::worker::tickets::in_scope;
use crate::identity::Caller;

/// Which ticket came of a visit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameOfIt {
    /// `WG…`
    pub number: String,
}

/// Notes the ticket that came of a visit, once. What is noted stays.
#[utoipa::path(put, path = "/api/v1/worker/ledgers/{id}/visits/{visit}/ticket", tag = "台账", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path), ("visit" = Uuid, Path)), request_body = CameOfIt,
    responses((status = 200, body = LedgerVisit), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn note_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path((id, visit)): Path<(String, String)>,
    JsonBody(came): JsonBody<CameOfIt>,
) -> Result<Json<LedgerVisit>, Problem> {
    let entry = own(&api, &caller, &id).await?;
    let visit: Uuid = callers::id(&visit)?;
    let known = api.ledgers.visits(entry.id, 500).await.map_err(refusal)?;
    if !known.iter().any(|v| v.id == visit) {
        return Err(Problem::new(Code::NotFound).detail("没有这次走访"));
    }
    let ticket = in_scope(&api, &caller, came.number.trim()).await?;
    Ok(Json(api.ledgers.reported(visit, &ticket.number).await.map_err(refusal)?.into()))
}
