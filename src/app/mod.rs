//! The wiring: which adapter stands behind which port. The only place that knows everything.
//!
//! [`Wiring`] says from what an instance is made, [`Instance::start`] makes it and serves, [`Instance::stop`] ends it in
//! order: no new requests, running turns cut, pushes given their time, log written back.

pub mod attachments;
pub mod delivering;
pub mod duplicates;
pub mod learning;
pub mod lock;
pub mod machine;
pub mod ordering;
pub mod rows;
pub mod shipped;
pub mod street;
pub mod watch;
pub mod wiring;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::config::Settings;
use crate::conversation::channels::origin::Sites;
use crate::conversation::channels::service::Channels;
use crate::conversation::endpoints::Endpoints;
use crate::conversation::prompts::Prompts;
use crate::conversation::service::{Conversations, Parts};
use crate::conversation::street::Street;
use crate::core::clock::Clock;
use crate::core::ids::Ids;
use crate::http::admin::system::SystemFacts;
use crate::http::limits::Limits;
use crate::http::router;
use crate::http::state::{Api, ApiState, Delivery, Readiness};
use crate::http::tickets::lookup::LookupLocks;
use crate::identity::audit::ChainState;
use crate::identity::manage::WithPassword;
use crate::identity::oidc::Oidc;
use crate::identity::{Accounts, Audit, WorkerKey};
use crate::incident::duplicates::open::OpenTickets;
use crate::incident::news::TicketNews;
use crate::knowledge::area::Areas;
use crate::knowledge::document::ImportDefaults;
use crate::knowledge::import::desk::ImportDesk;
use crate::knowledge::import::work::Importer;
use crate::knowledge::indexing::Started;
use crate::knowledge::life::service::DocumentLife;
use crate::knowledge::search::Knowledge;
use crate::llm::budget::TokenCounter;
use crate::llm::port::ChatModel;
use crate::sandbox::{Sandbox, SandboxConfig};
use crate::storage::blobs::BlobFolder;
use crate::storage::sqlite::Sqlite;
use crate::storage::sqlite::accounts::SqliteAccounts;
use crate::storage::sqlite::audit::SqliteAudit;
use crate::storage::sqlite::incident::SqliteTickets;
use crate::storage::sqlite::platform::SqliteOutbox;
use crate::storage::sqlite::sealing::Resealed;
use attachments::KeptAttachments;
use delivering::Delivering;
use lock::FolderLock;
use machine::AroundData;
use shipped::Shipped;
use wiring::Wiring;

/// Where `--demo` mounts the bundled platform.
const SANDBOX_BASE: &str = "/platform";

/// A running service.
#[derive(Debug)]
pub struct Instance {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its handlers reach; tests look at it.
    pub api: ApiState,
    /// Its rows; tests look at them.
    pub db: Sqlite,
    /// The bundled platform, with `--demo`.
    pub sandbox: Option<Sandbox>,
    /// Made at this start because there was no account: to be told once to whoever sits at the terminal, and never to a log.
    pub first_administrator: Option<WithPassword>,
    stop: CancellationToken,
    tasks: TaskTracker,
    grace: Duration,
    _folder: FolderLock,
}

