//! [`DeliveryDesk`] and [`ReconcileStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::{QueryBuilder, Row as _, Sqlite as Driver};
use uuid::Uuid;

use super::incident::failed;
use super::platform::{ROWS, SqliteOutbox, Taken, delivered, outbox_row, parcel};
use super::sealing::place;
use crate::incident::store::StoreError;
use crate::incident::ticket::Status;
use crate::platform::desk::{AtPlatform, ByHand, DeliveryDesk, DestinationState, Pause, RowQuery};
use crate::platform::outbox::{OutboxRow, Parcel};
use crate::platform::reconcile::ReconcileStore;

fn time(ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(failed)
}

#[async_trait]
impl DeliveryDesk for SqliteOutbox {
    async fn destinations(&self) -> Result<Vec<DestinationState>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.destination, COALESCE(SUM(o.state = 'pending'), 0) AS pending, \
             COALESCE(SUM(o.state = 'delivered'), 0) AS delivered, COALESCE(SUM(o.state = 'dead'), 0) AS dead, \
             MIN(CASE WHEN o.state = 'pending' THEN o.created_at END) AS oldest, p.at, p.by_account, p.reason \
             FROM (SELECT destination FROM outbox UNION SELECT destination FROM paused_destinations) AS d \
             LEFT JOIN outbox AS o ON o.destination = d.destination \
             LEFT JOIN paused_destinations AS p ON p.destination = d.destination GROUP BY d.destination ORDER BY d.destination",
        )
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                let count = |name: &str| row.try_get::<i64, _>(name).map(i64::unsigned_abs).map_err(failed);
                let paused = match row.try_get::<Option<i64>, _>("at").map_err(failed)? {
                    None => None,
                    Some(at) => Some(Pause {
                        at: time(at)?,
                        by: row.try_get("by_account").map_err(failed)?,
                        reason: row.try_get("reason").map_err(failed)?,
                    }),
                };
                Ok(DestinationState {
                    name: row.try_get("destination").map_err(failed)?,
                    pending: count("pending")?,
                    delivered: count("delivered")?,
                    dead: count("dead")?,
                    oldest_pending_at: row.try_get::<Option<i64>, _>("oldest").map_err(failed)?.map(time).transpose()?,
                    paused,
                })
            })
            .collect()
    }

    async fn rows(&self, query: &RowQuery) -> Result<Vec<OutboxRow>, StoreError> {
        let mut sql = QueryBuilder::<Driver>::new(ROWS);
        sql.push("WHERE 1 = 1");
        if !query.states.is_empty() {
            sql.push(" AND o.state IN (");
            let mut list = sql.separated(", ");
            for state in &query.states {
                list.push_bind(state.word());
            }
            sql.push(")");
        }
        let parts = [("o.destination", &query.destination), ("t.number", &query.number), ("o.kind", &query.kind)];
        for (column, value) in parts {
            if let Some(value) = value {
                sql.push(" AND ").push(column).push(" = ").push_bind(value.clone());
            }
        }
        if let Some(words) = &query.reason {
            sql.push(" AND instr(o.reason, ").push_bind(words.clone()).push(") > 0");
        }
        if let Some(before) = query.before_id {
            sql.push(" AND o.id < ").push_bind(before);
        }
        sql.push(" ORDER BY o.id DESC LIMIT ").push_bind(i64::from(query.limit));
        let rows = sql.build().fetch_all(self.db().reader()).await.map_err(failed)?;
        rows.iter().map(outbox_row).collect()
    }

    async fn parcel(&self, id: i64) -> Result<Option<(OutboxRow, Parcel)>, StoreError> {
        let sql = [ROWS, "WHERE o.id = $1"].concat();
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(self.db().reader()).await.map_err(failed)?;
        let Some(row) = row.as_ref().map(outbox_row).transpose()? else { return Ok(None) };
        let inside = sqlx::query(
            "SELECT o.id AS row_id, o.kind, o.message_id, o.payload, o.corrections, t.id, t.document, t.status, t.reporter \
             FROM outbox AS o JOIN tickets AS t ON t.id = o.ticket_id WHERE o.id = $1",
        )
        .bind(id)
        .fetch_one(self.db().reader())
        .await
        .map_err(failed)?;
        Ok(Some((row, parcel(self.db().sealer(), &inside)?)))
    }

    async fn correct(&self, id: i64, corrections: Option<&Value>, now: Timestamp) -> Result<(), StoreError> {
        let sealed = corrections.map(|c| self.db().sealer().seal(&c.to_string(), &place::corrections(id)));
        let mut tx = self.db().durable().await.map_err(failed)?;
        let done = sqlx::query(
            "UPDATE outbox SET state = 'pending', corrections = $2, next_at = $3, ended_at = NULL WHERE id = $1 AND state = 'dead'",
        )
        .bind(id)
        .bind(sealed)
        .bind(now.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        if done.rows_affected() == 0 {
            return Err(missing_or(&mut tx, id, "只有推送失败的才能修改后重推").await?);
        }
        tx.commit().await.map_err(failed)
    }

    async fn done_by_hand(&self, id: i64, done: &ByHand) -> Result<(), StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let found: Option<(String, String, String)> =
            sqlx::query_as("SELECT ticket_id, destination, kind FROM outbox WHERE id = $1 AND state <> 'delivered'")
                .bind(id)
                .fetch_optional(&mut *tx)
                .await
                .map_err(failed)?;
        let Some((ticket, destination, kind)) = found else {
            return Err(missing_or(&mut tx, id, "这一条已经送达，不用再登记").await?);
        };
        let at = done.at.as_millisecond();
        sqlx::query(
            "INSERT INTO outbox_attempts (outbox_id, started_at, ended_at, act, outcome, reason) \
             VALUES ($1, $2, $2, 'by_hand', 'delivered', $3)",
        )
        .bind(id)
        .bind(at)
        .bind(format!("由{}人工录入", done.by))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        let taken = Taken {
            row: id,
            destination: &destination,
            ticket: ticket.parse().map_err(failed)?,
            external_no: &done.external_no,
            at: done.at,
        };
        // Whatever the row is, only the incident itself moves the ticket.
        let message = match kind.as_str() {
            "incident" => crate::platform::outbox::Message::Incident,
            _ => crate::platform::outbox::Message::Attachment { id: taken.ticket, number: 0 },
        };
        delivered(&mut tx, self.db(), &message, taken).await?;
        tx.commit().await.map_err(failed)
    }

    async fn pause(&self, destination: &str, pause: &Pause) -> Result<(), StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        sqlx::query(
            "INSERT INTO paused_destinations (destination, at, by_account, reason) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (destination) DO UPDATE SET by_account = excluded.by_account, reason = excluded.reason",
        )
        .bind(destination)
        .bind(pause.at.as_millisecond())
        .bind(&pause.by)
        .bind(&pause.reason)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }

    async fn resume(&self, destination: &str) -> Result<bool, StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let done = sqlx::query("DELETE FROM paused_destinations WHERE destination = $1")
            .bind(destination)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected() > 0)
    }

    async fn of_ticket(&self, ticket: Uuid) -> Result<Vec<AtPlatform>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.destination, d.leads, d.remote_status, d.remote_at, x.external_no, \
             (SELECT COUNT(*) FROM outbox o WHERE o.ticket_id = d.ticket_id AND o.destination = d.destination AND o.state = 'pending') AS pending, \
             (SELECT COUNT(*) FROM outbox o WHERE o.ticket_id = d.ticket_id AND o.destination = d.destination AND o.state = 'dead') AS dead \
             FROM ticket_destinations d LEFT JOIN ticket_externals x ON x.ticket_id = d.ticket_id AND x.destination = d.destination \
             WHERE d.ticket_id = $1 ORDER BY d.leads DESC, d.destination",
        )
        .bind(ticket.to_string())
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(AtPlatform {
                    destination: row.try_get("destination").map_err(failed)?,
                    leads: row.try_get::<i64, _>("leads").map_err(failed)? != 0,
                    external_no: row.try_get("external_no").map_err(failed)?,
                    status: row.try_get("remote_status").map_err(failed)?,
                    status_at: row.try_get::<Option<i64>, _>("remote_at").map_err(failed)?.map(time).transpose()?,
                    pending: row.try_get::<i64, _>("pending").map_err(failed)?.unsigned_abs(),
                    dead: row.try_get::<i64, _>("dead").map_err(failed)?.unsigned_abs(),
                })
            })
            .collect()
    }
}

