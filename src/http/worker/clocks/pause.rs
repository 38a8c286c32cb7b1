//! `POST /api/v1/worker/tickets/{number}/pause`: 挂起.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{actor, refused, ticket_of, trace, words};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::incident::clock_store::Pause;
use crate::incident::ticket::Deadlines;

/// Why the clock is to stand still.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPause {
    /// Id of a reason in pauses.csv: `resident`, `other_body`, `weather` … Its words reach the resident.
    pub reason: String,
    /// For colleagues, at most 200 characters; the resident does not see it.
    #[serde(default)]
    pub note: Option<String>,
    /// When the clock goes on by itself; else as late as the reason allows.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// Stops the clock of an accepted ticket. While it stands nothing is due; the same again changes nothing.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/pause", tag = "工单", security(("session" = [])),
    params(("number" = String, Path)), request_body = NewPause, responses((status = 200, body = Deadlines),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn pause_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(pause): JsonBody<NewPause>,
) -> Result<Json<Deadlines>, Problem> {
    let ticket = ticket_of(&api, &caller, &number).await?;
    let rules = api.rules.load();
    let reason = rules.pauses.get(&pause.reason).cloned().ok_or_else(|| {
        let known: Vec<&str> = rules.pauses.all().iter().map(|r| r.id.as_str()).collect();
        Problem::new(Code::InvalidBody).detail(format!("没有这种挂起事由，可以是：{}", known.join("、")))
    })?;
    let note = pause.note.as_deref().map(|n| words("note", n)).transpose()?.filter(|n| !n.is_empty());
    trace(&api, &caller, "ticket.pause", &ticket.number, json!({ "reason": reason.id, "until": pause.until })).await?;
    let wish = Pause { by: actor(&caller), reason, note, until: pause.until, at: api.clock.now() };
    Ok(Json(api.clocks.pause(&ticket.number, &wish).await.map_err(refused)?.clock))
}
