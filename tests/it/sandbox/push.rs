//! The push: what is taken, what is refused, and that one key is one incident.

use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::sandbox::Faults;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Stage, incident, instant};
use crate::platform::support::SECRET;

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
    let (status, asked) = stage.get("/api/v1/incidents?idempotency_key=k1").await;
    assert_eq!((status, &asked["external_no"], &asked["status"]), (StatusCode::OK, &body["external_no"], &body["status"]));
    let at = asked["at"].as_str().expect("a time");
    assert!(at.ends_with("+08:00") && at.len() == "2026-11-22T08:00:00.000+08:00".len(), "zone and milliseconds: {at}");
    assert!(asked.get("handler").is_none() && asked.get("note").is_none(), "nobody has said anything yet: {asked}");
    assert_eq!(stage.get(&format!("/api/v1/incidents/{number}")).await, (StatusCode::OK, asked.clone()));
    stage.press(&number, "accept", &json!({"note": "已联系现场"})).await;
    let (_, accepted) = stage.get("/api/v1/incidents?idempotency_key=k1").await;
    assert_eq!((&accepted["status"], &accepted["note"]), (&json!("accepted"), &json!("已联系现场")));
    assert_eq!(accepted["handler"], "应急管理岗（A岗）");
    assert!(instant(&accepted["at"]) > instant(&asked["at"]), "at is the time of the newest state");
    assert_eq!(stage.get("/api/v1/incidents/PT0").await.0, 404);
    assert_eq!(stage.get("/api/v1/incidents").await.0, 400, "a question without a key");
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_push_is_said() {
    let stage = Stage::new(Faults::default(), None);
    let now = SystemClock.now().as_second();
    // A slow machine comes nearer to the last one while the others are asked.
    let tomorrow = now + 24 * 3600;
    let good = incident(1).to_string();
    for (what, answer, status) in [
        ("another secret", stage.push_signed("k", &good, now, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await, 401),
        ("an old signature", stage.push_signed("k", &good, now - 301, SECRET).await, 401),
        ("a signature of tomorrow", stage.push_signed("k", &good, tomorrow, SECRET).await, 401),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrived_is_shown_byte_for_byte_and_nothing_that_opens() {
    let stage = Stage::new(Faults::default(), None);
    // Spaces, order and escapes are the sender's own.
    let body = incident(1).to_string().replacen('{', "{ \"extra\" :  \"\\u6c34\",", 1);
    let now = SystemClock.now().as_second();
    assert_eq!(stage.push_signed("k1", &body, now, SECRET).await.status(), 201);
    assert_eq!(stage.push_signed("k1", &body, now, SECRET).await.status(), 409);
    let (status, _) = stage.event("k1", "supplemented", &json!({"note": "又掉了一块"})).await;
    assert_eq!(status, 201);
    let (status, all) = stage.get("/api/v1/incidents/k1/received").await;
    assert_eq!(status, 200);
    let incidents = all["incident"].as_array().expect("arrivals");
    assert_eq!(incidents.len(), 2, "the repeat arrived as well");
    for arrived in incidents {
        assert_eq!(arrived["body"], json!(body), "byte for byte");
        assert_eq!(arrived["headers"]["idempotency-key"], "k1");
        assert!(arrived["headers"].get("webhook-signature").is_none(), "signatures are not shown: {arrived}");
    }
    assert_eq!(all["events"].as_array().map(Vec::len), Some(1));
    let told: Value = serde_json::from_str(all["events"][0]["body"].as_str().expect("a body")).expect("JSON");
    assert_eq!((&told["kind"], &told["note"]), (&json!("supplemented"), &json!("又掉了一块")));
    assert_eq!(stage.get("/api/v1/incidents/nobody/received").await.0, 404);
}
