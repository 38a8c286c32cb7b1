//! [`DisputeStore`] on `SQLite`.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, Transaction};

use super::incident::{SqliteTickets, by_number, failed, move_in, rewrite, status, tell_platforms, time};
use super::outgoing;
use crate::core::ids::named;
use crate::incident::dispute::{
    Decided, Dispute, DisputeError, DisputeStore, NewDispute, PostDisputes, Verdict, may_be_disputed, words_for_resident,
};
use crate::incident::store::{StoreError, TicketMove};
use crate::incident::ticket::{Status, Ticket};
use crate::incident::update::{Update, UpdateKind};

const DISPUTE: &str = "SELECT d.id, t.number, d.raised_at, d.raised_by, d.raised_name, d.reason, d.before, d.route, \
     d.decided_at, d.decided_by, d.decided_name, d.upheld, d.decision, d.new_route \
     FROM ticket_disputes d JOIN tickets t ON t.id = d.ticket_id";

#[async_trait]
impl DisputeStore for SqliteTickets {
    async fn raise(&self, new: &NewDispute) -> Result<(Dispute, bool), DisputeError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let mut ticket = by_number(&mut tx, self.db().sealer(), &new.number).await?;
        let known = of(&mut tx, &new.number).await?;
        if known.iter().any(|d| d.decided.is_some()) {
            return Err(DisputeError::Designated);
        }
        if let Some(waiting) = known.into_iter().next() {
            // The same account again is a second tap.
            return if waiting.raised_by == new.by { Ok((waiting, false)) } else { Err(DisputeError::Waiting) };
        }
        let before = ticket.status;
        if !may_be_disputed(before) {
            return Err(DisputeError::State(before));
        }
        insert(&mut tx, &ticket, before, new).await?;
        let by = post_of(&ticket);
        let step = TicketMove { to: Status::退回待审, by, note: None, at: new.at };
        let news = move_in(&mut tx, self.db(), &mut ticket, &step).await?;
        tell_platforms(&mut tx, self.db().sealer(), &ticket, &news).await?;
        let raised = waiting(&mut tx, &new.number).await?;
        tx.commit().await.map_err(failed)?;
        Ok((raised, true))
    }

    async fn decide(&self, verdict: &Verdict) -> Result<Dispute, DisputeError> {
        let Verdict { id, number, by, by_name, words, route, at } = verdict;
        let mut tx = self.db().durable().await.map_err(failed)?;
        let mut ticket = by_number(&mut tx, self.db().sealer(), number).await?;
        if !of(&mut tx, number).await?.iter().any(|d| d.decided.is_none()) {
            returned_by_platform(&mut tx, &ticket, verdict).await?;
        }
        let dispute = waiting(&mut tx, number).await?;
        if dispute.raised_by == *by {
            return Err(DisputeError::Own);
        }
        let over = ticket.status.is_final() || ticket.status == Status::已办结;
        if let Some(route) = route {
            if over {
                return Err(DisputeError::State(ticket.status));
            }
            ticket.route = route.clone();
        }
        if ticket.status == Status::退回待审 {
            let to = if route.is_some() { Status::已交办 } else { dispute.before };
            let note = Some(words_for_resident(&ticket.route.post, route.is_some()));
            let step = TicketMove { to, by: post_of(&ticket), note, at: *at };
            let news = move_in(&mut tx, self.db(), &mut ticket, &step).await?;
            tell_platforms(&mut tx, self.db().sealer(), &ticket, &news).await?;
        } else if route.is_some() {
            // The platform has moved it on meanwhile; only who has it is another.
            rewrite(&mut tx, self.db().sealer(), &ticket).await?;
        }
        if route.is_some() {
            let id = named(&format!("gridworker-dispute\n{}", dispute.id));
            let rerouted = Update::of(&ticket, id, UpdateKind::Rerouted, *at, &post_of(&ticket), Some(words.clone()));
            outgoing::announce(&mut tx, self.db().sealer(), &ticket, &rerouted).await?;
        }
        let new_route = route.as_ref().map(serde_json::to_string).transpose().map_err(failed)?;
        sqlx::query(
            "UPDATE ticket_disputes SET decided_at = $2, decided_by = $3, decided_name = $4, upheld = $5, decision = $6, \
             new_route = $7 WHERE id = $1",
        )
        .bind(dispute.id.to_string())
        .bind(at.as_millisecond())
        .bind(by)
        .bind(by_name)
        .bind(i64::from(route.is_some()))
        .bind(words)
        .bind(new_route)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        let decided = of(&mut tx, number).await?.into_iter().find(|d| d.id == dispute.id);
        tx.commit().await.map_err(failed)?;
        decided.ok_or_else(|| failed(std::io::Error::other(format!("dispute {id} is gone"))).into())
    }

    async fn of_ticket(&self, number: &str) -> Result<Vec<Dispute>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("{DISPUTE} WHERE t.number = $1 ORDER BY d.raised_at, d.rowid"));
        let rows = sqlx::query(sql).bind(number).fetch_all(self.db().reader()).await.map_err(failed)?;
        rows.iter().map(dispute).collect()
    }

    async fn disputes(&self, open: bool, limit: u32) -> Result<Vec<Dispute>, StoreError> {
        let which = if open { "WHERE d.decided_at IS NULL" } else { "" };
        let sql = sqlx::AssertSqlSafe(format!("{DISPUTE} {which} ORDER BY d.raised_at DESC, d.rowid DESC LIMIT $1"));
        let rows = sqlx::query(sql).bind(limit).fetch_all(self.db().reader()).await.map_err(failed)?;
        rows.iter().map(dispute).collect()
    }

    async fn by_post(&self) -> Result<Vec<PostDisputes>, StoreError> {
        let rows = sqlx::query(
            "SELECT section, post, COUNT(*) AS raised, COALESCE(SUM(decided_at IS NULL), 0) AS open, \
             COALESCE(SUM(upheld = 1), 0) AS upheld, COALESCE(SUM(upheld = 0), 0) AS rejected \
             FROM ticket_disputes GROUP BY section, post ORDER BY raised DESC, section, post",
        )
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        let count = |row: &SqliteRow, name: &str| row.try_get::<i64, _>(name).map(i64::unsigned_abs).map_err(failed);
        rows.iter()
            .map(|row| {
                Ok(PostDisputes {
                    section: row.try_get("section").map_err(failed)?,
                    post: row.try_get("post").map_err(failed)?,
                    raised: count(row, "raised")?,
                    open: count(row, "open")?,
                    upheld: count(row, "upheld")?,
                    rejected: count(row, "rejected")?,
                })
            })
            .collect()
    }
}

