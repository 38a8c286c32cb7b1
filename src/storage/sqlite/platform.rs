//! [`OutboxStore`] and [`CallbackStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, Transaction};
use uuid::Uuid;

use super::Sqlite;
use super::incident::{by_external_no, by_id, failed, keep_external_no, move_in, ticket};
use super::sealing::place;
use crate::core::seal::Sealer;
use crate::identity::Caller;
use crate::identity::audit;
use crate::incident::news::TicketNews;
use crate::incident::store::{StoreError, TicketMove};
use crate::incident::ticket::{Status, Ticket};
use crate::platform::callback::{Applied, Callback, CallbackStore};
use crate::platform::outbox::{
    Attempt, AttemptRow, Claim, Message, OutboxCounts, OutboxRow, OutboxStore, Outcome, Parcel, Redrive, RowState,
};
use crate::platform::visibility::ReporterField;

/// Outbox and callbacks in `SQLite`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteOutbox {
    db: Sqlite,
}

impl SqliteOutbox {
    pub(super) const fn db(&self) -> &Sqlite {
        &self.db
    }

    /// Over an open database.
    #[must_use]
    pub const fn new(db: Sqlite) -> Self {
        Self { db }
    }
}

#[async_trait]
impl OutboxStore for SqliteOutbox {
    async fn claim(
        &self,
        destination: &str,
        worker: &str,
        now: Timestamp,
        lease: SignedDuration,
        limit: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        let until = now.saturating_add(lease).unwrap_or(now).as_millisecond();
        let now = now.as_millisecond();
        // An idle outbox costs a read, not a durable write.
        let due: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE state = 'pending' AND destination = $1 AND next_at <= $2 \
             AND (claimed_until IS NULL OR claimed_until <= $2) \
             AND NOT EXISTS (SELECT 1 FROM paused_destinations AS p WHERE p.destination = $1) LIMIT 1)",
        )
        .bind(destination)
        .bind(now)
        .fetch_one(self.db.reader())
        .await
        .map_err(failed)?;
        if due == 0 {
            return Ok(Vec::new());
        }
        let mut tx = self.db.durable().await.map_err(failed)?;
        let rows = sqlx::query(
            "SELECT o.id AS row_id, o.attempts, o.unsure, o.kind, o.message_id, o.payload, o.corrections, t.id, t.document, t.status, t.reporter FROM outbox AS o \
             JOIN tickets AS t ON t.id = o.ticket_id \
             WHERE o.state = 'pending' AND o.destination = $1 AND o.next_at <= $2 \
             AND (o.claimed_until IS NULL OR o.claimed_until <= $2) \
             AND NOT EXISTS (SELECT 1 FROM outbox AS p WHERE p.ticket_id = o.ticket_id \
                             AND p.destination = o.destination AND p.state <> 'delivered' AND p.id < o.id \
                             AND NOT (p.state = 'dead' AND p.kind = 'attachment')) \
             ORDER BY o.next_at, o.id LIMIT $3",
        )
        .bind(destination)
        .bind(now)
        .bind(limit)
        .fetch_all(&mut *tx)
        .await
        .map_err(failed)?;
        let mut claims = Vec::with_capacity(rows.len());
        for row in &rows {
            let claim = Claim {
                id: row.try_get("row_id").map_err(failed)?,
                worker: worker.to_owned(),
                destination: destination.to_owned(),
                attempts: row.try_get("attempts").map_err(failed)?,
                unsure: row.try_get::<i64, _>("unsure").map_err(failed)? != 0,
                parcel: parcel(self.db.sealer(), row)?,
            };
            // Unsure from here on: only a recorded outcome can say otherwise, a crash cannot.
            sqlx::query("UPDATE outbox SET claimed_by = $2, claimed_until = $3, unsure = 1 WHERE id = $1")
                .bind(claim.id)
                .bind(worker)
                .bind(until)
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            claims.push(claim);
        }
        tx.commit().await.map_err(failed)?;
        Ok(claims)
    }

    async fn release(&self, worker: &str) -> Result<u64, StoreError> {
        let mut tx = self.db.durable().await.map_err(failed)?;
        let done =
            sqlx::query("UPDATE outbox SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = $1 AND state = 'pending'")
                .bind(worker)
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected())
    }

    async fn finish(&self, claim: &Claim, attempt: &Attempt) -> Result<Option<TicketNews>, StoreError> {
        let mut tx = self.db.durable().await.map_err(failed)?;
        record(&mut tx, claim, attempt).await?;
        let news = match &attempt.outcome {
            Outcome::Delivered { external_no } => {
                let (ticket, destination) = (&claim.parcel.ticket, claim.destination.as_str());
                if !attempt.carried.is_empty() {
                    sent_identity(&mut tx, &ticket.number, destination, &attempt.carried, attempt.ended_at).await?;
                }
                let taken = Taken { row: claim.id, destination, ticket: ticket.id, external_no, at: attempt.ended_at };
                delivered(&mut tx, &self.db, &claim.parcel.message, taken).await?
            }
            Outcome::Retry { at, reason, unsure } => {
                // A worker that lost its lease does not undo what its successor did.
                sqlx::query(
                    "UPDATE outbox SET attempts = attempts + 1, next_at = $3, reason = $4, unsure = $5, \
                     claimed_by = NULL, claimed_until = NULL WHERE id = $1 AND claimed_by = $2 AND state = 'pending'",
                )
                .bind(claim.id)
                .bind(&claim.worker)
                .bind(at.as_millisecond())
                .bind(reason)
                // What was unsure before stays so until somebody knows.
                .bind(i64::from(*unsure || (claim.unsure && attempt.act == crate::platform::outbox::Act::Asked)))
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
                None
            }
            Outcome::Dead { reason } => {
                sqlx::query(
                    "UPDATE outbox SET state = 'dead', attempts = attempts + 1, reason = $3, ended_at = $4, \
                     claimed_by = NULL, claimed_until = NULL WHERE id = $1 AND claimed_by = $2 AND state = 'pending'",
                )
                .bind(claim.id)
                .bind(&claim.worker)
                .bind(reason)
                .bind(attempt.ended_at.as_millisecond())
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
                None
            }
        };
        tx.commit().await.map_err(failed)?;
        Ok(news)
    }

    async fn redrive(&self, which: &Redrive, now: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.db.durable().await.map_err(failed)?;
        let Redrive { id, number, destination, kind, reason } = which;
        let done = sqlx::query(
            "UPDATE outbox SET state = 'pending', next_at = $1, ended_at = NULL WHERE state = 'dead' \
             AND ($2 IS NULL OR id = $2) AND ($3 IS NULL OR ticket_id IN (SELECT id FROM tickets WHERE number = $3)) \
             AND ($4 IS NULL OR destination = $4) AND ($5 IS NULL OR kind = $5) AND ($6 IS NULL OR instr(reason, $6) > 0)",
        )
        .bind(now.as_millisecond())
        .bind(id)
        .bind(number)
        .bind(destination)
        .bind(kind)
        .bind(reason)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected())
    }

    async fn list(&self, state: Option<RowState>, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let rows =
            sqlx::query(sqlx::AssertSqlSafe([ROWS, "WHERE ($1 IS NULL OR o.state = $1) ORDER BY o.id DESC LIMIT $2"].concat()))
                .bind(state.map(RowState::word))
                .bind(limit)
                .fetch_all(self.db.reader())
                .await
                .map_err(failed)?;
        rows.iter().map(outbox_row).collect()
    }

    async fn attempts(&self, id: i64) -> Result<Vec<AttemptRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT started_at, ended_at, act, outcome, http_status, reason FROM outbox_attempts \
             WHERE outbox_id = $1 ORDER BY id",
        )
        .bind(id)
        .fetch_all(self.db.reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(AttemptRow {
                    started_at: time(row, "started_at")?,
                    ended_at: time(row, "ended_at")?,
                    act: row.try_get("act").map_err(failed)?,
                    outcome: row.try_get("outcome").map_err(failed)?,
                    http_status: row.try_get("http_status").map_err(failed)?,
                    reason: row.try_get("reason").map_err(failed)?,
                })
            })
            .collect()
    }

    async fn counts(&self) -> Result<OutboxCounts, StoreError> {
        let rows = sqlx::query("SELECT state, COUNT(*) AS n FROM outbox GROUP BY state")
            .fetch_all(self.db.reader())
            .await
            .map_err(failed)?;
        let mut counts = OutboxCounts::default();
        for row in &rows {
            let n = row.try_get::<i64, _>("n").map_err(failed)?.unsigned_abs();
            match row_state(row)? {
                RowState::Pending => counts.pending = n,
                RowState::Delivered => counts.delivered = n,
                RowState::Dead => counts.dead = n,
            }
        }
        Ok(counts)
    }
}

