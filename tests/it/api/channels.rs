//! Channels: what the desk says shows in the window; who may frame it, who may begin; what hosts sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::QUESTION;
use crate::support::app::TestApp;
use crate::support::staff::Staff;
use crate::support::wire::Answer;

const CHANNELS: &str = "/api/v1/admin/channels";

async fn make(admin: &Staff, id: &str, settings: Value) -> Value {
    admin.post(CHANNELS, &json!({ "id": id, "settings": settings })).await.expect(201)
}

/// Begins a conversation as a page of `origin` (none: as a program) would.
async fn begin(app: &TestApp, body: &Value, origin: Option<&str>) -> Answer {
    let mut request = app.stranger().request(Method::POST, "/api/v1/conversations").json(body);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    Answer::of(request.send().await).await
}

/// A token as a host's server makes one.
fn signed(secret: &str, head: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(head), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn head() -> Value {
    json!({ "alg": "HS256", "typ": "JWT" })
}

fn claims(now: Timestamp, jti: &str) -> Value {
    json!({ "channel": "portal", "iat": now.as_second(), "exp": now.as_second() + 300, "jti": jti })
}

fn with_token(token: &str) -> Value {
    json!({ "channel": "portal", "channel_token": token })
}

/// A channel in secure mode and what its host signs with.
async fn secure(app: &TestApp, admin: &Staff) -> String {
    let made = make(admin, "portal", json!({ "title": "区门户网站" })).await;
    let told = admin.post(&format!("{CHANNELS}/portal/secrets"), &json!({})).await.expect(201);
    let secret = told["secret"].as_str().expect("a secret").to_owned();
    let mut settings = made["settings"].clone();
    settings["secure"] = json!(true);
    admin.put(&format!("{CHANNELS}/portal"), &json!({ "revision": 1, "settings": settings })).await.expect(200);
    assert_eq!(app.stranger().get("/api/v1/channels/portal").await.expect(200)["secure"], true);
    secret
}

#[tokio::test]
async fn what_the_desk_says_is_what_the_window_shows() {
    let app = TestApp::start().await;
    let (admin, stranger) = (app.as_administrator().await, app.stranger());
    let before = stranger.get("/api/v1/channels/default").await.expect(200);
    assert_eq!((&before["secure"], &before["idle_reset_s"]), (&json!(false), &json!(0)));
    assert!(before["title"].as_str().expect("a title").ends_with("虚拟数字网格员"));

    let settings = json!({ "greeting": "这里是办事大厅的自助机。", "suggestions": ["社保卡丢了怎么办", "", "社保卡丢了怎么办"], "idle_reset_s": 60 });
    let hall = make(&admin, "hall", settings).await;
    assert_eq!(hall["settings"]["suggestions"], json!(["社保卡丢了怎么办"]), "empty and double ones go");
    assert_eq!(hall["shown"]["title"], before["title"], "what the desk does not say, the street says");
    let shown = stranger.get("/api/v1/channels/hall").await.expect(200);
    assert_eq!((&shown["greeting"], &shown["idle_reset_s"]), (&json!("这里是办事大厅的自助机。"), &json!(60)));
    assert_eq!(shown["notice"], before["notice"]);
    assert_eq!(stranger.get("/api/v1/channels/default").await.expect(200), before, "another channel is another channel");
    let window = stranger.get("/chat?channel=hall&embed=1").await;
    assert_eq!(
        (window.status, window.header("location")),
        (307, "/chat?channel=hall&embed=1&kiosk=60"),
        "a shared machine is told so"
    );
    assert_eq!(stranger.get("/chat?channel=hall&kiosk=60").await.status, 200);
    let begun = begin(&app, &json!({ "channel": "hall" }), None).await.expect(201);
    assert_eq!(begun["greeting"], "这里是办事大厅的自助机。");

    // Two people at the desk: the second one sees that the first was faster.
    let path = format!("{CHANNELS}/hall");
    let change = json!({ "revision": 1, "settings": { "title": "大厅自助机" } });
    assert_eq!(admin.put(&path, &change).await.expect(200)["revision"], 2);
    assert_eq!(admin.put(&path, &change).await.refused(409, "revision_conflict")["current"], 2);
    admin.post(CHANNELS, &json!({ "id": "hall" })).await.refused(409, "conflict");
    admin.put(&format!("{CHANNELS}/nowhere"), &change).await.refused(404, "not_found");
    stranger.get("/api/v1/channels/nowhere").await.refused(404, "not_found");
    begin(&app, &json!({ "channel": "nowhere" }), None).await.refused(422, "invalid_body");

    let log = app.as_auditor().await.get("/api/v1/admin/audit?object_kind=channel&object_id=hall").await.expect(200);
    let actions: Vec<&str> = log["rows"].as_array().expect("rows").iter().filter_map(|r| r["action"].as_str()).collect();
    assert_eq!(actions, ["channel.change", "channel.create"]);
    assert_eq!(log["rows"][0]["detail"]["title"], json!({ "before": "", "after": "大厅自助机" }));

    let mut app = app;
    app.restart().await;
    assert_eq!(app.stranger().get("/api/v1/channels/hall").await.expect(200)["title"], "大厅自助机", "it is kept");
}

#[tokio::test]
async fn what_cannot_be_is_refused_field_by_field() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    for (field, settings) in [
        ("title", json!({ "title": "字".repeat(41) })),
        ("greeting", json!({ "greeting": "字".repeat(501) })),
        ("suggestions", json!({ "suggestions": ["1", "2", "3", "4", "5", "6", "7", "8", "9"] })),
        ("notice", json!({ "notice": "回答仅供参考" })),
        ("origins", json!({ "origins": ["street.example"] })),
        ("origins", json!({ "origins": ["https://street.example/path"] })),
        ("origins", json!({ "origins": ["https://*.street.example"] })),
        ("origins", json!({ "origins": ["https://a.example; script-src *"] })),
        ("origins", json!({ "origins": ["https://user@a.example"] })),
        ("origins", json!({ "origins": ["javascript:alert(1)"] })),
        ("messages_per_minute", json!({ "messages_per_minute": 100_001 })),
        ("idle_reset_s", json!({ "idle_reset_s": 5 })),
        ("secure", json!({ "secure": true })),
    ] {
        let refused = admin.post(CHANNELS, &json!({ "id": "portal", "settings": settings })).await.refused(422, "invalid_body");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    for id in ["", "A", "a", "Portal", "a b", "-ab", "ab-", "1ab", "a/b", &"a".repeat(33)] {
        admin.post(CHANNELS, &json!({ "id": id })).await.refused(422, "invalid_body");
    }
    for built_in in ["default", "worker"] {
        for settings in [json!({ "enabled": false }), json!({ "secure": true })] {
            let body = json!({ "revision": 0, "settings": settings });
            admin.put(&format!("{CHANNELS}/{built_in}"), &body).await.refused(422, "invalid_body");
        }
        admin.post(&format!("{CHANNELS}/{built_in}/secrets"), &json!({})).await.refused(422, "invalid_body");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM channels").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE object_kind = 'channel'").await, 0);
}

