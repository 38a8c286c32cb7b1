//! The clocks of the board: what is overdue stands first, and the figures on top say how many.

use std::path::Path;
use std::sync::Arc;

use gridworker::core::clock::{Clock as _, ManualClock, SystemClock};
use gridworker::core::ids::RandomIds;
use gridworker::sandbox::{Faults, Sandbox, SandboxConfig};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::incident;
use crate::platform::support::{SECRET, client, signed, zone};

/// A platform whose time the test moves.
struct Slow {
    clock: Arc<ManualClock>,
    http: reqwest::Client,
    base: String,
    folder: tempfile::TempDir,
}

async fn serve(file: &Path, clock: Arc<ManualClock>) -> String {
    let config = SandboxConfig {
        callback_url: None,
        secret: SECRET.into(),
        faults: Faults::default(),
        clock,
        ids: Arc::new(RandomIds),
        tz: zone(),
    };
    let sandbox = Sandbox::open(file, config).await.expect("the platform opens its file");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, sandbox.router()).await });
    format!("http://{at}")
}

impl Slow {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let http = client();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let base = serve(&folder.path().join("platform.sqlite"), clock.clone()).await;
        Self { clock, http, base, folder }
    }

    fn ahead(&self, minutes: i64) -> String {
        self.clock.now().saturating_add(SignedDuration::from_mins(minutes)).expect("in range").to_string()
    }

    /// Pushes an incident with deadlines so many minutes ahead; urgent ones are accepted in five.
    async fn push(&self, n: u32, urgency: &str, accept: i64, resolve: Option<i64>) -> String {
        let mut body = incident(n);
        body["urgency"] = urgency.into();
        body["clock"] = json!({"accept_by": self.ahead(accept), "resolve_by": resolve.map(|m| self.ahead(m)), "basis": "时限"});
        let text = body.to_string();
        let mut request = self.http.post(format!("{}/api/v1/incidents", self.base)).header("idempotency-key", format!("k{n}"));
        for (name, value) in signed("msg_1", self.clock.now().as_second(), &text, SECRET) {
            request = request.header(name, value);
        }
        let answer = request.body(text).send().await.expect("answered");
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.expect("JSON")["external_no"].as_str().expect("a number").to_owned()
    }

    async fn board(&self, query: &str) -> Value {
        let answer = self.http.get(format!("{}/board/incidents{query}", self.base)).send().await.expect("answered");
        assert_eq!(answer.status(), 200, "{query}");
        answer.json().await.expect("JSON")
    }

    async fn order(&self, query: &str) -> Vec<String> {
        let board = self.board(query).await;
        let cards = board["incidents"].as_array().expect("cards");
        cards.iter().map(|c| c["external_no"].as_str().expect("a number").to_owned()).collect()
    }

    async fn press(&self, no: &str, button: &str) -> Value {
        let answer = self.http.post(format!("{}/board/incidents/{no}/{button}", self.base)).send().await.expect("answered");
        assert_eq!(answer.status(), 200, "{button}");
        answer.json().await.expect("JSON")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_overdue_stands_first_and_is_counted() {
    let street = Slow::new().await;
    let slow = street.push(1, "一般", 600, Some(1_200)).await;
    let urgent = street.push(2, "紧急", 600, None).await;
    let middle = street.push(3, "一般", 60, Some(120)).await;
    let counts = async |overdue: i64, soon: i64| {
        let board = street.board("").await;
        let counts = &board["counts"];
        assert_eq!(
            (&counts["overdue"], &counts["soon"], &counts["total"]),
            (&json!(overdue), &json!(soon), &json!(3)),
            "{counts}"
        );
    };
    assert_eq!(street.order("").await, [&urgent, &middle, &slow].map(String::clone), "the nearest deadline first");
    counts(0, 0).await;
    street.clock.advance(SignedDuration::from_secs(4 * 60));
    counts(0, 1).await;
    assert_eq!(street.order("?clock=soon").await, [urgent.as_str()], "the last quarter of five minutes runs");
    assert_eq!(street.order("?clock=in_time").await, [&middle, &slow].map(String::clone));
    street.clock.advance(SignedDuration::from_secs(2 * 60));
    counts(1, 0).await;
    assert_eq!(street.order("?clock=overdue").await, [urgent.as_str()]);

    let late = street.press(&urgent, "accept").await;
    assert_eq!(late["clocks"]["accept"]["late"], true, "accepted after its time: {late}");
    assert_eq!((&late["clocks"]["resolve"], &late["clocks"]["accept"]["running"]), (&Value::Null, &json!(false)));
    counts(0, 0).await;
    assert_eq!(street.order("").await, [&middle, &slow, &urgent].map(String::clone), "without a deadline it comes after");

    let in_time = street.press(&middle, "accept").await;
    assert_eq!(in_time["clocks"]["accept"]["late"], false);
    street.clock.advance(SignedDuration::from_mins(115));
    counts(1, 0).await;
    assert_eq!(street.order("?clock=overdue&section=平安法治").await, [middle.as_str()], "now its resolution is overdue");
    assert_eq!(street.order("?clock=overdue&section=民生服务").await, Vec::<String>::new());
    assert_eq!(street.order("?clock=overdue&state=received").await, Vec::<String>::new());
    let done = street.press(&middle, "resolve").await;
    assert_eq!((&done["clocks"]["resolve"]["late"], &done["clocks"]["resolve"]["running"]), (&json!(true), &json!(false)));
    counts(0, 0).await;
    let board = street.board("").await;
    assert_eq!(
        (&board["counts"]["waiting"], &board["counts"]["working"], &board["counts"]["ended"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(street.order("").await, [&slow, &urgent, &middle].map(String::clone), "what has ended comes last");
    let now: Timestamp = board["now"].as_str().expect("a time").parse().expect("RFC 3339");
    assert_eq!(now.as_millisecond(), street.clock.now().as_millisecond(), "the page counts by the platform's clock");
    let sections = board["sections"].as_array().expect("sections");
    let here = sections.iter().find(|s| s["name"] == "平安法治").expect("the section");
    assert_eq!(here["count"], 3);
    assert!(here["posts"].as_array().expect("posts").contains(&json!({"name": "应急管理岗", "count": 3})), "{here}");
}

/// A file as the first version left it.
const OLD: &str = "
CREATE TABLE counter (day TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE incident (external_no TEXT PRIMARY KEY, idempotency_key TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
    place TEXT NOT NULL, urgency TEXT NOT NULL, section TEXT NOT NULL, post TEXT NOT NULL, state TEXT NOT NULL, handler TEXT,
    received_at INTEGER NOT NULL, accept_by INTEGER NOT NULL, accepted_at INTEGER, updated_at INTEGER NOT NULL,
    body TEXT NOT NULL, reporter TEXT);
CREATE TABLE history (seq INTEGER PRIMARY KEY AUTOINCREMENT, external_no TEXT NOT NULL REFERENCES incident(external_no),
    at INTEGER NOT NULL, state TEXT NOT NULL, note TEXT, handler TEXT);
CREATE INDEX history_of ON history (external_no, seq);
CREATE TABLE callback (seq INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id TEXT NOT NULL UNIQUE,
    external_no TEXT NOT NULL REFERENCES incident(external_no), body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL, delivered_at INTEGER, last_error TEXT);
CREATE INDEX callback_waiting ON callback (next_at) WHERE delivered_at IS NULL;
INSERT INTO counter VALUES ('20261101', 2);
INSERT INTO incident VALUES
    ('PT2026110100001', 'old1', '挡墙裂缝', '古渡春色小区', '紧急', '平安法治', '应急管理岗', 'received', NULL,
     1793500000000, 1793500300000, NULL, 1793500000000, '{\"number\":\"WG20261101000001\"}', '{\"anonymous\":true}'),
    ('PT2026110100002', 'old2', '挡墙裂缝', '古渡春色小区', '紧急', '平安法治', '应急管理岗', 'extended', '应急管理岗',
     1793500000000, 1793500300000, 1793500100000, 1793500200000, '{\"number\":\"WG20261101000002\"}', NULL);
INSERT INTO history (external_no, at, state) VALUES ('PT2026110100001', 1793500000000, 'received');
INSERT INTO callback (webhook_id, external_no, body, next_at) VALUES ('msg_old', 'PT2026110100001', '{}', 1793500000000);
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_the_first_version_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("platform.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("a file");
    sqlx::raw_sql(OLD).execute(&pool).await.expect("the old shape");
    pool.close().await;
    let http = client();
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let base = serve(&file, clock.clone()).await;
    let street = Slow { clock, http, base, folder };
    let board = street.board("").await;
    assert_eq!((&board["counts"]["total"], &board["pending_callbacks"]), (&json!(2), &json!(1)), "{board}");
    let card = street.press("PT2026110100001", "accept").await;
    assert_eq!((&card["people"], &card["round"], &card["extensions"]), (&json!(1), &json!(1), &json!(0)));
    let extended = board["incidents"].as_array().expect("cards").iter().find(|c| c["external_no"] == "PT2026110100002");
    let moves = extended.expect("the second")["moves"].to_string();
    assert!(moves.contains("ask_extension"), "its extension counts: {moves}");
    let fresh = street.push(7, "一般", 60, None).await;
    assert_ne!(fresh, "PT2026110100001");
    // Opened again, the steps are not made twice.
    let again = serve(&street.folder.path().join("platform.sqlite"), street.clock.clone()).await;
    let answer = street.http.get(format!("{again}/board/incidents")).send().await.expect("answered");
    assert_eq!(answer.json::<Value>().await.expect("JSON")["counts"]["total"], 3);
}
