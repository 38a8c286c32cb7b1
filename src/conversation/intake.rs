//! A complaint: from the first words to the receipt, one question at a time.
//!
//! The draft lives in the conversation's memory, outside any model. Rules read every message first; a model may then
//! propose what they did not find. Emergencies are in `urgent`. Digressions leave the draft alone and bring its card back.

use std::sync::Arc;

use serde_json::{Value, json};

use super::draft_ops::DraftError;
use super::joining::same_word;
use super::outcome::{Finish, Route};
use super::redact;
use super::service::Conversations;
use super::turn::{Said, Turn, TurnError};
use crate::incident::additions;
use crate::incident::confirm::ConfirmWord;
use crate::incident::draft::{Applied, By, Draft, field};
use crate::incident::intent::{Intent, IntentKind, is_bare_report_wish, is_question, names_topic};
use crate::incident::progress;
use crate::incident::rules::IncidentRules;
use crate::incident::slots;
use crate::incident::ticket::{Source, Status, Ticket, Urgency};
use crate::llm::extract;
use crate::llm::port::JsonSchema;

/// A model that helps to fill a draft gets this long; the rules' reading stands if it is late.
const MODEL_PATIENCE: std::time::Duration = std::time::Duration::from_secs(8);
/// Categories that a model may choose from.
const CHOICES_FOR_MODEL: usize = 14;

/// Branches of the categories in which something may fall, burn, give way or carry somebody away.
const KEEP_AWAY: [&str; 6] = ["0101", "0201", "0202", "0305", "0401", "0402"];

/// What a model may propose. Everything else that it writes is dropped.
#[derive(Debug, serde::Deserialize)]
struct Proposal {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    place: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    people_affected: Option<u32>,
    #[serde(default)]
    kind: Option<String>,
}

impl Conversations {
    /// Whether this message belongs to the open draft; `None` = it digresses.
    pub(super) fn draft_route(&self, turn: &Turn<'_>, intent: &Intent) -> Option<Route> {
        let draft = turn.memory.draft.as_ref()?;
        if same_word(&turn.memory, turn.said).is_some() {
            return Some(Route::Report);
        }
        let answers = intent.kind != IntentKind::Emergency && draft.picks_an_answer(turn.said, &turn.rules);
        if answers
            || !turn.attachments.is_empty()
            || ConfirmWord::read(turn.said).is_some()
            || additions::gives_no_phone(turn.said)
            || additions::asks_who_knows(turn.said)
            || draft.accepts_photo_position(turn.said)
        {
            return Some(Route::Report);
        }
        match intent.kind {
            IntentKind::Report => Some(Route::Report),
            // 「应该没有吧？」 answers a question with a question mark.
            IntentKind::Ask if names_topic(turn.said) && draft.asked.is_none() => None,
            IntentKind::Ask | IntentKind::Smalltalk if !is_question(turn.said.trim_end_matches(['?', '？', '吧'])) => {
                let understood = !draft.clone().apply(turn.said, &turn.rules, self.now()).changed.is_empty();
                (understood || (draft.asked.is_some() && intent.kind == IntentKind::Ask)).then_some(Route::Report)
            }
            _ => None,
        }
    }

    /// The first message of a matter: what the rules read from it, and the way that it goes.
    pub(super) fn read_matter(&self, turn: &mut Turn<'_>) -> (Route, Draft, Applied) {
        let mut draft = self.empty_draft(turn);
        let matter = if is_bare_report_wish(turn.said) { turn.memory.last_question.take() } else { Some(turn.said.to_owned()) };
        let applied = matter.map(|m| draft.apply(&m, &turn.rules, self.now())).unwrap_or_default();
        if draft.description.is_none()
            && draft.place.grid_code.is_some()
            && let Some(told) = turn.memory.last_question.take_if(|told| turn.rules.taxonomy.knows(told))
        {
            // 「有人群租」 was answered from the knowledge; where it is makes it a report.
            draft.apply(&told, &turn.rules, self.now());
        }
        draft.attach(turn.attachments);
        let goes_elsewhere = applied.stopper.is_some() || applied.outside.is_some();
        (if goes_elsewhere { Route::Channel } else { Route::Report }, draft, applied)
    }

