//! Curators' work from outside: fixed answers, gaps from the thumb to the news, question sets with their gate, the hit test.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::QUESTION;
use crate::support::app::TestApp;
use crate::support::fake_model::{FakeModel, Reply};
use crate::support::people::Resident;
use crate::support::staff::Staff;
use crate::support::wire::Answer;

const CURATED: &str = "/api/v1/admin/curated";
const GAPS: &str = "/api/v1/admin/gaps";

/// A fixed answer about the allowance for the old.
fn allowance(question: &str) -> Value {
    json!({
        "question": question,
        "similar": ["高龄津贴每月发多少", "八十岁老人一个月领多少高龄津贴"],
        "negative": ["高龄津贴去哪里申请"],
        "answer": "80至89周岁每人每月200元，90周岁以上每人每月500元。〔1〕",
        "citations": [{ "n": 1, "document_id": "t-gaoling", "clause": "能领多少" }],
        "area": "春晖路街道",
        "owner": "民生服务板块 民政岗",
    })
}

async fn write(curator: &Staff, content: &Value) -> String {
    let made = curator.post(CURATED, &json!({ "content": content })).await.expect(201);
    made["curated"]["id"].as_str().expect("an id").to_owned()
}

async fn publish(reviewer: &Staff, id: &str) -> Value {
    reviewer.post(&format!("{CURATED}/{id}/publish"), &json!({})).await.expect(200)
}

async fn thumb(resident: &Resident, turn: &Value, verdict: &str) {
    let path = resident.path(&format!("/messages/{}/feedback", turn["message_id"].as_str().expect("an id")));
    let sent = resident.request(reqwest::Method::POST, &path).json(&json!({ "verdict": verdict })).send().await;
    assert_eq!(sent.expect("an answer").status().as_u16(), 204);
}

#[tokio::test]
async fn a_fixed_answer_comes_past_the_model_and_is_counted_once_a_turn() {
    let fake = FakeModel::start().await;
    fake.otherwise(|_| Reply::says(&["每月999元。"]));
    let app = TestApp::with().model(&fake).start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    let id = write(&curator, &allowance("高龄津贴一个月多少钱")).await;
    let resident = app.resident().await;
    let before = resident.say(QUESTION).await;
    assert_eq!(before["reply"]["generated"], true, "a draft answers nobody: {before}");
    curator.post(&format!("{CURATED}/{id}/publish"), &json!({})).await.refused(403, "forbidden");
    publish(&reviewer, &id).await;
    let asked = fake.requests().len();
    let once = async || Answer::of(resident.message("once", QUESTION).send().await).await.expect(200);
    let (turn, again) = (once().await, once().await);
    assert_eq!(turn["reply"], again["reply"], "the same message is the same turn");
    assert_eq!(fake.requests().len(), asked, "no model is asked");
    insta::assert_json_snapshot!("fixed_answer", turn, { ".turn_id" => "[id]", ".message_id" => "[id]" });
    for (question, given) in [
        ("请问高龄津贴每月发多少？", true),
        ("八十岁老人一个月领好多高龄津贴", true),
        ("高龄津贴去哪里申请", false),
        ("低保一个月多少钱", false),
        ("居住证多久能拿到", false),
    ] {
        let turn = app.resident().await.say(question).await;
        let fixed = turn["reply"]["text"].as_str().is_some_and(|t| t.starts_with("80至89周岁"));
        assert_eq!(fixed, given, "「{question}」: {turn}");
    }
    let shown = curator.get(&format!("{CURATED}/{id}")).await.expect(200);
    assert_eq!((&shown["curated"]["hits"], &shown["warnings"]), (&json!(3), &json!([])), "{shown}");
    reviewer.post(&format!("{CURATED}/{id}/retire"), &json!({})).await.expect(200);
    assert_eq!(app.resident().await.say(QUESTION).await["reply"]["generated"], true, "retired, it answers nobody");
    let audit = "SELECT COUNT(*) FROM audit_log WHERE object_kind = 'curated'";
    assert_eq!(app.count(audit).await, 3, "created, published, retired");
}

