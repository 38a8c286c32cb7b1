//! A question: passages → words with figures that stand and citations that the program makes.
//!
//! With a model, its words flow through the figure gate; without one, or when it fails before its first word, the
//! answer is the text of the guide itself.

use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::facets;
use super::figures::{FigureGate, GatePassage};
use super::followup;
use super::live;
use super::message::{Message, Role};
use super::outcome::{Citation, Finish, Grounding, LawSource};
use super::service::Conversations;
use super::standing;
use super::store::NewGap;
use super::turn::{Said, Turn, TurnError};
use crate::incident::draft::Draft;
use crate::incident::rules::IncidentRules;
use crate::knowledge::asof::{self, AsOf};
use crate::knowledge::curated_match::Found;
use crate::knowledge::document::{Audience as Readers, DocumentMeta, Shape};
use crate::knowledge::search::{Decision, Hit, Outcome, Query, Scope};
use crate::llm::budget;
use crate::llm::port::{self, FinishReason, StreamItem};

/// Characters of the sections between conclusion and address: more is not read on a phone.
const SECTION_CHARS: usize = 360;
/// From here on a section says something to the question (see `facets`).
const FITS: f32 = 3.0;
/// A short question that may lean on the one before is one of its own from this probability on, whatever it leaves out.
const OF_ITS_OWN: f32 = 0.66;
/// The same for one that says that it goes on.
const OF_ITS_OWN_ALL_THE_SAME: f32 = 0.85;
/// How a proxy's page begins where an answer should be.
const MARKUP: [&str; 5] = ["<!doctype", "<html", "<?xml", "<head", "```html"];

/// A passage that was given to the answer under a number.
#[derive(Debug, Clone)]
struct Numbered {
    n: u32,
    hit: Hit,
}

/// What an answer may rest on.
#[derive(Debug, Default)]
struct Chosen {
    passages: Vec<Numbered>,
    /// The first so many are the answer when no model writes one; the rest is context for a model.
    telling: usize,
}

impl Conversations {
    /// Answers `question` from the knowledge, or says honestly that there is nothing.
    pub(super) async fn answer(&self, turn: &mut Turn<'_>, question: &str) -> Result<Said, TurnError> {
        let today = self.scope(turn);
        let then = asof::read(question, today.on);
        // A fixed answer is about today.
        let fixed = if then.is_none() { self.look_for_fixed(question, &today) } else { Found::default() };
        let mut trace = Self::trace(question, &turn.memory.vault, &today, &fixed);
        if let Some(given) = &fixed.given {
            turn.trace = Some(trace);
            turn.memory.last_question = Some(question.to_owned());
            turn.memory.last_guide = None;
            return Ok(Self::give(turn, given));
        }
        let asked = then.as_ref().map_or(question, |t| t.rest.as_str());
        let matter = then.is_none() || asof::has_matter(asked) || turn.memory.last_question.is_some();
        let (outcome, question) = self.find_then(turn, asked, then.as_ref(), &today, matter).await?;
        trace.searched(&outcome);
        trace.on = then.as_ref().filter(|t| !t.ahead).map_or(trace.on, |t| t.last);
        trace.question = super::redact::redact(&question, &mut turn.memory.vault.clone());
        turn.trace = Some(trace);
        let guide = outcome.hits.first().map(|hit| hit.document.id.clone());
        // What goes on with the same guide adds nothing that the next question would need.
        if matter && (guide.is_none() || guide != turn.memory.last_guide || turn.memory.last_question.is_none()) {
            turn.memory.last_question = Some(question.clone());
        }
        if outcome.decision == Decision::NotFound {
            return Ok(self.nothing_found(turn, &outcome, &question, then.as_ref().filter(|t| !t.ahead), matter).await);
        }
        if let Some(preface) = standing::preface(&outcome, then.as_ref(), &self.parts.knowledge.catalog(), &today) {
            turn.log.delta(&preface);
        }
        if guide != turn.memory.last_guide {
            turn.memory.shown.clear();
        }
        turn.memory.last_guide = guide;
        let chosen = self.choose(turn, &outcome);
        for Numbered { hit, .. } in chosen.passages.iter().take(chosen.telling) {
            if !turn.memory.shown.contains(&hit.passage.heading) {
                turn.memory.shown.push(hit.passage.heading.clone());
            }
        }
        if let Some(model) = self.parts.model.as_ref().filter(|m| m.ready()) {
            match self.answer_by_model(turn, Arc::clone(model), &chosen.passages, &question).await? {
                Some(said) => return Ok(said),
                None => metrics::counter!("answer_fallback_total").increment(1),
            }
        }
        Ok(Self::extract(turn, &chosen))
    }

