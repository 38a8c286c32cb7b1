//! The real binary: the first password on the terminal and nowhere else, and accounts from the command line beside a running server.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::process::{Child, Command};

use crate::support::app::root;
use crate::support::wire::Answer;

fn gridworker(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gridworker"));
    command
        .env_clear()
        .env("GRIDWORKER__STORAGE__DATA_DIR", folder.join("data"))
        .env("GRIDWORKER__PATHS__KNOWLEDGE", root().join("knowledge"))
        .env("GRIDWORKER__LOG__FILTER", "trace,sqlx=trace,qdrant=warn,qdrant_edge=warn,shard=warn,segment=warn")
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

struct Server {
    child: Child,
    address: String,
    out: PathBuf,
    err: PathBuf,
}

impl Server {
    async fn start(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
        let address = format!("127.0.0.1:{port}");
        // Files and no pipes: a log at its loudest fills a pipe that nobody reads, and the server waits.
        let (out, err) = (folder.join("stdout"), folder.join("stderr"));
        let child = gridworker(folder)
            .args(["serve", "--listen", &address])
            .stdout(File::create(&out).expect("a file"))
            .stderr(File::create(&err).expect("a file"))
            .spawn()
            .expect("the binary starts");
        let server = Self { child, address, out, err };
        let begun = Instant::now();
        let http = client();
        while !http.get(server.url("/health/ready")).send().await.is_ok_and(|r| r.status().is_success()) {
            assert!(begun.elapsed() < Duration::from_mins(1), "the server becomes ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn sign_in(&self, name: &str, password: &str) -> Answer {
        let body = json!({ "name": name, "password": password });
        Answer::of(client().post(self.url("/api/v1/auth/sign-in")).json(&body).send().await).await
    }

    /// Ends it in order; what it said on standard output and on standard error.
    async fn stop(mut self) -> (String, String) {
        let id = self.child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().await.expect("a signal");
        assert!(told.success());
        self.child.wait().await.expect("it ends");
        let read = |path: &Path| std::fs::read_to_string(path).expect("what was said");
        (read(&self.out), read(&self.err))
    }
}

fn client() -> reqwest::Client {
    gridworker::llm::install_tls();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client")
}

fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    text.lines().find_map(|l| l.split_once(mark)).unwrap_or_else(|| panic!("{mark} in {text}")).1.trim()
}

async fn run(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let done = gridworker(folder).args(arguments).output().await.expect("the binary runs");
    (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_password_is_said_once_on_the_terminal_and_never_logged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, err) = Server::start(folder.path()).await.stop().await;
    let password = after(&out, "首次登录须修改）：").to_owned();
    assert_eq!(password.len(), 23, "{out}");
    assert_eq!(out.matches(&password).count(), 1, "said once: {out}");
    assert!(err.contains("listening") || err.contains("ready"), "the log was on: {}", err.len());
    assert!(!err.contains(&password), "the log never learns it");
    for file in std::fs::read_dir(folder.path().join("data")).expect("the data folder").flatten() {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        assert!(!bytes.windows(23).any(|w| w == password.as_bytes()), "{} holds the password", file.path().display());
    }
    let server = Server::start(folder.path()).await;
    assert_eq!(server.sign_in("admin", &password).await.expect(200)["must_change_password"], true);
    let (out, err) = server.stop().await;
    assert!(!out.contains("一次性密码"), "a second start says nothing: {out}");
    assert!(!err.contains(&password), "a sign-in leaves no password in the log, at its loudest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_made_and_mended_beside_a_running_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path()).await;
    let add = [
        "user",
        "add",
        "对讲机",
        "--role",
        "gridworker",
        "--community",
        "锦凤社区",
        "--grid",
        "CH-JF-07",
        "--key",
        "--permission",
        "procedure_ask",
    ];
    let (done, said) = run(folder.path(), &add).await;
    assert!(done, "{said}");
    let password = after(&said, "首次登录须修改）：").to_owned();
    let key = after(&said, "接口密钥（只显示这一次）：").to_owned();
    let me = server.sign_in("对讲机", &password).await.expect(200);
    assert_eq!(me["account"]["scope"], json!({ "communities": ["锦凤社区"], "grids": ["CH-JF-07"] }));
    let conversation = async || {
        let request = client().post(server.url("/api/v1/conversations")).bearer_auth(&key);
        Answer::of(request.json(&json!({ "audience": "gridworker" })).send().await).await
    };
    conversation().await.expect(201);
    assert!(!run(folder.path(), &add).await.0, "a name is taken once");
    for (arguments, word) in [
        (&["user", "add", "x", "--role", "gridworker"][..], "2个字符"),
        (&["user", "add", "someone", "--role", "king"], "administrator"),
        (&["user", "add", "someone"], "--role"),
        (&["user", "add", "someone", "--role", "curator", "--key", "--permission", "audit_read"], "审计"),
        (&["user", "add", "someone", "--role", "gridworker", "--grid", "CH-XX-99"], "没有这个网格"),
        (&["user", "disable", "nobody"], "没有这个账号"),
    ] {
        let (done, said) = run(folder.path(), arguments).await;
        assert!(!done && said.contains(word), "{arguments:?}: {said}");
    }
    let (done, said) = run(folder.path(), &["user", "disable", "对讲机"]).await;
    assert!(done, "{said}");
    server.sign_in("对讲机", &password).await.refused(401, "sign_in_failed");
    conversation().await.refused(403, "forbidden");
    assert!(run(folder.path(), &["user", "enable", "对讲机"]).await.0);
    conversation().await.expect(201);
    let (done, said) = run(folder.path(), &["user", "reset-password", "对讲机"]).await;
    assert!(done, "{said}");
    server.sign_in("对讲机", &password).await.refused(401, "sign_in_failed");
    server.sign_in("对讲机", after(&said, "首次登录须修改）：")).await.expect(200);
    let (_, said) = run(folder.path(), &["user", "disable", "admin"]).await;
    assert!(said.contains("最后一个"), "{said}");
    let (done, said) = run(folder.path(), &["user", "list"]).await;
    assert!(done && said.contains("对讲机\tgridworker\t待首次登录\t锦凤社区、CH-JF-07"), "{said}");
    server.stop().await;
}
