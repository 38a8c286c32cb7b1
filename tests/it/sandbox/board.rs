//! The page and its data: under any base path, by strict rules, and without the reporter.

use gridworker::sandbox::Faults;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Stage, incident, words};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_at_the_root_and_under_a_base_path() {
    let stage = Stage::new(Faults::default(), None);
    let short = stage.http.get(stage.url("")).send().await.expect("answered");
    assert_eq!(short.status(), 308, "without its slash the page redirects");
    assert_eq!(short.headers()["location"], "/platform/");
    for path in [
        "/",
        "/board.js",
        "/board.css",
        "/drawers.js",
        "/board.svg",
        "/board/incidents",
        "/board/faults",
        "/board/duty",
        "/board/autopilot",
    ] {
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
    assert_eq!(stage.get("/board/incidents?clock=slow").await.0, 422, "an unknown clock");
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
async fn b_stands_in_while_a_is_away() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let duty = async |away: bool| {
        let body = json!({"section": "平安法治", "post": "应急管理岗", "away": away});
        let answer = stage.http.put(stage.url("/board/duty")).json(&body).send().await.expect("answered");
        assert_eq!(answer.status(), 200);
        let roster: Value = answer.json().await.expect("JSON");
        let posts: Vec<Value> = roster["sections"]
            .as_array()
            .expect("sections")
            .iter()
            .flat_map(|s| s["posts"].as_array().cloned().expect("posts"))
            .collect();
        assert!(posts.len() >= 13, "every post of the table is on the list: {}", posts.len());
        for post in &posts {
            let name = post["name"].as_str().expect("a name");
            assert_eq!((&post["a"], &post["b"]), (&json!(format!("{name}（A岗）")), &json!(format!("{name}（B岗）"))));
        }
        posts.into_iter().find(|p| p["name"] == "应急管理岗").expect("the post")
    };
    assert_eq!(stage.card(&no).await["on_duty"], "应急管理岗（A岗）");
    assert_eq!(duty(true).await["on_duty"], "应急管理岗（B岗）");
    assert_eq!(stage.press(&no, "accept", &json!({})).await["handler"], "应急管理岗（B岗）");
    assert_eq!(stage.card(&no).await["on_duty"], "应急管理岗（B岗）");
    assert_eq!(duty(false).await["on_duty"], "应急管理岗（A岗）");
    assert_eq!(stage.press(&no, "assign", &json!({})).await["handler"], "应急管理岗（A岗）");
    assert_eq!(stage.press(&no, "start", &json!({"handler": "值班长"})).await["handler"], "值班长", "who is named, counts");
    for wrong in [json!({"section": "平安法治", "post": "没有的岗", "away": true}), json!({"post": "应急管理岗"}), json!([])]
    {
        let answer = stage.http.put(stage.url("/board/duty")).json(&wrong).send().await.expect("answered");
        assert_eq!(answer.status(), 422, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_only_a_report_names_is_on_the_duty_list() {
    let stage = Stage::new(Faults::default(), None);
    let mut body = incident(1);
    body["route"] = json!({"section": "民生服务", "post": "民政岗"});
    assert_eq!(stage.push("k1", &body).await.status(), 201);
    let (_, roster) = stage.get("/board/duty").await;
    assert!(roster.to_string().contains("民政岗（B岗）"), "{roster}");
    let (_, board) = stage.get("/board/incidents?section=民生服务&post=民政岗").await;
    assert_eq!(board["incidents"].as_array().map(Vec::len), Some(1));
    let (_, other) = stage.get("/board/incidents?section=民生服务&post=市容环境岗").await;
    assert_eq!(other["incidents"].as_array().map(Vec::len), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_move_that_is_offered_is_taken() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k0").await;
    let first = stage.card(&no).await;
    let offered = first["moves"].as_array().expect("moves").clone();
    assert!(offered.len() >= 3, "{first}");
    for (n, button) in offered.iter().enumerate() {
        let no = stage.stored(&format!("offered-{n}")).await;
        let button = button.as_str().expect("a word");
        stage.press(&no, button, &words(button)).await;
    }
    let (status, said) = stage.post(&format!("/board/incidents/{no}/close"), &json!({})).await;
    assert_eq!((status, &said["code"]), (StatusCode::CONFLICT, &json!("illegal_move")), "what is not offered is refused");
}
