//! [`StreetStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite as Driver, Transaction};

use super::incident::{SqliteTickets, failed, ticket, time};
use crate::core::seal::Sealer;
use crate::incident::store::StoreError;
use crate::incident::street::base::Texts;
use crate::incident::street::store::{Activation, Author, Kept, NewVersion, OpenCode, Routed, StreetStore, VersionRow};

/// How many ticket numbers are named as examples.
const EXAMPLES: usize = 5;
const ACTIVATION: &str = "SELECT seq, version, before, author, author_name, note, at, taken_at, fault FROM street_activations";
/// A ticket, and whether a reviewer gave it its route.
const ROUTED: &str = "SELECT t.id, t.document, t.status, t.reporter, \
     EXISTS (SELECT 1 FROM ticket_disputes d WHERE d.ticket_id = t.id AND d.upheld = 1) AS designated FROM tickets t";

#[async_trait]
impl StreetStore for SqliteTickets {
    async fn active(&self) -> Result<Option<Activation>, StoreError> {
        Ok(self.activations(1).await?.pop())
    }

    async fn activations(&self, limit: u32) -> Result<Vec<Activation>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{ACTIVATION} ORDER BY seq DESC LIMIT $1"));
        let rows = sqlx::query(sql).bind(limit).fetch_all(self.db().reader()).await.map_err(failed)?;
        rows.iter().map(activation).collect()
    }

    async fn versions(&self) -> Result<Vec<VersionRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT version, base, (SELECT json_group_array(f.key) FROM json_each(street_versions.files) f) AS names, \
             author, author_name, note, at FROM street_versions ORDER BY version DESC",
        )
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(VersionRow {
                    version: row.try_get("version").map_err(failed)?,
                    base: row.try_get("base").map_err(failed)?,
                    files: serde_json::from_str(row.try_get("names").map_err(failed)?).map_err(failed)?,
                    by: author(row)?,
                    note: row.try_get("note").map_err(failed)?,
                    at: time(row.try_get("at").map_err(failed)?)?,
                })
            })
            .collect()
    }

    async fn files(&self, version: u32) -> Result<Option<Texts>, StoreError> {
        if version == 0 {
            return Ok(Some(Texts::new()));
        }
        let row = sqlx::query("SELECT files FROM street_versions WHERE version = $1")
            .bind(version)
            .fetch_optional(self.db().reader())
            .await
            .map_err(failed)?;
        row.as_ref().map(texts).transpose()
    }

    async fn keep(&self, new: &NewVersion, activate: bool) -> Result<Kept, StoreError> {
        let NewVersion { base, files, by, note, at } = new;
        let mut tx = self.db().durable().await.map_err(failed)?;
        let active = active(&mut tx).await?;
        if active != *base {
            return Ok(Kept::Stale(active));
        }
        let version: u32 = sqlx::query_scalar(
            "INSERT INTO street_versions (version, base, files, author, author_name, note, at) \
             VALUES ((SELECT COALESCE(MAX(version), 0) + 1 FROM street_versions), $1, $2, $3, $4, $5, $6) RETURNING version",
        )
        .bind(base)
        .bind(serde_json::to_string(files).map_err(failed)?)
        .bind(&by.id)
        .bind(&by.name)
        .bind(note)
        .bind(at.as_millisecond())
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        if activate {
            point(&mut tx, version, active, by, note, *at).await?;
        }
        tx.commit().await.map_err(failed)?;
        Ok(Kept::Done(version))
    }

    async fn activate(&self, version: u32, seen: u32, by: &Author, note: &str, at: Timestamp) -> Result<Kept, StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let active = active(&mut tx).await?;
        if active != seen {
            return Ok(Kept::Stale(active));
        }
        point(&mut tx, version, active, by, note, at).await?;
        tx.commit().await.map_err(failed)?;
        Ok(Kept::Done(version))
    }

    async fn taken(&self, seq: i64, at: Timestamp, fault: Option<&str>) -> Result<(), StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        sqlx::query(
            "UPDATE street_activations SET taken_at = $2, fault = $3 WHERE seq = $1 AND (taken_at IS NULL OR fault IS NOT $3)",
        )
        .bind(seq)
        .bind(at.as_millisecond())
        .bind(fault)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }

    async fn open_codes(&self) -> Result<Vec<OpenCode>, StoreError> {
        let rows = sqlx::query(
            "SELECT category, COUNT(*) AS n FROM tickets WHERE status NOT IN ('已回访', '合并', '撤销') GROUP BY category ORDER BY category",
        )
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        let mut out = Vec::with_capacity(rows.len());
        for row in &rows {
            let code: String = row.try_get("category").map_err(failed)?;
            let examples = sqlx::query_scalar(
                "SELECT number FROM tickets WHERE category = $1 AND status NOT IN ('已回访', '合并', '撤销') \
                 ORDER BY created_at DESC, number DESC LIMIT $2",
            )
            .bind(&code)
            .bind(i64::try_from(EXAMPLES).unwrap_or(i64::MAX))
            .fetch_all(self.db().reader())
            .await
            .map_err(failed)?;
            out.push(OpenCode { code, tickets: row.try_get::<i64, _>("n").map_err(failed)?.unsigned_abs(), examples });
        }
        Ok(out)
    }

    async fn label_codes(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT code, COUNT(*) FROM category_labels GROUP BY code ORDER BY code")
            .fetch_all(self.db().reader())
            .await
            .map_err(failed)?;
        Ok(rows.into_iter().map(|(code, n)| (code, n.unsigned_abs())).collect())
    }

    async fn newest(&self, limit: u32) -> Result<Vec<Routed>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{ROUTED} ORDER BY t.created_at DESC, t.number DESC LIMIT $1"));
        let rows = sqlx::query(sql).bind(limit).fetch_all(self.db().reader()).await.map_err(failed)?;
        rows.iter().map(|row| routed(self.db().sealer(), row)).collect()
    }

    async fn numbered(&self, numbers: &[String]) -> Result<Vec<Routed>, StoreError> {
        let mut out = Vec::new();
        for some in numbers.chunks(500) {
            let mut sql = QueryBuilder::<Driver>::new(ROUTED);
            sql.push(" WHERE t.number IN (");
            let mut list = sql.separated(", ");
            for number in some {
                list.push_bind(number);
            }
            sql.push(") ORDER BY t.created_at DESC, t.number DESC");
            let rows = sql.build().fetch_all(self.db().reader()).await.map_err(failed)?;
            for row in &rows {
                out.push(routed(self.db().sealer(), row)?);
            }
        }
        Ok(out)
    }
}

