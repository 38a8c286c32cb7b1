//! The whole service in this process: its own port, data folder and runtime, the bundled platform beside it.
//!
//! The runtime of its own makes a crash honest: [`TestApp::crash`] takes the threads away in the middle of whatever they did.
//! A test fails when it leaves tickets that were not delivered, unless it said so ([`Builder::may_leave_pending`]).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use gridworker::app::Instance;
use gridworker::app::wiring::Wiring;
use gridworker::config::{Engine, Settings};
use gridworker::core::clock::{Clock as _, ManualClock};
use gridworker::identity::{Role, Scope};
use gridworker::knowledge::import::extractor::{Extractor, Limits};
use gridworker::sandbox::Faults;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::fake_model::FakeModel;
use super::people::{Gridworker, Platform, Resident, Stranger};
use super::staff::{Administrator, Auditor, Curator, Dispatcher, FieldWorker, Reviewer, Staff};

/// Opens the gridworkers' audience in all tests.
pub const WORKER_KEY: &str = "worker-key-of-the-tests";
/// A Tuesday morning, ten o'clock in the street.
pub const MORNING: &str = "2026-06-09T02:00:00Z";

type Change = Box<dyn Fn(&mut Settings) + Send + Sync>;

/// How the service is to be started.
pub struct Builder {
    changes: Vec<Change>,
    pending: bool,
    demo: bool,
}

impl Builder {
    /// Asks this stand-in.
    pub fn model(self, fake: &FakeModel) -> Self {
        let url = fake.base_url();
        self.settings(move |s| {
            s.llm.base_url = Some(url.clone());
            "some-model".clone_into(&mut s.llm.model);
            s.llm.retries = 1;
            s.llm.retry_delay_ms = 1;
            s.llm.retry_delay_max_ms = 20;
            s.llm.idle_timeout_ms = 15_000;
        })
    }

    /// Changes the settings.
    pub fn settings(mut self, change: impl Fn(&mut Settings) + Send + Sync + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// Tickets may be left undelivered at the end.
    pub fn may_leave_pending(mut self) -> Self {
        self.pending = true;
        self
    }

    /// Without the bundled platform.
    pub fn alone(mut self) -> Self {
        self.demo = false;
        self.settings(|s| s.knowledge.seed = true)
    }

    pub async fn start(self) -> TestApp {
        gridworker::llm::install_tls();
        let folder = tempfile::tempdir().expect("a temporary folder");
        lay_out_knowledge(&folder.path().join("knowledge"));
        let clock = Arc::new(ManualClock::at(MORNING.parse::<Timestamp>().expect("a time")));
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            // A refused upload ends its connection; a test should not stumble over the remains of another request.
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        let address = Arc::new(RwLock::new(SocketAddr::from(([127, 0, 0, 1], 0))));
        let mut app =
            TestApp { how: self, folder, clock, http, address, service: None, staff: std::sync::atomic::AtomicU64::new(0) };
        app.begin().await;
        app
    }
}

struct Service {
    runtime: Runtime,
    instance: Instance,
}

/// A running service.
pub struct TestApp {
    how: Builder,
    folder: tempfile::TempDir,
    /// Stands still until a test moves it.
    pub clock: Arc<ManualClock>,
    pub http: reqwest::Client,
    address: Arc<RwLock<SocketAddr>>,
    service: Option<Service>,
    staff: std::sync::atomic::AtomicU64,
}

impl TestApp {
    /// Without a model, with the bundled platform and the small knowledge of `tests/fixtures/knowledge`.
    pub async fn start() -> Self {
        Self::with().start().await
    }

    pub fn with() -> Builder {
        Builder { changes: Vec::new(), pending: false, demo: true }
    }

