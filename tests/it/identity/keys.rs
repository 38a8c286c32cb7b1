//! API keys: never more than their owner, never longer than said.

use std::collections::BTreeSet;

use gridworker::identity::caller::{Caller, ClientNet};
use gridworker::identity::{Permission, Permissions, Role, Scope};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::staff::account;
use crate::support::wire::Answer;

const KEYS: &str = "/api/v1/admin/keys";

async fn with(app: &TestApp, secret: &str, method: reqwest::Method, path: &str) -> Answer {
    Answer::of(app.stranger().request(method, path).bearer_auth(secret).send().await).await
}

#[tokio::test]
async fn a_key_opens_what_it_was_made_for_and_nothing_else() {
    let app = TestApp::start().await;
    let auditor = app.staff(&[Role::Administrator]).await;
    let made = auditor.post(KEYS, &json!({ "name": "审计归档", "permissions": ["audit_read"] })).await.expect(201);
    let secret = made["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("gwk_") && secret.len() == 47, "{secret}");
    assert_eq!(made["key"]["prefix"], secret[..12]);
    with(&app, secret, reqwest::Method::GET, "/api/v1/admin/audit").await.expect(200);
    with(&app, secret, reqwest::Method::GET, "/api/v1/admin/accounts").await.refused(403, "forbidden");
    // A key is nobody's hand: no password, no session, no account, no further key.
    for (method, path) in [
        ("GET", "/api/v1/auth/me"),
        ("POST", "/api/v1/auth/sign-out"),
        ("GET", KEYS),
        ("POST", KEYS),
        ("POST", "/api/v1/admin/accounts"),
    ] {
        with(&app, secret, method.parse().expect("a method"), path).await.refused(403, "forbidden");
    }
    let listed = auditor.get(KEYS).await.expect(200);
    assert!(!listed.to_string().contains(&secret[12..]), "shown once: {listed}");
    assert_eq!(listed["keys"][0]["last_used_at"], crate::support::app::MORNING);
    for wrong in ["gwk_", "gwk_x", &secret[..46], &secret.to_uppercase(), &format!(" {secret}x")] {
        with(&app, wrong, reqwest::Method::GET, "/api/v1/admin/audit").await.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_was_said_and_when_it_is_taken_back() {
    let app = TestApp::start().await;
    let staff = app.as_administrator().await;
    let until = (app.now() + SignedDuration::from_hours(1)).to_string();
    let short = staff.post(KEYS, &json!({ "name": "短", "permissions": ["audit_read"], "expires_at": until })).await.expect(201);
    let long = staff.post(KEYS, &json!({ "name": "长", "permissions": ["audit_read"] })).await.expect(201);
    let (short, long_secret) = (short["secret"].as_str().expect("a secret"), long["secret"].as_str().expect("a secret"));
    app.clock.advance(SignedDuration::from_mins(59));
    with(&app, short, reqwest::Method::GET, "/api/v1/admin/audit").await.expect(200);
    app.clock.advance(SignedDuration::from_mins(1));
    with(&app, short, reqwest::Method::GET, "/api/v1/admin/audit").await.refused(401, "unauthenticated");
    with(&app, long_secret, reqwest::Method::GET, "/api/v1/admin/audit").await.expect(200);
    let path = format!("{KEYS}/{}", long["key"]["id"].as_str().expect("an id"));
    app.as_curator().await.delete(&path).await.refused(404, "not_found");
    with(&app, long_secret, reqwest::Method::GET, "/api/v1/admin/audit").await.expect(200);
    staff.delete(&path).await.expect(204);
    staff.delete(&path).await.expect(204);
    with(&app, long_secret, reqwest::Method::GET, "/api/v1/admin/audit").await.refused(401, "unauthenticated");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'key.revoke'").await, 1, "twice is one row");
}

#[tokio::test]
async fn a_key_is_never_made_for_more_than_its_owner_may() {
    let app = TestApp::start().await;
    let curator = app.as_curator().await;
    let admin = app.as_administrator().await;
    for permissions in [json!(["document_publish"]), json!(["document_write", "audit_read"]), json!(["key_own"]), json!([])] {
        let problem = curator.post(KEYS, &json!({ "name": "k", "permissions": permissions })).await.refused(422, "invalid_body");
        assert_eq!(problem["errors"][0]["field"], "permissions");
    }
    // An administrator makes keys for others, with the others' rights and not their own.
    let wish = json!({ "name": "k", "account_id": curator.id, "permissions": ["audit_read"] });
    admin.post(KEYS, &wish).await.refused(422, "invalid_body");
    admin.post(KEYS, &json!({ "name": "k", "permissions": ["account_manage"] })).await.refused(422, "invalid_body");
    // Others make keys for nobody else, and do not learn who exists.
    curator.post(KEYS, &json!({ "name": "k", "account_id": admin.id })).await.refused(404, "not_found");
    app.as_gridworker().await.post(KEYS, &json!({ "name": "k" })).await.refused(403, "forbidden");
    let past = (app.now() - SignedDuration::from_secs(1)).to_string();
    for wish in [json!({ "name": "" }), json!({ "name": "k".repeat(61) }), json!({ "name": "k", "expires_at": past })] {
        curator.post(KEYS, &wish).await.refused(422, "invalid_body");
    }
    // A role that goes takes its part of the key with it, and brings it back.
    let made = curator.post(KEYS, &json!({ "name": "k" })).await.expect(201);
    let secret = made["secret"].as_str().expect("a secret");
    assert!(!made["key"]["permissions"].to_string().contains("key_own"), "{made}");
    let path = format!("/api/v1/admin/accounts/{}", curator.id);
    let worker = async || {
        let request = app.stranger().request(reqwest::Method::POST, "/api/v1/conversations").bearer_auth(secret);
        Answer::of(request.json(&json!({ "audience": "gridworker" })).send().await).await
    };
    worker().await.expect(201);
    admin.patch(&path, &json!({ "roles": ["auditor"] })).await.expect(200);
    worker().await.refused(403, "forbidden");
    with(&app, secret, reqwest::Method::GET, "/api/v1/admin/audit").await.refused(403, "forbidden");
    admin.patch(&path, &json!({ "roles": ["curator"] })).await.expect(200);
    worker().await.expect(201);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(256)))]

    /// Whatever was granted when, and whatever roles the owner has by now.
    #[test]
    fn a_key_never_may_more_than_its_owner(
        roles in proptest::collection::btree_set(proptest::sample::select(Role::ALL.to_vec()), 1..=6),
        granted in proptest::collection::btree_set(proptest::sample::select(Permission::ALL.to_vec()), 0..20),
    ) {
        let roles: Vec<Role> = roles.into_iter().collect();
        let owner = account("owner", &roles, Scope::everything(), Timestamp::UNIX_EPOCH);
        let granted: Permissions = granted;
        let caller = Caller::by_key(&owner, Uuid::nil(), &granted, ClientNet::none());
        let may: BTreeSet<_> = owner.permissions();
        prop_assert!(caller.permissions.is_subset(&may));
        prop_assert!(caller.permissions.is_subset(&granted));
        for permission in granted.intersection(&may) {
            prop_assert_eq!(caller.may(*permission), permission.delegable());
        }
    }
}
