//! Rows of imports.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::Sqlite;
use super::knowledge::{backend, instant, json, number, text};
use crate::knowledge::document::Audience;
use crate::knowledge::import::store::{Counts, ImportFile, ImportJob, ImportStore, Mark, Settled, Source};
use crate::knowledge::life::record::Actor;
use crate::knowledge::store::StoreError;

const JOB: &str = "SELECT id, paths, root, audience, drafts, wished_by, wished_by_name, state, collected, created_at, finished_at FROM knowledge_job";

fn damaged(id: &str, reason: impl Into<String>) -> StoreError {
    StoreError::Damaged { id: id.to_owned(), reason: reason.into() }
}

fn get<'r, T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(
    row: &'r SqliteRow,
    name: &str,
) -> Result<T, StoreError> {
    row.try_get(name).map_err(backend)
}

fn job(row: &SqliteRow) -> Result<ImportJob, StoreError> {
    let id: String = get(row, "id")?;
    let audience: String = get(row, "audience")?;
    Ok(ImportJob {
        paths: json(&id, &get::<String>(row, "paths")?)?,
        root: get(row, "root")?,
        audience: audience.parse::<Audience>().map_err(|why| damaged(&id, why))?,
        drafts: get(row, "drafts")?,
        by: match get::<String>(row, "wished_by")? {
            none if none.is_empty() => Actor::operator(),
            id => Actor { id, name: get(row, "wished_by_name")? },
        },
        state: get::<String>(row, "state")?.parse().map_err(|why: String| damaged(&id, why))?,
        collected: get(row, "collected")?,
        counts: Counts::default(),
        created_at: instant(&id, get(row, "created_at")?)?,
        finished_at: get::<Option<i64>>(row, "finished_at")?.map(|ms| instant(&id, ms)).transpose()?,
        id: id.parse().map_err(|_| damaged(&id, "编号不是 UUID"))?,
    })
}

impl Sqlite {
    async fn counted(&self, mut job: ImportJob) -> Result<ImportJob, StoreError> {
        let rows = sqlx::query("SELECT state, COUNT(*) AS n FROM import_file WHERE job = $1 GROUP BY state")
            .bind(job.id.to_string())
            .fetch_all(self.reader())
            .await
            .map_err(backend)?;
        for row in rows {
            let n = number("import_file", get(&row, "n")?)?;
            let counts = &mut job.counts;
            counts.files += n;
            match get::<Option<String>>(&row, "state")?.as_deref() {
                None => counts.waiting += n,
                Some("imported" | "drafted") => counts.imported += n,
                Some("unchanged") => counts.unchanged += n,
                Some("skipped") => counts.skipped += n,
                Some(_) => counts.failed += n,
            }
        }
        Ok(job)
    }
}

#[async_trait]
impl ImportStore for Sqlite {
    async fn wish(&self, job: &ImportJob) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query(
            "INSERT INTO knowledge_job (id, paths, root, audience, drafts, wished_by, wished_by_name, state, files, collected, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '[]', $9, $10)",
        )
        .bind(job.id.to_string())
        .bind(text(&job.paths)?)
        .bind(&job.root)
        .bind(job.audience.as_str())
        .bind(job.drafts)
        .bind(&job.by.id)
        .bind(&job.by.name)
        .bind(job.state.as_str())
        .bind(job.collected)
        .bind(job.created_at.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn next_job(&self) -> Result<Option<ImportJob>, StoreError> {
        // Asked every few seconds: the writer is taken only when there is something.
        let open = sqlx::query("SELECT id FROM knowledge_job WHERE state IN ('queued', 'running') ORDER BY id LIMIT 1")
            .fetch_optional(self.reader())
            .await
            .map_err(backend)?;
        let Some(open) = open else { return Ok(None) };
        let id: String = get(&open, "id")?;
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query("UPDATE knowledge_job SET state = 'running' WHERE id = $1 AND state IN ('queued', 'running')")
            .bind(&id)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        self.job(id.parse().map_err(|_| damaged(&id, "编号不是 UUID"))?).await
    }

    async fn job(&self, id: Uuid) -> Result<Option<ImportJob>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{JOB} WHERE id = $1")))
            .bind(id.to_string())
            .fetch_optional(self.reader())
            .await
            .map_err(backend)?;
        match row {
            Some(row) => self.counted(job(&row)?).await.map(Some),
            None => Ok(None),
        }
    }

