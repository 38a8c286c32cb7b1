//! Photos that residents attach: proved to be pictures, freed of what they tell in secret, kept outside the database.
//!
//! The type comes from the content, never from a name. A photo is decoded once under limits before it is kept, so that
//! nobody is ever shown a file that only begins like one.

use std::io::Cursor;

use bytes::Bytes;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use super::strip;

/// What a picture must keep to.
#[derive(Debug, Clone, Copy)]
pub struct PictureRules {
    /// Bytes as sent.
    pub max_bytes: usize,
    /// Width × height.
    pub max_pixels: u64,
}

/// A picture that may be kept.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Without EXIF, XMP and comments.
    pub bytes: Bytes,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub content_type: &'static str,
    /// Pixels as shown.
    pub width: u32,
    /// Pixels as shown.
    pub height: u32,
}

/// Why a file is not taken. The text is for the resident.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Nothing in it.
    #[error("照片是空的，请重新选择")]
    Empty,
    /// More bytes than allowed.
    #[error("照片不能超过{0}MB，请压缩后再发")]
    TooLarge(usize),
    /// More pixels than allowed.
    #[error("照片尺寸太大，请缩小后再发")]
    TooManyPixels,
    /// Another kind of file.
    #[error("只能发送JPEG、PNG或WebP格式的照片")]
    NotAPicture,
    /// The right kind, but broken.
    #[error("照片文件已损坏，请重新拍摄或选择")]
    Broken,
}

/// Checks and cleans a picture. Blocks: run it on a blocking thread.
pub fn clean(bytes: Bytes, rules: PictureRules) -> Result<Picture, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if bytes.len() > rules.max_bytes {
        return Err(PictureError::TooLarge(rules.max_bytes / (1024 * 1024)));
    }
    let format = image::guess_format(&bytes).map_err(|_| PictureError::NotAPicture)?;
    let content_type = match format {
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Png => "image/png",
        ImageFormat::WebP => "image/webp",
        _ => return Err(PictureError::NotAPicture),
    };
    let mut reader = ImageReader::with_format(Cursor::new(&bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(rules.max_pixels.saturating_mul(8));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| PictureError::Broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > rules.max_pixels {
        return Err(PictureError::TooManyPixels);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| PictureError::Broken)?;
    if orientation == Orientation::NoTransforms {
        let bytes = strip(&bytes, format).ok_or(PictureError::Broken)?;
        return Ok(Picture { bytes, content_type, width, height });
    }
    // The camera's "hold it upright" note goes with the EXIF, so the pixels themselves are turned.
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width(), picture.height());
    let mut out = Cursor::new(Vec::new());
    picture.to_rgb8().write_to(&mut out, ImageFormat::Jpeg).map_err(|_| PictureError::Broken)?;
    Ok(Picture { bytes: out.into_inner().into(), content_type: "image/jpeg", width, height })
}

/// Removes everything that is not needed to show the picture.
fn strip(bytes: &[u8], format: ImageFormat) -> Option<Bytes> {
    match format {
        ImageFormat::Jpeg => strip::jpeg(bytes),
        ImageFormat::Png => strip::png(bytes),
        ImageFormat::WebP => strip::webp(bytes),
        _ => None,
    }
}
