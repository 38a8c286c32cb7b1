//! Signing in: what opens the door, what does not, and how little the answer tells.

use std::collections::BTreeSet;

use gridworker::identity::{Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::staff::{PASSWORD, cookie_of};
use crate::support::wire::Answer;

const SIGN_IN: &str = "/api/v1/auth/sign-in";

async fn knock(app: &TestApp, name: &str, password: &str) -> Answer {
    app.stranger().post(SIGN_IN, &json!({ "name": name, "password": password })).await
}

#[tokio::test]
async fn name_and_password_open_a_session_and_the_cookie_is_closed_to_scripts() {
    let app = TestApp::start().await;
    let id = app.add_staff("Curator-1", &[Role::Curator], Scope::everything()).await;
    let answer = knock(&app, " CURATOR-1 ", PASSWORD).await;
    let me = answer.expect(200);
    assert_eq!(me["account"]["id"], id.to_string(), "upper and lower case and space around a name are the same: {me}");
    assert_eq!(me["must_change_password"], false);
    let cookie = answer.header("set-cookie");
    for part in ["gridworker_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{part} of {cookie}");
    }
    assert!(!cookie.contains("Secure"), "over plain http a secure cookie would never come back: {cookie}");
    assert!(
        !answer.text().contains(cookie_of(&answer).expect("a cookie").split_once('=').expect("a value").1),
        "only in the cookie"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'auth.sign_in'").await, 1);
}

#[tokio::test]
async fn behind_https_the_cookie_belongs_to_this_host_alone() {
    let app = TestApp::with().settings(|s| s.server.public_url = "https://street.example".to_owned()).start().await;
    app.add_staff("someone", &[Role::Curator], Scope::everything()).await;
    let answer = knock(&app, "someone", PASSWORD).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-gridworker_session=") && cookie.contains("Secure"), "{cookie}");
    let token = cookie_of(&answer).expect("a cookie");
    let me = |cookie: String| {
        let request = app.stranger().request(reqwest::Method::GET, "/api/v1/auth/me").header("cookie", cookie);
        async { Answer::of(request.send().await).await }
    };
    me(token.clone()).await.expect(200);
    // A cookie that another host of the domain could have set opens nothing.
    me(token.replace("__Host-", "")).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn every_failure_is_the_same_failure() {
    let app = TestApp::start().await;
    app.add_staff("known", &[Role::Curator], Scope::everything()).await;
    app.add_staff("gone", &[Role::Curator], Scope::everything()).await;
    app.tamper("UPDATE accounts SET disabled_at = 1 WHERE name = 'gone'").await;
    app.add_staff("keys-only", &[Role::Curator], Scope::everything()).await;
    app.tamper("UPDATE accounts SET password_hash = NULL WHERE name = 'keys-only'").await;
    app.add_staff("late", &[Role::Curator], Scope::everything()).await;
    app.tamper("UPDATE accounts SET one_time_until = 1 WHERE name = 'late'").await;
    let mut answers = BTreeSet::new();
    let long = "长".repeat(5000);
    for (name, password) in [
        ("known", "wrong"),
        ("nobody", "wrong"),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("known", ""),
        ("gone", PASSWORD),
        ("keys-only", PASSWORD),
        ("keys-only", ""),
        ("late", PASSWORD),
        ("known", &long),
        (&long, "wrong"),
    ] {
        let answer = knock(&app, name, password).await;
        let body = answer.refused(401, "sign_in_failed");
        assert!(answer.header("set-cookie").is_empty(), "no session for a failure");
        answers.insert(body.to_string());
    }
    assert_eq!(answers.len(), 1, "the answers must not tell accounts apart: {answers:#?}");
    knock(&app, "known", PASSWORD).await.expect(200);
}

/// Not a matter of microseconds: without the comparison with a decoy an unknown name answers a hundred times faster.
#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_known_one() {
    let app = TestApp::with().settings(|s| s.identity.sign_in_tries = 1000).start().await;
    let made = app.as_administrator().await;
    let account = json!({ "name": "real-hash", "roles": ["curator"] });
    made.post("/api/v1/admin/accounts", &account).await.expect(201);
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..12 {
        for (index, name) in ["real-hash", "no-such-name"].iter().enumerate() {
            let begun = std::time::Instant::now();
            knock(&app, name, &format!("wrong password {round}")).await.refused(401, "sign_in_failed");
            times[index].push(begun.elapsed());
        }
    }
    let [known, unknown] = times.map(|mut t| {
        t.sort();
        t[2]
    });
    assert!(unknown * 3 > known && known * 3 > unknown, "known {known:?}, unknown {unknown:?}");
}

#[tokio::test]
async fn wrong_tries_lock_a_name_for_a_while_whether_it_exists_or_not() {
    let app = TestApp::start().await;
    app.add_staff("target", &[Role::Curator], Scope::everything()).await;
    let mut locked = Vec::new();
    for name in ["target", "nobody"] {
        for _ in 0..5 {
            knock(&app, name, "wrong").await.refused(401, "sign_in_failed");
        }
        // The right password does not open a locked name.
        let answer = knock(&app, name, PASSWORD).await;
        let mut body = answer.refused(429, "sign_in_locked");
        assert_eq!(answer.header("retry-after"), "901");
        body["instance"] = Value::Null;
        locked.push(body.to_string());
    }
    assert_eq!(locked[0], locked[1], "a lock must not tell whether the account exists");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'auth.lock'").await, 2);
    app.clock.advance(SignedDuration::from_mins(14));
    knock(&app, "TARGET", PASSWORD).await.refused(429, "sign_in_locked");
    app.clock.advance(SignedDuration::from_mins(1));
    knock(&app, "target", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn tries_at_the_same_time_are_no_more_than_tries_after_each_other() {
    let app = TestApp::start().await;
    app.add_staff("target", &[Role::Curator], Scope::everything()).await;
    let tries = (0..20).map(|n| {
        let request = app.stranger().request(reqwest::Method::POST, SIGN_IN);
        let body = json!({ "name": "target", "password": format!("wrong {n}") });
        async move { Answer::of(request.json(&body).send().await).await.status }
    });
    let statuses = futures::future::join_all(tries).await;
    assert_eq!(statuses.iter().filter(|s| **s == 401).count(), 5, "only five were compared: {statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 429).count(), 15, "{statuses:?}");
}

#[tokio::test]
async fn a_right_password_starts_the_count_anew_and_old_tries_are_forgotten() {
    let app = TestApp::start().await;
    app.add_staff("typist", &[Role::Curator], Scope::everything()).await;
    for _ in 0..3 {
        for _ in 0..4 {
            knock(&app, "typist", "wrong").await.refused(401, "sign_in_failed");
        }
        knock(&app, "typist", PASSWORD).await.expect(200);
    }
    for _ in 0..4 {
        knock(&app, "typist", "wrong").await.refused(401, "sign_in_failed");
    }
    app.clock.advance(SignedDuration::from_mins(16));
    knock(&app, "typist", "wrong").await.refused(401, "sign_in_failed");
    knock(&app, "typist", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_address_that_tries_many_names_is_locked_and_others_are_not() {
    let app = TestApp::with().settings(|s| {
        s.limits.loopback_exempt = false;
        s.limits.sign_ins_per_minute = 1000;
        s.server.trust_forwarded_for = true;
        s.identity.sign_in_tries_per_address = 6;
    });
    let app = app.start().await;
    app.add_staff("someone", &[Role::Curator], Scope::everything()).await;
    let from = async |address: &str, name: &str, password: &str| {
        let request = app.stranger().request(reqwest::Method::POST, SIGN_IN).header("x-forwarded-for", address);
        Answer::of(request.json(&json!({ "name": name, "password": password })).send().await).await
    };
    for n in 0..6 {
        from("192.0.2.7", &format!("guess-{n}"), "wrong").await.refused(401, "sign_in_failed");
        // Signing in at an account of one's own does not wash the address clean.
        if n < 5 {
            from("192.0.2.7", "someone", PASSWORD).await.expect(200);
        }
    }
    from("192.0.2.7", "someone", PASSWORD).await.refused(429, "sign_in_locked");
    from("192.0.2.8", "someone", PASSWORD).await.expect(200);
    // An IPv6 client has a whole /64 to come from.
    for n in 0..6 {
        from(&format!("2001:db8::{n}"), &format!("more-{n}"), "wrong").await.refused(401, "sign_in_failed");
    }
    from("2001:db8::ffff", "someone", PASSWORD).await.refused(429, "sign_in_locked");
    from("2001:db8:0:1::1", "someone", PASSWORD).await.expect(200);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE net = '192.0.2.0/24' AND action = 'auth.sign_in'").await, 6);
    assert_eq!(app.count("SELECT COUNT(*) FROM sign_in_tries WHERE subject LIKE '%192.0%' OR subject LIKE '%guess%'").await, 0);
}

#[tokio::test]
async fn signing_in_is_rated_per_address() {
    let app = TestApp::with().settings(|s| {
        s.limits.loopback_exempt = false;
        s.limits.sign_ins_per_minute = 3;
    });
    let app = app.start().await;
    for n in 0..3 {
        knock(&app, &format!("guess-{n}"), "wrong").await.refused(401, "sign_in_failed");
    }
    knock(&app, "guess-9", "wrong").await.refused(429, "rate_limited");
}

#[tokio::test]
async fn what_comes_from_another_site_is_refused() {
    let app = TestApp::start().await;
    let staff = app.as_administrator().await;
    let host = app.instance().address.to_string();
    let body = json!({ "name": "forged", "roles": ["administrator"] });
    let sent = async |headers: &[(&str, &str)]| {
        let mut request = staff.request(reqwest::Method::POST, "/api/v1/admin/accounts").json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send().await).await
    };
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")],
        &[("origin", "https://elsewhere.example")],
        &[("origin", "null")],
    ] {
        sent(headers).await.refused(403, "cross_site");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM accounts WHERE name = 'forged'").await, 0);
    let own = format!("http://{host}");
    for headers in [
        &[("sec-fetch-site", "same-origin"), ("origin", own.as_str())][..],
        &[("origin", own.as_str())],
        &[("sec-fetch-site", "none")],
        &[],
    ] {
        let status = sent(headers).await.status;
        assert!(status == 201 || status == 409, "{headers:?}: {status}");
    }
    // Signing somebody in from elsewhere, into an account of the attacker's, is refused as well.
    let request = app.stranger().request(reqwest::Method::POST, SIGN_IN).header("sec-fetch-site", "cross-site");
    Answer::of(request.json(&json!({ "name": "a", "password": "b" })).send().await).await.refused(403, "cross_site");
    // Reading by a link from elsewhere is what browsers do; it changes nothing.
    let link = staff.request(reqwest::Method::GET, "/api/v1/auth/me").header("sec-fetch-site", "cross-site");
    Answer::of(link.send().await).await.expect(200);
    // Residents' calls bear no cookie and may come from wherever the widget stands.
    let widget = app.stranger().request(reqwest::Method::POST, "/api/v1/conversations").header("sec-fetch-site", "cross-site");
    Answer::of(widget.json(&json!({})).send().await).await.expect(201);
}
