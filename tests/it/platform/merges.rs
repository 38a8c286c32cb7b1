//! Merging and splitting in the storage: whole groups, exact undoing, nothing illegal, followers told once.

use std::collections::BTreeMap;
use std::sync::Arc;

use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::incident::destinations::{Destinations, Wanted};
use gridworker::incident::duplicates::store::{MergeError, MergeStep, MergeStore as _, Merged, OpenTicketStore as _};
use gridworker::incident::labels::LabelSource;
use gridworker::incident::news::NewsStore as _;
use gridworker::incident::store::{NewTicket, TicketMove, TicketStore as _};
use gridworker::incident::ticket::Urgency;
use gridworker::incident::ticket::{Status, Ticket};
use proptest::prelude::*;
use uuid::Uuid;

use super::support::{Street, fresh, ticket};

fn why(by: &str) -> MergeStep {
    MergeStep { by: by.to_owned(), reason: "同一处外墙".to_owned(), at: SystemClock.now() }
}

async fn merge(street: &Street, from: &Ticket, into: &Ticket) -> Result<Merged, MergeError> {
    street.tickets.merge(&from.number, &into.number, why("流转调度岗")).await
}

async fn split(street: &Street, of: &Ticket) -> Result<Merged, MergeError> {
    street.tickets.split(&of.number, why("流转调度岗"), &everywhere()).await
}

async fn read(street: &Street, of: &Ticket) -> Ticket {
    street.tickets.get(&of.number).await.expect("readable").expect("stored")
}

/// Incidents that wait to be pushed; what tells of them afterwards is not counted.
async fn pushes(street: &Street) -> i64 {
    let rows = "SELECT COUNT(*) FROM outbox WHERE kind = 'incident' AND state = 'pending'";
    sqlx::query_scalar(rows).fetch_one(street.db.reader()).await.expect("the outbox is readable")
}

async fn go(street: &Street, of: &Ticket, to: Status) {
    let step = TicketMove { to, by: "城市更新岗".into(), note: None, at: SystemClock.now() };
    street.tickets.move_to(&of.number, step).await.expect("legal");
}

fn new(people: Option<u32>, draft_id: Uuid) -> NewTicket {
    let ticket = Ticket { people_affected: people, ..ticket(1) };
    NewTicket { ticket, draft_id, destinations: vec!["platform".into()], labelled_by: LabelSource::Confirmed }
}

async fn stored(street: &Street, people: Option<u32>) -> Ticket {
    street.tickets.create(new(people, fresh())).await.expect("stored").ticket
}

#[tokio::test]
async fn joining_is_one_ticket_more_one_voice_more_and_no_push_more() {
    let street = Street::new().await;
    let first = stored(&street, None).await;
    go(&street, &first, Status::处置中).await;
    let draft = fresh();
    let taps = futures::future::join_all((0..6).map(|_| street.tickets.join(new(None, draft), &first.number, why("居民")))).await;
    let taps: Vec<Merged> = taps.into_iter().map(|t| t.expect("no tap is an error")).collect();
    assert_eq!(taps.iter().filter(|t| t.created).count(), 1, "six taps at once join once");
    let own = &taps[0].ticket;
    assert!(taps.iter().all(|t| t.ticket.number == own.number));
    assert_ne!(own.number, first.number, "the joiner has a number of their own");
    let own = read(&street, own).await;
    assert_eq!((own.status, own.duplicate_of.as_deref()), (Status::合并, Some(first.number.as_str())));
    let carries = read(&street, &first).await;
    assert_eq!((carries.joined, carries.people_affected, carries.status), (2, Some(2), Status::处置中));
    assert_eq!(pushes(&street).await, 1, "the platform has the incident: only the first is pushed");
    let history: Vec<(Option<Status>, Status)> =
        street.tickets.timeline(&own.number).await.expect("readable").iter().map(|e| (e.from, e.to)).collect();
    assert_eq!(history, [(None, Status::已提交), (Some(Status::已提交), Status::合并)]);

    go(&street, &first, Status::已办结).await;
    let late = street.tickets.join(new(None, fresh()), &first.number, why("居民")).await;
    assert!(matches!(late, Err(MergeError::Refused(_))), "what is closed cannot be joined: {late:?}");
    let again = street.tickets.join(new(None, draft), &first.number, why("居民")).await.expect("still the same answer");
    assert!(!again.created && again.ticket.number == own.number);
    assert_eq!(read(&street, &first).await.joined, 2, "a refusal leaves nothing behind");
}

