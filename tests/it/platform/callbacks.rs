//! Callbacks: forged, replayed, repeated, out of order, illegal.

use std::sync::Arc;

use gridworker::core::clock::{Clock as _, ManualClock, SystemClock};
use gridworker::incident::store::{TicketMove, TicketStore as _};
use gridworker::incident::ticket::{Status, Ticket};
use gridworker::platform::callback::{CallbackError, CallbackReceiver, PlatformStatus, Taken};
use gridworker::platform::signature::{SignatureError, SignedHeaders};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::support::{SECRET, Street, fresh, signed};

struct Scene {
    street: Street,
    ticket: Ticket,
    clock: Arc<ManualClock>,
    receiver: CallbackReceiver,
}

impl Scene {
    async fn new() -> Self {
        let street = Street::new().await;
        let ticket = street.confirm(1).await;
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let receiver = street.receiver(clock.clone());
        Self { street, ticket, clock, receiver }
    }

    fn body(&self, status: &str, seconds: i64) -> Value {
        let at = self.ticket.created_at + SignedDuration::from_secs(seconds);
        json!({"external_no": "PT1", "idempotency_key": self.ticket.id, "status": status, "at": at})
    }

    async fn tell_as(&self, id: &str, body: &str, secret: &str) -> Result<Taken, CallbackError> {
        self.tell_at(id, body, secret, self.clock.now()).await
    }

    async fn tell_at(&self, id: &str, body: &str, secret: &str, at: Timestamp) -> Result<Taken, CallbackError> {
        let [id, at, signature] = signed(id, at.as_second(), body, secret).map(|(_, value)| value);
        self.receiver.receive(SignedHeaders { id: &id, timestamp: &at, signature: &signature }, body.as_bytes()).await
    }

    async fn tell(&self, status: &str, seconds: i64) -> Taken {
        let body = self.body(status, seconds).to_string();
        self.tell_as(&fresh().to_string(), &body, SECRET).await.expect("a callback in order is acknowledged")
    }

    async fn status(&self) -> Status {
        self.street.status(&self.ticket).await
    }

    async fn story(&self) -> Vec<&'static str> {
        let moves = self.street.tickets.timeline(&self.ticket.number).await.expect("readable");
        moves.iter().map(|e| e.to.word()).collect()
    }
}

#[tokio::test]
async fn a_whole_life_is_told_by_callbacks() {
    let scene = Scene::new().await;
    let mut news = scene.street.news.subscribe();
    for (i, status) in
        ["received", "accepted", "assigned", "in_progress", "extended", "in_progress", "resolved"].into_iter().enumerate()
    {
        let told = scene.tell(status, i64::try_from(i).expect("small")).await;
        assert!(matches!(told, Taken::Moved(_)), "{status} moves the ticket: {told:?}");
        let heard = news.try_recv().expect("each move is news");
        assert_eq!(Some(heard.to), Status::from_word(scene.status().await.word()));
    }
    let closed = scene.tell("closed", 99).await;
    assert!(matches!(closed, Taken::Ignored(_)), "closing what is 已办结 changes nothing: {closed:?}");
    assert_eq!(scene.story().await, ["已提交", "已送达平台", "已受理", "已交办", "处置中", "延期", "处置中", "已办结"]);
}

#[tokio::test]
async fn note_and_handler_reach_the_timeline_cleaned() {
    let scene = Scene::new().await;
    let mut body = scene.body("accepted", 1);
    body["note"] = format!("已到现场\u{7}\u{1b}[31m{}", "长".repeat(900)).into();
    body["handler"] = "城市更新岗".into();
    scene.tell_as("msg_1", &body.to_string(), SECRET).await.expect("taken");
    let event = scene.street.tickets.timeline(&scene.ticket.number).await.expect("readable").pop().expect("moved");
    assert_eq!(event.by, "城市更新岗");
    let note = event.note.expect("the note is kept");
    assert!(note.starts_with("已到现场[31m") && note.chars().count() == 500, "cleaned and cut: {note}");
    scene.tell("assigned", 2).await;
    let event = scene.street.tickets.timeline(&scene.ticket.number).await.expect("readable").pop().expect("moved");
    assert_eq!(event.by, "治理平台", "a nameless handler is the platform");
}

