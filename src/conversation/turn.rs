//! One turn: guard → route → answer, intake, progress or channel → end.
//!
//! The six lawful routes are decided by code before anything else; an emergency is answered before anyone waits for
//! anything. Whatever happens, a turn ends with an outcome that is stored and shown.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::followup;
use super::live::TurnLog;
use super::memory::Memory;
use super::message::MessageBody;
use super::outcome::{Citation, Finish, Grounding, Reply, Route, TurnOutcome};
use super::prompts::PromptError;
use super::redact;
use super::service::{Conversations, Incoming};
use super::smalltalk;
use super::store::{Audience, Conversation, EndedTurn, StoreError};
use crate::incident::confirm::ConfirmWord;
use crate::incident::intent::{Intent, IntentKind, classify_intent, tells, wants_report};
use crate::incident::rules::IncidentRules;
use crate::incident::store::StoreError as TicketError;
use crate::knowledge::judge::THRESHOLD;
use crate::knowledge::lexicon::other_trades;
use crate::knowledge::search::KnowledgeError;
use crate::knowledge::trace::Trace;

/// While something is being reported, what is told and not asked is part of it unless a guide speaks of it this surely.
const PLAINLY: f32 = 0.8;

/// A turn could not be finished. What it showed stays; the rest is said plainly.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// Rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Tickets.
    #[error(transparent)]
    Ticket(#[from] TicketError),
    /// Search.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    /// Prompts.
    #[error(transparent)]
    Prompt(#[from] PromptError),
}

/// A turn at work.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub conversation: &'a Conversation,
    /// As typed, normalised.
    pub said: &'a str,
    pub attachments: &'a [Uuid],
    pub memory: Memory,
    /// How the answer was found, for the hit test.
    pub trace: Option<Trace>,
    /// The street's rules as they were when the turn began; it ends by the same ones.
    pub rules: Arc<IncidentRules>,
    pub log: &'a mut TurnLog,
}

impl Turn<'_> {
    /// `text` as it may leave the house.
    pub fn redact(&mut self, text: &str) -> String {
        redact::redact(text, &mut self.memory.vault)
    }

    /// The card of the open draft, unless an emergency still hides it.
    pub fn open_draft_card(&self, rules: &IncidentRules) -> Option<Value> {
        self.memory.draft.as_ref().filter(|_| !self.memory.draft_hidden).map(|d| d.card(rules))
    }
}

/// What a branch has said, beside the words that it already showed.
#[derive(Debug)]
pub(super) struct Said {
    pub citations: Vec<Citation>,
    pub card: Option<Value>,
    pub finish: Finish,
    pub generated: bool,
    pub grounding: Grounding,
}

impl Default for Said {
    fn default() -> Self {
        Self { citations: Vec::new(), card: None, finish: Finish::Complete, generated: false, grounding: Grounding::default() }
    }
}

impl Said {
    pub fn with_card(card: Value) -> Self {
        Self { card: Some(card), ..Self::default() }
    }
}

impl Conversations {
    /// Runs a turn to its end and stores it.
    pub(super) async fn run(self: Arc<Self>, conversation: Conversation, said: String, incoming: Incoming, mut log: TurnLog) {
        let started = std::time::Instant::now();
        let rules = self.parts.rules.load();
        let intent = classify_intent(&said, &rules);
        // First things first: nobody in danger waits for a lock, a model or the end of another answer.
        if intent.kind == IntentKind::Emergency {
            Self::first_words(&intent, &mut log);
        }
        let order = self.order.enter(conversation.id).await;
        let mut memory = match self.parts.store.conversation(conversation.id).await {
            Ok(Some(fresh)) => fresh.memory,
            Ok(None) | Err(_) => conversation.memory.clone(),
        };
        memory.keep_up(&rules, self.now());
        let mut turn = Turn {
            conversation: &conversation,
            said: &said,
            attachments: &incoming.attachments,
            memory,
            trace: None,
            rules,
            log: &mut log,
        };
        // A plain 确认 is answered with the receipt itself.
        if ConfirmWord::read(&said) != Some(ConfirmWord::Yes)
            && let Err(error) = self.close_confirmed(conversation.id, &mut turn.memory).await
        {
            tracing::error!(%error, "a draft could not be looked up");
        }
        // Learn this message's personal data before anything of it can reach a prompt.
        turn.redact(&said);
        let (route, mut result) = self.act(&mut turn, intent).await;
        if let Ok(said) = &mut result
            && route == Route::Report
        {
            self.suggest(&mut turn, said).await;
        }
        let (memory, trace) = (turn.memory, turn.trace);
        let finished = match result {
            Ok(finished) => finished,
            Err(error) => {
                tracing::error!(%error, "a turn failed");
                if log.text().is_empty() {
                    log.delta("抱歉，系统出了点问题，这条消息没有处理成功，请稍后再试。紧急情况请直接拨打110、119、120，其他事项可拨打12345。");
                }
                log.emit("error", &super::failure_problem());
                Said { finish: Finish::Cut, ..Said::default() }
            }
        };
        self.finish(&conversation, log, route, finished, (memory, trace)).await;
        drop(order);
        metrics::histogram!("turn_seconds", "route" => route_word(route)).record(started.elapsed().as_secs_f64());
        metrics::counter!("turns_total", "route" => route_word(route)).increment(1);
    }