    /// The draft after its first message.
    pub(super) async fn start_draft(&self, turn: &mut Turn<'_>, mut draft: Draft, applied: Applied) -> Result<Said, TurnError> {
        if let Some(said) = self.goes_elsewhere(turn, &applied) {
            return Ok(said);
        }
        turn.memory.last_guide = None;
        self.help_by_model(turn, &mut draft).await;
        let mut text = String::from("好的，我来帮您上报。");
        text.push_str(self.put_into(&mut draft, turn.attachments).unwrap_or_default());
        if draft.urgency >= Urgency::紧急 {
            let dangerous = draft.category.as_deref().is_some_and(|code| KEEP_AWAY.iter().any(|branch| code.starts_with(branch)));
            text.push_str(if dangerous {
                "这件事按紧急办。您先离远一点，也请旁边的人别靠近。"
            } else {
                "这件事按紧急办。"
            });
        }
        let said = Self::present(turn, draft, text);
        if let Some(title) = self.procedure_for(turn).await {
            turn.log.delta(&format!("\n规程有《{title}》，要看就问“怎么处置”。"));
        }
        Ok(said)
    }

    /// A message that belongs to the open draft.
    pub(super) async fn go_on_with_draft(&self, turn: &mut Turn<'_>) -> Result<Said, TurnError> {
        if let Some(word) = same_word(&turn.memory, turn.said) {
            if let Some(said) = self.answer_same(turn, word).await? {
                return Ok(said);
            }
            let Some(draft) = turn.memory.draft.take() else { return Ok(Said::default()) };
            return Ok(Self::present(turn, draft, "好的，单独给您登记。".to_owned()));
        }
        if turn.memory.draft.as_ref().is_some_and(|d| is_another_matter(turn.said, d, &turn.rules)) {
            return Ok(self.note_for_later(turn));
        }
        let Some(mut draft) = turn.memory.draft.take() else { return Ok(Said::default()) };
        // 「是」 may be one of the choices that were offered.
        let word = if draft.picks_an_answer(turn.said, &turn.rules) { None } else { ConfirmWord::read(turn.said) };
        match word {
            Some(ConfirmWord::Cancel) => {
                turn.log.delta("好的，不报了，什么都没有提交。需要时再告诉我。");
                return Ok(Self::come_back(turn));
            }
            // 「是的」 to 「您的定位在…，是在这里吗？」 answers that, it does not submit.
            Some(ConfirmWord::Yes) if draft.awaits_yes() || draft.doubts_building() => {}
            Some(ConfirmWord::Yes) if draft.is_complete(&turn.rules) => {
                turn.memory.draft = Some(draft);
                return self.confirm_by_word(turn).await;
            }
            Some(ConfirmWord::Yes) => {
                return Ok(Self::present(turn, draft, "还差一点就能提交了。".to_owned()));
            }
            None => {}
        }
        if turn.attachments.is_empty() && slots::has_no_photo(turn.said) {
            return Ok(Self::present(turn, draft, "没关系，没有照片也能报。".to_owned()));
        }
        if additions::gives_no_phone(turn.said) {
            let needed = draft.next_question(&turn.rules).is_some_and(|q| q.field == field::PHONE);
            let words = if needed {
                "这类事要有电话才好核实。"
            } else {
                "不留电话也能报，有进展在这个窗口里告诉您。"
            };
            return Ok(Self::present(turn, draft, words.to_owned()));
        }
        if additions::asks_who_knows(turn.said) {
            let allowed = draft.leaf(&turn.rules).is_none_or(|leaf| leaf.anonymous_allowed);
            draft.reporter.anonymous |= allowed;
            let words = if allowed {
                "可以，已经设成匿名，不会透露是您报的。想留名，回复“实名”。"
            } else {
                "这类事要能找到您才好核实，您的姓名、电话不会告诉被反映的一方。"
            };
            return Ok(Self::present(turn, draft, words.to_owned()));
        }
        if draft.accepts_photo_position(turn.said) {
            draft.take_photo_position(turn.rules.places_at(self.now()));
            return Ok(Self::present(turn, draft, "好的，用照片里的位置。".to_owned()));
        }
        let asked = draft.asked.clone();
        let applied = draft.apply(turn.said, &turn.rules, self.now());
        let pictures = turn.attachments.len();
        let offer = self.put_into(&mut draft, turn.attachments);
        if let Some(said) = self.goes_elsewhere(turn, &applied) {
            return Ok(said);
        }
        if applied.changed.is_empty() && pictures == 0 || draft.place.grid_code.is_none() {
            self.help_by_model(turn, &mut draft).await;
        }
        let text = if applied.correction {
            self.corrected(turn, &draft, &applied)
        } else if pictures > 0 {
            format!("收到{}。{}", self.counted(turn.attachments).await?, offer.unwrap_or_default())
        } else if let Some(wanted) = applied.wanted.filter(|_| applied.changed.is_empty()) {
            format!("不好意思，我没听明白。{wanted}。")
        } else if applied.changed.is_empty() {
            match draft.asked.as_deref() {
                Some(field::PLACE) if draft.emergency.is_some() => "好。",
                Some(field::PLACE) => "没关系，慢慢说。",
                Some(field::DESCRIPTION) => "",
                _ => "不好意思，我没听明白。",
            }
            .to_owned()
        } else if applied.changed.iter().any(|f| f == "reporter.anonymous") && draft.reporter.anonymous {
            "好的，不会透露是您报的。".to_owned()
        } else if let Some(again) = draft.next_question(&turn.rules).filter(|q| asked.as_ref() == Some(&q.field)) {
            // Something was said, and the same question stands again.
            let told = applied.changed.iter().any(|f| f == field::PLACE) && !again.text.contains("没找到");
            if told { "好的，地点记下了。" } else { "好的。" }.to_owned()
        } else {
            "好的，记下了。".to_owned()
        };
        Ok(Self::present(turn, draft, text))
    }