/// Who has it, as the history names them.
fn post_of(ticket: &Ticket) -> String {
    if ticket.route.post.is_empty() { ticket.route.section.clone() } else { ticket.route.post.clone() }
}

async fn insert(tx: &mut Transaction<'_, Driver>, ticket: &Ticket, before: Status, new: &NewDispute) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO ticket_disputes (id, ticket_id, raised_at, raised_by, raised_name, reason, before, section, post, route) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(new.id.to_string())
    .bind(ticket.id.to_string())
    .bind(new.at.as_millisecond())
    .bind(&new.by)
    .bind(&new.by_name)
    .bind(&new.reason)
    .bind(before.word())
    .bind(&ticket.route.section)
    .bind(&ticket.route.post)
    .bind(serde_json::to_string(&ticket.route).map_err(failed)?)
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

/// A ticket that the platform returned waits for a reviewer as well: its return is the dispute.
async fn returned_by_platform(tx: &mut Transaction<'_, Driver>, ticket: &Ticket, verdict: &Verdict) -> Result<(), DisputeError> {
    if ticket.status != Status::退回待审 {
        return Err(DisputeError::Nothing);
    }
    let row = sqlx::query(
        "SELECT at, from_status, moved_by, note FROM ticket_events WHERE ticket_id = $1 AND to_status = $2 ORDER BY id DESC LIMIT 1",
    )
    .bind(ticket.id.to_string())
    .bind(Status::退回待审.word())
    .fetch_optional(&mut **tx)
    .await
    .map_err(failed)?;
    let row = row.ok_or(DisputeError::Nothing)?;
    let before = row.try_get::<Option<&str>, _>("from_status").map_err(failed)?.map(status).transpose()?;
    // What nobody had yet cannot go back to nobody: it is handed out.
    let before = before.filter(|b| Status::退回待审.may_become(*b)).unwrap_or(Status::已受理);
    let new = NewDispute {
        id: verdict.id,
        number: ticket.number.clone(),
        by: String::new(),
        by_name: row.try_get("moved_by").map_err(failed)?,
        reason: row.try_get::<Option<String>, _>("note").map_err(failed)?.unwrap_or_else(|| "平台退回，没有写明理由".to_owned()),
        at: time(row.try_get("at").map_err(failed)?)?,
    };
    Ok(insert(tx, ticket, before, &new).await?)
}

/// The disputes of a ticket inside a transaction, oldest first.
async fn of(tx: &mut Transaction<'_, Driver>, number: &str) -> Result<Vec<Dispute>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("{DISPUTE} WHERE t.number = $1 ORDER BY d.raised_at, d.rowid"));
    let rows = sqlx::query(sql).bind(number).fetch_all(&mut **tx).await.map_err(failed)?;
    rows.iter().map(dispute).collect()
}

/// The dispute that waits.
async fn waiting(tx: &mut Transaction<'_, Driver>, number: &str) -> Result<Dispute, DisputeError> {
    of(tx, number).await?.into_iter().find(|d| d.decided.is_none()).ok_or(DisputeError::Nothing)
}

fn dispute(row: &SqliteRow) -> Result<Dispute, StoreError> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let decided = match row.try_get::<Option<i64>, _>("decided_at").map_err(failed)? {
        None => None,
        Some(at) => Some(Decided {
            at: time(at)?,
            by: text("decided_by")?,
            by_name: text("decided_name")?,
            upheld: row.try_get::<i64, _>("upheld").map_err(failed)? != 0,
            words: text("decision")?,
            route: match row.try_get::<Option<&str>, _>("new_route").map_err(failed)? {
                Some(route) => Some(serde_json::from_str(route).map_err(failed)?),
                None => None,
            },
        }),
    };
    Ok(Dispute {
        id: text("id")?.parse().map_err(failed)?,
        number: text("number")?,
        raised_at: time(row.try_get("raised_at").map_err(failed)?)?,
        raised_by: text("raised_by")?,
        raised_name: text("raised_name")?,
        reason: text("reason")?,
        before: status(row.try_get("before").map_err(failed)?)?,
        route: serde_json::from_str(row.try_get("route").map_err(failed)?).map_err(failed)?,
        decided,
    })
}
