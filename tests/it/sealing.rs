//! What names a person lies sealed: the seal itself, and the change of a key under running rows.

use gridworker::core::ids::RandomIds;
use gridworker::core::seal::{SealError, Sealer};
use proptest::prelude::*;
use serde_json::json;

use crate::support::app::{TestApp, until};

fn key(name: &str) -> String {
    Sealer::fresh_key(name, &RandomIds)
}

#[test]
fn what_is_sealed_opens_at_its_own_place_only() {
    let sealer = Sealer::passing(&RandomIds);
    let sealed = sealer.seal("13900001111", "ticket/1");
    assert!(!sealed.contains("1390"), "the phone does not show: {sealed}");
    assert_ne!(sealed, sealer.seal("13900001111", "ticket/1"), "the same text twice looks different");
    assert_eq!(sealer.open(&sealed, "ticket/1").as_deref(), Ok("13900001111"));
    assert_eq!(sealer.open(&sealed, "ticket/2"), Err(SealError::Broken), "moved to another row");
    let mut bent = sealed.clone();
    let last = if bent.ends_with('A') { "B" } else { "A" };
    bent.replace_range(bent.len() - 1.., last);
    assert_eq!(sealer.open(&bent, "ticket/1"), Err(SealError::Broken), "a changed character");
    assert_eq!(sealer.open(&sealed[..sealed.len() - 8], "ticket/1"), Err(SealError::Broken), "cut");
    assert_eq!(Sealer::passing(&RandomIds).open(&sealed, "ticket/1"), Err(SealError::Broken), "another key of the same name");
    assert_eq!(sealer.open("{\"plain\":1}", "anywhere").as_deref(), Ok("{\"plain\":1}"), "rows of before come back as they are");
}

#[test]
fn keys_are_changed_one_by_one() {
    let (old, new) = (key("2026"), key("2027"));
    let before = Sealer::new([old.as_str()]).expect("a key");
    let both = Sealer::new([new.as_str(), old.as_str()]).expect("two keys");
    let after = Sealer::new([new.as_str()]).expect("a key");
    let sealed = before.seal("王家湾3-1204", "ticket/1");
    assert_eq!(both.open(&sealed, "ticket/1").as_deref(), Ok("王家湾3-1204"));
    assert!(!both.is_current(&sealed));
    assert_eq!(after.open(&sealed, "ticket/1"), Err(SealError::UnknownKey("2026".to_owned())));
    let again = both.seal("王家湾3-1204", "ticket/1");
    assert!(both.is_current(&again) && after.open(&again, "ticket/1").is_ok());
    assert!(both.indices("139").contains(&before.index("139")), "rows of the old key are found while it is configured");
    assert_ne!(both.index("139"), before.index("139"));
}

