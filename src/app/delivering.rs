//! The platforms of the configuration: a worker, a receiver of callbacks and a nightly reconciliation for each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Settings;
use crate::core::clock::Clock;
use crate::core::ids::Ids;
use crate::incident::bell::Bell;
use crate::incident::destinations::Destinations;
use crate::incident::news::TicketNews;
use crate::platform::attachments::AttachmentSource;
use crate::platform::callback::{CallbackReceiver, Callbacks};
use crate::platform::json::JsonPlatform;
use crate::platform::reconcile::Reconciler;
use crate::platform::settings::PlatformSettings;
use crate::platform::worker::{OutboxWorker, Platform, Wellbeing};
use crate::storage::sqlite::platform::SqliteOutbox;

/// What delivering needs.
pub struct Parts {
    /// Rows.
    pub outbox: Arc<SqliteOutbox>,
    /// Bytes of attachments.
    pub attachments: Arc<dyn AttachmentSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// Where moves are told.
    pub news: broadcast::Sender<TicketNews>,
    /// The street's zone.
    pub zone: TimeZone,
}

/// Everything about the platforms, made but not running.
pub struct Delivering {
    /// Which tickets go where.
    pub destinations: Destinations,
    /// Wakes the workers.
    pub bell: Bell,
    /// Takes callbacks.
    pub callbacks: Callbacks,
    /// How each platform is.
    pub wellbeing: BTreeMap<String, Arc<Mutex<Wellbeing>>>,
    /// Speaks to each platform.
    pub platforms: BTreeMap<String, Arc<dyn Platform>>,
    /// Asks what each platform has.
    pub reconcilers: BTreeMap<String, Arc<Reconciler>>,
    workers: Vec<OutboxWorker>,
    nightly: Vec<(Arc<Reconciler>, Time)>,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
}

impl Delivering {
    /// Makes a worker for each platform that has an address.
    ///
    /// # Errors
    /// A platform's secret, template or client cannot be used.
    pub fn new(settings: &Settings, parts: Parts) -> anyhow::Result<Self> {
        let Parts { outbox, attachments, clock, ids, news, zone } = parts;
        let all: Vec<&PlatformSettings> = settings.platforms().collect();
        let mut bells = Vec::new();
        let mut callbacks = Callbacks::default();
        let (mut wellbeing, mut platforms, mut reconcilers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (mut workers, mut nightly) = (Vec::new(), Vec::new());
        for one in &all {
            if let Some(secret) = one.secret_for_callbacks() {
                let receiver = CallbackReceiver::new(one.name.clone(), secret, outbox.clone(), Arc::clone(&clock), news.clone())?;
                callbacks.add(receiver);
            }
            if one.base_url.is_none() {
                continue;
            }
            let bell = Arc::new(Notify::new());
            let platform = Arc::new(JsonPlatform::new(one, Arc::clone(&attachments), Arc::clone(&clock), Arc::clone(&ids))?);
            let worker = OutboxWorker::new(
                "serve",
                one,
                outbox.clone(),
                platform.clone(),
                Arc::clone(&clock),
                Arc::clone(&ids),
                Arc::clone(&bell),
                news.clone(),
            );
            platforms.insert(one.name.clone(), platform.clone() as Arc<dyn Platform>);
            wellbeing.insert(one.name.clone(), worker.wellbeing());
            workers.push(worker);
            let reconciler = Arc::new(Reconciler::new(
                one.name.clone(),
                platform,
                outbox.clone(),
                outbox.clone(),
                Arc::clone(&clock),
                Arc::clone(&bell),
                news.clone(),
            ));
            reconcilers.insert(one.name.clone(), Arc::clone(&reconciler));
            if let Some(at) = one.nightly() {
                nightly.push((reconciler, at));
            }
            bells.push(bell);
        }
        let destinations = Destinations::new(all.iter().map(|p| p.wanted()).collect());
        Ok(Self {
            destinations,
            bell: Bell::new(move || bells.iter().for_each(|worker| worker.notify_one())),
            callbacks,
            wellbeing,
            platforms,
            reconcilers,
            workers,
            nightly,
            clock,
            zone,
        })
    }

    /// Starts the workers and the nightly reconciliation.
    pub fn start(&mut self, tasks: &TaskTracker, stop: &CancellationToken) {
        for worker in self.workers.drain(..) {
            tasks.spawn(worker.run(stop.clone()));
        }
        for (reconciler, at) in self.nightly.drain(..) {
            tasks.spawn(every_night(reconciler, at, Arc::clone(&self.clock), self.zone.clone(), stop.clone()));
        }
    }
}

/// Reconciles once a day, from `at` on.
async fn every_night(reconciler: Arc<Reconciler>, at: Time, clock: Arc<dyn Clock>, zone: TimeZone, stop: CancellationToken) {
    let mut next = after(&clock.now().to_zoned(zone.clone()), at);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(20)) => {}
        }
        let now = clock.now().to_zoned(zone.clone());
        if next.as_ref().is_none_or(|next| now < *next) {
            continue;
        }
        next = after(&now, at);
        let destination = reconciler.destination();
        match reconciler.run(Duration::from_millis(50), &stop).await {
            Ok(found) => tracing::info!(destination, ?found, "reconciled"),
            Err(error) => tracing::error!(destination, %error, "reconciling was broken off; it goes on tomorrow"),
        }
    }
}

/// The next moment of this time of day.
fn after(now: &Zoned, at: Time) -> Option<Zoned> {
    let today = now.date().to_datetime(at).to_zoned(now.time_zone().clone()).ok()?;
    if today > *now { Some(today) } else { today.checked_add(1.day()).ok() }
}
