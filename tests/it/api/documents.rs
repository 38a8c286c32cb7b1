//! The life of documents over HTTP: two people, revisions, findings, one audit row per change.

use gridworker::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::staff::Staff;
use crate::support::wire::Answer;

const DOCUMENTS: &str = "/api/v1/admin/documents";

fn content(body: &str) -> Value {
    json!({
        "title": "飞天补贴怎么领", "audience": "resident", "area": "全国", "category": "测试", "issuer": "街道知识库（示例）",
        "effective_from": "2026-01-01", "review_by": "2027-01-01", "owner": "民生服务板块 民政岗",
        "keywords": ["飞天补贴"], "questions": ["飞天补贴怎么领", "飞天补贴一个月多少钱"], "body": body,
    })
}

const FIRST: &str = "**结论**：飞天补贴每人每月321元，到社区登记。\n\n## 怎么领\n带身份证到社区登记飞天补贴。";

async fn with_revision(staff: &Staff, method: Method, path: &str, revision: u32, body: &Value) -> Answer {
    let request = staff.request(method, path).header("if-match", format!("\"{revision}\"")).json(body);
    Answer::of(request.send().await).await
}

async fn submit(staff: &Staff, id: &str, revision: u32) -> Value {
    let path = format!("{DOCUMENTS}/{id}/submit");
    with_revision(staff, Method::POST, &path, revision, &json!({ "note": "请审核" })).await.expect(200)
}

async fn audited(app: &TestApp, action: &str) -> i64 {
    // `count` takes only literal statements.
    match action {
        "document." => app.count("SELECT COUNT(*) FROM audit_log WHERE action LIKE 'document.%'").await,
        other => panic!("no statement for {other}"),
    }
}

#[tokio::test]
async fn a_guide_is_written_reviewed_and_answers_at_once() {
    let app = TestApp::start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    let wish = json!({ "id": "feitian", "content": content(FIRST) });
    let preview = curator.post(&format!("{DOCUMENTS}/preview"), &wish).await.expect(200);
    assert_eq!(preview["pieces"][1]["heading"], "怎么领", "{preview}");
    assert_eq!((&preview["faults"], &preview["findings"]), (&json!([]), &json!([])), "{preview}");

    let made = curator.post(DOCUMENTS, &wish).await;
    assert_eq!(made.header("etag"), "\"1\"");
    made.expect(201);
    curator.post(DOCUMENTS, &wish).await.refused(409, "conflict");
    let resident = app.resident().await;
    let turn = resident.say("飞天补贴怎么领").await;
    assert_eq!(turn["finish"], "refused", "a draft answers nothing: {turn}");
    app.stranger().get("/api/v1/documents/feitian/versions/1").await.refused(404, "not_found");

    let submitted = submit(&curator, "feitian", 1).await;
    assert_eq!((&submitted["version"], &submitted["findings"]), (&json!(1), &json!([])), "{submitted}");
    app.stranger().get("/api/v1/documents/feitian/versions/1").await.refused(404, "not_found");
    let approve = format!("{DOCUMENTS}/feitian/approve");
    curator.post(&approve, &json!({ "version": 1 })).await.refused(403, "forbidden");
    let back = reviewer.post(&format!("{DOCUMENTS}/feitian/return"), &json!({ "note": "写明找谁办" })).await.expect(200);
    assert_eq!((&back["versions"][0]["state"], &back["draft"]["revision"]), (&json!("returned"), &json!(1)), "{back}");

    let better = format!("{FIRST}\n\n## 找谁办\n社区民政窗口。");
    let draft = format!("{DOCUMENTS}/feitian/draft");
    with_revision(&curator, Method::PUT, &draft, 1, &json!({ "content": content(&better) })).await.expect(200);
    submit(&curator, "feitian", 2).await;
    let done = reviewer.post(&approve, &json!({ "version": 2, "note": "同意" })).await.expect(200);
    assert_eq!((&done["answering"], &done["versions"][1]["hands"]["reviewed_by"]), (&json!(2), &json!(reviewer.name)), "{done}");

    let turn = resident.say("飞天补贴怎么领").await;
    let cited = &turn["reply"]["citations"][0];
    assert_eq!((&cited["document_id"], &cited["version"]), (&json!("feitian"), &json!(2)), "{turn}");
    let shown = app.stranger().get("/api/v1/documents/feitian/versions/2").await.expect(200);
    assert_eq!(shown["document"]["in_force"], true);
    app.stranger().get("/api/v1/documents/feitian/versions/1").await.refused(404, "not_found");

    let history = curator.get(&format!("{DOCUMENTS}/feitian/history")).await.expect(200);
    let told: Vec<&str> = history["events"].as_array().expect("events").iter().filter_map(|e| e["kind"].as_str()).collect();
    assert_eq!(told, ["begun", "submitted", "returned", "edited", "submitted", "approved"]);
    assert_eq!(audited(&app, "document.").await, 6, "one row a change, none for reading or being refused");
    insta::assert_json_snapshot!(history, { ".events[].at" => "[at]" });
}

