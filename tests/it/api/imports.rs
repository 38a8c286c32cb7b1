//! Handing files in over HTTP: a job, its results, the pieces before they go live, and who may.

use reqwest::Method;
use serde_json::{Value, json};

use crate::knowledge::import::make;
use crate::support::app::{TestApp, until};
use crate::support::staff::Staff;
use crate::support::wire::Answer;

const IMPORTS: &str = "/api/v1/admin/imports";
const EDGE: &str = "----------------the-edge-of-a-part";

/// A form as a browser sends it.
async fn hand_in(staff: &Staff, path: &str, audience: Option<&str>, files: &[(&str, Vec<u8>)]) -> Answer {
    let mut body = Vec::new();
    if let Some(word) = audience {
        body.extend(format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"audience\"\r\n\r\n{word}\r\n").bytes());
    }
    for (name, bytes) in files {
        let head = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        body.extend(head.bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{EDGE}--\r\n").bytes());
    let request = staff.request(Method::POST, path).header("content-type", format!("multipart/form-data; boundary={EDGE}"));
    Answer::of(request.body(body).send().await).await
}

async fn ended(staff: &Staff, id: &str) -> Value {
    let path = format!("{IMPORTS}/{id}");
    until("the job ends", async || staff.get(&path).await.expect(200)["state"] == "done").await;
    staff.get(&path).await.expect(200)
}

fn law() -> Vec<u8> {
    let texts = [
        "文明养犬公约",
        "第一条　为了文明养犬，制定本公约。",
        "第二条　遛犬要牵绳，及时清理粪便。",
        "第三条　本公约自2026年1月1日起施行。",
    ];
    make::docx(&texts.iter().map(|t| make::p("", t)).collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_become_drafts_with_a_result_each() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let packed = make::zip_gbk(&[("通知.txt", "灭鼠通知：三月一日起投药。".into()), ("照片.png", make::png())]);
    let files = [("公约.docx", law()), ("包.zip", packed), ("坏.pdf", b"%PDF-1.4".to_vec())];
    let job = hand_in(&curator, IMPORTS, Some("all"), &files).await.expect(201);
    assert_eq!((job["drafts"].clone(), job["audience"].clone()), (json!(true), json!("all")));
    let id = job["id"].as_str().expect("an id");
    let done = ended(&curator, id).await;
    let told: Vec<(String, String)> = done["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|f| (f["name"].as_str().unwrap_or_default().to_owned(), f["outcome"].as_str().unwrap_or_default().to_owned()))
        .collect();
    let expected =
        [("公约.docx", "drafted"), ("包.zip!通知.txt", "drafted"), ("包.zip!照片.png", "skipped"), ("坏.pdf", "failed")];
    assert_eq!(told, expected.map(|(n, o)| (n.to_owned(), o.to_owned())));
    assert_eq!(done["results"][0]["pieces"], 3);
    assert!(done["results"][3]["reason"].as_str().is_some_and(|why| why.contains("重新导出")), "{done}");
    assert_eq!(done["counts"], json!({ "files": 4, "waiting": 0, "imported": 2, "unchanged": 0, "skipped": 1, "failed": 1 }));

    // Who hands a file in is the author of its draft, and so can never approve it.
    let document = done["results"][0]["document"].as_str().expect("a document");
    let draft = curator.get(&format!("/api/v1/admin/documents/{document}")).await.expect(200);
    assert_eq!(draft["draft"]["hands"]["authors"], json!([curator.id]), "{draft}");

    let pieces = curator.get(&format!("{IMPORTS}/{id}/files/0/pieces")).await.expect(200);
    assert_eq!((pieces["shape"].clone(), pieces["title"].clone()), (json!("clauses"), json!("文明养犬公约")));
    assert_eq!(pieces["pieces"][1]["heading"], "第二条");
    curator.get(&format!("{IMPORTS}/{id}/files/3/pieces")).await.refused(422, "invalid_body");
    curator.get(&format!("{IMPORTS}/{id}/files/9/pieces")).await.refused(404, "not_found");
    let listed = curator.get(IMPORTS).await.expect(200);
    assert_eq!(listed["jobs"][0]["id"], id);

    // A draft answers nobody.
    let resident = app.resident().await;
    let turn = resident.say("文明养犬公约里遛犬要不要牵绳").await;
    let cited = turn["reply"]["citations"].as_array().is_some_and(|all| all.iter().any(|c| c["title"] == "文明养犬公约"));
    assert!(!cited, "{turn}");

    curator.post(&format!("{IMPORTS}/{id}/cancel"), &Value::Null).await.refused(409, "conflict");
    curator.post(&format!("{IMPORTS}/{id}/retry"), &Value::Null).await.expect(200);
    assert_eq!(ended(&curator, id).await["counts"]["failed"], 1, "tried again, and still broken");
    let rows = app.count("SELECT COUNT(*) FROM audit_log WHERE action IN ('import.create', 'import.retry')").await;
    assert_eq!(rows, 2, "every change is written down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_pieces_and_keeps_nothing() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let shown = hand_in(&curator, &format!("{IMPORTS}/preview"), None, &[("公约.docx", law())]).await.expect(200);
    let headings: Vec<&str> = shown["pieces"].as_array().expect("pieces").iter().filter_map(|p| p["heading"].as_str()).collect();
    assert_eq!(headings, ["第一条", "第二条", "第三条"]);
    let refused = hand_in(&curator, &format!("{IMPORTS}/preview"), None, &[("照片.docx", make::png())]).await;
    let why = refused.refused(422, "invalid_body");
    assert!(why["detail"].as_str().is_some_and(|d| d.contains("这是图片")), "{why}");
    assert_eq!(curator.get(IMPORTS).await.expect(200)["jobs"], json!([]));
    let left = std::fs::read_dir(app.data().join("imports")).map_or(0, std::iter::Iterator::count);
    assert_eq!(left, 0, "nothing is left on disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_hand_in_is_refused_in_words() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    hand_in(&curator, IMPORTS, None, &[]).await.refused(422, "invalid_body");
    hand_in(&curator, IMPORTS, Some("cats"), &[("a.txt", b"a".to_vec())]).await.refused(422, "invalid_body");
    hand_in(&curator, IMPORTS, None, &[("a.txt", b"a".to_vec()), ("夹/a.txt", b"b".to_vec())]).await.refused(422, "invalid_body");
    curator.post(IMPORTS, &json!({})).await.refused(415, "unsupported_media_type");
    curator.get(&format!("{IMPORTS}/00000000-0000-0000-0000-000000000001")).await.refused(404, "not_found");
    let gridworker = app.as_gridworker().await;
    hand_in(&gridworker, IMPORTS, None, &[("a.txt", b"a".to_vec())]).await.refused(403, "forbidden");
    assert_eq!(app.count("SELECT COUNT(*) FROM knowledge_job").await, 0);
}
