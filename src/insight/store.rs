//! What the insight room asks of storage: rows of a span. To add a kind: a fact, a method here, the SQL in `storage/sqlite/insight.rs`.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use super::facts::{Facts, Waiting};

/// The rows cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("storage: {0}")]
pub struct StoreError(pub String);

/// Reads facts.
#[async_trait]
pub trait InsightStore: std::fmt::Debug + Send + Sync {
    /// The rows of what happened at or after `from` and before `until`.
    async fn facts(&self, from: Timestamp, until: Timestamp) -> Result<Facts, StoreError>;

    /// What is waiting now; `today` is the street's day.
    async fn waiting(&self, now: Timestamp, today: Date) -> Result<Waiting, StoreError>;
}