#[tokio::test]
async fn the_sites_of_a_channel_may_show_it_and_no_other() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let settings = json!({ "origins": ["https://Street.example/", " http://10.1.2.3:8080 "] });
    let made = make(&admin, "portal", settings).await;
    assert_eq!(
        made["settings"]["origins"],
        json!(["https://street.example", "http://10.1.2.3:8080"]),
        "in the browser's own spelling"
    );
    let policy = async |app: &TestApp, query: &str| {
        let answer = app.stranger().get(&format!("/chat{query}")).await;
        answer.header("content-security-policy").rsplit("frame-ancestors ").next().unwrap_or_default().to_owned()
    };
    assert_eq!(policy(&app, "").await, "*", "no site is named: as configured");
    assert_eq!(policy(&app, "?channel=portal&embed=1").await, "'self' https://street.example http://10.1.2.3:8080");
    assert_eq!(policy(&app, "?channel=nowhere").await, "'self'", "nobody shows what does not exist");
    for path in ["/", "/admin", "/worker"] {
        let answer = app.stranger().get(path).await;
        assert!(answer.header("content-security-policy").ends_with("frame-ancestors 'none'"), "{path} is shown by nobody");
    }

    let portal = json!({ "channel": "portal" });
    let own = format!("http://{}", app.instance().address);
    for origin in [None, Some("https://street.example"), Some("http://10.1.2.3:8080"), Some(own.as_str())] {
        begin(&app, &portal, origin).await.expect(201);
    }
    for origin in [
        "https://evil.example",
        "http://street.example",
        "https://street.example:8443",
        "https://street.example.evil.example",
        "null",
        "",
    ] {
        begin(&app, &portal, Some(origin)).await.refused(403, "origin_refused");
    }
    begin(&app, &json!({}), Some("https://anywhere.example")).await.expect(201);

    // A copy that a browser kept is not shown under the policy of before.
    let tag = app.stranger().get("/chat?channel=portal").await.header("etag").to_owned();
    let again = async |app: &TestApp| {
        Answer::of(app.stranger().request(Method::GET, "/chat?channel=portal").header("if-none-match", &tag).send().await).await
    };
    let built = !tag.is_empty();
    assert!(!built || again(&app).await.status == 304);
    let change = json!({ "revision": 1, "settings": { "origins": ["https://other.example"] } });
    admin.put(&format!("{CHANNELS}/portal"), &change).await.expect(200);
    let answer = again(&app).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-security-policy").ends_with("frame-ancestors 'self' https://other.example"));
}

