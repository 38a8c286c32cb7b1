//! Files over HTTP, the same for residents and staff: taken with a limit of their kind, given whole or in part with headers that let
//! nothing run.

use axum::extract::Multipart;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::problem::{Code, Problem};
use super::state::Api;
use crate::config::AttachmentSettings;
use crate::conversation::evidence::FileError;
use crate::conversation::media::{self, Cleaned, MediaError, MediaKind};
use crate::conversation::store::Attachment;
use crate::incident::evidence::PhotoPosition;

/// With this many bytes every format can be told.
const HEAD: usize = 64;

/// A file that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct Kept {
    /// Use it in `attachments` of a message, of the draft, of a ticket or a move.
    pub attachment_id: Uuid,
    /// By content.
    pub kind: MediaKind,
    /// By content.
    pub content_type: String,
    /// After stripping.
    pub bytes: u64,
    /// Pixels, of a photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels, of a photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Milliseconds of voice and video, where the container says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// SHA-256 of what was kept, hex.
    pub sha256: String,
    /// Where the photo said it was taken. It is told here once and offered to the draft; the kept file does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<PhotoPosition>,
}

impl Kept {
    /// Of a row, with what the original said about its place.
    #[must_use]
    pub fn new(row: Attachment, position: Option<PhotoPosition>) -> Self {
        let of_photo = |n: u32| (row.kind == MediaKind::Photo).then_some(n);
        Self {
            attachment_id: row.id,
            kind: row.kind,
            width: of_photo(row.width),
            height: of_photo(row.height),
            duration_ms: row.duration_ms,
            content_type: row.content_type,
            bytes: row.bytes,
            sha256: row.sha256,
            position,
        }
    }
}

/// Fields of the upload.
#[derive(Debug, ToSchema)]
pub struct Upload {
    /// A photo (JPEG, PNG, WebP), voice (OGG/Opus, `WebM`, M4A, AAC, MP3, WAV, AMR) or a short video (MP4, `WebM`).
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
}

/// Which form of a file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Form {
    /// `thumb` = a small JPEG, of photos; the file itself when absent.
    #[serde(default)]
    pub size: Option<String>,
}

/// The file of a form: read to its end, so that its sender hears why it is too large, but kept only up to the limit of its kind.
pub async fn take(form: Result<Multipart, MultipartRejection>, rules: &AttachmentSettings) -> Result<Bytes, Problem> {
    let mut form = form.map_err(|_| Problem::new(Code::UnsupportedMediaType).detail("文件须以 multipart/form-data 上传"))?;
    let too_large = |(kind, most)| Problem::new(Code::TooLarge).detail(MediaError::TooLarge(kind, most).to_string());
    let most = rules.largest();
    let whole_body = (if most == rules.max_video_bytes { MediaKind::Video } else { MediaKind::Photo }, most);
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(whole_body),
        _ => Problem::new(Code::InvalidBody).detail("文件没有传完整，请重试"),
    };
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let (mut bytes, mut size, mut limit) = (BytesMut::new(), 0, None);
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            size += chunk.len();
            if size <= limit.map_or(most, |(_, most)| most) {
                bytes.extend_from_slice(&chunk);
                if limit.is_none() && bytes.len() >= HEAD {
                    limit = Some(media::limit_of(&bytes, rules));
                }
            }
        }
        return match limit {
            Some((kind, most)) if size > most => Err(too_large((kind, most))),
            _ => Ok(bytes.freeze()),
        };
    }
    Err(Problem::new(Code::InvalidBody).detail("缺少文件"))
}

/// Proves and cleans a file.
pub async fn clean(api: &Api, file: Bytes) -> Result<Cleaned, Problem> {
    let rules = api.attachments.clone();
    let cleaned = tokio::task::spawn_blocking(move || media::clean(&file, &rules)).await.map_err(|e| Problem::internal(&e))?;
    cleaned.map_err(|error| {
        let code = match error {
            MediaError::TooLarge(..) => Code::TooLarge,
            MediaError::Heic | MediaError::Unknown => Code::UnsupportedMediaType,
            MediaError::Empty | MediaError::TooManyPixels | MediaError::Broken(MediaKind::Photo) => Code::InvalidPicture,
            MediaError::TooLong(..) | MediaError::Broken(_) => Code::InvalidAttachment,
        };
        Problem::new(code).detail(error.to_string())
    })
}

/// An attachment, whole or the part that `Range` asks for, or its small picture.
pub async fn give(api: &Api, row: &Attachment, form: &Form, asked: &HeaderMap) -> Result<Response, Problem> {
    let (bytes, content_type) = match form.size.as_deref() {
        None => (api.conversations.file(row).await.map_err(|e| damaged(&e))?, row.content_type.as_str()),
        Some("thumb") => match api.conversations.thumb(row).await.map_err(|e| damaged(&e))? {
            Some(thumb) => (thumb, "image/jpeg"),
            // A photo from before there were small ones.
            None if row.kind == MediaKind::Photo => {
                (api.conversations.file(row).await.map_err(|e| damaged(&e))?, row.content_type.as_str())
            }
            None => return Err(Problem::new(Code::NotFound).detail("语音和视频没有缩略图")),
        },
        Some(_) => return Err(Problem::new(Code::InvalidParameter).detail("size 只能是 thumb")),
    };
    let whole = bytes.len();
    let mut response = match part(asked, whole) {
        Part::Whole => bytes.into_response(),
        Part::Some(from, to) => {
            let mut response = (StatusCode::PARTIAL_CONTENT, bytes.slice(from..=to)).into_response();
            set(&mut response, header::CONTENT_RANGE, &format!("bytes {from}-{to}/{whole}"))?;
            response
        }
        Part::None => {
            let mut response = Problem::new(Code::RangeNotSatisfiable).into_response();
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{whole}"))?;
            return Ok(response);
        }
    };
    let ending = content_type.rsplit('/').next().unwrap_or("bin");
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CONTENT_DISPOSITION, &format!("inline; filename=\"attachment.{ending}\"")),
    ] {
        set(&mut response, name, value)?;
    }
    Ok(response)
}

fn set(response: &mut Response, name: HeaderName, value: &str) -> Result<(), Problem> {
    response.headers_mut().insert(name, HeaderValue::from_str(value).map_err(|e| Problem::internal(&e))?);
    Ok(())
}

fn damaged(error: &FileError) -> Problem {
    match error {
        FileError::Store(error) => Problem::unavailable(error),
        FileError::Damaged(id) => {
            tracing::error!(attachment = %id, "an attachment on disk is not what was kept; restore it from the backup");
            Problem::new(Code::AttachmentDamaged)
        }
    }
}

enum Part {
    Whole,
    Some(usize, usize),
    None,
}

/// One part of bytes; several parts at once are answered by the whole, as one may.
fn part(asked: &HeaderMap, whole: usize) -> Part {
    let Some(range) = asked.get(header::RANGE).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("bytes=")) else {
        return Part::Whole;
    };
    let Some((from, to)) = range.split_once('-').filter(|_| !range.contains(',')) else { return Part::Whole };
    let (from, to): (Option<usize>, Option<usize>) = (from.trim().parse().ok(), to.trim().parse().ok());
    match (from, to) {
        (Some(from), _) if from >= whole => Part::None,
        (Some(from), None) => Part::Some(from, whole - 1),
        (Some(from), Some(to)) if to >= from => Part::Some(from, to.min(whole - 1)),
        (None, Some(last)) if last > 0 && whole > 0 => Part::Some(whole.saturating_sub(last), whole - 1),
        (None, Some(0)) => Part::None,
        _ => Part::Whole,
    }
}
