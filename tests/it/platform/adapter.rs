//! The JSON adapter: what is sent, how it is signed, and what each answer means.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use gridworker::core::clock::SystemClock;
use gridworker::core::ids::RandomIds;
use gridworker::incident::ticket::FilingStandard;
use gridworker::platform::json::JsonPlatform;
use gridworker::platform::settings::PlatformSettings;
use gridworker::platform::worker::{Asked, Platform as _, Sent};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::support::{Photos, SECRET, crypto, incident, settings, ticket};

fn adapter(settings: &PlatformSettings) -> JsonPlatform {
    crypto();
    JsonPlatform::new(settings, Arc::new(Photos::default()), Arc::new(SystemClock), Arc::new(RandomIds)).expect("good settings")
}

type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// Answers everything with `status` and `body`, and keeps what came.
async fn answering(status: u16, body: &'static str) -> (String, Seen) {
    let seen = Seen::default();
    let kept = seen.clone();
    let app = axum::Router::new().fallback(move |headers: HeaderMap, text: String| async move {
        kept.lock().push((headers, text));
        (StatusCode::from_u16(status).expect("a status"), body).into_response()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{at}/gov/"), seen)
}

#[tokio::test]
async fn a_push_carries_key_signature_bearer_and_the_ticket() {
    let (base, seen) = answering(201, r#"{"external_no":"PT1","status":"received"}"#).await;
    let mut with = settings(&base);
    with.bearer = Some("a-token".into());
    let mut ticket = ticket(1);
    ticket.number = "WG20261122000001".into();
    let sent = adapter(&with).send(&incident(&ticket)).await;
    assert_eq!(sent, Sent::Taken { external_no: "PT1".into(), http_status: 201 });
    let (headers, body) = seen.lock().pop().expect("one request");
    assert_eq!(headers["idempotency-key"], ticket.id.to_string(), "the key is the ticket's id");
    assert_eq!(headers["authorization"], "Bearer a-token");
    standardwebhooks::Webhook::new(SECRET)
        .expect("a secret")
        .verify(body.as_bytes(), &headers)
        .expect("the signature is one that the Standard Webhooks library accepts");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["number"], "WG20261122000001");
    assert_eq!(body["category"]["section"], "经济发展");
    assert_eq!(body["answers"]["是否有人受伤"], "\"没有\"\n暂时", "quotes and lines survive the template");
    assert_eq!(body["occurred_at"], Value::Null, "a field that is not known is null");
    assert_eq!(body["reporter"]["phone"], "13800000000", "the reporter goes to the platform");
}

#[test]
fn an_anonymous_ticket_carries_nothing_that_names_the_reporter() {
    for carry in [true, false] {
        let mut with = settings("http://127.0.0.1:9");
        with.carry_reporter = carry;
        let mut ticket = ticket(1);
        // Either the resident wants it, or the receiver must not know.
        ticket.reporter.anonymous = carry;
        let body = adapter(&with).body(&ticket).expect("a body");
        for secret in ["13800000000", "某居民", "1203"] {
            assert!(!body.contains(secret), "{secret} is not in the push (carry_reporter = {carry}): {body}");
        }
        assert!(body.contains("铂金云鼎小区"), "the place is");
    }
}

#[test]
fn of_a_confidential_matter_no_handling_unit_learns_who_reported_it() {
    let mut ticket = ticket(1);
    ticket.confidential = true;
    assert!(!ticket.reporter.anonymous, "the resident did not ask for it; the category does");
    let body = adapter(&settings("http://127.0.0.1:9")).body(&ticket).expect("a body");
    for secret in ["13800000000", "某居民", "1203"] {
        assert!(!body.contains(secret), "{secret} is not in the push: {body}");
    }
    assert!(body.contains("铂金云鼎小区"), "the place is");
}

#[test]
fn the_push_carries_the_standard_or_says_that_there_is_none() {
    let mut ticket = ticket(1);
    let pushed = |t: &_| -> Value {
        let body = adapter(&settings("http://127.0.0.1:9")).body(t).expect("a body");
        serde_json::from_str(&body).expect("JSON")
    };
    assert_eq!(pushed(&ticket)["standard"], Value::Null, "an old ticket has none");
    ticket.standard = Some(FilingStandard {
        id: "010101-1".into(),
        filing: "正在脱落".into(),
        closing: "已清除".into(),
        responsible: "业主".into(),
        supervisor: "住建部门".into(),
        legal_basis: String::new(),
    });
    assert_eq!(pushed(&ticket)["standard"]["closing"], "已清除");
}

#[test]
fn a_wrong_template_is_found_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("body.json.j2");
    let mut with = settings("http://127.0.0.1:9");
    with.template = Some(path.clone());
    let write = |text: &str| std::fs::write(&path, text).expect("writable");

    write(r#"{"案件号": {{ ticket.number|tojson }}, "网格": {{ ticket.place.grid|tojson }}}"#);
    let body = adapter(&with).body(&ticket(1)).expect("another district's names need no code");
    assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), json!({"案件号": "", "网格": "第七网格"}));

    write("[{{ ticket.place.micro_grid|tojson }}, {{ ticket.reporter.name|tojson }}, {{ ticket.ledger|tojson }}]");
    let body = adapter(&with).body(&ticket(1)).expect("an optional field may be named");
    assert_eq!(body, r#"[null,"某居民",null]"#);

    for unknown in ["{{ ticket.no_such_field|tojson }}", "{{ ticket.no_such_field }}", "{{ tikcet.title|tojson }}"] {
        write(unknown);
        assert!(adapter(&with).body(&ticket(1)).is_err(), "{unknown} is an error");
    }
    write("{{ ticket.no_such_field|tojson }}");
    let error = adapter(&with).body(&ticket(1)).expect_err("an unknown field is an error").to_string();
    assert!(error.contains("模板"), "the error says that the template is wrong: {error}");
    write("{\"number\": }");
    assert!(adapter(&with).body(&ticket(1)).is_err(), "what is not JSON is not sent");
    write("{% for x in %}");
    crypto();
    let broken = JsonPlatform::new(&with, Arc::new(Photos::default()), Arc::new(SystemClock), Arc::new(RandomIds));
    assert!(broken.is_err(), "a template that does not compile stops the start");
    with.template = Some(folder.path().join("missing.j2"));
    let missing =
        JsonPlatform::new(&with, Arc::new(Photos::default()), Arc::new(SystemClock), Arc::new(RandomIds)).expect_err("no file");
    assert!(missing.to_string().contains("missing.j2"), "the error names the file: {missing}");
}

#[tokio::test]
async fn every_answer_has_its_meaning() {
    let good = r#"{"external_no":"PT1","status":"received"}"#;
    // status, body → (taken, transient, unsure)
    for (status, body, wanted) in [
        (200, good, "taken"),
        (201, good, "taken"),
        (201, r#"{"id": 77}"#, "taken"),
        (409, good, "taken"),
        (409, "conflict", "permanent"),
        (200, "<html>welcome</html>", "unsure"),
        (200, r#"{"external_no":""}"#, "unsure"),
        (302, good, "permanent"),
        (400, "", "permanent"),
        (401, "", "permanent"),
        (404, "", "permanent"),
        (422, "", "permanent"),
        (408, "", "unsure"),
        (425, "", "transient"),
        (429, "", "transient"),
        (500, good, "unsure"),
        (502, "", "unsure"),
        (503, "", "unsure"),
    ] {
        let (base, _) = answering(status, body).await;
        let got = match adapter(&settings(&base)).send(&incident(&ticket(1))).await {
            Sent::Taken { .. } => "taken",
            Sent::Transient { unsure: true, .. } => "unsure",
            Sent::Transient { unsure: false, .. } => "transient",
            Sent::Permanent { .. } => "permanent",
        };
        assert_eq!(got, wanted, "HTTP {status} with {body:?}");
    }
    let nobody = settings("http://127.0.0.1:9");
    let sent = adapter(&nobody).send(&incident(&ticket(1))).await;
    assert!(
        matches!(sent, Sent::Transient { unsure: false, http_status: None, .. }),
        "where nobody listens nothing has arrived: {sent:?}"
    );
}

#[tokio::test]
async fn every_answer_to_the_question_has_its_meaning() {
    for (status, body, wanted) in [
        (200, r#"{"external_no":"PT1"}"#, "has"),
        (200, "[]", "has not"),
        (404, "", "has not"),
        (405, "", "has not"),
        (500, "", "unknown"),
        (401, "", "unknown"),
    ] {
        let (base, _) = answering(status, body).await;
        let got = match adapter(&settings(&base)).ask(ticket(1).id).await {
            Asked::Has { .. } => "has",
            Asked::HasNot => "has not",
            Asked::Unknown { .. } => "unknown",
        };
        assert_eq!(got, wanted, "HTTP {status} with {body:?}");
    }
}

#[test]
fn settings_are_checked_as_a_whole() {
    let good = settings("http://127.0.0.1:9/platform");
    good.validate().expect("these are good");
    PlatformSettings::default().validate().expect("the default is good");
    let wrong = |change: &dyn Fn(&mut PlatformSettings)| {
        let mut bad = good.clone();
        change(&mut bad);
        bad.validate().expect_err("must be refused").field
    };
    assert_eq!(wrong(&|s| s.secret = None), "secret");
    assert_eq!(wrong(&|s| s.secret = Some("whsec_not base64!".into())), "secret");
    assert_eq!(wrong(&|s| s.base_url = Some("ftp://x/".parse().expect("url"))), "base_url");
    assert_eq!(wrong(&|s| s.schedule_s.clear()), "schedule_s");
    assert_eq!(wrong(&|s| s.schedule_s = vec![f64::NAN]), "schedule_s");
    assert_eq!(wrong(&|s| s.concurrency = 0), "concurrency");
    assert_eq!(wrong(&|s| s.lease_s = 0.9), "lease_s");
    let read: PlatformSettings =
        toml::from_str("base_url = \"http://127.0.0.1:1/x\"\nsecret = \"s\"\nconcurrency = 3").expect("readable");
    assert_eq!((read.concurrency, read.base_url.is_some()), (3, true));
    assert!(toml::from_str::<PlatformSettings>("base_ulr = 1").is_err(), "a misspelt name is refused");
}
