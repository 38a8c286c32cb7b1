//! The two programs under test, as processes of their own. Only these are ever signalled, by their handles.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use super::Dice;
use super::residents::Street;

const BINARY: &str = env!("CARGO_BIN_EXE_gridworker");
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// How long a start may take before it counts as hung.
const START: Duration = Duration::from_secs(40);

/// One run: its folder, its ports, and what is said when it fails.
#[derive(Debug)]
pub struct Scene {
    folder: Option<tempfile::TempDir>,
    path: PathBuf,
    label: String,
    pub service_port: u16,
    /// Of the platforms, the leading one first.
    pub platform_ports: Vec<u16>,
    pub client: reqwest::Client,
    starts: AtomicU64,
    pub killed_before_ready: AtomicU64,
}

impl Scene {
    pub fn new(seed: u64, kills: u64, tickets: u64, dice: &mut Dice) -> Self {
        Self::with_platforms(1, seed, kills, tickets, dice)
    }

    pub fn with_platforms(platforms: usize, seed: u64, kills: u64, tickets: u64, dice: &mut Dice) -> Self {
        gridworker::llm::install_tls();
        let folder = tempfile::tempdir().expect("a folder for the run");
        let path = folder.path().to_owned();
        let mut taken = Vec::new();
        for _ in 0..=platforms {
            let port = free_port(dice, &taken);
            taken.push(port);
        }
        let (service_port, platform_ports) = (taken[0], taken[1..].to_vec());
        knowledge(&path.join("knowledge"));
        let config = path.join("gridworker.toml");
        // A list cannot be given by environment; everything else is.
        let mut text = "[platform]\nschedule_s = [0.1, 0.2, 0.4, 0.8]\n".to_owned();
        for (n, port) in platform_ports.iter().enumerate().skip(1) {
            text.push_str(&format!(
                "\n[[destinations]]\nname = \"platform-{n}\"\nbase_url = \"http://127.0.0.1:{port}\"\nsecret = \"{SECRET}\"\n\
                 schedule_s = [0.1, 0.2, 0.4, 0.8]\ntimeout_s = 0.6\nconnect_timeout_s = 0.3\nlease_s = 3.0\npoll_s = 0.2\n\
                 breaker_pause_s = 0.2\n"
            ));
        }
        std::fs::write(&config, text).expect("writable");
        let client = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(20))
            .build()
            .expect("a plain client");
        Self {
            folder: Some(folder),
            path,
            label: format!("SEED={seed} KILLS={kills} TICKETS={tickets}"),
            service_port,
            platform_ports,
            client,
            starts: AtomicU64::new(0),
            killed_before_ready: AtomicU64::new(0),
        }
    }

    pub fn service_rows(&self) -> PathBuf {
        self.path.join("data/gridworker.sqlite")
    }

    pub fn platform_rows(&self) -> PathBuf {
        self.rows_of_platform(0)
    }

    pub fn rows_of_platform(&self, n: usize) -> PathBuf {
        self.path.join(folder_of(n)).join("sandbox.sqlite")
    }

    fn log(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.log"))
    }

    fn spawn(&self, name: &str, data: &str, arguments: &[&str]) -> Child {
        let log = File::options().create(true).append(true).open(self.log(name)).expect("a log file");
        Command::new(BINARY)
            .args(arguments)
            .arg("--config")
            .arg(self.path.join("gridworker.toml"))
            .env_clear()
            .env("GRIDWORKER__STORAGE__DATA_DIR", self.path.join(data))
            .env("GRIDWORKER__PATHS__KNOWLEDGE", self.path.join("knowledge"))
            .env("GRIDWORKER__KNOWLEDGE__SEED", "true")
            .env("GRIDWORKER__PLATFORM__BASE_URL", format!("http://127.0.0.1:{}", self.platform_ports[0]))
            .env("GRIDWORKER__PLATFORM__SECRET", SECRET)
            .env("GRIDWORKER__PLATFORM__TIMEOUT_S", "0.6")
            .env("GRIDWORKER__PLATFORM__CONNECT_TIMEOUT_S", "0.3")
            .env("GRIDWORKER__PLATFORM__LEASE_S", "3")
            .env("GRIDWORKER__PLATFORM__POLL_S", "0.2")
            .env("GRIDWORKER__PLATFORM__BREAKER_PAUSE_S", "0.2")
            .env("GRIDWORKER__LOG__FILTER", "info,qdrant=warn,qdrant_edge=warn,shard=warn,segment=warn")
            // Outside of the repository: nothing is picked up from a working folder.
            .current_dir(&self.path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the binary of this package starts")
    }

    fn last_words(&self, name: &str) -> String {
        let log = std::fs::read_to_string(self.log(name)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let kept = self.folder.take().map(tempfile::TempDir::keep);
            eprintln!("again with: {}; kept: {kept:?}\nservice:\n{}", self.label, self.last_words("service"));
        }
    }
}

