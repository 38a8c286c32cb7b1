//! Signing in with an identity provider: it vouches for the person, the account and its roles stay ours, and nothing that is not
//! proved opens a door.

use gridworker::config::Settings;
use jiff::SignedDuration;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::idp::{CLIENT, IdentityProvider, Lie, SECRET};
use crate::support::staff::cookie_of;
use crate::support::wire::Answer;

const START: &str = "/api/v1/auth/oidc/start";

async fn with(provider: &IdentityProvider, change: impl Fn(&mut Settings) + Send + Sync + 'static) -> TestApp {
    let issuer = provider.issuer();
    let settings = move |s: &mut Settings| {
        s.identity.oidc.issuer.clone_from(&issuer);
        CLIENT.clone_into(&mut s.identity.oidc.client_id);
        s.identity.oidc.client_secret = SecretString::from(SECRET);
        change(s);
    };
    TestApp::with().settings(settings).start().await
}

/// A browser on its way: what it keeps, and where it is sent next.
struct Way {
    kept: String,
    next: String,
}

async fn begin(app: &TestApp, back: &str) -> Way {
    let answer = Answer::of(app.stranger().request(Method::GET, START).query(&[("back", back)]).send().await).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let kept = cookie_of(&answer).expect("the browser is given something to keep");
    for word in ["HttpOnly", "SameSite=Lax", "Path=/api/v1/auth/oidc"] {
        assert!(answer.header("set-cookie").contains(word), "{}", answer.header("set-cookie"));
    }
    Way { kept, next: answer.header("location").to_owned() }
}

/// At the provider: the address that the browser is sent back to, without the host.
async fn at_provider(app: &TestApp, way: &Way) -> String {
    let answer = Answer::of(app.http.get(&way.next).send().await).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let back = url::Url::parse(answer.header("location")).expect("an address");
    format!("{}?{}", back.path(), back.query().unwrap_or_default())
}

async fn come_back(app: &TestApp, address: &str, kept: Option<&str>) -> Answer {
    let mut request = app.stranger().request(Method::GET, address);
    if let Some(kept) = kept {
        request = request.header("cookie", kept);
    }
    Answer::of(request.send().await).await
}

/// The whole way.
async fn walk(app: &TestApp, back: &str) -> Answer {
    let way = begin(app, back).await;
    let address = at_provider(app, &way).await;
    come_back(app, &address, Some(&way.kept)).await
}

/// The session that an answer opens.
fn session(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok());
    cookies.filter_map(|c| c.split(';').next()).find(|c| c.starts_with("gridworker_session=")).map(str::to_owned)
}

#[track_caller]
fn refused(answer: &Answer, location: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, location), "{}", answer.text());
    assert_eq!(session(answer), None, "nothing is opened");
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_way() {
    let app = TestApp::start().await;
    assert_eq!(app.stranger().get("/api/v1/auth/ways").await.expect(200), json!({ "oidc": null }));
    app.stranger().get(START).await.refused(404, "not_found");
    app.stranger().get("/api/v1/auth/oidc/callback?state=x&code=y").await.refused(404, "not_found");
}

#[tokio::test]
async fn whom_the_provider_names_is_signed_in_as_the_account_here_and_comes_back() {
    let provider = IdentityProvider::start().await;
    let app = with(&provider, |s| s.identity.oidc.title = "区统一身份认证".to_owned()).await;
    let ways = app.stranger().get("/api/v1/auth/ways").await.expect(200);
    assert_eq!(ways["oidc"]["title"], "区统一身份认证");
    let auditor = app.as_auditor().await;
    // Names are compared as at the other door.
    provider.names(&auditor.name.to_uppercase());
    let answer = walk(&app, "/admin/audit?actor=x").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/admin/audit?actor=x"), "{}", answer.text());
    let cookie = session(&answer).expect("a session");
    let here = auditor.with_cookie(&cookie);
    let me = here.get("/api/v1/auth/me").await.expect(200);
    assert_eq!((&me["account"]["name"], &me["account"]["roles"]), (&json!(auditor.name), &json!(["auditor"])));
    here.post("/api/v1/admin/accounts", &json!({ "name": "neu", "roles": ["curator"] })).await.refused(403, "forbidden");
    let rows = here.get("/api/v1/admin/audit?action=auth.sign_in").await.expect(200);
    assert_eq!(rows["rows"][0]["detail"]["by"], "oidc", "{rows}");
    // Its session is a session: it ends with the account.
    let admin = app.as_administrator().await;
    admin.post(&format!("/api/v1/admin/accounts/{}/disable", auditor.id), &Value::Null).await.expect(200);
    here.get("/api/v1/auth/me").await.refused(401, "unauthenticated");
    refused(&walk(&app, "/admin").await, "/admin?refused=disabled");
}

