//! [`TicketStore`] and [`NewsStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, Transaction};
use uuid::Uuid;

use super::sealing::place;
use super::{Sqlite, clocks, labels, merges, outgoing, ticket_search};
use crate::core::seal::Sealer;
use crate::incident::labels::NewLabel;
use crate::incident::news::{NewsStore, TicketNews};
use crate::incident::store::{
    Created, NewTicket, Rating, StatusCount, StoreError, TicketMove, TicketQuery, TicketStore, ToldLine, number_day,
    ticket_number,
};
use crate::incident::ticket::{Identity, Status, Ticket, TicketEvent};
use crate::incident::update::{Stars, Update, UpdateKind};

/// Who moves a ticket without being told about it: the resident knows what they did.
pub(super) const RESIDENT: &str = "居民";

/// Tickets in `SQLite`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteTickets {
    db: Sqlite,
    zone: TimeZone,
}

impl SqliteTickets {
    /// Over an open database; `zone` is the street's, whose days number the tickets.
    #[must_use]
    pub const fn new(db: Sqlite, zone: TimeZone) -> Self {
        Self { db, zone }
    }

    pub(super) const fn db(&self) -> &Sqlite {
        &self.db
    }

    /// [`TicketStore::create`] within a transaction of whoever calls.
    pub(super) async fn create_in(&self, tx: &mut Transaction<'_, Driver>, new: NewTicket) -> Result<Created, StoreError> {
        let NewTicket { mut ticket, draft_id, destinations, labelled_by } = new;
        let known = sqlx::query("SELECT id, document, status, reporter FROM tickets WHERE draft_id = $1")
            .bind(draft_id.to_string())
            .fetch_optional(&mut **tx)
            .await
            .map_err(failed)?;
        if let Some(row) = known {
            return Ok(Created { ticket: self::ticket(self.db.sealer(), &row)?, created: false });
        }
        let day = number_day(ticket.created_at, &self.zone);
        let sequence: u32 = sqlx::query_scalar(
            "INSERT INTO ticket_counters (day, last) VALUES ($1, 1) \
             ON CONFLICT (day) DO UPDATE SET last = ticket_counters.last + 1 RETURNING last",
        )
        .bind(&day)
        .fetch_one(&mut **tx)
        .await
        .map_err(failed)?;
        ticket.number = ticket_number(&day, sequence);
        ticket.status = Status::已提交;
        insert(tx, self.db.sealer(), &ticket, draft_id).await?;
        clocks::plan(tx, &self.db, &ticket).await?;
        let at = ticket.created_at.as_millisecond();
        // The receipt is what tells the resident of this first event.
        sqlx::query(
            "INSERT INTO ticket_events (ticket_id, at, from_status, to_status, moved_by, told_at) \
             VALUES ($1, $2, NULL, $3, $4, $2)",
        )
        .bind(ticket.id.to_string())
        .bind(at)
        .bind(Status::已提交.word())
        .bind(RESIDENT)
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
        let label = NewLabel { code: ticket.category.code.clone(), source: labelled_by, by: None, at: ticket.created_at };
        labels::insert(tx, &ticket.id.to_string(), &label).await?;
        outgoing::first(tx, &ticket, &destinations).await?;
        Ok(Created { ticket, created: true })
    }

    async fn one(&self, which: &'static str, key: &str) -> Result<Option<Ticket>, StoreError> {
        let row = sqlx::query(which).bind(key).fetch_optional(self.db.reader()).await.map_err(failed)?;
        row.as_ref().map(|row| ticket(self.db.sealer(), row)).transpose()
    }
}

#[async_trait]
impl TicketStore for SqliteTickets {
    async fn create(&self, new: NewTicket) -> Result<Created, StoreError> {
        let mut tx = self.db.durable().await.map_err(failed)?;
        let created = self.create_in(&mut tx, new).await?;
        tx.commit().await.map_err(failed)?;
        Ok(created)
    }

    async fn get(&self, number: &str) -> Result<Option<Ticket>, StoreError> {
        self.one("SELECT id, document, status, reporter FROM tickets WHERE number = $1", number).await
    }

