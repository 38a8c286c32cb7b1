//! What the disk can do: bare rows, each on disk before the next step of whoever wrote it. Measurements divide by it.

use super::Sqlite;

/// Rows of so many bytes in a table of their own, synced one by one.
#[derive(Debug, Clone)]
pub struct BareRows {
    db: Sqlite,
    body: String,
}

impl BareRows {
    /// Makes the table in `db`.
    ///
    /// # Errors
    /// The database's.
    pub async fn new(db: Sqlite, bytes: usize) -> Result<Self, sqlx::Error> {
        let mut tx = db.durable().await?;
        sqlx::query("CREATE TABLE IF NOT EXISTS bare_rows (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Self { db, body: "x".repeat(bytes) })
    }

    /// Writes one; it is on disk when this returns.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(&self) -> Result<(), sqlx::Error> {
        let mut tx = self.db.durable().await?;
        sqlx::query("INSERT INTO bare_rows (body) VALUES ($1)").bind(self.body.as_str()).execute(&mut *tx).await?;
        tx.commit().await
    }
}
