//! Opus in Ogg: every page is checked and written anew with an empty comment header, so that titles, places and pictures are gone.
//!
//! The comment header must end its page (RFC 7845), so it is always replaced cleanly, and the pages behind it get new numbers and
//! check sums. Vorbis is not taken: nothing that records voice today writes it.

use bytes::{Bytes, BytesMut};

use super::le32;

const CRC: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut out = [0u32; 256];
    let mut n = 0;
    while n < 256 {
        let mut value = (n as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 0x8000_0000 == 0 { value << 1 } else { (value << 1) ^ 0x04c1_1db7 };
            bit += 1;
        }
        out[n] = value;
        n += 1;
    }
    out
}

/// The check sum of a page whose own check sum is zero.
#[must_use]
pub fn crc(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, b| sum << 8 ^ CRC[usize::from((sum >> 24) as u8 ^ b)])
}

struct Page<'a> {
    flags: u8,
    /// Samples up to the end of the page, at 48 kHz.
    granule: u64,
    serial: u32,
    segments: &'a [u8],
    body: &'a [u8],
}

impl Page<'_> {
    /// The page ends with the end of the only packet that it has.
    fn ends_its_packet(&self) -> bool {
        self.segments.split_last().is_some_and(|(last, others)| *last < 255 && others.iter().all(|s| *s == 255))
    }
}

/// Opus without comments, and its duration in milliseconds.
#[must_use]
pub fn opus(file: &[u8]) -> Option<(Bytes, u64)> {
    const FIRST: u8 = 2;
    let mut at = 0;
    let head = page(file, &mut at)?;
    if head.flags & FIRST == 0 || !head.body.starts_with(b"OpusHead") || head.body.len() < 19 || !head.ends_its_packet() {
        return None;
    }
    let skipped = u64::from(u16::from_le_bytes([head.body[10], head.body[11]]));
    let comments = page(file, &mut at)?;
    if !comments.body.starts_with(b"OpusTags") || comments.serial != head.serial {
        return None;
    }
    let mut ended = comments.ends_its_packet();
    while !ended {
        let more = page(file, &mut at)?;
        ended = more.ends_its_packet();
        if more.serial != head.serial || (!ended && more.segments.iter().any(|s| *s < 255)) {
            return None;
        }
    }
    let mut out = BytesMut::with_capacity(file.len());
    write(&mut out, &head, 0);
    // No vendor, no comments.
    let nothing = Page { flags: 0, granule: 0, serial: head.serial, segments: &[16], body: b"OpusTags\0\0\0\0\0\0\0\0" };
    write(&mut out, &nothing, 1);
    let (mut number, mut last) = (2u32, 0);
    while at < file.len() {
        let page = page(file, &mut at)?;
        if page.serial != head.serial || page.flags & FIRST != 0 {
            return None;
        }
        if page.granule != u64::MAX {
            last = page.granule;
        }
        write(&mut out, &page, number);
        number = number.checked_add(1)?;
    }
    (number > 2).then(|| (out.freeze(), last.saturating_sub(skipped) / 48))
}

/// The page at `at`, which stands behind it then. `None` when it is none, cut off, or damaged.
fn page<'a>(file: &'a [u8], at: &mut usize) -> Option<Page<'a>> {
    const HEAD: usize = 27;
    let head = file.get(*at..at.checked_add(HEAD)?)?;
    if !head.starts_with(b"OggS\0") {
        return None;
    }
    let body_at = *at + HEAD + usize::from(head[26]);
    let segments = file.get(*at + HEAD..body_at)?;
    let end = body_at + segments.iter().map(|s| usize::from(*s)).sum::<usize>();
    let body = file.get(body_at..end)?;
    let mut whole = file[*at..end].to_vec();
    whole[22..26].fill(0);
    if crc(&whole) != le32(head, 22)? {
        return None;
    }
    *at = end;
    let granule = u64::from_le_bytes(head.get(6..14)?.try_into().ok()?);
    Some(Page { flags: head[5], granule, serial: le32(head, 14)?, segments, body })
}

fn write(out: &mut BytesMut, page: &Page<'_>, number: u32) {
    let start = out.len();
    out.extend_from_slice(b"OggS\0");
    out.extend_from_slice(&[page.flags]);
    out.extend_from_slice(&page.granule.to_le_bytes());
    out.extend_from_slice(&page.serial.to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&[page.segments.len() as u8]);
    out.extend_from_slice(page.segments);
    out.extend_from_slice(page.body);
    let sum = crc(&out[start..]);
    out[start + 22..start + 26].copy_from_slice(&sum.to_le_bytes());
}
