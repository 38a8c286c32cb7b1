//! Keeps the open tickets in memory in step with the rows: read once at the start, then whatever has new events.
//!
//! Nobody waits for it. What is a moment behind does no harm: a candidate is read again before it is shown, and joining is decided
//! by the rows.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::incident::duplicates::open::OpenTickets;
use crate::incident::duplicates::store::OpenTicketStore;
use crate::incident::store::StoreError;
use crate::incident::ticket::Ticket;

/// How often new events are looked for: one read of a number when there are none.
const EVERY: Duration = Duration::from_millis(300);
/// After a reading that failed.
const LATER: Duration = Duration::from_secs(5);
/// Tickets or events of one reading.
const BATCH: u32 = 500;

/// Follows the rows until `stop`.
pub async fn run(open: Arc<OpenTickets>, store: Arc<dyn OpenTicketStore>, stop: CancellationToken) {
    let mut read: Option<i64> = None;
    loop {
        let reading = match read {
            None => load(&open, &*store, &stop).await.map(|newest| (newest, false)),
            Some(after) => follow(&open, &*store, after).await,
        };
        let pause = match reading {
            Ok((newest, more)) => {
                if read.is_none() {
                    tracing::info!(open = open.len(), "open tickets are compared with new ones");
                }
                read = Some(newest);
                if more { Duration::ZERO } else { EVERY }
            }
            Err(error) => {
                tracing::warn!(%error, "open tickets were not read; it is tried again");
                LATER
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Everything that is open; gives the event from which on changes are followed.
async fn load(open: &Arc<OpenTickets>, store: &dyn OpenTicketStore, stop: &CancellationToken) -> Result<i64, StoreError> {
    // Before the reading: what changes meanwhile is read again afterwards.
    let newest = store.newest_event().await?;
    let mut after = Uuid::nil();
    while !stop.is_cancelled() {
        let batch = store.open_tickets(after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.id;
        put(open, batch).await;
    }
    Ok(newest)
}

async fn follow(open: &Arc<OpenTickets>, store: &dyn OpenTicketStore, after: i64) -> Result<(i64, bool), StoreError> {
    let changed = store.changed_since(after, BATCH).await?;
    if !changed.tickets.is_empty() {
        put(open, changed.tickets).await;
    }
    Ok((changed.until, changed.more))
}

/// Reading words takes computing, not waiting: away from the threads that answer.
async fn put(open: &Arc<OpenTickets>, tickets: Vec<Ticket>) {
    let open = Arc::clone(open);
    let done = tokio::task::spawn_blocking(move || tickets.iter().for_each(|ticket| open.put(ticket))).await;
    if let Err(error) = done {
        tracing::error!(%error, "open tickets were not taken in");
    }
}
