//! [`LedgerStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite as Driver, Transaction};
use uuid::Uuid;

use super::Sqlite;
use super::incident::{failed, id, time};
use super::sealing::place;
use crate::incident::ledger::store::{EntryQuery, LedgerStore, Stored};
use crate::incident::ledger::{Entry, Matter, Visit, VisitResult};
use crate::incident::store::StoreError;

const ENTRY: &str =
    "SELECT id, kind, number, community, grid_code, interval_days, next_due, sample, document FROM ledger_entries";
const VISIT: &str = "SELECT id, entry_id, at, account_id, by_post, result, note, attachments, ticket FROM ledger_visits";

#[async_trait]
impl LedgerStore for Sqlite {
    async fn entries(&self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError> {
        let EntryQuery { grids, kind, due_by, after, limit } = query;
        let mut sql = QueryBuilder::<Driver>::new(ENTRY);
        sql.push(" WHERE 1 = 1");
        if let Some(grids) = grids {
            sql.push(" AND grid_code IN (");
            let mut list = sql.separated(", ");
            for grid in grids {
                list.push_bind(grid.clone());
            }
            sql.push(")");
        }
        if let Some(kind) = kind {
            sql.push(" AND kind = ").push_bind(kind.clone());
        }
        if let Some(day) = due_by {
            sql.push(" AND next_due <= ").push_bind(day.to_string());
        }
        if let Some((day, id)) = after {
            sql.push(" AND (next_due, id) > (").push_bind(day.to_string()).push(", ").push_bind(id.to_string()).push(")");
        }
        sql.push(" ORDER BY next_due, id LIMIT ").push_bind(i64::from(*limit));
        let rows = sql.build().fetch_all(self.reader()).await.map_err(failed)?;
        rows.iter().map(|row| entry(self, row)).collect()
    }

    async fn entry(&self, which: Uuid) -> Result<Option<Entry>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{ENTRY} WHERE id = $1")))
            .bind(which.to_string())
            .fetch_optional(self.reader())
            .await
            .map_err(failed)?;
        row.as_ref().map(|row| entry(self, row)).transpose()
    }

