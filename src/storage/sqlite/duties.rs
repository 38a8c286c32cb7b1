//! [`DutyStore`] on `SQLite`: posts and leaves. Each change and its audit rows are one transaction.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::accounts::{ACCOUNT, ADMINISTRATORS, SqliteAccounts, account, backend, json, note_in, time, uuid};
use crate::identity::account::Account;
use crate::identity::audit::AuditEntry;
use crate::identity::duties::{Duty, Holder, Leave};
use crate::identity::duty_store::{DutyStore, HandOver, LeaveKept, Moved};
use crate::identity::store::StoreError;

const LEAVE: &str = "l.id AS leave_id, l.account_id AS leave_account, l.stand_in, l.starts_at, l.ends_at, l.note, \
     l.created_at AS leave_created_at, l.created_by";

fn text(row: &SqliteRow, column: &str) -> Result<String, StoreError> {
    row.try_get(column).map_err(backend)
}

fn leave(row: &SqliteRow) -> Result<Leave, StoreError> {
    let id = text(row, "leave_id")?;
    let at = |column: &str| row.try_get::<i64, _>(column).map_err(backend).and_then(|ms| time(&id, ms));
    Ok(Leave {
        id: uuid(&id)?,
        account_id: uuid(&text(row, "leave_account")?)?,
        stand_in: uuid(&text(row, "stand_in")?)?,
        starts_at: at("starts_at")?,
        ends_at: at("ends_at")?,
        note: text(row, "note")?,
        created_at: at("leave_created_at")?,
        created_by: text(row, "created_by")?,
    })
}

#[async_trait]
impl DutyStore for SqliteAccounts {
    async fn holders(&self) -> Result<Vec<Holder>, StoreError> {
        let rows = sqlx::query("SELECT post, duty, account_id, since FROM post_holders ORDER BY post, duty")
            .fetch_all(self.db.reader())
            .await
            .map_err(backend)?;
        let holder = |row: &SqliteRow| {
            let post = text(row, "post")?;
            let duty = Duty::from_word(&text(row, "duty")?)
                .ok_or_else(|| StoreError::Damaged { id: post.clone(), reason: "既不是A岗也不是B岗".to_owned() })?;
            let since = time(&post, row.try_get("since").map_err(backend)?)?;
            Ok(Holder { duty, account_id: uuid(&text(row, "account_id")?)?, since, post })
        };
        rows.iter().map(holder).collect()
    }