#[tokio::test]
async fn duties_come_before_fixed_answers() {
    let app = TestApp::start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    let mut content = allowance("着火了怎么办");
    content["similar"] = json!([
        "家里着火了，快来人",
        "我要起诉物业怎么办",
        "查一下7栋张三的电话",
        "铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤",
        "确认",
        "高龄津贴每月好多钱"
    ]);
    content["negative"] = json!([]);
    let id = write(&curator, &content).await;
    publish(&reviewer, &id).await;
    let fixed = |turn: &Value| turn["reply"]["text"].as_str().is_some_and(|t| t.contains("80至89周岁"));
    for (said, route) in
        [("家里着火了，快来人", "emergency"), ("我要起诉物业怎么办", "channel"), ("查一下7栋张三的电话", "decline")]
    {
        let turn = app.resident().await.say(said).await;
        assert_eq!((turn["route"].as_str(), fixed(&turn)), (Some(route), false), "「{said}」: {turn}");
    }
    let resident = app.resident().await;
    let turn = resident.say("铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤").await;
    assert_eq!((turn["route"].as_str(), fixed(&turn)), (Some("report"), false), "a report is taken: {turn}");
    let asked = resident.say("高龄津贴每月好多钱").await;
    assert_eq!((asked["route"].as_str(), fixed(&asked)), (Some("ask"), true), "a question in between is answered: {asked}");
    let history = resident.history().await;
    assert!(!history["draft"].is_null(), "the open draft is still there: {history}");
}

#[tokio::test]
async fn two_people_figures_and_leaks_are_watched() {
    let app = TestApp::start().await;
    let both = app.staff(&[gridworker::identity::Role::Curator, gridworker::identity::Role::Reviewer]).await;
    let reviewer = app.as_reviewer().await;
    let mut content = allowance("高龄津贴一个月多少钱");
    content["answer"] = json!("每人每月300元。〔1〕");
    let made = both.post(CURATED, &json!({ "content": content })).await.expect(201);
    assert!(made["warnings"][0].as_str().is_some_and(|w| w.contains("300元")), "{made}");
    let path = |verb: &str| format!("{CURATED}/{}/{verb}", made["curated"]["id"].as_str().expect("an id"));
    both.post(&path("publish"), &json!({ "acknowledge": "我自己写的" })).await.refused(403, "own_version");
    let refused = reviewer.post(&path("publish"), &json!({})).await.refused(409, "not_acknowledged");
    assert!(refused["warnings"][0].as_str().is_some_and(|w| w.contains("300元")), "{refused}");
    let done = reviewer.post(&path("publish"), &json!({ "acknowledge": "新标准已发文，资料下周更新" })).await.expect(200);
    assert_eq!(done["curated"]["live"]["acknowledged"], "新标准已发文，资料下周更新");
    let secret = json!({
        "question": "飞线充电怎么处置", "answer": "先断电。〔1〕",
        "citations": [{ "n": 1, "document_id": "t-feixian", "clause": "结论" }],
    });
    let leak = both.post(CURATED, &json!({ "content": secret })).await.refused(422, "invalid_body");
    assert!(leak["errors"].to_string().contains("只供网格员"), "{leak}");
    let mut broken = allowance("x");
    broken["citations"][0]["clause"] = json!("没有这一节");
    both.post(CURATED, &json!({ "content": broken })).await.refused(422, "invalid_body");
    both.post(CURATED, &json!({})).await.refused(422, "invalid_body");
}

