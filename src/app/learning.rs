//! Learning from corrections while the service runs: trained beside it, swapped in whole.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::incident::labels::LabelStore;
use crate::incident::learned::Learned;
use crate::incident::rules::IncidentRules;
use crate::incident::store::StoreError;

/// How often new corrections are looked for.
const EVERY: Duration = Duration::from_secs(1);
/// So many of the newest tickets are learnt from; each is compared with each.
const TICKETS: u32 = 2_000;

/// Learns at the start and after every correction, until `stop`.
pub async fn run(rules: Arc<IncidentRules>, labels: Arc<dyn LabelStore>, stop: CancellationToken) {
    // Without a correction the street's table is right by all that is known: there is nothing to learn.
    let mut learnt = 0;
    loop {
        match learn(&rules, &*labels, learnt).await {
            Ok(newest) => learnt = newest,
            Err(error) => tracing::warn!(%error, "categories were not learnt; it is tried again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Learns when there is a correction beyond `learnt`; gives the newest that is known now.
async fn learn(rules: &Arc<IncidentRules>, labels: &dyn LabelStore, learnt: i64) -> Result<i64, StoreError> {
    let newest = labels.corrections().await?;
    if newest == learnt {
        return Ok(learnt);
    }
    let known = labels.labelled(TICKETS).await?;
    let trainer = Arc::clone(rules);
    let learned = tokio::task::spawn_blocking(move || Learned::train(&trainer.taxonomy, &known)).await;
    match learned {
        Ok(learned) => {
            tracing::info!(labels = learned.as_ref().map_or(0, Learned::labels), "categories learnt anew");
            rules.taxonomy.learn(learned.map(Arc::new));
        }
        Err(error) => tracing::error!(%error, "training broke off"),
    }
    Ok(newest)
}