/// The version that is to be in use, inside a transaction.
async fn active(tx: &mut Transaction<'_, Driver>) -> Result<u32, StoreError> {
    let version = sqlx::query_scalar("SELECT version FROM street_activations ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut **tx)
        .await
        .map_err(failed)?;
    Ok(version.unwrap_or(0))
}

async fn point(
    tx: &mut Transaction<'_, Driver>,
    version: u32,
    before: u32,
    by: &Author,
    note: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO street_activations (seq, version, before, author, author_name, note, at) \
         VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM street_activations), $1, $2, $3, $4, $5, $6)",
    )
    .bind(version)
    .bind(before)
    .bind(&by.id)
    .bind(&by.name)
    .bind(note)
    .bind(at.as_millisecond())
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

fn author(row: &SqliteRow) -> Result<Author, StoreError> {
    Ok(Author { id: row.try_get("author").map_err(failed)?, name: row.try_get("author_name").map_err(failed)? })
}

fn texts(row: &SqliteRow) -> Result<Texts, StoreError> {
    serde_json::from_str(row.try_get("files").map_err(failed)?).map_err(failed)
}

fn activation(row: &SqliteRow) -> Result<Activation, StoreError> {
    Ok(Activation {
        seq: row.try_get("seq").map_err(failed)?,
        version: row.try_get("version").map_err(failed)?,
        before: row.try_get("before").map_err(failed)?,
        by: author(row)?,
        note: row.try_get("note").map_err(failed)?,
        at: time(row.try_get("at").map_err(failed)?)?,
        taken_at: row.try_get::<Option<i64>, _>("taken_at").map_err(failed)?.map(time).transpose()?,
        fault: row.try_get("fault").map_err(failed)?,
    })
}

fn routed(sealer: &Sealer, row: &SqliteRow) -> Result<Routed, StoreError> {
    Ok(Routed { ticket: ticket(sealer, row)?, designated: row.try_get::<i64, _>("designated").map_err(failed)? != 0 })
}
