//! A turn belongs to the server: its log in memory while it is fresh, in storage for good.
//!
//! Every event gets a number the moment it happens. Readers come and go and name the last number they saw; a reader
//! that comes back after the turn has left memory is served from storage with the same numbers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::Stream;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

use super::outcome::{Finish, Route, TurnOutcome};
use super::store::{ConversationStore, LoggedEvent, StoreError, StoredEvent};

/// How long deltas may wait before they are written.
pub(super) const COALESCE: Duration = Duration::from_millis(250);
/// How many ended turns stay in memory for readers that reconnect.
const KEEP_ENDED: usize = 512;

/// One event of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnEvent {
    /// Grows by one from 1.
    pub id: u64,
    /// SSE event name.
    pub event: String,
    /// JSON.
    pub data: String,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Arc<TurnEvent>>,
    outcome: Option<Arc<TurnOutcome>>,
    ended: bool,
}

/// A turn in memory.
#[derive(Debug)]
pub struct LiveTurn {
    /// Public id.
    pub turn_id: Uuid,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl LiveTurn {
    fn new(turn_id: Uuid) -> Self {
        Self { turn_id, state: Mutex::default(), changed: watch::Sender::new(()) }
    }

    /// Events after `after`, as they come, until the turn has ended.
    ///
    /// # Cancel safety
    /// Dropping the stream stops the reading, never the turn.
    pub fn events(self: Arc<Self>, after: u64) -> impl Stream<Item = Arc<TurnEvent>> + Send + 'static {
        let changed = self.changed.subscribe();
        let next = usize::try_from(after).unwrap_or(usize::MAX);
        futures::stream::unfold((self, changed, next), |(turn, mut changed, next)| async move {
            loop {
                {
                    let state = turn.state.lock();
                    if let Some(event) = state.events.get(next) {
                        let event = Arc::clone(event);
                        drop(state);
                        return Some((event, (turn, changed, next + 1)));
                    }
                    if state.ended {
                        return None;
                    }
                }
                if changed.changed().await.is_err() {
                    return None;
                }
            }
        })
    }

    /// Waits for the end; `None` when the turn ended without an outcome (the storage failed).
    pub async fn outcome(&self) -> Option<Arc<TurnOutcome>> {
        let mut changed = self.changed.subscribe();
        loop {
            {
                let state = self.state.lock();
                if state.ended {
                    return state.outcome.clone();
                }
            }
            if changed.changed().await.is_err() {
                return None;
            }
        }
    }

    fn push(&self, event: TurnEvent) {
        self.state.lock().events.push(Arc::new(event));
        self.changed.send_replace(());
    }

    fn end(&self, outcome: Option<Arc<TurnOutcome>>) {
        let mut state = self.state.lock();
        state.outcome = outcome;
        state.ended = true;
        drop(state);
        self.changed.send_replace(());
    }

    fn has_ended(&self) -> bool {
        self.state.lock().ended
    }

    /// True when it ended without an outcome: what was answering it is gone.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        let state = self.state.lock();
        state.ended && state.outcome.is_none()
    }
}

/// The turns in memory.
#[derive(Debug, Default)]
pub struct LiveTurns(Mutex<HashMap<Uuid, Arc<LiveTurn>>>);

impl LiveTurns {
    /// Opens a turn.
    pub fn open(&self, turn_id: Uuid) -> Arc<LiveTurn> {
        let turn = Arc::new(LiveTurn::new(turn_id));
        let mut turns = self.0.lock();
        if turns.len() >= KEEP_ENDED {
            // Ids sort by creation: forget the older half of those that have ended.
            let mut ended: Vec<Uuid> = turns.iter().filter(|(_, t)| t.has_ended()).map(|(id, _)| *id).collect();
            ended.sort_unstable();
            ended.truncate(ended.len().div_ceil(2));
            for id in ended {
                turns.remove(&id);
            }
        }
        turns.insert(turn_id, Arc::clone(&turn));
        turn
    }

    /// A turn that is still in memory.
    pub fn get(&self, turn_id: Uuid) -> Option<Arc<LiveTurn>> {
        self.0.lock().get(&turn_id).cloned()
    }

    /// True when the turn runs in this process now.
    pub fn is_running(&self, turn_id: Uuid) -> bool {
        self.get(turn_id).is_some_and(|t| !t.has_ended())
    }

    /// Forgets a turn that never came to be.
    pub fn forget(&self, turn_id: Uuid) {
        self.0.lock().remove(&turn_id);
    }
}

/// The writing end of a turn's log.
#[derive(Debug)]
pub struct TurnLog {
    live: Arc<LiveTurn>,
    store: Arc<dyn ConversationStore>,
    next_id: u64,
    /// Everything shown so far, joined.
    text: String,
    unwritten: Vec<LoggedEvent>,
    parts: Vec<(u64, String)>,
    oldest_part: Option<Instant>,
    has_card: bool,
}

impl TurnLog {
    /// A log for a freshly opened turn.
    #[must_use]
    pub fn new(live: Arc<LiveTurn>, store: Arc<dyn ConversationStore>) -> Self {
        Self {
            live,
            store,
            next_id: 1,
            text: String::new(),
            unwritten: Vec::new(),
            parts: Vec::new(),
            oldest_part: None,
            has_card: false,
        }
    }

    /// The turn that this log writes.
    #[must_use]
    pub fn turn_id(&self) -> Uuid {
        self.live.turn_id
    }

    /// Everything shown so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True when a card was shown.
    #[must_use]
    pub const fn has_card(&self) -> bool {
        self.has_card
    }

    /// The first event of every turn.
    pub fn turn(&mut self, route: Route) {
        let turn_id = self.live.turn_id;
        self.emit("turn", &json!({ "turn_id": turn_id, "route": route }));
    }