    /// How surely the knowledge has something on what was said, 0..1; a search that fails is sure.
    pub(super) async fn speaks_of(&self, turn: &Turn<'_>) -> f32 {
        let query = Query { text: turn.said.to_owned(), scope: self.scope(turn), limit: 4 };
        self.parts.knowledge.search(&query).await.map_or(1.0, |found| found.top_score)
    }

    /// Whether it only tells that somebody will not do what the last guide says, and that guide has to do with them.
    pub(super) fn is_refused(&self, turn: &Turn<'_>, said: &str) -> bool {
        let named = match followup::refuser(said) {
            None => return false,
            Some(followup::Refuser::Known) => return turn.memory.last_guide.is_some(),
            Some(followup::Refuser::Named(named)) => named,
        };
        let catalog = self.parts.knowledge.catalog();
        let guide = turn.memory.last_guide.as_deref();
        let guides = catalog.units().iter().filter(|unit| Some(unit.meta.id.as_str()) == guide);
        let mut texts = guides.flat_map(|unit| {
            unit.meta.questions.iter().map(String::as_str).chain(unit.passages.iter().map(|passage| passage.text.as_str()))
        });
        texts.any(|text| text.contains(named))
    }

    /// The procedure for what a gridworker tells, with the name of its category: its title. A case is reported and handled at once.
    pub(super) async fn procedure_for(&self, turn: &mut Turn<'_>) -> Option<String> {
        let matter = turn.memory.draft.as_ref().and_then(|draft| told(draft, &turn.rules))?;
        let found = self.among_procedures(turn, &format!("{matter} 怎么处置")).await.ok()??;
        let title = found.hits.first()?.document.title.clone();
        turn.memory.last_question = Some(matter);
        Some(title)
    }

    /// What the procedures say, for a gridworker; none when they say nothing.
    async fn among_procedures(&self, turn: &Turn<'_>, text: &str) -> Result<Option<Outcome>, TurnError> {
        if turn.conversation.audience != super::store::Audience::Gridworker {
            return Ok(None);
        }
        let scope = Scope { audiences: vec![Readers::Gridworker], ..self.scope(turn) };
        let query = Query { text: text.to_owned(), scope, limit: self.parts.settings.passages.max(4) * 2 };
        let found = self.parts.knowledge.search(&query).await?;
        Ok((found.decision == Decision::Answerable).then_some(found))
    }

    /// Searches on the days that the question is about: the last of them, else the first. Days to come are not answered:
    /// what is not in force yet is asked for as of today.
    async fn find_then(
        &self,
        turn: &mut Turn<'_>,
        question: &str,
        then: Option<&AsOf>,
        today: &Scope,
        matter: bool,
    ) -> Result<(Outcome, String), TurnError> {
        let Some(then) = then else { return self.find(turn, question, today).await };
        if !matter {
            let nothing = Outcome { hits: Vec::new(), decision: Decision::NotFound, top_score: 0.0, expired: None };
            return Ok((nothing, question.to_owned()));
        }
        // 「那2023年呢」 goes on with the question before.
        let whole = match turn.memory.last_question.clone().filter(|_| !asof::has_matter(question)) {
            Some(before) => before,
            None => question.to_owned(),
        };
        let days = if then.ahead { [today.on, today.on] } else { [then.last, then.first] };
        let (outcome, understood) = self.find(turn, &whole, &standing::on(today, days[0])).await?;
        if outcome.decision == Decision::Answerable || days[0] == days[1] {
            return Ok((outcome, understood));
        }
        self.find(turn, &whole, &standing::on(today, days[1])).await
    }

