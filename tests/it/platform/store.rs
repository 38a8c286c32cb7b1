//! The storage of tickets and outbox: numbers, one transaction, leases, order, and histories that are always legal.

use std::sync::Arc;

use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::incident::labels::LabelSource;
use gridworker::incident::store::{NewTicket, Rating, StoreError, TicketMove, TicketStore as _};
use gridworker::incident::ticket::{Status, Ticket};
use gridworker::platform::callback::{Applied, Callback, CallbackStore as _, PlatformStatus};
use gridworker::platform::outbox::{Act, Attempt, Claim, OutboxStore as _, Outcome};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::support::{Street, fresh, ticket};

const LEASE: SignedDuration = SignedDuration::from_secs(60);

fn step(to: Status) -> TicketMove {
    TicketMove { to, by: "城市更新岗".into(), note: None, at: SystemClock.now() }
}

#[tokio::test]
async fn numbers_run_by_the_streets_day_and_a_draft_makes_one_ticket() {
    let street = Street::new().await;
    // 15:59:59Z and 16:00:00Z are two days in Shanghai.
    let mut numbers = Vec::new();
    for at in ["2026-11-21T15:59:58Z", "2026-11-21T15:59:59Z", "2026-11-21T16:00:00Z"] {
        let mut new = ticket(1);
        new.created_at = at.parse().expect("a time");
        let made = street
            .tickets
            .create(NewTicket { ticket: new, draft_id: fresh(), destinations: vec![], labelled_by: LabelSource::Confirmed })
            .await
            .expect("stored");
        numbers.push(made.ticket.number);
    }
    assert_eq!(numbers, ["WG20261121000001", "WG20261121000002", "WG20261122000001"]);

    let draft_id = fresh();
    let new =
        || NewTicket { ticket: ticket(7), draft_id, destinations: vec!["platform".into()], labelled_by: LabelSource::Confirmed };
    let tries = futures::future::join_all((0..8).map(|_| street.tickets.create(new()))).await;
    let made: Vec<_> = tries.into_iter().map(|t| t.expect("no tap is an error")).collect();
    assert_eq!(made.iter().filter(|m| m.created).count(), 1, "eight taps at once make one ticket");
    assert!(made.iter().all(|m| m.ticket == made[0].ticket), "and all of them get the same one");
    assert_eq!(street.counts().await.pending, 1, "with one row in the outbox");
    let first = &made[0].ticket;
    assert_eq!(street.tickets.get(&first.number).await.expect("readable").as_ref(), Some(first));
    assert_eq!(street.tickets.get_by_id(first.id).await.expect("readable").as_ref(), Some(first));
    let mine = street.tickets.by_conversation(first.source.conversation_id).await.expect("readable");
    assert_eq!(mine, vec![first.clone()]);
    assert_eq!(street.tickets.get("WG0").await.expect("readable"), None);
    assert!(street.tickets.timeline("WG0").await.expect("readable").is_empty());
}

#[tokio::test]
async fn illegal_moves_and_ratings_are_refused_and_leave_nothing() {
    let street = Street::new().await;
    let one = street.confirm(1).await;
    let refused = street.tickets.move_to(&one.number, step(Status::已回访)).await;
    assert!(matches!(refused, Err(StoreError::IllegalMove { from: Status::已提交, .. })), "{refused:?}");
    let nobody = street.tickets.move_to("WG0", step(Status::已受理)).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))), "{nobody:?}");

    let rate = |solved, stars| {
        let at = SystemClock.now();
        street.tickets.rate(&one.number, Rating { solved, stars, comment: Some("谢谢".into()), at })
    };
    assert!(matches!(rate(true, 5).await, Err(StoreError::IllegalMove { .. })), "not closed yet");
    assert!(matches!(rate(true, 6).await, Err(StoreError::Invalid(_))), "six stars");
    street.tickets.move_to(&one.number, step(Status::已办结)).await.expect("legal");
    assert_eq!(rate(false, 1).await.expect("rated").status, Status::重新办理, "not solved reopens");
    street.tickets.move_to(&one.number, step(Status::已办结)).await.expect("legal");
    assert_eq!(rate(true, 5).await.expect("rated").status, Status::已回访);
    let rows: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM ticket_ratings").fetch_one(street.db.reader()).await.expect("readable");
    assert_eq!(rows, 2, "a refused rating is not kept");
    let words: Vec<_> = street.tickets.timeline(&one.number).await.expect("readable").iter().map(|e| e.to.word()).collect();
    assert_eq!(words, ["已提交", "已办结", "重新办理", "已办结", "已回访"]);
}

