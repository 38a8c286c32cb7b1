//! [`MergeStore`] and [`OpenTicketStore`] on `SQLite`, and the news of those who were merged.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, Transaction};
use uuid::Uuid;

use super::incident::{
    SqliteTickets, by_id, by_number, event, failed, id, move_in, nameless_ticket, rewrite, status, tell_platforms, ticket, time,
};
use super::{Sqlite, outgoing};
use crate::core::ids::named;
use crate::incident::destinations::Destinations;
use crate::incident::duplicates::store::{Changed, MergeError, MergeStep, MergeStore, Merged, OpenTicketStore};
use crate::incident::news::{Follower, TicketNews};
use crate::incident::store::{NewTicket, StoreError, TicketMove};
use crate::incident::ticket::{Status, Ticket};
use crate::incident::update::{Update, UpdateKind};

/// Deeper than this no tree of merged tickets is; a damaged one must not turn in a circle.
const DEEPEST: usize = 1_000;

#[async_trait]
impl MergeStore for SqliteTickets {
    async fn join(&self, new: NewTicket, into: &str, step: MergeStep) -> Result<Merged, MergeError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let made = self.create_in(&mut tx, NewTicket { destinations: Vec::new(), ..new }).await?;
        if !made.created {
            let carries = carrying(&mut tx, self.db(), made.ticket.clone()).await?;
            return Ok(Merged { ticket: made.ticket, into: carries, created: false });
        }
        let other = by_number(&mut tx, self.db().sealer(), into).await?;
        let merged = merge_in(&mut tx, self.db(), made.ticket, other, &step).await?;
        tx.commit().await.map_err(failed)?;
        Ok(merged)
    }

    async fn merge(&self, number: &str, into: &str, step: MergeStep) -> Result<Merged, MergeError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let ticket = by_number(&mut tx, self.db().sealer(), number).await?;
        let other = by_number(&mut tx, self.db().sealer(), into).await?;
        let merged = merge_in(&mut tx, self.db(), ticket, other, &step).await?;
        tx.commit().await.map_err(failed)?;
        Ok(merged)
    }

    async fn split(&self, number: &str, step: MergeStep, destinations: &Destinations) -> Result<Merged, MergeError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let mut ticket = by_number(&mut tx, self.db().sealer(), number).await?;
        let row = sqlx::query("SELECT id, into_id, status_before FROM ticket_merges WHERE ticket_id = $1 AND split_at IS NULL")
            .bind(ticket.id.to_string())
            .fetch_optional(&mut *tx)
            .await
            .map_err(failed)?;
        let row = row.ok_or_else(|| MergeError::Refused("这张工单没有合并到别的工单".to_owned()))?;
        let before = status(row.try_get("status_before").map_err(failed)?)?;
        let other = id(row.try_get("into_id").map_err(failed)?)?;
        sqlx::query("UPDATE ticket_merges SET split_at = $2, split_by = $3, split_reason = $4 WHERE id = $1")
            .bind(row.try_get::<i64, _>("id").map_err(failed)?)
            .bind(step.at.as_millisecond())
            .bind(&step.by)
            .bind(&step.reason)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        // The one move out of 合并, and only against the row that says how it came there: `may_become` refuses it to everybody else.
        ticket.duplicate_of = None;
        let step = TicketMove { to: before, by: step.by, note: Some(step.reason), at: step.at };
        let news = event(&mut tx, self.db(), &mut ticket, &step).await?;
        let why = Change { kind: UpdateKind::Split, at: step.at, by: &step.by, event: news.event_id };
        let into = carried(&mut tx, self.db(), other, -i64::from(ticket.joined), &why).await?;
        push_at_last(&mut tx, self.db(), &ticket, destinations, &why).await?;
        tx.commit().await.map_err(failed)?;
        Ok(Merged { ticket, into, created: true })
    }

    async fn carrying(&self, number: &str) -> Result<Ticket, StoreError> {
        let row = sqlx::query(
            "WITH RECURSIVE up (id, depth) AS (SELECT id, 0 FROM tickets WHERE number = $1 \
             UNION ALL SELECT m.into_id, up.depth + 1 FROM up JOIN ticket_merges AS m ON m.ticket_id = up.id AND m.split_at IS NULL \
             WHERE up.depth < $2) \
             SELECT t.id, t.document, t.status, t.reporter FROM up JOIN tickets AS t ON t.id = up.id ORDER BY up.depth DESC LIMIT 1",
        )
        .bind(number)
        .bind(i64::try_from(DEEPEST).unwrap_or(i64::MAX))
        .fetch_optional(self.db().reader())
        .await
        .map_err(failed)?;
        row.as_ref()
            .map(|row| ticket(self.db().sealer(), row))
            .transpose()?
            .ok_or_else(|| StoreError::NotFound(number.to_owned()))
    }
}

