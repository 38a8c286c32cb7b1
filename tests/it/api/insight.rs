//! Figures from the real rows: what residents do is counted, each number has its list, files say the same.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Reader as _};
use gridworker::identity::{Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::QUESTION;
use crate::support::app::{TestApp, until};
use crate::support::people::Resident;
use crate::support::staff::Staff;

const BASE: &str = "/api/v1/admin/insight";

async fn figure(staff: &Staff, key: &str) -> (u64, Option<u64>) {
    let body = staff.get(&format!("{BASE}/figures")).await.expect(200);
    let found = body["figures"].as_array().expect("figures").iter().find(|f| f["key"] == key).expect("the figure").clone();
    (found["now"]["part"].as_u64().expect("a number"), found["now"]["whole"].as_u64())
}

async fn thumb(resident: &Resident, turn: &Value, verdict: &str) {
    let path = resident.path(&format!("/messages/{}/feedback", turn["message_id"].as_str().expect("an id")));
    let sent = resident.request(reqwest::Method::POST, &path).json(&json!({ "verdict": verdict })).send().await;
    assert_eq!(sent.expect("an answer").status().as_u16(), 204);
}

/// A day in the street: two ask, one of them in vain; one reports, is helped and says so; one report waits.
async fn a_day(app: &TestApp) -> (Resident, Value) {
    let asking = app.resident().await;
    let answered = asking.say(QUESTION).await;
    assert_eq!(answered["finish"], "complete", "{answered}");
    thumb(&asking, &answered, "up").await;
    let in_vain = app.resident().await;
    let turn = in_vain.say("火星移民的签证怎么报名").await;
    assert_eq!((&turn["route"], &turn["finish"]), (&json!("ask"), &json!("refused")), "{turn}");
    let reporting = app.resident().await;
    let ticket = reporting.report_facade().await;
    app.told().await;
    app.press(&ticket, "accept", &json!({ "handler": "城市更新岗" })).await;
    app.press(&ticket, "resolve", &json!({ "note": "已经清理并围挡" })).await;
    app.told().await;
    let number = ticket["number"].as_str().expect("a number");
    reporting.rate(number, &json!({ "solved": true, "stars": 5 })).await.expect(200);
    app.told().await;
    (asking, ticket)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted_and_every_number_has_its_list() {
    let app = TestApp::start().await;
    let (asking, ticket) = a_day(&app).await;
    let auditor = app.as_auditor().await;
    for (key, part, whole) in [
        ("conversations", 3, None),
        ("questions", 2, None),
        ("answered", 1, Some(2)),
        ("unanswered", 1, Some(2)),
        ("self_served", 1, Some(2)),
        ("thumbs_up", 1, Some(1)),
        ("tickets", 1, None),
        ("accepted_in_time", 1, Some(1)),
        ("resolved_in_time", 1, Some(1)),
        ("solved", 1, Some(1)),
        ("satisfied", 1, Some(1)),
        ("overdue", 0, Some(1)),
        ("pushes_failed", 0, None),
    ] {
        let (is, among) = figure(&auditor, key).await;
        assert_eq!(is, part, "{key}");
        assert!(whole.is_none() || among == whole, "{key}: {among:?}");
    }
    let body = auditor.get(&format!("{BASE}/figures")).await.expect(200);
    let span = json!({ "first": "2026-05-11", "last": "2026-06-09", "days": 30, "words": "2026年5月11日至6月9日" });
    assert_eq!(body["span"], span, "{body}");
    assert_eq!(body["before"]["last"], "2026-05-10", "{body}");
    let days = body["days"].as_array().expect("days");
    assert_eq!(
        (days.len(), &days[29]["questions"], &days[29]["tickets"], &days[0]["questions"]),
        (30, &json!(2), &json!(1), &json!(0))
    );
    for shown in body["figures"].as_array().expect("figures") {
        let key = shown["key"].as_str().expect("a key");
        for (side, number) in [("part", &shown["now"]["part"]), ("whole", &shown["now"]["whole"])] {
            let list = auditor.get(&format!("{BASE}/rows?figure={key}&side={side}")).await.expect(200);
            let wanted = if number.is_null() { &shown["now"]["part"] } else { number };
            assert_eq!(&list["total"], wanted, "{key} {side}");
            assert_eq!(json!(list["rows"].as_array().expect("rows").len()), *wanted, "{key} {side}");
            let ids: BTreeSet<_> = list["rows"].as_array().expect("rows").iter().map(|r| r["id"].to_string()).collect();
            assert_eq!(json!(ids.len()), *wanted, "{key} {side}: no row twice");
        }
    }
    for (of, by) in [
        ("tickets", "grid"),
        ("tickets", "category"),
        ("tickets", "spot"),
        ("turns", "topic"),
        ("turns", "route"),
        ("conversations", "channel"),
        ("deliveries", "destination"),
        ("tickets", "day"),
    ] {
        let parts = auditor.get(&format!("{BASE}/parts?of={of}&by={by}")).await.expect(200);
        for shown in body["figures"].as_array().expect("figures").iter().filter(|f| f["of"] == of) {
            let key = shown["key"].as_str().expect("a key");
            let sum: u64 = parts["parts"]
                .as_array()
                .expect("parts")
                .iter()
                .map(|p| p["figures"][key]["part"].as_u64().expect("a number"))
                .sum();
            assert_eq!(json!(sum), shown["now"]["part"], "{key} by {by}");
        }
        for part in parts["parts"].as_array().expect("parts").iter().filter(|_| of == "tickets") {
            let key = part["key"].as_str().expect("a key");
            let path = format!("{BASE}/rows?figure=tickets&by={by}");
            let request = auditor.request(reqwest::Method::GET, &path).query(&[("part", key)]);
            let list = crate::support::wire::Answer::of(request.send().await).await.expect(200);
            assert_eq!(list["total"], part["count"], "{key}");
        }
    }
    let number = ticket["number"].as_str().expect("a number");
    let list = auditor.get(&format!("{BASE}/rows?figure=satisfied")).await.expect(200);
    assert_eq!((&list["rows"][0]["number"], &list["rows"][0]["stars"]), (&json!(number), &json!(5)), "{list}");
    // A number stays when its conversation is gone; what led there does not.
    assert_eq!(asking.forget_me().await.status, 204);
    assert_eq!(figure(&auditor, "answered").await, (1, Some(2)));
    assert_eq!(app.count("SELECT COUNT(*) FROM conversation_facts WHERE conversation_id IS NULL").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM turn_facts WHERE turn_id IS NULL").await, 1);
}

#[tokio::test]
async fn a_day_ends_at_the_streets_midnight_and_conditions_are_not_dropped() {
    let app = TestApp::start().await;
    // 23:59 in the street, and two minutes later.
    app.clock.advance(SignedDuration::from_mins(13 * 60 + 59));
    let late = app.resident().await;
    late.say(QUESTION).await;
    app.clock.advance(SignedDuration::from_mins(2));
    late.say(QUESTION).await;
    let auditor = app.as_auditor().await;
    let on = async |day: &str| {
        let body = auditor.get(&format!("{BASE}/figures?from={day}&until={day}")).await.expect(200);
        let find = |key: &str| {
            body["figures"].as_array().expect("figures").iter().find(|f| f["key"] == key).expect("it")["now"]["part"].clone()
        };
        (find("questions"), find("conversations"))
    };
    assert_eq!(on("2026-06-09").await, (json!(1), json!(1)));
    assert_eq!(on("2026-06-10").await, (json!(1), json!(0)), "the conversation began on the day before");
    assert_eq!(on("2026-06-11").await, (json!(0), json!(0)));
    auditor.get(&format!("{BASE}/figures?form=2026-06-09")).await.refused(400, "invalid_parameter");
    auditor.get(&format!("{BASE}/figures?from=2026-06-31")).await.refused(400, "invalid_parameter");
    auditor.get(&format!("{BASE}/figures?from=2026-06-10&until=2026-06-09")).await.refused(400, "invalid_parameter");
    auditor.get(&format!("{BASE}/figures?from=2020-01-01&until=2026-06-09")).await.refused(400, "invalid_parameter");
    auditor.get(&format!("{BASE}/rows?figure=happiness")).await.refused(404, "not_found");
    auditor.get(&format!("{BASE}/parts?of=turns&by=grid")).await.refused(400, "invalid_parameter");
    auditor.get(&format!("{BASE}/rows?figure=tickets&side=left")).await.refused(400, "invalid_parameter");
}

#[tokio::test]
async fn questions_of_very_few_people_are_not_shown() {
    let app = TestApp::start().await;
    let (curator, auditor) = (app.as_curator().await, app.as_auditor().await);
    let list = async |staff: &Staff| staff.get(&format!("{BASE}/rows?figure=unanswered")).await.expect(200);
    let shown = |body: &Value| body["rows"].as_array().expect("rows").iter().filter(|r| r["question"].is_string()).count();
    for wanted in ["火星移民的签证怎么报名", "飞天补贴怎么领"] {
        app.resident().await.say(wanted).await;
    }
    let two = list(&curator).await;
    assert_eq!((shown(&two), &two["total"]), (0, &json!(2)), "{two}");
    assert!(two["withheld"].as_str().is_some_and(|w| w.contains('3')), "{two}");
    app.resident().await.say("头盔以旧换新补多少钱").await;
    app.resident().await.say("飞天补贴怎么领，我的电话是13912345678").await;
    let three = list(&curator).await;
    assert!(shown(&three) >= 3 && three["total"] == json!(shown(&three)), "{three}");
    assert!(!three.to_string().contains("13912345678"), "personal data are replaced: {three}");
    let others = list(&auditor).await;
    assert_eq!((shown(&others), &others["total"]), (0, &three["total"]), "who may not read questions reads numbers: {others}");
    assert!(others["rows"][0].get("turn_id").is_none(), "{others}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_open_again_with_the_same_numbers() {
    let app = TestApp::start().await;
    a_day(&app).await;
    let auditor = app.as_auditor().await;
    let figures = auditor.get(&format!("{BASE}/figures")).await.expect(200);
    let xlsx = auditor.get(&format!("{BASE}/export?table=figures")).await;
    assert_eq!(xlsx.status, 200, "{}", xlsx.text());
    assert!(xlsx.header("content-disposition").contains("figures-2026-05-11-2026-06-09.xlsx"));
    let mut book = calamine::Xlsx::new(Cursor::new(xlsx.bytes.clone())).expect("a workbook");
    let sheet = book.worksheet_range("指标").expect("the figures");
    let rows: Vec<_> = sheet.rows().collect();
    for (row, shown) in rows.iter().skip(1).zip(figures["figures"].as_array().expect("figures")) {
        assert_eq!(row[1], Data::String(shown["title"].as_str().expect("a title").to_owned()));
        assert_eq!(row[2], Data::Float(shown["now"]["part"].as_f64().expect("a number")));
        assert_eq!(row[8], Data::String(shown["definition"].as_str().expect("words").to_owned()), "with its definition");
    }
    let words: String = rows.iter().map(|r| r[0].to_string()).collect();
    assert!(words.contains("2026年5月11日至6月9日") && words.contains("制表时间：2026年6月9日"), "{words}");
    assert!(book.sheet_names().contains(&"工单按网格".to_owned()), "{:?}", book.sheet_names());
    let mut archive = zip::ZipArchive::new(Cursor::new(xlsx.bytes)).expect("an archive");
    assert!(archive.by_name("docProps/custom.xml").is_err(), "figures are counted, not generated: no label");

    let csv = auditor.get(&format!("{BASE}/export?table=figures&format=csv")).await.text();
    let count = figures["figures"].as_array().expect("figures").len() + figures["times"].as_array().expect("times").len();
    assert!(csv.starts_with('\u{feff}') && csv.lines().count() == count + 1, "{csv}");
    let parts = auditor.get(&format!("{BASE}/export?table=parts&of=tickets&by=category&format=csv")).await.text();
    assert!(parts.contains("外墙瓷砖脱落"), "{parts}");
    let stars = auditor.get(&format!("{BASE}/export?table=stars&format=csv")).await.text();
    assert!(stars.contains("响应星依据") && stars.contains("少于5件，不评"), "{stars}");
    auditor.get(&format!("{BASE}/export?table=souls")).await.refused(400, "invalid_parameter");
    auditor.get(&format!("{BASE}/export?table=figures&format=pdf")).await.refused(400, "invalid_parameter");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'insight.export'").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn stars_and_figures_of_the_own_part_of_the_street() {
    let app = TestApp::start().await;
    let (_, ticket) = a_day(&app).await;
    let place = &ticket["place"];
    let community = place["community"].as_str().expect("a community").to_owned();
    let own = Scope { communities: BTreeSet::from([community.clone()]), ..Scope::everything() };
    let other = Scope { communities: BTreeSet::from(["别处社区".to_owned()]), ..Scope::everything() };
    let (here, elsewhere) =
        (app.staff_within(&[Role::Dispatcher], own).await, app.staff_within(&[Role::Dispatcher], other).await);
    assert_eq!(figure(&here, "tickets").await.0, 1);
    assert_eq!(figure(&elsewhere, "tickets").await.0, 0, "another part of the street is not theirs");
    let table = here.get(&format!("{BASE}/stars")).await.expect(200);
    assert_eq!(table["rules"].as_array().map(Vec::len), Some(5), "{table}");
    let lines = table["lines"].as_array().expect("lines");
    assert!(lines.iter().skip(1).all(|l| l["community"] == json!(community)), "{table}");
    assert_eq!(
        (&lines[0]["level"], &lines[0]["tickets"], &lines[0]["lit"]),
        (&json!("street"), &json!(1), &json!(0)),
        "one case is too few: {table}"
    );
    let wanted = format!("{BASE}/figures?community={community}");
    let narrowed = app.as_auditor().await.get(&wanted).await.expect(200);
    assert_eq!(narrowed["talk"], json!(false), "conversations have no place");
    assert!(narrowed["figures"].as_array().expect("figures").iter().all(|f| f["of"] == "tickets" || f["of"] == "deliveries"));
}

#[tokio::test]
async fn turns_of_before_are_counted_at_the_next_start() {
    let mut app = TestApp::start().await;
    app.resident().await.say(QUESTION).await;
    app.tamper("DELETE FROM turn_facts").await;
    app.restart().await;
    until("the turn is counted", async || {
        app.count("SELECT COUNT(*) FROM turn_facts WHERE route = 'ask' AND documents <> '[]'").await == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn today_shows_what_one_may_do_something_about() {
    let app = TestApp::start().await;
    app.resident().await.say("火星移民的签证怎么报名").await;
    app.resident().await.report_facade().await;
    app.delivered().await;
    app.clock.advance(SignedDuration::from_hours(30));
    let worker = app.as_gridworker().await;
    until("the clocks have spoken", async || {
        let body = worker.get(&format!("{BASE}/today")).await.expect(200);
        let of =
            |key: &str| body["items"].as_array().expect("items").iter().find(|i| i["key"] == key).map(|i| i["count"].clone());
        assert_eq!(of("overdue"), Some(json!(1)), "{body}");
        assert_eq!((of("dead_letters"), of("in_review")), (None, None), "what is nobody's business is not shown: {body}");
        of("alerts").is_some_and(|n| n.as_u64() > Some(0))
    })
    .await;
    let curator = app.as_curator().await.get(&format!("{BASE}/today")).await.expect(200);
    let keys: Vec<_> = curator["items"].as_array().expect("items").iter().map(|i| i["key"].as_str().expect("a key")).collect();
    let gaps = curator["items"].as_array().expect("items").iter().find(|i| i["key"] == "open_gaps").expect("it");
    assert_eq!(gaps["count"], json!(1), "also what nobody has grouped yet: {curator}");
    assert!(keys.contains(&"open_gaps") && keys.contains(&"expiring") && !keys.contains(&"overdue"), "{keys:?}");
    let reviewer = app.as_reviewer().await;
    let made = json!({ "content": { "question": "高龄津贴一个月多少钱", "similar": [], "negative": [],
        "answer": "80至89周岁每人每月200元，90周岁以上每人每月500元。〔1〕",
        "citations": [{ "n": 1, "document_id": "t-gaoling", "clause": "能领多少" }], "area": "春晖路街道", "owner": "民生服务板块 民政岗" } });
    app.as_curator().await.post("/api/v1/admin/curated", &made).await.expect(201);
    let body = reviewer.get(&format!("{BASE}/today")).await.expect(200);
    let drafts = body["items"].as_array().expect("items").iter().find(|i| i["key"] == "curated_drafts").expect("it");
    assert_eq!(drafts["count"], json!(1), "{body}");
}
