//! What the tests of delivery stand on: a street with its storage, and a platform on a real socket that can be killed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gridworker::core::clock::{Clock, SystemClock};
use gridworker::core::ids::{Ids, RandomIds};
use gridworker::incident::labels::LabelSource;
use gridworker::incident::news::TicketNews;
use gridworker::incident::store::{NewTicket, TicketStore as _};
use gridworker::incident::ticket::{
    Category, Deadlines, Kind, Place, Reporter, Route, SCHEMA_VERSION, Source, Status, Ticket, Urgency,
};
use gridworker::platform::attachments::{AttachmentSource, Kept, NotReadable};
use gridworker::platform::callback::CallbackReceiver;
use gridworker::platform::json::JsonPlatform;
use gridworker::platform::outbox::{Message, OutboxCounts, OutboxStore as _, Parcel};
use gridworker::platform::settings::PlatformSettings;
use gridworker::platform::signature::SignedHeaders;
use gridworker::platform::worker::{OutboxWorker, Platform};
use gridworker::sandbox::{Faults, Sandbox, SandboxConfig};
use gridworker::storage::sqlite::Sqlite;
use gridworker::storage::sqlite::incident::SqliteTickets;
use gridworker::storage::sqlite::platform::SqliteOutbox;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

/// The secret of all tests, in the form of Standard Webhooks.
pub const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// The street's zone.
pub fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").expect("the zone database is bundled")
}

/// TLS is not used, but the client wants to know its provider.
pub fn crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client that goes nowhere but where it is told.
pub fn client() -> reqwest::Client {
    crypto();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a plain client")
}

