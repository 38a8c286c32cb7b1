//! The conversation room's door: posting a message, reading a turn, the draft's buttons, the right to delete.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::evidence::Positions;
use super::live::{self, LiveTurn, LiveTurns, TurnEvent, TurnLog};
use super::memory::Memory;
use super::message::{Message, MessageBody};
use super::news::NewsBus;
use super::order::Order;
use super::outcome::{Finish, Reply, TurnOutcome};
use super::prompts::Prompts;
use super::store::{Audience, Begun, Blobs, Conversation, ConversationStore, EndedTurn, NewTurn, Owner, StoreError, StoredTurn};
use super::street::Street;
use crate::config::{AttachmentSettings, ConversationSettings};
use crate::core::clock::Clock;
use crate::core::ids::Ids;
use crate::core::text;
use crate::identity;
use crate::incident::bell::Bell;
use crate::incident::clock_store::NoticeStore;
use crate::incident::destinations::Destinations;
use crate::incident::duplicates::open::OpenTickets;
use crate::incident::duplicates::store::MergeStore;
use crate::incident::evidence::EvidenceStore;
use crate::incident::news::NewsStore;
use crate::incident::rules::Rules;
use crate::incident::store::TicketStore;
use crate::knowledge::curation::Curation;
use crate::knowledge::search::Knowledge;
use crate::llm::budget::TokenCounter;
use crate::llm::port::ChatModel;

/// Everything that the room needs from others.
pub struct Parts {
    /// Rows.
    pub store: Arc<dyn ConversationStore>,
    /// Bytes of attachments.
    pub blobs: Arc<dyn Blobs>,
    /// What answers rest on.
    pub knowledge: Arc<Knowledge>,
    /// Fixed answers, and what becomes of gaps.
    pub curation: Arc<Curation>,
    /// The street's rules for incidents; a turn and a button load them once.
    pub rules: Rules,
    /// Tickets.
    pub tickets: Arc<dyn TicketStore>,
    /// What is added to tickets later.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Limits of attachments.
    pub attachments: AttachmentSettings,
    /// Moves that were not told yet.
    pub moves: Arc<dyn NewsStore>,
    /// What residents are told beside the moves: a missed deadline.
    pub notices: Arc<dyn NoticeStore>,
    /// Joining tickets.
    pub merges: Arc<dyn MergeStore>,
    /// Tickets that a draft may be about.
    pub open: Arc<OpenTickets>,
    /// `None` = answers from the text, tickets by rules.
    pub model: Option<Arc<dyn ChatModel>>,
    /// What a model is told.
    pub prompts: Arc<Prompts>,
    /// Token counting.
    pub tokens: Arc<TokenCounter>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub ids: Arc<dyn Ids>,
    /// Limits of a turn.
    pub settings: ConversationSettings,
    /// The street itself.
    pub street: Arc<Street>,
    /// Platforms that receive a ticket.
    pub destinations: Destinations,
    /// Rung when a ticket waits to be delivered.
    pub bell: Bell,
    /// Set when the service ends: running turns are cut.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// The conversation room.
#[derive(Debug)]
pub struct Conversations {
    pub(super) parts: Parts,
    pub(super) live: LiveTurns,
    pub(super) order: Order,
    pub(super) news: NewsBus,
    pub(super) positions: Positions,
    pub(super) tasks: TaskTracker,
}

/// A message as it comes in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Given by the client; the same again is the same turn.
    pub client_message_id: String,
    /// As typed.
    pub text: String,
    /// Attachments of this conversation.
    pub attachments: Vec<Uuid>,
}

/// A turn that was asked for.
#[derive(Debug)]
pub enum Posted {
    /// It runs, or has just run, in this process.
    Live(Arc<LiveTurn>),
    /// It ended before.
    Stored(Box<StoredTurn>),
}

/// What became of a message in storage.
#[derive(Debug)]
enum Taken {
    /// It is new and is being answered.
    New(Arc<LiveTurn>),
    /// It is the message of this turn, said again.
    Known(Uuid),
}

/// A message is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// Nothing was said and nothing attached.
    #[error("empty message")]
    Empty,
    /// Longer than `limit` characters.
    #[error("message of {chars} characters, at most {limit}")]
    TooLong {
        /// As sent.
        chars: usize,
        /// Allowed.
        limit: usize,
    },
    /// `client_message_id` is missing or longer than 100 characters.
    #[error("client_message_id must have 1 to 100 characters")]
    BadClientId,
    /// An attachment that is not this conversation's.
    #[error("unknown attachment {0}")]
    UnknownAttachment(Uuid),
    /// More than one matter may have, in words for the sender.
    #[error("{0}")]
    TooManyAttachments(String),
    /// Nobody can say whether it was stored: what took it is gone. The same again finds out.
    #[error("the task that took the message is gone")]
    Lost,
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A conversation that was just made.
#[derive(Debug)]
pub struct Opened {
    /// Public id.
    pub id: Uuid,
    /// The only key to it; never stored.
    pub token: String,
}