    /// Searches for the question, as a follow-up of the one before when it does not stand alone.
    async fn find(&self, turn: &mut Turn<'_>, question: &str, scope: &Scope) -> Result<(Outcome, String), TurnError> {
        let limit = self.parts.settings.passages.max(4) * 2;
        let search = async |text: &str| {
            self.parts
                .knowledge
                .search(&Query { text: text.to_owned(), scope: scope.clone(), limit })
                .await
                .map_err(TurnError::from)
        };
        // 「找哪个」 in the middle of a report asks about what is being reported.
        let reported =
            turn.memory.draft.as_ref().and_then(|d| told(d, &turn.rules)).filter(|_| followup::names_nothing(question));
        let before = reported.or_else(|| turn.memory.last_question.clone()).filter(|_| followup::leans_on_before(question));
        let Some(before) = before else {
            return Ok((search(question).await?, question.to_owned()));
        };
        let rewritten = match self.rewrite(turn, question).await {
            Some(rewritten) => rewritten,
            None => followup::joined(&before, question),
        };
        let mut together = search(&rewritten).await?;
        let last = turn.memory.last_guide.as_deref();
        let kept = |found: &Outcome| last.is_some_and(|id| found.hits.iter().any(|hit| hit.document.id == id));
        let stays = |found: &mut Outcome| found.hits.sort_by_key(|hit| Some(hit.document.id.as_str()) != last);
        if followup::names_nothing(question) {
            // Whoever handles a case asks how it is handled, not what residents are told.
            let procedures = self.among_procedures(turn, &rewritten).await?;
            return Ok((procedures.unwrap_or(together), rewritten));
        }
        let alone = search(question).await?;
        let title = |found: &Outcome| found.hits.first().is_some_and(|hit| followup::share(question, &hit.document.title) >= 0.5);
        let says_so = followup::leans_by_word(question);
        // 「租的房子呢」 goes on with the guide before, 「那身份证呢」 asks for another one by its name.
        let goes_on = followup::goes_on(question) || self.is_refused(turn, question);
        if kept(&together) && (goes_on || says_so && !title(&together)) {
            stays(&mut together);
        }
        // A short text may still be a question of its own ("居住证怎么办"): the better supported reading wins.
        let share = |found: &Outcome| found.hits.first().map_or(0.0, |best| followup::share(question, &self.whole_text(best)));
        // Ten characters and more mostly say what they are about: no other guide may hold more of them.
        let joint_holds = if followup::is_short(question) || says_so {
            together.hits.is_empty() || share(&together) > 0.0
        } else {
            share(&together) > 0.0 && share(&together) >= share(&alone)
        };
        let own_matter = match alone.decision {
            Decision::Answerable if followup::names_another(question) && title(&alone) => true,
            // 「那残疾人呢」 goes on, but about somebody of whom the last guide says nothing.
            Decision::Answerable if kept(&together) => {
                let least = if says_so { OF_ITS_OWN_ALL_THE_SAME } else { OF_ITS_OWN };
                let plain = alone.top_score >= least || title(&alone) || !followup::is_short(question);
                !goes_on && (!joint_holds && plain || !says_so && alone.top_score > together.top_score)
            }
            Decision::Answerable => !joint_holds || (!says_so && alone.top_score > together.top_score),
            // Nothing about its own matter: better an honest no than the guide of the last one.
            Decision::NotFound => !says_so && !joint_holds && followup::asks_wholly(question),
        };
        Ok(if own_matter { (alone, question.to_owned()) } else { (together, rewritten) })
    }

