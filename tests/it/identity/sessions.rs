//! Sessions: how long, at which devices, and what ends them.

use gridworker::identity::{Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::staff::{PASSWORD, Staff, cookie_of};

const ME: &str = "/api/v1/auth/me";

async fn second_device(app: &TestApp, staff: &Staff) -> Staff {
    let answer = app.stranger().post("/api/v1/auth/sign-in", &json!({ "name": staff.name, "password": PASSWORD })).await;
    answer.expect(200);
    staff.with_cookie(&cookie_of(&answer).expect("a cookie"))
}

#[tokio::test]
async fn a_session_ends_when_it_idles_and_when_its_time_is_over() {
    let app = TestApp::start().await;
    let idle = app.as_curator().await;
    let busy = app.as_curator().await;
    for _ in 0..11 {
        app.clock.advance(SignedDuration::from_mins(60));
        busy.get(ME).await.expect(200);
    }
    // Two hours without use, and the first is out; the second was used and is not.
    idle.get(ME).await.refused(401, "unauthenticated");
    app.clock.advance(SignedDuration::from_mins(59));
    busy.get(ME).await.expect(200);
    app.clock.advance(SignedDuration::from_mins(1));
    busy.get(ME).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_gridworkers_phone_stays_signed_in_for_days_and_an_office_role_ends_that() {
    let app = TestApp::start().await;
    let field = app.as_gridworker().await;
    let both = app.staff(&[Role::Gridworker, Role::Curator]).await;
    for _ in 0..6 {
        app.clock.advance(SignedDuration::from_hours(48));
        field.get(ME).await.expect(200);
    }
    both.get(ME).await.refused(401, "unauthenticated");
    app.clock.advance(SignedDuration::from_hours(48));
    field.get(ME).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn one_sees_ones_devices_and_ends_them() {
    let app = TestApp::start().await;
    let here = app.as_curator().await;
    let there = second_device(&app, &here).await;
    let other = app.as_curator().await;
    let list = here.get("/api/v1/auth/sessions").await.expect(200);
    let sessions = list["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 2, "{list}");
    assert_eq!(sessions.iter().filter(|s| s["current"] == true).count(), 1);
    assert_eq!(sessions[0]["net"], "loopback");
    let away =
        sessions.iter().find(|s| s["current"] == false).expect("the other device")["id"].as_str().expect("an id").to_owned();
    // Nobody ends other people's sessions by their id.
    other.delete(&format!("/api/v1/auth/sessions/{away}")).await.refused(404, "not_found");
    there.get(ME).await.expect(200);
    here.delete(&format!("/api/v1/auth/sessions/{away}")).await.expect(204);
    there.get(ME).await.refused(401, "unauthenticated");
    here.delete(&format!("/api/v1/auth/sessions/{away}")).await.refused(404, "not_found");
    let again = second_device(&app, &here).await;
    assert_eq!(here.delete("/api/v1/auth/sessions").await.expect(200)["ended"], 1);
    again.get(ME).await.refused(401, "unauthenticated");
    here.get(ME).await.expect(200);
    other.get(ME).await.expect(200);
}

#[tokio::test]
async fn signing_out_ends_the_session_itself_and_not_only_the_cookie() {
    let app = TestApp::start().await;
    let staff = app.as_curator().await;
    let answer = staff.post("/api/v1/auth/sign-out", &json!({})).await;
    answer.expect(204);
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "the browser is told: {}", answer.header("set-cookie"));
    staff.get(ME).await.refused(401, "unauthenticated");
    staff.post("/api/v1/auth/sign-out", &json!({})).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_changed_password_ends_every_session_but_the_one_that_it_opens() {
    let app = TestApp::start().await;
    let here = app.as_curator().await;
    let there = second_device(&app, &here).await;
    let next = "河边的柳树去年夏天被风吹倒了";
    let wrong =
        here.post("/api/v1/auth/password", &json!({ "current": "wrong", "new": next })).await.refused(422, "invalid_body");
    assert_eq!(wrong["errors"][0]["field"], "current");
    here.post("/api/v1/auth/password", &json!({ "current": PASSWORD, "new": PASSWORD })).await.refused(422, "weak_password");
    here.post("/api/v1/auth/password", &json!({ "current": PASSWORD, "new": "短" })).await.refused(422, "weak_password");
    there.get(ME).await.expect(200);
    let answer = here.post("/api/v1/auth/password", &json!({ "current": PASSWORD, "new": next })).await;
    answer.expect(200);
    there.get(ME).await.refused(401, "unauthenticated");
    here.get(ME).await.refused(401, "unauthenticated");
    let fresh = here.with_cookie(&cookie_of(&answer).expect("a new cookie"));
    fresh.get(ME).await.expect(200);
    let sign_in = |password: &str| json!({ "name": here.name, "password": password });
    app.stranger().post("/api/v1/auth/sign-in", &sign_in(PASSWORD)).await.refused(401, "sign_in_failed");
    app.stranger().post("/api/v1/auth/sign-in", &sign_in(next)).await.expect(200);
}

#[tokio::test]
async fn a_borrowed_session_is_no_way_to_try_passwords() {
    let app = TestApp::start().await;
    let staff = app.as_curator().await;
    let change = |current: &str| json!({ "current": current, "new": "河边的柳树去年夏天被风吹倒了" });
    for n in 0..5 {
        staff.post("/api/v1/auth/password", &change(&format!("guess {n}"))).await.refused(422, "invalid_body");
    }
    staff.post("/api/v1/auth/password", &change(PASSWORD)).await.refused(429, "sign_in_locked");
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_its_keys_too() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let staff = app.as_curator().await;
    let key =
        staff.post("/api/v1/admin/keys", &json!({ "name": "脚本", "permissions": ["procedure_ask", "document_read"] })).await;
    let secret = key.expect(201)["secret"].as_str().expect("a secret").to_owned();
    let path = format!("/api/v1/admin/accounts/{}", staff.id);
    let with_key = async || {
        let request = app.stranger().request(reqwest::Method::GET, "/api/v1/admin/roles").bearer_auth(&secret);
        crate::support::wire::Answer::of(request.send().await).await
    };
    with_key().await.expect(200);
    assert_eq!(admin.post(&format!("{path}/disable"), &Value::Null).await.expect(200)["enabled"], false);
    assert_eq!(admin.post(&format!("{path}/disable"), &Value::Null).await.expect(200)["enabled"], false, "twice is as once");
    staff.get(ME).await.refused(401, "unauthenticated");
    with_key().await.refused(401, "unauthenticated");
    admin.post(&format!("{path}/enable"), &Value::Null).await.expect(200);
    // Enabling brings no old session back; the key was never taken back and works again.
    staff.get(ME).await.refused(401, "unauthenticated");
    with_key().await.expect(200);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'account.disable'").await, 1, "twice is one row");
}

#[tokio::test]
async fn a_changed_role_counts_from_the_next_call_on() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let staff = app.as_auditor().await;
    staff.get("/api/v1/admin/audit").await.expect(200);
    let path = format!("/api/v1/admin/accounts/{}", staff.id);
    admin.patch(&path, &json!({ "roles": ["curator"] })).await.expect(200);
    staff.get("/api/v1/admin/audit").await.refused(403, "forbidden");
    assert_eq!(staff.get(ME).await.expect(200)["account"]["roles"], json!(["curator"]));
}

#[tokio::test]
async fn tokens_and_passwords_are_nowhere_in_the_rows() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let made = admin.post("/api/v1/admin/accounts", &json!({ "name": "fresh", "roles": ["curator"] })).await.expect(201);
    let one_time = made["one_time_password"].as_str().expect("a password").to_owned();
    let key =
        admin.post("/api/v1/admin/keys", &json!({ "name": "k" })).await.expect(201)["secret"].as_str().expect("s").to_owned();
    let token = admin.cookie.split_once('=').expect("a value").1.to_owned();
    app.add_staff("quiet", &[Role::Curator], Scope::everything()).await;
    let mut bytes = Vec::new();
    for file in ["gridworker.sqlite", "gridworker.sqlite-wal"] {
        bytes.extend(std::fs::read(app.data().join(file)).unwrap_or_default());
    }
    assert!(bytes.windows(6).any(|w| w == b"$argon"), "the rows were read");
    for secret in [one_time.as_str(), &key, &token, PASSWORD] {
        let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!found, "a secret of {} characters stands in the rows", secret.chars().count());
    }
}