#[tokio::test]
async fn the_first_number_of_a_platform_stays() {
    let street = Street::new().await;
    let one = street.confirm(1).await;
    for no in ["A-1", "A-1", "B-2"] {
        street.tickets.set_external_no(&one.number, "platform", no).await.expect("writable");
    }
    let row = &street.outbox.list(None, 1).await.expect("readable")[0];
    assert_eq!(row.external_no.as_deref(), Some("A-1"));
    let nobody = street.tickets.set_external_no("WG0", "platform", "x").await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))), "{nobody:?}");
}

fn attempt(claim: &Claim, outcome: Outcome) -> Attempt {
    let at = claim.parcel.ticket.created_at;
    Attempt { started_at: at, ended_at: at, act: Act::Sent, http_status: None, outcome, carried: vec![] }
}

#[tokio::test]
async fn a_lease_keeps_others_away_until_it_ends() {
    let street = Street::new().await;
    let one = street.confirm(1).await;
    let now = one.created_at;
    let claim = async |who: &str, at| street.outbox.claim("platform", who, at, LEASE, 9).await.expect("readable");
    let mine = claim("a", now).await;
    assert_eq!((mine.len(), mine[0].unsure), (1, false), "a first claim is sure");
    assert!(claim("b", now + SignedDuration::from_secs(59)).await.is_empty(), "the lease holds");
    assert!(street.outbox.claim("other", "b", now + LEASE, LEASE, 9).await.expect("readable").is_empty());
    let theirs = claim("b", now + LEASE).await;
    assert_eq!((theirs.len(), theirs[0].unsure), (1, true), "whoever takes it over must ask first");

    // The one that lost its lease comes back late and must not undo what the other one does.
    let late = Outcome::Dead { reason: "late".into() };
    street.outbox.finish(&mine[0], &attempt(&mine[0], late)).await.expect("recorded");
    assert_eq!(street.counts().await.pending, 1, "a lost lease decides nothing");
    let done = Outcome::Delivered { external_no: "X-1".into() };
    let news = street.outbox.finish(&theirs[0], &attempt(&theirs[0], done.clone())).await.expect("recorded");
    assert_eq!(news.expect("it moved").to, Status::已送达平台);
    let again = street.outbox.finish(&mine[0], &attempt(&mine[0], done)).await.expect("recorded");
    assert_eq!(again, None, "the same truth twice is no second move");
    assert_eq!(street.outbox.attempts(mine[0].id).await.expect("readable").len(), 3, "all attempts are rows");
}

#[tokio::test]
async fn rows_of_one_ticket_go_in_order_and_others_pass() {
    let street = Street::new().await;
    let (first, now) = {
        let new = NewTicket {
            ticket: ticket(1),
            draft_id: fresh(),
            destinations: vec!["platform".into(); 2],
            labelled_by: LabelSource::Confirmed,
        };
        let made = street.tickets.create(new).await.expect("stored").ticket;
        (made.id, made.created_at)
    };
    let other = street.confirm(2).await;
    let late = other.created_at.max(now);
    let claims = street.outbox.claim("platform", "a", late, LEASE, 9).await.expect("readable");
    let mut ids: Vec<_> = claims.iter().map(|c| c.parcel.ticket.id).collect();
    ids.sort();
    let mut wanted = vec![first, other.id];
    wanted.sort();
    assert_eq!(ids, wanted, "one row of each ticket");
    let dead = claims.iter().find(|c| c.parcel.ticket.id == first).expect("claimed");
    street.outbox.finish(dead, &attempt(dead, Outcome::Dead { reason: "no".into() })).await.expect("recorded");
    let next = street.outbox.claim("platform", "a", late, LEASE, 9).await.expect("readable");
    assert!(next.is_empty(), "the second row waits for a person to look at the dead one");
}

