//! The log of changes: complete, readable, and not to be changed without showing it.

use std::net::IpAddr;

use gridworker::identity::audit::{self, AuditEntry, AuditLog as _, AuditQuery, GENESIS, chained};
use gridworker::identity::caller::ClientNet;
use gridworker::identity::{Caller, Role};
use gridworker::storage::sqlite::Sqlite;
use gridworker::storage::sqlite::audit::SqliteAudit;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::wire::Answer;

const AUDIT: &str = "/api/v1/admin/audit";

fn entry(n: u64) -> AuditEntry {
    let at = Timestamp::from_second(1_700_000_000 + n.cast_signed()).expect("a time");
    audit::entry(at, &Caller::console(), "document.change", ("document", &format!("d-{n}")), json!({ "n": n }))
}

async fn rows(count: u64) -> (tempfile::TempDir, Sqlite, SqliteAudit) {
    let folder = tempfile::tempdir().expect("a folder");
    let db = Sqlite::open(&folder.path().join("rows.sqlite"), crate::support::sealer()).await.expect("a database");
    let log = SqliteAudit::new(db.clone());
    for n in 0..count {
        log.append(&entry(n)).await.expect("a row");
    }
    (folder, db, log)
}

/// What somebody with the file in their hands does.
async fn force(db: &Sqlite, sql: &'static str) -> Result<(), sqlx::Error> {
    let mut tx = db.durable().await?;
    sqlx::raw_sql(sql).execute(&mut *tx).await?;
    tx.commit().await
}

#[tokio::test]
async fn the_table_refuses_every_change() {
    let (_folder, db, log) = rows(5).await;
    for sql in [
        "UPDATE audit_log SET detail = '{}' WHERE seq = 2",
        "UPDATE audit_log SET seq = 9 WHERE seq = 5",
        "DELETE FROM audit_log WHERE seq = 5",
        "DELETE FROM audit_log",
        "INSERT OR REPLACE INTO audit_log SELECT seq, at, actor, 'somebody else', via, net, action, object_kind, object_id, detail, previous, hash FROM audit_log WHERE seq = 5",
        "INSERT INTO audit_log SELECT 9, at, actor, actor_name, via, net, action, object_kind, object_id, detail, 'x', 'y' FROM audit_log WHERE seq = 5",
        "INSERT INTO audit_log SELECT 6, at, actor, actor_name, via, net, action, object_kind, object_id, detail, 'x', 'y' FROM audit_log WHERE seq = 5",
    ] {
        let error = force(&db, sql).await.expect_err(sql).to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    let state = log.verify().await.expect("a chain");
    assert_eq!((state.rows, state.last_seq, state.broken), (5, 5, None));
}

#[tokio::test]
async fn what_comes_around_the_triggers_shows() {
    const OFF: &str = "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete; DROP TRIGGER audit_log_in_order;";
    for (what, sql, at) in [
        ("a changed row", "UPDATE audit_log SET detail = '{\"n\":7}' WHERE seq = 3", 3),
        ("another name", "UPDATE audit_log SET actor_name = 'somebody' WHERE seq = 1", 1),
        ("another time", "UPDATE audit_log SET at = at + 1 WHERE seq = 5", 5),
        ("a row taken out", "DELETE FROM audit_log WHERE seq = 2", 3),
        ("the first rows taken out", "DELETE FROM audit_log WHERE seq < 3", 3),
        (
            "two rows exchanged",
            "UPDATE audit_log SET object_id = CASE seq WHEN 3 THEN 'd-3' ELSE 'd-2' END WHERE seq IN (3, 4)",
            3,
        ),
        ("the newest rows taken out", "DELETE FROM audit_log WHERE seq > 3", 4),
        ("everything taken out", "DELETE FROM audit_log", 1),
        (
            "a row put at the end",
            "INSERT INTO audit_log SELECT 6, at, actor, actor_name, via, net, action, object_kind, object_id, detail, hash, 'x' FROM audit_log WHERE seq = 5",
            6,
        ),
    ] {
        let (_folder, db, log) = rows(5).await;
        force(&db, OFF).await.expect("no triggers");
        force(&db, sql).await.expect(what);
        // The table put back as it was: only the chain can tell.
        force(&db, "CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'append-only'); END;
                    CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'append-only'); END;
                    CREATE TRIGGER audit_log_in_order BEFORE INSERT ON audit_log WHEN NEW.seq < 0 BEGIN SELECT RAISE(ABORT, 'append-only'); END;")
            .await
            .expect("triggers");
        let state = log.verify().await.expect("a chain");
        assert_eq!(state.broken.as_ref().map(|(seq, _)| *seq), Some(at), "{what}: {:?}", state.broken);
    }
    let (_folder, db, log) = rows(2).await;
    force(&db, OFF).await.expect("no triggers");
    assert_eq!(
        log.verify().await.expect("a chain").broken.map(|(seq, _)| seq),
        Some(0),
        "triggers that are gone show by themselves"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(256)))]

    /// No two rows have one hash, also when text moves from one field to the next.
    #[test]
    fn every_field_is_under_the_hash(a in "[a-z.]{0,6}", b in "[a-z.]{0,6}", c in "[a-z.]{0,6}", other in "[a-z.]{0,6}", field in 0..8usize) {
        let mut one = entry(1);
        (one.action, one.object_kind, one.object_id) = (a, b, c);
        let mut two = one.clone();
        let changed = match field {
            0 => &mut two.actor_name,
            1 => &mut two.via,
            2 => &mut two.net,
            3 => &mut two.action,
            4 => &mut two.object_kind,
            5 => &mut two.object_id,
            6 => &mut two.detail,
            _ => { two.at += SignedDuration::from_millis(1); &mut two.detail }
        };
        if field < 7 { *changed = other; }
        prop_assert_eq!(one == two, chained(GENESIS, 1, &one) == chained(GENESIS, 1, &two));
        let moved = AuditEntry { object_kind: format!("{}{}", one.object_kind, one.object_id), object_id: String::new(), ..one.clone() };
        prop_assert_eq!(one == moved, chained(GENESIS, 1, &one) == chained(GENESIS, 1, &moved));
        prop_assert_ne!(chained(GENESIS, 1, &one), chained(GENESIS, 2, &one));
    }
}

