//! Who is who. Before accounts exist: the tokens of conversations and one key for gridworkers.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// SHA-256 of a secret, hex: what is stored in its place.
#[must_use]
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Compares two hashes without telling by its time where they differ.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0u8, |acc, (x, y)| acc | (x ^ y)) == 0
}

/// Opens the gridworkers' audience to whoever holds the configured key.
#[derive(Debug)]
pub struct WorkerKey(Option<String>);

impl WorkerKey {
    /// From the configuration; an empty key opens nothing.
    #[must_use]
    pub fn new(key: &SecretString) -> Self {
        let key = key.expose_secret();
        Self((!key.is_empty()).then(|| hash(key)))
    }

    /// True when `bearer` is the key.
    #[must_use]
    pub fn opens(&self, bearer: &str) -> bool {
        self.0.as_deref().is_some_and(|key| same(key, &hash(bearer)))
    }
}