    async fn get_by_id(&self, id: Uuid) -> Result<Option<Ticket>, StoreError> {
        self.one("SELECT id, document, status, reporter FROM tickets WHERE id = $1", &id.to_string()).await
    }

    async fn matter(&self, number: &str) -> Result<Option<Ticket>, StoreError> {
        ticket_search::matter(&self.db, number).await
    }

    async fn identity(&self, number: &str) -> Result<Option<Identity>, StoreError> {
        ticket_search::identity(&self.db, number).await
    }

    async fn search(&self, query: &TicketQuery) -> Result<Vec<Ticket>, StoreError> {
        ticket_search::search(&self.db, query).await
    }

    async fn count(&self, query: &TicketQuery, now: Timestamp) -> Result<Vec<StatusCount>, StoreError> {
        ticket_search::count(&self.db, query, now).await
    }

    async fn merged_into(&self, number: &str) -> Result<Vec<Ticket>, StoreError> {
        ticket_search::merged_into(&self.db, number).await
    }

    async fn told(&self, number: &str) -> Result<Vec<ToldLine>, StoreError> {
        ticket_search::told(&self.db, number).await
    }

    async fn of_draft(&self, draft_id: Uuid) -> Result<Option<Ticket>, StoreError> {
        self.one("SELECT id, document, status, reporter FROM tickets WHERE draft_id = $1", &draft_id.to_string()).await
    }

    async fn by_conversation(&self, conversation_id: Uuid) -> Result<Vec<Ticket>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, document, status, reporter FROM tickets WHERE conversation_id = $1 ORDER BY created_at, number",
        )
        .bind(conversation_id.to_string())
        .fetch_all(self.db.reader())
        .await
        .map_err(failed)?;
        rows.iter().map(|row| ticket(self.db.sealer(), row)).collect()
    }

    async fn timeline(&self, number: &str) -> Result<Vec<TicketEvent>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.at, e.from_status, e.to_status, e.moved_by, e.note FROM ticket_events AS e \
             JOIN tickets AS t ON t.id = e.ticket_id WHERE t.number = $1 ORDER BY e.id",
        )
        .bind(number)
        .fetch_all(self.db.reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(TicketEvent {
                    at: time(row.try_get("at").map_err(failed)?)?,
                    from: row.try_get::<Option<&str>, _>("from_status").map_err(failed)?.map(status).transpose()?,
                    to: status(row.try_get("to_status").map_err(failed)?)?,
                    by: row.try_get("moved_by").map_err(failed)?,
                    note: row.try_get("note").map_err(failed)?,
                })
            })
            .collect()
    }

    async fn move_to(&self, number: &str, step: TicketMove) -> Result<Ticket, StoreError> {
        let mut tx = self.db.durable().await.map_err(failed)?;
        let mut ticket = by_number(&mut tx, self.db.sealer(), number).await?;
        let news = move_in(&mut tx, &self.db, &mut ticket, &step).await?;
        tell_platforms(&mut tx, self.db.sealer(), &ticket, &news).await?;
        tx.commit().await.map_err(failed)?;
        Ok(ticket)
    }

    async fn rate(&self, number: &str, rating: Rating) -> Result<Ticket, StoreError> {
        let Rating { solved, stars, comment, at } = rating;
        if !(1..=5).contains(&stars) {
            return Err(StoreError::Invalid("评价应为一到五星".to_owned()));
        }
        let mut tx = self.db.durable().await.map_err(failed)?;
        let mut ticket = by_number(&mut tx, self.db.sealer(), number).await?;
        let to = if solved { Status::已回访 } else { Status::重新办理 };
        // A dispute may lead back to 重新办理; the resident's word only follows on a result.
        if !matches!(ticket.status, Status::已办结 | Status::已回访) {
            return Err(StoreError::IllegalMove { number: ticket.number, from: ticket.status, to });
        }
        let row: i64 = sqlx::query_scalar(
            "INSERT INTO ticket_ratings (ticket_id, solved, stars, comment, at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(ticket.id.to_string())
        .bind(i64::from(solved))
        .bind(i64::from(stars))
        .bind(comment.as_deref().map(|words| self.db.sealer().seal(words, &place::rating(ticket.id))))
        .bind(at.as_millisecond())
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        let note = Some(if solved { format!("满意度{stars}星") } else { format!("未解决，满意度{stars}星") });
        let step = TicketMove { to, by: RESIDENT.to_owned(), note, at };
        let news = move_in(&mut tx, &self.db, &mut ticket, &step).await?;
        let id = outgoing::update_id(ticket.id, "rated", row);
        let mut rated = Update::of(&ticket, id, UpdateKind::Rated, at, RESIDENT, comment);
        rated.rating = Some(Stars { solved, stars });
        outgoing::announce(&mut tx, self.db.sealer(), &ticket, &rated).await?;
        if !solved {
            tell_platforms(&mut tx, self.db.sealer(), &ticket, &news).await?;
        }
        tx.commit().await.map_err(failed)?;
        Ok(ticket)
    }

    async fn set_external_no(&self, number: &str, destination: &str, external_no: &str) -> Result<(), StoreError> {
        let mut tx = self.db.durable().await.map_err(failed)?;
        let ticket = by_number(&mut tx, self.db.sealer(), number).await?;
        keep_external_no(&mut tx, ticket.id, destination, external_no).await?;
        tx.commit().await.map_err(failed)
    }
}

