//! `GET /api/v1/conversations/{id}/events`: live news of a conversation.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use futures::{Stream, StreamExt as _, stream};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::conversation::message::{Message, Role};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::{callers, sse};

/// Streams `message` and `ticket` events; ids are the messages' sequence numbers.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/events", tag = "对话",
    params(("id" = Uuid, Path), ("Last-Event-ID" = Option<i64>, Header)), security(("conversation" = [])),
    responses((status = 200, description = "text/event-stream: message, ticket"), (status = 403, body = ProblemBody)))]
pub async fn get_live_events(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    // Listen first, then read what was missed: nothing can fall between the two.
    let listener = api.conversations.subscribe(conversation.id);
    let after = i64::try_from(sse::last_event_id(&headers)).unwrap_or(i64::MAX);
    let missed: Vec<Arc<Message>> = if after > 0 {
        let messages = api.conversations.messages(conversation.id, after).await.map_err(|e| Problem::unavailable(&e))?;
        messages.into_iter().filter(|m| m.role == Role::News).map(Arc::new).collect()
    } else {
        Vec::new()
    };
    let told = missed.last().map_or(after, |m| m.seq);
    let live = stream::unfold((listener, told), |(mut listener, mut told)| async move {
        loop {
            match listener.recv().await {
                Ok(message) if message.seq > told => {
                    told = message.seq;
                    return Some((message, (listener, told)));
                }
                Ok(_) => {}
                // Too slow to follow: end the stream, the client comes back with its last number and misses nothing.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    });
    // Nobody's open window may hold up the end of the service.
    let ended = api.conversations.ended();
    Ok(sse::respond(frames(stream::iter(missed).chain(live)).take_until(ended)))
}

fn frames(messages: impl Stream<Item = Arc<Message>> + Send + 'static) -> impl Stream<Item = sse::Frame> + Send + 'static {
    messages.flat_map(|message| {
        let id = message.seq.to_string();
        let mut frames =
            vec![sse::Frame { id: id.clone(), event: "message".to_owned(), data: json!({ "message": &*message }).to_string() }];
        if let Some(card) = message.body.card.as_ref().filter(|c| c["kind"] == "progress") {
            let data = json!({ "ticket": card["ticket"], "timeline": card["timeline"] });
            frames.push(sse::Frame { id, event: "ticket".to_owned(), data: data.to_string() });
        }
        stream::iter(frames)
    })
}
