//! `POST /api/v1/attachments`, `GET /api/v1/attachments/{id}`: photos, voice, short video; readable only with the right to their
//! conversation.

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::conversation::store::Owner;
use crate::http::callers;
use crate::http::media::{self, Form, Kept, Upload};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;

/// Files that one conversation may keep.
const MAX_PER_CONVERSATION: u32 = 60;

/// Keeps a file for the conversation that the bearer is the key of. What it is comes from its content alone; what it tells beside
/// picture and sound is taken out.
#[utoipa::path(post, path = "/api/v1/attachments", tag = "对话", security(("conversation" = [])),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 201, body = Kept), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn post_attachment(
    State(api): State<ApiState>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    let owner = Owner::Conversation(callers::conversation_of_bearer(&api, &headers).await?.id);
    let file = media::take(form, &api.attachments).await?;
    let count = api.conversations.attachment_count(owner).await.map_err(|e| Problem::unavailable(&e))?;
    if count >= MAX_PER_CONVERSATION {
        return Err(Problem::new(Code::TooManyAttachments).detail("这个会话里的附件已经太多了"));
    }
    let cleaned = media::clean(&api, file).await?;
    let position = cleaned.position;
    let kept = api.conversations.keep(owner, cleaned).await.map_err(|e| Problem::unavailable(&e))?;
    Ok((StatusCode::CREATED, Json(Kept::new(kept, position))))
}

/// The file itself or its small picture, to whoever holds the key of its conversation, or of the ticket that staff put it to.
#[utoipa::path(get, path = "/api/v1/attachments/{id}", tag = "对话", params(("id" = Uuid, Path), Form), security(("conversation" = [])),
    responses((status = 200, description = "image/*, audio/*, video/*"), (status = 206, description = "the part that Range asks for"),
        (status = 404, body = ProblemBody), (status = 500, body = ProblemBody)))]
pub async fn get_attachment(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    Query(form): Query<Form>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    callers::bearer(&headers).ok_or(Code::Unauthenticated)?;
    let found = api.conversations.attachment(callers::id(&id)?).await.map_err(|e| Problem::unavailable(&e))?;
    let row = found.ok_or(Code::NotFound)?;
    match row.owner {
        Owner::Conversation(conversation) => drop(callers::conversation(&api, &headers, conversation).await?),
        Owner::Account(_) => {
            let conversation = callers::conversation_of_bearer(&api, &headers).await?;
            if !api.conversations.may_see(conversation.id, &row).await.map_err(refusal)? {
                return Err(Code::NotFound.into());
            }
        }
    }
    media::give(&api, &row, &form, &headers).await
}