#[tokio::test]
async fn nobody_approves_what_they_wrote_whatever_rights_they_hold() {
    let app = TestApp::start().await;
    let both = app.staff(&[Role::Curator, Role::Reviewer, Role::Administrator]).await;
    both.post(DOCUMENTS, &json!({ "id": "feitian", "content": content(FIRST) })).await.expect(201);
    submit(&both, "feitian", 1).await;
    let approve = format!("{DOCUMENTS}/feitian/approve");
    both.post(&approve, &json!({ "version": 1 })).await.refused(403, "own_version");
    let reviewer = app.as_reviewer().await;
    reviewer.post(&approve, &json!({ "version": 1 })).await.expect(200);
    // A reviewer writes nothing.
    reviewer.post(DOCUMENTS, &json!({ "id": "x", "content": content(FIRST) })).await.refused(403, "forbidden");
    let draft = format!("{DOCUMENTS}/feitian/draft");
    with_revision(&reviewer, Method::PUT, &draft, 0, &json!({ "content": content(FIRST) })).await.refused(403, "forbidden");
    // An auditor reads and does nothing else.
    let auditor = app.as_auditor().await;
    auditor.get(&format!("{DOCUMENTS}/feitian")).await.expect(200);
    auditor.post(&format!("{DOCUMENTS}/feitian/retire"), &json!({ "reason": "x" })).await.refused(403, "forbidden");
    app.stranger().get(DOCUMENTS).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn who_comes_second_is_shown_what_changed() {
    let app = TestApp::start().await;
    let (first, second) = (app.as_curator().await, app.as_curator().await);
    first.post(DOCUMENTS, &json!({ "id": "feitian", "content": content(FIRST) })).await.expect(201);
    let draft = format!("{DOCUMENTS}/feitian/draft");
    first.put(&draft, &json!({ "content": content(FIRST) })).await.refused(428, "revision_required");
    let mine = json!({ "content": content(&FIRST.replace("321元", "322元")) });
    with_revision(&first, Method::PUT, &draft, 1, &mine).await.expect(200);
    let late = with_revision(&second, Method::PUT, &draft, 1, &json!({ "content": content(FIRST) })).await;
    let problem = late.expect(409);
    assert_eq!((&problem["code"], &problem["revision"]), (&json!("revision_conflict"), &json!(2)), "{problem}");
    assert!(problem["current"]["content"]["body"].as_str().is_some_and(|b| b.contains("322元")), "{problem}");
    let lines = problem["difference"]["lines"].to_string();
    assert!(lines.contains("322") && lines.contains("321"), "{lines}");
    with_revision(&second, Method::DELETE, &draft, 1, &json!({})).await.refused(409, "revision_conflict");
}

#[tokio::test]
async fn what_is_missing_is_named_field_by_field() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let mut lacking = content("  ");
    lacking["owner"] = json!("王小明");
    lacking["review_by"] = Value::Null;
    curator.post(DOCUMENTS, &json!({ "id": "feitian", "content": lacking })).await.expect(201);
    let refused = with_revision(&curator, Method::POST, &format!("{DOCUMENTS}/feitian/submit"), 1, &json!({})).await;
    let problem = refused.expect(422);
    let fields: Vec<&str> = problem["errors"].as_array().expect("errors").iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!((&problem["code"], fields), (&json!("document_incomplete"), vec!["owner", "review_by", "body"]), "{problem}");
    for (id, field) in [("a/b", "id"), ("", "id")] {
        let problem = curator.post(DOCUMENTS, &json!({ "id": id, "content": content(FIRST) })).await.expect(422);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let mut wrong = content(FIRST);
    wrong["authority"] = json!(2.0);
    let problem = curator.post(DOCUMENTS, &json!({ "id": "x", "content": wrong })).await.expect(422);
    assert_eq!(problem["errors"][0]["field"], "authority", "{problem}");
}

#[tokio::test]
async fn a_copy_is_found_and_never_published() {
    let app = TestApp::start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    let original = curator.get(&format!("{DOCUMENTS}/t-gaoling/versions/1")).await.expect(200);
    let mut copy = original["content"].clone();
    copy["title"] = json!("老年津贴申领");
    copy["review_by"] = json!("2027-01-01");
    curator.post(DOCUMENTS, &json!({ "id": "copy", "content": copy })).await.expect(201);
    let submitted = submit(&curator, "copy", 1).await;
    assert_eq!(submitted["findings"][0]["kind"], "same_document", "{submitted}");
    assert_eq!(submitted["findings"][0]["theirs"]["document"], "t-gaoling", "{submitted}");
    let problem = reviewer.post(&format!("{DOCUMENTS}/copy/approve"), &json!({ "version": 1 })).await.expect(409);
    assert_eq!((&problem["code"], &problem["findings"][0]["severity"]), (&json!("findings_open"), &json!("blocking")));
    let finding = submitted["findings"][0]["id"].as_str().expect("an id");
    let acknowledge = format!("{DOCUMENTS}/copy/findings/{finding}/acknowledge");
    curator.post(&acknowledge, &json!({ "note": "就要" })).await.refused(409, "conflict");
    let open = reviewer.get(&format!("{DOCUMENTS}/copy/findings")).await.expect(200);
    assert_eq!(open["open"], 1, "{open}");
}

#[tokio::test]
async fn the_list_shows_what_is_due_and_where_things_stand() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let mut soon = content(FIRST);
    soon["review_by"] = json!("2026-06-20");
    curator.post(DOCUMENTS, &json!({ "id": "feitian", "content": soon })).await.expect(201);
    submit(&curator, "feitian", 1).await;
    let list = async |curator: &Staff, query: &str| -> Vec<String> {
        let page = curator.get(&format!("{DOCUMENTS}?{query}")).await.expect(200);
        let rows = page["documents"].as_array().expect("rows").iter();
        rows.map(|r| r["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(list(&curator, "state=in_review").await, ["feitian"]);
    assert_eq!(list(&curator, "due=soon").await, Vec::<String>::new(), "what is not published is not due");
    app.as_reviewer().await.post(&format!("{DOCUMENTS}/feitian/approve"), &json!({ "version": 1 })).await.expect(200);
    assert_eq!(list(&curator, "due=soon&within=30").await, ["feitian"]);
    assert_eq!(list(&curator, "due=soon&within=5").await, Vec::<String>::new());
    app.clock.advance(jiff::SignedDuration::from_hours(24 * 20));
    let curator = app.as_curator().await;
    assert!(list(&curator, "due=overdue").await.contains(&"feitian".to_owned()));
    assert_eq!(list(&curator, "state=expired").await, ["t-kaohuo-old"]);
    assert_eq!(list(&curator, "state=scheduled").await, ["t-chongdianzhuang"]);
    assert!(list(&curator, "audience=gridworker").await.iter().all(|id| id == "t-feixian"));
    assert_eq!(list(&curator, "q=飞天").await, ["feitian"]);
    assert_eq!(list(&curator, "sort=title&limit=1&offset=1000").await, Vec::<String>::new());
    let page = curator.get(&format!("{DOCUMENTS}?limit=2")).await.expect(200);
    assert!(page["total"].as_u64() > Some(2) && page["documents"].as_array().map(Vec::len) == Some(2), "{page}");
    curator.get(&format!("{DOCUMENTS}?state=nonsense")).await.refused(400, "invalid_parameter");
    assert_eq!(page["facets"], Value::Null, "not unless asked for");
    let facets = curator.get(&format!("{DOCUMENTS}?q=飞天&facets=true&limit=1")).await.expect(200)["facets"].clone();
    assert_eq!(facets["total"], page["total"], "over all documents, whatever was searched for: {facets}");
    let sum: u64 = facets["categories"].as_array().expect("matters").iter().filter_map(|c| c["count"].as_u64()).sum();
    assert_eq!(Some(sum), facets["total"].as_u64(), "each has one matter");
    let overdue = list(&curator, "due=overdue&limit=200").await;
    assert_eq!(facets["overdue"].as_u64(), Some(overdue.len() as u64), "{facets}");
    assert!(overdue.contains(&"t-kaohuo-old".to_owned()), "what has ended is to be renewed or taken out: {overdue:?}");
    assert_eq!(facets["in_review"], 0);
}

#[tokio::test]
async fn versions_are_compared_brought_back_and_taken_out() {
    let app = TestApp::start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    curator.post(DOCUMENTS, &json!({ "id": "feitian", "content": content(FIRST) })).await.expect(201);
    submit(&curator, "feitian", 1).await;
    reviewer.post(&format!("{DOCUMENTS}/feitian/approve"), &json!({ "version": 1 })).await.expect(200);
    let mut second = content(&FIRST.replace("321元", "400元"));
    second["effective_from"] = json!("2026-06-01");
    let draft = format!("{DOCUMENTS}/feitian/draft");
    with_revision(&curator, Method::PUT, &draft, 0, &json!({ "content": second })).await.expect(200);
    submit(&curator, "feitian", 1).await;
    reviewer.post(&format!("{DOCUMENTS}/feitian/approve"), &json!({ "version": 2 })).await.expect(200);
    let diff = curator.get(&format!("{DOCUMENTS}/feitian/diff?from=1&to=2")).await.expect(200);
    assert_eq!(diff["fields"], json!([{ "field": "effective_from", "old": "2026-01-01", "new": "2026-06-01" }]), "{diff}");
    assert!(diff["lines"].to_string().contains("\"mark\":\"gone\",\"text\":\"321\""), "{diff}");

    curator.post(&format!("{DOCUMENTS}/feitian/rollback"), &json!({ "version": 1, "note": "400元写错了" })).await.expect(200);
    let submitted = submit(&curator, "feitian", 1).await;
    assert_eq!(submitted["version"], 3);
    curator.post(&format!("{DOCUMENTS}/feitian/withdraw"), &json!({})).await.expect(200);
    submit(&curator, "feitian", 1).await;
    let done = reviewer.post(&format!("{DOCUMENTS}/feitian/approve"), &json!({ "version": 4 })).await.expect(200);
    let states: Vec<&str> = done["versions"].as_array().expect("versions").iter().filter_map(|v| v["state"].as_str()).collect();
    assert_eq!(states, ["published", "published", "withdrawn", "published"]);
    let turn = app.resident().await.say("飞天补贴一个月多少钱").await;
    assert!(turn["reply"]["text"].as_str().is_some_and(|t| t.contains("321元")), "{turn}");
    let old = app.stranger().get("/api/v1/documents/feitian/versions/2").await.expect(200);
    assert_eq!(old["document"]["in_force"], false);
    assert_eq!(old["document"]["notice"], "这一版已于2026年6月9日失效，不再作为答复依据");

    let gone = json!({ "reason": "补贴取消", "ended_on": "2026-06-09" });
    curator.post(&format!("{DOCUMENTS}/feitian/retire"), &gone).await.refused(403, "forbidden");
    reviewer.post(&format!("{DOCUMENTS}/feitian/retire"), &gone).await.expect(200);
    let turn = app.resident().await.say("飞天补贴一个月多少钱").await;
    let words = turn["reply"]["text"].as_str().expect("words");
    assert!(words.contains("《飞天补贴怎么领》已于2026年6月9日失效") && !words.contains("321"), "{words}");
    let past = app.resident().await.say("2026年5月的时候飞天补贴一个月多少钱").await;
    assert!(
        past["reply"]["text"].as_str().is_some_and(|t| t.starts_with("按2026年5月时的规定") && t.contains("321元")),
        "{past}"
    );
}

#[tokio::test]
async fn an_old_answer_still_stands_on_what_it_cited() {
    let app = TestApp::start().await;
    let (curator, reviewer) = (app.as_curator().await, app.as_reviewer().await);
    let resident = app.resident().await;
    let turn = resident.say("高龄津贴怎么领").await;
    let path = format!("/api/v1/admin/conversations/{}/turns/{}/evidence", resident.id, turn["turn_id"].as_str().expect("an id"));
    let before = curator.get(&path).await.expect(200);
    assert_eq!(before["reproduces"], true, "{before}");
    assert!(before["citations"].as_array().is_some_and(|c| !c.is_empty()), "{before}");
    // The text changes and the document goes: what was said then is still there to read.
    let old = curator.get("/api/v1/admin/documents/t-gaoling/versions/1").await.expect(200);
    let mut new = old["content"].clone();
    new["body"] = json!("**结论**：高龄津贴改由区里发放。");
    new["review_by"] = json!("2027-01-01");
    with_revision(&curator, Method::PUT, &format!("{DOCUMENTS}/t-gaoling/draft"), 0, &json!({ "content": new }))
        .await
        .expect(200);
    submit(&curator, "t-gaoling", 1).await;
    reviewer.post(&format!("{DOCUMENTS}/t-gaoling/approve"), &json!({ "version": 2 })).await.expect(200);
    let after = curator.get(&path).await.expect(200);
    assert_eq!(after["reproduces"], true, "{after}");
    assert_eq!(after["citations"][0]["answering_today"], 2, "and it says that another version answers today: {after}");
    reviewer.post(&format!("{DOCUMENTS}/t-gaoling/retire"), &json!({ "reason": "停发" })).await.expect(200);
    assert_eq!(curator.get(&path).await.expect(200)["reproduces"], true);
    app.stranger().get(&path).await.refused(401, "unauthenticated");
}