#[tokio::test]
async fn a_street_that_names_its_own_sites_is_shown_by_these() {
    let app = TestApp::with().settings(|s| s.server.embed_origins = vec!["https://street.example".to_owned()]).start().await;
    let answer = app.stranger().get("/chat").await;
    assert!(answer.header("content-security-policy").ends_with("frame-ancestors 'self' https://street.example"));
    begin(&app, &json!({}), Some("https://street.example")).await.expect(201);
    begin(&app, &json!({}), Some("https://evil.example")).await.refused(403, "origin_refused");
    begin(&app, &json!({}), None).await.expect(201);
}

#[tokio::test]
async fn a_closed_channel_takes_nobody_new_and_ends_nothing() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    make(&admin, "fair", json!({})).await;
    let begun = begin(&app, &json!({ "channel": "fair" }), None).await.expect(201);
    admin.put(&format!("{CHANNELS}/fair"), &json!({ "revision": 1, "settings": { "enabled": false } })).await.expect(200);
    app.stranger().get("/api/v1/channels/fair").await.refused(403, "channel_disabled");
    begin(&app, &json!({ "channel": "fair" }), None).await.refused(403, "channel_disabled");
    let path = format!("/api/v1/conversations/{}/messages", begun["conversation_id"].as_str().expect("an id"));
    let message = json!({ "client_message_id": "m-1", "text": QUESTION });
    let token = begun["token"].as_str().expect("a token");
    let request = app.stranger().request(Method::POST, &path).bearer_auth(token).json(&message);
    Answer::of(request.send().await).await.expect(200);
}

