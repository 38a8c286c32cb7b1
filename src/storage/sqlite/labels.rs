//! [`LabelStore`] on `SQLite`.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, Transaction};

use super::incident::{SqliteTickets, failed, nameless_ticket};
use crate::incident::labels::{LabelSource, LabelStore, Labelled, NewLabel};
use crate::incident::store::StoreError;

/// Adds a label in a transaction of whoever calls.
pub(super) async fn insert(tx: &mut Transaction<'_, Driver>, ticket_id: &str, label: &NewLabel) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO category_labels (ticket_id, code, source, labelled_by, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(ticket_id)
        .bind(&label.code)
        .bind(label.source.word())
        .bind(label.by.as_deref())
        .bind(label.at.as_millisecond())
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    Ok(())
}

#[async_trait]
impl LabelStore for SqliteTickets {
    async fn label(&self, number: &str, label: NewLabel) -> Result<(), StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let id: Option<String> = sqlx::query_scalar("SELECT id FROM tickets WHERE number = $1")
            .bind(number)
            .fetch_optional(&mut *tx)
            .await
            .map_err(failed)?;
        let id = id.ok_or_else(|| StoreError::NotFound(number.to_owned()))?;
        insert(&mut tx, &id, &label).await?;
        tx.commit().await.map_err(failed)
    }

    async fn of_ticket(&self, number: &str) -> Result<Option<(String, LabelSource)>, StoreError> {
        let row = sqlx::query(
            "SELECT l.code, l.source FROM category_labels l JOIN tickets t ON t.id = l.ticket_id WHERE t.number = $1 \
             ORDER BY CASE l.source WHEN 'worker' THEN 2 WHEN 'resident' THEN 1 ELSE 0 END DESC, l.id DESC LIMIT 1",
        )
        .bind(number)
        .fetch_optional(self.db().reader())
        .await
        .map_err(failed)?;
        row.map(|row| Ok((row.try_get("code").map_err(failed)?, source(&row)?))).transpose()
    }

    async fn labelled(&self, limit: u32) -> Result<Vec<Labelled>, StoreError> {
        // The standing label: the highest source, of equals the newest.
        let rows = sqlx::query(
            "SELECT t.id, t.document, t.status, l.code, l.source FROM \
             (SELECT id, document, status, created_at, number FROM tickets ORDER BY created_at DESC, number DESC LIMIT $1) t \
             JOIN category_labels l ON l.id = (SELECT m.id FROM category_labels m WHERE m.ticket_id = t.id \
             ORDER BY CASE m.source WHEN 'worker' THEN 2 WHEN 'resident' THEN 1 ELSE 0 END DESC, m.id DESC LIMIT 1) \
             ORDER BY t.created_at, t.number",
        )
        .bind(limit)
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                let source = source(row)?;
                Ok(Labelled {
                    text: nameless_ticket(self.db().sealer(), row)?.description,
                    code: row.try_get("code").map_err(failed)?,
                    source,
                })
            })
            .collect()
    }

    async fn corrections(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM category_labels WHERE source <> 'confirmed'")
            .fetch_one(self.db().reader())
            .await
            .map_err(failed)
    }
}

fn source(row: &SqliteRow) -> Result<LabelSource, StoreError> {
    let word: &str = row.try_get("source").map_err(failed)?;
    LabelSource::from_word(word).ok_or_else(|| failed(std::io::Error::other("unknown label source")))
}