#[test]
fn neither_secrets_nor_people_stand_in_a_detail() {
    let detail = json!({
        "password": "x", "nested": { "Token": "y", "phone": "z" }, "list": [{ "secret": "s" }],
        "words": "请打 13812345678，身份证 11010519491231002X；文号 渝府发〔2024〕12号，工单 WG20260609000001，电话 023-12345678",
        "n": 3,
    });
    let row = audit::entry(Timestamp::UNIX_EPOCH, &Caller::console(), "a.b", ("o", "1"), detail);
    let kept: Value = serde_json::from_str(&row.detail).expect("JSON");
    assert_eq!(kept["password"], "（已略）");
    assert_eq!(kept["nested"], json!({ "Token": "（已略）", "phone": "（已略）" }));
    assert_eq!(kept["list"][0]["secret"], "（已略）");
    assert_eq!(
        kept["words"],
        "请打 （已略），身份证 （已略）；文号 渝府发〔2024〕12号，工单 WG20260609000001，电话 023-12345678"
    );
    assert_eq!(kept["n"], 3);
    let long = audit::entry(Timestamp::UNIX_EPOCH, &Caller::console(), "a.b", ("o", "1"), json!({ "text": "字".repeat(5000) }));
    assert!(long.detail.len() < 200 && long.detail.contains("too_long"), "{}", long.detail);
}

#[test]
fn an_address_is_kept_as_its_network() {
    for (address, net) in [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
    ] {
        assert_eq!(ClientNet::of(address.parse::<IpAddr>().expect("an address")).as_str(), net);
    }
}