#[tokio::test]
async fn a_token_that_lies_opens_nothing() {
    let provider = IdentityProvider::start().await;
    let app = with(&provider, |_| ()).await;
    let staff = app.as_curator().await;
    provider.names(&staff.name);
    let lies = [
        Lie::Nonce,
        Lie::Audience,
        Lie::AuthorizedParty,
        Lie::Issuer,
        Lie::Expired,
        Lie::Future,
        Lie::Payload,
        Lie::ForeignKey,
        Lie::Unsigned,
        Lie::SharedSecret,
        Lie::NoName,
        Lie::Garbage,
    ];
    for lie in lies {
        provider.lies(lie);
        let answer = walk(&app, "/worker").await;
        assert_eq!(answer.header("location"), "/worker?refused=token", "{lie:?}");
        refused(&answer, "/worker?refused=token");
    }
    let noted = app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'auth.oidc_refused'").await;
    assert_eq!(noted, i64::try_from(lies.len()).expect("few"), "each is written down");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE detail LIKE '%oidc%' AND action = 'auth.sign_in'").await, 0);
    provider.lies(Lie::None);
    assert!(session(&walk(&app, "/worker").await).is_some(), "the truth does");
}

#[tokio::test]
async fn a_sign_in_belongs_to_one_browser_one_time_and_ten_minutes() {
    let provider = IdentityProvider::start().await;
    let app = with(&provider, |_| ()).await;
    provider.names(&app.as_curator().await.name);
    let way = begin(&app, "/admin/me").await;
    let address = at_provider(&app, &way).await;
    // Another browser, or a state that was made up.
    refused(&come_back(&app, &address, None).await, "/admin?refused=stale");
    refused(&come_back(&app, &address, Some("gridworker_oidc=another")).await, "/admin?refused=stale");
    let made_up = "/api/v1/auth/oidc/callback?state=x&code=code-1";
    refused(&come_back(&app, made_up, Some(&way.kept)).await, "/admin?refused=stale");
    // None of this took it away from the right one.
    let answer = come_back(&app, &address, Some(&way.kept)).await;
    assert_eq!(answer.header("location"), "/admin/me");
    refused(&come_back(&app, &address, Some(&way.kept)).await, "/admin?refused=stale");

    let way = begin(&app, "/admin").await;
    let address = at_provider(&app, &way).await;
    app.clock.advance(SignedDuration::from_mins(10));
    refused(&come_back(&app, &address, Some(&way.kept)).await, "/admin?refused=stale");
}

