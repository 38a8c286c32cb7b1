//! The room `incident`, tested with the street's own sample data in `knowledge/street`.

mod calendar;
mod directory;
mod draft;
mod emergency;
mod intents;
mod learned;
mod places;
mod position;
mod progress;
mod rules;
mod slots;
mod taxonomy;
mod written;

use std::path::Path;
use std::sync::LazyLock;

use gridworker::incident::rules::IncidentRules;

/// The shipped street, read once.
pub(super) static STREET: LazyLock<IncidentRules> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street");
    IncidentRules::load(&dir).unwrap_or_else(|e| panic!("the shipped street data must load: {e}"))
});

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
