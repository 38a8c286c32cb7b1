//! `GET /api/v1/admin/people`: the names behind account ids, for every face that shows or chooses somebody.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::auth::refusal;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Somebody of the staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    /// Id of the account.
    pub id: Uuid,
    /// Sign-in name.
    pub name: String,
    /// Post or note.
    pub title: String,
    /// False for an account of the past: it keeps its name, and is not to be chosen.
    pub enabled: bool,
}

/// The staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct People {
    /// By name, the disabled ones too.
    pub people: Vec<Person>,
}

/// Who is who: names and posts of all accounts, and nothing else of them.
#[utoipa::path(get, path = "/api/v1/admin/people", tag = "账号", security(("session" = []), ("key" = [])),
    responses((status = 200, body = People), (status = 401, body = ProblemBody)))]
pub async fn list_people(State(api): State<ApiState>) -> Result<Json<People>, Problem> {
    let accounts = api.accounts.list().await.map_err(|e| refusal(&e))?;
    let person = |a: crate::identity::Account| Person { enabled: a.is_enabled(), id: a.id, name: a.name, title: a.title };
    Ok(Json(People { people: accounts.into_iter().map(person).collect() }))
}