    /// Any event but `delta`.
    pub fn emit(&mut self, event: &'static str, data: &impl Serialize) {
        self.fold_parts();
        self.has_card |= event == "card";
        let data = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
        let id = self.number();
        self.live.push(TurnEvent { id, event: event.to_owned(), data: data.clone() });
        self.unwritten.push(LoggedEvent { id, event, data });
    }

    /// Shows a card that is not the turn's own: that one still comes, and comes last.
    pub fn card_beside(&mut self, card: &impl Serialize) {
        let had = self.has_card;
        self.emit("card", card);
        self.has_card = had;
    }

    /// Shows some words.
    pub fn delta(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        let id = self.number();
        self.live.push(TurnEvent { id, event: "delta".to_owned(), data: delta_data(text) });
        self.parts.push((id, text.to_owned()));
        self.oldest_part.get_or_insert_with(Instant::now);
    }

    /// True when words were shown that are not written yet.
    #[must_use]
    pub const fn is_unwritten(&self) -> bool {
        self.oldest_part.is_some()
    }

    /// Writes what has waited long enough; called between the pieces of a stream.
    pub async fn flush_if_due(&mut self) -> Result<(), StoreError> {
        if self.oldest_part.is_none_or(|since| since.elapsed() < COALESCE) {
            return Ok(());
        }
        self.fold_parts();
        let events = std::mem::take(&mut self.unwritten);
        self.store.append_events(self.live.turn_id, &events).await
    }

    /// The last event; returns the lines that still have to be stored with the outcome.
    pub fn done(&mut self, finish: Finish, message_id: Uuid, label: Option<&str>) -> Vec<LoggedEvent> {
        let done = json!({
            "turn_id": self.live.turn_id,
            "message_id": message_id,
            "finish": finish,
            "generated": label.is_some(),
            "label": label,
            "chars": self.text.chars().count(),
            "sha256": hex::encode(Sha256::digest(self.text.as_bytes())),
        });
        self.fold_parts();
        let id = self.number();
        // Readers see `done` only after the outcome is stored: see `end`.
        self.unwritten.push(LoggedEvent { id, event: "done", data: done.to_string() });
        std::mem::take(&mut self.unwritten)
    }

    /// Lets readers see the end. `events` are those of [`Self::done`], now stored.
    pub fn end(self, events: Vec<LoggedEvent>, outcome: Option<Arc<TurnOutcome>>) {
        if let Some(done) = events.into_iter().next_back().filter(|e| e.event == "done") {
            self.live.push(TurnEvent { id: done.id, event: done.event.to_owned(), data: done.data });
        }
        self.live.end(outcome);
    }

    const fn number(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn fold_parts(&mut self) {
        self.oldest_part = None;
        let parts = std::mem::take(&mut self.parts);
        if let Some((id, _)) = parts.last() {
            let id = *id;
            let data = serde_json::to_string(&parts).unwrap_or_else(|_| "[]".to_owned());
            self.unwritten.push(LoggedEvent { id, event: "delta", data });
        }
    }
}

impl Drop for TurnLog {
    /// A turn whose task is gone (a defect in it) ends for those who wait for it.
    fn drop(&mut self) {
        if !self.live.has_ended() {
            self.live.end(None);
        }
    }
}

fn delta_data(text: &str) -> String {
    json!({ "text": text }).to_string()
}

/// Stored lines as the events that readers saw, from the first after `after`.
#[must_use]
pub fn replay(stored: Vec<StoredEvent>, after: u64) -> Vec<TurnEvent> {
    let mut events = Vec::with_capacity(stored.len());
    for line in stored {
        if line.event == "delta" {
            let parts: Vec<(u64, String)> = serde_json::from_str(&line.data).unwrap_or_default();
            for (id, text) in parts {
                events.push(TurnEvent { id, event: "delta".to_owned(), data: delta_data(&text) });
            }
        } else {
            events.push(TurnEvent { id: line.id, event: line.event, data: line.data });
        }
    }
    events.retain(|e| e.id > after);
    events
}

/// What a turn had shown when its process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// Which way it went.
    pub route: Route,
    /// The words that were shown.
    pub text: String,
    /// True when a model was writing them: the AI label belongs to them.
    pub generated: bool,
    /// The last number that was given.
    pub last: u64,
}

/// What a turn had shown when its process ended, from its stored lines.
#[must_use]
pub fn remains(stored: Vec<StoredEvent>) -> Remains {
    let mut remains = Remains { route: Route::Ask, text: String::new(), generated: false, last: 0 };
    let mut announced = false;
    for event in replay(stored, 0) {
        remains.last = event.id;
        let data: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.event.as_str() {
            "turn" => {
                if let Ok(found) = serde_json::from_value(data["route"].clone()) {
                    remains.route = found;
                }
            }
            "status" => announced = true,
            "delta" => remains.text.push_str(data["text"].as_str().unwrap_or_default()),
            _ => {}
        }
    }
    // Only a model that is asked to answer is announced on this route; the text of a guide is shown without.
    remains.generated = announced && remains.route == Route::Ask && !remains.text.is_empty();
    remains
}

/// The `done` line of a turn that broke off.
#[must_use]
pub fn cut_line(turn_id: Uuid, message_id: Uuid, remains: &Remains, label: Option<&str>) -> LoggedEvent {
    let done = json!({
        "turn_id": turn_id,
        "message_id": message_id,
        "finish": Finish::Cut,
        "generated": remains.generated,
        "label": label,
        "chars": remains.text.chars().count(),
        "sha256": hex::encode(Sha256::digest(remains.text.as_bytes())),
    });
    LoggedEvent { id: remains.last + 1, event: "done", data: done.to_string() }
}
