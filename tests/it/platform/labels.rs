//! Labels of tickets: kept durably, the highest stands, and a running service learns from a correction.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gridworker::app::learning;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::incident::labels::{LabelSource, LabelStore as _, NewLabel};
use gridworker::incident::rules::{IncidentRules, Rules};
use gridworker::incident::store::{NewTicket, StoreError, TicketStore as _};
use tokio_util::sync::CancellationToken;

use super::support::{Street, fresh, ticket};

fn by(source: LabelSource, code: &str) -> NewLabel {
    NewLabel { code: code.to_owned(), source, by: None, at: SystemClock.now() }
}

async fn told(street: &Street, words: &str, labelled_by: LabelSource) -> String {
    let mut new = ticket(1);
    new.description = words.to_owned();
    let new = NewTicket { ticket: new, draft_id: fresh(), destinations: vec![], labelled_by };
    street.tickets.create(new).await.expect("stored").ticket.number
}

#[tokio::test]
async fn a_confirmed_ticket_is_a_label_and_a_correction_stands_above_it() {
    let street = Street::new().await;
    let number = told(&street, "天桥底下有人熬沥青", LabelSource::Confirmed).await;
    let standing = async || {
        let all = street.tickets.labelled(10).await.expect("labels are read");
        assert_eq!(all.len(), 1, "one standing label a ticket");
        (all[0].code.clone(), all[0].source)
    };
    assert_eq!(standing().await, ("FW-03".to_owned(), LabelSource::Confirmed));
    assert_eq!(street.tickets.corrections().await.expect("counts"), 0, "a confirmation corrects nothing");

    street.tickets.label(&number, by(LabelSource::Worker, "030401")).await.expect("kept");
    let first = street.tickets.corrections().await.expect("counts");
    assert!(first > 0);
    assert_eq!(standing().await, ("030401".to_owned(), LabelSource::Worker));
    // The resident's later word does not undo the gridworker's; the gridworker's own later one does.
    street.tickets.label(&number, by(LabelSource::Resident, "010101")).await.expect("kept");
    assert_eq!(standing().await.0, "030401");
    street.tickets.label(&number, by(LabelSource::Worker, "030402")).await.expect("kept");
    assert_eq!(standing().await.0, "030402");
    assert!(street.tickets.corrections().await.expect("counts") > first);

    let unknown = street.tickets.label("WG20200101000001", by(LabelSource::Worker, "030401")).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
}

#[tokio::test]
async fn a_correction_is_learnt_while_the_service_runs_and_again_after_a_restart() {
    let street = Street::new().await;
    let table = || {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street");
        IncidentRules::load(&dir).expect("the shipped street loads")
    };
    let rules = || Rules::new(table());
    let first = |rules: &Rules, text: &str| rules.load().taxonomy.decide(text).ranked.first().map(|s| s.code.clone());
    let words = "天桥底下有人熬沥青，味道大得很";
    let right = "030401";

    let running = rules();
    assert_ne!(first(&running, words).as_deref(), Some(right), "the table alone does not know it");
    let stop = CancellationToken::new();
    let task = tokio::spawn(learning::run(running.clone(), street.tickets.clone(), stop.clone()));
    let number = told(&street, words, LabelSource::Confirmed).await;
    street.tickets.label(&number, by(LabelSource::Worker, right)).await.expect("kept");
    until_learnt(&running).await;
    assert_eq!(first(&running, words).as_deref(), Some(right));
    running.swap(table());
    assert_eq!(first(&running, words).as_deref(), Some(right), "what was learnt goes along when the rules are swapped");
    let carried = running.load().taxonomy.learned().expect("carried over");
    let anew = async {
        while running.load().taxonomy.learned().is_none_or(|now| Arc::ptr_eq(&now, &carried)) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), anew).await.expect("learnt anew over the new table");
    assert_eq!(first(&running, words).as_deref(), Some(right));
    stop.cancel();
    task.await.expect("it ends when told");

    let restarted = rules();
    let stop = CancellationToken::new();
    let task = tokio::spawn(learning::run(restarted.clone(), street.tickets.clone(), stop.clone()));
    until_learnt(&restarted).await;
    assert_eq!(first(&restarted, words).as_deref(), Some(right), "what was learnt is in the database");
    stop.cancel();
    task.await.expect("it ends when told");
}

async fn until_learnt(rules: &Rules) {
    let learnt = async {
        while rules.load().taxonomy.learned().is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), learnt).await.expect("a correction is learnt in seconds");
}
