//! `GET /api/v1/worker/disputes`.

use axum::Extension;
use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::dispute::{Dispute, PostDisputes};

/// How many disputes are shown.
const SHOWN: u32 = 200;

/// Which disputes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhichDisputes {
    /// False: also those that are decided. Default true.
    pub open: Option<bool>,
}

/// Disputes, and how they ended for each post.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisputeList {
    /// Newest first, at most 200, of the caller's part of the street.
    pub disputes: Vec<Dispute>,
    /// Every post of the street that had one.
    pub posts: Vec<PostDisputes>,
}

/// What waits for a reviewer, and the counts by post.
#[utoipa::path(get, path = "/api/v1/worker/disputes", tag = "派单异议", security(("session" = []), ("key" = [])),
    params(WhichDisputes),
    responses((status = 200, body = DisputeList), (status = 403, body = ProblemBody)))]
pub async fn list_disputes(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Query(which): Query<WhichDisputes>,
) -> Result<Json<DisputeList>, Problem> {
    let mut disputes = api.disputes.disputes(which.open.unwrap_or(true), SHOWN).await.map_err(refusal)?;
    if !caller.scope.is_everything() {
        let mut own = Vec::new();
        for dispute in disputes {
            if super::own(&api, &caller, &dispute.number).await.is_ok() {
                own.push(dispute);
            }
        }
        disputes = own;
    }
    let posts = api.disputes.by_post().await.map_err(refusal)?;
    Ok(Json(DisputeList { disputes, posts }))
}
