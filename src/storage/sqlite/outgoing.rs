//! Rows of the outbox, written in the transaction of what they tell.

use sqlx::{Sqlite as Driver, Transaction};
use uuid::Uuid;

use super::incident::failed;
use super::sealing::place;
use crate::core::ids::named;
use crate::core::seal::Sealer;
use crate::incident::destinations::Destination;
use crate::incident::store::StoreError;
use crate::incident::ticket::Ticket;
use crate::incident::update::Update;

/// The first push of a new ticket to each of its platforms, and its attachments behind it.
pub(super) async fn first(tx: &mut Transaction<'_, Driver>, ticket: &Ticket, to: &[Destination]) -> Result<(), StoreError> {
    let at = ticket.created_at.as_millisecond();
    for (n, destination) in to.iter().enumerate() {
        sqlx::query(
            "INSERT INTO ticket_destinations (ticket_id, destination, leads, updates, attachments) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (ticket_id, destination) DO NOTHING",
        )
        .bind(ticket.id.to_string())
        .bind(&destination.name)
        .bind(i64::from(n == 0))
        .bind(i64::from(destination.updates))
        .bind(i64::from(destination.attachments))
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
        insert(tx, Row { ticket: ticket.id, destination: &destination.name, kind: "incident", message: None, payload: None, at })
            .await?;
        if destination.attachments {
            for id in &ticket.attachments {
                attachment(tx, ticket.id, &destination.name, *id, at).await?;
            }
        }
    }
    Ok(())
}

/// An attachment on its way to a platform that has, or will have, the ticket.
pub(super) async fn attachment(
    tx: &mut Transaction<'_, Driver>,
    ticket: Uuid,
    destination: &str,
    id: Uuid,
    at: i64,
) -> Result<(), StoreError> {
    insert(tx, Row { ticket, destination, kind: "attachment", message: Some(id), payload: None, at }).await
}

/// Attachments that came later, on their way to every platform of the ticket that wants such.
pub(super) async fn attachments(
    tx: &mut Transaction<'_, Driver>,
    ticket: Uuid,
    ids: &[Uuid],
    at: jiff::Timestamp,
) -> Result<(), StoreError> {
    let destinations: Vec<String> = sqlx::query_scalar(
        "SELECT destination FROM ticket_destinations WHERE ticket_id = $1 AND attachments = 1 ORDER BY destination",
    )
    .bind(ticket.to_string())
    .fetch_all(&mut **tx)
    .await
    .map_err(failed)?;
    for destination in &destinations {
        for id in ids {
            attachment(tx, ticket, destination, *id, at.as_millisecond()).await?;
        }
    }
    Ok(())
}

/// Tells every platform of the ticket; the same update again changes nothing.
pub(super) async fn announce(
    tx: &mut Transaction<'_, Driver>,
    sealer: &Sealer,
    ticket: &Ticket,
    update: &Update,
) -> Result<(), StoreError> {
    let destinations: Vec<String> = sqlx::query_scalar(
        "SELECT destination FROM ticket_destinations WHERE ticket_id = $1 AND updates = 1 ORDER BY destination",
    )
    .bind(ticket.id.to_string())
    .fetch_all(&mut **tx)
    .await
    .map_err(failed)?;
    let payload = sealer.seal(&serde_json::to_string(update).map_err(failed)?, &place::outbox(update.id));
    for destination in &destinations {
        let at = update.at.as_millisecond();
        let row = Row { ticket: ticket.id, destination, kind: "update", message: Some(update.id), payload: Some(&payload), at };
        insert(tx, row).await?;
    }
    Ok(())
}

/// The id of the update that an event of the ticket's history makes.
pub(super) fn update_id(ticket: Uuid, kind: &str, row: i64) -> Uuid {
    named(&format!("gridworker-update\n{ticket}\n{kind}\n{row}"))
}

struct Row<'a> {
    ticket: Uuid,
    destination: &'a str,
    kind: &'static str,
    message: Option<Uuid>,
    payload: Option<&'a str>,
    at: i64,
}

async fn insert(tx: &mut Transaction<'_, Driver>, row: Row<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO outbox (ticket_id, destination, kind, message_id, payload, state, next_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, 'pending', $6, $6) ON CONFLICT DO NOTHING",
    )
    .bind(row.ticket.to_string())
    .bind(row.destination)
    .bind(row.kind)
    .bind(row.message.map(|m| m.to_string()))
    .bind(row.payload)
    .bind(row.at)
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}