    /// A document's words: title, questions and all passages.
    fn whole_text(&self, hit: &Hit) -> String {
        let mut text =
            format!("{}\n{}\n{}", hit.document.title, hit.document.keywords.join("\n"), hit.document.questions.join("\n"));
        for passage in self.parts.knowledge.neighbours(&hit.passage, 1000) {
            text.push('\n');
            text.push_str(&passage.heading);
            text.push('\n');
            text.push_str(&passage.text);
        }
        text
    }

    /// Lets the model make a follow-up stand alone; `None` without a model or when its words are unusable.
    async fn rewrite(&self, turn: &mut Turn<'_>, question: &str) -> Option<String> {
        let model = self.parts.model.as_ref().filter(|m| m.ready())?;
        let history = self.history(turn).await;
        let safe = turn.redact(question);
        let mut request = self.parts.prompts.render("rewrite", &json!({ "question": safe }), &history).ok()?;
        request.time_limit = Some(std::time::Duration::from_secs(4));
        let text = model.complete(request).await.ok()?.text;
        let line = text.lines().map(str::trim).find(|l| !l.is_empty())?.trim_start_matches("改写：").trim();
        (line.chars().count() >= 2 && line.chars().count() <= 120).then(|| line.to_owned())
    }

    fn scope(&self, turn: &Turn<'_>) -> Scope {
        let audiences = match turn.conversation.audience {
            super::store::Audience::Resident => vec![Readers::Resident, Readers::All],
            super::store::Audience::Gridworker => vec![Readers::Gridworker, Readers::Resident, Readers::All],
        };
        let today = self.parts.clock.now().to_zoned(self.parts.street.zone.clone()).date();
        Scope { audiences, areas: self.parts.street.areas.clone(), on: today }
    }

    /// The passages that the answer may rest on, numbered in the order of use: of the best guide its conclusion, the
    /// sections that fit the question, whom to ask; then what other documents say.
    fn choose(&self, turn: &Turn<'_>, outcome: &Outcome) -> Chosen {
        let Some(best) = outcome.hits.first() else { return Chosen::default() };
        let mut chosen: Vec<Hit> = Vec::new();
        if best.document.shape == Shape::Guide {
            let own = self.parts.knowledge.neighbours(&best.passage, 1000).into_iter();
            let own: Vec<Hit> = own.map(|passage| Hit { passage, ..best.clone() }).collect();
            // Who asks on has seen a procedure whole: of it, what answers; else what was not shown yet.
            let fits = |h: &Hit| facets::fit(turn.said, &h.document.title, &h.passage.heading, &h.passage.text) >= 1.0;
            let whole = is_procedure(&best.document) && (turn.memory.shown.is_empty() || !own.iter().skip(1).any(fits));
            chosen = if whole { own } else { telling_sections(own, turn.said, &turn.memory.shown) };
        } else {
            chosen.push(best.clone());
        }
        let telling = chosen.len();
        if best.document.shape == Shape::Clauses {
            // 前款, 前条: what stands before and after a clause says what it speaks of. Read with it, not shown by itself.
            let around = self.parts.knowledge.neighbours(&best.passage, 1).into_iter().filter(|p| p.id != best.passage.id);
            chosen.extend(around.map(|passage| Hit { passage, ..best.clone() }));
        }
        let room = self.parts.settings.passages.max(chosen.len());
        for hit in &outcome.hits {
            if chosen.len() >= room {
                break;
            }
            if !chosen.iter().any(|c| c.passage.id == hit.passage.id) {
                chosen.push(hit.clone());
            }
        }
        Chosen { passages: chosen.into_iter().zip(1..).map(|(hit, n)| Numbered { n, hit }).collect(), telling }
    }

