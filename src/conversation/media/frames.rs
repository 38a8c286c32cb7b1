//! Sound that is nothing but one frame behind another: MP3, AAC (ADTS), AMR. Only whole frames are kept, so tags before and behind
//! them are gone, and their number is the duration.

use bytes::Bytes;

/// Samples of a second, by index in the header.
const AAC_RATES: [u64; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// Kilobits of a second, MPEG-1 layer III.
const MPEG1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// Kilobits of a second, MPEG-2 and 2.5 layer III.
const MPEG2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// Bytes of a narrow-band AMR frame with its header, by type; 0 = there is none.
const AMR: [usize; 16] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1];
/// Bytes of a wide-band one.
const AMR_WB: [usize; 16] = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1];

/// One frame: bytes, and nanoseconds of sound.
type Frame = (usize, u64);

/// MP3 without its tags, and its duration in milliseconds.
#[must_use]
pub fn mp3(file: &[u8]) -> Option<(Bytes, u64)> {
    let mut at = 0;
    while file.get(at..).is_some_and(|rest| rest.starts_with(b"ID3")) {
        at = at.checked_add(id3_length(file.get(at..)?)?)?;
    }
    let rest = file.get(at..)?;
    // Padding behind a tag.
    let sound = rest.get(rest.iter().position(|b| *b != 0)?..)?;
    let (end, nanos) = walk(sound, 2, mp3_frame)?;
    is_tag_or_rest(&sound[end..], mp3_frame).then(|| (Bytes::copy_from_slice(&sound[..end]), nanos / 1_000_000))
}

/// AAC in ADTS frames, and its duration in milliseconds.
#[must_use]
pub fn aac(file: &[u8]) -> Option<(Bytes, u64)> {
    let (end, nanos) = walk(file, 2, aac_frame)?;
    is_tag_or_rest(&file[end..], aac_frame).then(|| (Bytes::copy_from_slice(&file[..end]), nanos / 1_000_000))
}

/// AMR, narrow or wide band, and its duration in milliseconds.
#[must_use]
pub fn amr(file: &[u8]) -> Option<(Bytes, u64)> {
    let (head, sizes): (&[u8], &[usize; 16]) =
        if file.starts_with(b"#!AMR-WB\n") { (b"#!AMR-WB\n", &AMR_WB) } else { (b"#!AMR\n", &AMR) };
    let sound = file.strip_prefix(head)?;
    let frame = |rest: &[u8]| -> Option<Frame> {
        let first = *rest.first()?;
        // The padding bits of a header are zero.
        let length = sizes[usize::from(first >> 3 & 0x0f)];
        (first & 0x83 == 0 && length > 0).then_some((length, 20_000_000))
    };
    let (end, nanos) = walk(sound, 1, frame)?;
    let is_whole = is_tag_or_rest(&sound[end..], frame);
    is_whole.then(|| (Bytes::copy_from_slice(&file[..head.len() + end]), nanos / 1_000_000))
}

/// The first bytes are a frame of MPEG layer III.
#[must_use]
pub fn begins_like_mp3(file: &[u8]) -> bool {
    mp3_frame(file).is_some()
}

/// The first bytes are an ADTS frame.
#[must_use]
pub fn begins_like_aac(file: &[u8]) -> bool {
    aac_frame(file).is_some()
}

/// Whole frames from the start: where they end and how long they sound.
fn walk(sound: &[u8], least: usize, frame: impl Fn(&[u8]) -> Option<Frame>) -> Option<(usize, u64)> {
    let (mut at, mut nanos, mut count) = (0, 0u64, 0usize);
    while let Some((length, lasts)) = sound.get(at..).and_then(&frame)
        && sound.len() - at >= length
    {
        at += length;
        nanos = nanos.saturating_add(lasts);
        count += 1;
    }
    (count >= least).then_some((at, nanos))
}

/// What follows the last whole frame may be left out: nothing, padding, a tag, or a frame that was broken off.
fn is_tag_or_rest(rest: &[u8], frame: impl Fn(&[u8]) -> Option<Frame>) -> bool {
    let tags: [&[u8]; 5] = [b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI"];
    rest.iter().all(|b| *b == 0)
        || tags.iter().any(|tag| rest.starts_with(tag))
        || frame(rest).is_some_and(|(length, _)| length > rest.len())
        || rest.len() < 8
}

/// Bytes of an `ID3v2` tag with its header.
fn id3_length(tag: &[u8]) -> Option<usize> {
    let size = tag.get(6..10)?;
    if size.iter().any(|b| b & 0x80 != 0) {
        return None;
    }
    let length = size.iter().fold(0usize, |all, b| all << 7 | usize::from(*b));
    let footer = if tag.get(5)? & 0x10 == 0 { 0 } else { 10 };
    Some(10 + length + footer)
}

fn mp3_frame(rest: &[u8]) -> Option<Frame> {
    let head: [u8; 4] = rest.get(..4)?.try_into().ok()?;
    let version = head[1] >> 3 & 3;
    if head[0] != 0xff || head[1] & 0xe0 != 0xe0 || version == 1 || head[1] >> 1 & 3 != 1 {
        return None;
    }
    let rate = *[44_100usize, 48_000, 32_000].get(usize::from(head[2] >> 2 & 3))?;
    let kilobits = if version == 3 { MPEG1 } else { MPEG2 }.get(usize::from(head[2] >> 4)).copied().filter(|k| *k > 0)?;
    // 3 is MPEG-1, 2 is MPEG-2 at half the rate, 0 is MPEG-2.5 at a quarter.
    let (rate, samples) = match version {
        3 => (rate, 1152),
        2 => (rate / 2, 576),
        _ => (rate / 4, 576),
    };
    let length = samples / 8 * kilobits * 1000 / rate + usize::from(head[2] >> 1 & 1);
    (length > 4).then_some((length, samples as u64 * 1_000_000_000 / rate as u64))
}

fn aac_frame(rest: &[u8]) -> Option<Frame> {
    let head = rest.get(..7)?;
    if head[0] != 0xff || head[1] & 0xf6 != 0xf0 {
        return None;
    }
    let rate = *AAC_RATES.get(usize::from(head[2] >> 2 & 0x0f))?;
    let length = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
    let blocks = u64::from(head[6] & 3) + 1;
    (length > 7).then_some((length, blocks * 1024 * 1_000_000_000 / rate))
}
