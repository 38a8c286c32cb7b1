//! Every call of the API document, as every role and as nobody.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gridworker::http::access::{Need, TABLE, is_guarded};
use gridworker::identity::{Permission, Role};
use serde_json::Value;

use crate::support::app::TestApp;

/// Method and path of every guarded call in the API document.
fn guarded() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(gridworker::http::router::openapi()).expect("JSON");
    let mut calls = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            if is_guarded(path) {
                calls.insert((path.clone(), method.to_uppercase()));
            }
        }
    }
    calls
}

#[test]
fn the_table_has_a_line_for_every_call_and_no_other() {
    let table: BTreeSet<_> = TABLE.iter().map(|(method, path, _)| ((*path).to_owned(), (*method).to_owned())).collect();
    assert_eq!(table.len(), TABLE.len(), "no call stands in the table twice");
    let calls = guarded();
    let missing: Vec<_> = calls.difference(&table).collect();
    assert!(missing.is_empty(), "calls without a line in src/http/access.rs: {missing:?}");
    let dead: Vec<_> = table.difference(&calls).collect();
    assert!(dead.is_empty(), "lines of src/http/access.rs without a call: {dead:?}");
}

/// A guarded call outside the API document would be refused by the middleware and seen by no test.
#[test]
fn guarded_calls_are_registered_with_their_documentation() {
    fn look(folder: &std::path::Path, wrong: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the project").flatten() {
            let path = entry.path();
            if path.is_dir() {
                look(&path, wrong);
                continue;
            }
            let code = std::fs::read_to_string(&path).expect("a source file");
            for call in [".route(", ".nest(", ".route_service(", ".nest_service("] {
                for (at, _) in code.match_indices(call) {
                    let argument = code[at + call.len()..].trim_start();
                    if argument.starts_with("\"/api/v1/auth")
                        || argument.starts_with("\"/api/v1/admin")
                        || argument.starts_with("\"/api/v1/worker")
                    {
                        wrong.push(format!("{}: {call}{}", path.display(), argument.lines().next().unwrap_or_default()));
                    }
                }
            }
        }
    }
    let mut wrong = Vec::new();
    look(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http"), &mut wrong);
    assert!(wrong.is_empty(), "register these by utoipa_axum::routes!: {wrong:#?}");
}

/// Whether the guard let the call through, whatever the handler then said about a request without anything in it.
async fn admitted(request: reqwest::RequestBuilder, what: &str) -> Result<(), String> {
    let response = request.send().await.expect("the service answers");
    let status = response.status().as_u16();
    assert!(status < 500, "{what}: {status} {}", response.text().await.unwrap_or_default());
    // Only refusals are read: an answer may be a stream without an end.
    if status != 401 && status != 403 {
        return Ok(());
    }
    let text = response.text().await.expect("a refusal has words");
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let guard = ["unauthenticated", "forbidden", "password_change_required"].contains(&body["code"].as_str().unwrap_or_default());
    if guard { Err(format!("{status} {text}")) } else { Ok(()) }
}