#[tokio::test]
async fn a_channel_has_rates_of_its_own() {
    let app = TestApp::with().settings(|s| s.limits.loopback_exempt = false).start().await;
    let admin = app.as_administrator().await;
    make(&admin, "fair", json!({ "messages_per_minute": 1, "conversations_per_minute": 2 })).await;
    let fair = json!({ "channel": "fair" });
    let begun = [begin(&app, &fair, None).await.expect(201), begin(&app, &fair, None).await.expect(201)];
    begin(&app, &fair, None).await.refused(429, "rate_limited");
    begin(&app, &json!({}), None).await.expect(201);
    let say = async |begun: &Value| {
        let path = format!("/api/v1/conversations/{}/messages", begun["conversation_id"].as_str().expect("an id"));
        let request = app.stranger().request(Method::POST, &path).bearer_auth(begun["token"].as_str().expect("a token"));
        Answer::of(request.json(&json!({ "client_message_id": "m-1", "text": QUESTION })).send().await).await
    };
    say(&begun[0]).await.expect(200);
    say(&begun[1]).await.refused(429, "rate_limited");
    // Another rate holds at once.
    admin
        .put(&format!("{CHANNELS}/fair"), &json!({ "revision": 1, "settings": { "messages_per_minute": 50 } }))
        .await
        .expect(200);
    say(&begun[1]).await.expect(200);
    begin(&app, &fair, None).await.expect(201);
}

#[tokio::test]
async fn a_token_opens_one_conversation_of_its_channel_for_minutes() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let secret = secure(&app, &admin).await;
    let now = app.now();
    let open = async |token: &str| begin(&app, &with_token(token), None).await;
    begin(&app, &json!({ "channel": "portal" }), None).await.refused(403, "channel_token_required");
    begin(&app, &with_token("  "), None).await.refused(403, "channel_token_required");

    let good = signed(&secret, &head(), &claims(now, "once-and-once"));
    open(&good).await.expect(201);
    open(&good).await.refused(403, "channel_token_used");
    // The same id under another signature is the same token.
    let mut same = claims(now, "once-and-once");
    same["exp"] = json!(now.as_second() + 200);
    open(&signed(&secret, &head(), &same)).await.refused(403, "channel_token_used");

    let with = |name: &str, value: Value| {
        let mut claims = claims(now, &format!("token-of-{name}"));
        claims[name] = value;
        signed(&secret, &head(), &claims)
    };
    open(&with("channel", json!("default"))).await.refused(403, "channel_token_foreign");
    open(&with("exp", json!(now.as_second()))).await.refused(403, "channel_token_expired");
    open(&with("exp", json!(now.as_second() - 1))).await.refused(403, "channel_token_expired");
    for (name, value) in [
        ("exp", json!(now.as_second() + 700)),
        ("exp", json!(1e300)),
        ("exp", json!("soon")),
        ("iat", json!(now.as_second() + 120)),
        ("nbf", json!(now.as_second() + 120)),
        ("jti", json!("short")),
        ("jti", json!("has space in it")),
        ("visitor", json!("13900001111")),
        ("visitor", json!("500104199001011234")),
        ("visitor", json!("张三")),
        ("name", json!("somebody")),
        ("phone", json!("13900001111")),
    ] {
        open(&with(name, value)).await.refused(403, "channel_token_invalid");
    }
    open(&with("visitor", json!("u-8f3a2c"))).await.expect(201);
    open(&with("exp", json!(now.as_second() as f64 + 0.5))).await.expect(201);

    let fresh = || claims(now, "another-token");
    for token in [
        signed("gwc_somebody-else's", &head(), &fresh()),
        signed(&secret, &json!({ "alg": "none" }), &fresh()),
        signed(&secret, &json!({ "alg": "HS512", "typ": "JWT" }), &fresh()),
        signed(&secret, &json!({ "alg": "HS256", "crit": ["x"] }), &fresh()),
        format!("{}.", signed(&secret, &head(), &fresh()).rsplit_once('.').expect("three parts").0),
        "a.b.c".to_owned(),
        "a".repeat(3000),
    ] {
        let refused = open(&token).await.refused(403, "channel_token_invalid");
        assert!(!refused["detail"].as_str().expect("words").contains(&token), "a token is never repeated");
    }
    // A change in the middle breaks the signature.
    let token = signed(&secret, &head(), &fresh());
    let (signed_part, signature) = token.rsplit_once('.').expect("three parts");
    let (first, _) = signed_part.split_once('.').expect("three parts");
    let forged = URL_SAFE_NO_PAD.encode(claims(now, "forged-token").to_string());
    open(&format!("{first}.{forged}.{signature}")).await.refused(403, "channel_token_invalid");
    // What was refused is not used up.
    open(&token).await.expect(201);
    let opened = app.count("SELECT COUNT(*) FROM conversations WHERE channel = 'portal'").await;
    assert_eq!(opened, 4, "nothing that was refused left a conversation");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_a_token_opens_one_also_after_a_crash() {
    let mut app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let secret = secure(&app, &admin).await;
    let token = signed(&secret, &head(), &claims(app.now(), "for-eight-at-once"));
    let body = with_token(&token);
    let answers = futures::future::join_all((0..8).map(|_| begin(&app, &body, None))).await;
    assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
    for answer in answers.iter().filter(|a| a.status != 201) {
        answer.refused(403, "channel_token_used");
    }
    app.crash();
    app.again().await;
    begin(&app, &body, None).await.refused(403, "channel_token_used");
    // When it has run out it can be forgotten: it is refused for that.
    app.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(app.instance().api.channels.get("portal").map(|c| c.settings.secure), Some(true));
    let api = std::sync::Arc::clone(&app.instance().api);
    assert_eq!(app.within(async move { api.channels.sweep().await }).await.expect("a sweep"), 1);
    begin(&app, &body, None).await.refused(403, "channel_token_expired");
}

