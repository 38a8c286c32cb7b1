//! Watches the clocks: what is due fires, what was paused long enough goes on, whether or not the platform says anything.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::core::clock::Clock;
use crate::incident::clock_store::{ClockStore, RulesNow};
use crate::incident::rules::IncidentRules;
use crate::incident::store::StoreError;

/// How often is looked. Five minutes to accept leave no room for a lazier look.
const EVERY: Duration = Duration::from_secs(1);
/// Steps that one transaction fires.
const AT_ONCE: u32 = 100;

/// Watches until `stop`. After a stop of whatever length the first look fires all that was missed, in order.
pub async fn run(clocks: Arc<dyn ClockStore>, rules: Arc<dyn RulesNow>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut counted_by: Option<Arc<IncidentRules>> = None;
    loop {
        if let Err(error) = look(&*clocks, &*rules, &*clock, &mut counted_by).await {
            tracing::error!(%error, "the clocks were not looked at; it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// One look. Deadlines are counted again when the rules are others than the last time.
async fn look(
    clocks: &dyn ClockStore,
    rules: &dyn RulesNow,
    clock: &dyn Clock,
    counted_by: &mut Option<Arc<IncidentRules>>,
) -> Result<(), StoreError> {
    let current = rules.rules();
    if counted_by.as_ref().is_none_or(|last| !Arc::ptr_eq(last, &current)) {
        let changed = clocks.catch_up(clock.now()).await?;
        if changed > 0 {
            tracing::info!(changed, "deadlines counted again by the street's present calendar");
        }
        *counted_by = Some(current);
    }
    for ticket in clocks.end_pauses(clock.now()).await? {
        tracing::info!(ticket, "a pause is over; the clock goes on");
    }
    loop {
        let now = clock.now();
        let fired = clocks.fire(now, AT_ONCE).await?;
        for step in &fired {
            let (kind, how, to) = (step.clock.word(), step.step.word(), step.to.word());
            metrics::counter!("ticket_alarms_total", "clock" => kind, "step" => how, "to" => to).increment(1);
            let late = now.duration_since(step.due).as_secs_f64().max(0.0);
            metrics::histogram!("ticket_alarm_late_seconds").record(late);
            tracing::warn!(ticket = step.ticket, clock = kind, step = how, to, late_s = late, "a clock raised an alarm");
        }
        if fired.len() < AT_ONCE as usize {
            return Ok(());
        }
    }
}