#[tokio::test]
async fn every_call_admits_those_whom_the_table_names_and_nobody_else() {
    let app = TestApp::start().await;
    let mut staff = Vec::new();
    for role in Role::ALL {
        staff.push((role, app.staff(&[role]).await));
    }
    let mut seen = String::new();
    let mut wrong = Vec::new();
    for (path, method) in guarded() {
        let need = TABLE.iter().find(|(m, p, _)| *p == path && *m == method).map(|(_, _, need)| *need);
        let need = need.unwrap_or_else(|| panic!("{method} {path} has no line in the table"));
        let url = path.split('/').map(|part| if part.starts_with('{') { NOBODYS } else { part }).collect::<Vec<_>>().join("/");
        let verb: reqwest::Method = method.parse().expect("a method");
        let what = format!("{method} {path}");
        let mut line = format!("{method:6} {path}");
        let nobody = admitted(app.stranger().request(verb.clone(), &url), &what).await;
        if nobody.is_ok() != (need == Need::Nobody) {
            wrong.push(format!("{what} as nobody: {nobody:?}"));
        }
        if need == Need::Nobody {
            line.push_str(" nobody");
        }
        for (role, known) in &staff {
            let expected = match need {
                Need::Nobody => continue,
                Need::Oneself | Need::SignedIn => true,
                Need::May(p) | Need::PersonMay(p) => role.permissions().contains(&p),
            };
            // Calls about oneself may end the session that they come in.
            let fresh = if need == Need::Oneself { Some(app.staff(&[*role]).await) } else { None };
            let answer = admitted(fresh.as_ref().unwrap_or(known).request(verb.clone(), &url), &what).await;
            if answer.is_ok() != expected {
                wrong.push(format!("{what} as {role:?}: expected {expected}, got {answer:?}"));
            }
            if expected {
                let _ = write!(line, " {}", role.word());
            }
        }
        seen.push_str(&line);
        seen.push('\n');
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!("who_may_call_what", seen);
}

#[tokio::test]
async fn the_roles_of_the_tests_are_the_roles_of_the_service() {
    let app = TestApp::start().await;
    let all = [
        (Role::Gridworker, app.as_gridworker().await.0),
        (Role::Dispatcher, app.as_dispatcher().await.0),
        (Role::Curator, app.as_curator().await.0),
        (Role::Reviewer, app.as_reviewer().await.0),
        (Role::Administrator, app.as_administrator().await.0),
        (Role::Auditor, app.as_auditor().await.0),
    ];
    for (role, staff) in all {
        let me = staff.get("/api/v1/auth/me").await.expect(200);
        assert_eq!(me["account"]["roles"], serde_json::json!([role.word()]));
        let may: BTreeSet<&str> = role.permissions().iter().map(|p| p.word()).collect();
        let said: BTreeSet<&str> = me["permissions"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(said, may);
        staff.put("/api/v1/auth/me", &serde_json::json!({})).await.refused(403, "forbidden");
    }
}

const NOBODYS: &str = "00000000-0000-0000-0000-00000000ffff";

#[tokio::test]
async fn what_does_not_exist_is_not_found_and_what_is_not_in_the_table_is_closed() {
    let app = TestApp::start().await;
    for path in [
        "/api/v1/admin",
        "/api/v1/admin/",
        "/api/v1/admin/nothing",
        "/api/v1/worker/nothing",
        "/api/v1/auth/nothing",
        "/api/v1/administrator",
    ] {
        app.stranger().get(path).await.refused(404, "not_found");
        app.as_curator().await.get(path).await.refused(404, "not_found");
    }
    // Another method of a known path has no line in the table.
    app.stranger()
        .request(reqwest::Method::DELETE, "/api/v1/admin/audit")
        .send()
        .await
        .map(|r| assert_eq!(r.status(), 401))
        .expect("an answer");
    app.as_administrator().await.delete("/api/v1/admin/audit").await.refused(403, "forbidden");
    // A path that is spelt otherwise is another path.
    for path in [
        "/api/v1//admin/audit",
        "/api/v1/ADMIN/audit",
        "/api/v1/%61dmin/audit",
        "/api/v1/admin/audit/",
        "/api/v1/admin/./audit?x",
    ] {
        let answer = app.stranger().get(path).await;
        assert!(answer.status == 404 || answer.status == 401, "{path}: {}", answer.status);
    }
}

#[test]
fn an_auditor_only_reads_and_nobody_does_everything() {
    for permission in Role::Auditor.permissions() {
        assert!(permission.word().ends_with("_read"), "an auditor may {permission:?}");
    }
    for role in Role::ALL {
        assert!(role.permissions().len() < Permission::ALL.len());
        let once: BTreeSet<_> = role.permissions().iter().collect();
        assert_eq!(once.len(), role.permissions().len(), "{role:?} names a permission twice");
    }
    // Two people for a publication: whoever writes does not publish, whoever publishes does not write.
    for (write, publish) in [
        (Permission::DocumentWrite, Permission::DocumentPublish),
        (Permission::DocumentWrite, Permission::DocumentReview),
        (Permission::CuratedWrite, Permission::CuratedPublish),
    ] {
        for role in Role::ALL {
            let has = |p| role.permissions().contains(&p);
            assert!(!(has(write) && has(publish)), "{role:?} may both {write:?} and {publish:?}");
        }
    }
    for permission in Permission::ALL {
        assert!(Role::ALL.iter().any(|r| r.permissions().contains(permission)), "no role may {permission:?}");
        assert_eq!(serde_json::to_value(permission).expect("JSON"), permission.word(), "one word everywhere");
        assert_eq!(Permission::from_word(permission.word()), Some(*permission));
    }
    for role in Role::ALL {
        assert_eq!(serde_json::to_value(role).expect("JSON"), role.word(), "one word everywhere");
    }
}
