//! Where the bytes of photos and recordings come from when they go to a platform.

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

/// An attachment as kept: cleaned of what it tells in secret when it came in.
#[derive(Debug, Clone)]
pub struct Kept {
    /// By content.
    pub content_type: String,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
    /// The bytes.
    pub bytes: Bytes,
}

impl Kept {
    /// Voices can be heard in it.
    #[must_use]
    pub fn has_sound(&self) -> bool {
        self.content_type.starts_with("audio/") || self.content_type.starts_with("video/")
    }
}

/// Why an attachment cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReadable {
    /// Not now; it is tried again.
    #[error("{0}")]
    Later(String),
    /// Not any more: a person must look.
    #[error("{0}")]
    Never(String),
}

/// Keeps attachments.
#[async_trait]
pub trait AttachmentSource: Send + Sync + std::fmt::Debug {
    /// The attachment; `Ok(None)` when it is gone (deleted by the resident).
    ///
    /// # Errors
    /// In words for the log and the desk.
    async fn attachment(&self, id: Uuid) -> Result<Option<Kept>, NotReadable>;
}

/// A name that says nothing: `附件1.jpg`.
#[must_use]
pub fn file_name(number: u32, content_type: &str) -> String {
    let ending = match content_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "audio/ogg" => "ogg",
        "audio/mp4" => "m4a",
        "audio/aac" => "aac",
        "audio/mpeg" => "mp3",
        "audio/wav" => "wav",
        "audio/amr" => "amr",
        "audio/webm" | "video/webm" => "webm",
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        _ => "bin",
    };
    format!("附件{number}.{ending}")
}
