//! `/api/v1/admin/system`: the models outside the house, what they are told, and how the service is.

pub mod endpoints;
pub mod health;
pub mod prompts;

use std::sync::Arc;

use jiff::Timestamp;

use crate::conversation::endpoints::Endpoints;
use crate::conversation::prompts::Prompts;

/// What the process sees of the machine that it runs on. What cannot be known is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings {
    /// Bytes left where the data folder is.
    pub disk_free: Option<u64>,
    /// Bytes there in all.
    pub disk_total: Option<u64>,
    /// Bytes of the rows with their log.
    pub rows_bytes: Option<u64>,
    /// Bytes of memory that the process holds.
    pub memory_bytes: Option<u64>,
    /// When the backup said last that it was done.
    pub backed_up_at: Option<Timestamp>,
}

/// Looks at the machine.
pub trait Machine: Send + Sync + std::fmt::Debug {
    /// How it is now.
    fn look(&self) -> Surroundings;
}

/// What these pages show beside the rooms.
#[derive(Debug)]
pub struct SystemFacts {
    /// The machine.
    pub machine: Arc<dyn Machine>,
    /// Models outside the house.
    pub endpoints: Endpoints,
    /// What they are told.
    pub prompts: Arc<Prompts>,
    /// Since when this process serves.
    pub started_at: Timestamp,
}
