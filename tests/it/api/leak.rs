//! What is for gridworkers, over, not yet begun or of another place reaches no resident through any URL.
//!
//! Every route of the API document is classified here: a new one fails this test until somebody has said what it can return.

use gridworker::config::Engine;
use gridworker::knowledge::document::{Audience, ImportDefaults, ParsedDocument};
use jiff::civil::date;
use reqwest::Method;
use serde_json::json;

use crate::index::standin;
use crate::support::app::TestApp;
use crate::support::people::Resident;
use crate::support::wire::Answer;

/// What a route can return of the knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Returns {
    /// Passages, to whoever holds the conversation's token: walked below.
    Passages,
    /// Nothing of the knowledge.
    Nothing,
}

/// Routes outside `/api/v1/admin`, `/api/v1/worker` and `/api/v1/auth`. Those inside open to nobody without an account.
const ROUTES: &[(&str, &str, Returns)] = &[
    ("GET", "/api/v1/channels/{id}", Returns::Passages),
    ("POST", "/api/v1/conversations", Returns::Passages),
    ("POST", "/api/v1/conversations/{id}/messages", Returns::Passages),
    ("GET", "/api/v1/conversations/{id}/messages", Returns::Passages),
    ("GET", "/api/v1/conversations/{id}/turns/{turn_id}/events", Returns::Passages),
    ("GET", "/api/v1/conversations/{id}/turns/{turn_id}/evidence", Returns::Passages),
    ("GET", "/api/v1/conversations/{id}/events", Returns::Nothing),
    ("POST", "/api/v1/conversations/{id}/messages/{mid}/feedback", Returns::Nothing),
    ("DELETE", "/api/v1/conversations/{id}", Returns::Nothing),
    ("PATCH", "/api/v1/conversations/{id}/draft", Returns::Nothing),
    ("POST", "/api/v1/conversations/{id}/draft/confirm", Returns::Nothing),
    ("POST", "/api/v1/conversations/{id}/draft/cancel", Returns::Nothing),
    ("POST", "/api/v1/conversations/{id}/draft/join", Returns::Nothing),
    ("GET", "/api/v1/documents/{id}/versions/{version}", Returns::Passages),
    ("POST", "/api/v1/attachments", Returns::Nothing),
    ("POST", "/api/v1/transcriptions", Returns::Nothing),
    ("GET", "/api/v1/attachments/{id}", Returns::Nothing),
    ("GET", "/api/v1/tickets/{number}", Returns::Nothing),
    ("POST", "/api/v1/tickets/lookup", Returns::Nothing),
    ("POST", "/api/v1/tickets/{number}/rating", Returns::Nothing),
    ("POST", "/api/v1/tickets/{number}/withdraw", Returns::Nothing),
    ("POST", "/api/v1/tickets/{number}/attachments", Returns::Nothing),
    ("GET", "/api/v1/taxonomy", Returns::Nothing),
    ("POST", "/api/v1/platform/callbacks", Returns::Nothing),
    ("POST", "/api/v1/platform/{destination}/callbacks", Returns::Nothing),
    ("GET", "/health/live", Returns::Nothing),
    ("GET", "/health/ready", Returns::Nothing),
    ("GET", "/metrics", Returns::Nothing),
];

const STAFF: [&str; 3] = ["/api/v1/admin", "/api/v1/worker", "/api/v1/auth"];

/// Matter, its words, and what nobody outside may read.
const HIDDEN: [(&str, &str, &str); 4] = [
    ("h-worker", "暗渠巡查登记怎么做", "暗号甲乙丙"),
    ("h-over", "旧版垃圾费怎么交", "暗号丁戊己"),
    ("h-future", "明年的停车收费怎么算", "暗号庚辛壬"),
    ("h-elsewhere", "海淀区积分落户怎么办", "暗号子丑寅"),
];

fn hidden(id: &str, title: &str, secret: &str) -> ParsedDocument {
    let text = format!("# {title}\n\n{title}，{secret}，到窗口办理。\n\n## 怎么办\n{title}要带身份证，口令是{secret}。\n");
    let defaults = ImportDefaults { audience: Audience::Resident, area: "全国".to_owned(), effective_from: date(2025, 1, 1) };
    let name = format!("{id}.md");
    let mut document = ParsedDocument::parse(std::path::Path::new(&name), &text, &defaults).expect("a document");
    document.meta.questions = vec![title.to_owned()];
    match id {
        "h-worker" => document.meta.audience = Audience::Gridworker,
        "h-over" => document.meta.expires_on = Some(date(2026, 1, 1)),
        "h-future" => document.meta.effective_from = date(2027, 1, 1),
        "h-elsewhere" => "北京市".clone_into(&mut document.meta.area),
        _ => {}
    }
    document
}

fn secrets_in(text: &str) -> Vec<&'static str> {
    HIDDEN.iter().map(|(_, _, secret)| *secret).filter(|secret| text.contains(secret)).collect()
}

async fn stocked(app: &TestApp) {
    let knowledge = &app.instance().api.knowledge;
    for (id, title, secret) in HIDDEN {
        knowledge.store().put(&hidden(id, title, secret), jiff::Timestamp::UNIX_EPOCH).await.expect("put");
    }
    // So that the words of the question are of this trade.
    let open = hidden("h-open", "公开的装修备案怎么办", "明码");
    knowledge.store().put(&open, jiff::Timestamp::UNIX_EPOCH).await.expect("put");
    knowledge.refresh().await.expect("refresh");
}

