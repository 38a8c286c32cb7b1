//! Attachments as files in the data folder: `attachments/ab/<id>`, written whole or not at all.

use std::path::PathBuf;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use crate::conversation::store::{Blobs, StoreError};

/// Files under one folder.
#[derive(Debug)]
pub struct BlobFolder(PathBuf);

impl BlobFolder {
    /// Uses `folder`, which need not exist yet.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn path(&self, id: Uuid) -> PathBuf {
        let name = id.to_string();
        // The last two digits of a time-ordered id are random: the folders fill evenly.
        let shard = name.get(name.len().saturating_sub(2)..).unwrap_or("00").to_owned();
        self.0.join(shard).join(name)
    }
}

fn io(error: &std::io::Error) -> StoreError {
    StoreError::Database(format!("attachment file: {}", error.kind()))
}

#[async_trait]
impl Blobs for BlobFolder {
    async fn put(&self, id: Uuid, bytes: Bytes) -> Result<(), StoreError> {
        let path = self.path(id);
        let written = async {
            if let Some(folder) = path.parent() {
                tokio::fs::create_dir_all(folder).await?;
            }
            let part = path.with_extension("part");
            let mut file = tokio::fs::File::create(&part).await?;
            file.write_all(&bytes).await?;
            file.sync_all().await?;
            tokio::fs::rename(&part, &path).await
        };
        written.await.map_err(|e| io(&e))
    }

    async fn get(&self, id: Uuid) -> Result<Option<Bytes>, StoreError> {
        match tokio::fs::read(self.path(id)).await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(io(&e)),
        }
    }

    async fn remove(&self, id: Uuid) -> Result<(), StoreError> {
        match tokio::fs::remove_file(self.path(id)).await {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io(&e)),
            _ => Ok(()),
        }
    }
}
