//! Residents: each reports one thing, confirms it, and says the same again until there is an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Dice;
use super::processes::Scene;

/// What people report, with every answer in the first message.
const MATTERS: [&str; 5] = [
    "楼下路灯坏了，晚上很黑",
    "楼道里堆满了杂物，消防通道被堵住了",
    "楼下垃圾堆了三天没人清运，很臭",
    "楼道声控灯坏了一个星期",
    "楼道墙上贴满了小广告",
];
/// Where: estates of the grid directory with their number of buildings.
const PLACES: [(&str, u64); 12] = [
    ("凤鸣花园", 10),
    ("凤栖雅居", 8),
    ("锦绣蓝湾", 11),
    ("柏华苑", 10),
    ("柏林一品", 8),
    ("春晖花园", 16),
    ("华新新村", 20),
    ("锦渝家园", 14),
    ("滨江翠苑", 10),
    ("和悦苑", 12),
    ("幸福家园", 10),
    ("向阳新村", 15),
];

/// Where the residents live, and what they counted.
#[derive(Debug)]
pub struct Street {
    base: String,
    pub platform: String,
    pub client: reqwest::Client,
    pub deadline: Instant,
    /// Residents that have begun and hold no receipt yet.
    pub in_talk: AtomicUsize,
    /// Residents that hold a receipt.
    receipts: AtomicU64,
    /// Confirmations on their way.
    pub confirming: AtomicUsize,
    calls: AtomicU64,
    broken: AtomicU64,
    unavailable: AtomicU64,
    hung_up: AtomicU64,
    cut: AtomicU64,
    tapped_again: AtomicU64,
}

/// What a resident was told: this number.
#[derive(Debug)]
pub struct Promise {
    pub number: String,
    pub ticket_id: String,
    pub conversation: String,
    token: String,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

/// Counts itself as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Street {
    pub fn new(scene: &Scene, deadline: Instant) -> Arc<Self> {
        Arc::new(Self {
            base: format!("http://127.0.0.1:{}/api/v1", scene.service_port),
            platform: format!("http://127.0.0.1:{}", scene.platform_ports[0]),
            client: scene.client.clone(),
            deadline,
            in_talk: AtomicUsize::new(0),
            receipts: AtomicU64::new(0),
            confirming: AtomicUsize::new(0),
            calls: AtomicU64::new(0),
            broken: AtomicU64::new(0),
            unavailable: AtomicU64::new(0),
            hung_up: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            tapped_again: AtomicU64::new(0),
        })
    }

    /// The residents' counts in one line.
    pub fn told(&self) -> String {
        let n = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        format!(
            "{} calls, {} broken connections, {} × 503, {} hung up by themselves, {} turns cut and said again, {} confirmed again",
            n(&self.calls),
            n(&self.broken),
            n(&self.unavailable),
            n(&self.hung_up),
            n(&self.cut),
            n(&self.tapped_again)
        )
    }

