//! What handlers may reach.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics_exporter_prometheus::PrometheusHandle;
use parking_lot::Mutex;

use super::admin::system::SystemFacts;
use super::limits::Limits;
use super::tickets::lookup::LookupLocks;
use crate::config::{AttachmentSettings, CurationSettings, ServerSettings};
use crate::conversation::channels::service::Channels;
use crate::conversation::service::Conversations;
use crate::conversation::speech::Speech;
use crate::core::clock::Clock;
use crate::core::ids::Ids;
use crate::identity::oidc::Oidc;
use crate::identity::{Accounts, Audit, WorkerKey};
use crate::incident::bell::Bell;
use crate::incident::clock_store::ClockStore;
use crate::incident::destinations::Destinations;
use crate::incident::dispute::DisputeStore;
use crate::incident::duplicates::store::MergeStore;
use crate::incident::labels::LabelStore;
use crate::incident::ledger::store::LedgerStore;
use crate::incident::rules::Rules;
use crate::incident::store::TicketStore;
use crate::incident::street::desk::Desk;
use crate::insight::store::InsightStore;
use crate::knowledge::curation::Curation;
use crate::knowledge::import::desk::ImportDesk;
use crate::knowledge::life::service::DocumentLife;
use crate::knowledge::search::Knowledge;
use crate::platform::callback::Callbacks;
use crate::platform::desk::DeliveryDesk;
use crate::platform::outbox::OutboxStore;
use crate::platform::reconcile::Reconciler;
use crate::platform::worker::{Platform, Wellbeing};

/// 503 until migrations, first import and index are done.
#[derive(Debug, Default)]
pub struct Readiness(AtomicBool);

impl Readiness {
    /// From now on requests can be served.
    pub fn set_ready(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// From now on they cannot (the service ends).
    pub fn set_unready(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether requests can be served.
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What handlers reach of the platforms.
#[derive(Debug)]
pub struct Delivery {
    /// Rows and attempts.
    pub outbox: Arc<dyn OutboxStore>,
    /// What people do with them.
    pub desk: Arc<dyn DeliveryDesk>,
    /// Wakes the workers.
    pub bell: Bell,
    /// Takes callbacks.
    pub callbacks: Callbacks,
    /// How each platform is, by name.
    pub wellbeing: BTreeMap<String, Arc<Mutex<Wellbeing>>>,
    /// What would be sent to each, by name.
    pub platforms: BTreeMap<String, Arc<dyn Platform>>,
    /// Asks what each platform has, by name.
    pub reconcilers: BTreeMap<String, Arc<Reconciler>>,
}

/// The rooms and rules behind the URLs.
#[derive(Debug)]
pub struct Api {
    /// Turns, messages, drafts.
    pub conversations: Arc<Conversations>,
    /// Where the window stands.
    pub channels: Channels,
    /// What others call our own site: scheme, host, port.
    pub public_origin: String,
    /// Tickets.
    pub tickets: Arc<dyn TicketStore>,
    /// Merging and splitting tickets.
    pub merges: Arc<dyn MergeStore>,
    /// Which platforms receive which tickets.
    pub destinations: Destinations,
    /// Which category tickets really have.
    pub labels: Arc<dyn LabelStore>,
    /// What posts say that tickets are not for them, and what became of it.
    pub disputes: Arc<dyn DisputeStore>,
    /// Deadlines: pausing, extending, who is told.
    pub clocks: Arc<dyn ClockStore>,
    /// What is visited again and again.
    pub ledgers: Arc<dyn LedgerStore>,
    /// The street's files in versions.
    pub street: Arc<Desk>,
    /// Taxonomy, grid directory and the rest of the street's rules; a request loads them once.
    pub rules: Rules,
    /// Documents.
    pub knowledge: Arc<Knowledge>,
    /// Drafts, review, versions, history.
    pub life: Arc<DocumentLife>,
    /// Where files are handed in.
    pub imports: ImportDesk,
    /// What happened, to be counted.
    pub insight: Arc<dyn InsightStore>,
    /// Fixed answers, gaps, question sets.
    pub curation: Arc<Curation>,
    /// What curators may do to those who asked.
    pub curation_settings: CurationSettings,
    /// Deliveries to the platforms, and what these tell us.
    pub delivery: Delivery,
    /// Who is who.
    pub accounts: Arc<Accounts>,
    /// Signing in with an identity provider, when one is configured.
    pub oidc: Option<Oidc>,
    /// Where changes are written down.
    pub audit: Audit,
    /// True when others reach us by https: cookies say so.
    pub secure: bool,
    /// Opens the gridworkers' audience.
    pub worker_key: WorkerKey,
    /// Rates.
    pub limits: Limits,
    /// Wrong tries of ticket look-ups.
    pub lookups: LookupLocks,
    /// Whether requests can be served.
    pub readiness: Arc<Readiness>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// Sizes and times.
    pub server: ServerSettings,
    /// Rules for attachments.
    pub attachments: AttachmentSettings,
    /// Voice input.
    pub speech: Speech,
    /// Numbers for the operator.
    pub metrics: Option<PrometheusHandle>,
    /// The models outside the house, what they are told, the machine.
    pub system: SystemFacts,
    /// True when `/platform` is the bundled sandbox.
    pub demo: bool,
}

/// What handlers take as their state.
pub type ApiState = Arc<Api>;
