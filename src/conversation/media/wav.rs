//! WAV: rebuilt from its format and its sound alone; lists of artists, devices and places are left behind.

use bytes::{Bytes, BytesMut};

use super::le32;

/// A WAV with its sound alone, and its duration in milliseconds. `None` when its parts do not lie within the file.
#[must_use]
pub fn clean(file: &[u8]) -> Option<(Bytes, u64)> {
    let header = file.get(..12).filter(|h| h.starts_with(b"RIFF") && h.ends_with(b"WAVE"))?;
    let size = usize::try_from(le32(file, 4)?).ok()?;
    let file = file.get(..size.checked_add(8)?)?;
    let mut out = BytesMut::with_capacity(file.len());
    out.extend_from_slice(header);
    let (mut at, mut bytes_a_second, mut sound) = (12, 0u64, 0u64);
    while at < file.len() {
        let head = file.get(at..at + 8)?;
        let length = usize::try_from(le32(file, at + 4)?).ok()?;
        let content = file.get(at + 8..at.checked_add(8)?.checked_add(length)?)?;
        match &head[..4] {
            // PCM, floating point, A-law, µ-law, and the long form of these.
            b"fmt " if matches!(content.get(..2)?, [1 | 3 | 6 | 7, 0] | [0xfe, 0xff]) && content.len() >= 16 => {
                bytes_a_second = u64::from(le32(content, 8)?);
            }
            b"data" if bytes_a_second > 0 => sound += length as u64,
            b"fmt " | b"data" => return None,
            b"fact" => {}
            _ => {
                at += 8 + length + length % 2;
                continue;
            }
        }
        out.extend_from_slice(head);
        out.extend_from_slice(content);
        if length % 2 == 1 {
            out.extend_from_slice(&[0]);
        }
        at += 8 + length + length % 2;
    }
    if sound == 0 {
        return None;
    }
    let size = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    Some((out.freeze(), sound * 1000 / bytes_a_second))
}
