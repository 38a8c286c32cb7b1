//! The worker: claims due rows, pushes them, records what became of each.
//!
//! One worker serves one destination. It is woken by a [`Notify`] after a confirmation and looks by itself now and then.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::breaker::Breaker;
use super::callback::PlatformStatus;
use super::outbox::{Act, Attempt, Claim, Message, OutboxStore, Outcome, Parcel};
use super::settings::{PlatformSettings, seconds};
use super::visibility::ReporterField;
use crate::core::clock::Clock;
use crate::core::ids::Ids;
use crate::incident::news::TicketNews;

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The platform has it, now or already.
    Taken {
        /// The platform's own number.
        external_no: String,
        /// Its answer.
        http_status: u16,
    },
    /// Not now.
    Transient {
        /// Why, without personal data.
        reason: String,
        /// Its answer, if there was one.
        http_status: Option<u16>,
        /// How long it asks us to wait.
        retry_after: Option<SignedDuration>,
        /// True when it may have arrived.
        unsure: bool,
    },
    /// Never.
    Permanent {
        /// Why, without personal data.
        reason: String,
        /// Its answer, if there was one.
        http_status: Option<u16>,
    },
}

/// What the platform says to "do you have it?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Yes.
    Has {
        /// The platform's own number.
        external_no: String,
        /// Its answer.
        http_status: u16,
        /// Where it stands there, when it says so.
        standing: Option<Standing>,
    },
    /// No, or it cannot be asked.
    HasNot,
    /// No usable answer.
    Unknown {
        /// Why.
        reason: String,
        /// Its answer, if there was one.
        http_status: Option<u16>,
        /// How long it asks us to wait.
        retry_after: Option<SignedDuration>,
    },
}

/// Where an incident stands at a platform, in the platform's own words and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub status: PlatformStatus,
    /// Since when.
    pub at: Timestamp,
    /// Who moved it there.
    pub handler: Option<String>,
    /// What was said about it.
    pub note: Option<String>,
}

/// A governance platform, whatever it speaks.
#[async_trait]
pub trait Platform: Send + Sync + std::fmt::Debug {
    /// Brings a parcel; its idempotency key is the same every time.
    async fn send(&self, parcel: &Parcel) -> Sent;

    /// The fields naming the reporter that [`Self::send`] puts into what it sends.
    fn carries(&self, parcel: &Parcel) -> Vec<ReporterField>;

    /// What [`Self::send`] would send, for a person to look at: who reports is covered, contents of files are left out.
    ///
    /// # Errors
    /// Why there is no body, in words.
    async fn preview(&self, parcel: &Parcel) -> Result<serde_json::Value, String>;

    /// Asks whether the platform already has the incident of this key.
    async fn ask(&self, key: Uuid) -> Asked;
}

/// How a worker behaves.
#[derive(Debug, Clone)]
struct Pace {
    schedule: Vec<SignedDuration>,
    retry_after_cap: SignedDuration,
    concurrency: u32,
    lease: SignedDuration,
    poll: Duration,
    drain: Duration,
}

/// Delivers the outbox rows of one destination.
#[derive(Debug)]
pub struct OutboxWorker {
    name: String,
    destination: String,
    store: Arc<dyn OutboxStore>,
    platform: Arc<dyn Platform>,
    breaker: Breaker,
    health: Arc<Mutex<Wellbeing>>,
    pace: Pace,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    wake: Arc<Notify>,
    news: broadcast::Sender<TicketNews>,
}

/// How a platform is, as its worker has seen it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wellbeing {
    /// Left alone until then, after failures in a row.
    pub left_alone_until: Option<Timestamp>,
    /// When it last took something.
    pub well_at: Option<Timestamp>,
    /// When it last failed.
    pub ill_at: Option<Timestamp>,
}

/// How a delivery says that the platform as a whole is well or ill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Well,
    Ill,
}