impl Conversations {
    /// Puts the room together.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            parts,
            live: LiveTurns::default(),
            order: Order::default(),
            news: NewsBus::default(),
            positions: Positions::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// The street that it speaks for.
    #[must_use]
    pub fn street(&self) -> &Street {
        &self.parts.street
    }

    /// Longest message in characters.
    #[must_use]
    pub const fn max_chars(&self) -> usize {
        self.parts.settings.max_chars
    }

    /// Days that conversations without a ticket are kept; 0 = never deleted by itself.
    #[must_use]
    pub const fn retention_days(&self) -> u32 {
        self.parts.settings.retention_days
    }

    /// Ready when the service ends: streams without an end of their own stop then.
    pub fn ended(&self) -> WaitForCancellationFutureOwned {
        self.parts.stop.clone().cancelled_owned()
    }

    /// Makes a conversation.
    pub async fn open(&self, channel: String, audience: Audience) -> Result<Opened, StoreError> {
        let token = self.parts.ids.secret();
        let conversation = Conversation {
            id: self.parts.ids.uuid(),
            token_hash: identity::hash(&token),
            channel,
            audience,
            memory: Memory::default(),
        };
        self.parts.store.create(&conversation, self.parts.clock.now()).await?;
        Ok(Opened { id: conversation.id, token })
    }

    /// Looks a conversation up.
    pub async fn conversation(&self, id: Uuid) -> Result<Option<Conversation>, StoreError> {
        self.parts.store.conversation(id).await
    }

    /// The conversation that a token is the key of.
    pub async fn conversation_of_token(&self, token: &str) -> Result<Option<Conversation>, StoreError> {
        self.parts.store.conversation_of_token(&identity::hash(token)).await
    }

    /// Takes a message and answers it in a task of its own: the caller may go away.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing for a message that was taken: it is stored and answered.
    pub async fn post(self: &Arc<Self>, conversation: Conversation, incoming: Incoming) -> Result<Posted, PostError> {
        let count = incoming.client_message_id.chars().count();
        if count == 0 || count > 100 {
            return Err(PostError::BadClientId);
        }
        let chars = incoming.text.chars().count();
        if chars > self.parts.settings.max_chars {
            return Err(PostError::TooLong { chars, limit: self.parts.settings.max_chars });
        }
        let said = text::normalize(&incoming.text);
        if said.trim().is_empty() && incoming.attachments.is_empty() {
            return Err(PostError::Empty);
        }
        if let Some(id) = self.foreign(Owner::Conversation(conversation.id), &incoming.attachments).await? {
            return Err(PostError::UnknownAttachment(id));
        }
        if !incoming.attachments.is_empty() {
            let held = conversation.memory.draft.as_ref().map_or(&[][..], |draft| &draft.attachments);
            if let Some(words) = self.too_many(held, &incoming.attachments).await? {
                return Err(PostError::TooManyAttachments(words));
            }
        }
        // In a task of its own from the first row on: a message that is stored has a turn, wherever its sender hangs up.
        let (tell, told) = oneshot::channel();
        let room = Arc::clone(self);
        let of = conversation.id;
        self.tasks.spawn(async move { room.take(conversation, said, incoming, tell).await });
        let known = match told.await {
            Ok(Ok(Taken::New(live))) => return Ok(Posted::Live(live)),
            Ok(Ok(Taken::Known(known))) => known,
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(PostError::Lost),
        };
        self.turn(of, known).await?.ok_or(PostError::Store(StoreError::Corrupt {
            what: "turns.id",
            why: "a turn that was just found is gone".to_owned(),
        }))
    }