#[async_trait]
impl OpenTicketStore for SqliteTickets {
    async fn newest_event(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM ticket_events").fetch_one(self.db().reader()).await.map_err(failed)
    }

    async fn open_tickets(&self, after: Uuid, limit: u32) -> Result<Vec<Ticket>, StoreError> {
        let closed: Vec<&str> = Status::ALL.into_iter().filter(|s| !s.may_take_in()).map(Status::word).collect();
        let closed = serde_json::to_string(&closed).map_err(failed)?;
        let rows = sqlx::query(
            "SELECT id, document, status FROM tickets WHERE id > $1 AND status NOT IN (SELECT value FROM json_each($2)) \
             ORDER BY id LIMIT $3",
        )
        .bind(after.to_string())
        .bind(closed)
        .bind(limit)
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        rows.iter().map(|row| nameless_ticket(self.db().sealer(), row)).collect()
    }

    async fn changed_since(&self, after: i64, limit: u32) -> Result<Changed, StoreError> {
        let newest = self.newest_event().await?;
        if newest <= after {
            return Ok(Changed { tickets: Vec::new(), until: after, more: false });
        }
        let until = newest.min(after.saturating_add(i64::from(limit)));
        let rows = sqlx::query(
            "SELECT id, document, status FROM tickets WHERE id IN \
             (SELECT ticket_id FROM ticket_events WHERE id > $1 AND id <= $2) ORDER BY id",
        )
        .bind(after)
        .bind(until)
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        let tickets = rows.iter().map(|row| nameless_ticket(self.db().sealer(), row)).collect::<Result<_, _>>()?;
        Ok(Changed { tickets, until, more: until < newest })
    }
}

/// Merges `ticket` with its whole group into `other`.
async fn merge_in(
    tx: &mut Transaction<'_, Driver>,
    db: &Sqlite,
    mut ticket: Ticket,
    other: Ticket,
    step: &MergeStep,
) -> Result<Merged, MergeError> {
    let refused = |why: String| Err(MergeError::Refused(why));
    if ticket.id == other.id {
        return refused("不能合并到自己".to_owned());
    }
    if !ticket.status.may_become(Status::合并) {
        return refused(format!("工单 {} 已是「{}」，不能再合并", ticket.number, ticket.status.word()));
    }
    // Its own group is merged into it, so that a circle ends here.
    if !other.status.may_take_in() {
        return refused(format!("工单 {} 已是「{}」，不能并入", other.number, other.status.word()));
    }
    sqlx::query(
        "INSERT INTO ticket_merges (ticket_id, into_id, status_before, merged_at, merged_by, reason) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(ticket.id.to_string())
    .bind(other.id.to_string())
    .bind(ticket.status.word())
    .bind(step.at.as_millisecond())
    .bind(&step.by)
    .bind(&step.reason)
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    ticket.duplicate_of = Some(other.number.clone());
    let note = format!("与工单{}是同一件：{}", other.number, step.reason);
    let moved = TicketMove { to: Status::合并, by: step.by.clone(), note: Some(note), at: step.at };
    let news = move_in(tx, db, &mut ticket, &moved).await?;
    tell_platforms(tx, db.sealer(), &ticket, &news).await?;
    let why = Change { kind: UpdateKind::Joined, at: step.at, by: &step.by, event: news.event_id };
    let into = carried(tx, db, other.id, i64::from(ticket.joined), &why).await?;
    Ok(Merged { ticket, into, created: true })
}

/// A merge or a split, as the platforms are told of it.
struct Change<'a> {
    kind: UpdateKind,
    at: Timestamp,
    by: &'a str,
    /// The event of the ticket that was merged or split off.
    event: i64,
}

