//! `gridworker street …`: the same checks and versions from the command line, with and without a running service.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use crate::support::app::{TestApp, root, until};

async fn run(data: &Path, arguments: &[&str]) -> (bool, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_gridworker"))
        .env_clear()
        .env("GRIDWORKER__STORAGE__DATA_DIR", data)
        .env("GRIDWORKER__PATHS__KNOWLEDGE", root().join("knowledge"))
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the binary runs");
    (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr))
}

fn edit(dir: &Path, name: &str, from: &str, to: &str) {
    let path = dir.join(name);
    let text = std::fs::read_to_string(&path).expect("an exported file");
    assert!(text.contains(from), "{name} has {from}");
    std::fs::write(path, text.replace(from, to)).expect("a file");
}

#[tokio::test(flavor = "multi_thread")]
async fn export_edit_check_import_and_export_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    let dir = out.to_string_lossy().into_owned();
    let (done, said) = run(&data, &["street", "export", &dir]).await;
    assert!(done, "{said}");
    assert!(!run(&data, &["street", "export", &dir]).await.0, "what is there is not overwritten");
    let (done, said) = run(&data, &["street", "check", &dir]).await;
    assert!(done && said.contains("一样"), "{said}");
    edit(&out, "dispatch.csv", "经济发展,城市更新岗,社区", "平安法治,综合执法岗,社区");
    edit(&out, "clocks.csv", "counting", "conting");
    let (done, said) = run(&data, &["street", "import", &dir, "--note", "试", "--activate"]).await;
    assert!(!done && said.contains("conting") && said.contains("没有任何改动"), "{said}");
    let (_, said) = run(&data, &["street", "list"]).await;
    assert!(said.contains("第0版\t正在使用"), "{said}");
    edit(&out, "clocks.csv", "conting", "counting");
    let (done, said) = run(&data, &["street", "diff", &dir]).await;
    assert!(done && said.contains("~ d230") && said.contains("「城市更新岗」→「综合执法岗」"), "{said}");
    let (done, said) = run(&data, &["street", "import", &dir, "--note", "外墙由综合执法岗办", "--activate"]).await;
    assert!(done && said.contains("已存为第1版") && said.contains("服务启动时"), "{said}");
    let again = folder.path().join("again");
    let (done, said) = run(&data, &["street", "export", &again.to_string_lossy(), "--version", "1"]).await;
    assert!(done, "{said}");
    for name in ["taxonomy.csv", "dispatch.csv", "clocks.csv"] {
        let read = |dir: &Path| std::fs::read(dir.join(name)).expect("a file");
        assert_eq!(read(&out), read(&again), "{name} comes back as it went in");
    }
    let (done, said) = run(&data, &["street", "activate", "0", "--note", "退回"]).await;
    assert!(done, "{said}");
    let (_, said) = run(&data, &["doctor"]).await;
    assert!(said.contains("街道数据版本：使用随程序提供的文件，共保存1版"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_takes_what_was_imported_beside_it() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let dir = out.to_string_lossy().into_owned();
    assert!(run(&app.data(), &["street", "export", &dir]).await.0);
    edit(&out, "dispatch.csv", "经济发展,城市更新岗,社区", "平安法治,综合执法岗,社区");
    let (done, said) = run(&app.data(), &["street", "import", &dir, "--note", "命令行", "--activate"]).await;
    assert!(done && said.contains("服务已在使用第1版"), "{said}");
    let rules = app.instance().api.rules.clone();
    until("the service uses it", async || rules.load().version == 1).await;
    let ticket = app.resident().await.report_facade().await;
    assert_eq!(ticket["route"]["post"], json!("综合执法岗"), "{ticket}");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'street.version' AND via = 'console'").await, 1);
    app.delivered().await;
}
