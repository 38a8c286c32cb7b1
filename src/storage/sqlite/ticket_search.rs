//! Tickets as staff look for them: by columns, without opening who reported.

use sqlx::{QueryBuilder, Row as _, Sqlite as Driver};

use super::Sqlite;
use super::incident::{failed, nameless_ticket};
use super::sealing::place;
use crate::incident::store::{StoreError, TicketQuery};
use crate::incident::ticket::{Identity, Ticket};

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
    let TicketQuery { statuses, grids, category, overdue_at, before, limit } = query;
    let mut sql = QueryBuilder::<Driver>::new("SELECT id, document, status FROM tickets WHERE 1 = 1");
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
    if let Some(now) = overdue_at {
        let now = now.as_millisecond();
        sql.push(" AND ((status IN ('已提交', '已送达平台') AND accept_by < ").push_bind(now);
        sql.push(") OR (status IN ('已受理', '已交办', '处置中', '重新办理', '延期', '退回待审') AND resolve_by < ")
            .push_bind(now);
        sql.push("))");
    }
    if let Some(before) = before {
        sql.push(" AND number < ").push_bind(before.clone());
    }
    sql.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(*limit));
    let rows = sql.build().fetch_all(db.reader()).await.map_err(failed)?;
    rows.iter().map(|row| without_identity(db, row)).collect()
}

/// Also of a row of before, whose document still holds it.
fn without_identity(db: &Sqlite, row: &sqlx::sqlite::SqliteRow) -> Result<Ticket, StoreError> {
    let mut ticket = nameless_ticket(db.sealer(), row)?;
    drop(ticket.take_identity());
    Ok(ticket)
}