    /// Waits until so many residents hold a receipt.
    pub async fn receipts_reach(&self, wanted: u64) {
        while self.receipts.load(Ordering::Relaxed) < wanted {
            assert!(Instant::now() < self.deadline, "{wanted} receipts were expected, there are {:?}", self.receipts);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// One attempt; `None` when the connection broke, or `patience` was shorter than the answer took.
    async fn once(
        &self,
        method: &Method,
        path: &str,
        token: &str,
        key: &str,
        body: &Value,
        patience: Option<Duration>,
    ) -> Option<Answer> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let request = self
            .client
            .request(method.clone(), format!("{}{path}", self.base))
            .bearer_auth(token)
            .header("accept", "application/json")
            .header("idempotency-key", key);
        let request = if *method == Method::GET { request } else { request.json(body) };
        let talk = async {
            let answer = request.send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>(Answer { status, body: answer.json().await? })
        };
        let Ok(ended) = tokio::time::timeout(patience.unwrap_or(Duration::from_secs(30)), talk).await else {
            self.hung_up.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        if ended.is_err() {
            self.broken.fetch_add(1, Ordering::Relaxed);
        }
        ended.ok()
    }

    /// The same call again until there is an answer that is not "not now".
    async fn ask(&self, method: Method, path: &str, token: &str, key: &str, body: &Value, dice: &mut Dice) -> Answer {
        loop {
            let patience = dice.one_in(8).then(|| dice.up_to(Duration::from_millis(25)));
            match self.once(&method, path, token, key, body, patience).await {
                Some(answer) if answer.status == StatusCode::SERVICE_UNAVAILABLE => {
                    self.unavailable.fetch_add(1, Ordering::Relaxed);
                }
                Some(answer) => return answer,
                None => {}
            }
            assert!(Instant::now() < self.deadline, "{method} {path} found no answer until the end of the run");
            tokio::time::sleep(Duration::from_millis(10) + dice.up_to(Duration::from_millis(50))).await;
        }
    }
}

/// A conversation of one resident.
pub struct Talk<'a> {
    street: &'a Street,
    dice: Dice,
    pub id: String,
    token: String,
    said: u64,
}

/// Reports matter `n` and returns what was promised for it.
pub async fn report(street: &Street, n: u64, mut dice: Dice) -> Promise {
    // Not all at once: somebody is in the middle of something at every moment.
    tokio::time::sleep(dice.up_to(Duration::from_millis(900))).await;
    let _in_talk = Counted::new(&street.in_talk);
    let mut talk = Talk::open(street, dice).await;
    let (place, buildings) = PLACES[usize::try_from(n).expect("small") % PLACES.len()];
    let matter = MATTERS[usize::try_from(n / 12).expect("small") % MATTERS.len()];
    let turn = talk.say(&format!("{place}{}栋{matter}", 1 + n % buildings)).await;
    assert_eq!(turn.pointer("/card/kind"), Some(&json!("draft")), "a complaint opens a draft: {turn}");
    assert_eq!(turn.pointer("/card/complete"), Some(&json!(true)), "one message says it all: {turn}");
    talk.pause().await;
    let ticket = talk.confirm(n).await;
    let promise = Promise {
        number: text(&ticket, "/number"),
        ticket_id: text(&ticket, "/id"),
        conversation: talk.id.clone(),
        token: talk.token.clone(),
    };
    street.receipts.fetch_add(1, Ordering::Relaxed);
    talk.tap_again(n, &promise.number).await;
    promise
}

impl<'a> Talk<'a> {
    pub async fn open(street: &'a Street, mut dice: Dice) -> Self {
        let opened = street.ask(Method::POST, "/conversations", "-", "-", &json!({}), &mut dice).await;
        assert_eq!(opened.status, StatusCode::CREATED, "a conversation opens: {}", opened.body);
        Self { street, dice, id: text(&opened.body, "/conversation_id"), token: text(&opened.body, "/token"), said: 0 }
    }

    /// A button of the draft card.
    pub async fn draft(&mut self, method: Method, act: &str, body: &Value) -> Answer {
        let path = format!("/conversations/{}/draft{act}", self.id);
        self.street.ask(method, &path, &self.token, &format!("tap-{}", self.said), body, &mut self.dice).await
    }

    /// The whole history.
    pub async fn history(&mut self) -> Value {
        let path = format!("/conversations/{}/messages", self.id);
        self.street.ask(Method::GET, &path, &self.token, "-", &Value::Null, &mut self.dice).await.body
    }

    async fn pause(&mut self) {
        tokio::time::sleep(self.dice.up_to(Duration::from_millis(500))).await;
    }

