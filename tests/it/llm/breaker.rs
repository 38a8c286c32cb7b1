//! The circuit breaker by itself.

use std::sync::Arc;
use std::time::Duration;

use gridworker::core::clock::ManualClock;
use gridworker::llm::breaker::{Breaker, BreakerPlan, Circuit};
use jiff::SignedDuration;

use super::clock;

const PLAN: BreakerPlan = BreakerPlan { failures: 3, window: Duration::from_mins(1), open: Duration::from_secs(30) };

fn breaker() -> (Arc<Breaker>, Arc<ManualClock>) {
    let clock = clock();
    (Breaker::new(PLAN, clock.clone()), clock)
}

fn fail(breaker: &Arc<Breaker>, times: usize) {
    for _ in 0..times {
        breaker.enter().expect("the circuit lets this pass").failed();
    }
}

#[test]
fn opens_after_failures_in_a_row_and_not_before() {
    let (breaker, _) = breaker();
    fail(&breaker, 2);
    assert_eq!(breaker.circuit(), Circuit::Closed);
    breaker.enter().expect("closed").succeeded();
    fail(&breaker, 2);
    assert_eq!(breaker.circuit(), Circuit::Closed, "a success starts the count anew");
    fail(&breaker, 1);
    assert_eq!(breaker.circuit(), Circuit::Open);
    assert!(breaker.enter().is_none() && !breaker.would_pass(), "an open circuit lets nothing pass");
}

#[test]
fn failures_far_apart_do_not_add_up() {
    let (breaker, clock) = breaker();
    for _ in 0..10 {
        fail(&breaker, 1);
        clock.advance(SignedDuration::from_secs(31));
    }
    assert_eq!(breaker.circuit(), Circuit::Closed, "never three within a minute");
}

#[test]
fn half_open_lets_one_probe_pass_and_its_fate_decides() {
    let (breaker, clock) = breaker();
    fail(&breaker, 3);
    clock.advance(SignedDuration::from_secs(29));
    assert_eq!(breaker.circuit(), Circuit::Open);
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(breaker.circuit(), Circuit::HalfOpen);

    let probe = breaker.enter().expect("one probe");
    assert!(breaker.enter().is_none() && !breaker.would_pass(), "only one probe at a time");
    probe.failed();
    assert_eq!(breaker.circuit(), Circuit::Open, "a failed probe opens it for another pause");

    clock.advance(SignedDuration::from_secs(30));
    drop(breaker.enter().expect("one probe"));
    let probe = breaker.enter().expect("a probe that was given up leaves room for another");
    probe.succeeded();
    assert_eq!(breaker.circuit(), Circuit::Closed);
    fail(&breaker, 2);
    assert_eq!(breaker.circuit(), Circuit::Closed, "the old failures are forgotten");
}

#[test]
fn an_old_success_does_not_close_an_open_circuit() {
    let (breaker, _) = breaker();
    let slow = breaker.enter().expect("closed");
    fail(&breaker, 3);
    slow.succeeded();
    assert_eq!(breaker.circuit(), Circuit::Open);
}

#[test]
fn a_clock_that_is_set_back_does_not_lock_the_model_out() {
    let (breaker, clock) = breaker();
    fail(&breaker, 3);
    clock.advance(SignedDuration::from_hours(-24));
    assert_eq!(breaker.circuit(), Circuit::HalfOpen);
}
