//! The index from outside: built beside the one that answers, switched to, gone back from; one wish at a time.

use serde_json::{Value, json};

use crate::api::QUESTION;
use crate::support::app::{TestApp, until};
use crate::support::staff::Staff;

const GENERATIONS: &str = "/api/v1/admin/generations";

/// The list once the last wish has been tried.
async fn settled(staff: &Staff) -> Value {
    until("the wish is tried", async || staff.get(GENERATIONS).await.expect(200)["wish"]["done"] == true).await;
    staff.get(GENERATIONS).await.expect(200)
}

fn state(list: &Value, number: u64) -> &str {
    let all = list["generations"].as_array().expect("a list");
    all.iter().find(|g| g["generation"] == number).and_then(|g| g["state"].as_str()).unwrap_or("unknown")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_is_built_beside_the_live_one_switched_to_and_gone_back_from() {
    let app = TestApp::start().await;
    let (admin, resident) = (app.as_administrator().await, app.resident().await);
    let first = admin.get(GENERATIONS).await.expect(200);
    let live = first["live"].as_u64().expect("one answers");
    assert_eq!((state(&first, live), &first["wish"]), ("live", &Value::Null));
    let cited = resident.say(QUESTION).await["reply"]["citations"][0]["document_id"].clone();

    let wish = admin.post(GENERATIONS, &json!({ "piece_chars": 40 })).await.expect(202);
    assert_eq!((&wish["action"], &wish["done"]), (&json!("prepare"), &json!(false)));
    let list = settled(&admin).await;
    assert_eq!(list["wish"]["error"], Value::Null, "{list}");
    assert_eq!(list["live"], live, "it waits: {list}");
    let next = live + 1;
    assert_eq!((state(&list, next), state(&list, live)), ("ready", "live"));
    let made = &list["generations"][0];
    assert_eq!((&made["generation"], &made["piece_chars"], &made["check"]["passed"]), (&json!(next), &json!(40), &json!(true)));
    assert_eq!(made["check"]["expected"], made["passages"]);

    for (to, back) in [(next, live), (live, next)] {
        admin.post(&format!("{GENERATIONS}/{to}/switch"), &json!({})).await.expect(202);
        let list = settled(&admin).await;
        assert_eq!((list["live"].as_u64(), &list["wish"]["error"]), (Some(to), &Value::Null), "{list}");
        assert_eq!((state(&list, to), state(&list, back)), ("live", "previous"));
        assert_eq!(resident.say(QUESTION).await["reply"]["citations"][0]["document_id"], cited);
        admin.post(&format!("{GENERATIONS}/{to}/switch"), &json!({})).await.refused(409, "conflict");
    }
    admin.post(&format!("{GENERATIONS}/99/switch"), &json!({})).await.refused(404, "not_found");
    for wrong in [json!({ "piece_chars": 10 }), json!({ "piece_chars": 5000 }), json!({ "pieces": 100 })] {
        admin.post(GENERATIONS, &wrong).await.refused(422, "invalid_body");
    }
    let audit = "SELECT COUNT(*) FROM audit_log WHERE object_kind = 'index'";
    assert_eq!(app.count(audit).await, 3, "built, switched to, gone back from");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_wish_waits_its_turn() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let now = json!({ "switch": true });
    let wishes = futures::future::join_all((0..4).map(|_| admin.post(GENERATIONS, &now))).await;
    let taken = wishes.iter().filter(|w| w.status == 202).count();
    assert_eq!(taken, 1, "one is taken, the others are told: {:?}", wishes.iter().map(|w| w.status).collect::<Vec<_>>());
    let list = settled(&admin).await;
    assert_eq!(list["live"], list["generations"][0]["generation"], "the newest answers: {list}");
}