    /// More about the open matter that nobody asked for, and that no guide speaks of: written down with it.
    pub(super) fn add_to_draft(turn: &mut Turn<'_>) -> Said {
        let Some(mut draft) = turn.memory.draft.take() else { return Said::default() };
        draft.add(turn.said, &turn.rules);
        Self::present(turn, draft, "好的，补上了。".to_owned())
    }

    /// Another matter while one is open: noted down and taken up after the first, one at a time.
    fn note_for_later(&self, turn: &mut Turn<'_>) -> Said {
        let (_, mut other, applied) = self.read_matter(turn);
        let elsewhere = applied.stopper.or(applied.outside);
        let mut text = if let Some(words) = elsewhere {
            format!("{words}\n前面那件接着办。")
        } else {
            if let Some(open) = &turn.memory.draft {
                other.reporter = open.reporter.clone();
            }
            let what = other.spoken_name(&turn.rules);
            turn.memory.park(other);
            format!("{what}我也记下了。一件一件来，先把前面这件办完。")
        };
        if let Some(draft) = turn.memory.draft.take() {
            Self::present(turn, draft, text)
        } else {
            text.push_str("请说一下是什么事。");
            turn.log.delta(&text);
            Said::default()
        }
    }

    /// After a draft has ended: the one that waits behind it, if any.
    pub(super) fn come_back(turn: &mut Turn<'_>) -> Said {
        if !turn.memory.resumed && !turn.memory.resume() {
            return Said::default();
        }
        turn.memory.resumed = false;
        let Some((text, card)) = Self::resumed_words(&mut turn.memory, &turn.rules) else { return Said::default() };
        turn.log.delta(&format!("\n\n{text}"));
        Said::with_card(card)
    }

    /// The card with the one question to ask, or the request to confirm.
    fn present(turn: &mut Turn<'_>, mut draft: Draft, mut text: String) -> Said {
        let question = draft.next_question(&turn.rules);
        draft.asked = question.as_ref().map(|q| q.field.clone());
        if let Some(question) = &question {
            text.push_str(&question.text);
        } else {
            let leaf = draft.leaf(&turn.rules).filter(|_| draft.emergency.is_none());
            let told = draft.description.as_deref().unwrap_or_default();
            let vague = leaf.is_none_or(|l| turn.rules.other().is_some_and(|o| o.code == l.code));
            let what: String =
                if vague { told.chars().take(30).collect() } else { leaf.map(|l| l.name.clone()).unwrap_or_default() };
            text.push_str(&format!("我记的是：{}，{what}。没有问题就回复“确认”，哪里不对直接说。", draft.spoken_place()));
            if draft.place_vouched {
                text.push_str("这个地点街道会先核对，再派人去。");
            }
            if draft.ask_for_photo(&turn.rules) {
                text.push_str("方便的话再发一张照片，没有也可以提交。");
            }
        }
        if has_id_number(turn.said) {
            text.push_str("\n以后不用发身份证号，您留好，别给别人。");
        }
        turn.log.delta(&text);
        let card = draft.card(&turn.rules);
        turn.memory.draft = Some(draft);
        Said::with_card(card)
    }

