//! What an administrator does with accounts, and what everybody must do first.

use gridworker::identity::{Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::staff::{PASSWORD, Staff, cookie_of};
use crate::support::wire::Answer;

const ACCOUNTS: &str = "/api/v1/admin/accounts";

async fn sign_in(app: &TestApp, name: &str, password: &str) -> Answer {
    app.stranger().post("/api/v1/auth/sign-in", &json!({ "name": name, "password": password })).await
}

#[tokio::test]
async fn a_new_account_changes_its_password_before_anything_else() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let wish = json!({ "name": "锦凤七网格", "title": "锦凤社区第七网格 网格员岗", "roles": ["gridworker"],
        "scope": { "communities": ["锦凤社区"], "grids": ["CH-JF-07"] } });
    let made = admin.post(ACCOUNTS, &wish).await.expect(201);
    let one_time = made["one_time_password"].as_str().expect("a password");
    assert_eq!(one_time.len(), 23, "four groups of five: {one_time}");
    assert_eq!(made["account"]["must_change_password"], true);
    assert_eq!(made["account"]["scope"], wish["scope"]);
    let answer = sign_in(&app, "锦凤七网格", one_time).await;
    assert_eq!(answer.expect(200)["must_change_password"], true);
    let staff = app.as_gridworker().await.with_cookie(&cookie_of(&answer).expect("a cookie"));
    // Only what is about oneself is open.
    staff.get("/api/v1/admin/roles").await.refused(403, "password_change_required");
    staff.get("/api/v1/admin/accounts").await.refused(403, "password_change_required");
    let worker = json!({ "channel": "worker", "audience": "gridworker" });
    staff.post("/api/v1/conversations", &worker).await.refused(403, "forbidden");
    staff.get("/api/v1/auth/me").await.expect(200);
    staff.get("/api/v1/auth/sessions").await.expect(200);
    let next = json!({ "current": one_time, "new": "楼道里的灯泡坏了三天没人修" });
    let answer = staff.post("/api/v1/auth/password", &next).await;
    assert_eq!(answer.expect(200)["must_change_password"], false);
    let staff = staff.with_cookie(&cookie_of(&answer).expect("a cookie"));
    staff.get("/api/v1/admin/roles").await.expect(200);
    staff.post("/api/v1/conversations", &worker).await.expect(201);
    sign_in(&app, "锦凤七网格", one_time).await.refused(401, "sign_in_failed");
}

#[tokio::test]
async fn a_one_time_password_does_not_wait_for_ever() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let made = admin.post(ACCOUNTS, &json!({ "name": "slow", "roles": ["curator"] })).await.expect(201);
    let one_time = made["one_time_password"].as_str().expect("a password");
    let early = sign_in(&app, "slow", one_time).await;
    early.expect(200);
    app.clock.advance(SignedDuration::from_hours(72));
    sign_in(&app, "slow", one_time).await.refused(401, "sign_in_failed");
    let admin = app.as_administrator().await;
    let path = format!("{ACCOUNTS}/{}/reset-password", made["account"]["id"].as_str().expect("an id"));
    let again = admin.post(&path, &Value::Null).await.expect(200);
    sign_in(&app, "slow", again["one_time_password"].as_str().expect("a password")).await.expect(200);
}

#[tokio::test]
async fn a_reset_opens_a_lock_and_ends_the_sessions() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let staff = app.as_curator().await;
    for _ in 0..5 {
        sign_in(&app, &staff.name, "wrong").await.refused(401, "sign_in_failed");
    }
    sign_in(&app, &staff.name, PASSWORD).await.refused(429, "sign_in_locked");
    let path = format!("{ACCOUNTS}/{}/reset-password", staff.id);
    let made = admin.post(&path, &Value::Null).await.expect(200);
    staff.get("/api/v1/auth/me").await.refused(401, "unauthenticated");
    sign_in(&app, &staff.name, PASSWORD).await.refused(401, "sign_in_failed");
    sign_in(&app, &staff.name, made["one_time_password"].as_str().expect("a password")).await.expect(200);
}

