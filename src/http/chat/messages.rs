//! `GET /api/v1/conversations/{id}/messages`: the history, the open draft and a turn that still runs.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::conversation::message::{Message, Role};
use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Sequence number of the last message that is known.
    #[serde(default)]
    pub after: i64,
}

/// A turn that still runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Running {
    /// Its events can be read from the start.
    pub turn_id: Uuid,
}

/// The history.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// Oldest first, at most 500.
    pub messages: Vec<Message>,
    /// The open draft's card.
    #[schema(value_type = Option<Object>)]
    pub draft: Option<serde_json::Value>,
    /// A turn that still runs.
    pub running: Option<Running>,
}

/// Reads the history.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/messages", tag = "对话", params(("id" = String, Path, format = Uuid), After),
    security(("conversation" = [])), responses((status = 200, body = History), (status = 403, body = ProblemBody)))]
pub async fn get_messages(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Result<Query<After>, QueryRejection>,
) -> Result<Json<History>, Problem> {
    let Query(After { after }) = query.map_err(|_| Code::InvalidParameter)?;
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    let messages = api.conversations.messages(conversation.id, after).await.map_err(|e| Problem::unavailable(&e))?;
    let running = messages
        .iter()
        .rev()
        .find(|m| m.role == Role::Resident)
        .and_then(|m| m.turn_id)
        .filter(|turn| api.conversations.is_running(*turn))
        .map(|turn_id| Running { turn_id });
    let draft = api.conversations.shown_draft(&conversation.memory);
    Ok(Json(History { messages, draft, running }))
}
