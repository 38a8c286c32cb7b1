//! [`CuratedStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::Sqlite;
use super::rows::{backend, count, get, id, json, maybe_id, maybe_time, time, to_json, version};
use crate::knowledge::curated::{Content, Curated, CuratedStore, State, Version};
use crate::knowledge::store::StoreError;

fn one_version(row: &SqliteRow) -> Result<Version, StoreError> {
    Ok(Version {
        version: version(row, "version")?,
        content: json(row, "content")?,
        author: get(row, "author")?,
        at: time(row, "at")?,
        approver: get(row, "approver")?,
        approved_at: maybe_time(row, "approved_at")?,
        acknowledged: get(row, "acknowledged")?,
    })
}

/// Rows of both tables, a row for the live version and one for the newest.
fn gather(rows: &[SqliteRow]) -> Result<Vec<Curated>, StoreError> {
    let mut out: Vec<Curated> = Vec::new();
    for row in rows {
        let own = id(row, "id")?;
        let retired: bool = get(row, "retired")?;
        let live: Option<i64> = get(row, "live")?;
        if out.last().is_none_or(|c| c.id != own) {
            let state = match (retired, live) {
                (true, _) => State::Retired,
                (false, Some(_)) => State::Published,
                (false, None) => State::Draft,
            };
            out.push(Curated {
                id: own,
                state,
                live: None,
                draft: None,
                hits: count(row, "hits")?,
                last_hit_at: maybe_time(row, "last_hit_at")?,
                cluster: maybe_id(row, "cluster_id")?,
            });
        }
        let version = one_version(row)?;
        if let Some(last) = out.last_mut() {
            if live == Some(i64::from(version.version)) {
                last.live = Some(version);
            } else {
                last.draft = Some(version);
            }
        }
    }
    Ok(out)
}

const BOTH: &str = "SELECT c.id, c.live, c.retired, c.hits, c.last_hit_at, c.cluster_id, \
    v.version, v.content, v.author, v.at, v.approver, v.approved_at, v.acknowledged \
    FROM curated c JOIN curated_version v ON v.id = c.id AND (v.version = c.latest OR v.version = c.live) ";

#[async_trait]
impl CuratedStore for Sqlite {
    async fn curated(&self, wanted: Uuid) -> Result<Option<Curated>, StoreError> {
        let sql = [BOTH, "WHERE c.id = $1 ORDER BY v.version"].concat();
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(wanted.to_string()).fetch_all(self.reader()).await.map_err(backend)?;
        Ok(gather(&rows)?.pop())
    }

    async fn all_curated(&self) -> Result<Vec<Curated>, StoreError> {
        let sql = [BOTH, "ORDER BY c.created_at, c.id, v.version"].concat();
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(self.reader()).await.map_err(backend)?;
        gather(&rows)
    }

    async fn curated_versions(&self, wanted: Uuid) -> Result<Vec<Version>, StoreError> {
        let rows = sqlx::query("SELECT * FROM curated_version WHERE id = $1 ORDER BY version")
            .bind(wanted.to_string())
            .fetch_all(self.reader())
            .await
            .map_err(backend)?;
        rows.iter().map(one_version).collect()
    }

    async fn save_curated(
        &self,
        wanted: Uuid,
        content: &Content,
        author: &str,
        cluster: Option<Uuid>,
        at: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let next: i64 = sqlx::query_scalar(
            "INSERT INTO curated (id, latest, cluster_id, created_at) VALUES ($1, 1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET latest = latest + 1, cluster_id = COALESCE(excluded.cluster_id, cluster_id) \
             RETURNING latest",
        )
        .bind(wanted.to_string())
        .bind(cluster.map(|c| c.to_string()))
        .bind(at.as_millisecond())
        .fetch_one(&mut *tx)
        .await
        .map_err(backend)?;
        sqlx::query("INSERT INTO curated_version (id, version, content, author, at) VALUES ($1, $2, $3, $4, $5)")
            .bind(wanted.to_string())
            .bind(next)
            .bind(to_json(content)?)
            .bind(author)
            .bind(at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        Ok(u32::try_from(next).unwrap_or(u32::MAX))
    }

    async fn publish_curated(
        &self,
        wanted: Uuid,
        which: u32,
        approver: &str,
        acknowledged: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let changed = sqlx::query("UPDATE curated SET live = $2, retired = 0 WHERE id = $1 AND latest = $2")
            .bind(wanted.to_string())
            .bind(which)
            .execute(&mut *tx)
            .await
            .map_err(backend)?
            .rows_affected();
        if changed == 0 {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE curated_version SET approver = $3, approved_at = $4, acknowledged = $5 WHERE id = $1 AND version = $2",
        )
        .bind(wanted.to_string())
        .bind(which)
        .bind(approver)
        .bind(at.as_millisecond())
        .bind(acknowledged)
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        Ok(true)
    }

    async fn retire_curated(&self, wanted: Uuid) -> Result<bool, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let changed = sqlx::query("UPDATE curated SET retired = 1, live = NULL WHERE id = $1 AND retired = 0")
            .bind(wanted.to_string())
            .execute(&mut *tx)
            .await
            .map_err(backend)?
            .rows_affected();
        tx.commit().await.map_err(backend)?;
        Ok(changed > 0)
    }
}