    async fn act(&self, turn: &mut Turn<'_>, mut intent: Intent) -> (Route, Result<Said, TurnError>) {
        turn.memory.resumed = false;
        if intent.kind != IntentKind::Emergency {
            // 「有」 to 有没有人受伤？ is one as well, and only the draft knows it.
            intent.emergency = turn.memory.draft.as_ref().and_then(|d| d.danger_told(turn.said, &turn.rules));
            if intent.emergency.is_some() {
                intent.kind = IntentKind::Emergency;
                Self::first_words(&intent, turn.log);
            }
        }
        if intent.kind == IntentKind::Emergency {
            return (Route::Emergency, Ok(self.open_urgent_draft(turn, &intent)));
        }
        // The turn after an emergency brings its draft to light.
        turn.memory.draft_hidden = false;
        if turn.memory.draft.is_some() {
            if let Some(route) = self.draft_route(turn, &intent) {
                turn.log.turn(route);
                return (route, self.go_on_with_draft(turn).await);
            }
            if intent.kind == IntentKind::Ask && tells(turn.said) && self.speaks_of(turn).await < PLAINLY {
                turn.log.turn(Route::Report);
                return (Route::Report, Ok(Self::add_to_draft(turn)));
            }
        } else if Self::confirms_again(turn) {
            turn.log.turn(Route::Report);
            return (Route::Report, self.confirm_again(turn).await);
        } else if let Some(added) = self.supplement_by_words(turn).await.transpose() {
            turn.log.turn(Route::Progress);
            return (Route::Progress, added);
        } else if let Some(rated) = self.rate_by_words(turn).await.transpose() {
            turn.log.turn(Route::Progress);
            return (Route::Progress, rated);
        } else if let Some(text) = smalltalk::of_no_matter(turn.said, &self.now().to_zoned(self.parts.street.zone.clone())) {
            turn.log.turn(Route::Smalltalk);
            turn.log.delta(&text);
            let card = smalltalk::is_angry(turn.said).then(|| Self::offers(turn));
            return (Route::Smalltalk, Ok(Said { card, ..Said::default() }));
        } else if turn.conversation.audience == Audience::Gridworker && smalltalk::asks_for_own_work(turn.said) {
            turn.log.turn(Route::Smalltalk);
            turn.log.delta(smalltalk::OWN_WORK_IS);
            return (Route::Smalltalk, Ok(Said::default()));
        } else if intent.kind == IntentKind::Ask && smalltalk::is_foreign(turn.said) {
            turn.log.turn(Route::Ask);
            turn.log.delta(smalltalk::FOREIGN);
            return (Route::Ask, Ok(Said { finish: Finish::Refused, card: Some(Self::offers(turn)), ..Said::default() }));
        }
        // What is told and no guide speaks of is better written down than turned away.
        if intent.kind == IntentKind::Ask
            && intent.offer_report
            && turn.memory.draft.is_none()
            && !(turn.memory.last_guide.is_some() && followup::is_short(turn.said))
            && tells(turn.said)
            && other_trades(turn.said).is_empty()
        {
            intent.kind = if self.speaks_of(turn).await < THRESHOLD { IntentKind::Report } else { IntentKind::Ask };
        }
        if intent.kind == IntentKind::Report && self.goes_on(turn) {
            intent.kind = IntentKind::Ask;
        }
        let only_pictures = !turn.attachments.is_empty() && matches!(intent.kind, IntentKind::Smalltalk | IntentKind::Ask);
        if intent.kind == IntentKind::Report || only_pictures {
            return self.report(turn).await;
        }
        let route = match intent.kind {
            IntentKind::Ask | IntentKind::Report | IntentKind::Emergency => Route::Ask,
            IntentKind::Progress => Route::Progress,
            IntentKind::Human => Route::Human,
            IntentKind::Smalltalk => Route::Smalltalk,
            IntentKind::Channel => Route::Channel,
            IntentKind::Decline => Route::Decline,
        };
        turn.log.turn(route);
        let said = self.digress(turn, &intent).await;
        if said.as_ref().is_ok_and(|s| s.finish != Finish::Cut) {
            Self::remind_of_draft(turn);
        }
        (route, said)
    }