#[tokio::test]
async fn who_comes_back_lands_on_a_page_of_ours() {
    let provider = IdentityProvider::start().await;
    let app = with(&provider, |_| ()).await;
    provider.names(&app.as_curator().await.name);
    for (asked, lands) in [
        ("/worker/tickets?status=open", "/worker/tickets?status=open"),
        ("/admin", "/admin"),
        ("https://elsewhere.example/admin", "/admin"),
        ("//elsewhere.example", "/admin"),
        ("/admin//elsewhere.example", "/admin"),
        ("/administrator", "/admin"),
        ("/admin/\\elsewhere", "/admin"),
        ("/api/v1/auth/sign-out", "/admin"),
        ("", "/admin"),
    ] {
        assert_eq!(walk(&app, asked).await.header("location"), lands, "{asked}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_changes_its_keys_or_says_no() {
    let provider = IdentityProvider::start().await;
    let app = with(&provider, |_| ()).await;
    provider.names(&app.as_curator().await.name);
    provider.is_down(true);
    let answer = Answer::of(app.stranger().request(Method::GET, START).query(&[("back", "/admin/me?a=b")]).send().await).await;
    refused(&answer, "/admin/me?a=b&refused=provider");
    provider.is_down(false);
    assert!(session(&walk(&app, "/admin").await).is_some());
    let read = provider.keys_read();
    assert!(session(&walk(&app, "/admin").await).is_some());
    assert_eq!(provider.keys_read(), read, "keys are remembered");
    provider.changes_keys();
    assert!(session(&walk(&app, "/admin").await).is_some(), "a new key is looked for");
    assert_eq!(provider.keys_read(), read + 1);
    provider.cancels(true);
    refused(&walk(&app, "/admin").await, "/admin?refused=cancelled");
}

#[tokio::test]
async fn nobody_gets_an_account_by_knocking_unless_the_street_wants_to_be_told() {
    let provider = IdentityProvider::start().await;
    let app = with(&provider, |_| ()).await;
    provider.names("newcomer");
    refused(&walk(&app, "/admin").await, "/admin?refused=unknown");
    assert_eq!(app.count("SELECT COUNT(*) FROM accounts WHERE name = 'newcomer'").await, 0);

    let app = with(&provider, |s| s.identity.oidc.register_unknown = true).await;
    refused(&walk(&app, "/admin").await, "/admin?refused=registered");
    refused(&walk(&app, "/admin").await, "/admin?refused=disabled");
    let admin = app.as_administrator().await;
    let all = admin.get("/api/v1/admin/accounts").await.expect(200);
    let made = all["accounts"].as_array().expect("a list").iter().find(|a| a["name"] == "newcomer").expect("an account").clone();
    assert_eq!((&made["enabled"], &made["roles"]), (&json!(false), &json!(["gridworker"])), "it opens nothing by itself");
    let path = format!("/api/v1/admin/accounts/{}", made["id"].as_str().expect("an id"));
    admin.patch(&path, &json!({ "roles": ["auditor"] })).await.expect(200);
    admin.post(&format!("{path}/enable"), &Value::Null).await.expect(200);
    assert!(session(&walk(&app, "/admin").await).is_some());
    // A name that cannot be one here is no account either.
    provider.names("13800000000");
    refused(&walk(&app, "/admin").await, "/admin?refused=unknown");
}

#[tokio::test]
async fn who_came_by_the_provider_has_no_one_time_password_to_change() {
    let provider = IdentityProvider::start().await;
    let app = with(&provider, |_| ()).await;
    let admin = app.as_administrator().await;
    admin.post("/api/v1/admin/accounts", &json!({ "name": "frisch", "roles": ["auditor"] })).await.expect(201);
    provider.names("frisch");
    app.clock.advance(SignedDuration::from_secs(30));
    let cookie = session(&walk(&app, "/admin").await).expect("a session");
    let here = admin.with_cookie(&cookie);
    assert_eq!(here.get("/api/v1/auth/me").await.expect(200)["must_change_password"], false);
    here.get("/api/v1/admin/audit").await.expect(200);
    // The password's end is not the session's.
    app.tamper("UPDATE accounts SET one_time_until = 1 WHERE name = 'frisch'").await;
    here.get("/api/v1/admin/audit").await.expect(200);
}

#[test]
fn a_configuration_that_would_send_secrets_in_the_open_is_refused() {
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut s = Settings::defaults().expect("the default settings are valid");
        s.identity.oidc.issuer = "https://id.example/realms/street".to_owned();
        s.identity.oidc.client_id = "gridworker".to_owned();
        change(&mut s);
        s.identity.fault()
    };
    assert_eq!(with(&|_| ()), None);
    assert_eq!(with(&|s| s.identity.oidc.issuer = "http://127.0.0.1:9/".to_owned()), None, "a machine of one's own");
    for issuer in ["http://id.example", "id.example", "https://id.example?x=1", "ftp://id.example"] {
        assert!(with(&|s| s.identity.oidc.issuer = issuer.to_owned()).is_some(), "{issuer}");
    }
    assert!(with(&|s| s.identity.oidc.client_id = String::new()).is_some());
    assert!(with(&|s| s.identity.oidc.scopes = "profile".to_owned()).is_some());
}
