//! Rows of attachments, and [`EvidenceStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, Transaction};
use uuid::Uuid;

use super::conversation::{db, id};
use super::incident::{SqliteTickets, by_number, failed, move_in, rewrite, tell_platforms};
use super::sealing::place;
use super::{Sqlite, outgoing};
use crate::conversation::media::MediaKind;
use crate::conversation::store::{Attachment, Owner, StoreError as RowError};
use crate::incident::evidence::{AddedEvidence, EvidenceStore, NewEvidence};
use crate::incident::store::{StoreError, TicketMove};
use crate::incident::ticket::Ticket;
use crate::incident::update::{Update, UpdateKind};

pub(super) async fn add_attachment(sqlite: &Sqlite, a: &Attachment, at: Timestamp) -> Result<(), RowError> {
    let (conversation, account) = match a.owner {
        Owner::Conversation(id) => (Some(id.to_string()), None),
        Owner::Account(id) => (None, Some(id.to_string())),
    };
    let mut tx = sqlite.durable().await.map_err(db)?;
    sqlx::query(
        "INSERT INTO attachments (id, conversation_id, account_id, kind, content_type, bytes, width, height, duration_ms, sha256, \
         thumb_sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(a.id.to_string())
    .bind(conversation)
    .bind(account)
    .bind(a.kind.word())
    .bind(&a.content_type)
    .bind(i64::try_from(a.bytes).unwrap_or(i64::MAX))
    .bind(i64::from(a.width))
    .bind(i64::from(a.height))
    .bind(a.duration_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)))
    .bind(&a.sha256)
    .bind(&a.thumb_sha256)
    .bind(at.as_millisecond())
    .execute(&mut *tx)
    .await
    .map_err(db)?;
    tx.commit().await.map_err(db)
}

pub(super) async fn attachment(sqlite: &Sqlite, which: Uuid) -> Result<Option<Attachment>, RowError> {
    let row = sqlx::query(
        "SELECT conversation_id, account_id, kind, content_type, bytes, width, height, duration_ms, sha256, thumb_sha256 \
         FROM attachments WHERE id = $1",
    )
    .bind(which.to_string())
    .fetch_optional(sqlite.reader())
    .await
    .map_err(db)?;
    row.map(|row| read(which, &row)).transpose()
}

fn read(which: Uuid, row: &SqliteRow) -> Result<Attachment, RowError> {
    let number = |column| row.try_get::<i64, _>(column).map_err(db);
    let owner = match row.try_get::<Option<&str>, _>("conversation_id").map_err(db)? {
        Some(text) => Owner::Conversation(id("attachments.conversation_id", text)?),
        None => Owner::Account(id("attachments.account_id", row.try_get("account_id").map_err(db)?)?),
    };
    let duration: Option<i64> = row.try_get("duration_ms").map_err(db)?;
    Ok(Attachment {
        id: which,
        owner,
        kind: MediaKind::from_word(row.try_get("kind").map_err(db)?),
        content_type: row.try_get("content_type").map_err(db)?,
        bytes: u64::try_from(number("bytes")?).unwrap_or_default(),
        width: u32::try_from(number("width")?).unwrap_or_default(),
        height: u32::try_from(number("height")?).unwrap_or_default(),
        duration_ms: duration.map(i64::unsigned_abs),
        sha256: row.try_get("sha256").map_err(db)?,
        thumb_sha256: row.try_get("thumb_sha256").map_err(db)?,
    })
}