    /// Says something until a whole turn came of it. A turn that a crash cut is said again, as a person would.
    pub async fn say(&mut self, words: &str) -> Value {
        loop {
            let turn = self.say_once(words).await;
            if turn.get("finish") != Some(&json!("cut")) {
                return turn;
            }
            self.street.cut.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One message under one id; asked again, the turn must be the same.
    async fn say_once(&mut self, words: &str) -> Value {
        self.said += 1;
        let path = format!("/conversations/{}/messages", self.id);
        let body = json!({ "client_message_id": format!("m{}", self.said), "text": words });
        let first = self.street.ask(Method::POST, &path, &self.token, "-", &body, &mut self.dice).await;
        assert_eq!(first.status, StatusCode::OK, "a message is answered: {}", first.body);
        if self.dice.one_in(3) {
            self.pause().await;
            let again = self.street.ask(Method::POST, &path, &self.token, "-", &body, &mut self.dice).await;
            assert_eq!(again.body, first.body, "the same client_message_id is the same turn, also after a crash");
        }
        first.body
    }

    /// By the button or by a word, some of them twice at once; returns the ticket.
    async fn confirm(&mut self, n: u64) -> Value {
        let _confirming = Counted::new(&self.street.confirming);
        if self.dice.one_in(4) {
            // A cut confirmation is repeated by word or, in the same unrest, by the button.
            loop {
                let turn = self.say_once("确认").await;
                if turn.get("finish") == Some(&json!("complete")) {
                    assert_eq!(turn.pointer("/card/kind"), Some(&json!("receipt")), "a word confirms: {turn}");
                    return turn.pointer("/card/ticket").cloned().expect("a receipt has its ticket");
                }
                assert_eq!(turn.get("finish"), Some(&json!("cut")), "a word confirms or is cut: {turn}");
                self.street.cut.fetch_add(1, Ordering::Relaxed);
                if self.dice.one_in(2) {
                    break;
                }
            }
        }
        let (path, key) = (format!("/conversations/{}/draft/confirm", self.id), format!("tap-{n}"));
        let (street, token) = (self.street, &self.token);
        if self.dice.one_in(4) {
            let mut second = Dice::of(self.dice.below(u64::MAX), n);
            let (one, two) = tokio::join!(
                street.ask(Method::POST, &path, token, &key, &Value::Null, &mut self.dice),
                street.ask(Method::POST, &path, token, &key, &Value::Null, &mut second)
            );
            assert_eq!(number(&one), number(&two), "two taps at once are one ticket");
            return one.body["ticket"].clone();
        }
        let answer = street.ask(Method::POST, &path, token, &key, &Value::Null, &mut self.dice).await;
        number(&answer);
        answer.body["ticket"].clone()
    }

    /// A resident who is not sure taps once more, with the same key or from a window that made a new one.
    async fn tap_again(&mut self, n: u64, expected: &str) {
        if !self.dice.one_in(3) {
            return;
        }
        self.pause().await;
        self.street.tapped_again.fetch_add(1, Ordering::Relaxed);
        let key = if self.dice.one_in(2) { format!("tap-{n}") } else { format!("tap-{n}-again") };
        let path = format!("/conversations/{}/draft/confirm", self.id);
        let answer = self.street.ask(Method::POST, &path, &self.token, &key, &Value::Null, &mut self.dice).await;
        assert_eq!(
            (answer.status, number(&answer).as_str()),
            (StatusCode::OK, expected),
            "a confirmed draft confirms to the same ticket"
        );
    }
}

/// The ticket's number in the answer to a confirmation.
pub fn number(answer: &Answer) -> String {
    assert!(matches!(answer.status.as_u16(), 200 | 201), "a shown draft can be confirmed: {} {}", answer.status, answer.body);
    text(&answer.body, "/ticket/number")
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} is missing in {value}")).to_owned()
}

impl Promise {
    /// What the resident sees afterwards with nothing but the conversation's token.
    pub async fn holds(&self, street: &Street) {
        let mut calm = Dice::of(1, 1);
        let path = format!("/tickets/{}", self.number);
        let story = street.ask(Method::GET, &path, &self.token, "-", &Value::Null, &mut calm).await;
        assert_eq!(story.status, StatusCode::OK, "{} is readable by its conversation: {}", self.number, story.body);
        assert_eq!(
            story.body.pointer("/ticket/id"),
            Some(&json!(self.ticket_id)),
            "{} is the ticket that was promised",
            self.number
        );
        assert_eq!(story.body.pointer("/ticket/status"), Some(&json!("已送达平台")), "{} has arrived", self.number);
        let path = format!("/conversations/{}/messages", self.conversation);
        let history = street.ask(Method::GET, &path, &self.token, "-", &Value::Null, &mut calm).await;
        assert_eq!(history.body.pointer("/draft"), Some(&Value::Null), "no draft is left of {}: {}", self.number, history.body);
        assert_eq!(history.body.pointer("/running"), Some(&Value::Null), "no turn runs any more: {}", history.body);
        let messages = history.body["messages"].as_array().expect("a history");
        let showing = |kind: &str| {
            messages
                .iter()
                .filter(|m| {
                    m.pointer("/card/kind") == Some(&json!(kind)) && m.pointer("/card/ticket/number") == Some(&json!(self.number))
                })
                .count()
        };
        assert_eq!(showing("receipt"), 1, "the history shows the receipt of {} once: {}", self.number, history.body);
        assert_eq!(showing("progress"), 1, "the arrival of {} is told once: {}", self.number, history.body);
    }
}