impl Change<'_> {
    fn of(&self, ticket: &Ticket) -> Update {
        let id = named(&format!("gridworker-{}\n{}\n{}", self.kind.word(), ticket.id, self.event));
        Update::of(ticket, id, self.kind, self.at, self.by, None)
    }
}

/// Adds `residents` to a ticket and to everything above it, and tells the platforms; gives the ticket itself.
async fn carried(
    tx: &mut Transaction<'_, Driver>,
    db: &Sqlite,
    start: Uuid,
    residents: i64,
    why: &Change<'_>,
) -> Result<Ticket, StoreError> {
    let mut first: Option<Ticket> = None;
    let mut next = Some(start);
    for _ in 0..DEEPEST {
        let Some(at) = next else { break };
        let mut ticket = by_id(tx, db.sealer(), at).await?.ok_or_else(|| StoreError::NotFound(at.to_string()))?;
        let told = people_told(tx, &ticket).await?;
        ticket.joined = u32::try_from((i64::from(ticket.joined) + residents).max(1)).unwrap_or(u32::MAX);
        ticket.people_affected = if ticket.joined > 1 { Some(told.unwrap_or_default().max(ticket.joined)) } else { told };
        rewrite(tx, db.sealer(), &ticket).await?;
        outgoing::announce(tx, db.sealer(), &ticket, &why.of(&ticket)).await?;
        first.get_or_insert(ticket);
        let above: Option<String> =
            sqlx::query_scalar("SELECT into_id FROM ticket_merges WHERE ticket_id = $1 AND split_at IS NULL")
                .bind(at.to_string())
                .fetch_optional(&mut **tx)
                .await
                .map_err(failed)?;
        next = above.as_deref().map(id).transpose()?;
    }
    first.ok_or_else(|| StoreError::NotFound(start.to_string()))
}

/// How many suffer as its own resident told it; noted down before the first merge changes it.
async fn people_told(tx: &mut Transaction<'_, Driver>, ticket: &Ticket) -> Result<Option<u32>, StoreError> {
    sqlx::query("INSERT INTO ticket_people_told (ticket_id, told) VALUES ($1, $2) ON CONFLICT (ticket_id) DO NOTHING")
        .bind(ticket.id.to_string())
        .bind(ticket.people_affected)
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    sqlx::query_scalar("SELECT told FROM ticket_people_told WHERE ticket_id = $1")
        .bind(ticket.id.to_string())
        .fetch_one(&mut **tx)
        .await
        .map_err(failed)
}

/// A ticket that was joined was never sent: now that it stands for itself, it is. One that was sent before it was merged is told of.
async fn push_at_last(
    tx: &mut Transaction<'_, Driver>,
    db: &Sqlite,
    ticket: &Ticket,
    destinations: &Destinations,
    why: &Change<'_>,
) -> Result<(), StoreError> {
    let sent: Option<i64> = sqlx::query_scalar("SELECT 1 FROM outbox WHERE ticket_id = $1 LIMIT 1")
        .bind(ticket.id.to_string())
        .fetch_optional(&mut **tx)
        .await
        .map_err(failed)?;
    match sent {
        Some(_) => outgoing::announce(tx, db.sealer(), ticket, &why.of(ticket)).await,
        None => outgoing::first(tx, ticket, &destinations.of(ticket)).await,
    }
}

