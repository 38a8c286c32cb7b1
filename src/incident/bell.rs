//! A bell for those who deliver: something new lies in the outbox.

use std::fmt;
use std::sync::Arc;

/// Rings for every worker. Cheap to clone; the default rings for nobody.
#[derive(Clone, Default)]
pub struct Bell(Option<Arc<dyn Fn() + Send + Sync>>);

impl Bell {
    /// `wake` wakes whoever delivers, or lets them look again as soon as they have time. It must not wait.
    #[must_use]
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(wake)))
    }

    /// Wakes them.
    pub fn ring(&self) {
        if let Some(wake) = &self.0 {
            wake();
        }
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bell")
    }
}