#[tokio::test]
async fn every_route_is_classified() {
    let document = serde_json::to_value(gridworker::http::router::openapi()).expect("JSON");
    let mut unknown = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        if STAFF.iter().any(|s| path.starts_with(s)) {
            continue;
        }
        for method in methods.as_object().expect("methods").keys() {
            let method = method.to_uppercase();
            if !ROUTES.iter().any(|(m, p, _)| *m == method && p == path) {
                unknown.push(format!("{method} {path}"));
            }
        }
    }
    assert!(unknown.is_empty(), "say in ROUTES what these can return of the knowledge: {unknown:?}");
}

#[tokio::test]
async fn no_url_shows_a_resident_what_is_not_theirs() {
    let server = standin::start().await;
    let url = server.url.clone();
    let apps = [
        ("memory", TestApp::start().await),
        ("edge", TestApp::with().settings(|s| s.knowledge.engine = Engine::Edge).start().await),
        (
            "server adapter",
            TestApp::with()
                .settings(move |s| {
                    s.knowledge.engine = Engine::Server;
                    s.knowledge.server_url = url.clone();
                })
                .start()
                .await,
        ),
    ];
    for (engine, app) in &apps {
        stocked(app).await;
        let resident = app.resident().await;
        // What is open is found: without that the rest would prove nothing.
        let open = resident.say("公开的装修备案怎么办").await.to_string();
        assert!(open.contains("明码"), "{engine}: {open}");
        for (id, title, _) in HIDDEN {
            for question in
                [title.to_owned(), format!("{title}，口令是多少"), format!("请问{title}"), title.replace("怎么", "如何")]
            {
                walk(engine, &resident, id, &question).await;
            }
        }
        let history = resident.get(&resident.path("/messages")).await.text();
        assert_eq!(secrets_in(&history), Vec::<&str>::new(), "{engine}: history");
        documents(engine, app, &resident).await;
        staff(engine, app, &resident).await;
        // Somebody who may, does.
        let worker = app.gridworker().await.say("暗渠巡查登记怎么做").await.to_string();
        assert!(worker.contains("暗号甲乙丙"), "{engine}: a gridworker reads it: {worker}");
        assert_eq!(secrets_in(&worker), ["暗号甲乙丙"], "{engine}: and nothing else");
    }
}

/// A question in both ways of asking.
async fn walk(engine: &str, resident: &Resident, id: &str, question: &str) {
    let turn = resident.say(question).await;
    let shown = turn.to_string();
    assert_eq!(secrets_in(&shown), Vec::<&str>::new(), "{engine}: 「{question}」: {shown}");
    let cited = turn["reply"]["citations"].as_array().into_iter().flatten().any(|c| c["document_id"] == id);
    assert!(!cited, "{engine}: 「{question}」 cites {id}");
    for frame in resident.stream(question).await {
        let told = format!("{frame:?}");
        assert_eq!(secrets_in(&told), Vec::<&str>::new(), "{engine}: streamed 「{question}」: {told}");
    }
    if let Some(turn) = turn["turn_id"].as_str() {
        for frame in resident.resume(turn, 0).await.all().await {
            assert_eq!(secrets_in(&format!("{frame:?}")), Vec::<&str>::new(), "{engine}: resumed");
        }
    }
}

/// The originals behind citations, before and after somebody knows a token.
async fn documents(engine: &str, app: &TestApp, resident: &Resident) {
    for (id, _, secret) in HIDDEN {
        for version in 0..3 {
            let path = format!("/api/v1/documents/{id}/versions/{version}");
            for answer in [app.stranger().get(&path).await, resident.get(&path).await] {
                if !answer.text().contains(secret) {
                    continue;
                }
                // What has ended was cited once: it stays readable, and says that it is over.
                let body = answer.expect(200);
                let told = body["document"]["in_force"] == json!(false) && body["document"]["notice"].is_string();
                assert!(id == "h-over" && told, "{engine}: {path} shows {secret}: {body}");
            }
        }
    }
    for path in ["/api/v1/channels/web", "/api/v1/taxonomy", "/metrics", "/openapi.json"] {
        let text = app.stranger().get(path).await.text();
        assert_eq!(secrets_in(&text), Vec::<&str>::new(), "{engine}: {path}");
    }
}

/// What whoever wants to sign in must know before.
const OPEN: [&str; 1] = ["/api/v1/auth/ways"];

/// Every route of the staff, with nothing and with a resident's token.
#[expect(clippy::print_stdout, reason = "how much was looked at")]
async fn staff(engine: &str, app: &TestApp, resident: &Resident) {
    let document = serde_json::to_value(gridworker::http::router::openapi()).expect("JSON");
    let mut walked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        if !STAFF.iter().any(|s| path.starts_with(s)) {
            continue;
        }
        let mut url = path.clone();
        while let (Some(from), Some(to)) = (url.find('{'), url.find('}')) {
            url.replace_range(from..=to, "h-worker");
        }
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            for request in [app.stranger().request(method.clone(), &url), resident.request(method.clone(), &url)] {
                let answer = Answer::of(request.send().await).await;
                assert!(
                    answer.status >= 400 || OPEN.contains(&path.as_str()),
                    "{engine}: {method} {path} opens to somebody without an account: {}",
                    answer.status
                );
                assert_eq!(secrets_in(&answer.text()), Vec::<&str>::new(), "{engine}: {method} {path}");
                walked += 1;
            }
        }
    }
    println!("{engine}: {walked} calls of the staff's routes refused");
}
