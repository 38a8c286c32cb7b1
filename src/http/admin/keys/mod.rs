//! `/api/v1/admin/keys`: keys of programs. Everybody who may have keys sees their own; who manages accounts sees all.

pub mod create;
pub mod list;
pub mod revoke;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::identity::Permissions;
use crate::identity::access_key::ApiKey;

/// A key as shown: never its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// Stable id.
    pub id: Uuid,
    /// Whose.
    pub account_id: Uuid,
    /// What it is for.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may do, as long as its owner may.
    pub permissions: Permissions,
    /// True while it opens something, if its owner is enabled.
    pub live: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

impl KeyView {
    fn new(key: ApiKey, now: Timestamp) -> Self {
        let live = key.is_live(now);
        let ApiKey { id, account_id, name, prefix, permissions, created_at, expires_at, last_used_at, revoked_at } = key;
        Self { id, account_id, name, prefix, permissions, live, created_at, expires_at, last_used_at, revoked_at }
    }
}
