//! `POST /api/v1/admin/accounts/{id}/hand-over`: 移交.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::duties::{Duties, duties};
use crate::http::auth::{AccountView, refusal};
use crate::http::body::JsonBody;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// To whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverWish {
    /// The account that takes over; must have the rights that the work needs.
    pub to: Uuid,
    /// The account that hands over is disabled with it. Its history keeps its name.
    pub disable: bool,
}

/// What was handed over.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandedOver {
    /// The successor as it is now.
    pub to: AccountView,
    /// What hung on the predecessor; as many tickets and alerts are the successor's now.
    pub duties: Duties,
    /// Posts that changed hands.
    pub posts: u64,
    /// Groups of gaps that changed hands.
    pub gaps: u64,
    /// Leaves that ended with it.
    pub leaves: u64,
}

/// Hands posts, part of the street, open tickets with their alerts, and assigned gaps to a successor, for good.
#[utoipa::path(post, path = "/api/v1/admin/accounts/{id}/hand-over", tag = "账号", security(("session" = [])),
    params(("id" = Uuid, Path)), request_body = HandOverWish,
    responses((status = 200, body = HandedOver), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn hand_over(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<HandOverWish>,
) -> Result<Json<HandedOver>, Problem> {
    let from = api.accounts.account(callers::id(&id)?).await.map_err(|e| refusal(&e))?;
    let duties = duties(&api, &from).await?;
    let done = api.accounts.hand_over(&caller, from.id, wish.to, wish.disable, duties.logged()).await;
    let (moved, to) = done.map_err(|e| refusal(&e))?;
    Ok(Json(HandedOver { to: to.into(), duties, posts: moved.posts, gaps: moved.gaps, leaves: moved.leaves }))
}