#[async_trait]
impl NewsStore for SqliteTickets {
    async fn untold(&self, limit: u32) -> Result<Vec<TicketNews>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.id, e.ticket_id, t.number, t.conversation_id, e.from_status, e.to_status, e.moved_by, e.note, e.at \
             FROM ticket_events AS e JOIN tickets AS t ON t.id = e.ticket_id \
             WHERE e.told_at IS NULL ORDER BY e.id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db.reader())
        .await
        .map_err(failed)?;
        let own = rows.iter().map(|row| {
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
                follower: None,
            })
        });
        let mut untold = own.collect::<Result<Vec<_>, _>>()?;
        untold.extend(merges::untold_followers(self, limit).await?);
        untold.sort_by_key(|news| news.event_id);
        untold.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(untold)
    }

    async fn mark_told(&self, news: &TicketNews, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.quick().await.map_err(failed)?;
        match &news.follower {
            None => {
                sqlx::query("UPDATE ticket_events SET told_at = $2 WHERE id = $1 AND told_at IS NULL")
                    .bind(news.event_id)
                    .bind(at.as_millisecond())
                    .execute(&mut *tx)
                    .await
                    .map_err(failed)?;
            }
            Some(follower) => merges::mark_told(&mut tx, follower.ticket_id, news.event_id, at).await?,
        }
        tx.commit().await.map_err(failed)
    }
}

/// The ticket with this number inside a transaction.
pub(super) async fn by_number(tx: &mut Transaction<'_, Driver>, sealer: &Sealer, number: &str) -> Result<Ticket, StoreError> {
    let row = sqlx::query("SELECT id, document, status, reporter FROM tickets WHERE number = $1")
        .bind(number)
        .fetch_optional(&mut **tx)
        .await
        .map_err(failed)?;
    row.as_ref().map(|row| ticket(sealer, row)).transpose()?.ok_or_else(|| StoreError::NotFound(number.to_owned()))
}