impl Instance {
    /// Serves at once and becomes ready when migrations, first import and index are done.
    ///
    /// # Errors
    /// The first part that cannot be made, in words for the operator.
    pub async fn start(listener: TcpListener, wiring: Wiring) -> anyhow::Result<Self> {
        let Wiring { mut settings, demo, clock, ids, model, metrics, progress, extractor } = wiring;
        let address = listener.local_addr()?;
        if demo {
            wiring::point_at_sandbox(&mut settings, address, &*ids)?;
        }
        let data = settings.data_dir();
        let folder = FolderLock::take(&data)?.ok_or_else(|| anyhow::anyhow!("数据目录 {} 正被另一个进程使用", data.display()))?;
        let shipped = Shipped::new(settings.knowledge_dir());
        let street = Arc::new(Street::parse(&shipped.street_file("street.toml")?)?);
        let prompts = Arc::new(Prompts::load(settings.prompts_dir().as_deref())?);
        let db = rows::open(&settings).await?;
        let zone = jiff::tz::TimeZone::get(&settings.street.timezone)?;
        let files = Arc::new(SqliteTickets::new(db.clone(), zone.clone()));
        let versions = street::open(&shipped, files, Arc::clone(&clock), true).await?;
        let rules = versions.rules().clone();
        let db = db.keeping_time(Arc::new(rules.clone()));
        let tickets = Arc::new(SqliteTickets::new(db.clone(), zone));
        let outbox = Arc::new(SqliteOutbox::new(db.clone()));
        let knowledge = Arc::new(wiring::knowledge(&settings, &data, &db, &shipped).await?);
        let areas = Areas::new(street.areas.clone());
        let documents = Arc::new(db.clone());
        let curation = wiring::curation(&settings, &db, &knowledge, &rules, &ids);
        let life = DocumentLife::new(documents, Arc::clone(&knowledge), Arc::clone(&clock), street.zone.clone(), areas.clone());
        let life = life.with_gate(Arc::clone(&curation));
        let model: Option<Arc<dyn ChatModel>> = match model {
            Some(model) => Some(model),
            None if settings.llm.base_url.as_deref().is_some_and(|u| !u.trim().is_empty()) => {
                Some(crate::llm::connect(&settings.llm, Arc::clone(&clock))?)
            }
            None => None,
        };
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let (news, _) = broadcast::channel::<TicketNews>(256);
        let open = Arc::new(OpenTickets::new(&rules.load().taxonomy));
        let blobs = Arc::new(BlobFolder::new(data.join("attachments")));
        let mut delivering = Delivering::new(
            &settings,
            delivering::Parts {
                outbox: Arc::clone(&outbox),
                attachments: Arc::new(KeptAttachments { rows: Arc::new(db.clone()), blobs: blobs.clone() }),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                news: news.clone(),
                zone: street.zone.clone(),
            },
        )?;
        let anywhere = Sites::read(&settings.server.embed_origins).map_err(|o| anyhow::anyhow!("server.embed_origins: {o}"))?;
        let channels = Channels::open(Arc::new(db.clone()), Arc::clone(&clock), Arc::clone(&ids), anywhere).await?;
        let speech = wiring::speech(&settings)?;
        let endpoints = Endpoints::new(
            model.clone(),
            Arc::clone(&knowledge),
            speech.clone(),
            (&settings.llm, &settings.embedder),
            (&settings.reranker, &settings.transcriber),
        );
        let system = SystemFacts {
            machine: Arc::new(AroundData(data.clone())),
            endpoints,
            prompts: Arc::clone(&prompts),
            started_at: clock.now(),
        };
        let conversations = Conversations::new(Parts {
            store: Arc::new(db.clone()),
            blobs,
            knowledge: Arc::clone(&knowledge),
            curation: Arc::clone(&curation),
            rules: rules.clone(),
            tickets: tickets.clone(),
            moves: tickets.clone(),
            notices: tickets.clone(),
            merges: tickets.clone(),
            open: Arc::clone(&open),
            evidence: tickets.clone(),
            attachments: settings.attachments.clone(),
            model,
            prompts,
            tokens: Arc::new(TokenCounter::new(&settings.llm)?),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            settings: settings.conversation.clone(),
            street,
            destinations: delivering.destinations.clone(),
            bell: delivering.bell.clone(),
            stop: stop.clone(),
        });
        let importer =
            Importer::new(Arc::clone(&knowledge), Arc::new(db.clone()), extractor, Arc::clone(&clock)).with_areas(areas);
        let defaults = wiring::import_defaults(&settings, &*clock)?;
        let uploads = std::path::absolute(data.join("imports"))?;
        let desk = ImportDesk::new(importer.clone(), uploads, defaults.clone(), Arc::clone(&clock), Arc::clone(&ids));
        let readiness = Arc::new(Readiness::default());
        let books = Arc::new(SqliteAccounts::new(db.clone()));
        let accounts = Arc::new(Accounts::new(books, Arc::clone(&clock), Arc::clone(&ids), settings.identity.clone()));
        crate::llm::install_tls();
        let callback = format!("{}{}", settings.public_url(), crate::http::auth::oidc::CALLBACK);
        let oidc = Oidc::new(&settings.identity.oidc, callback, Arc::clone(&clock), Arc::clone(&ids))?;
        let api: ApiState = Arc::new(Api {
            conversations: Arc::clone(&conversations),
            channels,
            public_origin: Url::parse(&settings.public_url())?.origin().ascii_serialization(),
            tickets: tickets.clone(),
            labels: tickets.clone(),
            disputes: tickets.clone(),
            merges: tickets.clone(),
            destinations: delivering.destinations.clone(),
            clocks: tickets.clone(),
            ledgers: Arc::new(db.clone()),
            street: Arc::clone(&versions),
            rules: rules.clone(),
            knowledge: Arc::clone(&knowledge),
            life: Arc::new(life),
            imports: desk,
            insight: Arc::new(db.clone()),
            curation: Arc::clone(&curation),
            curation_settings: settings.curation.clone(),
            delivery: Delivery {
                outbox: outbox.clone(),
                desk: outbox,
                bell: delivering.bell.clone(),
                callbacks: std::mem::take(&mut delivering.callbacks),
                wellbeing: std::mem::take(&mut delivering.wellbeing),
                platforms: std::mem::take(&mut delivering.platforms),
                reconcilers: std::mem::take(&mut delivering.reconcilers),
            },
            accounts: Arc::clone(&accounts),
            oidc,
            audit: Audit::new(Arc::new(SqliteAudit::new(db.clone())), Arc::clone(&clock)),
            secure: settings.public_url().starts_with("https://"),
            worker_key: WorkerKey::new(&settings.identity.worker_key),
            limits: Limits::new(&settings.limits, settings.server.trust_forwarded_for),
            lookups: LookupLocks::default(),
            readiness: Arc::clone(&readiness),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            server: settings.server.clone(),
            attachments: settings.attachments.clone(),
            speech,
            metrics,
            system,
            demo,
        });
        let sandbox = if demo { Some(open_sandbox(&settings, &data, address, &clock, &ids).await?) } else { None };
        let mounted: Option<Router> = sandbox.as_ref().map(|s| s.mounted_at(SANDBOX_BASE));
        let app = router::router(Arc::clone(&api), Arc::clone(&ids), &settings.public_url(), mounted)?;
        // Before the first request: a caller that comes back at once must find the turn that a crash broke off as cut.
        conversations.recover().await?;
        let log = Arc::clone(&conversations);
        tasks.spawn(async move {
            // Turns from before the log of questions; there are some after an update only.
            match log.complete_log().await {
                Ok(0) => {}
                Ok(noted) => tracing::info!(noted, "older turns were noted in the log of questions"),
                Err(error) => tracing::warn!(%error, "older turns are not in the log of questions"),
            }
        });
        let ended = stop.clone();
        tasks.spawn(async move {
            let service = app.into_make_service_with_connect_info::<SocketAddr>();
            // Words must leave one by one: without this the second small write of a stream waits 40 ms for an acknowledgement.
            let listener = listener.tap_io(|stream| {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY");
                }
            });
            let served = axum::serve(listener, service).with_graceful_shutdown(ended.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the listener ended");
            }
        });

