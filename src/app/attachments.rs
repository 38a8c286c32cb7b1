//! Attachments of conversations, as platforms receive them.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::conversation::evidence::is_intact;
use crate::conversation::store::{Blobs, ConversationStore, StoreError};
use crate::platform::attachments::{AttachmentSource, Kept, NotReadable};

/// Reads the row and the bytes.
#[derive(Debug)]
pub struct KeptAttachments {
    /// Their rows.
    pub rows: Arc<dyn ConversationStore>,
    /// Their bytes.
    pub blobs: Arc<dyn Blobs>,
}

#[async_trait]
impl AttachmentSource for KeptAttachments {
    async fn attachment(&self, id: Uuid) -> Result<Option<Kept>, NotReadable> {
        let later = |e: StoreError| NotReadable::Later(e.to_string());
        let Some(row) = self.rows.attachment(id).await.map_err(later)? else { return Ok(None) };
        match self.blobs.get(id).await.map_err(later)? {
            Some(bytes) if is_intact(&bytes, &row.sha256) => {
                Ok(Some(Kept { content_type: row.content_type, sha256: row.sha256, bytes }))
            }
            // Deleted in between: the row goes first, then the file.
            None if self.rows.attachment(id).await.map_err(later)?.is_none() => Ok(None),
            found => {
                tracing::error!(attachment = %id, there = found.is_some(), "an attachment on disk is not what was kept; it is not pushed");
                Err(NotReadable::Never("附件文件已损坏（与收到时的校验值不符），没有推送，请从备份恢复后重发".to_owned()))
            }
        }
    }
}