/// The ticket with this id inside a transaction.
pub(super) async fn by_id(tx: &mut Transaction<'_, Driver>, sealer: &Sealer, id: Uuid) -> Result<Option<Ticket>, StoreError> {
    let row = sqlx::query("SELECT id, document, status, reporter FROM tickets WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut **tx)
        .await
        .map_err(failed)?;
    row.as_ref().map(|row| ticket(sealer, row)).transpose()
}

/// The ticket a platform knows under this number, inside a transaction.
pub(super) async fn by_external_no(
    tx: &mut Transaction<'_, Driver>,
    sealer: &Sealer,
    destination: &str,
    external_no: &str,
) -> Result<Option<Ticket>, StoreError> {
    let row = sqlx::query(
        "SELECT t.id, t.document, t.status, t.reporter FROM tickets AS t JOIN ticket_externals AS x ON x.ticket_id = t.id \
         WHERE x.destination = $1 AND x.external_no = $2 ORDER BY t.created_at LIMIT 1",
    )
    .bind(destination)
    .bind(external_no)
    .fetch_optional(&mut **tx)
    .await
    .map_err(failed)?;
    row.as_ref().map(|row| ticket(sealer, row)).transpose()
}

/// Makes a legal move and appends its event; the ticket is changed in place, and its clocks follow by the rules of `db`.
pub(super) async fn move_in(
    tx: &mut Transaction<'_, Driver>,
    db: &Sqlite,
    ticket: &mut Ticket,
    step: &TicketMove,
) -> Result<TicketNews, StoreError> {
    let from = ticket.status;
    if !from.may_become(step.to) {
        return Err(StoreError::IllegalMove { number: ticket.number.clone(), from, to: step.to });
    }
    event(tx, db, ticket, step).await
}

/// Gives a ticket a state and appends the event. Whether it may go there is the caller's to know.
pub(super) async fn event(
    tx: &mut Transaction<'_, Driver>,
    db: &Sqlite,
    ticket: &mut Ticket,
    step: &TicketMove,
) -> Result<TicketNews, StoreError> {
    let from = ticket.status;
    ticket.status = step.to;
    clocks::follow(tx, db, ticket, step.to, step.at).await?;
    rewrite(tx, db.sealer(), ticket).await?;
    let (key, at) = (ticket.id.to_string(), step.at.as_millisecond());
    let event_id: i64 = sqlx::query_scalar(
        "INSERT INTO ticket_events (ticket_id, at, from_status, to_status, moved_by, note, told_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    )
    .bind(&key)
    .bind(at)
    .bind(from.word())
    .bind(step.to.word())
    .bind(&step.by)
    .bind(step.note.as_deref())
    .bind((step.by == RESIDENT).then_some(at))
    .fetch_one(&mut **tx)
    .await
    .map_err(failed)?;
    merges::tell_followers(tx, ticket.id, event_id).await?;
    Ok(TicketNews {
        event_id,
        ticket_id: ticket.id,
        ticket_number: ticket.number.clone(),
        conversation_id: ticket.source.conversation_id,
        from: Some(from),
        to: step.to,
        by: step.by.clone(),
        note: step.note.clone(),
        // As it will be read again: to the millisecond.
        at: time(at)?,
        follower: None,
    })
}

/// A move of ours, for the platforms that have the ticket.
pub(super) async fn tell_platforms(
    tx: &mut Transaction<'_, Driver>,
    sealer: &Sealer,
    ticket: &Ticket,
    news: &TicketNews,
) -> Result<(), StoreError> {
    let kind = UpdateKind::of_move(news.to);
    let id = outgoing::update_id(ticket.id, kind.word(), news.event_id);
    let update = Update::of(ticket, id, kind, news.at, &news.by, news.note.clone());
    outgoing::announce(tx, sealer, ticket, &update).await
}

/// Remembers a platform's number; the first one given stays.
pub(super) async fn keep_external_no(
    tx: &mut Transaction<'_, Driver>,
    ticket_id: Uuid,
    destination: &str,
    external_no: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO ticket_externals (ticket_id, destination, external_no) VALUES ($1, $2, $3) \
         ON CONFLICT (ticket_id, destination) DO NOTHING",
    )
    .bind(ticket_id.to_string())
    .bind(destination)
    .bind(external_no)
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Writes a ticket anew: what names its reporter sealed, the rest as it is.
pub(super) async fn rewrite(tx: &mut Transaction<'_, Driver>, sealer: &Sealer, ticket: &Ticket) -> Result<(), StoreError> {
    let Parts { document, reporter, phone_index } = parts(sealer, ticket)?;
    sqlx::query(
        "UPDATE tickets SET status = $2, document = $3, reporter = $4, phone_index = $5, accept_by = $6, resolve_by = $7 WHERE id = $1",
    )
    .bind(ticket.id.to_string())
    .bind(ticket.status.word())
    .bind(document)
    .bind(reporter)
    .bind(phone_index)
    .bind(ticket.clock.accept_by.as_millisecond())
    .bind(ticket.clock.resolve_by.as_millisecond())
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn insert(tx: &mut Transaction<'_, Driver>, sealer: &Sealer, ticket: &Ticket, draft_id: Uuid) -> Result<(), StoreError> {
    let Parts { document, reporter, phone_index } = parts(sealer, ticket)?;
    sqlx::query(
        "INSERT INTO tickets (id, number, draft_id, conversation_id, status, category, grid_code, urgency, created_at, \
         accept_by, resolve_by, document, reporter, phone_index) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(ticket.id.to_string())
    .bind(&ticket.number)
    .bind(draft_id.to_string())
    .bind(ticket.source.conversation_id.to_string())
    .bind(ticket.status.word())
    .bind(&ticket.category.code)
    .bind(ticket.place.grid_code.as_deref())
    .bind(urgency_word(ticket.urgency))
    .bind(ticket.created_at.as_millisecond())
    .bind(ticket.clock.accept_by.as_millisecond())
    .bind(ticket.clock.resolve_by.as_millisecond())
    .bind(document)
    .bind(reporter)
    .bind(phone_index)
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) const fn urgency_word(urgency: crate::incident::ticket::Urgency) -> &'static str {
    use crate::incident::ticket::Urgency::{一般, 特急, 紧急};
    match urgency {
        一般 => "一般",
        紧急 => "紧急",
        特急 => "特急",
    }
}

/// A ticket with its reporter, from `id`, `document`, `status` and `reporter`.
pub(super) fn ticket(sealer: &Sealer, row: &SqliteRow) -> Result<Ticket, StoreError> {
    let mut ticket = nameless_ticket(sealer, row)?;
    if let Some(sealed) = row.try_get::<Option<&str>, _>("reporter").map_err(failed)? {
        let identity = sealer.open(sealed, &place::reporter(ticket.id)).map_err(failed)?;
        ticket.put_identity(serde_json::from_str(&identity).map_err(failed)?);
    }
    Ok(ticket)
}

/// A ticket without what names its reporter, from `id`, `document` and `status`.
pub(super) fn nameless_ticket(sealer: &Sealer, row: &SqliteRow) -> Result<Ticket, StoreError> {
    nameless_ticket_of(sealer, row, "id")
}

/// The same, where the ticket's id is in another column.
pub(super) fn nameless_ticket_of(sealer: &Sealer, row: &SqliteRow, key: &str) -> Result<Ticket, StoreError> {
    let key = id(row.try_get(key).map_err(failed)?)?;
    let text = sealer.open(row.try_get("document").map_err(failed)?, &place::ticket(key)).map_err(failed)?;
    let mut ticket: Ticket = serde_json::from_str(&text).map_err(failed)?;
    ticket.status = status(row.try_get("status").map_err(failed)?)?;
    Ok(ticket)
}

/// A ticket as its row holds it.
struct Parts {
    document: String,
    reporter: String,
    phone_index: Option<String>,
}

fn parts(sealer: &Sealer, ticket: &Ticket) -> Result<Parts, StoreError> {
    let mut open = ticket.clone();
    let identity = open.take_identity();
    let phone_index = identity.phone.as_deref().map(|phone| sealer.index(phone));
    let reporter = sealer.seal(&serde_json::to_string(&identity).map_err(failed)?, &place::reporter(ticket.id));
    let document = sealer.seal(&serde_json::to_string(&open).map_err(failed)?, &place::ticket(ticket.id));
    Ok(Parts { document, reporter, phone_index })
}

/// The phone in an opened identity.
pub(super) fn phone_of(identity: &str) -> Result<Option<String>, StoreError> {
    serde_json::from_str::<Identity>(identity).map(|i| i.phone).map_err(failed)
}

pub(super) fn status(word: &str) -> Result<Status, StoreError> {
    Status::from_word(word).ok_or_else(|| failed(std::io::Error::other("unknown status word")))
}

pub(super) fn id(text: &str) -> Result<Uuid, StoreError> {
    text.parse().map_err(failed)
}

pub(super) fn time(ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(failed)
}

pub(super) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
