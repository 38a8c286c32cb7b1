//! What people attach: photos, voice, short video. Proved by content, freed of what it tells in secret, kept outside the database.
//!
//! Neither name nor header is believed. Each container is walked to its end before it is kept, so that nobody is ever shown a file
//! that only begins like one; what it tells beside sound and picture (position, device, names) is taken out on the way.

pub mod frames;
pub mod mp4;
pub mod ogg;
pub mod photo;
pub mod strip;
pub mod wav;
pub mod webm;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::AttachmentSettings;
use crate::incident::evidence::PhotoPosition;

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A still picture.
    Photo,
    /// A recording without picture.
    Voice,
    /// A recording with picture.
    Video,
}

impl MediaKind {
    /// The stored word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Voice => "voice",
            Self::Video => "video",
        }
    }

    /// The kind behind a stored word; what is unknown is a photo, the first kind there was.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "voice" => Self::Voice,
            "video" => Self::Video,
            _ => Self::Photo,
        }
    }

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Photo => "照片",
            Self::Voice => "语音",
            Self::Video => "视频",
        }
    }
}

/// A file that may be kept.
#[derive(Debug, Clone)]
pub struct Cleaned {
    /// What it is.
    pub kind: MediaKind,
    /// Without what it told in secret.
    pub bytes: Bytes,
    /// By content.
    pub content_type: &'static str,
    /// Pixels as shown, of a photo.
    pub size: Option<(u32, u32)>,
    /// Milliseconds, where the container says so.
    pub duration_ms: Option<u64>,
    /// A small JPEG, of a photo.
    pub thumb: Option<Bytes>,
    /// Where it was taken, as the original said.
    pub position: Option<PhotoPosition>,
}

/// Why a file is not taken. The text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// Nothing in it.
    #[error("文件是空的，请重新选择")]
    Empty,
    /// More bytes than its kind may have.
    #[error("{}不能超过{}，{}", .0.title(), size_words(*.1), smaller(*.0))]
    TooLarge(MediaKind, usize),
    /// More seconds than its kind may have.
    #[error("{}不能超过{}秒，请分几段发送", .0.title(), .1)]
    TooLong(MediaKind, u32),
    /// More pixels than allowed.
    #[error("照片尺寸太大，请缩小后再发")]
    TooManyPixels,
    /// The format of newer telephones, that only their maker's programs read.
    #[error("这是HEIC格式的照片，这里打不开。苹果手机请在“设置→相机→格式”里选“兼容性最佳”再拍，或者打开照片截一张图发来")]
    Heic,
    /// Another kind of file.
    #[error("只能发送照片（JPEG、PNG、WebP）、语音（OGG、WebM、M4A、AAC、MP3、WAV、AMR）和短视频（MP4、WebM）")]
    Unknown,
    /// The right kind, but broken or cut off.
    #[error("{}文件已损坏或者没有传完整，请重新{}或选择", .0.title(), again(*.0))]
    Broken(MediaKind),
}

fn size_words(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes >= MIB { format!("{}MB", bytes / MIB) } else { format!("{}KB", bytes / 1024) }
}

const fn smaller(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Photo => "请压缩后再发",
        MediaKind::Voice => "请分几段录",
        MediaKind::Video => "请拍短一点或者压缩后再发",
    }
}

const fn again(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Photo | MediaKind::Video => "拍摄",
        MediaKind::Voice => "录制",
    }
}

/// What the first bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Picture(image::ImageFormat),
    Heic,
    Mp4,
    WebM,
    Ogg,
    Wav,
    Mp3,
    Aac,
    Amr,
}

fn format_of(file: &[u8]) -> Option<Format> {
    /// Brands of still pictures in the container of films.
    const STILL: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif"];
    if file.get(4..8) == Some(b"ftyp") {
        return Some(if file.get(8..12).is_some_and(|brand| STILL.contains(&brand)) { Format::Heic } else { Format::Mp4 });
    }
    if file.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        return Some(Format::WebM);
    }
    if file.starts_with(b"OggS") {
        return Some(Format::Ogg);
    }
    if file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WAVE") {
        return Some(Format::Wav);
    }
    if file.starts_with(b"#!AMR") {
        return Some(Format::Amr);
    }
    if frames::begins_like_aac(file) {
        return Some(Format::Aac);
    }
    if file.starts_with(b"ID3") || frames::begins_like_mp3(file) {
        return Some(Format::Mp3);
    }
    match image::guess_format(file).ok()? {
        known @ (image::ImageFormat::Jpeg | image::ImageFormat::Png | image::ImageFormat::WebP) => Some(Format::Picture(known)),
        _ => None,
    }
}

