//! Identities and secrets as a parameter, so that a test can name what it will see.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Where a room gets fresh ids and secrets from.
pub trait Ids: Send + Sync + std::fmt::Debug {
    /// A new id that sorts by creation (UUID v7).
    fn uuid(&self) -> Uuid;
    /// A new secret of 256 random bits, URL-safe base64 without padding (43 characters).
    fn secret(&self) -> String;
}

/// The id of something that has a name already (UUID v8 over SHA-256): the same words always give the same id, so that what is
/// made twice after a crash is the same thing.
#[must_use]
pub fn named(words: &str) -> Uuid {
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&Sha256::digest(words)[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Ids and secrets from the operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws ids")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that draws secrets")]
    fn secret(&self) -> String {
        let mut bytes = [0u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// Ids that count up from one: the same in every run of a test.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl Ids for CountingIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::SeqCst) + 1))
    }

    fn secret(&self) -> String {
        format!("{:0>43}", self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}
