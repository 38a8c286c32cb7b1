//! `POST /api/v1/admin/documents/{id}/retire`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::view::DocumentView;
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::knowledge::life::record::Retirement;

/// Why, and what takes its place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// In words; must not be empty.
    pub reason: String,
    /// The document that takes its place; it must be published.
    #[serde(default)]
    pub successor: Option<String>,
    /// First day without it; absent: the text was wrong and answers for no day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub ended_on: Option<Date>,
}

/// Takes a document out of use at once. With a last day it still answers for the days before; without one it never should have.
#[utoipa::path(post, path = "/api/v1/admin/documents/{id}/retire", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)), request_body = Retire,
    responses((status = 200, body = DocumentView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn retire_document(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<Retire>,
) -> Result<Response, Problem> {
    let by = crate::http::admin::actor(&caller);
    let retirement = Retirement { reason: wish.reason, successor: wish.successor, ended_on: wish.ended_on };
    let acted = api.life.retire(&id, &retirement, &by).await.map_err(|e| super::refusal(&e))?;
    super::audit(
        &api,
        &caller,
        "document.retire",
        &acted,
        json!({ "reason": retirement.reason, "successor": retirement.successor }),
    )
    .await?;
    Ok(super::shown(&api, &acted.after))
}