/// How many bytes a file that begins so may have at most. Of a film container only its end tells whether there is a picture in it:
/// then the larger limit counts here, and [`clean`] looks again.
#[must_use]
pub fn limit_of(beginning: &[u8], rules: &AttachmentSettings) -> (MediaKind, usize) {
    match format_of(beginning) {
        Some(Format::Mp4 | Format::WebM) => (MediaKind::Video, rules.max_video_bytes.max(rules.max_voice_bytes)),
        Some(Format::Ogg | Format::Wav | Format::Mp3 | Format::Aac | Format::Amr) => (MediaKind::Voice, rules.max_voice_bytes),
        Some(Format::Picture(_) | Format::Heic) | None => (MediaKind::Photo, rules.max_bytes),
    }
}

/// Checks and cleans a file. Blocks: run it on a blocking thread.
///
/// # Errors
/// In words for whoever sent it.
pub fn clean(file: &Bytes, rules: &AttachmentSettings) -> Result<Cleaned, MediaError> {
    use MediaKind::{Photo, Video, Voice};
    if file.is_empty() {
        return Err(MediaError::Empty);
    }
    let (likely, most) = limit_of(file, rules);
    if file.len() > most {
        return Err(MediaError::TooLarge(likely, most));
    }
    let voice = |found: Option<(Bytes, u64)>, content_type| {
        let (bytes, millis) = found.ok_or(MediaError::Broken(Voice))?;
        recording(Voice, bytes, content_type, Some(millis), rules)
    };
    match format_of(file).ok_or(MediaError::Unknown)? {
        Format::Heic => Err(MediaError::Heic),
        Format::Picture(format) => photo::clean(file, format, rules.max_pixels),
        Format::Ogg => voice(ogg::opus(file), "audio/ogg"),
        Format::Wav => voice(wav::clean(file), "audio/wav"),
        Format::Mp3 => voice(frames::mp3(file), "audio/mpeg"),
        Format::Aac => voice(frames::aac(file), "audio/aac"),
        Format::Amr => voice(frames::amr(file), "audio/amr"),
        Format::Mp4 => {
            let recorded = mp4::clean(file).ok_or(MediaError::Broken(Video))?;
            let (kind, content_type) = match (recorded.has_picture, recorded.is_quicktime) {
                (true, false) => (Video, "video/mp4"),
                (true, true) => (Video, "video/quicktime"),
                (false, _) => (Voice, "audio/mp4"),
            };
            recording(kind, recorded.bytes, content_type, recorded.duration_ms, rules)
        }
        Format::WebM => {
            let recorded = webm::clean(file).ok_or(MediaError::Broken(Video))?;
            let (kind, content_type) = if recorded.has_picture { (Video, "video/webm") } else { (Voice, "audio/webm") };
            recording(kind, recorded.bytes, content_type, recorded.duration_ms, rules)
        }
    }
    .inspect(|cleaned| debug_assert!(cleaned.kind != Photo || cleaned.thumb.is_some(), "every photo has a thumbnail"))
}

fn recording(
    kind: MediaKind,
    bytes: Bytes,
    content_type: &'static str,
    duration_ms: Option<u64>,
    rules: &AttachmentSettings,
) -> Result<Cleaned, MediaError> {
    /// Recorders stop a little late.
    const GRACE_MS: u64 = 1_000;
    let (most, seconds) = match kind {
        MediaKind::Video => (rules.max_video_bytes, rules.max_video_s),
        MediaKind::Voice | MediaKind::Photo => (rules.max_voice_bytes, rules.max_voice_s),
    };
    if bytes.len() > most {
        return Err(MediaError::TooLarge(kind, most));
    }
    if duration_ms.is_some_and(|ms| ms > u64::from(seconds) * 1_000 + GRACE_MS) {
        return Err(MediaError::TooLong(kind, seconds));
    }
    Ok(Cleaned { kind, bytes, content_type, size: None, duration_ms, thumb: None, position: None })
}

/// Big-endian number at a place.
fn be32(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(file.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// Big-endian number at a place.
fn be64(file: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(file.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// Little-endian number at a place.
fn le32(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(file.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
