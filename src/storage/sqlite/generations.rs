//! Rows about the generations of the index.

use async_trait::async_trait;
use sqlx::Row as _;

use super::Sqlite;
use crate::knowledge::generation::{Action, GenerationBook, Plan, Record, Wish};
use crate::knowledge::store::StoreError;
use crate::knowledge::vector::Generation;

#[expect(clippy::needless_pass_by_value, reason = "used as the argument of map_err")]
fn backend(e: sqlx::Error) -> StoreError {
    StoreError::Backend(e.to_string())
}

fn text<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Backend(e.to_string()))
}

fn json<T: serde::de::DeserializeOwned>(id: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Damaged { id: id.to_owned(), reason: e.to_string() })
}

async fn keep_wish(tx: &mut sqlx::SqliteConnection, wish: &Wish) -> Result<(), StoreError> {
    let statement = "INSERT INTO index_wish (id, wish) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET wish = excluded.wish";
    sqlx::query(statement).bind(text(wish)?).execute(tx).await.map_err(backend)?;
    Ok(())
}

#[async_trait]
impl GenerationBook for Sqlite {
    async fn plan(&self) -> Result<Plan, StoreError> {
        let row = sqlx::query("SELECT plan FROM index_plan WHERE id = 1").fetch_optional(self.reader()).await.map_err(backend)?;
        row.map_or_else(|| Ok(Plan::default()), |row| json("index_plan", &row.try_get::<String, _>("plan").map_err(backend)?))
    }

    async fn set_plan(&self, plan: Plan) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query("INSERT INTO index_plan (id, plan) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET plan = excluded.plan")
            .bind(text(&plan)?)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn wish(&self) -> Result<Option<Wish>, StoreError> {
        let row = sqlx::query("SELECT wish FROM index_wish WHERE id = 1").fetch_optional(self.reader()).await.map_err(backend)?;
        row.map(|row| json("index_wish", &row.try_get::<String, _>("wish").map_err(backend)?)).transpose()
    }

    async fn wish_for(&self, action: Action) -> Result<bool, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let row = sqlx::query("SELECT wish FROM index_wish WHERE id = 1").fetch_optional(&mut *tx).await.map_err(backend)?;
        let before: Option<Wish> =
            row.map(|row| json("index_wish", &row.try_get::<String, _>("wish").map_err(backend)?)).transpose()?;
        if before.is_some_and(|w| !w.done) {
            return Ok(false);
        }
        keep_wish(&mut tx, &Wish::for_it(action)).await?;
        tx.commit().await.map_err(backend)?;
        Ok(true)
    }

    async fn set_wish(&self, wish: &Wish) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        keep_wish(&mut tx, wish).await?;
        tx.commit().await.map_err(backend)
    }

    async fn keep(&self, record: &Record) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query(
            "INSERT INTO index_generation (generation, record) VALUES ($1, $2) \
             ON CONFLICT (generation) DO UPDATE SET record = excluded.record",
        )
        .bind(i64::from(record.generation.0))
        .bind(text(record)?)
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn records(&self) -> Result<Vec<Record>, StoreError> {
        let rows = sqlx::query("SELECT record FROM index_generation ORDER BY generation")
            .fetch_all(self.reader())
            .await
            .map_err(backend)?;
        rows.iter().map(|row| json("index_generation", &row.try_get::<String, _>("record").map_err(backend)?)).collect()
    }

    async fn put_part(&self, id: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query("INSERT INTO index_part (id, bytes) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(id)
            .bind(bytes)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn part(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT bytes FROM index_part WHERE id = $1")
            .bind(id)
            .fetch_optional(self.reader())
            .await
            .map_err(backend)?;
        row.map(|row| row.try_get("bytes").map_err(backend)).transpose()
    }

    async fn sweep(&self, parts: &[String], oldest: Generation) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query("DELETE FROM index_part WHERE id NOT IN (SELECT value FROM json_each($1))")
            .bind(text(&parts)?)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        sqlx::query("DELETE FROM index_generation WHERE generation + 10 < $1")
            .bind(i64::from(oldest.0))
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }
}