    fn corrected(&self, turn: &Turn<'_>, draft: &Draft, applied: &Applied) -> String {
        let mut parts = Vec::new();
        for name in &applied.changed {
            match name.as_str() {
                field::PLACE => parts.push(format!("地点改成{}", draft.spoken_place())),
                field::PHONE => parts.push(format!("电话改成{}", draft.reporter.phone.as_deref().unwrap_or_default())),
                field::CATEGORY => {
                    let name = draft.leaf(&turn.rules).map(|l| l.name.clone()).unwrap_or_default();
                    parts.push(format!("类别改成{name}"));
                }
                "occurred_at" => {
                    let at = draft.occurred_at.map(|at| progress::spoken_time(at, &self.parts.street.zone)).unwrap_or_default();
                    parts.push(format!("时间改成{at}"));
                }
                field::DESCRIPTION => parts.push("情况改过来了".to_owned()),
                _ => {}
            }
        }
        if parts.is_empty() { "好的，改过来了。".to_owned() } else { format!("好的，{}。", parts.join("，")) }
    }

    /// The category's own stop, or a place that is not on this street's ground.
    fn goes_elsewhere(&self, turn: &mut Turn<'_>, applied: &Applied) -> Option<Said> {
        let text = match (&applied.stopper, &applied.outside) {
            (Some(stopper), _) => stopper.clone(),
            (None, Some(body)) => {
                let find = if body.starts_with("拨打") { "可以" } else { "可以找" };
                format!("这个地方不在{}，我这里登记不了。{find}{}。", self.parts.street.name, body.trim_end_matches('。'))
            }
            (None, None) => return None,
        };
        turn.log.delta(&text);
        turn.memory.draft = None;
        Some(Self::come_back(turn))
    }

    /// Lets the model propose what the rules did not find. Proposals are validated like a stranger's input.
    async fn help_by_model(&self, turn: &mut Turn<'_>, draft: &mut Draft) {
        let Some(model) = self.parts.model.clone().filter(|m| m.ready()) else { return };
        if draft.is_complete(&turn.rules) && draft.category_sure {
            return;
        }
        let rules = &*Arc::clone(&turn.rules);
        let mut codes: Vec<String> = rules.taxonomy.classify(turn.said).into_iter().map(|s| s.code).collect();
        codes.extend(draft.category.iter().cloned());
        codes.extend(rules.other().map(|l| l.code.clone()));
        let mut seen = std::collections::HashSet::new();
        codes.retain(|c| seen.insert(c.clone()));
        codes.truncate(CHOICES_FOR_MODEL);
        let categories: Vec<Value> = codes
            .iter()
            .filter_map(|c| rules.taxonomy.get(c))
            .map(|l| json!({ "code": l.code, "path": l.category().path.join("/") }))
            .collect();
        let asked = draft.next_question(rules).filter(|_| draft.asked.is_some()).map(|q| q.text);
        let said = turn.said.to_owned();
        let text = turn.redact(&said);
        let context = json!({ "categories": categories, "asked": asked, "text": text });
        let Ok(mut request) = self.parts.prompts.render("extract", &context, &[]) else { return };
        request.time_limit = Some(MODEL_PATIENCE);
        let schema = slot_schema(&codes);
        let checked = |p: &Proposal| match &p.category {
            Some(code) if !codes.contains(code) => Err(format!("category 必须是所列代码之一或 null，不能是 {code}")),
            _ => Ok(()),
        };
        turn.log.emit("status", &json!({ "text": "正在整理您反映的情况…" }));
        let proposal = tokio::select! {
            () = self.parts.stop.cancelled() => return,
            proposal = extract::extract::<Proposal>(&*model, request, &schema, checked) => proposal,
        };
        match proposal {
            Ok(proposal) => {
                let patch = patch_of(proposal, &turn.memory.vault);
                if let Err(refused) = draft.patch(&patch, By::Model, rules, self.now()) {
                    tracing::debug!(fields = ?refused.keys().collect::<Vec<_>>(), "a model's proposal was taken in part");
                }
            }
            Err(error) => tracing::warn!(%error, "no proposal from the model; the rules' reading stands"),
        }
    }

    pub(super) fn empty_draft(&self, turn: &Turn<'_>) -> Draft {
        let source = Source { channel: turn.conversation.channel.clone(), conversation_id: turn.conversation.id };
        Draft::new(self.parts.ids.uuid(), source, self.now())
    }