impl OutboxWorker {
    /// A worker for `settings.name`. `name` is stable over restarts of the same instance, so that a restarted one takes
    /// up at once what it held when it was killed; no two running instances share a name.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "the wiring of a worker, done once in app.rs")]
    pub fn new(
        name: impl Into<String>,
        settings: &PlatformSettings,
        store: Arc<dyn OutboxStore>,
        platform: Arc<dyn Platform>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        wake: Arc<Notify>,
        news: broadcast::Sender<TicketNews>,
    ) -> Self {
        let span = |s: f64| SignedDuration::try_from(seconds(s)).unwrap_or(SignedDuration::from_secs(1));
        Self {
            name: name.into(),
            destination: settings.name.clone(),
            store,
            platform,
            breaker: Breaker::new(settings.breaker_failures.max(1), span(settings.breaker_pause_s)),
            health: Arc::default(),
            pace: Pace {
                schedule: settings.schedule_s.iter().map(|s| span(*s)).collect(),
                retry_after_cap: span(settings.retry_after_cap_s),
                concurrency: settings.concurrency.max(1),
                lease: span(settings.lease_s),
                poll: seconds(settings.poll_s),
                drain: seconds(settings.drain_s),
            },
            clock,
            ids,
            wake,
            news,
        }
    }

    /// How its platform is; keeps telling while the worker runs.
    #[must_use]
    pub fn wellbeing(&self) -> Arc<Mutex<Wellbeing>> {
        Arc::clone(&self.health)
    }

    /// Runs until `cancel`; then starts nothing new and gives pushes on their way `drain_s` to end. What is not ended
    /// then stays claimed and unsure, and is asked about after the next start.
    pub async fn run(mut self, cancel: CancellationToken) {
        while let Err(error) = self.store.release(&self.name).await {
            tracing::error!(%error, "推送：无法收回上次未完成的任务");
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(self.pace.poll) => {}
            }
        }
        let mut on_their_way: JoinSet<Health> = JoinSet::new();
        loop {
            let full = self.start_due(&mut on_their_way).await;
            tokio::select! {
                () = cancel.cancelled() => break,
                Some(ended) = on_their_way.join_next() => self.note(ended),
                // With a full house only an ended push makes room.
                () = self.wake.notified(), if !full => {}
                () = tokio::time::sleep(self.pace.poll), if !full => {}
            }
        }
        let drained = tokio::time::timeout(self.pace.drain, async { while on_their_way.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!(left = on_their_way.len(), "推送：结束时仍有推送未完成，下次启动后先询问平台");
        }
    }

    /// Starts what is due and allowed. True when nothing more could be started.
    async fn start_due(&self, on_their_way: &mut JoinSet<Health>) -> bool {
        let busy = u32::try_from(on_their_way.len()).unwrap_or(u32::MAX);
        let free = self.pace.concurrency.saturating_sub(busy);
        if free == 0 {
            return true;
        }
        let now = self.clock.now();
        let limit = self.breaker.allows(free, busy, now);
        if limit == 0 {
            return false;
        }
        match self.store.claim(&self.destination, &self.name, now, self.pace.lease, limit).await {
            Ok(claims) => {
                let full = u32::try_from(claims.len()).unwrap_or(u32::MAX) == free;
                for claim in claims {
                    on_their_way.spawn(self.delivery().run(claim));
                }
                full
            }
            Err(error) => {
                tracing::error!(%error, "推送：无法读取发件箱");
                false
            }
        }
    }

    fn note(&mut self, ended: Result<Health, tokio::task::JoinError>) {
        match ended {
            Ok(Health::Well) => {
                self.breaker.well();
                let mut health = self.health.lock();
                health.left_alone_until = None;
                health.well_at = Some(self.clock.now());
            }
            Ok(Health::Ill) => {
                let before = self.breaker.is_open();
                let now = self.clock.now();
                self.breaker.ill(now);
                let until = self.breaker.open_until();
                {
                    let mut health = self.health.lock();
                    health.left_alone_until = until;
                    health.ill_at = Some(now);
                }
                if self.breaker.is_open() && !before {
                    tracing::warn!(destination = %self.destination, "推送：平台连续失败，暂停推送");
                }
            }
            // A push that panicked keeps its claim until the lease ends, and is asked about then.
            Err(error) => tracing::error!(%error, "推送：一次推送异常结束"),
        }
    }