#[tokio::test]
async fn a_fixed_answer_is_made_of_a_past_question_in_one_step() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let turn = resident.say("我叫张三，电话13900001111，高龄津贴一个月多少钱").await;
    let curator = app.as_curator().await;
    let made = curator.post(CURATED, &json!({ "from_message": turn["message_id"] })).await.expect(201);
    let content = &made["curated"]["draft"]["content"];
    assert_eq!(content["answer"], turn["reply"]["text"], "the words that were shown: {made}");
    assert_eq!(content["citations"][0]["quote"], turn["reply"]["citations"][0]["quote"]);
    assert!(content["question"].as_str().is_some_and(|q| q.contains("高龄津贴") && !q.contains("1390000")), "{made}");
    assert_eq!((&content["area"], &content["by_model"]), (&json!("春晖路街道"), &json!(false)));
    let nobody = json!({ "from_message": "00000000-0000-0000-0000-000000000000" });
    curator.post(CURATED, &nobody).await.refused(404, "not_found");
}

#[tokio::test]
async fn from_the_thumb_to_the_news_each_once() {
    let app = TestApp::with().settings(|s| s.curation.tell_askers = true).start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    let (unhappy, unanswered, gone, elsewhere) =
        (app.resident().await, app.resident().await, app.resident().await, app.resident().await);
    let turn = unhappy.say("小区充电桩怎么申请安装").await;
    thumb(&unhappy, &turn, "down").await;
    thumb(&unhappy, &turn, "down").await;
    unanswered.say("我的电话13900001111，小区里充电桩怎么申请安装").await;
    unanswered.say("小区充电桩如何申请安装").await;
    gone.say("小区充电桩怎么申请安装").await;
    elsewhere.say("火星移民的签证怎么报名").await;
    let listed = curator.get(GAPS).await.expect(200);
    let group = listed["groups"][0].clone();
    assert_eq!(listed["groups"].as_array().map(Vec::len), Some(2), "{listed}");
    assert_eq!((&group["asked"], &group["conversations"]), (&json!(4), &json!(3)), "{listed}");
    assert!(!listed.to_string().contains("1390000"), "personal data were replaced: {listed}");
    let path = |verb: &str| format!("{GAPS}/{}{verb}", group["id"].as_str().expect("an id"));
    let assigned = curator.patch(&path(""), &json!({ "owner": "城市更新岗", "due": "2026-06-30" })).await.expect(200);
    assert_eq!((&assigned["state"], &assigned["due"]), (&json!("assigned"), &json!("2026-06-30")));
    curator.patch(&path(""), &json!({ "state": "closed" })).await.refused(422, "invalid_body");
    curator.patch(&path(""), &json!({ "state": "answered" })).await.refused(409, "conflict");
    curator.post(&path("/tell"), &json!({})).await.refused(409, "conflict");

    let drafted = curator.post(&path("/draft"), &json!({ "as": "curated" })).await.expect(201);
    assert_eq!(drafted["group"]["state"], "drafted", "{drafted}");
    curator.post(&path("/draft"), &json!({ "as": "curated" })).await.refused(409, "conflict");
    let id = drafted["curated_id"].as_str().expect("an id");
    reviewer.post(&format!("{CURATED}/{id}/publish"), &json!({})).await.refused(422, "invalid_body");
    let draft = curator.get(&format!("{CURATED}/{id}")).await.expect(200)["curated"]["draft"]["content"].clone();
    assert!(draft["similar"].as_array().is_some_and(|s| !s.is_empty()), "its questions are the similar ones: {draft}");
    let content = json!({ "question": draft["question"], "similar": draft["similar"], "answer": "向物业提出书面申请。", "owner": "城市更新岗" });
    curator.put(&format!("{CURATED}/{id}"), &content).await.expect(200);
    app.clock.advance(SignedDuration::from_hours(1));
    reviewer.post(&format!("{CURATED}/{id}/publish"), &json!({ "acknowledge": "口头答复，没有文件" })).await.expect(200);
    let answered = curator.get(&path("")).await.expect(200);
    assert_eq!(answered["group"]["state"], "answered", "{answered}");
    assert_eq!(answered["questions"].as_array().map(Vec::len), Some(4));

    gone.forget_me().await;
    let dry = curator.post(&path("/tell"), &json!({})).await.expect(200);
    assert_eq!((&dry["conversations"], &dry["text"]), (&json!(2), &json!("将通知 2 个会话。")), "{dry}");
    assert_eq!(unhappy.history().await["messages"].as_array().map(Vec::len), Some(2), "counting tells nobody");
    let mut window = unhappy.news(Some(2)).await;
    let said = json!({ "dry_run": false, "text": "您问的“{question}”有答复了：{answer}" });
    assert_eq!(curator.post(&path("/tell"), &said).await.expect(200)["conversations"], 2);
    assert_eq!(curator.post(&path("/tell"), &said).await.expect(200)["conversations"], 0, "each once");
    let frame = window.next().await.expect("the open window shows it");
    assert_eq!(frame.data["message"]["text"], "您问的“小区充电桩怎么申请安装”有答复了：向物业提出书面申请。", "{frame:?}");
    for (who, expected) in [(&unhappy, 1), (&unanswered, 1), (&elsewhere, 0)] {
        let history = who.history().await;
        let news = history["messages"].as_array().expect("messages").iter().filter(|m| m["role"] == "news");
        assert_eq!(news.count(), expected, "{history}");
    }
    let told = unanswered.history().await;
    assert!(!told["messages"].as_array().and_then(|m| m.last()).expect("news").to_string().contains("1390000"), "{told}");
    // Told, but the process died before it could note that.
    app.tamper("DELETE FROM gap_told").await;
    assert_eq!(curator.post(&path("/tell"), &said).await.expect(200)["conversations"], 0, "and still once");
    assert_eq!(curator.get(&path("")).await.expect(200)["group"]["asked"], 4, "a deleted conversation leaves a number");
    assert_eq!(app.count("SELECT COUNT(*) FROM gaps").await, 4, "and nothing else");
    let again = unanswered.say("小区充电桩怎么申请安装").await;
    assert_eq!(again["reply"]["text"], "向物业提出书面申请。", "the question is answered now");
}