    /// A ticket of this conversation that the message only repeats.
    pub(super) async fn repeated(&self, turn: &Turn<'_>, draft: &Draft) -> Result<Option<Ticket>, TurnError> {
        let Some(category) = draft.category.as_deref().filter(|_| draft.description.is_some()) else { return Ok(None) };
        let mut tickets = self.parts.tickets.by_conversation(turn.conversation.id).await?;
        for ticket in &mut tickets {
            // A matter that was joined goes on as long as the one that carries it; after that it can be reported anew.
            if let Some(carries) = self.carried_by(ticket).await?.filter(|c| c.status.may_take_in()) {
                ticket.status = carries.status;
            }
        }
        let Some(repeated) = progress::repeated_matter(category, &draft.place, &tickets) else { return Ok(None) };
        Ok(self.parts.tickets.get(&repeated.number).await?)
    }

    /// Where the caller's tickets stand.
    pub(super) async fn progress(&self, turn: &mut Turn<'_>, intent: &Intent) -> Result<Said, TurnError> {
        let mut own = self.parts.tickets.by_conversation(turn.conversation.id).await?;
        if let Some(number) = &intent.ticket_number {
            own.retain(|t| t.number == *number);
            if own.is_empty() {
                turn.log.delta("这个工单不是在这次对话里报的。请点“查进度”，输入工单号和您留的手机号后四位；也可以打12345问。");
                return Ok(Said {
                    card: Some(
                        json!({ "kind": "choices", "options": [{ "label": "查进度", "action": "lookup" }, { "label": "转人工", "send": "转人工" }] }),
                    ),
                    ..Said::default()
                });
            }
        }
        if let Some(latest) = own.pop() {
            let others: Vec<String> = own.iter().rev().take(3).map(|t| format!("{}（{}）", t.number, t.status.word())).collect();
            let said = self.show_progress(turn, &latest, false).await?;
            if !others.is_empty() {
                turn.log.delta(&format!("\n您还上报过：{}。", others.join("、")));
            }
            Ok(said)
        } else {
            turn.log.delta(if turn.memory.draft.is_some() {
                "您还没有提交，所以现在没有进度。"
            } else {
                "在这次对话里您还没报过事。如果是在别的手机上报的，请点“查进度”，输入工单号和手机号后四位。"
            });
            let look_up = json!({ "kind": "choices", "options": [{ "label": "查进度", "action": "lookup" }, { "label": "我要上报", "send": "我要上报" }] });
            Ok(Said::with_card(turn.open_draft_card(&turn.rules).unwrap_or(look_up)))
        }
    }

    /// One ticket's standing in words and as a card.
    pub(super) async fn show_progress(&self, turn: &mut Turn<'_>, ticket: &Ticket, repeated: bool) -> Result<Said, TurnError> {
        let moves = self.parts.tickets.timeline(&ticket.number).await?;
        if repeated {
            turn.log.delta("这件事您已经报过了，不用再报一次。");
        }
        turn.log.delta(&progress::standing(ticket, &turn.rules.news, self.now(), &self.parts.street.zone));
        if let Some(carries) = self.carried_by(ticket).await? {
            turn.log.delta(&format!("并入的工单是{}，现在是“{}”。", carries.number, carries.status.word()));
        }
        if ticket.status == Status::已办结 {
            turn.log.delta(progress::ASK_SOLVED);
        }
        let card = json!({ "kind": "progress", "ticket": ticket, "timeline": progress::timeline(&moves, &turn.rules.news) });
        Ok(Said::with_card(card))
    }

    /// True when a plain 是的 follows a receipt: the same ticket again, not a new one. 好的 alone only says that it was heard.
    pub(super) fn confirms_again(turn: &Turn<'_>) -> bool {
        let submits = ["确认", "提交", "是的", "上报", "报吧", "确定"].iter().any(|w| turn.said.contains(w));
        submits && !turn.memory.confirmed.is_empty() && ConfirmWord::read(turn.said) == Some(ConfirmWord::Yes)
    }