    async fn jobs(&self, before: Option<Uuid>, limit: u32) -> Result<Vec<ImportJob>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{JOB} WHERE $1 IS NULL OR id < $1 ORDER BY id DESC LIMIT $2")))
            .bind(before.map(|id| id.to_string()))
            .bind(i64::from(limit))
            .fetch_all(self.reader())
            .await
            .map_err(backend)?;
        let mut out = Vec::with_capacity(rows.len());
        for row in &rows {
            out.push(self.counted(job(row)?).await?);
        }
        Ok(out)
    }

    async fn collected(&self, job: Uuid, files: &[Source]) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        for (n, source) in (0i64..).zip(files) {
            // Collected again after a crash in between: the same list.
            sqlx::query("INSERT INTO import_file (job, number, source) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(job.to_string())
                .bind(n)
                .bind(text(source)?)
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
        }
        sqlx::query("UPDATE knowledge_job SET collected = 1 WHERE id = $1")
            .bind(job.to_string())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn files(&self, job: Uuid, from: u32, limit: u32, waiting: bool) -> Result<Vec<ImportFile>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, source, outcome FROM import_file WHERE job = $1 AND number >= $2 AND (state IS NULL OR NOT $4) \
             ORDER BY number LIMIT $3",
        )
        .bind(job.to_string())
        .bind(i64::from(from))
        .bind(i64::from(limit))
        .bind(waiting)
        .fetch_all(self.reader())
        .await
        .map_err(backend)?;
        let id = job.to_string();
        rows.iter()
            .map(|row| {
                Ok(ImportFile {
                    number: number(&id, get(row, "number")?)?,
                    source: json(&id, &get::<String>(row, "source")?)?,
                    outcome: get::<Option<String>>(row, "outcome")?.map(|o| json(&id, &o)).transpose()?,
                })
            })
            .collect()
    }

    async fn settle(&self, job: Uuid, results: &[Settled]) -> Result<(), StoreError> {
        if results.is_empty() {
            return Ok(());
        }
        // Not on disk at once: what a power cut takes away is done again, and the documents with it.
        let mut tx = self.quick().await.map_err(backend)?;
        for result in results {
            sqlx::query("UPDATE import_file SET state = $3, outcome = $4 WHERE job = $1 AND number = $2")
                .bind(job.to_string())
                .bind(i64::from(result.number))
                .bind(result.outcome.word())
                .bind(text(&result.outcome)?)
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
            if let Some(mark) = &result.mark {
                sqlx::query(
                    "INSERT INTO import_source (name, hash, document, version) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, document = excluded.document, version = excluded.version",
                )
                .bind(&result.name)
                .bind(&mark.hash)
                .bind(&mark.document)
                .bind(i64::from(mark.version))
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
            }
        }
        tx.commit().await.map_err(backend)
    }

    async fn finish(&self, job: Uuid, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query("UPDATE knowledge_job SET state = 'done', finished_at = $2 WHERE id = $1 AND state = 'running'")
            .bind(job.to_string())
            .bind(at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn cancel(&self, job: Uuid, at: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let done = sqlx::query(
            "UPDATE knowledge_job SET state = 'cancelled', finished_at = $2 WHERE id = $1 AND state IN ('queued', 'running')",
        )
        .bind(job.to_string())
        .bind(at.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        Ok(done.rows_affected() > 0)
    }

    async fn retry(&self, job: Uuid) -> Result<u32, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let id = job.to_string();
        let ended = "job = $1 AND EXISTS (SELECT 1 FROM knowledge_job WHERE id = $1 AND state IN ('done', 'cancelled'))";
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE import_file SET state = NULL, outcome = NULL WHERE state = 'failed' AND {ended}"
        )))
        .bind(&id)
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        let waiting =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM import_file WHERE state IS NULL AND {ended}")))
                .bind(&id)
                .fetch_one(&mut *tx)
                .await
                .map_err(backend)?;
        let again = number(&id, get(&waiting, "n")?)?;
        sqlx::query(
            "UPDATE knowledge_job SET state = 'queued', finished_at = NULL \
             WHERE id = $1 AND state IN ('done', 'cancelled') AND ($2 > 0 OR NOT collected)",
        )
        .bind(&id)
        .bind(i64::from(again))
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        Ok(again)
    }

    async fn marks(&self, names: &[String]) -> Result<HashMap<String, Mark>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, hash, document, version FROM import_source WHERE name IN (SELECT value FROM json_each($1))",
        )
        .bind(text(&names)?)
        .fetch_all(self.reader())
        .await
        .map_err(backend)?;
        rows.iter()
            .map(|row| {
                let name: String = get(row, "name")?;
                let version = number(&name, get(row, "version")?)?;
                Ok((name, Mark { hash: get(row, "hash")?, document: get(row, "document")?, version }))
            })
            .collect()
    }
}
