//! `DELETE /api/v1/admin/accounts/{id}/sessions`.

use axum::extract::{Path, State};
use axum::{Extension, Json};

use crate::http::auth::refusal;
use crate::http::auth::sessions::Ended;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Signs an account out everywhere.
#[utoipa::path(delete, path = "/api/v1/admin/accounts/{id}/sessions", tag = "账号", security(("session" = [])),
    params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Ended), (status = 404, body = ProblemBody)))]
pub async fn end_account_sessions(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Ended>, Problem> {
    let ended = api.accounts.end_sessions_of(&caller, callers::id(&id)?).await.map_err(|e| refusal(&e))?;
    Ok(Json(Ended { ended }))
}
