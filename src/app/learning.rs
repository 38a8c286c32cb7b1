//! Learning from corrections while the service runs: trained beside it, swapped in whole.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::incident::labels::LabelStore;
use crate::incident::learned::Learned;
use crate::incident::rules::{IncidentRules, Rules};
use crate::incident::store::StoreError;

/// How often new corrections are looked for.
const EVERY: Duration = Duration::from_secs(1);
/// So many of the newest tickets are learnt from; each is compared with each.
const TICKETS: u32 = 2_000;

/// What was learnt last, and over which rules.
#[derive(Debug, Default)]
struct Learnt {
    newest: i64,
    over: Weak<IncidentRules>,
}

/// Learns at the start, after every correction and after every swap of the rules, until `stop`.
pub async fn run(rules: Rules, labels: Arc<dyn LabelStore>, stop: CancellationToken) {
    // Without a correction the street's table is right by all that is known: there is nothing to learn.
    let mut learnt = Learnt::default();
    loop {
        match learn(&rules, &*labels, &learnt).await {
            Ok(now) => learnt = now,
            Err(error) => tracing::warn!(%error, "categories were not learnt; it is tried again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Learns when there is a correction beyond `learnt`, or other rules; gives what is known now.
async fn learn(rules: &Rules, labels: &dyn LabelStore, learnt: &Learnt) -> Result<Learnt, StoreError> {
    let rules = rules.load();
    let newest = labels.corrections().await?;
    let now = Learnt { newest, over: Arc::downgrade(&rules) };
    if newest == learnt.newest && (newest == 0 || Weak::ptr_eq(&now.over, &learnt.over)) {
        return Ok(now);
    }
    let known = labels.labelled(TICKETS).await?;
    let trainer = Arc::clone(&rules);
    let learned = tokio::task::spawn_blocking(move || Learned::train(&trainer.taxonomy, &known)).await;
    match learned {
        Ok(learned) => {
            tracing::info!(labels = learned.as_ref().map_or(0, Learned::labels), "categories learnt anew");
            rules.taxonomy.learn(learned.map(Arc::new));
        }
        Err(error) => tracing::error!(%error, "training broke off"),
    }
    Ok(now)
}