/// Waits until `check` is true, or fails with `what` after half a minute.
pub async fn until<F: AsyncFnMut() -> bool>(what: &str, mut check: F) {
    let begun = Instant::now();
    while !check().await {
        assert!(begun.elapsed() < Duration::from_secs(40), "waited 40 s in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The façade of 铂金云鼎小区, number `n`.
pub fn ticket(n: u32) -> Ticket {
    let now = SystemClock.now();
    let created_at = Timestamp::from_millisecond(now.as_millisecond()).expect("now is a time");
    Ticket {
        id: RandomIds.uuid(),
        number: String::new(),
        kind: Kind::投诉,
        category: Category {
            code: "FW-03".into(),
            name: "外墙脱落".into(),
            path: vec!["房屋安全".into(), "外墙脱落".into()],
            section: "经济发展".into(),
            standard_codes: [("12345".to_owned(), "0203".to_owned())].into(),
        },
        title: format!("外墙瓷砖脱落（{n}）"),
        description: "7栋外墙瓷砖掉下来，差点砸到人".into(),
        original_words: "铂金云鼎7栋外墙掉瓷砖，我住1203，电话13800000000".into(),
        place: Place {
            text: "铂金云鼎小区7栋".into(),
            community: Some("锦凤社区".into()),
            grid: Some("第七网格".into()),
            grid_code: Some("JF-07".into()),
            estate: Some("铂金云鼎小区".into()),
            building: Some("7栋".into()),
            room: Some("1203".into()),
            confidence: 0.97,
            ..Place::default()
        },
        occurred_at: None,
        urgency: Urgency::紧急,
        urgency_reason: "可能伤人".into(),
        people_affected: None,
        answers: [("是否有人受伤".to_owned(), "\"没有\"\n暂时".to_owned())].into(),
        attachments: vec![],
        reporter: Reporter { anonymous: false, name: Some("某居民".into()), phone: Some("13800000000".into()) },
        route: Route {
            section: "经济发展".into(),
            post: "城市更新岗".into(),
            first_receiver: "流转调度岗".into(),
            co_units: vec![],
            reason: "外墙脱落归城市更新岗".into(),
        },
        clock: Deadlines {
            accept_by: created_at + SignedDuration::from_mins(5),
            resolve_by: created_at + SignedDuration::from_hours(24),
            basis: "紧急：5分钟内受理，24小时内办结（连续计时）".into(),
            ..Deadlines::default()
        },
        standard: None,
        confidential: false,
        status: Status::已提交,
        joined: 1,
        duplicate_of: None,
        ledger: None,
        source: Source { channel: "web".into(), conversation_id: RandomIds.uuid() },
        assisted_by_ai: false,
        created_at,
        schema_version: SCHEMA_VERSION,
    }
}

/// A push of a ticket.
pub fn incident(ticket: &Ticket) -> Parcel {
    Parcel { ticket: ticket.clone(), message: Message::Incident, corrections: None }
}

/// Attachments in memory.
#[derive(Debug, Default)]
pub struct Photos(pub parking_lot::Mutex<std::collections::HashMap<Uuid, Kept>>);

#[async_trait::async_trait]
impl AttachmentSource for Photos {
    async fn attachment(&self, id: Uuid) -> Result<Option<Kept>, NotReadable> {
        Ok(self.0.lock().get(&id).cloned())
    }
}

/// A street's storage in a folder of its own.
pub struct Street {
    pub db: Sqlite,
    pub tickets: Arc<SqliteTickets>,
    pub outbox: Arc<SqliteOutbox>,
    pub news: broadcast::Sender<TicketNews>,
    pub wake: Arc<Notify>,
    _folder: tempfile::TempDir,
}

impl Street {
    pub async fn new() -> Self {
        crypto();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let db =
            Sqlite::open(&folder.path().join("street.sqlite"), crate::support::sealer()).await.expect("a fresh database opens");
        Self {
            tickets: Arc::new(SqliteTickets::new(db.clone(), zone())),
            outbox: Arc::new(SqliteOutbox::new(db.clone())),
            db,
            news: broadcast::channel(1024).0,
            wake: Arc::new(Notify::new()),
            _folder: folder,
        }
    }

    /// Confirms a ticket for the platform.
    pub async fn confirm(&self, n: u32) -> Ticket {
        let new = NewTicket {
            ticket: ticket(n),
            draft_id: RandomIds.uuid(),
            destinations: vec!["platform".into()],
            labelled_by: LabelSource::Confirmed,
        };
        let made = self.tickets.create(new).await.expect("a confirmed draft becomes a ticket");
        assert!(made.created, "a new draft makes a new ticket");
        self.wake.notify_one();
        made.ticket
    }

    pub async fn status(&self, ticket: &Ticket) -> Status {
        let found = self.tickets.get(&ticket.number).await.expect("readable").expect("the ticket is there");
        found.status
    }

    pub async fn counts(&self) -> OutboxCounts {
        self.outbox.counts().await.expect("the outbox is readable")
    }

    /// A worker of the JSON adapter; cancel and await to stop it.
    pub fn work(&self, settings: &PlatformSettings) -> Working {
        let platform = JsonPlatform::new(settings, Arc::new(Photos::default()), Arc::new(SystemClock), Arc::new(RandomIds))
            .expect("good settings");
        self.work_with(settings, Arc::new(platform))
    }

    pub fn work_with(&self, settings: &PlatformSettings, platform: Arc<dyn Platform>) -> Working {
        let cancel = CancellationToken::new();
        let worker = OutboxWorker::new(
            "test",
            settings,
            self.outbox.clone(),
            platform,
            Arc::new(SystemClock),
            Arc::new(RandomIds),
            self.wake.clone(),
            self.news.clone(),
        );
        Working { task: tokio::spawn(worker.run(cancel.clone())), cancel }
    }

    pub fn receiver(&self, clock: Arc<dyn Clock>) -> CallbackReceiver {
        CallbackReceiver::new("platform", &SECRET.into(), self.outbox.clone(), clock, self.news.clone())
            .expect("the secret is good")
    }

    /// The street's own callback address on a real socket.
    pub async fn listen(&self) -> Url {
        use axum::http::{HeaderMap, StatusCode};
        let receiver = Arc::new(self.receiver(Arc::new(SystemClock)));
        let app = axum::Router::new().route(
            "/api/v1/platform/callbacks",
            axum::routing::post(move |headers: HeaderMap, body: axum::body::Bytes| async move {
                let get = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
                let signed = SignedHeaders {
                    id: get("webhook-id"),
                    timestamp: get("webhook-timestamp"),
                    signature: get("webhook-signature"),
                };
                match receiver.receive(signed, &body).await {
                    Ok(_) => StatusCode::OK,
                    Err(_) => StatusCode::BAD_REQUEST,
                }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = listener.local_addr().expect("bound");
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{at}/api/v1/platform/callbacks").parse().expect("an address")
    }
}

/// A running worker.
pub struct Working {
    pub cancel: CancellationToken,
    pub task: JoinHandle<()>,
}

impl Working {
    pub async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.task)
            .await
            .expect("a worker ends within 10 s of being told")
            .expect("a worker ends without a panic");
    }

    /// As a killed process would: nothing is drained.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Impatient settings for tests.
pub fn settings(base: &str) -> PlatformSettings {
    PlatformSettings {
        base_url: Some(base.parse().expect("an address")),
        secret: Some(SECRET.into()),
        schedule_s: vec![0.03, 0.06, 0.1],
        timeout_s: 0.5,
        connect_timeout_s: 0.5,
        lease_s: 5.0,
        poll_s: 0.02,
        drain_s: 2.0,
        breaker_failures: 6,
        breaker_pause_s: 0.05,
        ..PlatformSettings::default()
    }
}

/// The bundled platform on a socket and a runtime of its own, so that killing it breaks every connection at once.
pub struct Server {
    runtime: Option<tokio::runtime::Runtime>,
    pub sandbox: Sandbox,
    pub at: SocketAddr,
    file: PathBuf,
    callback_url: Option<Url>,
}

impl Server {
    pub fn start(folder: &Path, faults: Faults, callback_url: Option<Url>) -> Self {
        Self::at(folder.join("platform.sqlite"), "127.0.0.1:0".parse().expect("an address"), faults, callback_url)
    }

    fn at(file: PathBuf, at: SocketAddr, faults: Faults, callback_url: Option<Url>) -> Self {
        crypto();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the platform");
        let (send, receive) = std::sync::mpsc::channel();
        let (path, url) = (file.clone(), callback_url.clone());
        runtime.spawn(async move {
            let config = SandboxConfig {
                callback_url: url,
                secret: SECRET.into(),
                faults,
                clock: Arc::new(SystemClock),
                ids: Arc::new(RandomIds),
                tz: zone(),
            };
            let sandbox = Sandbox::open(&path, config).await.expect("the platform opens its file");
            let listener = tokio::net::TcpListener::bind(at).await.expect("the platform's port is free");
            let at = listener.local_addr().expect("bound");
            let app = sandbox.mounted_at("/platform");
            let caller = sandbox.clone();
            tokio::spawn(async move { caller.run_callbacks(CancellationToken::new()).await });
            send.send((sandbox, at)).expect("the test waits");
            axum::serve(listener, app).await.expect("serving");
        });
        let (sandbox, at) = receive.recv_timeout(Duration::from_secs(20)).expect("the platform starts");
        Self { runtime: Some(runtime), sandbox, at, file, callback_url }
    }

    pub fn base(&self) -> String {
        format!("http://{}/platform", self.at)
    }

    /// Kills it and starts it again on the same port and file.
    pub fn restart(mut self, faults: Faults) -> Self {
        let (file, at, url) = (self.file.clone(), self.at, self.callback_url.clone());
        self.kill();
        drop(self);
        Self::at(file, at, faults, url)
    }

    fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waits for the tasks to be dropped, so that the port is free again.
            std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(5)))
                .join()
                .expect("the platform's runtime ends");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Headers of a signed request.
pub fn signed(id: &str, at: i64, body: &str, secret: &str) -> [(&'static str, String); 3] {
    let signature = standardwebhooks::Webhook::new(secret).expect("a secret").sign(id, at, body.as_bytes()).expect("a text body");
    [("webhook-id", id.to_owned()), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)]
}

/// A fresh id.
pub fn fresh() -> Uuid {
    RandomIds.uuid()
}