    /// 「她在外地住院，不能来」 after a question about an allowance is no report of somebody in need.
    fn goes_on(&self, turn: &Turn<'_>) -> bool {
        /// The group of what people are helped with.
        const HELP: &str = "民生与服务";
        let taxonomy = &turn.rules.taxonomy;
        let leaf = || taxonomy.get(&taxonomy.decide(turn.said).ranked.first()?.code);
        turn.memory.draft.is_none()
            && turn.memory.last_guide.is_some()
            && !wants_report(turn.said)
            && (self.is_refused(turn, turn.said)
                || followup::tells_of_person(turn.said) && leaf().is_some_and(|leaf| leaf.group == HELP))
    }

    /// Everything that is no report: the open draft stays as it is.
    async fn digress(&self, turn: &mut Turn<'_>, intent: &Intent) -> Result<Said, TurnError> {
        match intent.kind {
            IntentKind::Ask | IntentKind::Report | IntentKind::Emergency => {
                let question = turn.said.to_owned();
                self.answer(turn, &question).await
            }
            IntentKind::Progress => self.progress(turn, intent).await,
            IntentKind::Human => self.human(turn).await,
            IntentKind::Smalltalk => Ok(self.smalltalk(turn)),
            IntentKind::Channel => Ok(Self::channel(turn, intent)),
            IntentKind::Decline => Ok(Self::decline(turn, intent)),
        }
    }

    /// After a digression: the draft is still open, and what it needs.
    fn remind_of_draft(turn: &mut Turn<'_>) {
        let rules = &turn.rules;
        let Some(draft) = turn.memory.draft.as_mut() else { return };
        let question = draft.next_question(rules);
        draft.asked = question.as_ref().map(|q| q.field.clone());
        let next = question.map_or_else(|| "没有问题就回复“确认”。".to_owned(), |q| q.text);
        turn.log.delta(&format!("\n\n您要报的{}还没提交。{next}", draft.spoken_name(rules)));
    }

    /// A new matter: a draft, unless it only repeats a ticket or goes elsewhere.
    async fn report(&self, turn: &mut Turn<'_>) -> (Route, Result<Said, TurnError>) {
        let (route, draft, applied) = self.read_matter(turn);
        match self.repeated(turn, &draft).await {
            Ok(Some(ticket)) => {
                turn.log.turn(Route::Progress);
                (Route::Progress, self.show_progress(turn, &ticket, true).await)
            }
            Ok(None) => {
                turn.log.turn(route);
                (route, self.start_draft(turn, draft, applied).await)
            }
            Err(error) => {
                turn.log.turn(route);
                (route, Err(error))
            }
        }
    }

    /// Stores the end and shows it.
    async fn finish(
        &self,
        conversation: &Conversation,
        mut log: TurnLog,
        route: Route,
        said: Said,
        (memory, trace): (Memory, Option<Trace>),
    ) {
        let reply_id = self.parts.ids.uuid();
        let label = said.generated.then(|| self.parts.street.ai_label.clone());
        if !said.citations.is_empty() {
            log.emit("citations", &said.citations);
        }
        if let Some(card) = said.card.as_ref().filter(|_| !log.has_card()) {
            log.emit("card", card);
        }
        let events = log.done(said.finish, reply_id, label.as_deref());
        let outcome = TurnOutcome {
            turn_id: log.turn_id(),
            message_id: reply_id,
            route,
            reply: Reply {
                text: log.text().to_owned(),
                generated: said.generated,
                label: label.clone(),
                citations: said.citations,
                grounding: said.grounding,
            },
            card: said.card,
            finish: said.finish,
        };
        let body = MessageBody {
            text: outcome.reply.text.clone(),
            route: Some(route),
            citations: outcome.reply.citations.clone(),
            card: outcome.card.clone(),
            finish: Some(outcome.finish),
            generated: outcome.reply.generated,
            label,
            attachments: Vec::new(),
        };
        let stored = self
            .parts
            .store
            .end_turn(EndedTurn {
                turn_id: outcome.turn_id,
                conversation_id: conversation.id,
                reply_id,
                reply: &body,
                outcome: &outcome,
                events: &events,
                memory: Some(&memory),
                trace: trace.as_ref(),
                at: self.now(),
            })
            .await;
        if let Err(error) = stored {
            tracing::error!(%error, "the end of a turn was not stored; it will be marked as cut at the next start");
        }
        log.end(events, Some(Arc::new(outcome)));
    }

