//! Photos: decoded once under limits, their position read and then stripped with everything else that is not picture, turned
//! upright, and a small one made beside.

use std::io::Cursor;

use bytes::Bytes;
use exif::{Exif, In, Tag, Value};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::{Cleaned, MediaError, MediaKind, strip};
use crate::incident::evidence::PhotoPosition;
use crate::incident::ticket::PointSystem;

/// Longest side of a thumbnail, in pixels.
pub const THUMB: u32 = 320;

/// Checks and cleans a photo of a known format.
pub(super) fn clean(bytes: &Bytes, format: ImageFormat, max_pixels: u64) -> Result<Cleaned, MediaError> {
    let broken = || MediaError::Broken(MediaKind::Photo);
    let content_type = match format {
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Png => "image/png",
        ImageFormat::WebP => "image/webp",
        _ => return Err(MediaError::Unknown),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(max_pixels.saturating_mul(8));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| broken())?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(MediaError::TooManyPixels);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let position = decoder.exif_metadata().ok().flatten().and_then(position);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| broken())?;
    let (bytes, content_type) = if orientation == Orientation::NoTransforms {
        (strip(bytes, format).ok_or_else(broken)?, content_type)
    } else {
        // The camera's "hold it upright" note goes with the EXIF, so the pixels themselves are turned.
        picture.apply_orientation(orientation);
        let mut out = Cursor::new(Vec::new());
        picture.to_rgb8().write_to(&mut out, ImageFormat::Jpeg).map_err(|_| broken())?;
        (out.into_inner().into(), "image/jpeg")
    };
    let mut thumb = Vec::new();
    let small = if picture.width().max(picture.height()) > THUMB { picture.thumbnail(THUMB, THUMB) } else { picture.clone() };
    small.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut thumb, 80)).map_err(|_| broken())?;
    Ok(Cleaned {
        kind: MediaKind::Photo,
        bytes,
        content_type,
        size: Some((picture.width(), picture.height())),
        duration_ms: None,
        thumb: Some(thumb.into()),
        position,
    })
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

/// The position in an EXIF block; none when it is not whole or nowhere.
fn position(block: Vec<u8>) -> Option<PhotoPosition> {
    // Some decoders hand it out with the mark in front.
    let block = block.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec).unwrap_or(block);
    let exif = exif::Reader::new().read_raw(block).ok()?;
    let lat = degrees(&exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S')?;
    let lng = degrees(&exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W')?;
    // Telephones without a fix write zeros.
    let is_somewhere = lat.abs() <= 90.0 && lng.abs() <= 180.0 && (lat.abs() > 1e-6 || lng.abs() > 1e-6);
    is_somewhere.then(|| PhotoPosition { lat, lng, system: PointSystem::Wgs84, taken_at: taken_at(&exif) })
}

fn degrees(exif: &Exif, tag: Tag, reference: Tag, negative: u8) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let part = |n: usize| parts.get(n).map_or(Some(0.0), |r| (r.denom != 0).then(|| r.to_f64()));
    let (whole, minutes, seconds) = (part(0).filter(|_| !parts.is_empty())?, part(1)?, part(2)?);
    let value = whole + minutes / 60.0 + seconds / 3600.0;
    let side = ascii(exif, reference)?;
    value.is_finite().then(|| {
        // Six digits are a hand's breadth; more is noise of the division.
        let value = (value * 1e6).round() / 1e6;
        if side.as_bytes().first().is_some_and(|b| b.eq_ignore_ascii_case(&negative)) { -value } else { value }
    })
}

fn ascii(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(texts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    String::from_utf8(texts.first()?.clone()).ok().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

/// When it was taken: only with a zone, since the camera's clock alone tells no moment.
fn taken_at(exif: &Exif) -> Option<Timestamp> {
    let local = ascii(exif, Tag::DateTimeOriginal)?;
    let offset = ascii(exif, Tag::OffsetTimeOriginal)?;
    let local = DateTime::strptime("%Y:%m:%d %H:%M:%S", &local).ok()?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset.trim_start_matches(['+', '-']).split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?;
    let zone = TimeZone::fixed(Offset::from_seconds(sign * seconds).ok()?);
    local.to_zoned(zone).ok().map(|z| z.timestamp())
}
