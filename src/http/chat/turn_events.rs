//! `GET /api/v1/conversations/{id}/turns/{turn_id}/events`: the log of a turn, live or from storage.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;

use super::post_message;
use crate::conversation::live::TurnEvent;
use crate::conversation::service::Posted;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::{callers, sse};

/// Streams a turn from the first event after `Last-Event-ID`. To `Accept: application/json` it gives the whole turn when it has ended:
/// for lines on which no stream gets through.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/turns/{turn_id}/events", tag = "对话",
    params(("id" = Uuid, Path), ("turn_id" = Uuid, Path), ("Last-Event-ID" = Option<u64>, Header)), security(("conversation" = [])),
    responses((status = 200, description = "text/event-stream: turn, status, delta, citations, card, notice, done, error"),
        (status = 404, body = ProblemBody)))]
pub async fn get_turn_events(
    State(api): State<ApiState>,
    Path((id, turn_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    let turn = api.conversations.turn(conversation.id, callers::id(&turn_id)?).await.map_err(|e| Problem::unavailable(&e))?;
    let turn = turn.ok_or(Code::NotFound)?;
    if sse::wants_whole(&headers) {
        return Ok(Json(post_message::whole(&api, turn).await?).into_response());
    }
    stream(&api, turn, sse::last_event_id(&headers)).await
}

/// The events of a turn after `after`.
pub async fn stream(api: &Api, posted: Posted, after: u64) -> Result<Response, Problem> {
    match posted {
        Posted::Live(live) => Ok(sse::respond(live.events(after).map(|e| frame(&e)))),
        Posted::Stored(stored) => {
            let mut events = api.conversations.stored_events(stored.id, after).await.map_err(|e| Problem::unavailable(&e))?;
            if events.is_empty() {
                // The reader was ahead of what a crash left behind: the end is told once more, under an id that is new to it.
                let all = api.conversations.stored_events(stored.id, 0).await.map_err(|e| Problem::unavailable(&e))?;
                events.extend(all.into_iter().next_back().map(|last| TurnEvent { id: after + 1, ..last }));
            }
            Ok(sse::respond(futures::stream::iter(events).map(|e| frame(&e))))
        }
    }
}

fn frame(event: &TurnEvent) -> sse::Frame {
    sse::Frame { id: event.id.to_string(), event: event.event.clone(), data: event.data.clone() }
}
