//! Several platforms for one ticket, what changes later, order, reconciliation, and the desk of those who look after it.

use std::sync::Arc;
use std::time::Duration;

use gridworker::core::clock::SystemClock;
use gridworker::core::ids::{Ids as _, RandomIds};
use gridworker::incident::destinations::{Destination, Destinations, Wanted};
use gridworker::incident::labels::LabelSource;
use gridworker::incident::store::{NewTicket, Rating, StoreError, TicketMove, TicketStore as _};
use gridworker::incident::ticket::{Status, Ticket, Urgency};
use gridworker::platform::callback::{Applied, Callback, CallbackStore as _, PlatformStatus};
use gridworker::platform::desk::{ByHand, DeliveryDesk as _, Pause, RowQuery};
use gridworker::platform::outbox::{Message, OutboxStore as _, RowState};
use gridworker::platform::reconcile::Reconciler;
use gridworker::platform::worker::{Asked, Platform, Sent, Standing};
use jiff::SignedDuration;
use parking_lot::Mutex;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::support::{Street, settings, ticket, until};

const LEASE: SignedDuration = SignedDuration::from_secs(60);

fn to(names: &[&str]) -> Vec<Destination> {
    names.iter().map(|n| (*n).into()).collect()
}

async fn confirm(street: &Street, new: Ticket, names: &[&str]) -> Ticket {
    let new = NewTicket { ticket: new, draft_id: RandomIds.uuid(), destinations: to(names), labelled_by: LabelSource::Confirmed };
    street.tickets.create(new).await.expect("stored").ticket
}

fn wants(name: &str, categories: &[&str], from_urgency: Urgency) -> Wanted {
    let categories = categories.iter().map(|c| (*c).to_owned()).collect();
    Wanted { destination: name.into(), categories, from_urgency }
}

#[test]
fn a_ticket_goes_where_its_category_and_urgency_are_wanted() {
    let all = Destinations::new(vec![
        wants("street", &[], Urgency::一般),
        wants("huanwei", &["02", "03"], Urgency::一般),
        wants("yingji", &[], Urgency::紧急),
    ]);
    let names = |code: &str, urgency| {
        let mut t = ticket(1);
        t.category.code = code.into();
        t.urgency = urgency;
        all.of(&t).into_iter().map(|d| d.name).collect::<Vec<_>>()
    };
    assert_eq!(names("010101", Urgency::一般), ["street"]);
    assert_eq!(names("020101", Urgency::一般), ["street", "huanwei"]);
    assert_eq!(names("030101", Urgency::特急), ["street", "huanwei", "yingji"]);
    let picky = Destinations::new(vec![wants("a", &["09"], Urgency::一般), wants("b", &["08"], Urgency::一般)]);
    let mut t = ticket(1);
    t.category.code = "010101".into();
    assert_eq!(picky.of(&t), to(&["a"]), "what nobody asks for still goes to the first");
    assert!(Destinations::default().of(&t).is_empty());
}

/// A platform that keeps what it is told, and can lose it or fail.
#[derive(Debug, Default)]
struct Kept {
    got: Mutex<Vec<(Uuid, String)>>,
    numbers: Mutex<std::collections::HashMap<Uuid, String>>,
    fail: Mutex<bool>,
    standing: Mutex<Option<Standing>>,
}

#[async_trait::async_trait]
impl Platform for Kept {
    async fn send(&self, parcel: &gridworker::platform::outbox::Parcel) -> Sent {
        if *self.fail.lock() {
            return Sent::Permanent { reason: "平台答复 HTTP 422".into(), http_status: Some(422) };
        }
        let what = match &parcel.message {
            Message::Incident => "incident".to_owned(),
            Message::Update(update) => update.kind.word().to_owned(),
            Message::Attachment { number, .. } => format!("attachment {number}"),
        };
        self.got.lock().push((parcel.ticket.id, what));
        let external_no = format!("X-{}", parcel.ticket.number);
        self.numbers.lock().insert(parcel.ticket.id, external_no.clone());
        Sent::Taken { external_no, http_status: 201 }
    }

