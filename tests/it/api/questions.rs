//! The log of questions from outside: what was asked and how it went, never who asked.

use serde_json::{Value, json};

use super::QUESTION;
use crate::support::app::TestApp;
use crate::support::people::Resident;
use crate::support::staff::Staff;

const TURNS: &str = "/api/v1/admin/turns";

async fn list(staff: &Staff, query: &str) -> Value {
    staff.get(&format!("{TURNS}?{query}")).await.expect(200)
}

fn asked(page: &Value) -> Vec<&str> {
    page["turns"].as_array().expect("turns").iter().map(|t| t["question"].as_str().expect("words")).collect()
}

async fn thumb(resident: &Resident, turn: &Value, verdict: &str, words: &str) {
    let path = resident.path(&format!("/messages/{}/feedback", turn["message_id"].as_str().expect("an id")));
    let body = json!({ "verdict": verdict, "comment": words });
    let sent = resident.request(reqwest::Method::POST, &path).json(&body).send().await;
    assert_eq!(sent.expect("an answer").status().as_u16(), 204);
}

#[tokio::test]
async fn the_log_is_filtered_paged_and_exported() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let resident = app.resident().await;
    let good = resident.say(QUESTION).await;
    resident.say("火星移民的签证怎么报名").await;
    resident.say("你好").await;
    let other = app.resident().await;
    let bad = other.say("高龄津贴去哪里申请").await;
    thumb(&other, &bad, "down", "没说清楚").await;
    thumb(&resident, &good, "up", "").await;

    let all = list(&curator, "").await;
    assert_eq!((all["total"].as_u64(), asked(&all).len()), (Some(4), 4), "{all}");
    assert_eq!(asked(&all)[0], "高龄津贴去哪里申请", "newest first");
    assert_eq!(asked(&list(&curator, "ascending=true").await)[0], QUESTION);
    assert_eq!(asked(&list(&curator, "answered=unanswered").await), ["火星移民的签证怎么报名"]);
    assert_eq!(asked(&list(&curator, "verdict=down").await), ["高龄津贴去哪里申请"]);
    assert_eq!(asked(&list(&curator, "verdict=up&answered=text").await), [QUESTION]);
    assert_eq!(asked(&list(&curator, "route=smalltalk").await), ["你好"]);
    assert_eq!(asked(&list(&curator, "verdict=none&route=ask").await), ["火星移民的签证怎么报名"]);
    let found = list(&curator, "q=%E7%AD%BE%E8%AF%81").await;
    assert_eq!((asked(&found), found["total"].as_u64()), (vec!["火星移民的签证怎么报名"], Some(1)), "a word of the question");
    let page = list(&curator, "size=3&page=2").await;
    assert_eq!((asked(&page), page["total"].as_u64()), (vec![QUESTION], Some(4)), "the second page");
    let paged = list(&curator, "q=%E9%AB%98%E9%BE%84&size=1&page=2").await;
    assert_eq!((asked(&paged).len(), paged["total"].as_u64()), (1, Some(2)), "a search is paged, too: {paged}");
    let today = app.now().to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone")).date();
    assert_eq!(list(&curator, &format!("from={today}&to={today}")).await["total"], 4, "a day is whole");
    let day_before = today.yesterday().expect("a day");
    assert_eq!(list(&curator, &format!("to={day_before}")).await["total"], 0);
    curator.get(&format!("{TURNS}?route=nowhere")).await.refused(400, "invalid_parameter");
    curator.get(&format!("{TURNS}?who=x")).await.refused(400, "invalid_parameter");

    let export = curator.get(&format!("{TURNS}/export?verdict=down")).await.expect(200);
    assert_eq!((asked(&export), export["total"].as_u64()), (vec!["高龄津贴去哪里申请"], Some(1)));
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'turns.export'").await, 1, "an export is written down");
    app.as_administrator().await.get(TURNS).await.refused(403, "forbidden");

    resident.forget_me().await;
    assert_eq!(list(&curator, "").await["total"], 1, "what is deleted leaves the log");
}

#[tokio::test]
async fn nobody_is_recognised_in_the_log() {
    let app = TestApp::with().may_leave_pending().start().await;
    let curator = app.as_curator().await;
    let resident = app.resident().await;
    resident.say("我叫张三，电话13812345678，想问高龄津贴一个月多少钱").await;
    resident.say("张三能领多少高龄津贴").await;
    let page = list(&curator, "").await;
    let text = page.to_string();
    assert!(!text.contains("13812345678") && !text.contains("张三"), "a name once known is taken out everywhere: {text}");
    assert!(text.contains("〔电话1〕"), "{text}");
    assert!(!text.contains("conversation"), "who asked is not said: {text}");
    assert_eq!(list(&curator, "q=13812345678").await["total"], 0, "a number is not found by searching for it");
    for turn in page["turns"].as_array().expect("turns") {
        let id = turn["turn_id"].as_str().expect("an id");
        let one = curator.get(&format!("{TURNS}/{id}")).await.expect(200).to_string();
        assert!(!one.contains("13812345678") && !one.contains("张三"), "{one}");
    }

    let tipster = app.resident().await;
    tipster.say("我要举报，铂金云鼎小区7栋有人在家里违规存放烟花爆竹，别说是我说的，电话13912345678").await;
    tipster.say("就在7栋2单元那家").await;
    let page = list(&curator, "").await;
    let text = page.to_string();
    assert!(!text.contains("烟花爆竹") && !text.contains("7栋2单元"), "a tip-off is for those who handle it: {text}");
    let withheld = page["turns"].as_array().expect("turns").iter().find(|t| t["withheld"] == true).expect("a line of it");
    let one = curator.get(&format!("{TURNS}/{}", withheld["turn_id"].as_str().expect("an id"))).await.expect(200);
    assert!(!one.to_string().contains("烟花爆竹"), "{one}");
    assert!(one["suggestion"].is_null(), "nothing is made of it: {one}");
}

