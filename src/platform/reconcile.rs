//! 对账: asks a platform what it has of what was delivered, and brings both in line.
//!
//! What the platform has lost is sent again from the first push on; a state that we were not told is taken as a callback that
//! came late. Done at night, and by hand.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use uuid::Uuid;

use super::callback::{Applied, Callback, CallbackStore};
use super::worker::{Asked, Platform};
use crate::core::clock::Clock;
use crate::incident::news::TicketNews;
use crate::incident::store::StoreError;

/// How many tickets are looked up at once.
const BATCH: u32 = 100;
/// Answers without use in a row after which the platform is left alone until the next time.
const GIVE_UP_AFTER: u32 = 5;

/// What reconciling asks of a database.
#[async_trait]
pub trait ReconcileStore: Send + Sync + std::fmt::Debug {
    /// Tickets that a platform has taken, that are not ended and were not checked since `before`; those never checked first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn unchecked(&self, destination: &str, before: Timestamp, limit: u32) -> Result<Vec<Uuid>, StoreError>;

    /// Remembers that a ticket was checked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn checked(&self, ticket: Uuid, destination: &str, at: Timestamp) -> Result<(), StoreError>;

    /// Makes everything that was delivered of a ticket due again, in its order, and forgets the platform's number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn send_again(&self, ticket: Uuid, destination: &str, now: Timestamp) -> Result<(), StoreError>;
}

/// What one round has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reconciled {
    /// Tickets asked about.
    pub asked: u64,
    /// Of these, moved to a state that we had not been told.
    pub moved: u64,
    /// Of these, unknown to the platform and sent again.
    pub sent_again: u64,
    /// Of these, without a usable answer; asked again next time.
    pub unanswered: u64,
}

/// Reconciles with one platform.
#[derive(Debug)]
pub struct Reconciler {
    destination: String,
    platform: Arc<dyn Platform>,
    store: Arc<dyn ReconcileStore>,
    callbacks: Arc<dyn CallbackStore>,
    clock: Arc<dyn Clock>,
    bell: Arc<Notify>,
    news: broadcast::Sender<TicketNews>,
}

impl Reconciler {
    /// For the platform called `destination` in the outbox; `bell` wakes its worker.
    #[must_use]
    pub fn new(
        destination: impl Into<String>,
        platform: Arc<dyn Platform>,
        store: Arc<dyn ReconcileStore>,
        callbacks: Arc<dyn CallbackStore>,
        clock: Arc<dyn Clock>,
        bell: Arc<Notify>,
        news: broadcast::Sender<TicketNews>,
    ) -> Self {
        Self { destination: destination.into(), platform, store, callbacks, clock, bell, news }
    }

    /// The platform.
    #[must_use]
    pub fn destination(&self) -> &str {
        &self.destination
    }

    /// Asks about every open ticket once, `pause` between two questions, until `stop`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; what was done until then stays done.
    pub async fn run(&self, pause: Duration, stop: &CancellationToken) -> Result<Reconciled, StoreError> {
        let begun = self.clock.now();
        let mut all = Reconciled::default();
        let mut silent = 0;
        loop {
            let tickets = self.store.unchecked(&self.destination, begun, BATCH).await?;
            if tickets.is_empty() {
                return Ok(all);
            }
            for ticket in tickets {
                if stop.is_cancelled() || silent >= GIVE_UP_AFTER {
                    return Ok(all);
                }
                all.asked += 1;
                match self.one(ticket).await? {
                    Found::Same => silent = 0,
                    Found::Moved => {
                        silent = 0;
                        all.moved += 1;
                    }
                    Found::Lost => {
                        silent = 0;
                        all.sent_again += 1;
                    }
                    Found::Silent => {
                        silent += 1;
                        all.unanswered += 1;
                    }
                }
                // At `begun` at least, so that a clock that stands still does not ask twice.
                let at = self.clock.now().max(begun.saturating_add(SignedDuration::from_millis(1)).unwrap_or(begun));
                self.store.checked(ticket, &self.destination, at).await?;
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn one(&self, ticket: Uuid) -> Result<Found, StoreError> {
        let now = self.clock.now();
        match self.platform.ask(ticket).await {
            Asked::HasNot => {
                tracing::warn!(destination = self.destination, %ticket, "对账：平台上没有这张工单，重新推送");
                self.store.send_again(ticket, &self.destination, now).await?;
                self.bell.notify_one();
                Ok(Found::Lost)
            }
            Asked::Unknown { .. } => Ok(Found::Silent),
            Asked::Has { standing: None, .. } => Ok(Found::Same),
            Asked::Has { external_no, standing: Some(standing), .. } => {
                let id = format!("reconcile:{ticket}:{}:{}", standing.status.word(), standing.at.as_millisecond());
                let callback = Callback {
                    external_no: Some(external_no),
                    idempotency_key: Some(ticket.to_string()),
                    status: standing.status,
                    at: standing.at,
                    note: standing.note,
                    handler: standing.handler,
                };
                match self.callbacks.apply(&self.destination, &id, &callback, now).await? {
                    Applied::Moved(news) => {
                        drop(self.news.send(news));
                        Ok(Found::Moved)
                    }
                    Applied::Ignored(_) | Applied::Repeated | Applied::UnknownTicket => Ok(Found::Same),
                }
            }
        }
    }
}

enum Found {
    Same,
    Moved,
    Lost,
    Silent,
}
