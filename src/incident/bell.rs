//! A bell for those who deliver: something new lies in the outbox.

use std::sync::Arc;

use tokio::sync::Notify;

/// Rings for every worker. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<[Arc<Notify>]>);

impl Bell {
    /// For these workers.
    #[must_use]
    pub fn new(workers: impl IntoIterator<Item = Arc<Notify>>) -> Self {
        Self(workers.into_iter().collect())
    }

    /// Wakes each worker, or lets it look again as soon as it has time.
    pub fn ring(&self) {
        for worker in self.0.iter() {
            worker.notify_one();
        }
    }
}
