//! Attachments of conversations, as platforms receive them.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::conversation::store::{Blobs, ConversationStore};
use crate::platform::attachments::{AttachmentSource, Kept};

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
    async fn attachment(&self, id: Uuid) -> Result<Option<Kept>, String> {
        let Some(row) = self.rows.attachment(id).await.map_err(|e| e.to_string())? else { return Ok(None) };
        let bytes = self.blobs.get(id).await.map_err(|e| e.to_string())?;
        Ok(bytes.map(|bytes| Kept { content_type: row.content_type, sha256: row.sha256, bytes }))
    }
}