    /// Streams the model's words; `None` when it failed before its first word.
    async fn answer_by_model(
        &self,
        turn: &mut Turn<'_>,
        model: Arc<dyn port::ChatModel>,
        passages: &[Numbered],
        question: &str,
    ) -> Result<Option<Said>, TurnError> {
        let history = self.history(turn).await;
        let safe = turn.redact(question);
        let fitting = self.fit(turn, passages, &history, &safe)?;
        let Some((request, passages)) = fitting else { return Ok(None) };
        turn.log.emit("status", &json!({ "text": "正在根据知识库整理答案…" }));
        let opened = tokio::select! {
            () = self.parts.stop.cancelled() => return Ok(None),
            opened = model.stream(request) => opened,
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(error = error.label(), "the model failed before its first word; answering from the text");
                return Ok(None);
            }
        };
        let gate_passages: Vec<GatePassage> = passages
            .iter()
            .map(|p| GatePassage {
                n: p.n,
                text: format!("{} {}\n{}", p.hit.document.title, p.hit.passage.heading, p.hit.passage.text),
            })
            .collect();
        let mut gate = FigureGate::new(&gate_passages);
        let mut shown = false;
        let mut head = String::new();
        let mut finish = Finish::Cut;
        loop {
            // What was shown is written even while the model thinks: a crash then cuts the answer where the reader saw it end.
            let item = loop {
                tokio::select! {
                    () = self.parts.stop.cancelled() => break None,
                    item = stream.next() => break item,
                    () = tokio::time::sleep(live::COALESCE), if turn.log.is_unwritten() => turn.log.flush_if_due().await?,
                }
            };
            match item {
                Some(Ok(StreamItem::Text(text))) if shown => {
                    turn.log.delta(&gate.push(&text));
                    turn.log.flush_if_due().await?;
                }
                Some(Ok(StreamItem::Text(text))) => {
                    head.push_str(&text);
                    match opening(&head) {
                        Opening::Unclear => {}
                        Opening::Markup => {
                            tracing::warn!("the model answered with markup; answering from the text");
                            return Ok(None);
                        }
                        Opening::Words => {
                            shown = true;
                            turn.log.delta(&gate.push(head.trim_start()));
                        }
                    }
                }
                Some(Ok(StreamItem::Finish(reason))) => {
                    // A sentence that ran into a limit is not a whole answer.
                    let whole = !matches!(reason, FinishReason::Length | FinishReason::Filtered);
                    finish = if whole { Finish::Complete } else { Finish::Cut };
                    break;
                }
                Some(Err(error)) => {
                    tracing::warn!(error = error.label(), "the model broke off");
                    break;
                }
                None => break,
            }
        }
        if !shown {
            return Ok(None);
        }
        turn.log.delta(&gate.finish());
        let stats = gate.stats();
        let citations: Vec<Citation> = passages.iter().filter(|p| gate.cited().contains(&p.n)).map(citation).collect();
        if finish == Finish::Cut {
            turn.log.emit("notice", &json!({ "kind": "cut", "text": "回答中断了，以上内容不完整。可以再问一次，或拨打12345。" }));
        } else if citations.is_empty() {
            turn.log.emit(
                "notice",
                &json!({ "kind": "ungrounded", "text": "这段话没有直接对应的原文，请以12345或社区的答复为准。" }),
            );
        }
        Ok(Some(Said {
            citations,
            card: Some(Self::offers(turn)),
            finish,
            generated: true,
            grounding: Grounding { figures_checked: stats.figures_checked, figures_dropped: stats.figures_dropped },
        }))
    }

    /// The request with as many passages and as much of the past as the budget takes; `None` when not even one passage fits.
    fn fit(
        &self,
        turn: &Turn<'_>,
        passages: &[Numbered],
        history: &[port::Message],
        question: &str,
    ) -> Result<Option<(port::ChatRequest, Vec<Numbered>)>, TurnError> {
        let audience = match turn.conversation.audience {
            super::store::Audience::Resident => "resident",
            super::store::Audience::Gridworker => "gridworker",
        };
        let request = |given: &[Numbered], history: &[port::Message]| {
            let shown: Vec<Value> = given
                .iter()
                .map(|p| {
                    json!({ "n": p.n, "title": p.hit.document.title, "clause": p.hit.passage.called(), "text": p.hit.passage.text })
                })
                .collect();
            let context =
                json!({ "street": self.parts.street.name, "audience": audience, "passages": shown, "question": question });
            self.parts.prompts.render("answer", &context, history)
        };
        let fixed = request(&[], &[])?.messages;
        let texts: Vec<String> = passages
            .iter()
            .map(|p| format!("{}{}{}", p.hit.document.title, p.hit.passage.called(), p.hit.passage.text))
            .collect();
        let parts = budget::Parts { fixed: &fixed, passages: &texts, history };
        let Some(packed) = budget::pack(&self.parts.tokens, self.parts.settings.prompt_tokens, parts) else { return Ok(None) };
        let given: Vec<Numbered> = packed.passages.iter().filter_map(|i| passages.get(*i)).cloned().collect();
        if given.is_empty() {
            return Ok(None);
        }
        Ok(Some((request(&given, &packed.history)?, given)))
    }

    /// The last messages as a model may see them.
    async fn history(&self, turn: &mut Turn<'_>) -> Vec<port::Message> {
        let limit = u32::try_from(self.parts.settings.history_turns).unwrap_or(6) + 1;
        let Ok(messages) = self.parts.store.last_messages(turn.conversation.id, limit).await else { return Vec::new() };
        let own = turn.log.turn_id();
        let past: Vec<Message> = messages.into_iter().filter(|m| m.turn_id != Some(own) && m.role != Role::News).collect();
        past.into_iter()
            .map(|m| {
                let text = turn.redact(&m.body.text);
                let text: String = text.chars().take(400).collect();
                if m.role == Role::Resident { port::Message::user(text) } else { port::Message::assistant(text) }
            })
            .collect()
    }

    /// Says that there is nothing, offers a person, keeps the gap.
    async fn nothing_found(
        &self,
        turn: &mut Turn<'_>,
        outcome: &Outcome,
        question: &str,
        then: Option<&AsOf>,
        matter: bool,
    ) -> Said {
        if let Some(then) = then {
            turn.log.delta(&standing::nothing_then(then, matter));
        } else if let Some(expired) = &outcome.expired {
            let day = asof::in_words(expired.expired_on);
            let now = "目前知识库里没有替代它的新规定，请拨打12345核实。";
            turn.log.delta(&format!("《{}》已于{day}失效，{now}", expired.title));
        } else {
            turn.log.delta(
                "没有找到依据：知识库里没有能回答这个问题的内容，我不能凭猜测答复您。\n\
                 您可以换个说法再问一次，或者拨打12345政务服务便民热线、联系社区工作人员核实。\
                 如果是身边正在发生的问题，可以点“我要上报”，我来帮您登记。",
            );
        }
        let safe = super::redact::redact(question, &mut turn.memory.vault.clone());
        let gap = NewGap {
            id: self.parts.ids.uuid(),
            question: &safe,
            comment: None,
            reason: "no_passage",
            conversation_id: turn.conversation.id,
            turn_id: turn.log.turn_id(),
            audience: turn.conversation.audience,
            at: self.now(),
        };
        let kept = self.parts.store.record_gap(gap).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "a gap was not kept");
        }
        Said { card: Some(Self::offers(turn)), finish: Finish::Refused, ..Said::default() }
    }

    /// The text of the guide itself.
    fn extract(turn: &mut Turn<'_>, chosen: &Chosen) -> Said {
        let used: Vec<&Numbered> = chosen.passages.iter().take(chosen.telling).collect();
        for (index, passage) in used.iter().enumerate() {
            let heading = passage.hit.passage.heading.trim();
            let mut text = String::new();
            if index > 0 {
                text.push_str("\n\n");
                if !heading.is_empty() {
                    text.push_str(heading);
                    text.push_str("：\n");
                }
            }
            text.push_str(passage.hit.passage.text.trim());
            text.push_str(&format!("〔{}〕", passage.n));
            turn.log.delta(&text);
        }
        // Word for word from the passages: the figures stand by construction and are only counted.
        let texts: Vec<&str> = used.iter().map(|p| p.hit.passage.text.as_str()).collect();
        let figures = super::figures::check(turn.log.text(), &texts).figures.len();
        Said {
            citations: used.into_iter().map(citation).collect(),
            card: Some(Self::offers(turn)),
            finish: Finish::Complete,
            generated: false,
            grounding: Grounding { figures_checked: u32::try_from(figures).unwrap_or(u32::MAX), figures_dropped: 0 },
        }
    }

    /// What a resident may want next. An open draft comes back to the eye after a digression.
    pub(super) fn offers(turn: &Turn<'_>) -> Value {
        if let Some(card) = turn.open_draft_card(&turn.rules) {
            return card;
        }
        json!({ "kind": "choices", "options": [
            { "label": "我要上报", "send": "我要上报" },
            { "label": "转人工", "send": "转人工" },
        ] })
    }
}

