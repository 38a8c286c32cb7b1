//! A breaker: stops knocking at a platform that is ill, and tries one push now and then.

use jiff::{SignedDuration, Timestamp};

/// Doublings of the pause at most.
const DOUBLINGS: u32 = 3;

/// Counts failures in a row. Not shared: the worker's loop owns it.
#[derive(Debug, Clone)]
pub struct Breaker {
    threshold: u32,
    pause: SignedDuration,
    failures: u32,
    open_until: Option<Timestamp>,
}

impl Breaker {
    /// Opens after `threshold` failures in a row, for `pause` at first.
    #[must_use]
    pub const fn new(threshold: u32, pause: SignedDuration) -> Self {
        Self { threshold, pause, failures: 0, open_until: None }
    }

    /// How many pushes may start now when `free` could: none while open, one to try after the pause.
    #[must_use]
    pub fn allows(&self, free: u32, on_their_way: u32, now: Timestamp) -> u32 {
        match self.open_until {
            None => free,
            Some(until) if now < until => 0,
            // Half open: a single one finds out.
            Some(_) => free.min(u32::from(on_their_way == 0)),
        }
    }

    /// True while it is open or half open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open_until.is_some()
    }

    /// Until when nothing is started.
    #[must_use]
    pub const fn open_until(&self) -> Option<Timestamp> {
        self.open_until
    }

    /// The platform answered like one that is well.
    pub const fn well(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// The platform did not answer, or answered that it is ill.
    pub fn ill(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if self.failures < self.threshold {
            return;
        }
        // Failures of pushes that were on their way when it opened do not make the pause longer.
        if self.open_until.is_some_and(|until| now < until) {
            self.failures = self.failures.saturating_sub(1);
            return;
        }
        let doublings = (self.failures - self.threshold).min(DOUBLINGS);
        let pause = self.pause.saturating_mul(1 << doublings);
        self.open_until = Some(now.saturating_add(pause).unwrap_or(now));
    }
}