        crate::core::text::warm_up();
        if settings.knowledge.seed || demo {
            wiring::seed(&knowledge, &shipped, &*clock, &settings, progress).await?;
            wiring::seed_questions(&curation, &shipped, &*clock).await?;
        }
        if demo {
            wiring::seed_ledgers(&db, &shipped, &rules, &*clock).await?;
        }
        let outdated = matches!(knowledge.start().await?, Started::Outdated(_));
        curation.reload().await?;
        // The last step: what can fail has not, and the password is not lost with it.
        let first_administrator = accounts.first_administrator().await?;
        readiness.set_ready();
        if outdated {
            let knowledge = Arc::clone(&knowledge);
            tasks.spawn(async move {
                // The old generation answers meanwhile, and goes on answering when this fails.
                if let Err(error) = knowledge.bring_up_to_date().await {
                    tracing::error!(%error, "the index was not brought up to date; it is tried again at the next start");
                }
            });
        }

        if let Some(sandbox) = sandbox.clone() {
            let stop = stop.clone();
            tasks.spawn(async move { sandbox.run_callbacks(stop).await });
        }
        delivering.start(&tasks, &stop);
        tasks.spawn(Arc::clone(&conversations).tell_news(news.subscribe()));
        tasks.spawn(imports(importer, defaults, stop.clone()));
        tasks.spawn(tidying(Arc::clone(&knowledge), stop.clone()));
        tasks.spawn(ordering::run(Arc::clone(&knowledge), Arc::clone(&curation), stop.clone()));
        tasks.spawn(watch::run(tickets.clone(), Arc::new(rules.clone()), Arc::clone(&clock), stop.clone()));
        tasks.spawn(duplicates::run(open, tickets.clone(), stop.clone()));
        tasks.spawn(learning::run(rules, tickets, stop.clone()));
        tasks.spawn(sealing(db.clone(), stop.clone()));
        tasks.spawn(counting(db.clone(), stop.clone()));
        tasks.spawn(street::run(versions, stop.clone()));
        tasks.spawn(housekeeping(Arc::clone(&api), stop.clone()));
        let grace = Duration::from_millis(settings.server.shutdown_grace_ms);
        Ok(Self { address, api, db, sandbox, first_administrator, stop, tasks, grace, _folder: folder })
    }

    /// Ends in order; what does not end in time is left behind and said so.
    pub async fn stop(self) {
        self.api.readiness.set_unready();
        self.stop.cancel();
        self.tasks.close();
        let ended = async {
            self.api.conversations.drain().await;
            self.tasks.wait().await;
        };
        if tokio::time::timeout(self.grace, ended).await.is_err() {
            tracing::warn!("some work did not end in time; it is taken up at the next start");
        }
        self.db.close().await;
        if let Some(sandbox) = &self.sandbox {
            sandbox.close().await;
        }
    }
}