/// Why a row was not changed: it is not there, or it is not in the right state.
async fn missing_or(tx: &mut sqlx::Transaction<'_, Driver>, id: i64, why: &str) -> Result<StoreError, StoreError> {
    let there: Option<i64> =
        sqlx::query_scalar("SELECT id FROM outbox WHERE id = $1").bind(id).fetch_optional(&mut **tx).await.map_err(failed)?;
    Ok(match there {
        Some(_) => StoreError::Invalid(why.to_owned()),
        None => StoreError::NotFound(format!("推送记录 {id}")),
    })
}

#[async_trait]
impl ReconcileStore for SqliteOutbox {
    async fn unchecked(&self, destination: &str, before: Timestamp, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let ended = [Status::已回访, Status::合并, Status::撤销].map(Status::word);
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT d.ticket_id FROM ticket_destinations AS d JOIN tickets AS t ON t.id = d.ticket_id \
             WHERE d.destination = $1 AND (d.checked_at IS NULL OR d.checked_at <= $2) AND t.status NOT IN ($3, $4, $5) \
             AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.ticket_id = d.ticket_id AND o.destination = d.destination \
                         AND o.kind = 'incident' AND o.state = 'delivered') \
             ORDER BY d.checked_at, d.ticket_id LIMIT $6",
        )
        .bind(destination)
        .bind(before.as_millisecond())
        .bind(ended[0])
        .bind(ended[1])
        .bind(ended[2])
        .bind(limit)
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        rows.iter().map(|id| id.parse().map_err(failed)).collect()
    }

    async fn checked(&self, ticket: Uuid, destination: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db().quick().await.map_err(failed)?;
        sqlx::query("UPDATE ticket_destinations SET checked_at = $3 WHERE ticket_id = $1 AND destination = $2")
            .bind(ticket.to_string())
            .bind(destination)
            .bind(at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }

    async fn send_again(&self, ticket: Uuid, destination: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let (ticket, now) = (ticket.to_string(), now.as_millisecond());
        sqlx::query(
            "UPDATE outbox SET state = 'pending', unsure = 1, next_at = $3, ended_at = NULL, reason = '对账：平台上没有，重新推送' \
             WHERE ticket_id = $1 AND destination = $2 AND state = 'delivered'",
        )
        .bind(&ticket)
        .bind(destination)
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        for sql in [
            "DELETE FROM ticket_externals WHERE ticket_id = $1 AND destination = $2",
            "UPDATE ticket_destinations SET remote_status = NULL WHERE ticket_id = $1 AND destination = $2",
        ] {
            sqlx::query(sql).bind(&ticket).bind(destination).execute(&mut *tx).await.map_err(failed)?;
        }
        tx.commit().await.map_err(failed)
    }
}