/// The street's own data and two guides: enough to report, quick to start.
fn knowledge(to: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    for (from, part) in [("street", "street"), ("policies/living", "policies")] {
        std::fs::create_dir_all(to.join(part)).expect("writable");
        let mut files: Vec<PathBuf> = std::fs::read_dir(shipped.join(from))
            .expect("knowledge/ is in the repository")
            .map(|entry| entry.expect("readable").path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        for file in files.iter().take(if part == "policies" { 2 } else { usize::MAX }) {
            std::fs::copy(file, to.join(part).join(file.file_name().expect("a name"))).expect("copied");
        }
    }
}

/// The folder of a platform in the run's folder.
fn folder_of(n: usize) -> String {
    if n == 0 { "platform".to_owned() } else { format!("platform-{n}") }
}

/// A port below those that outgoing connections use: a client that knocks at a dead service must not meet itself.
fn free_port(dice: &mut Dice, taken: &[u16]) -> u16 {
    loop {
        let port = u16::try_from(20_000 + dice.below(12_000)).expect("below 32000");
        if !taken.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The service. Dropped, it is killed.
#[derive(Debug)]
pub struct Service<'a> {
    scene: &'a Scene,
    child: Child,
}

impl<'a> Service<'a> {
    pub fn start(scene: &'a Scene) -> Self {
        let listen = format!("127.0.0.1:{}", scene.service_port);
        scene.starts.fetch_add(1, Ordering::Relaxed);
        Self { scene, child: scene.spawn("service", "data", &["serve", "--listen", &listen]) }
    }

    /// Waits for `/health/ready`.
    pub async fn ready(&mut self) {
        let begun = Instant::now();
        while !self.is_ready().await {
            self.must_live();
            assert!(begun.elapsed() < START, "the service is not ready after {START:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn is_ready(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/health/ready", self.scene.service_port);
        self.scene.client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    fn must_live(&mut self) {
        let ended = self.child.try_wait().expect("a child can be asked");
        assert!(ended.is_none(), "the service ended by itself: {ended:?}");
    }

    /// SIGKILL, and the wait until it is gone.
    pub async fn kill(mut self) {
        self.must_live();
        self.child.kill().await.expect("our own child can be killed");
        // Read afterwards, so that the asking does not move the moment.
        let log = std::fs::read_to_string(self.scene.log("service")).unwrap_or_default();
        let came_up = log.matches("虚拟数字网格员已就绪").count() as u64;
        self.scene.killed_before_ready.store(self.scene.starts.load(Ordering::Relaxed) - came_up, Ordering::Relaxed);
    }
}

/// The platform with its faults. Dropped, it is killed.
#[derive(Debug)]
pub struct Platform {
    child: Child,
    base: String,
}

impl Platform {
    pub async fn start(scene: &Scene) -> Self {
        Self::start_nth(scene, 0, &["error_rate=0.25", "drop_after_store=0.35", "latency_ms=15"], None).await
    }

    /// Platform `n` with these faults; with an autopilot it handles what it gets by itself.
    pub async fn start_nth(scene: &Scene, n: usize, faults: &[&str], autopilot: Option<&str>) -> Self {
        let listen = format!("127.0.0.1:{}", scene.platform_ports[n]);
        let folder = folder_of(n);
        let whose = if n == 0 { String::new() } else { format!("/{folder}") };
        let callback = format!("http://127.0.0.1:{}/api/v1/platform{whose}/callbacks", scene.service_port);
        let mut arguments = vec!["sandbox", "--listen", &listen, "--callback", &callback];
        for fault in faults {
            arguments.extend(["--fault", fault]);
        }
        let autopilot = autopilot.map(|settings| format!("--autopilot={settings}"));
        arguments.extend(autopilot.as_deref());
        let child = scene.spawn(&folder, &folder, &arguments);
        let mut platform = Self { child, base: format!("http://{listen}") };
        let begun = Instant::now();
        while scene.client.get(format!("{}/board/faults", platform.base)).send().await.is_err() {
            let ended = platform.child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "the platform ended by itself: {ended:?}\n{}", scene.last_words("platform"));
            assert!(begun.elapsed() < START, "the platform does not answer after {START:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        platform
    }

    /// From now on it answers as it should, so that it can be asked what it has.
    pub async fn stop_faults(&self, street: &Street) {
        let answer =
            street.client.put(format!("{}/board/faults", self.base)).body("{}").send().await.expect("the platform answers");
        assert!(answer.status().is_success(), "the faults can be switched off: {}", answer.status());
    }

    pub async fn kill(mut self) {
        self.child.kill().await.expect("our own child can be killed");
    }
}
