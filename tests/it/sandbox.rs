//! The bundled platform, over a real socket: its push interface, its board, its callbacks, its faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::sandbox::{Faults, Move, State};
use parking_lot::Mutex;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::platform::support::{SECRET, Server, client, signed, until};

fn incident(n: u32) -> Value {
    json!({
        "number": format!("WG20261122{n:06}"), "title": "挡墙裂缝", "description": "车行交会处挡墙裂缝变宽",
        "category": {"code": "YJ-01", "name": "挡墙险情", "section": "平安法治"},
        "place": {"text": "古渡春色小区7栋车行交会处", "estate": "古渡春色小区", "building": "7栋", "room": "1203"},
        "urgency": "紧急", "reporter": {"anonymous": false, "name": "某居民", "phone": "13800000000"},
    })
}

struct Stage {
    server: Server,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn new(faults: Faults, callback: Option<url::Url>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { server: Server::start(folder.path(), faults, callback), http: client(), _folder: folder }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base())
    }

    async fn push(&self, key: &str, body: &Value) -> Response {
        self.push_signed(key, &body.to_string(), SystemClock.now().as_second(), SECRET).await
    }

    async fn push_signed(&self, key: &str, body: &str, at: i64, secret: &str) -> Response {
        let mut request = self.http.post(self.url("/api/v1/incidents")).header("idempotency-key", key);
        for (name, value) in signed("msg_1", at, body, secret) {
            request = request.header(name, value);
        }
        request.body(body.to_owned()).send().await.expect("the platform answers")
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.http.get(self.url(path)).send().await.expect("the platform answers");
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self.http.post(self.url(path)).json(body).send().await.expect("the platform answers");
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }

    async fn stored(&self, key: &str) -> String {
        let answer = self.push(key, &incident(1)).await;
        assert_eq!(answer.status(), 201, "a good push is stored");
        let body: Value = answer.json().await.expect("JSON");
        body["external_no"].as_str().expect("a number").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_push_contract() {
    let stage = Stage::new(Faults::default(), None);
    let (missing, _) = stage.get("/api/v1/incidents?idempotency_key=k1").await;
    assert_eq!(missing, 404, "what was never pushed is not there");

    let first = stage.push("k1", &incident(1)).await;
    assert_eq!(first.status(), 201);
    let body: Value = first.json().await.expect("JSON");
    assert_eq!(body["status"], "received");
    let number = body["external_no"].as_str().expect("a number").to_owned();

    let again = stage.push("k1", &incident(1)).await;
    assert_eq!(again.status(), 409, "the same key again");
    assert_eq!(again.json::<Value>().await.expect("JSON"), body, "answers with the same body");
    assert_eq!(stage.get("/api/v1/incidents?idempotency_key=k1").await, (StatusCode::OK, body.clone()));
    assert_eq!(stage.get(&format!("/api/v1/incidents/{number}")).await, (StatusCode::OK, body));
    assert_eq!(stage.get("/api/v1/incidents/PT0").await.0, 404);
    assert_eq!(stage.get("/api/v1/incidents").await.0, 400, "a question without a key");
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_push_is_said() {
    let stage = Stage::new(Faults::default(), None);
    let now = SystemClock.now().as_second();
    let good = incident(1).to_string();
    for (what, answer, status) in [
        ("another secret", stage.push_signed("k", &good, now, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await, 401),
        ("an old signature", stage.push_signed("k", &good, now - 301, SECRET).await, 401),
        ("a signature of tomorrow", stage.push_signed("k", &good, now + 301, SECRET).await, 401),
        ("no key", stage.push_signed("", &good, now, SECRET).await, 400),
        ("no JSON", stage.push_signed("k", "{", now, SECRET).await, 400),
        ("not an object", stage.push_signed("k", "[]", now, SECRET).await, 422),
    ] {
        assert_eq!(answer.status(), status, "{what}");
        let body: Value = answer.json().await.expect("an error is JSON as well");
        assert!(body["code"].is_string() && body["detail"].is_string(), "{what}: {body}");
    }
    let unsigned = stage.http.post(stage.url("/api/v1/incidents")).header("idempotency-key", "k").body(good).send().await;
    assert_eq!(unsigned.expect("answered").status(), 401, "no signature at all");

    for field in ["number", "title", "description", "category", "place", "urgency"] {
        for empty in [None, Some(json!("")), Some(json!({}))] {
            let mut body = incident(1);
            match &empty {
                None => drop(body.as_object_mut().expect("an object").remove(field)),
                Some(empty) => body[field] = empty.clone(),
            }
            let answer = stage.push("k", &body).await;
            assert_eq!(answer.status(), 422, "{field} = {empty:?}");
            let said: Value = answer.json().await.expect("JSON");
            assert_eq!(said["fields"], json!([field]), "the field is named");
        }
    }
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (0, 0), "nothing of it was stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_pushes_of_one_key_store_one_incident() {
    let stage = Stage::new(Faults::default(), None);
    let body = incident(1);
    let answers = futures::future::join_all((0..12).map(|_| stage.push("same", &body))).await;
    let mut codes: Vec<_> = answers.iter().map(|a| a.status().as_u16()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [vec![201], vec![409; 11]].concat());
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_at_the_root_and_under_a_base_path() {
    let stage = Stage::new(Faults::default(), None);
    let short = stage.http.get(stage.url("")).send().await.expect("answered");
    assert_eq!(short.status(), 308, "without its slash the page redirects");
    assert_eq!(short.headers()["location"], "/platform/");
    for path in ["/", "/board.js", "/board.css", "/board.svg", "/board/incidents", "/board/faults"] {
        let answer = stage.http.get(stage.url(path)).send().await.expect("answered");
        assert_eq!(answer.status(), 200, "{path}");
        let csp = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert!(csp.contains("default-src 'self'") && !csp.contains("unsafe"), "{path}: {csp}");
    }
    let page = stage.http.get(stage.url("/")).send().await.expect("answered").text().await.expect("text");
    assert!(page.contains("内置演示平台（示例）"), "the page says what it is");
    for absolute in ["=\"/", "http://", "https://", "style=\"", "onclick="] {
        assert!(!page.contains(absolute), "the page has no {absolute}");
    }

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    let app = stage.server.sandbox.router();
    tokio::spawn(async move { axum::serve(listener, app).await });
    for path in ["/", "/board/incidents", "/board.js"] {
        let answer = stage.http.get(format!("http://{at}{path}")).send().await.expect("answered");
        assert_eq!(answer.status(), 200, "alone, {path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_dispatched_and_its_clock_runs() {
    let stage = Stage::new(Faults::default(), None);
    for (n, category, section, urgency, want) in [
        (1, "外墙脱落", "经济发展", "紧急", ("经济发展", "城市更新岗")),
        (2, "挡墙险情", "平安法治", "特急", ("平安法治", "应急管理岗")),
        (3, "垃圾清运", "", "一般", ("民生服务", "市容环境岗")),
        (4, "党员志愿服务", "党的建设", "一般", ("党的建设", "志愿服务岗")),
        (5, "其他", "没有的板块", "一般", ("民生服务", "综合受理岗")),
        (6, "其他", "经济发展", "一般", ("经济发展", "企业服务岗")),
    ] {
        let mut body = incident(n);
        body["category"] = json!({"name": category, "section": section});
        body["title"] = "请处理".into();
        body["description"] = "请处理".into();
        body["urgency"] = urgency.into();
        assert_eq!(stage.push(&format!("k{n}"), &body).await.status(), 201);
        let (_, board) = stage.get("/board/incidents").await;
        let card = board["incidents"].as_array().expect("cards").iter().find(|c| c["number"] == body["number"]);
        let card = card.expect("the board shows it");
        assert_eq!((card["section"].as_str(), card["post"].as_str()), (Some(want.0), Some(want.1)), "{category}");
        let time = |name: &str| card[name].as_str().expect("a time").parse::<jiff::Timestamp>().expect("RFC 3339");
        let minutes = time("accept_by").duration_since(time("received_at")).as_mins();
        assert_eq!(minutes, if urgency == "一般" { 120 } else { 5 }, "{urgency}");
        assert!(card["accept_by"].as_str().expect("a time").ends_with("+08:00"), "in the street's zone");
    }
    let (_, board) = stage.get("/board/incidents").await;
    assert_eq!(board["sections"].as_array().expect("sections").len(), 4);
    assert!(board["incidents"].as_array().expect("cards").iter().all(|c| c["state"] == "received"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reporter_is_shown_only_when_asked_for() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    for path in ["/board/incidents".to_owned(), format!("/board/incidents/{no}"), format!("/api/v1/incidents/{no}")] {
        let (_, body) = stage.get(&path).await;
        let text = body.to_string();
        assert!(!text.contains("13800000000") && !text.contains("某居民"), "{path} shows no reporter: {text}");
    }
    let (status, who) = stage.get(&format!("/board/incidents/{no}/reporter")).await;
    assert_eq!((status, &who["phone"]), (StatusCode::OK, &json!("13800000000")));
    let (_, board) = stage.get("/board/incidents").await;
    assert_eq!(board["incidents"][0]["place"], "古渡春色小区 · 7栋", "the card's place has no room");
}

/// The shortest way of moves from received to each state.
fn way_to(state: State) -> &'static [&'static str] {
    match state {
        State::Received => &[],
        State::Accepted => &["accept"],
        State::Assigned => &["accept", "assign"],
        State::InProgress => &["accept", "start"],
        State::Extended => &["accept", "extend"],
        State::Resolved => &["accept", "resolve"],
        State::Returned => &["return"],
        State::Merged => &["merge"],
        State::Closed => &["accept", "close"],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_move_in_every_state_is_made_or_refused() {
    let stage = Stage::new(Faults::default(), None);
    let mut legal = Vec::new();
    for state in State::ALL {
        for step in Move::ALL {
            let no = stage.stored(&format!("{}-{}", state.word(), step.word())).await;
            for word in way_to(state) {
                let (status, _) = stage.post(&format!("/board/incidents/{no}/{word}"), &json!({})).await;
                assert_eq!(status, 200, "{word} on the way to {}", state.word());
            }
            let (status, said) = stage.post(&format!("/board/incidents/{no}/{}", step.word()), &json!({})).await;
            if status == 200 {
                assert_eq!(said["state"], step.leads_to().word());
                legal.push(format!("{} -{}-> {}", state.word(), step.word(), step.leads_to().word()));
            } else {
                assert_eq!((status, &said["code"]), (StatusCode::CONFLICT, &json!("illegal_move")));
                let (_, now) = stage.get(&format!("/api/v1/incidents/{no}")).await;
                assert_eq!(now["status"], state.word(), "a refused move changes nothing");
            }
        }
    }
    insta::assert_snapshot!(legal.join("\n"), @r"
    received -accept-> accepted
    received -return-> returned
    received -merge-> merged
    accepted -assign-> assigned
    accepted -start-> in_progress
    accepted -resolve-> resolved
    accepted -close-> closed
    accepted -extend-> extended
    accepted -return-> returned
    accepted -merge-> merged
    assigned -start-> in_progress
    assigned -resolve-> resolved
    assigned -close-> closed
    assigned -extend-> extended
    assigned -return-> returned
    assigned -merge-> merged
    in_progress -resolve-> resolved
    in_progress -close-> closed
    in_progress -extend-> extended
    in_progress -return-> returned
    in_progress -merge-> merged
    extended -assign-> assigned
    extended -start-> in_progress
    extended -resolve-> resolved
    extended -close-> closed
    extended -return-> returned
    extended -merge-> merged
    returned -accept-> accepted
    returned -merge-> merged
    resolved -close-> closed
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_calls_of_the_board_are_answered() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    assert_eq!(stage.post("/board/incidents/PT0/accept", &json!({})).await.0, 404, "an unknown incident");
    assert_eq!(stage.post(&format!("/board/incidents/{no}/delete"), &json!({})).await.0, 404, "an unknown move");
    let long = json!({"note": "长".repeat(501)});
    assert_eq!(stage.post(&format!("/board/incidents/{no}/accept"), &long).await.0, 422, "a novel as a note");
    assert_eq!(stage.post(&format!("/board/incidents/{no}/accept"), &json!([1])).await.0, 400, "not an object");
    assert_eq!(stage.get("/board/incidents?state=finished").await.0, 422, "an unknown state");
    assert_eq!(stage.get("/board/incidents/PT0/reporter").await.0, 404);
    let foreign = stage
        .http
        .post(stage.url(&format!("/board/incidents/{no}/accept")))
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .expect("answered");
    assert_eq!(foreign.status(), 403, "a button on another site's page");
    let (_, only) = stage.get("/board/incidents?state=received").await;
    assert_eq!(only["incidents"].as_array().map(Vec::len), Some(1), "and nothing has moved");
    let (_, none) = stage.get("/board/incidents?state=closed").await;
    assert_eq!(none["incidents"].as_array().map(Vec::len), Some(0));
    let bare = stage.http.post(stage.url(&format!("/board/incidents/{no}/accept"))).send().await.expect("answered");
    assert_eq!(bare.status(), 200, "a move needs no body");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_switch_does_what_it_says() {
    let stage = Stage::new(Faults::default(), None);
    let set = async |faults: Value| {
        let answer = stage.http.put(stage.url("/board/faults")).json(&faults).send().await.expect("answered");
        assert_eq!(answer.status(), 200, "{faults}");
        assert_eq!(stage.get("/board/incidents").await.0, 200, "faults do not touch the board");
    };
    set(json!({"down": true})).await;
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 503);
    assert_eq!(stage.get("/api/v1/incidents?idempotency_key=k1").await.0, 503);
    set(json!({"error_rate": 1})).await;
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 500);
    set(json!({"refuse_signature": true})).await;
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 401);
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (0, 0), "none of these stored anything");

    set(json!({"latency_ms": 300})).await;
    let begun = std::time::Instant::now();
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 201);
    assert!(begun.elapsed() >= Duration::from_millis(300), "it took its time");

    set(json!({"drop_after_store": 1.0})).await;
    let lost = futures::future::join_all((0..12).map(|n| {
        let (stage, key) = (&stage, format!("lost{n}"));
        async move {
            let body = incident(n).to_string();
            let mut request = stage.http.post(stage.url("/api/v1/incidents")).header("idempotency-key", key);
            for (name, value) in signed("msg_1", SystemClock.now().as_second(), &body, SECRET) {
                request = request.header(name, value);
            }
            match request.body(body).timeout(Duration::from_secs(3)).send().await {
                Ok(answer) => answer.json::<Value>().await.is_ok_and(|b| b["external_no"].is_string()),
                Err(_) => false,
            }
        }
    }))
    .await;
    assert!(lost.iter().all(|learned| !learned), "no push learns that it was stored");
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (13, 13), "and all of them were");

    let off = stage.get("/board/faults").await.1;
    assert_eq!(off["drop_after_store"], 1.0, "the switches can be read");
    for wrong in [json!({"dwon": true}), json!({"error_rate": "much"}), json!([])] {
        let answer = stage.http.put(stage.url("/board/faults")).json(&wrong).send().await.expect("answered");
        assert_eq!(answer.status(), 422, "{wrong}");
    }
}

#[test]
fn fault_switches_of_the_command_line() {
    let mut faults = Faults::default();
    for switch in ["latency=200", "error_rate=0.3", "drop_after_store=1", "down", "refuse_signature=true"] {
        faults.turn(switch).expect("a known switch");
    }
    let all = Faults { latency_ms: 200, error_rate: 0.3, drop_after_store: 1.0, refuse_signature: true, down: true };
    assert_eq!(faults, all);
    for wrong in ["", "error_rate", "error_rate=2", "error_rate=NaN", "latency=-1", "dwon"] {
        let error = faults.turn(wrong).expect_err("refused").to_string();
        assert!(error.contains("error_rate=0..1"), "the answer lists what there is: {error}");
    }
}

/// Collects callbacks; refuses the first `refuse` of them.
async fn listener(refuse: u32) -> (url::Url, Arc<Mutex<Vec<(HeaderMap, String)>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (kept, refused) = (heard.clone(), Arc::new(AtomicU32::new(0)));
    let app = axum::Router::new().fallback(move |headers: HeaderMap, body: String| async move {
        kept.lock().push((headers, body));
        if refused.fetch_add(1, Ordering::SeqCst) < refuse {
            axum::http::StatusCode::SERVICE_UNAVAILABLE
        } else {
            axum::http::StatusCode::NO_CONTENT
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{at}/told").parse().expect("an address"), heard)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_are_signed_in_order_and_repeated_until_taken() {
    let (url, heard) = listener(2).await;
    let mut stage = Stage::new(Faults::default(), Some(url));
    let no = stage.stored("k1").await;
    let said = json!({"note": "已派人到现场", "handler": "应急管理岗"});
    assert_eq!(stage.post(&format!("/board/incidents/{no}/accept"), &said).await.0, 200);
    // A killed platform still tells what it had not told.
    stage.server = stage.server.restart(Faults::default());
    assert_eq!(stage.post(&format!("/board/incidents/{no}/close"), &json!({"note": " "})).await.0, 200);
    until("everything is told", async || stage.server.sandbox.pending_callbacks().await.expect("readable") == 0).await;

    let heard = heard.lock().clone();
    let webhook = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    for (headers, body) in &heard {
        webhook.verify(body.as_bytes(), headers).expect("every callback is signed as the library wants it");
        assert_eq!(headers["content-type"], "application/json");
    }
    // Repeats carry the same id; what is told in the end is each state once, in order.
    let mut ids: Vec<&str> = heard.iter().map(|(h, _)| h["webhook-id"].to_str().expect("text")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "three callbacks, repeats under the same id, never mixed: {ids:?}");
    assert!(heard.len() >= 5, "the first two deliveries were refused and repeated");
    let mut bodies: Vec<Value> = heard.iter().map(|(_, b)| serde_json::from_str(b).expect("JSON")).collect();
    bodies.dedup();
    let words: Vec<_> = bodies.iter().map(|b| b["status"].as_str().expect("a status")).collect();
    assert_eq!(words, ["received", "accepted", "closed"]);
    assert_eq!(bodies[1]["note"], "已派人到现场");
    assert_eq!(bodies[1]["handler"], "应急管理岗");
    assert_eq!((&bodies[1]["external_no"], &bodies[1]["idempotency_key"]), (&json!(no), &json!("k1")));
    assert!(bodies[2].get("note").is_none(), "an empty note is none");
    let at: Vec<&str> = bodies.iter().map(|b| b["at"].as_str().expect("a time")).collect();
    assert!(at.is_sorted(), "times grow: {at:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stored_survives_a_kill() {
    let mut stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    stage.post(&format!("/board/incidents/{no}/accept"), &json!({"handler": "应急管理岗"})).await;
    stage.server = stage.server.restart(Faults::default());
    let (_, it) = stage.get(&format!("/board/incidents/{no}")).await;
    assert_eq!((&it["state"], &it["handler"]), (&json!("accepted"), &json!("应急管理岗")));
    assert_eq!(it["history"].as_array().map(Vec::len), Some(2), "with its history");
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 409, "and its keys");
}
