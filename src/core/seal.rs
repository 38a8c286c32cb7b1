//! 密封: text that names a person, encrypted for the place where it lies.
//!
//! AES-256-GCM-SIV (RFC 8452): a nonce drawn twice would only show that the same text lies at the same place twice. What a
//! text is sealed *for* (`place`, such as `ticket/<id>`) is authenticated with it, so a sealed text that was moved to another
//! row does not open. The first key seals; all keys open, so a key is changed by putting a new one in front, sealing again
//! what lies there ([`Sealer::is_current`]) and then taking the old one away.
//!
//! [`Sealer::index`] is a keyed hash for finding equal values without opening anything (a blind index).

use std::fmt;

use aes_gcm_siv::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::ids::Ids;

/// What every sealed text begins with.
const MARK: &str = "sealed:";
/// Bytes of a key.
const KEY: usize = 32;
/// Bytes of a nonce.
const NONCE: usize = 12;
/// Bytes of an index that are kept: enough that two phones of a city never meet, too few to be anything else.
const INDEX: usize = 16;

/// A key or a sealed text is not usable. Says neither the key nor the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not `name:base64 of 32 bytes`, or two keys of one name, or none at all.
    #[error("密钥应写成“名称:base64”，解码后32字节，名称各不相同（第{0}个不对）")]
    Key(usize),
    /// The key that sealed it is not among those configured.
    #[error("缺少名为“{0}”的密钥，无法解开")]
    UnknownKey(String),
    /// Changed, cut, or lying in another place than the one it was sealed for.
    #[error("密文已损坏，或不在它原来的位置")]
    Broken,
}

struct Key {
    name: String,
    cipher: Aes256GcmSiv,
    index: [u8; KEY],
}

/// Seals and opens. Share it in an `Arc`.
pub struct Sealer {
    keys: Vec<Key>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.keys.iter().map(|k| k.name.as_str()).collect();
        f.debug_struct("Sealer").field("keys", &names).finish()
    }
}

impl Sealer {
    /// Over keys written `name:base64` (32 bytes); the first one seals. Names are ASCII letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// [`SealError::Key`] with the number of the key, counted from one.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, SealError> {
        let mut out: Vec<Key> = Vec::new();
        for (i, words) in keys.into_iter().enumerate() {
            let wrong = || SealError::Key(i + 1);
            let (name, secret) = words.trim().split_once(':').ok_or_else(wrong)?;
            let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            let bytes = [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD].iter().find_map(|e| e.decode(secret.trim()).ok());
            let bytes = bytes.filter(|b| b.len() == KEY).ok_or_else(wrong)?;
            if !named || out.iter().any(|k| k.name == name) {
                return Err(wrong());
            }
            // One secret, two uses: neither key can be computed from the other.
            let cipher = Aes256GcmSiv::new_from_slice(&derived(&bytes, "seal")).map_err(|_| wrong())?;
            out.push(Key { name: name.to_owned(), cipher, index: derived(&bytes, "index") });
        }
        if out.is_empty() {
            return Err(SealError::Key(1));
        }
        Ok(Self { keys: out })
    }

    /// A fresh key as it is written in the configuration.
    #[must_use]
    pub fn fresh_key(name: &str, ids: &dyn Ids) -> String {
        format!("{name}:{}", ids.secret())
    }

    /// One key that passes away with this value: for rows that are measured or tested and thrown away.
    #[must_use]
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a fresh secret is 32 bytes in base64")]
    pub fn passing(ids: &dyn Ids) -> Self {
        Self::new([Self::fresh_key("passing", ids).as_str()]).expect("a fresh secret is 32 bytes in base64")
    }

    /// Name of the key that seals.
    #[must_use]
    pub fn current(&self) -> &str {
        self.keys.first().map_or("", |k| k.name.as_str())
    }

    /// Seals `text` for `place`.
    #[must_use]
    pub fn seal(&self, text: &str, place: &str) -> String {
        let Some(key) = self.keys.first() else { return String::new() };
        let nonce = fresh_nonce();
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        // Only a text beyond 64 GiB is refused by the cipher.
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
        let mut bytes = Vec::with_capacity(NONCE + sealed.len());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        format!("{MARK}{}:{}", key.name, STANDARD_NO_PAD.encode(bytes))
    }

    /// Opens what was sealed for `place`. A text that was never sealed (rows of before) comes back as it is.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`], [`SealError::Broken`].
    pub fn open(&self, sealed: &str, place: &str) -> Result<String, SealError> {
        let Some(rest) = sealed.strip_prefix(MARK) else { return Ok(sealed.to_owned()) };
        let (name, body) = rest.split_once(':').ok_or(SealError::Broken)?;
        let key = self.keys.iter().find(|k| k.name == name).ok_or_else(|| SealError::UnknownKey(name.to_owned()))?;
        let bytes = STANDARD_NO_PAD.decode(body).map_err(|_| SealError::Broken)?;
        let (nonce, text) = bytes.split_at_checked(NONCE).ok_or(SealError::Broken)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| SealError::Broken)?;
        let payload = Payload { msg: text, aad: place.as_bytes() };
        let opened = key.cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| SealError::Broken)?;
        String::from_utf8(opened).map_err(|_| SealError::Broken)
    }

    /// True when the text is sealed with the key that seals today.
    #[must_use]
    pub fn is_current(&self, text: &str) -> bool {
        text.strip_prefix(MARK).and_then(|r| r.strip_prefix(self.current())).is_some_and(|r| r.starts_with(':'))
    }

    /// What every text of [`Self::is_current`] begins with, for looking for the others in a table.
    #[must_use]
    pub fn current_mark(&self) -> String {
        format!("{MARK}{}:", self.current())
    }

    /// The blind index of a value (a phone), hex.
    #[must_use]
    pub fn index(&self, value: &str) -> String {
        self.keys.first().map(|k| index_with(&k.index, value)).unwrap_or_default()
    }

    /// The index of a value under every key: what to look for while rows of an older key are left.
    #[must_use]
    pub fn indices(&self, value: &str) -> Vec<String> {
        self.keys.iter().map(|k| index_with(&k.index, value)).collect()
    }
}

fn derived(secret: &[u8], purpose: &str) -> [u8; KEY] {
    keyed_hash(secret, format!("gridworker-{purpose}").as_bytes())
}

fn index_with(key: &[u8], value: &str) -> String {
    hex::encode(&keyed_hash(key, value.as_bytes())[..INDEX])
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn keyed_hash(key: &[u8], value: &[u8]) -> [u8; KEY] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(value);
    mac.finalize().into_bytes().into()
}

/// Drawn from the operating system even in tests: a nonce is nobody's business and must not repeat.
#[expect(clippy::disallowed_methods, reason = "nothing that anybody sees or compares depends on it")]
fn fresh_nonce() -> [u8; NONCE] {
    use rand::RngCore as _;
    let mut bytes = [0u8; NONCE];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