#[tokio::test]
async fn a_wish_that_cannot_be_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let long = "长".repeat(61);
    for (wish, field) in [
        (json!({ "name": "x", "roles": ["curator"] }), "name"),
        (json!({ "name": "a b", "roles": ["curator"] }), "name"),
        (json!({ "name": "a\u{0}b", "roles": ["curator"] }), "name"),
        (json!({ "name": "13800000000", "roles": ["curator"] }), "name"),
        (json!({ "name": "长".repeat(41), "roles": ["curator"] }), "name"),
        (json!({ "name": "fine", "roles": [] }), "roles"),
        (json!({ "name": "fine", "roles": ["curator"], "title": long }), "title"),
        (json!({ "name": "fine", "roles": ["curator"], "title": "a\nb" }), "title"),
        (json!({ "name": "fine", "roles": ["curator"], "scope": { "grids": [""] } }), "scope.grids"),
    ] {
        let problem = admin.post(ACCOUNTS, &wish).await.refused(422, "invalid_body");
        assert_eq!(problem["errors"][0]["field"], field, "{wish}: {problem}");
    }
    let king = admin.post(ACCOUNTS, &json!({ "name": "fine", "roles": ["king"] })).await.refused(422, "invalid_body");
    assert!(king["detail"].as_str().is_some_and(|d| d.contains("gridworker、dispatcher、curator")), "says what may be: {king}");
    let nowhere = json!({ "communities": ["没有社区", "锦凤社区"], "grids": ["CH-XX-99", "CH-JF-07"] });
    let problem = admin
        .post(ACCOUNTS, &json!({ "name": "fine", "roles": ["gridworker"], "scope": nowhere }))
        .await
        .refused(422, "invalid_body");
    let fields: Vec<&str> = problem["errors"].as_array().expect("faults").iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(fields, ["scope.communities", "scope.grids"], "{problem}");
    admin.patch(&format!("{ACCOUNTS}/{}", admin.id), &json!({ "scope": nowhere })).await.refused(422, "invalid_body");
    for wish in [
        json!({ "name": "fine" }),
        json!({ "roles": ["curator"] }),
        json!({ "name": "fine", "roles": ["curator"], "password": "x" }),
        json!({ "name": "fine", "roles": ["curator"], "scope": { "grid": ["x"] } }),
    ] {
        admin.post(ACCOUNTS, &wish).await.refused(422, "invalid_body");
    }
    admin.post(ACCOUNTS, &json!({ "name": "Fine", "roles": ["curator"] })).await.expect(201);
    // Full width and upper case are the same name.
    admin.post(ACCOUNTS, &json!({ "name": "ｆｉｎｅ", "roles": ["curator"] })).await.refused(409, "conflict");
    for path in ["nonsense", "00000000-0000-0000-0000-00000000ffff"] {
        admin.get(&format!("{ACCOUNTS}/{path}")).await.refused(404, "not_found");
        admin.post(&format!("{ACCOUNTS}/{path}/disable"), &Value::Null).await.refused(404, "not_found");
        admin.post(&format!("{ACCOUNTS}/{path}/reset-password"), &Value::Null).await.refused(404, "not_found");
        admin.patch(&format!("{ACCOUNTS}/{path}"), &json!({ "title": "x" })).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn there_is_always_an_administrator() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let first = admin.get(ACCOUNTS).await.expect(200);
    let first = first["accounts"].as_array().expect("a list").iter().find(|a| a["name"] == "admin").expect("the first one")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let own = format!("{ACCOUNTS}/{}", admin.id);
    admin.post(&format!("{own}/disable"), &Value::Null).await.refused(409, "conflict");
    admin.post(&format!("{ACCOUNTS}/{first}/disable"), &Value::Null).await.expect(200);
    admin.patch(&own, &json!({ "roles": ["curator"] })).await.refused(409, "conflict");
    admin.get("/api/v1/admin/accounts").await.expect(200);
    admin.post(&format!("{ACCOUNTS}/{first}/enable"), &Value::Null).await.expect(200);
    admin.patch(&own, &json!({ "roles": ["curator"] })).await.expect(200);
    admin.get("/api/v1/admin/accounts").await.refused(403, "forbidden");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'account.change'").await,
        1,
        "refused changes leave no row"
    );
}

#[tokio::test]
async fn the_first_administrator_is_made_once_and_never_again() {
    let mut app = TestApp::start().await;
    let first = app.instance().first_administrator.as_ref().expect("a first start makes one");
    assert_eq!(first.account.name, "admin");
    let password = {
        use secrecy::ExposeSecret as _;
        first.password.expose_secret().to_owned()
    };
    let answer = sign_in(&app, "admin", &password).await;
    assert_eq!(answer.expect(200)["must_change_password"], true);
    app.restart().await;
    assert!(app.instance().first_administrator.is_none(), "a second start makes none");
    app.tamper("UPDATE accounts SET disabled_at = 1").await;
    app.restart().await;
    assert!(app.instance().first_administrator.is_none(), "also when nobody is left");
    assert_eq!(app.count("SELECT COUNT(*) FROM accounts").await, 1);
}

