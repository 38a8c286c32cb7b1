//! What of a picture's file is kept: only the parts that are needed to show it, and nothing behind its end.
//!
//! Parts are kept by a list of what is known to be harmless, not dropped by a list of what is known to tell something.
//! Behind the end of a photo, telephones put a film or a second photo with an EXIF block of its own.

use bytes::{Bytes, BytesMut};

/// A JPEG without EXIF, XMP, comments, previews and whatever follows its end. `None` when its parts cannot be told apart.
#[must_use]
pub fn jpeg(file: &[u8]) -> Option<Bytes> {
    const SOI: u8 = 0xd8;
    const EOI: u8 = 0xd9;
    const SOS: u8 = 0xda;
    let mut out = BytesMut::with_capacity(file.len());
    if !file.starts_with(&[0xff, SOI]) {
        return None;
    }
    out.extend_from_slice(&[0xff, SOI]);
    let mut at = 2;
    // Fill bytes may stand before a marker; a file that breaks off after its last scan is ended here.
    while let Some(marker) = next_marker(file, &mut at) {
        match marker {
            EOI => break,
            0x01 | 0xd0..=0xd7 => continue,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes([*file.get(at)?, *file.get(at + 1)?]));
        let segment = file.get(at..at + length).filter(|s| s.len() >= 2)?;
        if is_needed_in_jpeg(marker, &segment[2..]) {
            out.extend_from_slice(&[0xff, marker]);
            out.extend_from_slice(segment);
        }
        at += length;
        if marker == SOS {
            let scan = scan_length(file.get(at..)?);
            out.extend_from_slice(&file[at..at + scan]);
            at += scan;
        }
    }
    out.extend_from_slice(&[0xff, EOI]);
    Some(out.freeze())
}

/// The next marker; `at` stands behind it then.
fn next_marker(file: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let start = *at + file.get(*at..)?.iter().position(|b| *b == 0xff)?;
        *at = start + file.get(start..)?.iter().position(|b| *b != 0xff)?;
        let marker = *file.get(*at)?;
        *at += 1;
        if marker != 0 {
            return Some(marker);
        }
    }
}

/// Bytes of compressed data up to the next marker that is not part of it.
fn scan_length(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = data[at..].iter().position(|b| *b == 0xff) {
        let start = at + found;
        match data.get(start + 1) {
            Some(0 | 0xd0..=0xd7) => at = start + 2,
            Some(0xff) => at = start + 1,
            _ => return start,
        }
    }
    data.len()
}

/// Frame, tables and scans; of the applications' parts only those that change colours or size.
fn is_needed_in_jpeg(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xe0 => content.starts_with(b"JFIF\0"),
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        0xee => content.starts_with(b"Adobe"),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    }
}

/// A PNG with its picture and colours alone.
#[must_use]
pub fn png(file: &[u8]) -> Option<Bytes> {
    const SIGNATURE: usize = 8;
    let mut out = BytesMut::with_capacity(file.len());
    out.extend_from_slice(file.get(..SIGNATURE)?);
    let mut at = SIGNATURE;
    loop {
        let length = usize::try_from(u32::from_be_bytes(file.get(at..at + 4)?.try_into().ok()?)).ok()?;
        let kind = file.get(at + 4..at + 8)?;
        let end = at.checked_add(length)?.checked_add(12)?;
        let chunk = file.get(at..end)?;
        let needed: [&[u8]; 12] =
            [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"cICP"];
        if needed.contains(&kind) {
            out.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(out.freeze());
        }
        at = end;
    }
}

/// A WebP with its picture and colours alone.
#[must_use]
pub fn webp(file: &[u8]) -> Option<Bytes> {
    /// In the flags of the extended header: metadata follow.
    const EXIF_AND_XMP: u8 = 0x08 | 0x04;
    let mut out = BytesMut::with_capacity(file.len());
    let header = file.get(..12).filter(|h| h.starts_with(b"RIFF") && h.ends_with(b"WEBP"))?;
    out.extend_from_slice(header);
    let size = usize::try_from(u32::from_le_bytes(file.get(4..8)?.try_into().ok()?)).ok()?;
    let file = file.get(..file.len().min(size.checked_add(8)?))?;
    let mut at = 12;
    while let Some(head) = file.get(at..at + 8) {
        let (kind, length) = head.split_at(4);
        let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
        let content = file.get(at + 8..at.checked_add(8)?.checked_add(length)?)?;
        let needed: [&[u8]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"ANIM", b"ANMF"];
        if needed.contains(&kind) {
            out.extend_from_slice(head);
            if kind == b"VP8X" {
                let (flags, rest) = content.split_first()?;
                out.extend_from_slice(&[flags & !EXIF_AND_XMP]);
                out.extend_from_slice(rest);
            } else {
                out.extend_from_slice(content);
            }
            if length % 2 == 1 {
                out.extend_from_slice(&[0]);
            }
        }
        at += 8 + length + length % 2;
    }
    let size = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    Some(out.freeze())
}