/// Follows the merges up to the one that carries on.
async fn carrying(tx: &mut Transaction<'_, Driver>, db: &Sqlite, mut ticket: Ticket) -> Result<Ticket, StoreError> {
    for _ in 0..DEEPEST {
        let above: Option<String> =
            sqlx::query_scalar("SELECT into_id FROM ticket_merges WHERE ticket_id = $1 AND split_at IS NULL")
                .bind(ticket.id.to_string())
                .fetch_optional(&mut **tx)
                .await
                .map_err(failed)?;
        let Some(above) = above else { break };
        ticket = by_id(tx, db.sealer(), id(&above)?).await?.ok_or(StoreError::NotFound(above))?;
    }
    Ok(ticket)
}

/// Notes that those whose tickets were merged into this one are to be told of its event.
pub(super) async fn tell_followers(tx: &mut Transaction<'_, Driver>, ticket: Uuid, event_id: i64) -> Result<(), StoreError> {
    sqlx::query(
        "WITH RECURSIVE below (id) AS (SELECT ticket_id FROM ticket_merges WHERE into_id = $1 AND split_at IS NULL \
         UNION SELECT m.ticket_id FROM below JOIN ticket_merges AS m ON m.into_id = below.id AND m.split_at IS NULL) \
         INSERT INTO ticket_follow_news (event_id, ticket_id) SELECT $2, id FROM below",
    )
    .bind(ticket.to_string())
    .bind(event_id)
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Moves that followers were not told yet, the oldest first.
pub(super) async fn untold_followers(tickets: &SqliteTickets, limit: u32) -> Result<Vec<TicketNews>, StoreError> {
    let rows = sqlx::query(
        "SELECT e.id, e.ticket_id, t.number, e.from_status, e.to_status, e.moved_by, e.note, e.at, \
         f.id AS follower, f.number AS follower_number, f.conversation_id FROM ticket_follow_news AS n \
         JOIN ticket_events AS e ON e.id = n.event_id JOIN tickets AS t ON t.id = e.ticket_id \
         JOIN tickets AS f ON f.id = n.ticket_id WHERE n.told_at IS NULL ORDER BY n.event_id, n.ticket_id LIMIT $1",
    )
    .bind(limit)
    .fetch_all(tickets.db().reader())
    .await
    .map_err(failed)?;
    rows.iter().map(news).collect()
}

/// Remembers that a follower was told.
pub(super) async fn mark_told(
    tx: &mut Transaction<'_, Driver>,
    follower: Uuid,
    event_id: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE ticket_follow_news SET told_at = $3 WHERE event_id = $1 AND ticket_id = $2 AND told_at IS NULL")
        .bind(event_id)
        .bind(follower.to_string())
        .bind(at.as_millisecond())
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    Ok(())
}

fn news(row: &SqliteRow) -> Result<TicketNews, StoreError> {
    Ok(TicketNews {
        event_id: row.try_get("id").map_err(failed)?,
        ticket_id: id(row.try_get("ticket_id").map_err(failed)?)?,
        ticket_number: row.try_get("number").map_err(failed)?,
        conversation_id: id(row.try_get("conversation_id").map_err(failed)?)?,
        from: row.try_get::<Option<&str>, _>("from_status").map_err(failed)?.map(status).transpose()?,
        to: status(row.try_get("to_status").map_err(failed)?)?,
        by: row.try_get("moved_by").map_err(failed)?,
        note: row.try_get("note").map_err(failed)?,
        at: time(row.try_get("at").map_err(failed)?)?,
        follower: Some(Follower {
            ticket_id: id(row.try_get("follower").map_err(failed)?)?,
            ticket_number: row.try_get("follower_number").map_err(failed)?,
        }),
    })
}