#[tokio::test]
async fn a_session_lives_through_a_restart() {
    let mut app = TestApp::start().await;
    let staff = app.as_curator().await;
    app.restart().await;
    staff.get("/api/v1/auth/me").await.expect(200);
}

#[tokio::test]
async fn an_account_or_a_key_opens_the_gridworkers_audience_and_the_old_key_still_does() {
    let app = TestApp::start().await;
    let wish = json!({ "channel": "worker", "audience": "gridworker" });
    let document = "/api/v1/documents/t-feixian/versions/1";
    for role in Role::ALL {
        let staff = app.staff(&[role]).await;
        let may = role.permissions().contains(&gridworker::identity::Permission::ProcedureAsk);
        let answer = staff.post("/api/v1/conversations", &wish).await;
        let opened = staff.get(document).await;
        if may {
            answer.expect(201);
            assert_eq!(opened.expect(200)["document"]["id"], "t-feixian");
        } else {
            answer.refused(403, "forbidden");
            opened.refused(404, "not_found");
        }
    }
    let admin = app.as_administrator().await;
    let worker = app.as_gridworker().await;
    let key = admin
        .post("/api/v1/admin/keys", &json!({ "name": "对讲机", "account_id": worker.id, "permissions": ["procedure_ask"] }))
        .await;
    let secret = key.expect(201)["secret"].as_str().expect("a secret").to_owned();
    let with = async |secret: &str| {
        let request = app.stranger().request(reqwest::Method::POST, "/api/v1/conversations").bearer_auth(secret).json(&wish);
        Answer::of(request.send().await).await
    };
    with(&secret).await.expect(201);
    with(crate::support::app::WORKER_KEY).await.expect(201);
    with(&format!("{secret}x")).await.refused(403, "forbidden");
    let opened = app.stranger().request(reqwest::Method::GET, document).bearer_auth(&secret).send().await;
    Answer::of(opened).await.expect(200);
    // A key for something else does not.
    let key = admin
        .post("/api/v1/admin/keys", &json!({ "name": "别的", "account_id": worker.id, "permissions": ["ticket_read"] }))
        .await;
    with(key.expect(201)["secret"].as_str().expect("a secret")).await.refused(403, "forbidden");
    // A resident's conversation under a staff session is a resident's.
    let curator: Staff = app.staff(&[Role::Curator]).await;
    let opened = curator.post("/api/v1/conversations", &json!({})).await.expect(201);
    let request = curator
        .request(
            reqwest::Method::POST,
            &format!("/api/v1/conversations/{}/messages", opened["conversation_id"].as_str().expect("an id")),
        )
        .bearer_auth(opened["token"].as_str().expect("a token"))
        .json(&json!({ "client_message_id": "m", "text": "飞线充电怎么处置" }));
    let turn = Answer::of(request.send().await).await.expect(200).to_string();
    assert!(!turn.contains("t-feixian"), "the session does not widen a resident's conversation: {turn}");
}

#[test]
fn a_scope_covers_its_communities_and_grids_and_an_empty_one_covers_all() {
    let of = |communities: &[&str], grids: &[&str]| Scope {
        communities: communities.iter().map(|s| (*s).to_owned()).collect(),
        grids: grids.iter().map(|s| (*s).to_owned()).collect(),
    };
    assert!(Scope::everything().covers("锦凤社区", "CH-JF-07") && Scope::everything().covers("", ""));
    assert!(of(&["锦凤社区"], &[]).covers("锦凤社区", "CH-JF-07"));
    assert!(!of(&["锦凤社区"], &[]).covers("柏华社区", "CH-BH-01"));
    assert!(of(&["锦凤社区"], &["CH-BH-01"]).covers("柏华社区", "CH-BH-01"));
    assert!(!of(&["锦凤社区"], &["CH-BH-01"]).covers("柏华社区", "CH-BH-02"));
    assert!(!of(&["锦凤社区"], &[]).covers("", ""), "what has no place is the whole street's");
}
