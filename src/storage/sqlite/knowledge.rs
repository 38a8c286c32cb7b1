//! Rows of the knowledge room.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;

use super::Sqlite;
use crate::knowledge::document::{Document, ParsedDocument};
use crate::knowledge::life::moves;
use crate::knowledge::life::record::Actor;
use crate::knowledge::store::{DocumentSummary, KnowledgeStore, StoreError, Stored};

#[expect(clippy::needless_pass_by_value, reason = "used as the argument of map_err")]
pub(super) fn backend(e: sqlx::Error) -> StoreError {
    StoreError::Backend(e.to_string())
}

pub(super) fn json<T: serde::de::DeserializeOwned>(id: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Damaged { id: id.to_owned(), reason: e.to_string() })
}

pub(super) fn text<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Backend(e.to_string()))
}

pub(super) fn number(id: &str, n: i64) -> Result<u32, StoreError> {
    u32::try_from(n).map_err(|_| StoreError::Damaged { id: id.to_owned(), reason: format!("版本号 {n}") })
}

pub(super) fn instant(id: &str, ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|e| StoreError::Damaged { id: id.to_owned(), reason: e.to_string() })
}

impl Sqlite {
    pub(super) async fn read_version(&self, id: &str, version: i64) -> Result<Option<Document>, StoreError> {
        let row = sqlx::query("SELECT content_hash, meta, body FROM knowledge_version WHERE document_id = $1 AND version = $2")
            .bind(id)
            .bind(version)
            .fetch_optional(self.reader())
            .await
            .map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        let passages =
            sqlx::query("SELECT passage FROM knowledge_passage WHERE document_id = $1 AND version = $2 ORDER BY ordinal")
                .bind(id)
                .bind(version)
                .fetch_all(self.reader())
                .await
                .map_err(backend)?;
        Ok(Some(Document {
            meta: json(id, &row.try_get::<String, _>("meta").map_err(backend)?)?,
            version: number(id, version)?,
            content_hash: row.try_get("content_hash").map_err(backend)?,
            body: row.try_get("body").map_err(backend)?,
            passages: passages
                .iter()
                .map(|p| json(id, &p.try_get::<String, _>("passage").map_err(backend)?))
                .collect::<Result<_, _>>()?,
        }))
    }
}

#[async_trait]
impl KnowledgeStore for Sqlite {
    async fn put(&self, document: &ParsedDocument, at: Timestamp) -> Result<Stored, StoreError> {
        moves::put(self, document, &Actor::operator(), at).await
    }

    async fn put_all(&self, documents: &[ParsedDocument], by: &Actor, at: Timestamp) -> Vec<Result<Stored, StoreError>> {
        moves::put_all(self, documents, by, at).await
    }

    async fn document(&self, id: &str, version: Option<u32>) -> Result<Option<Document>, StoreError> {
        // What was never published is nobody's business here.
        let row = sqlx::query(
            "SELECT version FROM knowledge_version WHERE document_id = $1 AND published IS NOT NULL \
             AND ($2 IS NULL OR version = $2) ORDER BY published DESC LIMIT 1",
        )
        .bind(id)
        .bind(version.map(i64::from))
        .fetch_optional(self.reader())
        .await
        .map_err(backend)?;
        match row {
            Some(row) => self.read_version(id, row.try_get("version").map_err(backend)?).await,
            None => Ok(None),
        }
    }

    async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<DocumentSummary>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.id, d.version, d.retired, v.stored_at, v.meta FROM knowledge_document d \
             JOIN knowledge_version v ON v.document_id = d.id AND v.version = d.version \
             WHERE d.id > $1 ORDER BY d.id LIMIT $2",
        )
        .bind(after.unwrap_or(""))
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await
        .map_err(backend)?;
        rows.iter()
            .map(|row| {
                let id: String = row.try_get("id").map_err(backend)?;
                Ok(DocumentSummary {
                    meta: json(&id, &row.try_get::<String, _>("meta").map_err(backend)?)?,
                    version: number(&id, row.try_get("version").map_err(backend)?)?,
                    stored_at: instant(&id, row.try_get("stored_at").map_err(backend)?)?,
                    retired: row.try_get("retired").map_err(backend)?,
                })
            })
            .collect()
    }

    async fn live(&self) -> Result<Vec<Document>, StoreError> {
        self.read_live().await
    }

    async fn revision(&self) -> Result<Option<u64>, StoreError> {
        // Every change writes a line of its document's history.
        let row = sqlx::query("SELECT COALESCE(SUM(seq), 0) AS lines FROM knowledge_document")
            .fetch_one(self.reader())
            .await
            .map_err(backend)?;
        Ok(u64::try_from(row.try_get::<i64, _>("lines").map_err(backend)?).ok())
    }

    async fn retire(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        moves::retire(self, id, at).await
    }
}
