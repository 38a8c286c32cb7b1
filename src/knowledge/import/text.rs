//! Bytes to text: UTF-8, UTF-16 with a mark, else the encodings of Chinese Windows (GBK, GB18030) or what the letters say.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8};

/// The text, or `None` when the bytes are none.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return (few_holes(&text) && readable(&text)).then(|| text.into_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => return readable(text).then(|| text.to_owned()),
        // A head that was cut in the middle of a character is still UTF-8.
        Err(e) if e.error_len().is_none() && e.valid_up_to() + 4 > bytes.len() && e.valid_up_to() > 0 => {
            return std::str::from_utf8(&bytes[..e.valid_up_to()]).ok().filter(|t| readable(t)).map(str::to_owned);
        }
        Err(_) => {}
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    // A street's files are Chinese: what could be GBK is.
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Deny);
    let encoding = if guess == GBK || guess == UTF_8 { GB18030 } else { guess };
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    ((!broken || few_holes(&text)) && readable(&text)).then(|| text.into_owned())
}

/// The text without its mark, or `None` when a single character of it is unsure: for tables, where a hole is a wrong value.
#[must_use]
pub fn decode_whole(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() {
        return Some(String::new());
    }
    let text = decode(bytes).filter(|text| !text.contains('\u{FFFD}'))?;
    Some(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// The last character of a cut head may be half; a text full of holes is none.
fn few_holes(text: &str) -> bool {
    text.chars().filter(|c| *c == '\u{FFFD}').count() * 100 <= text.chars().count()
}

/// Decodes by a label (`<meta charset=…>`), else like [`decode`].
#[must_use]
pub fn decode_labelled(bytes: &[u8], label: Option<&str>) -> Option<String> {
    if Encoding::for_bom(bytes).is_none()
        && let Some(encoding) = label.and_then(|l| Encoding::for_label(l.as_bytes()))
    {
        let encoding = if encoding == GBK { GB18030 } else { encoding };
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        if !broken {
            return readable(&text).then(|| text.into_owned());
        }
    }
    decode(bytes)
}

/// Hardly any control characters.
fn readable(text: &str) -> bool {
    let mut all = 0usize;
    let mut odd = 0usize;
    for c in text.chars().take(200_000) {
        all += 1;
        if c == '\0' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{b}' | '\u{1a}' | '\u{85}')) {
            odd += 1;
        }
    }
    all > 0 && odd * 200 <= all
}