    async fn begin(&mut self) {
        let settings = self.settings();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (clock, demo) = (Arc::clone(&self.clock), self.how.demo);
        let begun = runtime.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
            // This binary is the suite and no parser.
            let extractor = Extractor::new(env!("CARGO_BIN_EXE_gridworker").into(), Limits::default());
            let wiring = Wiring { demo, clock, extractor, ..Wiring::new(settings) };
            Instance::start(listener, wiring).await.expect("the service starts")
        });
        let instance = begun.await.expect("the service starts");
        *self.address.write().expect("no test panics with the lock") = instance.address;
        self.service = Some(Service { runtime, instance });
    }

    fn settings(&self) -> Settings {
        let mut s = Settings::defaults().expect("the default settings are valid");
        s.storage.data_dir = self.data().to_string_lossy().into_owned();
        s.paths.knowledge = self.folder.path().join("knowledge").to_string_lossy().into_owned();
        s.paths.prompts = root().join("prompts").to_string_lossy().into_owned();
        s.knowledge.engine = Engine::Memory;
        s.identity.worker_key = SecretString::from(WORKER_KEY);
        s.platform.schedule_s = vec![1.0];
        s.platform.poll_s = 0.05;
        s.platform.breaker_pause_s = 1.0;
        for change in &self.how.changes {
            change(&mut s);
        }
        s
    }

    /// Everything that the service writes.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn instance(&self) -> &Instance {
        &self.service.as_ref().expect("the service runs").instance
    }

    /// Ends in order and starts again over the same data folder, on another port.
    pub async fn restart(&mut self) {
        let Service { runtime, instance } = self.service.take().expect("the service runs");
        runtime.spawn(instance.stop()).await.expect("the service ends in order");
        away(runtime);
        self.begin().await;
    }

    /// Takes the threads away in the middle of everything.
    pub fn crash(&mut self) {
        let Service { runtime, instance } = self.service.take().expect("the service runs");
        away(runtime);
        drop(instance);
    }

    /// Starts again after a crash.
    pub async fn again(&mut self) {
        assert!(self.service.is_none(), "the service still runs");
        self.begin().await;
    }

    /// Somebody with a new conversation.
    pub async fn resident(&self) -> Resident {
        Resident::open(self.http.clone(), Arc::clone(&self.address), None).await
    }

    /// A gridworker with a new conversation.
    pub async fn gridworker(&self) -> Gridworker {
        Gridworker(Resident::open(self.http.clone(), Arc::clone(&self.address), Some(WORKER_KEY)).await)
    }

    /// A new account with this one role, signed in.
    pub async fn as_curator(&self) -> Curator {
        Curator(self.staff(&[Role::Curator]).await)
    }

    /// A new account with this one role, signed in.
    pub async fn as_reviewer(&self) -> Reviewer {
        Reviewer(self.staff(&[Role::Reviewer]).await)
    }

    /// A new account with this one role, signed in.
    pub async fn as_administrator(&self) -> Administrator {
        Administrator(self.staff(&[Role::Administrator]).await)
    }

    /// A new account with this one role, signed in.
    pub async fn as_dispatcher(&self) -> Dispatcher {
        Dispatcher(self.staff(&[Role::Dispatcher]).await)
    }

    /// A new account with this one role, signed in.
    pub async fn as_auditor(&self) -> Auditor {
        Auditor(self.staff(&[Role::Auditor]).await)
    }

    /// A new gridworker's account for the whole street, signed in (not a conversation: that is [`Self::gridworker`]).
    pub async fn as_gridworker(&self) -> FieldWorker {
        FieldWorker(self.staff(&[Role::Gridworker]).await)
    }

    /// A new account with these roles, signed in.
    pub async fn staff(&self, roles: &[Role]) -> Staff {
        self.staff_within(roles, Scope::everything()).await
    }

    /// A new account with these roles for a part of the street, signed in.
    pub async fn staff_within(&self, roles: &[Role], scope: Scope) -> Staff {
        let number = self.staff.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        let name = format!("{}-{number}", roles.first().expect("a role").word());
        let made = self.add_staff(&name, roles, scope).await;
        Staff::sign_in(self.http.clone(), Arc::clone(&self.address), &name, super::staff::PASSWORD, made).await
    }

    /// Adds an account whose password is [`super::staff::PASSWORD`], chosen by itself; its id.
    pub async fn add_staff(&self, name: &str, roles: &[Role], scope: Scope) -> uuid::Uuid {
        let db = self.instance().db.clone();
        let account = super::staff::account(name, roles, scope, self.now());
        let id = account.id;
        let runtime = self.service.as_ref().expect("the service runs").runtime.handle();
        runtime.spawn(async move { super::staff::add(&db, &account).await }).await.expect("an account");
        id
    }

    /// Somebody who holds no key.
    pub fn stranger(&self) -> Stranger {
        Stranger { http: self.http.clone(), address: Arc::clone(&self.address) }
    }

    /// Who sits at the platform's board.
    pub fn platform(&self) -> Platform {
        Platform { http: self.http.clone(), address: Arc::clone(&self.address) }
    }

    /// How the platform misbehaves.
    pub fn faults(&self, faults: Faults) {
        self.instance().sandbox.as_ref().expect("the bundled platform runs").set_faults(faults);
    }

    /// A number out of the service's own rows.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let pool = self.instance().db.reader().clone();
        let runtime = self.service.as_ref().expect("the service runs").runtime.handle();
        let count = runtime.spawn(async move { sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool).await });
        count.await.expect("a query").expect("a number")
    }

    /// Runs `work` where the service runs: its rows know no other runtime.
    pub async fn within<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let runtime = self.service.as_ref().expect("the service runs").runtime.handle();
        runtime.spawn(work).await.expect("the work ends")
    }

    /// Changes the service's own rows behind its back.
    pub async fn tamper(&self, sql: &'static str) {
        let db = self.instance().db.clone();
        let runtime = self.service.as_ref().expect("the service runs").runtime.handle();
        let done = runtime.spawn(async move {
            let mut tx = db.durable().await?;
            sqlx::query(sql).execute(&mut *tx).await?;
            tx.commit().await
        });
        done.await.expect("a query").expect("the rows change");
    }

    /// Waits until every ticket is at the platform, moving the clock for those that are tried again.
    pub async fn delivered(&self) {
        until("every ticket is delivered", async || {
            self.clock.advance(SignedDuration::from_millis(200));
            self.count(PENDING).await == 0
        })
        .await;
    }

    /// Waits until every move has been told to its conversation.
    pub async fn told(&self) {
        self.delivered().await;
        until("every move is told", async || {
            let sandbox = self.instance().sandbox.clone().expect("the bundled platform runs");
            let runtime = self.service.as_ref().expect("the service runs").runtime.handle();
            let waiting =
                runtime.spawn(async move { sandbox.pending_callbacks().await }).await.expect("a count").expect("a count");
            waiting == 0 && self.count("SELECT COUNT(*) FROM ticket_events WHERE told_at IS NULL").await == 0
        })
        .await;
    }

    /// Presses a button of the board, a second later than whatever was before: the platform never tells two moves of one moment.
    pub async fn press(&self, ticket: &serde_json::Value, button: &str, said: &serde_json::Value) {
        self.clock.advance(SignedDuration::from_secs(1));
        self.platform().press(ticket, button, said).await;
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

const PENDING: &str = "SELECT COUNT(*) FROM outbox WHERE state = 'pending'";

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(Service { runtime, instance }) = self.service.take() else { return };
        let check = !self.how.pending && !std::thread::panicking();
        let clock = Arc::clone(&self.clock);
        let left = std::thread::spawn(move || {
            let begun = Instant::now();
            let mut left = 0;
            if check {
                loop {
                    left = runtime.block_on(sqlx::query_scalar::<_, i64>(PENDING).fetch_one(instance.db.reader())).unwrap_or(-1);
                    if left == 0 || begun.elapsed() > Duration::from_secs(10) {
                        break;
                    }
                    clock.advance(SignedDuration::from_millis(200));
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
            runtime.shutdown_timeout(Duration::from_secs(5));
            left
        });
        let left = left.join().unwrap_or(-1);
        assert!(!check || left == 0, "{left} ticket(s) of this test were never delivered to the platform");
    }
}

/// Waits until `check` is true.
pub async fn until<F: AsyncFnMut() -> bool>(what: &str, mut check: F) {
    let begun = Instant::now();
    while !check().await {
        assert!(begun.elapsed() < super::wire::PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A runtime may not be dropped among futures.
fn away(runtime: Runtime) {
    drop(std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(5))).join());
}

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The street's own data as shipped, with the few guides of the tests.
pub fn lay_out_knowledge(to: &Path) {
    copy(&root().join("knowledge/street"), &to.join("street"));
    copy(&root().join("tests/fixtures/knowledge"), to);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}
