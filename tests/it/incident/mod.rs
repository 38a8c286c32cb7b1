//! The room `incident`, tested with the street's own sample data in `knowledge/street`.

mod calendar;
mod clock_data;
mod clock_histories;
mod directory;
mod draft;
mod duplicates;
mod emergency;
mod intents;
mod learned;
mod new_leaves;
mod places;
mod position;
mod progress;
mod questions;
mod rules;
mod slots;
mod standards;
mod taxonomy;
mod ticket_clocks;
mod versions;
mod written;

use std::path::Path;
use std::sync::LazyLock;

use gridworker::incident::destinations::{Destinations, Wanted};
use gridworker::incident::rules::IncidentRules;
use gridworker::incident::ticket::Urgency;

/// The shipped street, read once.
pub(super) static STREET: LazyLock<IncidentRules> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street");
    IncidentRules::load(&dir).unwrap_or_else(|e| panic!("the shipped street data must load: {e}"))
});

/// One platform that wants everything.
pub(super) fn destinations() -> Destinations {
    Destinations::new(vec![Wanted { destination: "main".into(), categories: vec![], from_urgency: Urgency::一般 }])
}
/// The day of the tests that name none.
pub(super) const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

/// 2026-11-23 (a Monday) at `time` in Asia/Shanghai.
pub(super) fn monday_at(time: &str) -> jiff::Timestamp {
    format!("2026-11-23T{time}:00+08:00").parse().expect("a time of the test itself")
}

/// Fails once with all failures, so that a change of rules shows everything it moved.
pub(super) fn all_hold(failures: &[String], total: usize) {
    assert!(failures.is_empty(), "{} of {total} cases fail:\n{}", failures.len(), failures.join("\n"));
}
