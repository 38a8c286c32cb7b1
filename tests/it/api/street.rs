//! The street's files over HTTP: checked, kept, put to use while people report, gone back from; what is refused changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gridworker::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{TestApp, root, until};
use crate::support::people::Resident;
use crate::support::staff::Staff;
use crate::support::wire::Answer;

const STREET: &str = "/api/v1/admin/street";
const CHECK: &str = "/api/v1/admin/street/check";
const VERSIONS: &str = "/api/v1/admin/street/versions";
const TRIAL: &str = "/api/v1/admin/street/dispatch-trial";
const EDGE: &str = "----------------the-edge-of-a-part";

fn shipped(name: &str) -> String {
    std::fs::read_to_string(root().join("knowledge/street").join(name)).expect("a shipped file")
}

#[track_caller]
fn edited(name: &str, from: &str, to: &str) -> String {
    let text = shipped(name);
    assert!(text.contains(from), "{name} has {from}");
    text.replace(from, to)
}

/// Façades go to another post, and the grid's own post has another name.
fn other_posts() -> Value {
    json!({
        "dispatch.csv": edited("dispatch.csv", "经济发展,城市更新岗,社区", "平安法治,综合执法岗,社区"),
        "grids.csv": edited("grids.csv", "锦凤社区第七网格 网格员岗", "锦凤社区第七网格 新网格员岗"),
    })
}

/// The façade's category under another code, wherever a table names it.
fn another_code() -> Value {
    json!({
        "taxonomy.csv": edited("taxonomy.csv", "\n010101,", "\n010199,"),
        "questions.csv": edited("questions.csv", "\n010101,", "\n010199,"),
        "standards.csv": edited("standards.csv", "\n010101,", "\n010199,"),
        "dispatch.csv": edited("dispatch.csv", ",010101,", ",010199,"),
        "emergencies.csv": edited("emergencies.csv", ",010101,", ",010199,"),
    })
}

fn with(mut files: Value, name: &str, text: &str) -> Value {
    files[name] = json!(text);
    files
}