    fn smalltalk(&self, turn: &mut Turn<'_>) -> Said {
        let text = smalltalk::reply(turn.said, &self.parts.street.name, turn.memory.draft.is_some());
        turn.log.delta(&text);
        Said { card: turn.open_draft_card(&turn.rules), ..Said::default() }
    }

    /// A person: the grid's own post when the place is known, and the street's number.
    async fn human(&self, turn: &mut Turn<'_>) -> Result<Said, TurnError> {
        let human = &self.parts.street.human;
        let mut text = String::new();
        let mut own = Vec::new();
        let grid_code = if let Some(code) = turn.memory.draft.as_ref().and_then(|d| d.place.grid_code.clone()) {
            Some(code)
        } else {
            let told = turn.rules.places_at(self.now()).find(turn.said).place.grid_code;
            match told {
                Some(code) => Some(code),
                None => self.parts.tickets.by_conversation(turn.conversation.id).await?.pop().and_then(|t| t.place.grid_code),
            }
        };
        if let Some(grid) = grid_code.as_deref().and_then(|code| turn.rules.places.gazetteer().grid(code)) {
            let phone = if grid.phone.is_empty() { String::new() } else { format!("，电话{}", grid.phone) };
            text.push_str(&format!("您那里可以找{}{phone}。", grid.handler_post));
            if !grid.phone.is_empty() {
                own = vec![json!({ "label": format!("拨打{}", grid.handler_post), "tel": grid.phone })];
            }
        }
        text.push_str(&human.text);
        turn.log.delta(&text);
        let mut numbers = own.clone();
        numbers.push(json!({ "label": "政务服务便民热线", "tel": human.tel }));
        numbers.extend(self.parts.street.hotlines.iter().filter(|h| h.tel != human.tel).take(4).map(|h| json!(h)));
        let card = turn.open_draft_card(&turn.rules).unwrap_or_else(|| {
            let mut options = own;
            options.push(json!({ "label": format!("拨打{}", human.tel), "tel": human.tel }));
            options.push(json!({ "label": "我要上报", "send": "我要上报" }));
            json!({ "kind": "choices", "options": options, "numbers": numbers })
        });
        Ok(Said::with_card(card))
    }

    /// The lawful channel: what it is, where it is, no promise of a result.
    fn channel(turn: &mut Turn<'_>, intent: &Intent) -> Said {
        if let Some(channel) = &intent.channel {
            let mut text = format!("{}，我这里不能登记，给您说说该怎么走。\n{}", channel.kind.whose(), channel.text);
            let tel = if channel.tel.is_empty() { String::new() } else { format!("，电话{}", channel.tel) };
            if !channel.body.is_empty() {
                text.push_str(&format!("\n该找：{}{tel}", channel.body));
            }
            if !channel.basis.is_empty() {
                text.push_str(&format!("\n依据：{}", channel.basis));
            }
            turn.log.delta(&text);
        }
        Said { card: turn.open_draft_card(&turn.rules), ..Said::default() }
    }

    /// Secrets, other people's privacy, unlawful wishes: explained, not done.
    fn decline(turn: &mut Turn<'_>, intent: &Intent) -> Said {
        if let Some(channel) = &intent.channel {
            let mut text = channel.text.clone();
            if !channel.basis.is_empty() {
                text.push_str(&format!("\n依据：{}", channel.basis));
            }
            turn.log.delta(&text);
        }
        Said { card: turn.open_draft_card(&turn.rules), finish: Finish::Refused, ..Said::default() }
    }
}

/// Metric label of a route.
const fn route_word(route: Route) -> &'static str {
    match route {
        Route::Ask => "ask",
        Route::Report => "report",
        Route::Progress => "progress",
        Route::Channel => "channel",
        Route::Emergency => "emergency",
        Route::Smalltalk => "smalltalk",
        Route::Human => "human",
        Route::Decline => "decline",
    }
}
