//! A gridworker puts a ticket's category right, and the running service reads such messages anew.

use std::collections::BTreeSet;
use std::time::Duration;

use gridworker::identity::{Role, Scope};
use reqwest::Method;
use serde_json::json;

use crate::support::app::TestApp;

/// The leaf that the gridworker chooses; any that facades are not.
const RIGHT: &str = "030401";

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_by_a_gridworker_is_learnt_without_a_restart_and_traced() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    let number = ticket["number"].as_str().expect("a number").to_owned();
    let words = ticket["description"].as_str().expect("what happened").to_owned();
    let url = format!("/api/v1/worker/tickets/{number}/category");
    let put =
        |staff: &crate::support::staff::Staff, code: &str| staff.request(Method::PUT, &url).json(&json!({ "code": code })).send();

    let elsewhere = Scope { communities: BTreeSet::from(["别处社区".to_owned()]), grids: BTreeSet::new() };
    let stranger = app.staff_within(&[Role::Gridworker], elsewhere).await;
    assert_eq!(put(&stranger, RIGHT).await.expect("answered").status(), 404, "outside the own part there is no such ticket");
    let worker = app.staff(&[Role::Gridworker]).await;
    assert_eq!(put(&worker, "999999").await.expect("answered").status(), 422, "no such category");
    assert_eq!(put(&worker, RIGHT).await.expect("answered").status(), 204);

    let rules = app.instance().api.rules.clone();
    let learnt = async {
        while rules.load().taxonomy.decide(&words).ranked.first().is_none_or(|first| first.code != RIGHT) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), learnt).await.expect("learnt in seconds");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'ticket.category'").await, 1);
}