#[tokio::test]
async fn one_finds_who_did_what_to_what_and_when() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let auditor = app.as_auditor().await;
    let mut made = Vec::new();
    for n in 0..3 {
        app.clock.advance(SignedDuration::from_mins(10));
        let wish = json!({ "name": format!("made-{n}"), "roles": ["curator"] });
        made.push(
            admin.post("/api/v1/admin/accounts", &wish).await.expect(201)["account"]["id"].as_str().expect("an id").to_owned(),
        );
    }
    let path = format!("/api/v1/admin/accounts/{}", made[1]);
    admin.patch(&path, &json!({ "roles": ["reviewer"], "scope": { "communities": ["锦凤社区"] } })).await.expect(200);
    let find = async |query: &str| auditor.get(&format!("{AUDIT}?{query}")).await.expect(200);
    let changed = find("action=account.change").await;
    let row = &changed["rows"][0];
    assert_eq!(row["actor"], admin.id.to_string());
    assert_eq!(row["actor_name"], admin.name);
    assert_eq!((&row["via"], &row["net"]), (&json!("session"), &json!("loopback")));
    assert_eq!(row["object_id"], made[1]);
    assert_eq!(row["detail"]["before"]["roles"], json!(["curator"]));
    assert_eq!(row["detail"]["after"]["roles"], json!(["reviewer"]));
    assert_eq!(row["detail"]["after"]["communities"], json!(["锦凤社区"]));
    let count = async |query: &str| find(query).await["rows"].as_array().expect("rows").len();
    assert_eq!(count(&format!("actor={}&action=account", admin.id)).await, 4);
    assert_eq!(count(&format!("actor_name={}&action=account.create", admin.name)).await, 3);
    assert_eq!(count(&format!("object_kind=account&object_id={}", made[1])).await, 2);
    assert_eq!(count("action=accoun").await, 0, "a noun is a whole word");
    assert_eq!(count("from=2026-06-09T10:20:00%2B08:00&until=2026-06-09T10:30:00%2B08:00&action=account.create").await, 1);
    // Pages: newest first, none twice, none left out.
    let all = find("limit=500").await;
    let all: Vec<i64> = all["rows"].as_array().expect("rows").iter().map(|r| r["seq"].as_i64().expect("a number")).collect();
    let (mut paged, mut before) = (Vec::new(), String::new());
    loop {
        let page = find(&format!("limit=3{before}")).await;
        paged.extend(page["rows"].as_array().expect("rows").iter().map(|r| r["seq"].as_i64().expect("a number")));
        let Some(next) = page["next_before"].as_i64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(paged, all);
    for query in ["actor=x", "from=yesterday", "limit=x", "colour=red"] {
        auditor.get(&format!("{AUDIT}?{query}")).await.refused(400, "invalid_parameter");
    }
    let check = auditor.get("/api/v1/admin/audit/check").await.expect(200);
    assert_eq!((&check["whole"], check["rows"].as_u64()), (&json!(true), Some(all.len() as u64)), "{check}");
    app.tamper("DROP TRIGGER audit_log_no_update").await;
    app.tamper("UPDATE audit_log SET actor_name = 'somebody' WHERE action = 'account.change'").await;
    let check = auditor.get("/api/v1/admin/audit/check").await.expect(200);
    assert_eq!((&check["whole"], &check["broken_at"]), (&json!(false), &row["seq"]), "{check}");
}

#[tokio::test]
async fn the_file_for_a_spreadsheet_holds_the_same_rows_and_no_formula() {
    let app = TestApp::start().await;
    let auditor = app.as_auditor().await;
    let caller = Caller { name: "=cmd|'/c calc'!A1".to_owned(), ..Caller::console() };
    let audit = app.instance().api.audit.clone();
    app.within(async move { audit.record(&caller, "test.act", ("thing", "@x"), json!({ "note": "逗号,引号\"换行\n" })).await })
        .await
        .expect("a row");
    let answer = auditor.get("/api/v1/admin/audit.csv?action=test").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert!(answer.header("content-disposition").contains("audit.csv"));
    let text = answer.text();
    let text = text.strip_prefix('\u{feff}').expect("the mark that spreadsheets need");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().expect("a head").iter().next(), Some("序号"));
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a row")).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(&rows[0][2], "'=cmd|'/c calc'!A1");
    assert_eq!(&rows[0][8], "'@x");
    assert_eq!(serde_json::from_str::<Value>(&rows[0][9]).expect("JSON")["note"], "逗号,引号\"换行\n");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'audit.export'").await, 1, "that it was taken is a row");
    Answer::of(app.stranger().request(reqwest::Method::GET, "/api/v1/admin/audit.csv").send().await)
        .await
        .refused(401, "unauthenticated");
    app.staff(&[Role::Curator]).await.get("/api/v1/admin/audit.csv").await.refused(403, "forbidden");
}

#[tokio::test]
async fn rows_written_at_the_same_time_stand_in_one_chain() {
    let (_folder, _db, log) = rows(0).await;
    let written = futures::future::join_all((0..50).map(|n| {
        let log = log.clone();
        async move { log.append(&entry(n)).await }
    }));
    let mut numbers: Vec<i64> = written.await.into_iter().map(|r| r.expect("a row")).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    assert_eq!(log.verify().await.expect("a chain").broken, None);
    let found = log.search(&AuditQuery { object_id: Some("d-7".to_owned()), limit: 10, ..AuditQuery::default() }).await;
    assert_eq!(found.expect("rows").len(), 1);
}