    fn delivery(&self) -> Delivery {
        Delivery {
            store: Arc::clone(&self.store),
            platform: Arc::clone(&self.platform),
            schedule: self.pace.schedule.clone(),
            retry_after_cap: self.pace.retry_after_cap,
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            news: self.news.clone(),
        }
    }
}

/// One attempt at one row.
struct Delivery {
    store: Arc<dyn OutboxStore>,
    platform: Arc<dyn Platform>,
    schedule: Vec<SignedDuration>,
    retry_after_cap: SignedDuration,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    news: broadcast::Sender<TicketNews>,
}

impl Delivery {
    async fn run(self, claim: Claim) -> Health {
        let started_at = self.clock.now();
        let (act, sent) = self.ask_and_send(&claim).await;
        let health = match &sent {
            Sent::Taken { .. } | Sent::Permanent { .. } => Health::Well,
            Sent::Transient { .. } => Health::Ill,
        };
        let (http_status, outcome) = match sent {
            Sent::Taken { external_no, http_status } => (Some(http_status), Outcome::Delivered { external_no }),
            Sent::Permanent { reason, http_status } => (http_status, Outcome::Dead { reason }),
            Sent::Transient { reason, http_status, retry_after, unsure } => {
                let at = self.again_at(claim.attempts, retry_after);
                (http_status, Outcome::Retry { at, reason, unsure })
            }
        };
        let number = claim.parcel.ticket.number.clone();
        match &outcome {
            Outcome::Delivered { external_no } => tracing::info!(number, external_no, "推送：平台已收到工单"),
            Outcome::Retry { at, reason, .. } => tracing::warn!(number, %at, reason, "推送：稍后重试"),
            Outcome::Dead { reason } => tracing::error!(number, reason, "推送：平台拒收，转人工处理"),
        }
        let carried = self.platform.carries(&claim.parcel);
        let attempt = Attempt { started_at, ended_at: self.clock.now(), act, http_status, outcome, carried };
        match self.store.finish(&claim, &attempt).await {
            // Nobody listening is no loss: the event waits in the storage until it is told.
            Ok(Some(news)) => drop(self.news.send(news)),
            Ok(None) => {}
            // The claim stays until its lease ends; the row is unsure then, and the platform is asked first.
            Err(error) => tracing::error!(number, %error, "推送：无法记录结果"),
        }
        health
    }

    async fn ask_and_send(&self, claim: &Claim) -> (Act, Sent) {
        // Only an incident can be asked about; an update or attachment that came twice is known by its own key.
        if !claim.unsure || claim.parcel.message != Message::Incident {
            return (Act::Sent, self.platform.send(&claim.parcel).await);
        }
        match self.platform.ask(claim.parcel.ticket.id).await {
            Asked::Has { external_no, http_status, .. } => (Act::Asked, Sent::Taken { external_no, http_status }),
            Asked::HasNot => (Act::AskedAndSent, self.platform.send(&claim.parcel).await),
            Asked::Unknown { reason, http_status, retry_after } => {
                (Act::Asked, Sent::Transient { reason, http_status, retry_after, unsure: true })
            }
        }
    }

    /// The schedule's wait spread by ±20 %, or what the platform asks for when that is longer.
    fn again_at(&self, attempts: u32, retry_after: Option<SignedDuration>) -> Timestamp {
        let step = usize::try_from(attempts).unwrap_or(usize::MAX).min(self.schedule.len().saturating_sub(1));
        let wait = self.schedule.get(step).copied().unwrap_or(SignedDuration::from_secs(60));
        // Drawn from the ids so that a test can repeat it.
        let drawn = xxhash_rust::xxh3::xxh3_64(self.ids.uuid().as_bytes()) % 401;
        let spread = 0.8 + f64::from(u32::try_from(drawn).unwrap_or(200)) / 1000.0;
        let wait = SignedDuration::try_from_secs_f64(wait.as_secs_f64() * spread).unwrap_or(wait);
        let asked = retry_after.unwrap_or(SignedDuration::ZERO).min(self.retry_after_cap);
        let now = self.clock.now();
        now.saturating_add(wait.max(asked)).unwrap_or(now)
    }
}
