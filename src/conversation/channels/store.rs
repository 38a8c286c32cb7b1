//! What channels ask of storage. A change and its line of the audit log are one write.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Channel, SecretInfo};
use crate::conversation::store::StoreError;
use crate::identity::AuditEntry;

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is kept.
    Done,
    /// Somebody else was faster: this is the revision now.
    Changed(u32),
}

/// A secret with what it is.
#[derive(Clone)]
pub struct Secret {
    /// Without itself.
    pub info: SecretInfo,
    /// Itself.
    pub secret: String,
}

/// Where channels are kept.
#[async_trait]
pub trait ChannelStore: Send + Sync {
    /// Every channel that somebody has said something about.
    async fn channels(&self) -> Result<Vec<Channel>, StoreError>;

    /// Keeps `channel` if its revision follows the one that is kept (none: 0).
    async fn save_channel(&self, channel: &Channel, entry: &AuditEntry) -> Result<Saved, StoreError>;

    /// The secrets of a channel, newest first, also those that have ended.
    async fn channel_secrets(&self, channel: &str) -> Result<Vec<Secret>, StoreError>;

    /// Makes `new` the one to sign with; the one before opens until `overlap_until`.
    async fn rotate_channel_secret(
        &self,
        channel: &str,
        new: &Secret,
        overlap_until: Timestamp,
        entry: &AuditEntry,
    ) -> Result<(), StoreError>;

    /// Ends a secret; false when there is none, or it has ended before.
    async fn end_channel_secret(&self, channel: &str, id: Uuid, at: Timestamp, entry: &AuditEntry) -> Result<bool, StoreError>;

    /// Uses a token's id up; false when it was used before. On disk when it returns: a crash gives nothing back.
    async fn use_channel_token(&self, channel: &str, id_hash: &str, until: Timestamp) -> Result<bool, StoreError>;

    /// Forgets the ids of tokens that have run out.
    async fn forget_channel_tokens(&self, before: Timestamp) -> Result<u64, StoreError>;
}
