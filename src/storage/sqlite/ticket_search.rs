//! Tickets as staff look for them: by columns, without opening who reported.

use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _, Sqlite as Driver};

use super::Sqlite;
use super::incident::{RESIDENT, failed, nameless_ticket, status, time, urgency_word};
use super::sealing::place;
use crate::incident::store::{StatusCount, StoreError, TicketOrder, TicketQuery, Told, ToldLine};
use crate::incident::ticket::{Identity, Status, Ticket, TicketEvent};

pub(super) async fn matter(db: &Sqlite, number: &str) -> Result<Option<Ticket>, StoreError> {
    let row = sqlx::query("SELECT id, document, status FROM tickets WHERE number = $1")
        .bind(number)
        .fetch_optional(db.reader())
        .await
        .map_err(failed)?;
    row.as_ref().map(|row| without_identity(db, row)).transpose()
}

pub(super) async fn identity(db: &Sqlite, number: &str) -> Result<Option<Identity>, StoreError> {
    let row = sqlx::query("SELECT id, document, status, reporter FROM tickets WHERE number = $1")
        .bind(number)
        .fetch_optional(db.reader())
        .await
        .map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let mut ticket = nameless_ticket(db.sealer(), &row)?;
    match row.try_get::<Option<&str>, _>("reporter").map_err(failed)? {
        Some(sealed) => {
            let text = db.sealer().open(sealed, &place::reporter(ticket.id)).map_err(failed)?;
            serde_json::from_str(&text).map(Some).map_err(failed)
        }
        // A row of before, not sealed yet.
        None => Ok(Some(ticket.take_identity())),
    }
}

pub(super) async fn search(db: &Sqlite, query: &TicketQuery) -> Result<Vec<Ticket>, StoreError> {
    let mut sql = QueryBuilder::<Driver>::new(format!("SELECT id, document, status FROM tickets WHERE {ALL}"));
    by_columns(&mut sql, query);
    if let Some(before) = &query.before {
        sql.push(" AND number < ").push_bind(before.clone());
    }
    sql.push(match query.order {
        TicketOrder::Newest => " ORDER BY number DESC".to_owned(),
        TicketOrder::Due => format!(" ORDER BY {DUE} IS NULL, {DUE}, number"),
    });
    let sealed = Sealed::of(query);
    let at_most = if sealed.is_open() { i64::from(query.limit) } else { LOOKED_INTO };
    sql.push(" LIMIT ").push_bind(at_most).push(" OFFSET ");
    sql.push_bind(if sealed.is_open() { i64::from(query.skip) } else { 0 });
    let rows = sql.build().fetch_all(db.reader()).await.map_err(failed)?;
    let tickets = rows.iter().map(|row| without_identity(db, row));
    if sealed.is_open() {
        return tickets.collect();
    }
    let fits = |ticket: &Result<Ticket, StoreError>| ticket.as_ref().map_or(true, |t| sealed.fits(t));
    tickets.filter(fits).skip(query.skip as usize).take(query.limit as usize).collect()
}

pub(super) async fn count(db: &Sqlite, query: &TicketQuery, now: Timestamp) -> Result<Vec<StatusCount>, StoreError> {
    let sealed = Sealed::of(query);
    let mut sql = QueryBuilder::<Driver>::new("SELECT status, ");
    if sealed.is_open() {
        sql.push(format!("COUNT(*) AS tickets, SUM(COALESCE({DUE} < ")).push_bind(now.as_millisecond());
        sql.push(format!(", 0)) AS overdue, SUM({PAUSED}) AS paused FROM tickets WHERE {ALL}"));
        by_columns(&mut sql, query);
        sql.push(" GROUP BY status");
    } else {
        sql.push(format!("id, document, 1 AS tickets, COALESCE({DUE} < ")).push_bind(now.as_millisecond());
        sql.push(format!(", 0) AS overdue, {PAUSED} AS paused FROM tickets WHERE {ALL}"));
        by_columns(&mut sql, query);
        sql.push(" LIMIT ").push_bind(LOOKED_INTO);
    }
    let mut counts: Vec<StatusCount> = Vec::new();
    for row in sql.build().fetch_all(db.reader()).await.map_err(failed)? {
        if !sealed.is_open() && !sealed.fits(&without_identity(db, &row)?) {
            continue;
        }
        let number = |name: &str| row.try_get::<i64, _>(name).map_err(failed).map(|n| u64::try_from(n).unwrap_or_default());
        let status = status(row.try_get("status").map_err(failed)?)?;
        let (tickets, overdue, paused) = (number("tickets")?, number("overdue")?, number("paused")?);
        match counts.iter_mut().find(|c| c.status == status) {
            Some(known) => {
                known.tickets += tickets;
                known.overdue += overdue;
                known.paused += paused;
            }
            None => counts.push(StatusCount { status, tickets, overdue, paused }),
        }
    }
    counts.sort_by_key(|c| Status::ALL.iter().position(|s| *s == c.status));
    Ok(counts)
}

pub(super) async fn merged_into(db: &Sqlite, number: &str) -> Result<Vec<Ticket>, StoreError> {
    let rows = sqlx::query(
        "SELECT t.id, t.document, t.status FROM ticket_merges AS m JOIN tickets AS t ON t.id = m.ticket_id \
         WHERE m.into_id = (SELECT id FROM tickets WHERE number = $1) AND m.split_at IS NULL ORDER BY m.id",
    )
    .bind(number)
    .fetch_all(db.reader())
    .await
    .map_err(failed)?;
    rows.iter().map(|row| without_identity(db, row)).collect()
}

