//! `GET /api/v1/admin/gap-owners`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::refusal;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::{Permission, Role};

/// Somebody who may be given a gap.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapOwner {
    /// Sign-in name.
    pub name: String,
    /// Post or note.
    pub title: String,
}

/// Those who may be given a gap.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapOwners {
    /// By name.
    pub owners: Vec<GapOwner>,
}

/// Accounts in use that may write what is missing.
#[utoipa::path(get, path = "/api/v1/admin/gap-owners", tag = "知识缺口", security(("session" = []), ("key" = [])),
    responses((status = 200, body = GapOwners), (status = 403, body = ProblemBody)))]
pub async fn list_gap_owners(State(api): State<ApiState>) -> Result<Json<GapOwners>, Problem> {
    let accounts = api.accounts.list().await.map_err(|e| refusal(&e))?;
    let writes = |role: &Role| role.permissions().contains(&Permission::CuratedWrite);
    let owners = accounts.into_iter().filter(|a| a.is_enabled() && a.roles.iter().any(writes));
    Ok(Json(GapOwners { owners: owners.map(|a| GapOwner { name: a.name, title: a.title }).collect() }))
}