#[async_trait]
impl CallbackStore for SqliteOutbox {
    async fn apply(
        &self,
        destination: &str,
        webhook_id: &str,
        callback: &Callback,
        received_at: Timestamp,
    ) -> Result<Applied, StoreError> {
        let mut tx = self.db.durable().await.map_err(failed)?;
        let seen = sqlx::query("SELECT 1 FROM platform_callbacks WHERE destination = $1 AND webhook_id = $2")
            .bind(destination)
            .bind(webhook_id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(failed)?;
        if seen.is_some() {
            return Ok(Applied::Repeated);
        }
        let found = match callback.idempotency_key.as_deref().map(Uuid::parse_str) {
            Some(Ok(id)) => by_id(&mut tx, self.db.sealer(), id).await?,
            Some(Err(_)) => None,
            None => match callback.external_no.as_deref() {
                Some(no) => by_external_no(&mut tx, self.db.sealer(), destination, no).await?,
                None => None,
            },
        };
        let Some(mut ticket) = found else { return Ok(Applied::UnknownTicket) };
        let applied = apply_to(&mut tx, &self.db, destination, &mut ticket, callback).await?;
        let remark = match &applied {
            Applied::Ignored(reason) => Some(reason.as_str()),
            Applied::Moved(_) | Applied::Repeated | Applied::UnknownTicket => None,
        };
        sqlx::query(
            "INSERT INTO platform_callbacks (destination, webhook_id, received_at, ticket_id, status, at, applied, remark) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(destination)
        .bind(webhook_id)
        .bind(received_at.as_millisecond())
        .bind(ticket.id.to_string())
        .bind(callback.status.word())
        .bind(callback.at.as_millisecond())
        .bind(i64::from(remark.is_none()))
        .bind(remark)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(applied)
    }
}

/// Moves the ticket when the callback names it rightly, is not older than the last one, and the move is legal.
async fn apply_to(
    tx: &mut Transaction<'_, Driver>,
    db: &Sqlite,
    destination: &str,
    ticket: &mut Ticket,
    callback: &Callback,
) -> Result<Applied, StoreError> {
    if let Some(external_no) = callback.external_no.as_deref() {
        keep_external_no(tx, ticket.id, destination, external_no).await?;
        let kept: String =
            sqlx::query_scalar("SELECT external_no FROM ticket_externals WHERE ticket_id = $1 AND destination = $2")
                .bind(ticket.id.to_string())
                .bind(destination)
                .fetch_one(&mut **tx)
                .await
                .map_err(failed)?;
        if kept != external_no {
            return Ok(Applied::Ignored(format!("平台编号不符：已登记 {kept}")));
        }
    }
    let known: Option<(i64, Option<i64>)> =
        sqlx::query_as("SELECT leads, remote_at FROM ticket_destinations WHERE ticket_id = $1 AND destination = $2")
            .bind(ticket.id.to_string())
            .bind(destination)
            .fetch_optional(&mut **tx)
            .await
            .map_err(failed)?;
    let Some((leads, last)) = known else {
        return Ok(Applied::Ignored("这张工单没有送往该平台".to_owned()));
    };
    let at = callback.at.as_millisecond();
    if last.is_some_and(|last| at < last) {
        return Ok(Applied::Ignored("晚到的旧回调：平台之后的状态已生效".to_owned()));
    }
    sqlx::query("UPDATE ticket_destinations SET remote_status = $3, remote_at = $4 WHERE ticket_id = $1 AND destination = $2")
        .bind(ticket.id.to_string())
        .bind(destination)
        .bind(callback.status.word())
        .bind(at)
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    if leads == 0 {
        return Ok(Applied::Ignored("已记下协办平台的状态；工单随主办平台推进".to_owned()));
    }
    let to = callback.status.means();
    if ticket.status == to {
        return Ok(Applied::Ignored(format!("工单已是「{}」", to.word())));
    }
    let step = TicketMove { to, by: callback.handler.clone().unwrap_or_default(), note: callback.note.clone(), at: callback.at };
    let news = match move_in(tx, db, ticket, &step).await {
        Ok(news) => news,
        Err(StoreError::IllegalMove { from, to, .. }) => {
            return Ok(Applied::Ignored(format!("不能从「{}」变为「{}」", from.word(), to.word())));
        }
        Err(other) => return Err(other),
    };
    Ok(Applied::Moved(news))
}

/// A row that a platform has taken.
pub(super) struct Taken<'a> {
    pub row: i64,
    pub destination: &'a str,
    pub ticket: Uuid,
    pub external_no: &'a str,
    pub at: Timestamp,
}

/// Ends a row: the platform has it, whoever found out.
pub(super) async fn delivered(
    tx: &mut Transaction<'_, Driver>,
    db: &Sqlite,
    message: &Message,
    taken: Taken<'_>,
) -> Result<Option<TicketNews>, StoreError> {
    let Taken { row, destination, ticket, external_no, at } = taken;
    sqlx::query(
        "UPDATE outbox SET state = 'delivered', attempts = attempts + 1, unsure = 0, reason = NULL, ended_at = $2, \
         claimed_by = NULL, claimed_until = NULL WHERE id = $1 AND state <> 'delivered'",
    )
    .bind(row)
    .bind(at.as_millisecond())
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    if *message != Message::Incident {
        return Ok(None);
    }
    keep_external_no(tx, ticket, destination, external_no).await?;
    let leads: Option<i64> =
        sqlx::query_scalar("SELECT leads FROM ticket_destinations WHERE ticket_id = $1 AND destination = $2")
            .bind(ticket.to_string())
            .bind(destination)
            .fetch_optional(&mut **tx)
            .await
            .map_err(failed)?;
    // A callback may have been quicker than the answer to the push.
    let Some(mut ticket) = by_id(tx, db.sealer(), ticket).await?.filter(|_| leads == Some(1)) else { return Ok(None) };
    if ticket.status != Status::已提交 {
        return Ok(None);
    }
    let step = TicketMove {
        to: Status::已送达平台, by: "系统".to_owned(), note: Some(format!("平台编号 {external_no}")), at
    };
    move_in(tx, db, &mut ticket, &step).await.map(Some)
}

/// A platform was told who reports: every such reading is written down.
async fn sent_identity(
    tx: &mut Transaction<'_, Driver>,
    number: &str,
    destination: &str,
    carried: &[ReporterField],
    at: Timestamp,
) -> Result<(), StoreError> {
    let detail = serde_json::json!({ "to": destination, "fields": carried });
    let entry = audit::entry(at, &Caller::system(), "identity.sent", ("ticket", number), detail);
    super::audit::append(tx, &entry).await.map(drop).map_err(failed)
}

/// What a row brings, from `kind`, `message_id`, `payload`, `corrections`, `row_id` and the ticket's own columns.
pub(super) fn parcel(sealer: &Sealer, row: &SqliteRow) -> Result<Parcel, StoreError> {
    let ticket = ticket(sealer, row)?;
    let id: Option<&str> = row.try_get("message_id").map_err(failed)?;
    let id: Option<Uuid> = id.map(str::parse).transpose().map_err(failed)?;
    let message = match (row.try_get::<&str, _>("kind").map_err(failed)?, id) {
        ("update", Some(id)) => {
            let payload: &str = row.try_get("payload").map_err(failed)?;
            let text = sealer.open(payload, &place::outbox(id)).map_err(failed)?;
            Message::Update(serde_json::from_str(&text).map_err(failed)?)
        }
        ("attachment", Some(id)) => {
            let number = ticket.attachments.iter().position(|a| *a == id).unwrap_or(ticket.attachments.len());
            Message::Attachment { id, number: u32::try_from(number + 1).unwrap_or(u32::MAX) }
        }
        _ => Message::Incident,
    };
    let corrections = match row.try_get::<Option<&str>, _>("corrections").map_err(failed)? {
        None => None,
        Some(sealed) => {
            let row_id: i64 = row.try_get("row_id").map_err(failed)?;
            let text = sealer.open(sealed, &place::corrections(row_id)).map_err(failed)?;
            Some(serde_json::from_str(&text).map_err(failed)?)
        }
    };
    Ok(Parcel { ticket, message, corrections })
}

async fn record(tx: &mut Transaction<'_, Driver>, claim: &Claim, attempt: &Attempt) -> Result<(), StoreError> {
    let (outcome, reason) = match &attempt.outcome {
        Outcome::Delivered { .. } => ("delivered", None),
        Outcome::Retry { reason, .. } => ("retry", Some(reason)),
        Outcome::Dead { reason } => ("dead", Some(reason)),
    };
    sqlx::query(
        "INSERT INTO outbox_attempts (outbox_id, started_at, ended_at, act, outcome, http_status, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(claim.id)
    .bind(attempt.started_at.as_millisecond())
    .bind(attempt.ended_at.as_millisecond())
    .bind(attempt.act.word())
    .bind(outcome)
    .bind(attempt.http_status)
    .bind(reason)
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Rows as people see them; a condition follows.
pub(super) const ROWS: &str = "SELECT o.id, o.ticket_id, t.number, o.destination, o.kind, o.state, o.attempts, o.created_at, \
    o.next_at, o.ended_at, o.reason, x.external_no FROM outbox AS o JOIN tickets AS t ON t.id = o.ticket_id \
    LEFT JOIN ticket_externals AS x ON x.ticket_id = o.ticket_id AND x.destination = o.destination ";

pub(super) fn outbox_row(row: &SqliteRow) -> Result<OutboxRow, StoreError> {
    let ended: Option<i64> = row.try_get("ended_at").map_err(failed)?;
    Ok(OutboxRow {
        id: row.try_get("id").map_err(failed)?,
        ticket_id: row.try_get::<&str, _>("ticket_id").map_err(failed)?.parse::<Uuid>().map_err(failed)?,
        ticket_number: row.try_get("number").map_err(failed)?,
        destination: row.try_get("destination").map_err(failed)?,
        kind: row.try_get("kind").map_err(failed)?,
        state: row_state(row)?,
        attempts: row.try_get("attempts").map_err(failed)?,
        created_at: time(row, "created_at")?,
        next_at: time(row, "next_at")?,
        ended_at: ended.map(Timestamp::from_millisecond).transpose().map_err(failed)?,
        reason: row.try_get("reason").map_err(failed)?,
        external_no: row.try_get("external_no").map_err(failed)?,
    })
}

fn row_state(row: &SqliteRow) -> Result<RowState, StoreError> {
    let word: &str = row.try_get("state").map_err(failed)?;
    RowState::from_word(word).ok_or_else(|| failed(std::io::Error::other("unknown outbox state")))
}

fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(row.try_get(column).map_err(failed)?).map_err(failed)
}