#[tokio::test]
async fn a_split_off_joiner_stands_for_itself_and_is_pushed_at_last() {
    let street = Street::new().await;
    let first = stored(&street, Some(5)).await;
    let joined = street.tickets.join(new(None, fresh()), &first.number, why("居民")).await.expect("joined").ticket;
    assert_eq!(read(&street, &first).await.people_affected, Some(5), "more were told of than joined");
    split(&street, &joined).await.expect("split");
    let own = read(&street, &joined).await;
    assert_eq!((own.status, own.duplicate_of), (Status::已提交, None));
    assert_eq!(pushes(&street).await, 2, "its own push");
    assert_eq!(read(&street, &first).await, first, "the first is as it was");
    assert!(matches!(split(&street, &joined).await, Err(MergeError::Refused(_))), "only once");
    // Merged and split again it is not pushed twice.
    merge(&street, &joined, &first).await.expect("merged");
    split(&street, &joined).await.expect("split");
    assert_eq!(pushes(&street).await, 2);
}

#[tokio::test]
async fn what_must_not_be_merged_is_refused_in_words() {
    let street = Street::new().await;
    let (a, b, c) = (stored(&street, None).await, stored(&street, None).await, stored(&street, None).await);
    let words = |result: Result<Merged, MergeError>| match result {
        Err(MergeError::Refused(words)) => words,
        other => panic!("should be refused: {other:?}"),
    };
    assert!(words(merge(&street, &a, &a).await).contains("自己"));
    merge(&street, &b, &a).await.expect("merged");
    assert!(words(merge(&street, &a, &b).await).contains("合并"), "no circle");
    assert!(words(merge(&street, &c, &b).await).contains("合并"), "not into a merged one");
    assert!(words(merge(&street, &b, &c).await).contains("合并"), "not out of one into another");
    go(&street, &c, Status::已办结).await;
    assert!(words(merge(&street, &a, &c).await).contains("已办结"), "not into a closed one");
    assert!(words(merge(&street, &c, &a).await).contains("已办结"), "what is done is not merged away");
    assert!(matches!(street.tickets.merge("WG0", &a.number, why("x")).await, Err(MergeError::Store(_))));
    let step = TicketMove { to: Status::已受理, by: "城市更新岗".into(), note: None, at: SystemClock.now() };
    street.tickets.move_to(&b.number, step).await.expect_err("no ordinary move leads out of 合并");
    assert_eq!(read(&street, &a).await.joined, 2);
}

#[tokio::test]
async fn a_group_moves_whole_and_everybody_below_hears_each_move_once() {
    let street = Street::new().await;
    let [a, b, c] = [stored(&street, None).await, stored(&street, None).await, stored(&street, None).await];
    merge(&street, &c, &b).await.expect("merged");
    merge(&street, &b, &a).await.expect("merged");
    assert_eq!(read(&street, &a).await.joined, 3);
    assert_eq!(street.tickets.carrying(&c.number).await.expect("readable").number, a.number);
    assert_eq!(street.tickets.carrying(&a.number).await.expect("readable").number, a.number);
    for news in street.tickets.untold(100).await.expect("readable") {
        street.tickets.mark_told(&news, SystemClock.now()).await.expect("writable");
    }
    go(&street, &a, Status::已受理).await;
    let untold = street.tickets.untold(100).await.expect("readable");
    let told: BTreeMap<Uuid, Option<String>> =
        untold.iter().map(|n| (n.conversation_id, n.follower.as_ref().map(|f| f.ticket_number.clone()))).collect();
    let expected = BTreeMap::from([
        (a.source.conversation_id, None),
        (b.source.conversation_id, Some(b.number.clone())),
        (c.source.conversation_id, Some(c.number.clone())),
    ]);
    assert_eq!(told, expected);
    street.tickets.mark_told(&untold[1], SystemClock.now()).await.expect("writable");
    assert_eq!(street.tickets.untold(100).await.expect("readable").len(), 2, "each is told for itself");

    split(&street, &c).await.expect("split");
    assert_eq!((read(&street, &a).await.joined, read(&street, &b).await.joined), (2, 1), "taken back all the way up");
    go(&street, &a, Status::处置中).await;
    let followers = street.tickets.untold(100).await.expect("readable");
    assert!(
        !followers.iter().any(|n| n.to == Status::处置中 && n.conversation_id == c.source.conversation_id),
        "no longer below"
    );
}