/// A form as a browser sends it.
async fn form(staff: &Staff, path: &str, fields: &[(&str, &str)], files: &[(&str, Vec<u8>)]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    for (name, bytes) in files {
        let head = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        body.extend(head.bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{EDGE}--\r\n").bytes());
    let request = staff.request(Method::POST, path).header("content-type", format!("multipart/form-data; boundary={EDGE}"));
    Answer::of(request.body(body).send().await).await
}

async fn activate(staff: &Staff, version: u32, base: u32) -> Answer {
    staff.post(&format!("{VERSIONS}/{version}/activate"), &json!({ "base": base, "note": "测试" })).await
}

/// Everything by which a version that came to be would show.
async fn standing(app: &TestApp, staff: &Staff) -> Value {
    let rows =
        app.count("SELECT (SELECT COUNT(*) FROM street_versions) * 1000 + (SELECT COUNT(*) FROM street_activations)").await;
    let mut texts = Vec::new();
    for name in ["taxonomy.csv", "dispatch.csv", "grids.csv"] {
        texts.push(staff.get(&format!("{STREET}/files/{name}")).await.text());
    }
    let street = staff.get(STREET).await.expect(200);
    let categories = app.stranger().get("/api/v1/taxonomy").await.expect(200);
    json!({ "rows": rows, "texts": texts, "street": street, "categories": categories })
}

async fn report(resident: &Resident) -> (String, String) {
    let ticket = resident.report_facade().await;
    let word = |name: &str| ticket["route"][name].as_str().unwrap_or_default().to_owned();
    (word("post"), word("first_receiver"))
}

fn old_posts() -> (String, String) {
    ("城市更新岗".to_owned(), "锦凤社区第七网格 网格员岗".to_owned())
}

fn new_posts() -> (String, String) {
    ("综合执法岗".to_owned(), "锦凤社区第七网格 新网格员岗".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_checked_kept_put_to_use_and_gone_back_from() {
    let mut app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let before = standing(&app, &admin).await;
    assert_eq!((&before["street"]["active"], &before["street"]["serving"]), (&json!(0), &json!(0)));
    assert_eq!(report(&app.resident().await).await, old_posts());

    let files = other_posts();
    let seen = admin.post(CHECK, &json!({ "files": files })).await.expect(200);
    assert_eq!(seen["problems"], json!([]), "{seen}");
    let changed: Vec<(&str, u64)> = seen["diff"]
        .as_array()
        .expect("files")
        .iter()
        .map(|d| (d["file"].as_str().unwrap_or_default(), d["rows_changed"].as_u64().unwrap_or_default()))
        .collect();
    assert_eq!(changed, [("grids.csv", 1), ("dispatch.csv", 3)], "{seen}");
    let cell = &seen["diff"][0]["changed"][0];
    assert_eq!((&cell["key"], &cell["cells"][0]["column"]), (&json!("CH-JF-07"), &json!("handler_post")));
    let trial = &seen["effects"]["trial"];
    assert_eq!((&trial["tickets"], &trial["moved"][0]["to"]["post"]), (&json!(1), &json!("综合执法岗")), "{trial}");
    assert_eq!(standing(&app, &admin).await, before, "a check changes nothing");

    let kept = admin.post(VERSIONS, &json!({ "base": 0, "files": files, "note": "外墙由综合执法岗办" })).await.expect(201);
    assert_eq!((&kept["version"], &kept["active"]), (&json!(1), &json!(0)), "kept and not in use");
    assert_eq!(report(&app.resident().await).await, old_posts());
    activate(&admin, 1, 0).await.expect(200);
    assert_eq!(report(&app.resident().await).await, new_posts(), "in use at once");
    let text = admin.get(&format!("{STREET}/files/dispatch.csv")).await;
    assert_eq!(text.text(), files["dispatch.csv"].as_str().unwrap_or_default(), "what was handed in, to the byte");
    assert!(text.header("content-type").starts_with("text/csv"));
    assert_eq!(admin.get(&format!("{STREET}/files/dispatch.csv?version=0")).await.text(), shipped("dispatch.csv"));
    assert!(admin.get(&format!("{STREET}/files/dispatch.csv?bom=true")).await.text().starts_with('\u{feff}'));

    app.restart().await;
    let admin = app.as_administrator().await;
    assert_eq!(report(&app.resident().await).await, new_posts(), "still after a restart");
    // Only what is named changes: the grids stay as version 1 has them.
    let more = json!({ "base": 1, "files": { "dispatch.csv": null }, "note": "规则改回", "activate": true });
    assert_eq!(admin.post(VERSIONS, &more).await.expect(201)["active"], 2);
    assert_eq!(report(&app.resident().await).await, (old_posts().0, new_posts().1));

    activate(&admin, 0, 2).await.expect(200);
    assert_eq!(report(&app.resident().await).await, old_posts(), "gone back");
    let street = admin.get(STREET).await.expect(200);
    let states: Vec<&str> = street["versions"].as_array().expect("versions").iter().filter_map(|v| v["state"].as_str()).collect();
    assert_eq!(states, ["previous", "previous"]);
    let way: Vec<u64> = street["activations"].as_array().expect("moves").iter().filter_map(|a| a["version"].as_u64()).collect();
    assert_eq!(way, [0, 2, 1], "newest first, nothing forgotten");
    assert!(street["activations"].as_array().expect("moves").iter().all(|a| a["taken_at"].is_string() && a["fault"].is_null()));
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'street.version'").await, 2);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'street.activate'").await, 2);
    app.delivered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    let number = ticket["number"].as_str().expect("a number");
    let first =
        json!({ "base": 0, "files": { "grids.csv": other_posts()["grids.csv"] }, "note": "网格员岗改名", "activate": true });
    admin.post(VERSIONS, &first).await.expect(201);
    let before = standing(&app, &admin).await;

    // A taxonomy that lacks a code in use: with the code, how many tickets, and which.
    let lost = admin.post(VERSIONS, &json!({ "base": 1, "files": another_code(), "note": "换代码", "activate": true })).await;
    let lost = lost.refused(422, "street_refused");
    let missing = &lost["missing_codes"][0];
    assert_eq!(
        (&missing["code"], &missing["open_tickets"], &missing["examples"]),
        (&json!("010101"), &json!(1), &json!([number])),
        "{lost}"
    );
    assert!(missing["labels"].as_u64().is_some_and(|n| n > 0), "its label as well: {missing}");
    assert!(lost["detail"].as_str().is_some_and(|d| d.contains("010101") && d.contains(number)), "{lost}");
    let given_up = with(another_code(), "code_changes.csv", "code,replaced_by,note\n010101,,停用\n");
    admin.post(VERSIONS, &json!({ "base": 1, "files": given_up, "note": "停用" })).await.refused(422, "street_refused");

    let wrong_columns = edited("taxonomy.csv", "urgent_words", "urgentwords");
    let dangling = edited("dispatch.csv", ",010101,", ",019999,");
    let version = |files: Value| json!({ "base": 1, "files": files, "note": "测试", "activate": true });
    let refused = [
        (version(json!({ "taxonomy.csv": wrong_columns })), 422, "street_refused", "urgent_words"),
        (version(json!({ "taxonomy.csv": "" })), 422, "street_refused", "空的"),
        (version(json!({ "dispatch.csv": dangling })), 422, "street_refused", "019999"),
        (version(json!({ "dispach.csv": shipped("dispatch.csv") })), 422, "street_refused", "dispatch.csv"),
        (version(json!({})), 422, "invalid_body", "文件"),
        (version(json!({ "taxonomy.csv": shipped("taxonomy.csv") })), 422, "invalid_body", "一样"),
        (json!({ "base": 1, "files": other_posts(), "note": " " }), 422, "invalid_body", "改了什么"),
        (json!({ "base": 0, "files": other_posts(), "note": "旧的基础" }), 409, "street_changed", "第1版"),
        (json!({ "base": 7, "files": other_posts(), "note": "没有的基础" }), 409, "street_changed", "第1版"),
        (json!({ "files": other_posts(), "note": "没有基础" }), 422, "invalid_body", "base"),
    ];
    for (body, status, code, needle) in &refused {
        let answer = admin.post(VERSIONS, body).await.refused(*status, code);
        assert!(answer.to_string().contains(needle), "{needle} in {answer}");
        assert_eq!(standing(&app, &admin).await, before, "{answer}");
    }
    activate(&admin, 1, 0).await.refused(409, "street_changed");
    activate(&admin, 9, 1).await.refused(404, "not_found");
    activate(&admin, 1, 1).await.refused(422, "invalid_body");
    admin.post(CHECK, &json!({})).await.refused(422, "invalid_body");
    admin.get(&format!("{STREET}/files/street.toml")).await.refused(404, "not_found");
    admin.get(&format!("{STREET}/files/taxonomy.csv?version=9")).await.refused(404, "not_found");
    let book = form(&admin, CHECK, &[], &[("taxonomy.xlsx", b"PK\x03\x04rest".to_vec())]).await.refused(422, "invalid_body");
    assert!(book["detail"].as_str().is_some_and(|d| d.contains("CSV")), "{book}");
    for role in [Role::Gridworker, Role::Dispatcher, Role::Curator, Role::Reviewer, Role::Auditor] {
        let other = app.staff(&[role]).await;
        other.post(VERSIONS, &version(other_posts())).await.refused(403, "forbidden");
        activate(&other, 0, 1).await.refused(403, "forbidden");
    }
    app.stranger().post(VERSIONS, &version(other_posts())).await.refused(401, "unauthenticated");
    // A key keeps, a person puts to use.
    let key = admin.post("/api/v1/admin/keys", &json!({ "name": "导入", "permissions": ["street_manage"] })).await.expect(201);
    let secret = key["secret"].as_str().expect("a secret");
    let by_key = |path: String, body: Value| app.stranger().request(Method::POST, &path).bearer_auth(secret).json(&body);
    Answer::of(by_key(VERSIONS.to_owned(), version(other_posts())).send().await).await.refused(403, "forbidden");
    Answer::of(by_key(format!("{VERSIONS}/0/activate"), json!({ "base": 1 })).send().await).await.refused(403, "forbidden");
    assert_eq!(standing(&app, &admin).await, before, "nothing was changed by anybody");
    let (_, receiver) = report(&app.resident().await).await;
    assert_eq!(receiver, new_posts().1, "the service goes on by the version in use");
    app.delivered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_as_a_spreadsheet_writes_them() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let text = edited("dispatch.csv", "经济发展,城市更新岗,社区", "平安法治,综合执法岗,社区");
    let broken = [text.as_bytes(), b"d998,998,,,,,,,,,\xff\xfe\x80\n"].concat();
    form(&admin, CHECK, &[], &[("dispatch.csv", broken)]).await.refused(422, "invalid_body");
    let (gb18030, _, _) = encoding_rs::GB18030.encode(&text);
    let windows = text.replace('\n', "\r\n");
    let marked = [b"\xef\xbb\xbf".to_vec(), windows.clone().into_bytes()].concat();
    for (what, bytes) in [("GB18030", gb18030.into_owned()), ("UTF-8 with a mark", marked)] {
        let seen = form(&admin, CHECK, &[], &[("dispatch.csv", bytes.clone())]).await.expect(200);
        assert_eq!((&seen["problems"], &seen["diff"][0]["rows_changed"]), (&json!([]), &json!(3)), "{what}: {seen}");
    }
    let fields = [("base", "0"), ("note", "2026"), ("activate", "true")];
    let kept = form(&admin, VERSIONS, &fields, &[("dispatch.csv", encoding_rs::GB18030.encode(&text).0.into_owned())]).await;
    assert_eq!(kept.expect(201)["active"], 1, "a note may look like a number");
    assert_eq!(admin.get(&format!("{STREET}/files/dispatch.csv")).await.text(), text, "kept as UTF-8");
    let back = form(&admin, CHECK, &[], &[("dispatch.csv", windows.into_bytes())]).await.expect(200);
    assert_eq!(back["diff"], json!([]), "line ends of another system say nothing: {back}");
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "how much was looked at")]
async fn everybody_is_served_by_one_version_or_the_other_while_they_are_swapped() {
    let app = TestApp::with().may_leave_pending().start().await;
    let admin = app.as_administrator().await;
    admin.post(VERSIONS, &json!({ "base": 0, "files": other_posts(), "note": "另一套" })).await.expect(201);
    let stop = Arc::new(AtomicBool::new(false));
    let mut reporters = Vec::new();
    for _ in 0..3 {
        let mut residents = Vec::new();
        for _ in 0..40 {
            residents.push(app.resident().await);
        }
        let stop = Arc::clone(&stop);
        reporters.push(tokio::spawn(async move {
            let mut routes = Vec::new();
            for resident in residents {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                routes.push(report(&resident).await);
            }
            routes
        }));
    }
    let mut active = 0;
    for _ in 0..12 {
        let next = 1 - active;
        activate(&admin, next, active).await.expect(200);
        active = next;
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    stop.store(true, Ordering::SeqCst);
    let mut seen = std::collections::BTreeMap::<_, usize>::new();
    for reporter in reporters {
        for route in reporter.await.expect("nobody is turned away") {
            *seen.entry(route).or_default() += 1;
        }
    }
    let halves: Vec<_> = seen.keys().filter(|route| **route != old_posts() && **route != new_posts()).collect();
    assert!(halves.is_empty(), "post and first receiver are of one version: {seen:?}");
    assert!(seen.values().sum::<usize>() >= 6, "people reported meanwhile: {seen:?}");
    println!("12 swaps, tickets by version: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_draft_keeps_up_with_a_code_that_was_replaced() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let (resident, other) = (app.resident().await, app.resident().await);
    let turn = resident.say("铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤，下面是通道").await;
    assert_eq!(turn["card"]["draft"]["category"]["code"], "010101", "{turn}");
    let ticket = other.report_facade().await;
    let files = with(another_code(), "code_changes.csv", "code,replaced_by,note\n010101,010199,重新编码\n");
    admin.post(VERSIONS, &json!({ "base": 0, "files": files, "note": "重新编码", "activate": true })).await.expect(201);
    let confirmed = resident.confirm().await.expect(201);
    assert_eq!(confirmed["ticket"]["category"]["code"], "010199", "{confirmed}");
    // The ticket of before stays as it was sent, and is tried by its new category.
    let number = ticket["number"].as_str().expect("a number");
    let trial = admin.post(TRIAL, &json!({ "numbers": [number, "WG20200101000001"] })).await.expect(200);
    assert_eq!(
        (&trial["same"], &trial["without_category"], &trial["unknown"]),
        (&json!(1), &json!([]), &json!(["WG20200101000001"])),
        "{trial}"
    );
    assert_eq!(admin.get(STREET).await.expect(200)["orphans"], json!([]), "no ticket has lost its category");
    app.delivered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_no_longer_loads_leaves_the_one_before_in_use_and_says_so() {
    let mut app = TestApp::start().await;
    let admin = app.as_administrator().await;
    admin.post(VERSIONS, &json!({ "base": 0, "files": other_posts(), "note": "另一套", "activate": true })).await.expect(201);
    // As if kept by a program that read its tables otherwise.
    app.tamper(
        "INSERT INTO street_versions (version, base, files, author, author_name, note, at) \
         VALUES (2, 1, '{\"taxonomy.csv\":\"code,level1\\n010101,房屋\\n\"}', '', 'console', '旧程序写的', 0)",
    )
    .await;
    app.tamper(
        "INSERT INTO street_activations (seq, version, before, author, author_name, note, at) VALUES (2, 2, 1, '', 'console', '', 0)",
    )
    .await;
    let faulty = async |app: &TestApp, admin: &Staff| {
        until("the service says that it cannot use version 2", async || {
            let street = admin.get(STREET).await.expect(200);
            street["fault"]["wanted"] == 2 && street["activations"][0]["fault"].is_string()
        })
        .await;
        let street = admin.get(STREET).await.expect(200);
        assert_eq!((&street["active"], &street["serving"]), (&json!(2), &json!(1)), "{street}");
        assert!(
            street["activations"][0]["fault"]
                .as_str()
                .is_some_and(|f| f.contains("taxonomy.csv") && f.contains("缺少「level2」列")),
            "in words: {street}"
        );
        let ready = app.stranger().get("/health/ready").await.expect(200);
        assert!(ready["warnings"][0].as_str().is_some_and(|w| w.contains("第2版") && w.contains("第1版")), "{ready}");
        assert_eq!(report(&app.resident().await).await, new_posts(), "people are served by version 1");
    };
    faulty(&app, &admin).await;
    app.restart().await;
    let admin = app.as_administrator().await;
    faulty(&app, &admin).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM street_versions").await, 2, "nothing is lost");
    let again = activate(&admin, 2, 2).await.refused(422, "street_refused");
    assert!(again["problems"].as_array().is_some_and(|p| p.len() > 3), "all that is missing is named: {again}");
    activate(&admin, 1, 2).await.expect(200);
    let street = admin.get(STREET).await.expect(200);
    assert_eq!((&street["serving"], &street["fault"]), (&json!(1), &Value::Null), "mended: {street}");
    assert!(app.stranger().get("/health/ready").await.expect(200).get("warnings").is_none());
    app.delivered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_would_these_tickets_go() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    for _ in 0..3 {
        app.resident().await.report_facade().await;
    }
    let none = admin.post(TRIAL, &json!({})).await.expect(200);
    assert_eq!((&none["tickets"], &none["same"], &none["moved"]), (&json!(3), &json!(3), &json!([])), "the rules in use: {none}");
    let before = standing(&app, &admin).await;
    let files = other_posts();
    let two = admin.post(TRIAL, &json!({ "last": 2, "files": { "dispatch.csv": files["dispatch.csv"] } })).await.expect(200);
    assert_eq!((&two["tickets"], &two["same"]), (&json!(2), &json!(0)), "{two}");
    let moved = &two["moved"][0];
    assert_eq!((&moved["from"]["post"], &moved["to"]["post"]), (&json!("城市更新岗"), &json!("综合执法岗")));
    assert_eq!((&moved["changed"], &moved["already"]), (&json!(["section", "post"]), &json!(false)), "{moved}");
    assert_eq!(moved["rule"], "d230", "{moved}");
    let posts: Vec<(&str, u64, u64)> = two["posts"]
        .as_array()
        .expect("posts")
        .iter()
        .map(|p| {
            (
                p["post"].as_str().unwrap_or_default(),
                p["before"].as_u64().unwrap_or_default(),
                p["after"].as_u64().unwrap_or_default(),
            )
        })
        .collect();
    assert!(posts.contains(&("城市更新岗", 2, 0)) && posts.contains(&("综合执法岗", 0, 2)), "{posts:?}");
    // A table that hands a façade that is no community's duty to a community: the guard steps in and is counted.
    let no_duty = json!({
        "taxonomy.csv": edited("taxonomy.csv", "经济发展,城市更新岗,社区,true,紧急,砸到", "经济发展,城市更新岗,街道,false,紧急,砸到"),
        "dispatch.csv": edited("dispatch.csv", "经济发展,城市更新岗,社区", "民生服务,社区网格员岗,社区"),
    });
    let guarded = admin.post(TRIAL, &json!({ "files": no_duty })).await.expect(200);
    assert_eq!(guarded["guarded"].as_array().map(Vec::len), Some(3), "{guarded}");
    assert!(
        guarded["moved"].as_array().expect("moved").iter().all(|m| m["to"]["post"] != "社区网格员岗" && m["guarded"] == true)
    );
    for bad in [json!({ "last": 0 }), json!({ "last": 2001 }), json!({ "lasst": 3 })] {
        admin.post(TRIAL, &bad).await.refused(422, "invalid_body");
    }
    admin.post(TRIAL, &json!({ "files": { "dispatch.csv": "id\n" } })).await.refused(422, "street_refused");
    assert_eq!(standing(&app, &admin).await, before, "trying changes nothing");
    app.delivered().await;
}