    /// The receipt of the last confirmed draft.
    pub(super) async fn confirm_again(&self, turn: &mut Turn<'_>) -> Result<Said, TurnError> {
        let Some(last) = turn.memory.confirmed.last() else { return Ok(Said::default()) };
        let Some(ticket) = self.parts.tickets.get(&last.number).await? else { return Ok(Said::default()) };
        turn.log.delta(&format!("已经提交过了，工单号{}，不会重复登记。", ticket.number));
        Ok(Said::with_card(json!({ "kind": "receipt", "ticket": ticket })))
    }

    async fn confirm_by_word(&self, turn: &mut Turn<'_>) -> Result<Said, TurnError> {
        match self.confirm(&mut turn.memory, None, &turn.rules).await {
            Ok(confirmed) => {
                turn.log.delta(&self.receipt_words(&confirmed.ticket));
                Self::come_back(turn);
                Ok(Said::with_card(confirmed.card))
            }
            Err(DraftError::Ticket(error)) => Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "a complete draft was not confirmed");
                turn.log.delta("这次没有提交成功，请再试一次。");
                Ok(Said { finish: Finish::Refused, card: turn.open_draft_card(&turn.rules), ..Said::default() })
            }
        }
    }

    /// Number, who holds it, deadline and its basis.
    pub(super) fn receipt_words(&self, ticket: &Ticket) -> String {
        if let Some(into) = &ticket.duplicate_of {
            return format!(
                "已经一起反映，您的工单号{}，与工单{into}一并办理，不用再等人受理一次。有进展我会在这里告诉您。",
                ticket.number
            );
        }
        let zone = &self.parts.street.zone;
        format!(
            "已提交，工单号{}。由{}负责，{}前受理、{}前办结。依据：{}。有进展我会在这里告诉您。",
            ticket.number,
            if ticket.route.post.is_empty() { &ticket.route.section } else { &ticket.route.post },
            progress::spoken_time(ticket.clock.accept_by, zone),
            progress::spoken_time(ticket.clock.resolve_by, zone),
            ticket.clock.basis.trim_end_matches('。'),
        )
    }
}

/// Whether the message says outright that it is about something else: 「还有一件事，…」 with a matter of its own.
fn is_another_matter(said: &str, open: &Draft, rules: &IncidentRules) -> bool {
    let says_so = [
        "还有一件事",
        "还有件事",
        "还有个事",
        "另外一件",
        "另一件",
        "再报一个",
        "再报一件",
        "另外还",
        "对了还有",
        "对了，还有",
        "还想报",
        "还要报",
        "还要反映",
    ];
    if !says_so.iter().any(|w| said.contains(w)) || open.description.is_none() {
        return false;
    }
    let verdict = rules.taxonomy.decide(said);
    verdict.ranked.first().is_some_and(|first| open.category.as_deref().is_none_or(|code| code != first.code))
}

/// An ID number of a resident: 18 digits, the last one may be X.
fn has_id_number(said: &str) -> bool {
    said.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        let digits = word.trim_end_matches(['X', 'x']);
        word.len() == 18 && digits.len() >= 17 && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// The proposal as a patch, with the placeholders turned back: the ticket may hold what the model may not see.
fn patch_of(proposal: Proposal, vault: &redact::Vault) -> Value {
    let text = |t: String| redact::restore(t.trim(), vault);
    let mut patch = serde_json::Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            patch.insert(name.to_owned(), value);
        }
    };
    set("description", proposal.description.map(text).filter(|t| !t.is_empty()).map(Value::from));
    set("place", proposal.place.map(text).filter(|t| !t.is_empty()).map(Value::from));
    set("category", proposal.category.map(Value::from));
    set("people_affected", proposal.people_affected.filter(|n| *n > 0).map(Value::from));
    set("kind", proposal.kind.map(Value::from));
    Value::Object(patch)
}

fn slot_schema(codes: &[String]) -> JsonSchema {
    let nullable = |kind: &str| json!({ "type": [kind, "null"] });
    let mut categories: Vec<Value> = codes.iter().map(|c| json!(c)).collect();
    categories.push(Value::Null);
    JsonSchema {
        name: "incident_slots".to_owned(),
        schema: json!({
            "type": "object",
            "properties": {
                "description": nullable("string"),
                "place": nullable("string"),
                "category": { "type": ["string", "null"], "enum": categories },
                "people_affected": nullable("integer"),
                "kind": { "type": ["string", "null"], "enum": ["投诉", "求助", "建议", "举报", "咨询", Value::Null] },
            },
            "required": ["description", "place", "category", "people_affected", "kind"],
            "additionalProperties": false,
        }),
    }
}
