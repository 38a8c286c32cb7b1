//! One at a time per conversation: two messages sent in a hurry are answered in their order.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use uuid::Uuid;

/// The conversations in which somebody works right now.
#[derive(Debug, Default)]
pub struct Order(Mutex<HashMap<Uuid, Weak<AsyncMutex<()>>>>);

impl Order {
    /// Waits for one's turn in a conversation; it lasts until the guard is dropped.
    ///
    /// # Cancel safety
    /// Dropping the future gives the place in the queue back.
    pub async fn enter(&self, conversation: Uuid) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock();
            if locks.len() > 1024 {
                locks.retain(|_, lock| lock.strong_count() > 0);
            }
            if let Some(lock) = locks.get(&conversation).and_then(Weak::upgrade) {
                lock
            } else {
                let lock = Arc::new(AsyncMutex::new(()));
                locks.insert(conversation, Arc::downgrade(&lock));
                lock
            }
        };
        lock.lock_owned().await
    }
}