/// What is being reported, with the name of its category.
fn told(draft: &Draft, rules: &IncidentRules) -> Option<String> {
    let description = draft.description.as_deref()?;
    Some(draft.leaf(rules).map_or_else(|| description.to_owned(), |leaf| format!("{description} {}", leaf.name)))
}

/// A procedure is read as a whole: threshold, steps, deadlines, words to use.
fn is_procedure(document: &DocumentMeta) -> bool {
    document.audience == Readers::Gridworker
}

/// The conclusion, the sections that fit the question best in the order of the guide, and whom to ask. What was `shown` already
/// is shown again only to a question of which it says something.
fn telling_sections(own: Vec<Hit>, question: &str, shown: &[String]) -> Vec<Hit> {
    let last = own.len().saturating_sub(1);
    let whom_to_ask = own.last().is_some_and(|h| h.passage.heading.contains("找谁")).then_some(last);
    let mut middle: Vec<(usize, f32)> = (1..own.len())
        .filter(|i| Some(*i) != whom_to_ask)
        .filter_map(|i| own.get(i).map(|h| (i, facets::fit(question, &h.document.title, &h.passage.heading, &h.passage.text), h)))
        .map(|(i, fit, h)| (i, if fit <= 0.0 && shown.contains(&h.passage.heading) { -1.0 } else { fit }))
        .collect();
    middle.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut keep: Vec<usize> = Vec::new();
    let mut chars = 0;
    for (index, score) in middle {
        let size = own.get(index).map_or(0, |h| h.passage.text.chars().count());
        // One section always; a second one when it says something to the question and the answer stays readable.
        if keep.is_empty() || (keep.len() < 2 && score >= FITS && chars + size <= SECTION_CHARS) {
            keep.push(index);
            chars += size;
        }
    }
    keep.push(0);
    keep.extend(whom_to_ask);
    keep.sort_unstable();
    keep.dedup();
    own.into_iter().enumerate().filter(|(i, _)| keep.contains(i)).map(|(_, h)| h).collect()
}

fn citation(p: &Numbered) -> Citation {
    let (document, passage) = (&p.hit.document, &p.hit.passage);
    Citation {
        n: p.n,
        document_id: document.id.clone(),
        version: passage.version,
        title: document.title.clone(),
        issuer: document.issuer.clone(),
        doc_no: document.doc_no.clone(),
        clause: passage.heading.clone(),
        quote: passage.text.clone(),
        effective_from: document.effective_from,
        expires_on: document.expires_on,
        sources: passage
            .sources
            .iter()
            .map(|s| LawSource { law: s.law.clone(), article: s.article.clone(), version: s.version.clone() })
            .collect(),
    }
}

/// What a model's first characters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    Words,
    Markup,
    /// Nothing but space yet, or the beginning of either.
    Unclear,
}

fn opening(head: &str) -> Opening {
    let head: String = head.trim_start().chars().take(12).collect::<String>().to_lowercase();
    if MARKUP.iter().any(|m| head.starts_with(m)) {
        Opening::Markup
    } else if MARKUP.iter().any(|m| m.starts_with(head.as_str())) {
        Opening::Unclear
    } else {
        Opening::Words
    }
}
