//! What an administrator sees of the service: models with a real call, prompts, health.

use axum::body::Bytes;
use gridworker::config::Settings;
use gridworker::conversation::media::{self, MediaKind};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::QUESTION;
use crate::support::app::TestApp;
use crate::support::fake_model::{FakeModel, Reply};

const ENDPOINTS: &str = "/api/v1/admin/system/endpoints";

fn named<'a>(list: &'a Value, field: &str, name: &str) -> &'a Value {
    let all = list.as_array().expect("a list");
    all.iter().find(|e| e[field] == name).unwrap_or_else(|| panic!("{name} is in {list}"))
}

#[tokio::test]
async fn without_models_the_page_says_so_and_nothing_can_be_tested() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let list = admin.get(ENDPOINTS).await.expect(200);
    for kind in ["chat", "embedder", "reranker", "transcriber"] {
        let one = named(&list["endpoints"], "kind", kind);
        assert_eq!((&one["state"], &one["address"], &one["has_key"]), (&json!("absent"), &Value::Null, &json!(false)));
        admin.post(&format!("{ENDPOINTS}/{kind}/test"), &json!({})).await.refused(404, "not_found");
    }
    admin.post(&format!("{ENDPOINTS}/oracle/test"), &json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_test_is_a_real_call_and_says_what_is_wrong_without_telling_the_key() {
    let fake = FakeModel::start().await;
    let app = TestApp::with().model(&fake).settings(|s| {
        s.llm.retries = 0;
        s.llm.api_key = Some(SecretString::from("sk-not-to-be-shown"));
        s.llm.breaker_failures = 3;
    });
    let app = app.start().await;
    let (admin, auditor) = (app.as_administrator().await, app.as_auditor().await);
    let path = format!("{ENDPOINTS}/chat/test");
    let shown = auditor.get(ENDPOINTS).await;
    assert!(!shown.text().contains("sk-not"), "{}", shown.text());
    let list = shown.expect(200);
    let chat = named(&list["endpoints"], "kind", "chat");
    assert_eq!((&chat["state"], &chat["has_key"], &chat["model"]), (&json!("asked"), &json!(true), &json!("some-model")));
    assert_eq!(chat["address"], fake.base_url());
    auditor.post(&path, &json!({})).await.refused(403, "forbidden");

    fake.then(Reply::says(&["好"]));
    let tested = admin.post(&path, &json!({})).await.expect(200);
    assert_eq!((&tested["ok"], &tested["outcome"]), (&json!(true), &json!("ok")));
    assert!(tested["words"].as_str().expect("words").contains("好") && tested["took_ms"].is_u64(), "{tested}");
    let sent = fake.bodies().pop().expect("a request").to_string();
    assert!(sent.contains("some-model") && !sent.contains("sk-not"), "{sent}");

    let refusal = json!({ "error": { "message": "sk-not-to-be-shown is wrong", "code": "x" } });
    for (reply, outcome, word) in [
        (Reply::json(401, &refusal), "auth", "密钥"),
        (Reply::json(404, &refusal), "permanent", "地址或模型名称"),
        (Reply::html(200), "garbage", "不是模型的答复"),
        (Reply::json(503, &refusal), "transient", "连不上"),
    ] {
        fake.then(reply);
        let tested = admin.post(&path, &json!({})).await;
        assert!(!tested.text().contains("sk-not"), "{}", tested.text());
        let tested = tested.expect(200);
        assert_eq!((&tested["ok"], &tested["outcome"]), (&json!(false), &json!(outcome)), "{tested}");
        assert!(tested["words"].as_str().expect("words").contains(word), "{tested}");
    }
    // It has failed too often now: residents are spared, the operator still gets a real answer.
    fake.then(Reply::json(503, &refusal));
    admin.post(&path, &json!({})).await.expect(200);
    let list = admin.get(ENDPOINTS).await.expect(200);
    let chat = named(&list["endpoints"], "kind", "chat");
    assert_eq!(chat["state"], "left_alone", "{chat}");
    assert!(chat["tries_again_at"].is_string(), "{chat}");
    let health = admin.get("/api/v1/admin/system/health").await.expect(200);
    assert_eq!((&health["state"], &named(&health["parts"], "name", "chat")["state"]), (&json!("warn"), &json!("warn")));
    fake.then(Reply::says(&["好"]));
    assert_eq!(admin.post(&path, &json!({})).await.expect(200)["ok"], true);
    let log = "SELECT COUNT(*) FROM audit_log WHERE action = 'endpoint.test' AND object_id = 'chat'";
    assert_eq!(app.count(log).await, 7, "a call that costs is written down");
}

#[tokio::test]
async fn embedder_and_re_ranker_are_tried_too() {
    let fake = FakeModel::start().await;
    fake.otherwise(|body| match (body["input"].as_array(), body["documents"].as_array()) {
        (Some(texts), _) => {
            let vectors: Vec<Value> = (0..texts.len()).map(|n| json!({ "index": n, "embedding": [1.0, 0.5, n as f64] })).collect();
            Reply::json(200, &json!({ "data": vectors }))
        }
        (None, Some(passages)) => {
            let score = |n: usize| json!({ "index": n, "relevance_score": if passages[n].as_str().is_some_and(|p| p.contains("低保")) { 0.9 } else { 0.1 } });
            Reply::json(200, &json!({ "results": (0..passages.len()).map(score).collect::<Vec<_>>() }))
        }
        (None, None) => Reply::says(&["好"]),
    });
    let url = fake.base_url();
    let app = TestApp::with().settings(move |s| {
        s.embedder.base_url = Some(url.clone());
        s.embedder.model = "vec".to_owned();
        s.reranker.base_url = Some(url.clone());
        s.reranker.model = "order".to_owned();
    });
    let app = app.start().await;
    let admin = app.as_administrator().await;
    for (kind, word) in [("embedder", "3维"), ("reranker", "排在了前面")] {
        let tested = admin.post(&format!("{ENDPOINTS}/{kind}/test"), &json!({})).await.expect(200);
        assert_eq!(tested["ok"], true, "{tested}");
        assert!(tested["words"].as_str().expect("words").contains(word), "{tested}");
    }
}

#[tokio::test]
async fn a_transcriber_is_tried_with_silence() {
    let fake = FakeModel::start().await;
    let url = fake.base_url();
    let app = TestApp::with().settings(move |s| {
        s.transcriber.base_url = Some(url.clone());
        s.transcriber.model = "ears".to_owned();
    });
    let app = app.start().await;
    let admin = app.as_administrator().await;
    let test = format!("{ENDPOINTS}/transcriber/test");
    fake.then(Reply::json(200, &json!({ "text": "谢谢观看" })));
    let tested = admin.post(&test, &json!({})).await.expect(200);
    assert_eq!(tested["ok"], true, "{tested}");
    assert!(!tested.to_string().contains("谢谢观看"), "what a model hears in silence is told to nobody: {tested}");
    let asked = fake.requests().pop().expect("a request");
    assert_eq!(asked.path, "/v1/audio/transcriptions");
    let wav = asked.raw.1.windows(4).position(|w| w == b"RIFF").expect("a recording was sent");
    let recording = Bytes::copy_from_slice(&asked.raw.1[wav..][..44 + 16_000]);
    let read = media::clean(&recording, &crate::media::rules()).expect("a recording as devices send them");
    assert_eq!((read.kind, read.content_type), (MediaKind::Voice, "audio/wav"));

    fake.then(Reply::json(404, &json!({ "error": { "message": "no such model", "code": "x" } })));
    let tested = admin.post(&test, &json!({})).await.expect(200);
    assert_eq!((&tested["ok"], &tested["outcome"]), (&json!(false), &json!("permanent")), "{tested}");
}

#[tokio::test]
async fn prompts_show_which_are_shipped_and_what_a_model_would_see() {
    let app = TestApp::start().await;
    let list = app.as_auditor().await.get("/api/v1/admin/system/prompts").await.expect(200);
    let prompts = list["prompts"].as_array().expect("a list");
    assert_eq!(prompts.len(), 3);
    for prompt in prompts {
        assert_eq!(
            (&prompt["is_shipped"], &prompt["shipped"], &prompt["problem"]),
            (&json!(true), &Value::Null, &Value::Null),
            "{prompt}"
        );
        assert_eq!(prompt["sha256"], prompt["shipped_sha256"]);
        assert!(prompt["preview"].as_array().is_some_and(|p| p.len() >= 2), "{prompt}");
    }
    let answer = named(&list["prompts"], "name", "answer");
    assert!(answer["preview"][0]["content"].as_str().expect("words").contains("示例资料"), "{answer}");

    // A street's own file is seen as such; one that would fail in use says so here.
    let folder = tempfile::tempdir().expect("a folder");
    let head = "+++\npurpose = \"rewrite: ours\"\ntemperature = 0.1\nmax_tokens = 50\n+++\n<<user>>\n";
    std::fs::write(folder.path().join("rewrite.md"), format!("{head}{{{{ question }}}}\n")).expect("a file");
    std::fs::write(folder.path().join("extract.md"), format!("{head}{{{{ misspelt }}}}\n")).expect("a file");
    let path = folder.path().to_string_lossy().into_owned();
    let app = TestApp::with().settings(move |s: &mut Settings| s.paths.prompts.clone_from(&path)).start().await;
    let list = app.as_administrator().await.get("/api/v1/admin/system/prompts").await.expect(200);
    let rewrite = named(&list["prompts"], "name", "rewrite");
    assert_eq!((&rewrite["is_shipped"], &rewrite["purpose"]), (&json!(false), &json!("rewrite: ours")));
    assert_ne!(rewrite["sha256"], rewrite["shipped_sha256"]);
    assert!(rewrite["shipped"].as_str().expect("the shipped text").contains("追问"));
    assert_eq!(rewrite["preview"], json!([{ "role": "user", "content": "〔示例追问〕那要多久" }]));
    let extract = named(&list["prompts"], "name", "extract");
    assert!(extract["problem"].as_str().is_some_and(|p| p.contains("extract.md")), "{extract}");
    assert_eq!(named(&list["prompts"], "name", "answer")["is_shipped"], true, "what the folder does not have is the program's");
}

#[tokio::test]
async fn health_tells_part_by_part() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    app.resident().await.say(QUESTION).await;
    let health = admin.get("/api/v1/admin/system/health").await.expect(200);
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(health["started_at"], app.now().to_string());
    assert!(
        health["rows_bytes"].as_u64().is_some_and(|b| b > 0) && health["disk_free_bytes"].as_u64().is_some_and(|b| b > 0),
        "{health}"
    );
    let state = |health: &Value, name: &str| named(&health["parts"], "name", name)["state"].clone();
    for (name, expected) in [
        ("street", "ok"),
        ("index", "ok"),
        ("imports", "ok"),
        ("delivery:platform", "ok"),
        ("chat", "unknown"),
        ("backup", "unknown"),
    ] {
        assert_eq!(state(&health, name), expected, "{name} in {health}");
    }
    // A platform that somebody holds back, and a backup that says it is done.
    admin.post("/api/v1/admin/destinations/platform/pause", &json!({ "reason": "平台升级" })).await.expect(204);
    app.as_dispatcher().await.get("/api/v1/admin/system/health").await.refused(403, "forbidden");
    std::fs::write(app.data().join("last-backup"), "").expect("a file");
    let health = admin.get("/api/v1/admin/system/health").await.expect(200);
    assert!(health["backed_up_at"].is_string());
    assert_ne!(state(&health, "backup"), "unknown");
    assert_eq!((state(&health, "delivery:platform"), &health["state"]), (json!("warn"), &json!("warn")));
    let words = named(&health["parts"], "name", "delivery:platform")["words"].as_str().expect("words");
    assert!(words.contains("平台升级"), "{words}");
    admin.post("/api/v1/admin/destinations/platform/resume", &json!({})).await.expect(204);
}
