//! Who is who: accounts with roles and a scope, sessions of people, keys of programs, and the log of what they changed.
//!
//! A request becomes a [`Caller`] in one place (`http/access.rs`); everything behind it asks the caller and never a header.
//! [`Accounts`](service::Accounts) is the room's service, [`AccountStore`](store::AccountStore) and
//! [`AuditLog`](audit::AuditLog) are its ports.

pub mod access_key;
pub mod account;
pub mod audit;
pub mod caller;
pub mod duties;
pub mod duty_store;
pub mod keys;
pub mod manage;
pub mod oidc;
pub mod password;
pub mod role;
pub mod service;
pub mod settings;
pub mod store;
mod worker_key;

use sha2::{Digest as _, Sha256};

pub use account::{Account, Scope};
pub use audit::{Audit, AuditEntry, AuditLog};
pub use caller::{Caller, Via};
pub use role::{Permission, Permissions, Role};
pub use service::{Accounts, IdentityError};
pub use worker_key::WorkerKey;

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