#[test]
fn unusable_keys_are_named_by_their_number() {
    let good = key("a");
    let cases: &[(&[&str], usize)] = &[
        (&[], 1),
        (&["no-colon"], 1),
        (&[":AAAA"], 1),
        (&["a:too-short"], 1),
        (&["ä:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], 1),
        (&[good.as_str(), "b:!!!"], 2),
        (&[good.as_str(), good.as_str()], 2),
    ];
    for (keys, number) in cases {
        let refused = Sealer::new(keys.iter().copied()).map(drop).expect_err("is refused");
        assert_eq!(refused, SealError::Key(*number), "{keys:?}");
    }
    let shown = format!("{:?}", Sealer::new([good.as_str()]).expect("a key"));
    assert!(!shown.contains(good.split(':').nth(1).unwrap_or("?")), "a debug print shows no key: {shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(200)))]
    #[test]
    fn anything_comes_back_whole(text in ".{0,400}", place in "[a-z/0-9]{1,40}") {
        let sealer = Sealer::passing(&RandomIds);
        let sealed = sealer.seal(&text, &place);
        prop_assert_eq!(sealer.open(&sealed, &place), Ok(text));
        let elsewhere = format!("{place}x");
        prop_assert_eq!(sealer.open(&sealed, &elsewhere), Err(SealError::Broken));
    }
}

/// Personal values of one conversation, none of which may lie open in any file of the service.
const OWN: [&str; 5] = ["13912345678", "1203", "周女士", "我婆婆摔过一跤", "她八十三岁"];

async fn reported(app: &TestApp) -> (crate::support::people::Resident, String) {
    let resident = app.resident().await;
    resident.say("我姓周，叫我周女士。铂金云鼎小区7栋2单元1203室门口路灯坏了，我婆婆摔过一跤，她八十三岁，电话13912345678").await;
    let receipt = resident.confirm().await.expect(201);
    (resident, receipt["ticket"]["number"].as_str().expect("a number").to_owned())
}

/// Files of the service's own (not the bundled platform's) that hold one of the words.
fn lying_open(data: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![data.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with("sandbox") {
                let bytes = std::fs::read(&path).unwrap_or_default();
                for word in OWN.iter().filter(|w| bytes.windows(w.len()).any(|b| b == w.as_bytes())) {
                    found.push(format!("{name}: {word}"));
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn nothing_of_a_reporter_lies_open_in_the_data_folder() {
    let mut app = TestApp::start().await;
    let (resident, number) = reported(&app).await;
    app.told().await;
    let story = resident.get(&format!("/api/v1/tickets/{number}")).await.expect(200);
    assert_eq!(story["ticket"]["reporter"]["phone"], "13912345678", "the resident sees the own ticket whole");
    assert_eq!(story["ticket"]["place"]["room"], "1203");
    assert_eq!(lying_open(&app.data()), Vec::<String>::new(), "while it runs");
    app.restart().await;
    assert_eq!(lying_open(&app.data()), Vec::<String>::new(), "after an orderly end");
    let story = resident.get(&format!("/api/v1/tickets/{number}")).await.expect(200);
    assert_eq!(story["ticket"]["reporter"]["phone"], "13912345678", "the key in the folder opens it again");
    let lookup = json!({ "number": number, "phone_tail": "5678" });
    app.stranger().post("/api/v1/tickets/lookup", &lookup).await.expect(200);
}

#[tokio::test]
async fn a_key_is_changed_while_the_service_has_rows() {
    let (old, new) = (key("2026"), key("2027"));
    let keys = std::sync::Arc::new(std::sync::Mutex::new(vec![old.clone()]));
    let shared = std::sync::Arc::clone(&keys);
    let mut app = TestApp::with()
        .settings(move |s| {
            let keys = shared.lock().expect("no test panics with the lock").clone();
            s.confidentiality.keys = keys.into_iter().map(Into::into).collect();
        })
        .start()
        .await;
    let (resident, number) = reported(&app).await;
    app.told().await;

    *keys.lock().expect("the keys") = vec![new.clone(), old];
    app.restart().await;
    until("everything lies under the new key", async || {
        let db = app.instance().db.clone();
        app.within(async move { db.is_sealed_as_configured().await.expect("rows") }).await
    })
    .await;
    for sql in [
        "SELECT COUNT(*) FROM tickets WHERE document NOT LIKE 'sealed:2027:%' OR reporter NOT LIKE 'sealed:2027:%'",
        "SELECT COUNT(*) FROM messages WHERE body NOT LIKE 'sealed:2027:%'",
        "SELECT COUNT(*) FROM conversations WHERE memory NOT LIKE 'sealed:2027:%'",
        "SELECT COUNT(*) FROM turn_events WHERE data NOT LIKE 'sealed:2027:%'",
        "SELECT COUNT(*) FROM turns WHERE outcome NOT LIKE 'sealed:2027:%'",
    ] {
        assert_eq!(app.count(sql).await, 0, "{sql}");
    }

    *keys.lock().expect("the keys") = vec![new];
    app.restart().await;
    let story = resident.get(&format!("/api/v1/tickets/{number}")).await.expect(200);
    assert_eq!(story["ticket"]["reporter"]["phone"], "13912345678", "without the old key");
    let history = resident.history().await.to_string();
    assert!(history.contains("13912345678"), "the conversation reads as before");
}

#[tokio::test]
async fn rows_from_before_there_was_a_seal_are_sealed_at_the_start() {
    let mut app = TestApp::start().await;
    let (resident, number) = reported(&app).await;
    app.told().await;
    // As the program before this one wrote it.
    let db = app.instance().db.clone();
    let ticket = {
        let (tickets, number) = (app.instance().api.tickets.clone(), number.clone());
        app.within(async move { tickets.get(&number).await.expect("rows").expect("a ticket") }).await
    };
    app.within(async move {
        let mut tx = db.durable().await.expect("a transaction");
        let plain = serde_json::to_string(&ticket).expect("JSON");
        let done = sqlx::query("UPDATE tickets SET reporter = NULL, phone_index = NULL, document = $1")
            .bind(plain)
            .execute(&mut *tx)
            .await;
        done.expect("a change");
        tx.commit().await.expect("the change stays");
    })
    .await;
    app.tamper("DELETE FROM sealing").await;
    app.restart().await;
    until("the old ticket is sealed", async || app.count("SELECT COUNT(*) FROM tickets WHERE reporter IS NULL").await == 0).await;
    let open = "SELECT COUNT(*) FROM tickets WHERE document LIKE '%13912345678%' OR document LIKE '%婆婆%'";
    assert_eq!(app.count(open).await, 0, "nothing is left in the document");
    let story = resident.get(&format!("/api/v1/tickets/{number}")).await.expect(200);
    assert_eq!(story["ticket"]["reporter"]["phone"], "13912345678");
    assert!(story["ticket"]["original_words"].as_str().is_some_and(|w| w.contains("我婆婆摔过一跤")), "{story}");
}
