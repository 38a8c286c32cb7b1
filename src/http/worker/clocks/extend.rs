//! `POST /api/v1/worker/tickets/{number}/extend`: 延期.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{actor, refused, ticket_of, trace, words};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::incident::clock_store::{ExtendTo, Extension as Wish};
use crate::incident::ticket::Deadlines;

/// How far, and why: one of `hours` and `until`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExtension {
    /// Hours: of working time when the ticket's clock counts that.
    #[serde(default)]
    pub hours: Option<i64>,
    /// The end of work on this day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
    /// Why, at most 200 characters. The resident reads it.
    pub reason: String,
    /// The deadline that the caller saw. When it is another one by now: 409 `deadline_moved`. A second tap is known by it.
    #[schema(value_type = String, format = DateTime)]
    pub resolve_by: Timestamp,
}

/// Puts the deadline off, by at most the time that the rule gave. Once by whoever moves tickets; every further time by another
/// person, who may dispatch.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/extend", tag = "工单", security(("session" = [])),
    params(("number" = String, Path)), request_body = NewExtension, responses((status = 200, body = Deadlines),
    (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub async fn extend_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(wish): JsonBody<NewExtension>,
) -> Result<Json<Deadlines>, Problem> {
    let ticket = ticket_of(&api, &caller, &number).await?;
    let why = words("reason", &wish.reason)?;
    if why.is_empty() {
        return Err(Problem::new(Code::InvalidBody).detail("请写明延期的事由，居民会看到"));
    }
    let to = match (wish.hours, wish.until) {
        (Some(hours), None) => ExtendTo::Hours(hours),
        (None, Some(day)) => ExtendTo::Day(day),
        _ => return Err(Problem::new(Code::InvalidBody).detail("hours 和 until 请填一个，也只填一个")),
    };
    let detail = json!({ "hours": wish.hours, "until": wish.until, "resolve_by": wish.resolve_by });
    trace(&api, &caller, "ticket.extend", &ticket.number, detail).await?;
    let wish = Wish { by: actor(&caller), to, why, seen: wish.resolve_by, at: api.clock.now() };
    Ok(Json(api.clocks.extend(&ticket.number, &wish).await.map_err(refused)?.clock))
}
