//! [`AuditLog`] on `SQLite`. Triggers of the table refuse changes; the chain shows those that came around the triggers.

use async_trait::async_trait;
use futures::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite as Driver, SqliteConnection};

use super::Sqlite;
use crate::identity::audit::{AuditEntry, AuditError, AuditLog, AuditQuery, AuditRow, ChainState, GENESIS, chained};

/// The audit log of the service's rows. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteAudit {
    db: Sqlite,
}

impl SqliteAudit {
    /// Over an open database.
    #[must_use]
    pub const fn new(db: Sqlite) -> Self {
        Self { db }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as the argument of map_err")]
fn failed(e: sqlx::Error) -> AuditError {
    AuditError(e.to_string())
}

/// Adds a row within a write transaction of `connection`: the change and its row are kept together or not at all.
pub async fn append(connection: &mut SqliteConnection, entry: &AuditEntry) -> Result<i64, sqlx::Error> {
    let last = sqlx::query_as::<_, (i64, String)>("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?;
    let (seq, previous) = last.map_or((1, GENESIS.to_owned()), |(seq, hash)| (seq + 1, hash));
    sqlx::query(
        "INSERT INTO audit_log (seq, at, actor, actor_name, via, net, action, object_kind, object_id, detail, previous, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(seq)
    .bind(entry.at.as_millisecond())
    .bind(entry.actor.to_string())
    .bind(&entry.actor_name)
    .bind(&entry.via)
    .bind(&entry.net)
    .bind(&entry.action)
    .bind(&entry.object_kind)
    .bind(&entry.object_id)
    .bind(&entry.detail)
    .bind(&previous)
    .bind(chained(&previous, seq, entry))
    .execute(connection)
    .await?;
    Ok(seq)
}

const COLUMNS: &str =
    "SELECT seq, at, actor, actor_name, via, net, action, object_kind, object_id, detail, previous, hash FROM audit_log";

fn row(row: &SqliteRow) -> Result<AuditRow, sqlx::Error> {
    let at: i64 = row.try_get("at")?;
    let actor: String = row.try_get("actor")?;
    Ok(AuditRow {
        seq: row.try_get("seq")?,
        entry: AuditEntry {
            at: Timestamp::from_millisecond(at).map_err(|e| sqlx::Error::Decode(e.into()))?,
            actor: actor.parse().map_err(|e: uuid::Error| sqlx::Error::Decode(e.into()))?,
            actor_name: row.try_get("actor_name")?,
            via: row.try_get("via")?,
            net: row.try_get("net")?,
            action: row.try_get("action")?,
            object_kind: row.try_get("object_kind")?,
            object_id: row.try_get("object_id")?,
            detail: row.try_get("detail")?,
        },
        previous: row.try_get("previous")?,
        hash: row.try_get("hash")?,
    })
}

#[async_trait]
impl AuditLog for SqliteAudit {
    async fn append(&self, entry: &AuditEntry) -> Result<i64, AuditError> {
        let mut tx = self.db.durable().await.map_err(failed)?;
        let seq = append(&mut tx, entry).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(seq)
    }

    async fn search(&self, query: &AuditQuery) -> Result<Vec<AuditRow>, AuditError> {
        let AuditQuery { actor, actor_name, action, object_kind, object_id, from, until, before_seq, limit } = query;
        let mut sql = QueryBuilder::<Driver>::new(COLUMNS);
        sql.push(" WHERE 1 = 1");
        if let Some(actor) = actor {
            sql.push(" AND actor = ").push_bind(actor.to_string());
        }
        if let Some(name) = actor_name {
            sql.push(" AND actor_name = ").push_bind(name);
        }
        match action.as_deref() {
            // `document.` and `document` mean everything that was done to documents.
            Some(noun) if !noun.trim_end_matches('.').contains('.') => {
                sql.push(" AND substr(action, 1, length(").push_bind(format!("{}.", noun.trim_end_matches('.')));
                sql.push(")) = ").push_bind(format!("{}.", noun.trim_end_matches('.')));
            }
            Some(action) => {
                sql.push(" AND action = ").push_bind(action);
            }
            None => {}
        }
        if let Some(kind) = object_kind {
            sql.push(" AND object_kind = ").push_bind(kind);
        }
        if let Some(id) = object_id {
            sql.push(" AND object_id = ").push_bind(id);
        }
        if let Some(from) = from {
            sql.push(" AND at >= ").push_bind(from.as_millisecond());
        }
        if let Some(until) = until {
            sql.push(" AND at < ").push_bind(until.as_millisecond());
        }
        if let Some(before) = before_seq {
            sql.push(" AND seq < ").push_bind(*before);
        }
        sql.push(" ORDER BY seq DESC LIMIT ").push_bind(i64::from(*limit));
        let rows = sql.build().fetch_all(self.db.reader()).await.map_err(failed)?;
        rows.iter().map(|r| row(r).map_err(failed)).collect()
    }

    async fn verify(&self) -> Result<ChainState, AuditError> {
        let mut state = ChainState { rows: 0, last_seq: 0, head: GENESIS.to_owned(), broken: None };
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY seq"));
        let mut rows = sqlx::query(sql).fetch(self.db.reader());
        while let Some(next) = rows.try_next().await.map_err(failed)? {
            let next = row(&next).map_err(failed)?;
            let fault = if next.seq != state.last_seq + 1 {
                Some(format!("第{}行之后缺行", state.last_seq))
            } else if next.previous != state.head {
                Some("与上一行接不上".to_owned())
            } else if next.hash != chained(&next.previous, next.seq, &next.entry) {
                Some("内容与校验值不符".to_owned())
            } else {
                None
            };
            state.rows += 1;
            state.last_seq = next.seq;
            state.head = next.hash;
            if let Some(fault) = fault {
                state.broken.get_or_insert((next.seq, fault));
            }
        }
        drop(rows);
        // SQLite itself remembers how far it counted: a log cut off at its end shows, and so do triggers that were taken away.
        let counted = sqlx::query_scalar::<_, i64>("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'audit_log'")
            .fetch_one(self.db.reader())
            .await
            .map_err(failed)?;
        if counted != state.last_seq {
            state.broken.get_or_insert((state.last_seq + 1, format!("曾写到第{counted}行，末尾缺行")));
        }
        let guards = sqlx::query_scalar::<_, i64>(
            "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log' \
             AND name IN ('audit_log_no_update', 'audit_log_no_delete', 'audit_log_in_order')",
        )
        .fetch_one(self.db.reader())
        .await
        .map_err(failed)?;
        if guards != 3 {
            state.broken.get_or_insert((0, "防止修改的触发器被拿掉了".to_owned()));
        }
        Ok(state)
    }
}