#[tokio::test]
async fn open_tickets_and_their_changes_can_be_followed() {
    let street = Street::new().await;
    let (a, b) = (stored(&street, None).await, stored(&street, None).await);
    let mut all = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let batch = street.tickets.open_tickets(after, 1).await.expect("readable");
        let Some(last) = batch.last() else { break };
        after = last.id;
        all.extend(batch);
    }
    assert_eq!(all.len(), 2, "page by page");
    let newest = street.tickets.newest_event().await.expect("readable");
    let nothing = street.tickets.changed_since(newest, 10).await.expect("readable");
    assert!(nothing.tickets.is_empty() && !nothing.more && nothing.until == newest);
    go(&street, &a, Status::处置中).await;
    merge(&street, &b, &a).await.expect("merged");
    let first = street.tickets.changed_since(newest, 1).await.expect("readable");
    assert_eq!((first.tickets.len(), first.more), (1, true));
    let second = street.tickets.changed_since(first.until, 10).await.expect("readable");
    assert_eq!((second.tickets.len(), second.tickets[0].status, second.more), (1, Status::合并, false));
    assert_eq!(street.tickets.open_tickets(Uuid::nil(), 10).await.expect("readable").len(), 1);
}

/// One step over tickets given by their places in a list.
#[derive(Debug, Clone)]
enum Step {
    Merge(usize, usize),
    Split(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one =
        prop_oneof![3 => (0usize..6, 0usize..6).prop_map(|(a, b)| Step::Merge(a, b)), 1 => (0usize..6).prop_map(Step::Split)];
    prop::collection::vec(one, 0..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever was merged in whatever order: counts add up all the time, and splitting everything gives every ticket back as it was.
    #[test]
    fn merge_and_split_are_each_others_undoing(steps in steps(), people in prop::collection::vec(prop::option::of(0u32..9), 6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let failed: Option<String> = runtime.block_on(async {
            let street = Arc::new(Street::new().await);
            let mut first = Vec::new();
            for (told, status) in people.iter().zip([None, Some(Status::处置中), None, Some(Status::退回待审), Some(Status::延期), None]) {
                let ticket = stored(&street, *told).await;
                if let Some(status) = status {
                    go(&street, &ticket, Status::已送达平台).await;
                    go(&street, &ticket, status).await;
                }
                first.push(read(&street, &ticket).await);
            }
            for step in &steps {
                // Refusals are part of the game; they must leave nothing.
                match step {
                    Step::Merge(a, b) => drop(merge(&street, &first[*a], &first[*b]).await),
                    Step::Split(a) => drop(split(&street, &first[*a]).await),
                }
                let mut now = Vec::new();
                for ticket in &first {
                    now.push(read(&street, ticket).await);
                }
                for ticket in &now {
                    let below: u32 = now.iter().filter(|t| t.duplicate_of.as_ref() == Some(&ticket.number)).map(|t| t.joined).sum();
                    if ticket.joined != 1 + below || (ticket.joined > 1 && ticket.people_affected.is_none_or(|p| p < ticket.joined)) {
                        return Some(format!("{} has {} joined, {below} below: {steps:?}", ticket.number, ticket.joined));
                    }
                    if (ticket.status == Status::合并) != ticket.duplicate_of.is_some() {
                        return Some(format!("{} is {:?} of {:?}", ticket.number, ticket.status, ticket.duplicate_of));
                    }
                }
            }
            for ticket in &first {
                drop(split(&street, ticket).await);
            }
            for ticket in &first {
                let now = read(&street, ticket).await;
                if now != *ticket {
                    return Some(format!("{now:?}\nis not\n{ticket:?}\nafter {steps:?}"));
                }
            }
            None
        });
        prop_assert!(failed.is_none(), "{}", failed.unwrap_or_default());
    }
}

fn everywhere() -> Destinations {
    Destinations::new(vec![Wanted { destination: "platform".into(), categories: vec![], from_urgency: Urgency::一般 }])
}
