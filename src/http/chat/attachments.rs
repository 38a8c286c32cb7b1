//! `POST /api/v1/attachments`, `GET /api/v1/attachments/{id}`: photos, readable only with the right to their conversation.

use axum::Json;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::conversation::pictures::{self, PictureError, PictureRules};
use crate::conversation::store::Conversation;
use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};

/// Pictures that one conversation may keep.
const MAX_PER_CONVERSATION: u32 = 60;

/// A picture that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct Kept {
    /// Use it in `attachments` of a message or of the draft.
    pub attachment_id: Uuid,
    /// By content.
    pub content_type: String,
    /// After stripping.
    pub bytes: u64,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Fields of the upload.
#[derive(Debug, ToSchema)]
pub struct Upload {
    /// JPEG, PNG or WebP.
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
}

/// Keeps a photo for the conversation that the bearer is the key of.
#[utoipa::path(post, path = "/api/v1/attachments", tag = "对话", security(("conversation" = [])),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 201, body = Kept), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn post_attachment(
    State(api): State<ApiState>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    let conversation = callers::conversation_of_bearer(&api, &headers).await?;
    let mut form = form.map_err(|_| Problem::new(Code::UnsupportedMediaType).detail("照片须以 multipart/form-data 上传"))?;
    let too_large =
        || Problem::new(Code::TooLarge).detail(PictureError::TooLarge(api.attachments.max_bytes / (1024 * 1024)).to_string());
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::new(Code::InvalidBody).detail("照片没有传完整，请重试"),
    };
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let (mut bytes, mut size) = (BytesMut::new(), 0);
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            size += chunk.len();
            if size <= api.attachments.max_bytes {
                bytes.extend_from_slice(&chunk);
            }
        }
        if size > api.attachments.max_bytes {
            return Err(too_large());
        }
        return keep(&api, &conversation, bytes.freeze()).await;
    }
    Err(Problem::new(Code::InvalidBody).detail("缺少照片文件"))
}

async fn keep(api: &Api, conversation: &Conversation, file: Bytes) -> Result<(StatusCode, Json<Kept>), Problem> {
    let count = api.conversations.attachment_count(conversation.id).await.map_err(|e| Problem::unavailable(&e))?;
    if count >= MAX_PER_CONVERSATION {
        return Err(Problem::new(Code::Conflict).detail("这个会话里的照片已经太多了"));
    }
    let rules = PictureRules { max_bytes: api.attachments.max_bytes, max_pixels: api.attachments.max_pixels };
    let cleaned = tokio::task::spawn_blocking(move || pictures::clean(file, rules)).await.map_err(|e| Problem::internal(&e))?;
    let picture = cleaned.map_err(|error| {
        let code = match error {
            PictureError::TooLarge(_) => Code::TooLarge,
            PictureError::NotAPicture => Code::UnsupportedMediaType,
            PictureError::Empty | PictureError::TooManyPixels | PictureError::Broken => Code::InvalidPicture,
        };
        Problem::new(code).detail(error.to_string())
    })?;
    let kept = api.conversations.attach(conversation.id, picture).await.map_err(|e| Problem::unavailable(&e))?;
    let kept = Kept {
        attachment_id: kept.id,
        content_type: kept.content_type,
        bytes: kept.bytes,
        width: kept.width,
        height: kept.height,
    };
    Ok((StatusCode::CREATED, Json(kept)))
}

/// The photo itself, to whoever holds the key of its conversation.
#[utoipa::path(get, path = "/api/v1/attachments/{id}", tag = "对话", params(("id" = Uuid, Path)), security(("conversation" = [])),
    responses((status = 200, description = "image/jpeg, image/png, image/webp"), (status = 404, body = ProblemBody)))]
pub async fn get_attachment(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    callers::bearer(&headers).ok_or(Code::Unauthenticated)?;
    let found = api.conversations.attachment(callers::id(&id)?).await.map_err(|e| Problem::unavailable(&e))?;
    let (row, bytes) = found.ok_or(Code::NotFound)?;
    callers::conversation(&api, &headers, row.conversation_id).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&row.content_type).map_err(|e| Problem::internal(&e))?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    Ok(response)
}