async fn open_sandbox(
    settings: &Settings,
    data: &std::path::Path,
    address: SocketAddr,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn Ids>,
) -> anyhow::Result<Sandbox> {
    let secret = settings.platform.secret.clone().ok_or_else(|| anyhow::anyhow!("platform.secret is not set"))?;
    let config = SandboxConfig {
        callback_url: Some(Url::parse(&format!("http://{address}/api/v1/platform/callbacks"))?),
        secret,
        faults: crate::sandbox::Faults::default(),
        clock: Arc::clone(clock),
        ids: Arc::clone(ids),
        tz: jiff::tz::TimeZone::get(&settings.street.timezone)?,
    };
    Ok(Sandbox::open(&data.join("sandbox.sqlite"), config).await?)
}

/// Tells the figures of turns from before they were counted.
async fn counting(db: Sqlite, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        told = db.catch_up_facts() => match told {
            Ok(0) => {}
            Ok(turns) => tracing::info!(turns, "turns of before are counted"),
            Err(error) => tracing::warn!(%error, "turns of before were not counted; it is tried again at the next start"),
        },
    }
}

/// Fulfils the imports that were wished for on the command line and in the console.
async fn imports(importer: Importer, defaults: ImportDefaults, stop: CancellationToken) {
    loop {
        match importer.work_off(&defaults, &stop, &|_| {}).await {
            Ok(jobs) if jobs.is_empty() => {}
            Ok(jobs) => tracing::info!(jobs = jobs.len(), "imports done"),
            Err(error) => tracing::error!(%error, "an import failed; it is tried again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
        }
    }
}

/// Does with the index what the command line wished, and brings it into shape after large imports.
async fn tidying(knowledge: Arc<Knowledge>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
        }
        let fulfilled = tokio::select! {
            () = stop.cancelled() => return,
            fulfilled = knowledge.fulfil() => fulfilled,
        };
        if let Err(error) = fulfilled {
            tracing::warn!(%error, "a wish about the index was not fulfilled");
        }
        let optimised = tokio::select! {
            // What the engine has begun it ends by itself; nobody waits for it.
            () = stop.cancelled() => return,
            optimised = knowledge.optimise_if_worth_it() => optimised,
        };
        match optimised {
            Ok(true) => tracing::info!("the index was optimised"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the index was not optimised"),
        }
    }
}

/// Seals again what lies under another key than the one that seals today.
async fn sealing(db: Sqlite, stop: CancellationToken) {
    let again = async { if db.is_sealed_as_configured().await? { Ok(None) } else { db.reseal(200).await.map(Some) } };
    let again: Result<_, crate::incident::store::StoreError> = tokio::select! {
        () = stop.cancelled() => return,
        again = again => again,
    };
    match again {
        Ok(None) => {}
        Ok(Some(Resealed { done, lost: 0 })) => tracing::info!(done, "everything lies under the current key"),
        Ok(Some(Resealed { done, lost })) => {
            tracing::error!(done, lost, "texts that no configured key opens were left as they are");
        }
        Err(error) => tracing::error!(%error, "sealing again was broken off; it goes on at the next start"),
    }
}

/// What must be done now and then.
async fn housekeeping(api: ApiState, stop: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_mins(10));
    let mut audited: Option<jiff::Timestamp> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        api.limits.sweep();
        match api.imports.sweep().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "originals of old imports deleted"),
            Err(error) => tracing::warn!(%error, "originals of old imports were not deleted"),
        }
        let now = api.clock.now();
        if audited.is_none_or(|last| now.duration_since(last) >= jiff::SignedDuration::from_hours(24)) {
            audited = Some(now);
            check_audit(&api).await;
        }
        if let Err(error) = api.accounts.sweep().await {
            tracing::warn!(%error, "old sessions were not deleted");
        }
        if let Err(error) = api.channels.sweep().await {
            tracing::warn!(%error, "old tokens of channels were not forgotten");
        }
        match api.conversations.forget_old().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "old conversations deleted"),
            Err(error) => tracing::warn!(%error, "old conversations were not deleted"),
        }
        if let Err(error) = api.curation.gather(api.clock.now()).await {
            tracing::warn!(%error, "gaps were not grouped");
        }
    }
}

/// Reads the audit log through and says its head: kept with the service's log, it later proves that nothing before it was changed.
async fn check_audit(api: &ApiState) {
    match api.audit.log().verify().await {
        Ok(ChainState { broken: None, rows, head, .. }) => tracing::info!(rows, head, "the audit log is whole"),
        Ok(ChainState { broken: Some((seq, why)), .. }) => {
            tracing::error!(seq, why, "the audit log was changed by somebody");
        }
        Err(error) => tracing::warn!(%error, "the audit log was not read"),
    }
}