#[tokio::test]
async fn a_turn_shows_its_evidence_and_its_correction_answers_the_gap() {
    let app = TestApp::start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    let resident = app.resident().await;
    let turn = resident.say(QUESTION).await;
    thumb(&resident, &turn, "down", "数字不对").await;
    let path = format!("{TURNS}/{}", turn["turn_id"].as_str().expect("an id"));
    let one = curator.get(&path).await.expect(200);
    assert_eq!((&one["turn"]["verdict"], &one["turn"]["comment"]), (&json!("down"), &json!("数字不对")), "{one}");
    assert_eq!((&one["reproduces"], &one["citations"][0]["stands"]), (&json!(true), &json!("verbatim")), "{one}");
    assert_eq!(one["then"]["passages"][0]["document_id"], "t-gaoling", "{one}");
    assert_eq!((&one["gap"]["state"], &one["suggestion"]["question"]), (&json!("open"), &json!(QUESTION)), "{one}");
    let group = one["gap"]["id"].as_str().expect("a group").to_owned();

    let content = json!({
        "question": QUESTION, "answer": "80至89周岁每人每月200元，90周岁以上每人每月500元。〔1〕", "area": "春晖路街道",
        "citations": [{ "n": 1, "document_id": "t-gaoling", "clause": "能领多少" }],
    });
    let body = json!({ "content": content, "from_message": one["turn"]["message_id"] });
    let made = curator.post("/api/v1/admin/curated", &body).await.expect(201);
    let id = made["curated"]["id"].as_str().expect("an id");
    let drafted = curator.get(&format!("/api/v1/admin/gaps/{group}")).await.expect(200);
    assert_eq!((&drafted["group"]["state"], &drafted["group"]["curated_id"]), (&json!("drafted"), &json!(id)), "{drafted}");
    assert_eq!((&drafted["may_tell"], &drafted["questions"][0]["turn_id"]), (&json!(false), &turn["turn_id"]), "{drafted}");

    let check = reviewer.post(&format!("/api/v1/admin/curated/{id}/check"), &json!({})).await.expect(200);
    assert_eq!(
        (&check["catches"][0]["question"], &check["catches"][0]["found"]["exact"]),
        (&json!(QUESTION), &json!(true)),
        "{check}"
    );
    assert_eq!(check["looked_at"], 1, "{check}");
    let blind = app.as_auditor().await.post(&format!("/api/v1/admin/curated/{id}/check"), &json!({})).await.expect(200);
    assert_eq!(blind["catches"], json!([]), "what was asked is for those who may see questions: {blind}");
    reviewer.post(&format!("/api/v1/admin/curated/{id}/publish"), &json!({})).await.expect(200);
    let answered = curator.get(&path).await.expect(200);
    assert_eq!(answered["gap"]["state"], "answered", "{answered}");
    app.resident().await.say(QUESTION).await;
    let fixed = list(&curator, "answered=fixed").await;
    assert_eq!((fixed["total"].as_u64(), &fixed["turns"][0]["curated_id"]), (Some(1), &json!(id)), "{fixed}");
}

#[tokio::test]
async fn turns_from_before_the_log_are_noted_at_the_next_start() {
    let mut app = TestApp::start().await;
    let resident = app.resident().await;
    resident.say(QUESTION).await;
    app.tamper("DELETE FROM turn_log").await;
    let curator = app.as_curator().await;
    assert_eq!(list(&curator, "").await["total"], 0);
    app.restart().await;
    let curator = app.as_curator().await;
    crate::support::app::until("the older turn is in the log", async || list(&curator, "").await["total"] == 1).await;
    assert_eq!(asked(&list(&curator, "answered=text").await), [QUESTION]);
}

#[tokio::test]
async fn gaps_are_given_to_those_who_write() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    app.as_reviewer().await.get("/api/v1/admin/gap-owners").await.refused(403, "forbidden");
    let owners = curator.get("/api/v1/admin/gap-owners").await.expect(200);
    let names: Vec<&str> = owners["owners"].as_array().expect("owners").iter().filter_map(|o| o["name"].as_str()).collect();
    assert_eq!(names, [curator.name.as_str()], "who writes, and nobody else: {owners}");
}
