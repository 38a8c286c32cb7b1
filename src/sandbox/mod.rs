//! 内置演示平台: the bundled reference governance platform, another organisation's system.
//!
//! It stores incidents by idempotency key, hands them to four sections and their posts with A/B cover, runs the clocks
//! of acceptance and resolution, takes what is told later (events, attachments), and calls back what happened. Nothing
//! is accepted or closed by itself: people do that on the board, unless somebody switches the `autopilot` on.
//! It uses nothing of ours but `core`, has storage of its own, and can be told to fail (`faults`).
//!
//! To add a move: a line in `moves::RULES`, and what it changes in `store::incidents`; the board finds it there.
//! To add a fault: a field of `Faults`, the place where it strikes, a row of the drawer in `board/board.html`.

mod api;
mod autopilot;
mod board;
mod callbacks;
mod desk;
mod dispatch;
mod faults;
mod moves;
mod signature;
mod store;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::response::Redirect;
use axum::routing::{get, post, put};
use jiff::tz::TimeZone;
use parking_lot::RwLock;
use secrecy::SecretString;
use tokio::sync::Notify;
use url::Url;

use crate::core::clock::Clock;
use crate::core::ids::Ids;

pub use autopilot::{Autopilot, UnknownSetting};
pub use faults::{Faults, UnknownFault};
pub use moves::{By, Move, Needs, RULES, Rule, State, When};

/// The longest request body taken, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;
/// The same for an attachment, which comes as base64.
const ATTACHMENT_LIMIT: usize = 42 * 1024 * 1024;

/// Why the platform could not start or answer.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Its own `SQLite` file cannot be opened, read or written.
    #[error("演示平台的存储出错：{0}")]
    Storage(#[from] sqlx::Error),
    /// The shared secret is empty, or says `whsec_` and is not base64 behind it.
    #[error("演示平台的密钥无效")]
    Secret,
    /// The HTTP client for the callbacks cannot be built.
    #[error("演示平台的回调客户端无法建立：{0}")]
    Client(#[from] reqwest::Error),
    /// A stored value is not what this program writes.
    #[error("演示平台的存储里有无法识别的内容：{0}")]
    Corrupt(String),
}

/// What the platform is given at its start.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Where it calls back. Without it the callbacks are stored and wait.
    pub callback_url: Option<Url>,
    /// Shared by both sides: `whsec_` + base64, plain base64, or any other words taken as bytes.
    pub secret: SecretString,
    /// How it fails at the start; changed later by `PUT /board/faults`.
    pub faults: Faults,
    /// Where it gets the time from.
    pub clock: Arc<dyn Clock>,
    /// Where it gets webhook ids and draws from.
    pub ids: Arc<dyn Ids>,
    /// The zone whose days number the incidents and in which times are shown.
    pub tz: TimeZone,
}

/// The platform. Cheap to clone; all clones are the same platform.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    store: store::Store,
    callback_url: Option<Url>,
    signer: signature::Signer,
    faults: RwLock<Faults>,
    autopilot: RwLock<Autopilot>,
    name: RwLock<Option<String>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    tz: TimeZone,
    wake: Notify,
    http: reqwest::Client,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("callback_url", &self.0.callback_url).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Opens the platform over its own `SQLite` file, which is made when missing.
    ///
    /// # Errors
    /// When the file cannot be used or the secret is unusable.
    pub async fn open(path: &Path, config: SandboxConfig) -> Result<Self, SandboxError> {
        let SandboxConfig { callback_url, secret, faults, clock, ids, tz } = config;
        let signer = signature::Signer::new(&secret).ok_or(SandboxError::Secret)?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(5))
            .timeout(std::time::Duration::from_secs(15))
            .build()?;
        let store = store::Store::open(path).await?;
        Ok(Self(Arc::new(Inner {
            store,
            callback_url,
            signer,
            faults: RwLock::new(faults.clamped()),
            autopilot: RwLock::default(),
            name: RwLock::default(),
            clock,
            ids,
            tz,
            wake: Notify::new(),
            http,
        })))
    }

    /// Every URL of the platform, relative to wherever it is put.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(board::page))
            .route("/board.js", get(board::script))
            .route("/drawers.js", get(board::drawers))
            .route("/board.css", get(board::style))
            .route("/board.svg", get(board::icon))
            .route("/api/v1/incidents", post(api::create).get(api::find))
            .route("/api/v1/incidents/{id}", get(api::read))
            .route("/api/v1/incidents/{id}/received", get(api::received))
            .route("/api/v1/incidents/{id}/events", post(api::take))
            .route("/api/v1/incidents/{id}/attachments", post(api::attach).layer(DefaultBodyLimit::max(ATTACHMENT_LIMIT)))
            .route("/board/incidents", get(board::list))
            .route("/board/incidents/{external_no}", get(board::detail))
            .route("/board/incidents/{external_no}/reporter", get(board::reporter))
            .route("/board/incidents/{external_no}/attachments/{attachment_id}", get(board::attachment))
            .route("/board/incidents/{external_no}/forget", post(board::forget))
            .route("/board/incidents/{external_no}/{move}", post(board::make_move))
            .route("/board/duty", put(board::set_duty).get(board::duty))
            .route("/board/faults", get(board::faults).put(board::set_faults))
            .route("/board/autopilot", get(board::autopilot).put(board::set_autopilot))
            .layer(axum::middleware::from_fn(board::guard))
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .with_state(self.clone())
    }

    /// The same under a base path such as `/platform`. Without the closing slash it redirects to the page, so that
    /// the page's relative addresses stay right.
    pub fn mounted_at(&self, base: &str) -> Router {
        let base = base.trim_end_matches('/');
        if base.is_empty() {
            return self.router();
        }
        Router::new().route(base, get(to_folder)).nest(&format!("{base}/"), self.router())
    }

    /// Delivers the platform's own callbacks until `cancel`, and moves incidents while the autopilot is on. One runner
    /// per platform.
    pub async fn run_callbacks(&self, cancel: tokio_util::sync::CancellationToken) {
        tokio::join!(callbacks::run(&self.0, cancel.clone()), autopilot::run(&self.0, cancel));
    }

    /// How many callbacks have not been answered with 2xx yet.
    ///
    /// # Errors
    /// When the storage cannot be read.
    pub async fn pending_callbacks(&self) -> Result<u64, SandboxError> {
        self.0.store.pending_callbacks().await
    }

    /// How many incidents are stored, and under how many different idempotency keys.
    ///
    /// # Errors
    /// When the storage cannot be read.
    pub async fn counts(&self) -> Result<(u64, u64), SandboxError> {
        self.0.store.counts().await
    }

    /// Changes how it fails, as the drawer of the board does.
    pub fn set_faults(&self, faults: Faults) {
        *self.0.faults.write() = faults.clamped();
    }

    /// Switches the autopilot, as the drawer of the board does.
    pub fn set_autopilot(&self, autopilot: Autopilot) {
        *self.0.autopilot.write() = autopilot.clamped();
    }

    /// The name that the board bears, so that several platforms on one machine can be told apart.
    pub fn set_name(&self, name: &str) {
        *self.0.name.write() = Some(name.to_owned());
    }

    /// Closes the storage; for tests that restart the platform.
    pub async fn close(&self) {
        self.0.store.close().await;
    }
}

async fn to_folder(OriginalUri(uri): OriginalUri) -> Redirect {
    Redirect::permanent(&format!("{}/", uri.path()))
}
