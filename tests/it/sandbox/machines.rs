//! Several platforms on one machine: each with an address, a folder, a name, a secret and a callback address of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use gridworker::core::clock::{Clock as _, SystemClock};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::{incident, listener};
use crate::platform::support::{client, signed, until};

const BINARY: &str = env!("CARGO_BIN_EXE_gridworker");

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command
        .arg("sandbox")
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Starts it and waits for its address.
async fn start(folder: &Path, arguments: &[&str]) -> (Child, String) {
    let mut child = command(folder, arguments).spawn().expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let mut seen = String::new();
    let ready = async {
        while let Some(line) = lines.next_line().await.expect("readable") {
            if let Some((_, address)) = line.split_once("演示治理平台已就绪：") {
                return Some(address.trim_end_matches('/').to_owned());
            }
            seen.push_str(&line);
        }
        None
    };
    let address = tokio::time::timeout(Duration::from_mins(1), ready).await.expect("ready within a minute");
    let address = address.unwrap_or_else(|| panic!("it ended before it was ready: {seen}"));
    // Its log is read on, so that it never waits for a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_platforms_run_side_by_side() {
    let folder = tempfile::tempdir().expect("a folder");
    let http = client();
    let push = async |base: &str, secret: &str| {
        let body = incident(1).to_string();
        let mut request = http.post(format!("{base}/api/v1/incidents")).header("idempotency-key", "k1");
        for (name, value) in signed("msg_1", SystemClock.now().as_second(), &body, secret) {
            request = request.header(name, value);
        }
        request.body(body).send().await.expect("answered").status().as_u16()
    };
    let secrets = ["甲", "乙", "丙"].map(|name| (name, format!("whsec_{}", hex::encode(name.repeat(8)))));
    let mut running = Vec::new();
    for (name, secret) in &secrets {
        let (url, heard) = listener(0).await;
        let data = folder.path().join(name);
        let data = data.to_str().expect("a path");
        let (child, base) =
            start(folder.path(), &["--data", data, "--name", name, "--secret", secret, "--callback", url.as_str()]).await;
        running.push((child, base, heard));
    }
    for (n, (_, base, _)) in running.iter().enumerate() {
        let board: Value =
            http.get(format!("{base}/board/incidents")).send().await.expect("answered").json().await.expect("JSON");
        assert_eq!(board["name"], secrets[n].0, "the board bears its name");
        assert_eq!(push(base, &secrets[(n + 1) % 3].1).await, 401, "another's secret");
        assert_eq!(push(base, &secrets[n].1).await, 201, "the same key is another incident here");
    }
    for (n, (_, _, heard)) in running.iter().enumerate() {
        until("each tells its own", async || heard.lock().len() == 1).await;
        let (headers, body) = heard.lock()[0].clone();
        let webhook = standardwebhooks::Webhook::new(&secrets[n].1).expect("a secret");
        webhook.verify(body.as_bytes(), &headers).expect("signed with its own secret");
    }
    assert!(!folder.path().join("data").exists(), "no folder is made beside those that were named");

    // A second one over the same file is refused; when the first has ended, the file goes on.
    let data = folder.path().join("甲");
    let arguments = ["--data", data.to_str().expect("a path"), "--secret", &secrets[0].1];
    let refused = command(folder.path(), &arguments).output().await.expect("it ends");
    assert!(!refused.status.success(), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("另一个演示平台正在使用"), "{refused:?}");
    let (mut first, _, _) = running.remove(0);
    first.kill().await.expect("our own child can be killed");
    let (_again, base) = start(folder.path(), &[&arguments[..], &["--autopilot=min_ms=0,max_ms=50"]].concat()).await;
    assert_eq!(push(&base, &secrets[0].1).await, 409, "what it had, it has");
    until("the autopilot works", async || {
        let board: Value =
            http.get(format!("{base}/board/incidents")).send().await.expect("answered").json().await.expect("JSON");
        board["incidents"][0]["state"] != "received"
    })
    .await;
}