#[tokio::test]
async fn a_thumb_can_be_turned_and_nobody_is_told_unless_it_is_allowed() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let resident = app.resident().await;
    let turn = resident.say(QUESTION).await;
    thumb(&resident, &turn, "down").await;
    assert_eq!(app.count("SELECT COUNT(*) FROM gaps").await, 1);
    let group = curator.get(GAPS).await.expect(200)["groups"][0].clone();
    thumb(&resident, &turn, "up").await;
    assert_eq!(app.count("SELECT COUNT(*) FROM gaps").await, 0, "taken back");
    let pairs = curator.get("/api/v1/admin/training-pairs").await.expect(200);
    assert_eq!(pairs["pairs"]["confirmed"], 1, "a thumbs-up is a pair to learn from: {pairs}");
    let path = format!("{GAPS}/{}", group["id"].as_str().expect("an id"));
    app.tamper("UPDATE gap_cluster SET state = 'answered'").await;
    curator.post(&format!("{path}/tell"), &json!({ "dry_run": false })).await.refused(409, "conflict");
    curator.post(&format!("{path}/tell"), &json!({ "dry_run": true })).await.expect(200);
}

#[tokio::test]
async fn a_change_that_loses_right_answers_needs_a_reason() {
    let app = TestApp::start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    let set = |use_: &str| {
        json!({ "title": "基准", "canonical": true, "questions": [
            { "id": 1, "question": "办居住证要哪些材料", "expect": ["t-juzhuzheng"], "use": use_ },
            { "id": 2, "question": "高龄津贴去哪里领", "expect": ["t-gaoling"], "use": use_ },
            { "id": 3, "question": "火星移民的签证怎么报名", "expect": [], "use": use_ },
            { "id": 4, "question": "家里着火了", "route": "emergency", "use": use_ },
        ] })
    };
    let sets = "/api/v1/admin/question-sets";
    let saved = curator.put(&format!("{sets}/base"), &set("test")).await.expect(200);
    assert_eq!((&saved["version"], &saved["canonical"]), (&json!(1), &json!(true)));
    assert_eq!(curator.put(&format!("{sets}/base"), &set("test")).await.expect(200)["version"], 1, "nothing new, no version");
    let run = |note: &str| json!({ "set": "base", "note": note });
    let before = curator.post("/api/v1/admin/runs", &run("之前")).await.expect(201);
    assert_eq!((&before["figures"]["right"], &before["figures"]["questions"]), (&json!(4), &json!(4)), "{before}");
    let mut thief = allowance("办居住证要哪些材料");
    thief["similar"] = json!([]);
    let id = write(&curator, &thief).await;
    let refused = reviewer.post(&format!("{CURATED}/{id}/publish"), &json!({})).await.refused(409, "answers_lost");
    assert!(
        refused["detail"].as_str().is_some_and(|d| d.starts_with("本次修改使4题中的1题失去正确答案：“办居住证要哪些材料”")),
        "{refused}"
    );
    assert_eq!(refused["report"]["lost"][0]["id"], 1, "{refused}");
    let checked = curator.post(&format!("{CURATED}/{id}/check"), &json!({})).await.expect(200);
    assert_eq!(checked["report"]["passed"], false, "tried out without publishing: {checked}");
    let done = reviewer.post(&format!("{CURATED}/{id}/publish"), &json!({ "acknowledge": "试题过时" })).await.expect(200);
    assert_eq!(done["report"]["right_after"], 3);
    let after = curator.post("/api/v1/admin/runs", &run("之后")).await.expect(201);
    let path = |run: &Value| format!("/api/v1/admin/runs/{}", run["id"].as_str().expect("an id"));
    let compared = curator.get(&format!("{}/compare/{}", path(&before), after["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(compared["comparison"]["lost"][0]["question"], "办居住证要哪些材料", "{compared}");
    assert_eq!((&compared["comparison"]["same_right"], &compared["comparison"]["won"]), (&json!(3), &json!([])));
    assert_eq!(curator.get(&path(&after)).await.expect(200)["results"][0]["verdict"], "wrong");
    let setup = |run: &Value| run["setup"].clone();
    assert_eq!(setup(&before)["documents"], setup(&after)["documents"], "the same documents");
    assert_ne!(setup(&before)["curated"], setup(&after)["curated"], "and one fixed answer more");
    let pairs = async || curator.get("/api/v1/admin/training-pairs").await.expect(200);
    let testing = pairs().await;
    assert!(
        testing["near_copies"].as_u64().is_some_and(|n| n >= 1),
        "the thief's own question tests and does not train: {testing}"
    );
    assert_eq!(testing["pairs"]["question_set"], Value::Null);
    curator.put(&format!("{sets}/base"), &set("train")).await.expect(200);
    assert_eq!(pairs().await["pairs"]["question_set"], 2, "what says train, trains");
    for format in ["jsonl", "csv", "xlsx"] {
        let file =
            curator.request(reqwest::Method::GET, &format!("{sets}/base/export?format={format}")).send().await.expect("a file");
        let bytes = file.bytes().await.expect("bytes");
        let request = curator.request(reqwest::Method::POST, &format!("{sets}/copy/import?format={format}")).body(bytes);
        let copied = Answer::of(request.send().await).await.expect(200);
        assert_eq!(copied["questions"].as_array().map(Vec::len), Some(4), "{format}: {copied}");
    }
    let bad = curator.request(reqwest::Method::POST, &format!("{sets}/copy/import?format=jsonl")).body("{\"id\":1}\nnonsense\n");
    let refused = Answer::of(bad.send().await).await.refused(422, "invalid_body");
    assert_eq!(refused["errors"].as_array().map(Vec::len), Some(2), "{refused}");
    assert_eq!(curator.delete(&format!("{sets}/copy")).await.status, 204);
    curator.delete(&format!("{sets}/copy")).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_hit_test_shows_every_leg_now_and_then() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let resident = app.resident().await;
    let turn = resident.say(QUESTION).await;
    let test = async |body: &Value| curator.post("/api/v1/admin/hit-test", body).await.expect(200);
    let now = test(&json!({ "question": QUESTION })).await;
    assert_eq!((&now["outcome"], &now["passages"][0]["document_id"]), (&json!("answered"), &json!("t-gaoling")), "{now}");
    assert!(now["passages"][0]["sparse"].as_f64().is_some_and(|s| s > 0.0), "{now}");
    assert!(now["features"].as_array().is_some_and(|f| f.iter().any(|x| x["name"] == "sparse_share")), "{now}");
    let no = test(&json!({ "question": "火星移民的签证怎么报名" })).await;
    assert_eq!(no["outcome"], "declined", "{no}");
    let secret = test(&json!({ "question": "飞线充电怎么处置" })).await;
    assert!(!secret.to_string().contains("t-feixian"), "a resident's view: {secret}");
    let worker = test(&json!({ "question": "飞线充电怎么处置", "audience": "gridworker" })).await;
    assert_eq!(worker["passages"][0]["document_id"], "t-feixian", "{worker}");
    assert_eq!(test(&json!({ "question": "家里着火了，快来人" })).await["route"], "emergency");
    let body = json!({ "turn_id": turn["turn_id"] });
    let then = curator.post("/api/v1/admin/hit-test/from-turn", &body).await.expect(200);
    assert_eq!(then["then"]["passages"][0]["document_id"], "t-gaoling", "{then}");
    let same = (then["then"]["top_probability"].as_f64(), now["top_probability"].as_f64());
    assert!(same.0.zip(same.1).is_some_and(|(a, b)| (a - b).abs() < 1e-3), "the scores that were stored: {same:?}");
    assert!(!resident.history().await.to_string().contains("\"features\""), "residents see no scores");
    curator.post("/api/v1/admin/hit-test/confirm", &body).await.expect(204);
    let pairs = curator.get("/api/v1/admin/training-pairs").await.expect(200);
    assert_eq!(pairs["pairs"]["confirmed"], 1, "{pairs}");
    resident.forget_me().await;
    curator.post("/api/v1/admin/hit-test/from-turn", &body).await.refused(404, "not_found");
    let left = "SELECT (SELECT COUNT(*) FROM turn_trace) + (SELECT COUNT(*) FROM confirmed_question)";
    assert_eq!(app.count(left).await, 0, "scores and confirmations are deleted with the conversation");
}

#[tokio::test]
async fn a_document_that_loses_right_answers_waits_for_a_reason() {
    use gridworker::knowledge::document::{Audience, ImportDefaults, ParsedDocument};
    use gridworker::knowledge::findings::FindingKind;
    use gridworker::knowledge::life::record::Actor;
    use gridworker::knowledge::life::service::LifeError;

    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let set = json!({ "canonical": true, "questions": [
        { "id": "a", "question": "办居住证要哪些材料", "expect": ["t-juzhuzheng"] },
        { "id": "b", "question": "高龄津贴去哪里领", "expect": ["t-gaoling"] },
    ] });
    curator.put("/api/v1/admin/question-sets/base", &set).await.expect(200);
    let file = |questions: &str, body: &str| {
        let text = format!(
            "+++\nid = \"t-juzhuzheng\"\ntitle = \"小区停车收费\"\naudience = \"resident\"\narea = \"全国\"\ncategory = \"测试\"\n\
             issuer = \"街道知识库（示例）\"\neffective_from = 2026-06-01\nreview_by = 2027-06-30\nowner = \"民生服务板块 民政岗\"\n\
             keywords = []\nquestions = [{questions}]\nsources = []\nstatus = \"published\"\n+++\n\n**结论**：{body}\n"
        );
        let day = jiff::civil::date(2026, 6, 1);
        let defaults = ImportDefaults { audience: Audience::Resident, area: "全国".to_owned(), effective_from: day };
        ParsedDocument::parse(std::path::Path::new("x.md"), &text, &defaults).expect("a document")
    };
    let api = std::sync::Arc::clone(&app.instance().api);
    let actor = |id: &str| Actor { id: id.to_owned(), name: id.to_owned() };
    let (author, reviewer) = (actor("author"), actor("reviewer"));
    let parking = file("\"小区停车怎么收费\"", "停车按公示的标准收费。");
    let begun = api.life.begin("t-juzhuzheng", parking, &author, "").await.expect("a draft");
    let revision = begun.after.draft.expect("a draft").revision;
    let (submitted, _) = api.life.submit("t-juzhuzheng", revision, &author, "").await.expect("submitted");
    let version = submitted.after.waiting().expect("it waits").version;
    // Both sides can see before the decision what it would cost.
    let check = async || curator.post("/api/v1/admin/documents/t-juzhuzheng/check", &json!({})).await.expect(200);
    let seen = check().await;
    assert_eq!((&seen["report"]["passed"], &seen["report"]["lost"][0]["id"]), (&json!(false), &json!("a")), "{seen}");
    assert_eq!(seen["finding"]["acknowledged_by"], Value::Null, "{seen}");
    let refused = api.life.approve("t-juzhuzheng", version, &reviewer, "").await;
    let Err(LifeError::Findings(open)) = refused else { panic!("the gate should refuse: {refused:?}") };
    let lost = &open[0].finding;
    assert_eq!(seen["finding"]["id"], json!(lost.id), "the same as approving meets");
    assert_eq!(lost.kind, FindingKind::AnswersLost, "{lost:?}");
    assert!(
        lost.message.starts_with("本次修改使2题中的1题失去正确答案：“办居住证要哪些材料”（原为t-juzhuzheng"),
        "{}",
        lost.message
    );
    assert_eq!(
        app.resident().await.say("办居住证要哪些材料").await["reply"]["citations"][0]["version"],
        1,
        "nothing live was touched"
    );
    api.life.acknowledge("t-juzhuzheng", &lost.id, &reviewer, " ").await.expect_err("a reason is due");
    api.life.acknowledge("t-juzhuzheng", &lost.id, &reviewer, "改由公安机关答复").await.expect("acknowledged");
    assert_eq!(check().await["finding"]["acknowledged_note"], "改由公安机关答复");
    api.life.approve("t-juzhuzheng", version, &reviewer, "").await.expect("published");
    curator.post("/api/v1/admin/documents/t-juzhuzheng/check", &json!({})).await.refused(409, "conflict");
}

#[tokio::test]
async fn a_run_tells_how_far_it_is() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let questions: Vec<Value> =
        (0..400).map(|n| json!({ "id": n, "question": format!("高龄津贴第{n}次去哪里领"), "expect": ["t-gaoling"] })).collect();
    curator.put("/api/v1/admin/question-sets/long", &json!({ "questions": questions })).await.expect(200);
    let body = json!({ "set": "long" });
    let run = async { curator.post("/api/v1/admin/runs", &body).await.expect(201) };
    let look = async {
        loop {
            let list = curator.get("/api/v1/admin/runs").await.expect(200);
            if let Some(underway) = list["underway"].as_array().and_then(|u| u.first()) {
                return underway.clone();
            }
            assert!(list["runs"].as_array().is_some_and(Vec::is_empty), "it was over before it was seen");
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    let (run, underway) = tokio::join!(run, look);
    assert_eq!((&underway["id"], &underway["all"]), (&run["id"], &json!(400)), "{underway}");
    assert!(underway["done"].as_u64() <= Some(400), "{underway}");
    let list = curator.get("/api/v1/admin/runs").await.expect(200);
    assert_eq!((&list["underway"], &list["runs"][0]["id"]), (&json!([]), &run["id"]));
}