    fn carries(&self, _: &gridworker::platform::outbox::Parcel) -> Vec<gridworker::platform::visibility::ReporterField> {
        Vec::new()
    }

    async fn preview(&self, _: &gridworker::platform::outbox::Parcel) -> Result<serde_json::Value, String> {
        Ok(json!({}))
    }

    async fn ask(&self, key: Uuid) -> Asked {
        let standing = self.standing.lock().clone();
        match self.got.lock().iter().find(|(id, _)| *id == key) {
            Some(_) => Asked::Has { external_no: self.numbers.lock()[&key].clone(), http_status: 200, standing },
            None => Asked::HasNot,
        }
    }
}

impl Kept {
    fn of(&self, ticket: &Ticket) -> Vec<String> {
        self.got.lock().iter().filter(|(id, _)| *id == ticket.id).map(|(_, what)| what.clone()).collect()
    }
}

async fn drained(street: &Street) {
    until("the outbox is empty", async || street.counts().await.pending == 0).await;
}

#[tokio::test]
async fn what_happens_later_arrives_behind_what_was_before() {
    let street = Street::new().await;
    let mut new = ticket(1);
    new.attachments = vec![RandomIds.uuid(), RandomIds.uuid()];
    let destination = Destination { attachments: true, ..Destination::from("platform") };
    let new = NewTicket {
        ticket: new,
        draft_id: RandomIds.uuid(),
        destinations: vec![destination],
        labelled_by: LabelSource::Confirmed,
    };
    let one = street.tickets.create(new).await.expect("stored").ticket;
    let by = |to| TicketMove {
        to, by: "锦凤社区第七网格 网格员岗".into(), note: Some("已到场".into()), at: one.created_at
    };
    for to in [Status::已受理, Status::处置中, Status::已办结] {
        street.tickets.move_to(&one.number, by(to)).await.expect("legal");
    }
    let rating = Rating { solved: false, stars: 1, comment: Some("没修".into()), at: one.created_at };
    street.tickets.rate(&one.number, rating).await.expect("a closed ticket is rated");
    street
        .tickets
        .move_to(&one.number, TicketMove { to: Status::撤销, by: "居民".into(), note: None, at: one.created_at })
        .await
        .expect("legal");

    let platform = Arc::new(Kept::default());
    let working = street.work_with(&settings("http://127.0.0.1:9"), platform.clone());
    drained(&street).await;
    working.stop().await;
    let wanted = ["incident", "attachment 1", "attachment 2", "moved", "moved", "moved", "rated", "reopened", "withdrawn"];
    assert_eq!(platform.of(&one), wanted, "each once, in the order it happened");
}

#[tokio::test]
async fn the_leading_platform_moves_the_ticket_and_the_others_have_a_state_of_their_own() {
    let street = Street::new().await;
    let one = confirm(&street, ticket(1), &["street", "huanwei"]).await;
    let tell = async |destination: &str, id: &str, status, seconds| {
        let callback = Callback {
            external_no: Some(format!("{destination}-1")),
            idempotency_key: Some(one.id.to_string()),
            status,
            at: one.created_at + SignedDuration::from_secs(seconds),
            note: None,
            handler: Some("治理平台".into()),
        };
        street.outbox.apply(destination, id, &callback, one.created_at).await.expect("storage works")
    };
    assert!(matches!(tell("street", "m1", PlatformStatus::Accepted, 10).await, Applied::Moved(_)));
    // The same webhook-id of another platform is another message.
    assert!(matches!(tell("huanwei", "m1", PlatformStatus::Resolved, 5).await, Applied::Ignored(_)));
    assert_eq!(tell("huanwei", "m1", PlatformStatus::Resolved, 5).await, Applied::Repeated);
    assert_eq!(street.status(&one).await, Status::已受理, "a helper's state moves nothing");
    // Each platform's own order: an old one of the leading platform is old, whatever the other one has said since.
    assert!(matches!(tell("street", "m2", PlatformStatus::Received, 9).await, Applied::Ignored(_)));
    assert!(matches!(tell("street", "m3", PlatformStatus::Closed, 30).await, Applied::Moved(_)));
    assert!(
        matches!(tell("nobody", "m1", PlatformStatus::Closed, 30).await, Applied::Ignored(_)),
        "a platform that never got it"
    );
    let states = street.outbox.of_ticket(one.id).await.expect("readable");
    let seen: Vec<_> = states.iter().map(|s| (s.destination.as_str(), s.leads, s.status.as_deref())).collect();
    assert_eq!(seen, [("street", true, Some("closed")), ("huanwei", false, Some("resolved"))]);
}