    /// Stores a message, says what came of it, and answers it when it is new.
    async fn take(
        self: Arc<Self>,
        conversation: Conversation,
        said: String,
        incoming: Incoming,
        tell: oneshot::Sender<Result<Taken, StoreError>>,
    ) {
        let body =
            MessageBody { text: incoming.text.clone(), attachments: incoming.attachments.clone(), ..MessageBody::default() };
        let turn_id = self.parts.ids.uuid();
        let live = self.live.open(turn_id);
        let begun = self
            .parts
            .store
            .begin_turn(NewTurn {
                turn_id,
                conversation_id: conversation.id,
                client_message_id: &incoming.client_message_id,
                message_id: self.parts.ids.uuid(),
                body: &body,
                at: self.parts.clock.now(),
            })
            .await;
        // Whoever hung up meanwhile does not hear it.
        let _ = match begun {
            Ok(Begun::New) => {
                let log = TurnLog::new(Arc::clone(&live), Arc::clone(&self.parts.store));
                let heard = tell.send(Ok(Taken::New(live)));
                self.run(conversation, said, incoming, log).await;
                heard
            }
            Ok(Begun::Known(known)) => {
                self.live.forget(turn_id);
                tell.send(Ok(Taken::Known(known)))
            }
            Err(error) => {
                self.live.forget(turn_id);
                tell.send(Err(error))
            }
        };
    }

    /// A turn, from memory or storage.
    pub async fn turn(&self, conversation_id: Uuid, turn_id: Uuid) -> Result<Option<Posted>, StoreError> {
        let Some(stored) = self.parts.store.turn(conversation_id, turn_id).await? else { return Ok(None) };
        if let Some(live) = self.live.get(turn_id).filter(|live| !live.has_failed()) {
            return Ok(Some(Posted::Live(live)));
        }
        Ok(Some(Posted::Stored(Box::new(stored))))
    }

    /// How a turn ended, as it was stored; `None` when there is none or it still runs.
    pub async fn outcome(&self, conversation_id: Uuid, turn_id: Uuid) -> Result<Option<TurnOutcome>, StoreError> {
        Ok(self.parts.store.turn(conversation_id, turn_id).await?.and_then(|t| t.outcome))
    }

    /// The events of a turn that has left memory, after `after`.
    pub async fn stored_events(&self, turn_id: Uuid, after: u64) -> Result<Vec<TurnEvent>, StoreError> {
        Ok(live::replay(self.parts.store.turn_events(turn_id, after).await?, after))
    }

    /// True when the turn runs in this process now.
    #[must_use]
    pub fn is_running(&self, turn_id: Uuid) -> bool {
        self.live.is_running(turn_id)
    }

    /// Messages after `after`, oldest first.
    pub async fn messages(&self, conversation_id: Uuid, after: i64) -> Result<Vec<Message>, StoreError> {
        self.parts.store.messages(conversation_id, after, 500).await
    }

    /// The resident's right to delete: words, draft, placeholders and attachments. Tickets that were confirmed stay.
    pub async fn delete(&self, conversation_id: Uuid) -> Result<(), StoreError> {
        let _order = self.order.enter(conversation_id).await;
        let gone = self.parts.store.delete(conversation_id).await?;
        self.remove_files(&gone).await
    }

    /// Deletes conversations that nobody wrote to for longer than the retention; returns how many.
    pub async fn forget_old(&self) -> Result<usize, StoreError> {
        let days = i64::from(self.parts.settings.retention_days);
        if days == 0 {
            return Ok(0);
        }
        let before = self.parts.clock.now() - SignedDuration::from_hours(24 * days);
        let old = self.parts.store.expired(before, 200).await?;
        for id in &old {
            self.delete(*id).await?;
        }
        Ok(old.len())
    }

    /// Marks the turns that a crash broke off as cut, with what they had shown; those that run in this process are
    /// left alone. Returns how many. Two callers at once do no harm: a turn ends once.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        let mut broken = self.parts.store.running_turns().await?;
        // What runs here and now is not broken off.
        broken.retain(|turn| !self.live.is_running(turn.id));
        for turn in &broken {
            let remains = live::remains(self.parts.store.turn_events(turn.id, 0).await?);
            let reply_id = self.parts.ids.uuid();
            let label = remains.generated.then(|| self.parts.street.ai_label.clone());
            let done = live::cut_line(turn.id, reply_id, &remains, label.as_deref());
            let live::Remains { route, text, generated, .. } = remains;
            let reply = Reply { text: text.clone(), generated, label: label.clone(), ..Reply::default() };
            let outcome = TurnOutcome { turn_id: turn.id, message_id: reply_id, route, reply, card: None, finish: Finish::Cut };
            let body =
                MessageBody { text, route: Some(route), finish: Some(Finish::Cut), generated, label, ..MessageBody::default() };
            self.parts
                .store
                .end_turn(EndedTurn {
                    turn_id: turn.id,
                    conversation_id: turn.conversation_id,
                    reply_id,
                    reply: &body,
                    outcome: &outcome,
                    events: &[done],
                    memory: None,
                    trace: None,
                    at: self.now(),
                })
                .await?;
        }
        Ok(broken.len())
    }

    /// Waits until no turn runs. New turns can still be posted; stop the listener first.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(super) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }
}
