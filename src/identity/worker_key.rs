//! One configured key for gridworkers, for a street that has no accounts yet.

use secrecy::{ExposeSecret as _, SecretString};

use super::{hash, same};

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