#[tokio::test]
async fn a_secret_is_told_once_sealed_and_changed_over_without_a_gap() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let first = secure(&app, &admin).await;
    let path = format!("{CHANNELS}/portal/secrets");
    let mut count = 0;
    let mut open = async |secret: &str| {
        count += 1;
        let token = signed(secret, &head(), &claims(app.now(), &format!("token-number-{count}")));
        begin(&app, &with_token(&token), None).await
    };
    let told = admin.post(&path, &json!({ "overlap_hours": 1 })).await.expect(201);
    let second = told["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(first, second);
    open(&first).await.expect(201);
    open(&second).await.expect(201);
    app.clock.advance(SignedDuration::from_mins(59));
    open(&first).await.expect(201);
    app.clock.advance(SignedDuration::from_mins(1));
    open(&first).await.refused(403, "channel_token_invalid");
    open(&second).await.expect(201);

    let listed = admin.get(&format!("{CHANNELS}/portal")).await;
    let shown = listed.expect(200);
    let opens: Vec<bool> = shown["secrets"].as_array().expect("a list").iter().filter_map(|s| s["opens"].as_bool()).collect();
    assert_eq!(opens, [true, false]);
    assert!(!listed.text().contains("gwc_"), "nobody is told again");
    let id = told["id"].as_str().expect("an id").to_owned();
    admin.delete(&format!("{path}/{id}")).await.refused(422, "invalid_body");
    // Seen by somebody: a new one at once, the old one ends at once.
    let third =
        admin.post(&path, &json!({ "overlap_hours": 168 })).await.expect(201)["secret"].as_str().expect("a secret").to_owned();
    open(&second).await.expect(201);
    admin.delete(&format!("{path}/{id}")).await.expect(204);
    admin.delete(&format!("{path}/{id}")).await.refused(404, "not_found");
    open(&second).await.refused(403, "channel_token_invalid");
    open(&third).await.expect(201);
    admin.post(&path, &json!({ "overlap_hours": 169 })).await.refused(422, "invalid_body");

    assert_eq!(app.count("SELECT COUNT(*) FROM channel_secrets WHERE secret LIKE 'sealed:%'").await, 3);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM channel_secrets WHERE instr(secret, 'gwc_') > 0").await,
        0,
        "no copy of the rows opens anything"
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE instr(detail, 'gwc_') > 0").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action LIKE 'channel.secret%'").await, 4);
    // Whoever only reads sees which there are, and makes none.
    let auditor = app.as_auditor().await;
    auditor.get(&format!("{CHANNELS}/portal")).await.expect(200);
    auditor.post(&path, &json!({})).await.refused(403, "forbidden");
}