#[tokio::test]
async fn one_platform_down_or_paused_keeps_no_other_from_its_tickets() {
    let street = Street::new().await;
    let one = confirm(&street, ticket(1), &["a", "b", "c"]).await;
    let (a, b, c) = (Arc::new(Kept::default()), Arc::new(Kept::default()), Arc::new(Kept::default()));
    *b.fail.lock() = true;
    let reason = Pause { at: one.created_at, by: "调度".into(), reason: "平台升级".into() };
    street.outbox.pause("c", &reason).await.expect("writable");
    let with =
        |name: &str| gridworker::platform::settings::PlatformSettings { name: name.into(), ..settings("http://127.0.0.1:9") };
    let workers = [("a", a.clone()), ("b", b.clone()), ("c", c.clone())].map(|(name, p)| street.work_with(&with(name), p));
    until("a has it and b has refused it", async || {
        let counts = street.counts().await;
        (counts.delivered, counts.dead) == (1, 1)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((a.of(&one).len(), b.of(&one).len(), c.of(&one).len()), (1, 0, 0), "a paused platform gets nothing");
    let states = street.outbox.destinations().await.expect("readable");
    let seen: Vec<_> = states.iter().map(|d| (d.name.as_str(), d.pending, d.delivered, d.dead, d.paused.is_some())).collect();
    assert_eq!(seen, [("a", 0, 1, 0, false), ("b", 0, 0, 1, false), ("c", 1, 0, 0, true)]);

    assert!(street.outbox.resume("c").await.expect("writable"));
    assert!(!street.outbox.resume("c").await.expect("writable"), "twice is as once");
    until("c has it", async || !c.of(&one).is_empty()).await;

    // Put right by hand: what the platform did not like is corrected in the row, not in the ticket.
    let dead =
        street.outbox.rows(&RowQuery { states: vec![RowState::Dead], limit: 9, ..RowQuery::default() }).await.expect("readable");
    assert_eq!((dead.len(), dead[0].destination.as_str(), dead[0].reason.as_deref()), (1, "b", Some("平台答复 HTTP 422")));
    *b.fail.lock() = false;
    street.outbox.correct(dead[0].id, Some(&json!({ "title": "改短的标题" })), one.created_at).await.expect("a dead row");
    street.wake.notify_one();
    until("b has it", async || !b.of(&one).is_empty()).await;
    let (_, parcel) = street.outbox.parcel(dead[0].id).await.expect("readable").expect("a row");
    assert_eq!(parcel.corrections, Some(json!({ "title": "改短的标题" })));
    assert_eq!(parcel.ticket.title, one.title, "the ticket stays as it was confirmed");
    let again = street.outbox.correct(dead[0].id, None, one.created_at).await;
    assert!(matches!(again, Err(StoreError::Invalid(_))), "a delivered row is not corrected: {again:?}");
    assert!(matches!(street.outbox.correct(99_999, None, one.created_at).await, Err(StoreError::NotFound(_))));
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn what_was_entered_by_hand_counts_as_delivered_and_what_waits_behind_goes_on() {
    let street = Street::new().await;
    let one = confirm(&street, ticket(1), &["platform"]).await;
    let platform = Arc::new(Kept::default());
    *platform.fail.lock() = true;
    let working = street.work_with(&settings("http://127.0.0.1:9"), platform.clone());
    until("it is refused", async || street.counts().await.dead == 1).await;
    *platform.fail.lock() = false;
    let row = street.outbox.list(Some(RowState::Dead), 1).await.expect("readable").pop().expect("a dead row");
    let done = ByHand { external_no: "手工-001".into(), by: "调度".into(), at: one.created_at };
    street.outbox.done_by_hand(row.id, &done).await.expect("a dead row");
    assert_eq!(street.status(&one).await, Status::已送达平台);
    let attempts = street.outbox.attempts(row.id).await.expect("readable");
    assert_eq!(attempts.last().map(|a| (a.act.as_str(), a.reason.as_deref())), Some(("by_hand", Some("由调度人工录入"))));
    let twice = street.outbox.done_by_hand(row.id, &done).await;
    assert!(matches!(twice, Err(StoreError::Invalid(_))), "{twice:?}");
    let step = TicketMove { to: Status::撤销, by: "居民".into(), note: None, at: one.created_at };
    street.tickets.move_to(&one.number, step).await.expect("legal");
    street.wake.notify_one();
    until("the withdrawal arrives", async || platform.of(&one) == ["withdrawn"]).await;
    working.stop().await;
}

fn reconciler(street: &Street, platform: Arc<Kept>) -> Reconciler {
    Reconciler::new(
        "platform",
        platform,
        street.outbox.clone(),
        street.outbox.clone(),
        Arc::new(SystemClock),
        street.wake.clone(),
        street.news.clone(),
    )
}

#[tokio::test]
async fn at_night_what_was_lost_is_sent_again_and_what_was_not_told_is_taken() {
    let street = Street::new().await;
    let lost = confirm(&street, ticket(1), &["platform"]).await;
    let kept = confirm(&street, ticket(2), &["platform"]).await;
    let ended = confirm(&street, ticket(3), &["platform"]).await;
    let platform = Arc::new(Kept::default());
    let working = street.work_with(&settings("http://127.0.0.1:9"), platform.clone());
    drained(&street).await;
    street
        .tickets
        .move_to(&ended.number, TicketMove { to: Status::撤销, by: "居民".into(), note: None, at: ended.created_at })
        .await
        .expect("legal");
    street.wake.notify_one();
    until("the withdrawal arrives", async || platform.of(&ended).len() == 2).await;
    drained(&street).await;

    platform.got.lock().retain(|(id, _)| *id != lost.id);
    let at = kept.created_at + SignedDuration::from_mins(3);
    *platform.standing.lock() =
        Some(Standing { status: PlatformStatus::InProgress, at, handler: Some("城市更新岗".into()), note: None });
    let stop = CancellationToken::new();
    let found = reconciler(&street, platform.clone()).run(Duration::ZERO, &stop).await.expect("readable");
    assert_eq!(
        (found.asked, found.sent_again, found.moved, found.unanswered),
        (2, 1, 1, 0),
        "an ended ticket is not asked about"
    );
    until("what was lost is there again", async || platform.of(&lost) == ["incident"]).await;
    drained(&street).await;
    assert_eq!(street.status(&kept).await, Status::处置中, "a state that was never told");
    assert_eq!(platform.of(&kept), ["incident"], "and nothing was sent twice");

    let again = reconciler(&street, platform).run(Duration::ZERO, &stop).await.expect("readable");
    assert_eq!((again.sent_again, again.unanswered), (0, 0), "{again:?}");
    working.stop().await;
}

#[tokio::test]
async fn a_claim_is_nobodys_while_the_platform_is_paused() {
    let street = Street::new().await;
    let one = confirm(&street, ticket(1), &["platform"]).await;
    street
        .outbox
        .pause("platform", &Pause { at: one.created_at, by: "调度".into(), reason: "演练".into() })
        .await
        .expect("writable");
    let later = one.created_at + LEASE;
    assert!(street.outbox.claim("platform", "a", later, LEASE, 9).await.expect("readable").is_empty());
    street.outbox.resume("platform").await.expect("writable");
    assert_eq!(street.outbox.claim("platform", "a", later, LEASE, 9).await.expect("readable").len(), 1);
}