#[tokio::test]
async fn forged_and_stale_callbacks_are_refused() {
    let scene = Scene::new().await;
    let body = scene.body("accepted", 1).to_string();
    let forged = scene.tell_as("msg_1", &body, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await;
    assert!(matches!(forged, Err(CallbackError::Signature(SignatureError::Wrong))), "another secret: {forged:?}");

    let now = scene.clock.now();
    let [id, at, signature] = signed("msg_1", now.as_second(), &body, SECRET).map(|(_, v)| v);
    let headers = SignedHeaders { id: &id, timestamp: &at, signature: &signature };
    let changed = scene.receiver.receive(headers, body.replace("accepted", "resolved").as_bytes()).await;
    assert!(matches!(changed, Err(CallbackError::Signature(SignatureError::Wrong))), "a changed body: {changed:?}");
    let renamed = scene.receiver.receive(SignedHeaders { id: "msg_2", ..headers }, body.as_bytes()).await;
    assert!(matches!(renamed, Err(CallbackError::Signature(SignatureError::Wrong))), "another id: {renamed:?}");
    let unsigned = SignedHeaders { id: "", timestamp: "", signature: "" };
    let bare = scene.receiver.receive(unsigned, body.as_bytes()).await;
    assert!(matches!(bare, Err(CallbackError::Signature(SignatureError::Missing))), "no headers: {bare:?}");

    for (seconds, fine) in [(-301, false), (-299, true), (299, true), (301, false)] {
        let at = now + SignedDuration::from_secs(seconds);
        let told = scene.tell_at(&format!("msg_{seconds}"), &body, SECRET, at).await;
        assert_eq!(told.is_ok(), fine, "signed {seconds} s from now: {told:?}");
    }
    // Captured in its window, played again after it.
    scene.clock.advance(SignedDuration::from_secs(302));
    let replayed = scene.receiver.receive(headers, body.as_bytes()).await;
    assert!(matches!(replayed, Err(CallbackError::Signature(SignatureError::Stale))), "a replay: {replayed:?}");
    assert_eq!(scene.story().await, ["已提交", "已受理"], "only the good ones moved the ticket, once");
}

#[tokio::test]
async fn one_of_several_signatures_is_enough() {
    let scene = Scene::new().await;
    let body = scene.body("accepted", 1).to_string();
    let [id, at, signature] = signed("msg_1", scene.clock.now().as_second(), &body, SECRET).map(|(_, v)| v);
    let several = format!("v1a,bm90IG91cnM= v1,AAAA {signature}");
    let told = scene.receiver.receive(SignedHeaders { id: &id, timestamp: &at, signature: &several }, body.as_bytes()).await;
    assert!(matches!(told, Ok(Taken::Moved(_))), "a secret in rotation: {told:?}");
}

#[tokio::test]
async fn each_webhook_id_counts_once() {
    let scene = Scene::new().await;
    let body = scene.body("returned", 1).to_string();
    assert!(matches!(scene.tell_as("msg_1", &body, SECRET).await, Ok(Taken::Moved(_))));
    scene.tell("accepted", 2).await;
    for _ in 0..3 {
        let again = scene.tell_as("msg_1", &body, SECRET).await;
        assert!(matches!(again, Ok(Taken::Repeated)), "acknowledged, not applied: {again:?}");
    }
    assert_eq!(scene.status().await, Status::已受理, "the repeated 退回 does not come back");
}

#[tokio::test]
async fn late_and_illegal_callbacks_are_acknowledged_and_remembered() {
    let scene = Scene::new().await;
    scene.tell("in_progress", 30).await;
    for (status, seconds, why) in [
        ("accepted", 10, "晚到"),
        ("returned", 29, "晚到"),
        ("accepted", 31, "不能从「处置中」变为「已受理」"),
        ("in_progress", 32, "工单已是「处置中」"),
    ] {
        let told = scene.tell(status, seconds).await;
        assert!(matches!(&told, Taken::Ignored(reason) if reason.contains(why)), "{status}: {told:?}");
    }
    assert_eq!(scene.story().await, ["已提交", "处置中"]);
    let remarks: Vec<(i64, Option<String>)> = sqlx::query_as("SELECT applied, remark FROM platform_callbacks ORDER BY rowid")
        .fetch_all(scene.street.db.reader())
        .await
        .expect("readable");
    assert_eq!(remarks.len(), 5, "every callback is a row");
    assert!(remarks.iter().all(|(applied, remark)| (*applied == 1) == remark.is_none()), "{remarks:?}");

    let step = TicketMove { to: Status::撤销, by: "居民".into(), note: None, at: scene.clock.now() };
    scene.street.tickets.move_to(&scene.ticket.number, step).await.expect("the resident may withdraw");
    let told = scene.tell("resolved", 40).await;
    assert!(matches!(told, Taken::Ignored(_)), "a withdrawn ticket stays withdrawn: {told:?}");
}

#[tokio::test]
async fn the_ticket_is_found_by_key_or_by_number_and_not_by_a_wrong_one() {
    let scene = Scene::new().await;
    scene.tell("received", 1).await;
    let mut by_number = scene.body("accepted", 2);
    by_number.as_object_mut().expect("an object").remove("idempotency_key");
    let told = scene.tell_as("msg_n", &by_number.to_string(), SECRET).await;
    assert!(matches!(told, Ok(Taken::Moved(_))), "the platform's number is enough: {told:?}");

    let mut other = scene.body("assigned", 3);
    other["external_no"] = "PT-of-another".into();
    let told = scene.tell_as("msg_o", &other.to_string(), SECRET).await;
    assert!(matches!(&told, Ok(Taken::Ignored(why)) if why.contains("PT1")), "key and number disagree: {told:?}");

    for key in [fresh().to_string(), "not-a-key".to_owned(), "x' OR '1'='1".to_owned()] {
        let mut unknown = scene.body("assigned", 4);
        unknown["idempotency_key"] = key.clone().into();
        let told = scene.tell_as("msg_u", &unknown.to_string(), SECRET).await;
        assert!(matches!(told, Err(CallbackError::UnknownTicket)), "{key} is nobody's: {told:?}");
    }
    // The unknown one was not remembered: its id is free for when the ticket is there.
    let told = scene.tell_as("msg_u", &scene.body("assigned", 4).to_string(), SECRET).await;
    assert!(matches!(told, Ok(Taken::Moved(_))), "{told:?}");
}

#[tokio::test]
async fn a_signed_body_that_is_no_callback_is_named() {
    let scene = Scene::new().await;
    let at = scene.ticket.created_at;
    for body in [
        String::new(),
        "[]".to_owned(),
        "{\"status\":\"accepted\"}".to_owned(),
        json!({"status": "accepted", "at": at}).to_string(),
        json!({"external_no": " ", "status": "accepted", "at": at}).to_string(),
        json!({"external_no": "PT1", "status": "finished", "at": at}).to_string(),
        json!({"external_no": "PT1", "status": "accepted", "at": "yesterday"}).to_string(),
        json!({"external_no": "x".repeat(300), "status": "accepted", "at": at}).to_string(),
    ] {
        let told = scene.tell_as("msg_1", &body, SECRET).await;
        assert!(matches!(told, Err(CallbackError::Malformed(_))), "{body:.80}: {told:?}");
    }
}

#[test]
fn every_word_of_the_platform_has_a_state() {
    let table: Vec<String> = PlatformStatus::ALL.into_iter().map(|s| format!("{} → {}", s.word(), s.means().word())).collect();
    insta::assert_snapshot!(table.join("\n"), @r"
    received → 已送达平台
    accepted → 已受理
    assigned → 已交办
    in_progress → 处置中
    resolved → 已办结
    returned → 退回待审
    extended → 延期
    merged → 合并
    closed → 已办结
    ");
}
