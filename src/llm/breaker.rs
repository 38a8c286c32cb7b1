//! A circuit breaker: an endpoint that keeps failing is left alone for a while, so that residents do not wait for it.
//!
//! Closed → open after N failures in a row within a window → half-open after a pause, when one probe may pass → closed, or open again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

use crate::core::clock::Clock;

/// When to open and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerPlan {
    /// So many failures without a success between them open the circuit.
    pub failures: u32,
    /// Failures further apart than this are not counted together.
    pub window: Duration,
    /// How long an open circuit stays shut off.
    pub open: Duration,
}

/// Where the breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// Everything passes.
    Closed,
    /// Nothing passes.
    Open,
    /// One probe passes, or is under way.
    HalfOpen,
}

/// Where the breaker stands, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitState {
    /// Where it stands.
    pub circuit: Circuit,
    /// When an open circuit lets a request try again.
    pub tries_again_at: Option<Timestamp>,
}

#[derive(Debug)]
enum State {
    Closed { failures: VecDeque<Timestamp> },
    Open { since: Timestamp },
    HalfOpen { probing: bool },
}

/// The breaker. Shared by everyone who asks the same endpoint.
#[derive(Debug)]
pub struct Breaker {
    plan: BreakerPlan,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(plan: BreakerPlan, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { plan, clock, state: Mutex::new(State::Closed { failures: VecDeque::new() }) })
    }

    /// Where it stands now.
    #[must_use]
    pub fn circuit(&self) -> Circuit {
        match &*self.state.lock() {
            State::Closed { .. } => Circuit::Closed,
            State::Open { since } if !self.pause_is_over(*since) => Circuit::Open,
            State::Open { .. } | State::HalfOpen { .. } => Circuit::HalfOpen,
        }
    }

    /// Where it stands now, and until when.
    #[must_use]
    pub fn state(&self) -> CircuitState {
        let circuit = self.circuit();
        let tries_again_at = match &*self.state.lock() {
            State::Open { since } if circuit == Circuit::Open => since.checked_add(signed(self.plan.open)).ok(),
            State::Open { .. } | State::Closed { .. } | State::HalfOpen { .. } => None,
        };
        CircuitState { circuit, tries_again_at }
    }

    /// Whether [`Breaker::enter`] would let a request pass now.
    #[must_use]
    pub fn would_pass(&self) -> bool {
        match &*self.state.lock() {
            State::Closed { .. } => true,
            State::Open { since } => self.pause_is_over(*since),
            State::HalfOpen { probing } => !probing,
        }
    }

    /// Asks to pass. The permit must be told how it went; a dropped one says nothing about the endpoint.
    pub fn enter(self: &Arc<Self>) -> Option<Permit> {
        let mut state = self.state.lock();
        let probe = match &mut *state {
            State::Closed { .. } => false,
            State::Open { since } if !self.pause_is_over(*since) => return None,
            State::HalfOpen { probing: true } => return None,
            State::Open { .. } | State::HalfOpen { .. } => {
                *state = State::HalfOpen { probing: true };
                true
            }
        };
        Some(Permit { breaker: Arc::clone(self), probe, told: false })
    }

    /// Reports a failure that came after its permit had been given back, such as a stream that broke off.
    pub fn failed(&self) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        if let State::Closed { failures } = &mut *state {
            failures.push_back(now);
            while failures.front().is_some_and(|at| now.duration_since(*at) > signed(self.plan.window)) {
                failures.pop_front();
            }
            if failures.len() >= self.plan.failures as usize {
                *state = State::Open { since: now };
            }
        }
    }

    /// A clock that was set back must not lock the model out for longer than the pause.
    fn pause_is_over(&self, since: Timestamp) -> bool {
        let gone = self.clock.now().duration_since(since);
        gone >= signed(self.plan.open) || gone < SignedDuration::ZERO
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// The right to send one request.
#[derive(Debug)]
pub struct Permit {
    breaker: Arc<Breaker>,
    probe: bool,
    told: bool,
}

impl Permit {
    /// The endpoint answered.
    pub fn succeeded(mut self) {
        self.told = true;
        let mut state = self.breaker.state.lock();
        // A slow success from before the circuit opened proves nothing about now.
        if self.probe || matches!(&*state, State::Closed { .. }) {
            *state = State::Closed { failures: VecDeque::new() };
        }
    }

    /// The endpoint failed.
    pub fn failed(mut self) {
        self.told = true;
        if self.probe {
            *self.breaker.state.lock() = State::Open { since: self.breaker.clock.now() };
        } else {
            self.breaker.failed();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.probe && !self.told {
            *self.breaker.state.lock() = State::HalfOpen { probing: false };
        }
    }
}