pub(super) async fn count(sqlite: &Sqlite, owner: Owner) -> Result<u32, RowError> {
    let (sql, key) = match owner {
        Owner::Conversation(id) => ("SELECT COUNT(*) FROM attachments WHERE conversation_id = $1", id),
        // What went into no ticket and no visit yet.
        Owner::Account(id) => (
            "SELECT COUNT(*) FROM attachments AS a WHERE account_id = $1 AND NOT EXISTS \
             (SELECT 1 FROM ticket_evidence AS e, json_each(e.attachments) AS j WHERE j.value = a.id) AND NOT EXISTS \
             (SELECT 1 FROM ledger_visits AS v, json_each(v.attachments) AS j WHERE j.value = a.id)",
            id,
        ),
    };
    let count: i64 = sqlx::query_scalar(sql).bind(key.to_string()).fetch_one(sqlite.reader()).await.map_err(db)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Attachments of accounts from before `before` that went into no ticket and no visit: their rows go, their ids are returned.
pub(super) async fn sweep(sqlite: &Sqlite, before: Timestamp) -> Result<Vec<Uuid>, RowError> {
    let mut tx = sqlite.durable().await.map_err(db)?;
    let gone: Vec<String> = sqlx::query_scalar(
        "DELETE FROM attachments WHERE account_id IS NOT NULL AND created_at < $1 AND NOT EXISTS \
         (SELECT 1 FROM ticket_evidence AS e, json_each(e.attachments) AS j WHERE j.value = attachments.id) AND NOT EXISTS \
         (SELECT 1 FROM ledger_visits AS v, json_each(v.attachments) AS j WHERE j.value = attachments.id) RETURNING id",
    )
    .bind(before.as_millisecond())
    .fetch_all(&mut *tx)
    .await
    .map_err(db)?;
    tx.commit().await.map_err(db)?;
    gone.iter().map(|text| id("attachments.id", text)).collect()
}

#[async_trait]
impl EvidenceStore for SqliteTickets {
    async fn supplement(&self, number: &str, new: NewEvidence) -> Result<Ticket, StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let mut ticket = by_number(&mut tx, self.db().sealer(), number).await?;
        if ticket.status.is_final() {
            return Err(StoreError::IllegalMove { number: ticket.number, from: ticket.status, to: ticket.status });
        }
        let fresh = fresh(&ticket, &new.attachments);
        // The same photo again adds nothing, words alone do.
        let words_alone = new.attachments.is_empty() && new.note.is_some();
        if fresh.is_empty() && !words_alone {
            return Ok(ticket);
        }
        if !fresh.is_empty() {
            ticket.attachments.extend_from_slice(&fresh);
            rewrite(&mut tx, self.db().sealer(), &ticket).await?;
        }
        let note = new.note.as_deref().map(|n| self.db().sealer().seal(n, &place::evidence(new.id)));
        let row = Row { id: new.id, ticket: ticket.id, event: None, at: new.at, by: &new.by, note, attachments: &fresh };
        keep(&mut tx, row).await?;
        let update = Update::of(&ticket, new.id, UpdateKind::Supplemented, new.at, &new.by, new.note);
        outgoing::announce(&mut tx, self.db().sealer(), &ticket, &update).await?;
        outgoing::attachments(&mut tx, ticket.id, &fresh, new.at).await?;
        tx.commit().await.map_err(failed)?;
        Ok(ticket)
    }

    async fn move_with(
        &self,
        number: &str,
        step: TicketMove,
        evidence: Uuid,
        attachments: &[Uuid],
    ) -> Result<Ticket, StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let mut ticket = by_number(&mut tx, self.db().sealer(), number).await?;
        let fresh = fresh(&ticket, attachments);
        ticket.attachments.extend_from_slice(&fresh);
        let news = move_in(&mut tx, self.db(), &mut ticket, &step).await?;
        if !fresh.is_empty() {
            let (event, at) = (Some(news.event_id), news.at);
            let row = Row { id: evidence, ticket: ticket.id, event, at, by: &step.by, note: None, attachments: &fresh };
            keep(&mut tx, row).await?;
        }
        tell_platforms(&mut tx, self.db().sealer(), &ticket, &news).await?;
        outgoing::attachments(&mut tx, ticket.id, &fresh, news.at).await?;
        tx.commit().await.map_err(failed)?;
        Ok(ticket)
    }

    async fn added(&self, number: &str) -> Result<Vec<AddedEvidence>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.id, e.event_id, e.at, e.added_by, e.note, e.attachments FROM ticket_evidence AS e \
             JOIN tickets AS t ON t.id = e.ticket_id WHERE t.number = $1 ORDER BY e.at, e.id",
        )
        .bind(number)
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                let id: Uuid = row.try_get::<&str, _>("id").map_err(failed)?.parse().map_err(failed)?;
                let note: Option<&str> = row.try_get("note").map_err(failed)?;
                let note = note.map(|n| self.db().sealer().open(n, &place::evidence(id))).transpose().map_err(failed)?;
                Ok(AddedEvidence {
                    at: Timestamp::from_millisecond(row.try_get("at").map_err(failed)?).map_err(failed)?,
                    by: row.try_get("added_by").map_err(failed)?,
                    note,
                    attachments: ids(row.try_get("attachments").map_err(failed)?)?,
                    with_move: row.try_get::<Option<i64>, _>("event_id").map_err(failed)?.is_some(),
                })
            })
            .collect()
    }

    async fn of_move(&self, event_id: i64) -> Result<Vec<Uuid>, StoreError> {
        let found: Option<String> = sqlx::query_scalar("SELECT attachments FROM ticket_evidence WHERE event_id = $1")
            .bind(event_id)
            .fetch_optional(self.db().reader())
            .await
            .map_err(failed)?;
        found.as_deref().map_or_else(|| Ok(Vec::new()), ids)
    }
}

/// What the ticket does not have yet, each once.
fn fresh(ticket: &Ticket, wanted: &[Uuid]) -> Vec<Uuid> {
    let mut out: Vec<Uuid> = Vec::new();
    for id in wanted {
        if !ticket.attachments.contains(id) && !out.contains(id) {
            out.push(*id);
        }
    }
    out
}

fn ids(list: &str) -> Result<Vec<Uuid>, StoreError> {
    serde_json::from_str(list).map_err(failed)
}

struct Row<'a> {
    id: Uuid,
    ticket: Uuid,
    event: Option<i64>,
    at: Timestamp,
    by: &'a str,
    note: Option<String>,
    attachments: &'a [Uuid],
}

async fn keep(tx: &mut Transaction<'_, Driver>, row: Row<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO ticket_evidence (id, ticket_id, event_id, at, added_by, note, attachments) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(row.id.to_string())
    .bind(row.ticket.to_string())
    .bind(row.event)
    .bind(row.at.as_millisecond())
    .bind(row.by)
    .bind(row.note)
    .bind(serde_json::to_string(row.attachments).map_err(failed)?)
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}