pub(super) async fn told(db: &Sqlite, number: &str) -> Result<Vec<ToldLine>, StoreError> {
    let rows = sqlx::query(
        "SELECT e.at, e.told_at, e.from_status, e.to_status, e.moved_by, e.note, NULL AS text FROM ticket_events AS e \
         JOIN tickets AS t ON t.id = e.ticket_id WHERE t.number = $1 AND e.moved_by <> $2 \
         UNION ALL SELECT n.at, n.told_at, NULL, NULL, NULL, NULL, n.resident_text FROM ticket_notices AS n \
         JOIN tickets AS t ON t.id = n.ticket_id WHERE t.number = $1 AND n.resident_text IS NOT NULL ORDER BY 1",
    )
    .bind(number)
    .bind(RESIDENT)
    .fetch_all(db.reader())
    .await
    .map_err(failed)?;
    rows.iter()
        .map(|row| {
            let at = time(row.try_get("at").map_err(failed)?)?;
            let told_at = row.try_get::<Option<i64>, _>("told_at").map_err(failed)?.map(time).transpose()?;
            let what = match row.try_get::<Option<String>, _>("text").map_err(failed)? {
                Some(words) => Told::Notice(words),
                None => Told::Move(TicketEvent {
                    at,
                    from: row.try_get::<Option<&str>, _>("from_status").map_err(failed)?.map(status).transpose()?,
                    to: status(row.try_get("to_status").map_err(failed)?)?,
                    by: row.try_get("moved_by").map_err(failed)?,
                    note: row.try_get("note").map_err(failed)?,
                }),
            };
            Ok(ToldLine { at, told_at, what })
        })
        .collect()
}

/// Every row, so that what follows begins with AND.
const ALL: &str = "1 = 1";
/// True while a person has stopped the clock.
const PAUSED: &str =
    "EXISTS (SELECT 1 FROM ticket_clocks AS c WHERE c.ticket_id = tickets.id AND c.kind = '办结' AND c.state = 'paused')";
/// The deadline that counts in the ticket's state, or null.
const DUE: &str = "(CASE WHEN status IN ('已提交', '已送达平台') THEN accept_by \
    WHEN status IN ('已受理', '已交办', '处置中', '重新办理', '延期', '退回待审') AND NOT EXISTS (SELECT 1 FROM ticket_clocks AS c \
    WHERE c.ticket_id = tickets.id AND c.kind = '办结' AND c.state = 'paused') THEN resolve_by END)";
/// Tickets that are opened at most for one search of what lies sealed.
const LOOKED_INTO: i64 = 5000;

/// What can be asked of columns.
fn by_columns(sql: &mut QueryBuilder<Driver>, query: &TicketQuery) {
    let TicketQuery {
        statuses,
        grids,
        category,
        urgency,
        number,
        section: _,
        words: _,
        overdue_at,
        before: _,
        order: _,
        skip: _,
        limit: _,
    } = query;
    if !statuses.is_empty() {
        sql.push(" AND status IN (");
        let mut list = sql.separated(", ");
        for status in statuses {
            list.push_bind(status.word());
        }
        sql.push(")");
    }
    if let Some(grids) = grids {
        sql.push(" AND grid_code IN (");
        let mut list = sql.separated(", ");
        for grid in grids {
            list.push_bind(grid.clone());
        }
        sql.push(")");
    }
    if let Some(prefix) = category {
        sql.push(" AND substr(category, 1, ").push_bind(i64::try_from(prefix.chars().count()).unwrap_or(0));
        sql.push(") = ").push_bind(prefix.clone());
    }
    if let Some(urgency) = urgency {
        sql.push(" AND urgency = ").push_bind(urgency_word(*urgency));
    }
    if let Some(number) = number {
        sql.push(" AND instr(number, ").push_bind(number.clone()).push(") > 0");
    }
    if let Some(now) = overdue_at {
        sql.push(format!(" AND {DUE} < ")).push_bind(now.as_millisecond());
    }
}

/// What a column does not know: the ticket must be opened for it.
struct Sealed<'a> {
    section: Option<&'a str>,
    words: Vec<String>,
}

impl<'a> Sealed<'a> {
    fn of(query: &'a TicketQuery) -> Self {
        Self { section: query.section.as_deref(), words: query.words.iter().map(|w| w.to_lowercase()).collect() }
    }

    /// Nothing is asked that would need it.
    fn is_open(&self) -> bool {
        self.section.is_none() && self.words.is_empty()
    }

    fn fits(&self, ticket: &Ticket) -> bool {
        if self.section.is_some_and(|section| ticket.route.section != section) {
            return false;
        }
        let Ticket { number, title, description, place, category, route, .. } = ticket;
        let texts: [&str; 8] = [
            number,
            title,
            description,
            &place.text,
            place.estate.as_deref().unwrap_or_default(),
            &category.name,
            &route.section,
            &route.post,
        ];
        self.words.iter().all(|word| texts.iter().any(|text| text.to_lowercase().contains(word)))
    }
}

/// Also of a row of before, whose document still holds it.
fn without_identity(db: &Sqlite, row: &sqlx::sqlite::SqliteRow) -> Result<Ticket, StoreError> {
    let mut ticket = nameless_ticket(db.sealer(), row)?;
    drop(ticket.take_identity());
    Ok(ticket)
}