    async fn numbered(&self, kind: &str, number: &str) -> Result<Option<Entry>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{ENTRY} WHERE kind = $1 AND number = $2")))
            .bind(kind)
            .bind(number)
            .fetch_optional(self.reader())
            .await
            .map_err(failed)?;
        row.as_ref().map(|row| entry(self, row)).transpose()
    }

    async fn put(&self, entries: &[Entry], dry: bool) -> Result<Stored, StoreError> {
        let mut tx = self.durable().await.map_err(failed)?;
        let mut stored = Stored::default();
        for new in entries {
            let row = sqlx::query(sqlx::AssertSqlSafe(format!("{ENTRY} WHERE kind = $1 AND number = $2")))
                .bind(&new.kind)
                .bind(&new.number)
                .fetch_optional(&mut *tx)
                .await
                .map_err(failed)?;
            match row.as_ref().map(|row| entry(self, row)).transpose()? {
                None => {
                    stored.added += 1;
                    write(&mut tx, self, new).await?;
                }
                Some(known) if Entry { id: known.id, ..new.clone() } == known => stored.same += 1,
                Some(known) => {
                    stored.changed += 1;
                    write(&mut tx, self, &Entry { id: known.id, ..new.clone() }).await?;
                }
            }
        }
        if !dry {
            tx.commit().await.map_err(failed)?;
        }
        Ok(stored)
    }

    async fn visits(&self, of: Uuid, limit: u32) -> Result<Vec<Visit>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{VISIT} WHERE entry_id = $1 ORDER BY at DESC, rowid DESC LIMIT $2")))
            .bind(of.to_string())
            .bind(limit)
            .fetch_all(self.reader())
            .await
            .map_err(failed)?;
        rows.iter().map(|row| visit(self, row)).collect()
    }

    async fn visit(&self, new: &Visit, next_due: Date) -> Result<(Visit, bool), StoreError> {
        let mut tx = self.durable().await.map_err(failed)?;
        if let Some(known) = one(&mut tx, self, new.id).await? {
            let same = known.entry == new.entry && known.account == new.account;
            return if same {
                Ok((known, false))
            } else {
                Err(StoreError::Invalid("这个编号已经是另一次走访".to_owned()))
            };
        }
        let moved = sqlx::query("UPDATE ledger_entries SET next_due = $2, changed_at = $3 WHERE id = $1")
            .bind(new.entry.to_string())
            .bind(next_due.to_string())
            .bind(new.at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        if moved.rows_affected() == 0 {
            return Err(StoreError::NotFound(new.entry.to_string()));
        }
        sqlx::query(
            "INSERT INTO ledger_visits (id, entry_id, at, account_id, by_post, result, note, attachments, ticket) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(new.id.to_string())
        .bind(new.entry.to_string())
        .bind(new.at.as_millisecond())
        .bind(new.account.to_string())
        .bind(&new.by)
        .bind(new.result.word())
        .bind(new.note.as_deref().map(|n| self.sealer().seal(n, &place::visit(new.id))))
        .bind(serde_json::to_string(&new.attachments).map_err(failed)?)
        .bind(&new.ticket)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok((new.clone(), true))
    }

    async fn reported(&self, which: Uuid, ticket: &str) -> Result<Visit, StoreError> {
        let mut tx = self.durable().await.map_err(failed)?;
        sqlx::query("UPDATE ledger_visits SET ticket = $2 WHERE id = $1 AND ticket IS NULL")
            .bind(which.to_string())
            .bind(ticket)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        let known = one(&mut tx, self, which).await?.ok_or_else(|| StoreError::NotFound(which.to_string()))?;
        tx.commit().await.map_err(failed)?;
        Ok(known)
    }
}

async fn write(tx: &mut Transaction<'_, Driver>, db: &Sqlite, e: &Entry) -> Result<(), StoreError> {
    let document = serde_json::to_string(&e.matter).map_err(failed)?;
    sqlx::query(
        "INSERT INTO ledger_entries (id, kind, number, community, grid_code, interval_days, next_due, sample, document, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, unixepoch() * 1000) ON CONFLICT (kind, number) DO UPDATE SET \
         community = excluded.community, grid_code = excluded.grid_code, interval_days = excluded.interval_days, \
         next_due = excluded.next_due, sample = excluded.sample, document = excluded.document, changed_at = excluded.changed_at",
    )
    .bind(e.id.to_string())
    .bind(&e.kind)
    .bind(&e.number)
    .bind(&e.community)
    .bind(&e.grid_code)
    .bind(i64::from(e.interval_days))
    .bind(e.next_due.to_string())
    .bind(i64::from(e.sample))
    .bind(db.sealer().seal(&document, &place::ledger(e.id)))
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn one(tx: &mut Transaction<'_, Driver>, db: &Sqlite, which: Uuid) -> Result<Option<Visit>, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{VISIT} WHERE id = $1")))
        .bind(which.to_string())
        .fetch_optional(&mut **tx)
        .await
        .map_err(failed)?;
    row.as_ref().map(|row| visit(db, row)).transpose()
}

fn entry(db: &Sqlite, row: &SqliteRow) -> Result<Entry, StoreError> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let key = id(&text("id")?)?;
    let document = db.sealer().open(&text("document")?, &place::ledger(key)).map_err(failed)?;
    let matter: Matter = serde_json::from_str(&document).map_err(failed)?;
    Ok(Entry {
        id: key,
        kind: text("kind")?,
        number: text("number")?,
        community: text("community")?,
        grid_code: text("grid_code")?,
        interval_days: u16::try_from(row.try_get::<i64, _>("interval_days").map_err(failed)?).map_err(failed)?,
        next_due: text("next_due")?.parse::<Date>().map_err(failed)?,
        sample: row.try_get::<i64, _>("sample").map_err(failed)? != 0,
        matter,
    })
}

fn visit(db: &Sqlite, row: &SqliteRow) -> Result<Visit, StoreError> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let key = id(&text("id")?)?;
    let note: Option<String> = row.try_get("note").map_err(failed)?;
    let at: Timestamp = time(row.try_get("at").map_err(failed)?)?;
    let result = VisitResult::from_word(&text("result")?);
    Ok(Visit {
        id: key,
        entry: id(&text("entry_id")?)?,
        at,
        account: id(&text("account_id")?)?,
        by: text("by_post")?,
        result: result.ok_or_else(|| failed(std::io::Error::other("unknown result of a visit")))?,
        note: note.map(|n| db.sealer().open(&n, &place::visit(key))).transpose().map_err(failed)?,
        attachments: serde_json::from_str(&text("attachments")?).map_err(failed)?,
        ticket: row.try_get("ticket").map_err(failed)?,
    })
}
