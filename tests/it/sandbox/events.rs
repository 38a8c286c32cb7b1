//! What the reporting system tells later: each kind has its effect, once.

use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::sandbox::Faults;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Stage, event, hours_ahead, incident, instant};
use crate::platform::support::{SECRET, fresh, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_has_its_effect() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let later = hours_ahead(72);
    let told = async |kind: &str, more: Value, status: &str| {
        let (code, answer) = stage.event("k1", kind, &more).await;
        assert_eq!((code, &answer), (StatusCode::CREATED, &json!({"external_no": no, "status": status})), "{kind}");
        stage.card(&no).await
    };
    let card = told("joined", json!({"joined": 3, "people_affected": 20, "note": "对面楼也在反映"}), "received").await;
    assert_eq!((&card["people"], &card["affected"]), (&json!(3), &json!(20)));
    let card = told("split", json!({"joined": 2}), "received").await;
    assert_eq!((&card["people"], &card["affected"]), (&json!(2), &json!(20)), "what is not said stays");
    let card = told("supplemented", json!({"note": "又掉了一块"}), "received").await;
    assert!(card["history"].to_string().contains("又掉了一块"), "{card}");
    let card = told("extended", json!({"clock": {"resolve_by": later, "basis": "延长至3日"}}), "received").await;
    assert_eq!(instant(&card["resolve_by"]).as_second(), instant(&json!(later)).as_second());
    assert_eq!(card["basis"], "延长至3日");
    let route = json!({"route": {"section": "经济发展", "post": "城市更新岗", "first_receiver": "街道", "co_units": [], "reason": "外墙属房屋安全"}});
    let card = told("rerouted", route, "received").await;
    assert_eq!(
        (&card["section"], &card["post"], &card["on_duty"]),
        (&json!("经济发展"), &json!("城市更新岗"), &json!("城市更新岗（A岗）"))
    );
    let card = told("rerouted", json!({"route": {"section": "没有的板块", "post": "新岗"}}), "received").await;
    assert_eq!((&card["section"], &card["post"]), (&json!("经济发展"), &json!("新岗")), "no incident leaves the board");
    stage.press(&no, "accept", &json!({})).await;
    stage.press(&no, "resolve", &json!({"note": "已处理"})).await;
    let card = told("rated", json!({"rating": {"solved": false, "stars": 2}, "note": "还在掉"}), "resolved").await;
    let lines = card["history"].as_array().expect("lines");
    let last = lines.last().expect("a line");
    assert_eq!((&last["what"], &last["state"]), (&json!("rated"), &json!("resolved")));
    assert!(last["note"].as_str().is_some_and(|t| t.contains("未解决") && t.contains("2 星") && t.contains("还在掉")), "{last}");
    let kinds: Vec<&str> = lines.iter().map(|l| l["what"].as_str().expect("a word")).collect();
    assert_eq!(
        kinds,
        ["pushed", "joined", "split", "supplemented", "extended", "rerouted", "rerouted", "accept", "resolve", "rated"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_solved_is_received_again_with_a_new_clock() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let (status, said) = stage.event("k1", "reopened", &json!({})).await;
    assert_eq!((status, &said["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("illegal_event")), "it is open already");
    stage.press(&no, "accept", &json!({})).await;
    stage.press(&no, "extend", &json!({"note": "等待材料", "until": hours_ahead(48)})).await;
    stage.press(&no, "resolve", &json!({"note": "已处理"})).await;
    stage.press(&no, "close", &json!({})).await;
    let before = stage.card(&no).await;
    let later = hours_ahead(24);
    let (status, said) = stage.event("k1", "reopened", &json!({"note": "还在掉", "clock": {"resolve_by": later}})).await;
    assert_eq!((status, &said["status"]), (StatusCode::CREATED, &json!("received")));
    let card = stage.card(&no).await;
    assert_eq!((&card["state"], &card["round"], &card["urgent"]), (&json!("received"), &json!(2), &json!(true)));
    assert_eq!((&card["accepted_at"], &card["extensions"]), (&Value::Null, &json!(0)), "from the beginning");
    let minutes = instant(&card["accept_by"]).duration_since(instant(&card["clocks"]["accept"]["since"])).as_secs();
    assert!((298..=300).contains(&minutes), "five minutes again: {minutes} s");
    assert!(instant(&card["accept_by"]) > instant(&before["accept_by"]));
    assert_eq!(instant(&card["resolve_by"]).as_second(), instant(&json!(later)).as_second());
    let (_, asked) = stage.get("/api/v1/incidents?idempotency_key=k1").await;
    assert_eq!(asked["status"], "received");
    assert!(instant(&asked["at"]) > instant(&before["updated_at"]), "the newest state is the new one");
    // The whole way again.
    for button in ["accept", "resolve", "close"] {
        stage.press(&no, button, &json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_withdrawn_is_over() {
    let stage = Stage::new(Faults::default(), None);
    for (n, way) in
        [&[][..], &["accept"], &["accept", "extend", "ask_extension"], &["return"], &["accept", "resolve"]].iter().enumerate()
    {
        let key = format!("k{n}");
        let no = stage.stored(&key).await;
        for button in *way {
            stage.press(&no, button, &super::words(button)).await;
        }
        let (status, said) = stage.event(&key, "withdrawn", &json!({"note": "已自行解决"})).await;
        assert_eq!((status, &said["status"]), (StatusCode::CREATED, &json!("closed")), "after {way:?}");
        let card = stage.card(&no).await;
        assert_eq!((&card["state"], &card["withdrawn"], &card["moves"]), (&json!("closed"), &json!(true), &json!([])));
        assert!(card["note"].as_str().is_some_and(|t| t.contains("已自行解决")), "{card}");
        for button in ["accept", "close", "return", "approve_extension", "merge"] {
            let (status, _) = stage.post(&format!("/board/incidents/{no}/{button}"), &super::words(button)).await;
            assert_eq!(status, 409, "{button} after withdrawing, which came after {way:?}");
        }
        assert_eq!(stage.event(&key, "reopened", &json!({})).await.0, 422, "nothing more is expected");
        assert_eq!(stage.event(&key, "withdrawn", &json!({})).await.0, 201, "said again it is still true");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_happens_once() {
    let stage = Stage::new(Faults::default(), None);
    let (no, other) = (stage.stored("k1").await, stage.stored("k2").await);
    let id = fresh().to_string();
    let body = event(&id, "k1", "joined", &json!({"joined": 2}));
    let answers = futures::future::join_all((0..8).map(|_| stage.about("k1", "events", &id, &body))).await;
    let mut codes: Vec<u16> = answers.iter().map(|(status, _)| status.as_u16()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [vec![201], vec![409; 7]].concat());
    assert!(answers.iter().all(|(_, said)| *said == json!({"external_no": no, "status": "received"})), "{answers:?}");
    stage.press(&no, "accept", &json!({})).await;
    let (status, said) = stage.about("k1", "events", &id, &body).await;
    assert_eq!((status, &said["status"]), (StatusCode::CONFLICT, &json!("received")), "a repeat repeats the answer");
    let lines = stage.card(&no).await["history"].as_array().expect("lines").len();
    assert_eq!(lines, 3, "pushed, joined, accept");
    let (status, said) = stage.about("k2", "events", &id, &event(&id, "k2", "joined", &json!({"joined": 9}))).await;
    assert_eq!((status, &said["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("event_id_reused")));
    assert_eq!(stage.card(&other).await["people"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_asked_for_again() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let id = fresh().to_string();
    let body = event(&id, "k1", "joined", &json!({"joined": 2}));
    stage.faults(json!({"drop_after_store": 1})).await;
    // An error, a cut connection or silence, as the draw is.
    let path = "/api/v1/incidents/k1/events";
    let request = stage.request(path, &id, &body.to_string(), SystemClock.now().as_second(), SECRET);
    if let Ok(answer) = request.timeout(std::time::Duration::from_secs(2)).send().await {
        let said: Value = answer.json().await.unwrap_or(Value::Null);
        assert!(said.get("external_no").is_none(), "the sender learns nothing: {said}");
    }
    until("it was taken", async || stage.card(&no).await["people"] == json!(2)).await;
    stage.faults(json!({})).await;
    assert_eq!(stage.about("k1", "events", &id, &body).await.0, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_event_is_said() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let id = fresh().to_string();
    let good = event(&id, "k1", "joined", &json!({"joined": 2}));
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let without = |name: &str| {
        let mut body = good.clone();
        drop(body.as_object_mut().expect("an object").remove(name));
        body
    };
    for (what, body, code) in [
        ("an unknown kind", with("kind", json!("exploded")), "unknown_kind"),
        ("no kind", without("kind"), "unknown_kind"),
        ("another id than in the header", with("event_id", json!(fresh().to_string())), "id_mismatch"),
        ("another incident than in the address", with("idempotency_key", json!("k2")), "id_mismatch"),
        ("no time", without("at"), "malformed_event"),
        ("a number of people that is none", with("joined", json!(-1)), "malformed_event"),
        ("an extension without a clock", with("kind", json!("extended")), "malformed_event"),
        ("a new route without a route", with("kind", json!("rerouted")), "malformed_event"),
        ("a rating without a rating", with("kind", json!("rated")), "malformed_event"),
        ("a list", json!([good]), "not_an_object"),
    ] {
        let (status, said) = stage.about("k1", "events", &id, &body).await;
        assert_eq!((status, &said["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)), "{what}: {said}");
    }
    let now = SystemClock.now().as_second();
    let path = "/api/v1/incidents/k1/events";
    for (what, answer, status) in [
        ("no JSON", stage.call(path, &id, "{", now, SECRET).await, 400),
        ("no key", stage.call(path, "", &good.to_string(), now, SECRET).await, 400),
        ("an old signature", stage.call(path, &id, &good.to_string(), now - 301, SECRET).await, 401),
        ("another secret", stage.call(path, &id, &good.to_string(), now, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await, 401),
    ] {
        assert_eq!(answer.status(), status, "{what}");
    }
    let (status, said) = stage.about("nobody", "events", &id, &event(&id, "nobody", "joined", &json!({}))).await;
    assert_eq!((status, &said["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    assert_eq!(stage.card(&no).await["history"].as_array().map(Vec::len), Some(1), "none of it happened");
    assert_eq!(stage.about("k1", "events", &id, &good).await.0, 201, "the good one still does");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_push_brings_people_and_clock() {
    let stage = Stage::new(Faults::default(), None);
    let (accept, resolve) = (hours_ahead(8), hours_ahead(80));
    let mut body = incident(1);
    body["urgency"] = "一般".into();
    body["joined"] = 4.into();
    body["people_affected"] = 30.into();
    body["clock"] = json!({"accept_by": accept, "resolve_by": resolve, "basis": "一般事项：10个工作日内办结"});
    assert_eq!(stage.push("k1", &body).await.status(), 201);
    let (_, board) = stage.get("/board/incidents").await;
    let card = &board["incidents"][0];
    assert_eq!((&card["people"], &card["affected"], &card["basis"]), (&json!(4), &json!(30), &body["clock"]["basis"]));
    for (clock, by) in [("accept", accept), ("resolve", resolve)] {
        let shown = &card["clocks"][clock];
        assert_eq!(instant(&shown["by"]).as_second(), instant(&json!(by)).as_second(), "{clock}");
        assert_eq!((&shown["running"], &shown["late"]), (&json!(true), &json!(false)), "{clock}");
        assert!(instant(&shown["soon_at"]) < instant(&shown["by"]) && instant(&shown["soon_at"]) > instant(&shown["since"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_reporting_side_has_moved_is_moved_here_too_but_never_back() {
    let stage = Stage::new(Faults::default(), None);
    stage.stored("k1").await;
    for (word, state) in
        [("处置中", "in_progress"), ("已受理", "in_progress"), ("重新办理", "in_progress"), ("已办结", "resolved")]
    {
        let (status, said) = stage.event("k1", "moved", &json!({"status": word, "by": "锦凤社区第七网格 网格员岗"})).await;
        assert_eq!((status, said["status"].as_str()), (StatusCode::CREATED, Some(state)), "{word}: {said}");
    }
}