#[derive(Debug, Clone)]
enum Try {
    Move(Status),
    Callback(PlatformStatus, i64),
    Deliver,
}

fn a_try() -> impl Strategy<Value = Try> {
    prop_oneof![
        proptest::sample::select(Status::ALL.to_vec()).prop_map(Try::Move),
        (proptest::sample::select(PlatformStatus::ALL.to_vec()), 0..20i64).prop_map(|(s, at)| Try::Callback(s, at)),
        Just(Try::Deliver),
    ]
}

async fn play(street: &Street, tries: Vec<Try>) -> Result<(), TestCaseError> {
    let one = street.confirm(1).await;
    let mut legal = 0;
    for one_try in tries {
        let before = street.status(&one).await;
        match one_try {
            Try::Move(to) => {
                let done = street.tickets.move_to(&one.number, step(to)).await;
                prop_assert_eq!(done.is_ok(), before.may_become(to), "{:?} → {:?}", before, to);
                legal += u32::from(done.is_ok());
            }
            Try::Callback(status, at) => {
                let callback = Callback {
                    external_no: None,
                    idempotency_key: Some(one.id.to_string()),
                    status,
                    at: one.created_at + SignedDuration::from_secs(at),
                    note: None,
                    handler: Some("治理平台".into()),
                };
                let id = fresh().to_string();
                let done = street.outbox.apply("platform", &id, &callback, one.created_at).await.expect("storage works");
                let moved = matches!(done, Applied::Moved(_));
                prop_assert!(!moved || before.may_become(status.means()), "{:?} by {:?}", before, status);
                legal += u32::from(moved);
            }
            Try::Deliver => legal += deliver(street, &one).await,
        }
    }
    let story = street.tickets.timeline(&one.number).await.expect("readable");
    prop_assert_eq!(story.len() as u32, legal + 1, "every legal move is one event, and nothing else is");
    prop_assert_eq!(story[0].from, None);
    for pair in story.windows(2) {
        prop_assert_eq!(pair[1].from, Some(pair[0].to), "each event begins where the last one ended");
        prop_assert!(pair[0].to.may_become(pair[1].to), "{:?} → {:?} is stored", pair[0].to, pair[1].to);
    }
    let last = story[story.len() - 1].to;
    prop_assert_eq!(street.status(&one).await, last, "the ticket stands where its history ends");
    Ok(())
}

async fn deliver(street: &Street, one: &Ticket) -> u32 {
    let claims = street.outbox.claim("platform", "a", one.created_at, LEASE, 99).await.expect("readable");
    let mut moved = 0;
    for claim in &claims {
        let done = Outcome::Delivered { external_no: format!("X-{}", claim.id) };
        let news = street.outbox.finish(claim, &attempt(claim, done)).await.expect("recorded");
        moved += u32::from(news.is_some_and(|n| n.ticket_id == one.id));
    }
    moved
}

#[test]
fn whatever_comes_the_stored_history_is_legal() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let street = Arc::new(runtime.block_on(Street::new()));
    proptest!(ProptestConfig { cases: crate::support::cases(48), failure_persistence: None, ..ProptestConfig::default() }, |(tries in proptest::collection::vec(a_try(), 1..14))| {
        runtime.block_on(play(&street, tries))?;
    });
}
