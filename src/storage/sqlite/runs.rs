//! [`RunStore`] and [`ConfirmedStore`] on `SQLite`.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::Sqlite;
use super::rows::{backend, get, id, json, time, to_json, version};
use crate::knowledge::pairs::{Confirmed, ConfirmedStore};
use crate::knowledge::runs::{Run, RunResult, RunStore};
use crate::knowledge::store::StoreError;

fn run(row: &SqliteRow) -> Result<Run, StoreError> {
    Ok(Run {
        id: id(row, "id")?,
        set_id: get(row, "set_id")?,
        set_version: version(row, "set_version")?,
        at: time(row, "at")?,
        by: get(row, "by_account")?,
        note: get(row, "note")?,
        setup: json(row, "setup")?,
        figures: json(row, "figures")?,
    })
}

#[async_trait]
impl RunStore for Sqlite {
    async fn save_run(&self, run: &Run, results: &[RunResult]) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query(
            "INSERT INTO eval_run (id, set_id, set_version, at, by_account, note, setup, figures) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(run.id.to_string())
        .bind(&run.set_id)
        .bind(run.set_version)
        .bind(run.at.as_millisecond())
        .bind(&run.by)
        .bind(run.note.as_deref())
        .bind(to_json(&run.setup)?)
        .bind(to_json(&run.figures)?)
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        for (ordinal, result) in results.iter().enumerate() {
            sqlx::query("INSERT INTO eval_result (run_id, ordinal, result) VALUES ($1, $2, $3)")
                .bind(run.id.to_string())
                .bind(i64::try_from(ordinal).unwrap_or(i64::MAX))
                .bind(to_json(result)?)
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
        }
        tx.commit().await.map_err(backend)
    }

    async fn runs(&self, set: Option<&str>, limit: u32) -> Result<Vec<Run>, StoreError> {
        let rows = sqlx::query("SELECT * FROM eval_run WHERE $1 IS NULL OR set_id = $1 ORDER BY at DESC, id DESC LIMIT $2")
            .bind(set)
            .bind(limit)
            .fetch_all(self.reader())
            .await
            .map_err(backend)?;
        rows.iter().map(run).collect()
    }

    async fn run(&self, wanted: Uuid) -> Result<Option<(Run, Vec<RunResult>)>, StoreError> {
        let row = sqlx::query("SELECT * FROM eval_run WHERE id = $1")
            .bind(wanted.to_string())
            .fetch_optional(self.reader())
            .await
            .map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        let results = sqlx::query("SELECT result FROM eval_result WHERE run_id = $1 ORDER BY ordinal")
            .bind(wanted.to_string())
            .fetch_all(self.reader())
            .await
            .map_err(backend)?;
        let results = results.iter().map(|r| json(r, "result")).collect::<Result<_, _>>()?;
        Ok(Some((run(&row)?, results)))
    }
}

#[async_trait]
impl ConfirmedStore for Sqlite {
    async fn confirmed(&self) -> Result<Vec<Confirmed>, StoreError> {
        let rows = sqlx::query("SELECT question, document_id, clause FROM confirmed_question ORDER BY at, turn_id")
            .fetch_all(self.reader())
            .await
            .map_err(backend)?;
        rows.iter()
            .map(|row| {
                Ok(Confirmed {
                    question: get(row, "question")?,
                    document_id: get(row, "document_id")?,
                    clause: get(row, "clause")?,
                })
            })
            .collect()
    }
}