    async fn hold(
        &self,
        post: &str,
        holders: [(Duty, Option<Uuid>); 2],
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for (duty, holder) in holders {
            // Who stays keeps the day on which it began.
            sqlx::query("DELETE FROM post_holders WHERE post = $1 AND duty = $2 AND account_id IS NOT $3")
                .bind(post)
                .bind(duty.word())
                .bind(holder.map(|id| id.to_string()))
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
            if let Some(id) = holder {
                sqlx::query("INSERT OR IGNORE INTO post_holders (post, duty, account_id, since) VALUES ($1, $2, $3, $4)")
                    .bind(post)
                    .bind(duty.word())
                    .bind(id.to_string())
                    .bind(at.as_millisecond())
                    .execute(&mut *tx)
                    .await
                    .map_err(backend)?;
            }
        }
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)
    }

    async fn leaves(&self) -> Result<Vec<Leave>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {LEAVE} FROM account_leaves l ORDER BY l.starts_at DESC, l.id DESC"));
        let rows = sqlx::query(sql).fetch_all(self.db.reader()).await.map_err(backend)?;
        rows.iter().map(leave).collect()
    }

    async fn add_leave(&self, leave: &Leave, audit: &AuditEntry) -> Result<LeaveKept, StoreError> {
        let mut tx = self.begin().await?;
        // Who is away cannot stand in at the same time, nor the other way round: no chains.
        for (sql, who, refused) in [
            (
                "SELECT COUNT(*) FROM account_leaves WHERE account_id = $1 AND starts_at < $3 AND ends_at > $2 AND starts_at < ends_at",
                leave.account_id,
                LeaveKept::AwayAlready,
            ),
            (
                "SELECT COUNT(*) FROM account_leaves WHERE account_id = $1 AND starts_at < $3 AND ends_at > $2 AND starts_at < ends_at",
                leave.stand_in,
                LeaveKept::StandInAway,
            ),
            (
                "SELECT COUNT(*) FROM account_leaves WHERE stand_in = $1 AND starts_at < $3 AND ends_at > $2 AND starts_at < ends_at",
                leave.account_id,
                LeaveKept::StandsInItself,
            ),
        ] {
            let found = sqlx::query_scalar::<_, i64>(sql)
                .bind(who.to_string())
                .bind(leave.starts_at.as_millisecond())
                .bind(leave.ends_at.as_millisecond())
                .fetch_one(&mut *tx)
                .await
                .map_err(backend)?;
            if found > 0 {
                return Ok(refused);
            }
        }
        sqlx::query(
            "INSERT INTO account_leaves (id, account_id, stand_in, starts_at, ends_at, note, created_at, created_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(leave.id.to_string())
        .bind(leave.account_id.to_string())
        .bind(leave.stand_in.to_string())
        .bind(leave.starts_at.as_millisecond())
        .bind(leave.ends_at.as_millisecond())
        .bind(&leave.note)
        .bind(leave.created_at.as_millisecond())
        .bind(&leave.created_by)
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)?;
        Ok(LeaveKept::Done)
    }

    async fn end_leave(&self, id: Uuid, at: Timestamp, audit: &AuditEntry) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done =
            sqlx::query("UPDATE account_leaves SET ends_at = MAX(starts_at, $2) WHERE id = $1 AND ends_at > MAX(starts_at, $2)")
                .bind(id.to_string())
                .bind(at.as_millisecond())
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)?;
        Ok(true)
    }

    async fn standing_in(&self, stand_in: Uuid, now: Timestamp) -> Result<Vec<(Leave, Account)>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {LEAVE}, {ACCOUNT} FROM account_leaves l JOIN accounts a ON a.id = l.account_id \
             WHERE l.stand_in = $1 AND l.starts_at <= $2 AND l.ends_at > $2 ORDER BY l.starts_at, l.id"
        ));
        let rows = sqlx::query(sql)
            .bind(stand_in.to_string())
            .bind(now.as_millisecond())
            .fetch_all(self.db.reader())
            .await
            .map_err(backend)?;
        rows.iter().map(|row| Ok((leave(row)?, account(row)?))).collect()
    }

    async fn hand_over(&self, wish: &HandOver, audit: &[AuditEntry]) -> Result<Option<Moved>, StoreError> {
        let HandOver { from, to, disable, at } = wish;
        let (from_id, to_id, now) = (from.id.to_string(), to.id.to_string(), at.as_millisecond());
        let mut tx = self.begin().await?;
        // Who took over as A is no longer its own B.
        sqlx::query(
            "DELETE FROM post_holders WHERE account_id = $2 AND post IN (SELECT post FROM post_holders WHERE account_id = $1)",
        )
        .bind(&from_id)
        .bind(&to_id)
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        let posts = sqlx::query("UPDATE post_holders SET account_id = $2, since = $3 WHERE account_id = $1")
            .bind(&from_id)
            .bind(&to_id)
            .bind(now)
            .execute(&mut *tx)
            .await
            .map_err(backend)?
            .rows_affected();
        let gaps = sqlx::query(
            "UPDATE gap_cluster SET owner = $2, updated_at = $3 WHERE owner = $1 AND state IN ('open', 'assigned', 'drafted')",
        )
        .bind(&from.name)
        .bind(&to.name)
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(backend)?
        .rows_affected();
        let leaves = sqlx::query(
            "UPDATE account_leaves SET ends_at = MAX(starts_at, $2) WHERE (account_id = $1 OR stand_in = $1) AND ends_at > MAX(starts_at, $2)",
        )
        .bind(&from_id)
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(backend)?
        .rows_affected();
        sqlx::query("UPDATE accounts SET scope = $2, changed_at = $3 WHERE id = $1")
            .bind(&to_id)
            .bind(json(&to.scope)?)
            .bind(now)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        if *disable {
            sqlx::query("UPDATE accounts SET disabled_at = COALESCE(disabled_at, $2), changed_at = $2 WHERE id = $1")
                .bind(&from_id)
                .bind(now)
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
            sqlx::query("DELETE FROM account_sessions WHERE account_id = $1")
                .bind(&from_id)
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
            let left = sqlx::query_scalar::<_, i64>(ADMINISTRATORS).fetch_one(&mut *tx).await.map_err(backend)?;
            if left == 0 {
                return Ok(None);
            }
        }
        for entry in audit {
            note_in(&mut tx, entry).await?;
        }
        tx.commit().await.map_err(backend)?;
        Ok(Some(Moved { posts, gaps, leaves }))
    }
}
