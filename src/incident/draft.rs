//! The draft (待确认): what is known of a matter until the resident confirms. It lives outside any model.
//!
//! Words change it through [`Draft::apply`], the card's fields and a model's proposal through [`Draft::patch`]
//! (in `patch`); what is missing, asked and shown is in `card`, and [`Draft::into_new_ticket`] (in `finish`) makes the ticket.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    answers::ordinal,
    confirm::ConfirmWord,
    evidence::PhotoPosition,
    intent::is_bare_report_wish,
    place::{Candidate, Certainty, PlaceMatch},
    questions::{OwnQuestion, Stop},
    reading::plain,
    rules::IncidentRules,
    slots::{self, Reading, Slots},
    standards::Standard,
    taxonomy::Leaf,
    ticket::{Kind, Place, Reporter, Source, Urgency},
    unlisted::{self, Whereabouts},
    urgency::{self, Emergency},
};

/// Names of the fields as they stand in `missing` and `asking`.
pub mod field {
    /// What happened.
    pub const DESCRIPTION: &str = "description";
    /// A place that has a grid, or one that the resident vouches for (see `unlisted`).
    pub const PLACE: &str = "place";
    /// The category.
    pub const CATEGORY: &str = "category";
    /// The phone.
    pub const PHONE: &str = "reporter.phone";
    /// Prefix of an own question: `answers.有没有人受伤？`.
    pub const ANSWERS: &str = "answers.";
}

/// Who put a value there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Read by rules.
    Rule,
    /// Proposed by a model and validated.
    Model,
    /// Typed or chosen by the resident; nothing but the resident changes it again.
    Resident,
}

/// A draft's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DraftState {
    /// Takes words.
    Open,
    /// Became a ticket.
    Confirmed,
    /// Dropped by the resident.
    Cancelled,
    /// Ended with another channel.
    Stopped,
}

/// What a message did to a draft.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Applied {
    /// Fields that changed, by their names.
    pub changed: Vec<String>,
    /// The message only corrected something.
    pub correction: bool,
    /// The stop of the category or of an answer: this goes another way; the words for the resident.
    pub stopper: Option<String>,
    /// What kind of answer was wanted, when the message was none.
    pub wanted: Option<String>,
    /// The place is not on this street's ground; who is competent.
    pub outside: Option<String>,
}

/// A draft. Serialise it whole; it needs nothing else to go on after days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
pub struct Draft {
    /// Its id; one draft makes at most one ticket.
    pub id: Uuid,
    /// Where the words come from.
    pub source: Source,
    /// When it began.
    pub created_at: Timestamp,
    /// Its life.
    pub state: DraftState,
    /// What happened.
    pub description: Option<String>,
    /// The messages that told it.
    pub original_words: Vec<String>,
    /// Where.
    pub place: Place,
    /// Choices for the place, while it is not clear.
    pub place_candidates: Vec<Candidate>,
    /// Why the place is asked again.
    pub place_remark: Option<String>,
    /// The directory does not have the place; the resident has said where it is as far as known.
    #[serde(default)]
    pub place_vouched: bool,
    /// Code of the category.
    pub category: Option<String>,
    /// Whether the words were clear about the category.
    pub category_sure: bool,
    /// Other categories that it may be, by code, best first.
    pub category_alternatives: Vec<String>,
    /// 投诉, 求助 …; the category's default until said otherwise.
    pub kind: Option<Kind>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// How many suffer from it.
    pub people_affected: Option<u32>,
    /// The category's own questions and the answers.
    pub answers: BTreeMap<String, String>,
    /// Photos, voice, video.
    pub attachments: Vec<Uuid>,
    /// Where a photo says that it was taken: an offer, taken over only when the resident says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_position: Option<PhotoPosition>,
    /// Who reports.
    pub reporter: Reporter,
    /// The emergency that began it, if any.
    pub emergency: Option<Emergency>,
    /// How soon.
    pub urgency: Urgency,
    /// Why.
    pub urgency_reason: String,
    /// Who put each field there.
    pub provenance: BTreeMap<String, By>,
    /// True once a model's proposal was taken.
    pub assisted_by_ai: bool,
    /// The field asked for in the last turn.
    pub asked: Option<String>,
    /// A photo has been asked for; it is asked for once.
    #[serde(default)]
    pub photo_asked: bool,
}

impl Draft {
    /// An empty draft.
    #[must_use]
    pub fn new(id: Uuid, source: Source, now: Timestamp) -> Self {
        Self {
            id,
            source,
            created_at: now,
            state: DraftState::Open,
            description: None,
            original_words: Vec::new(),
            place: Place::default(),
            place_candidates: Vec::new(),
            place_remark: None,
            place_vouched: false,
            category: None,
            category_sure: false,
            category_alternatives: Vec::new(),
            kind: None,
            occurred_at: None,
            people_affected: None,
            answers: BTreeMap::new(),
            attachments: Vec::new(),
            photo_position: None,
            reporter: Reporter::default(),
            emergency: None,
            urgency: Urgency::一般,
            urgency_reason: String::new(),
            provenance: BTreeMap::new(),
            assisted_by_ai: false,
            asked: None,
            photo_asked: false,
        }
    }

    /// The leaf of its category.
    #[must_use]
    pub fn leaf<'a>(&self, rules: &'a IncidentRules) -> Option<&'a Leaf> {
        self.category.as_deref().and_then(|code| rules.taxonomy.get(code))
    }

    /// The category's own question behind the name of a field (`answers.…`).
    #[must_use]
    pub fn own_question<'a>(&self, name: &str, rules: &'a IncidentRules) -> Option<&'a OwnQuestion> {
        let text = name.strip_prefix(field::ANSWERS)?;
        self.leaf(rules)?.questions.iter().find(|q| q.text == text)
    }

    /// Whether the message is nothing but one of the choices of the question that was just asked.
    #[must_use]
    pub fn picks_an_answer(&self, text: &str, rules: &IncidentRules) -> bool {
        self.plain_choice(text, rules).is_some()
    }

    fn plain_choice<'a>(&self, text: &str, rules: &'a IncidentRules) -> Option<(&'a OwnQuestion, String)> {
        let question = self.own_question(self.asked.as_deref()?, rules)?;
        question.plain_choice(text).map(|answer| (question, answer))
    }

    /// The filing-and-closing standard that fits what was told.
    #[must_use]
    pub fn standard<'a>(&self, rules: &'a IncidentRules) -> Option<&'a Standard> {
        rules.standards.pick(self.leaf(rules)?, &self.told(), &self.answers)
    }

    /// The other way that this matter goes, by its category or by an answer. An emergency is never turned away.
    #[must_use]
    pub fn stop(&self, rules: &IncidentRules) -> Option<Stop> {
        let leaf = self.leaf(rules).filter(|_| self.emergency.is_none())?;
        let by_answer = || leaf.questions.iter().find_map(|q| q.stop_of(self.answers.get(&q.text)?).cloned());
        leaf.stop().or_else(by_answer)
    }

    /// Whether a photo should be asked for now: it is wanted, there is none, and nobody has asked. Asks once, and never
    /// whoever is in an emergency.
    pub fn ask_for_photo(&mut self, rules: &IncidentRules) -> bool {
        let none_yet = self.attachments.is_empty() && !self.photo_asked && self.emergency.is_none();
        let wanted = none_yet && self.leaf(rules).is_some_and(|l| l.photo_wanted);
        self.photo_asked |= wanted;
        wanted
    }

    /// Takes one message: fills, completes, corrects.
    pub fn apply(&mut self, text: &str, rules: &IncidentRules, now: Timestamp) -> Applied {
        let before = self.clone();
        let mut applied = Applied::default();
        if let Some((question, answer)) = self.plain_choice(text, rules) {
            self.answers.insert(question.text.clone(), answer);
            if let Some(emergency) = rules.emergencies.detect(text) {
                self.take_emergency(emergency, rules);
            }
            self.remember(text);
            self.reconsider(rules);
            applied.changed = self.changes(&before);
            return self.finish_apply(applied, rules);
        }
        let whereabouts = self.whereabouts(text, rules);
        if whereabouts == Some(Whereabouts::Elsewhere) {
            applied.outside = Some(unlisted::elsewhere());
            return applied;
        }
        if whereabouts.is_some_and(|w| self.vouch(&w)) || self.insists_on_building(text, rules, now) || self.take_inside(text) {
            self.provenance.insert(field::PLACE.to_owned(), By::Resident);
            self.remember(text);
            self.reconsider(rules);
            applied.changed = vec![field::PLACE.to_owned()];
            return self.finish_apply(applied, rules);
        }
        if let Some(done) = self.take_choice(text, rules, now) {
            self.remember(text);
            self.reconsider(rules);
            applied.changed = done;
            return self.finish_apply(applied, rules);
        }
        // 「我要上报」 is the wish, not the matter; 「是的」 belongs to the card.
        let no_matter = is_bare_report_wish(text) || (self.asked.is_none() && ConfirmWord::read(text).is_some());
        if no_matter {
            return applied;
        }
        if let Some(emergency) = rules.emergencies.detect(text) {
            self.take_emergency(emergency, rules);
        }
        let is_matter = rules.taxonomy.knows(text);
        let slots = slots::extract(
            text,
            &Reading {
                now,
                zone: rules.calendar.zone(),
                places: rules.places_at(now),
                place: Some(&self.place),
                leaf: self.leaf(rules),
                asked: self.asked.as_deref(),
                in_draft: self.description.is_some() || self.place.grid.is_some(),
                is_matter,
            },
        );
        applied.correction = slots.correction;
        self.take(slots, text, is_matter, rules, &mut applied);
        self.weigh_position(rules.places_at(now));
        // What the words told about the new category's questions before it was known.
        if before.category != self.category {
            self.answer_from_words(rules, now);
        }
        self.reconsider(rules);
        applied.changed = self.changes(&before);
        if applied.changed.is_empty() {
            let asked = self.asked.as_deref().and_then(|name| self.own_question(name, rules));
            // Choices are read out again with the question; a day or a number needs an example.
            let open = asked.filter(|q| !q.kind.is_choice());
            applied.wanted = open.and_then(|q| q.read(text, now, rules.calendar.zone()).err());
        } else {
            self.remember(text);
        }
        // What an answer says may be part of a standard's condition, and the words are remembered only now.
        self.reconsider(rules);
        self.finish_apply(applied, rules)
    }

    fn finish_apply(&mut self, mut applied: Applied, rules: &IncidentRules) -> Applied {
        if let Some(stop) = self.stop(rules) {
            applied.stopper = Some(stop.spoken());
            self.state = DraftState::Stopped;
        }
        applied
    }

    /// The draft of an emergency: its category and urgency come from the emergency's own rule.
    pub fn take_emergency(&mut self, emergency: Emergency, rules: &IncidentRules) {
        // 「有人受伤了」 in the middle of a matter makes it graver, not another one.
        let same_branch = |code: &str| code.get(..2) == emergency.category_code.get(..2);
        let known_matter = self.description.is_some()
            && self.category.as_deref().is_some_and(|code| !same_branch(code) && rules.other().is_none_or(|o| o.code != code));
        if !known_matter && rules.taxonomy.get(&emergency.category_code).is_some() && self.may_set(field::CATEGORY, By::Rule) {
            self.category = Some(emergency.category_code.clone());
            self.category_sure = true;
            self.category_alternatives.clear();
            self.provenance.insert(field::CATEGORY.to_owned(), By::Rule);
        }
        self.emergency = Some(emergency);
        // An emergency is never turned away, nor is what has just been sent elsewhere.
        if self.state == DraftState::Stopped {
            self.state = DraftState::Open;
        }
        self.reconsider(rules);
    }

    fn take(&mut self, slots: Slots, text: &str, is_matter: bool, rules: &IncidentRules, applied: &mut Applied) {
        // 「那边一直都这样」 makes no other matter of it.
        let vague = self.category.is_none() || self.category.as_deref() == rules.other().map(|o| o.code.as_str());
        let may_be_other = vague || slots.correction || is_matter;
        if let Some(found) = slots.place {
            self.take_place(found, applied);
        }
        if let Some((wrong, right)) = slots.replace
            && let Some(description) = &mut self.description
        {
            *description = if description.contains(&wrong) { description.replace(&wrong, &right) } else { right };
            self.classify(rules);
        }
        if let Some(said) = slots.description {
            let resident = self.provenance.get(field::DESCRIPTION) == Some(&By::Resident);
            let more = match &self.description {
                Some(have) if slots.correction => plain(have) != plain(&said),
                Some(have) => !plain(have).contains(&plain(&said)),
                None => true,
            };
            if more && !(resident && !slots.correction && self.asked.is_some()) {
                self.description = Some(match self.description.take() {
                    Some(have) if !slots.correction => format!("{have}；{said}"),
                    _ => said,
                });
                self.provenance.entry(field::DESCRIPTION.to_owned()).or_insert(By::Rule);
                if may_be_other {
                    self.classify(rules);
                }
            }
        }
        if let Some(at) = slots.occurred_at {
            // The first time told stands until it is corrected; 「刚才」 later on speaks of something else.
            if self.occurred_at.is_none() || slots.correction || self.asked.as_deref() == Some("occurred_at") {
                self.occurred_at = Some(at);
                self.provenance.insert("occurred_at".to_owned(), By::Rule);
            }
        }
        if let Some(phone) = slots.phone {
            self.reporter.phone = Some(phone);
            self.provenance.insert(field::PHONE.to_owned(), By::Rule);
        }
        if let Some(name) = slots.name {
            self.reporter.name = Some(name);
            self.provenance.insert("reporter.name".to_owned(), By::Rule);
        }
        if let Some(n) = slots.people_affected
            && (self.people_affected.is_none() || slots.correction)
        {
            self.people_affected = Some(n);
        }
        if let Some(kind) = slots.kind {
            self.kind = Some(kind);
            self.provenance.insert("kind".to_owned(), By::Rule);
        }
        if let Some(anonymous) = slots.anonymous {
            self.reporter.anonymous = anonymous;
        }
        for (question, answer) in slots.answers {
            self.answers.insert(question, answer);
        }
        if self.category.is_none() && self.description.is_some() {
            self.classify(rules);
        }
        // A category's own name is a way to correct it: 「类别应该是飞线充电」.
        if applied.correction
            && let Some(leaf) = rules.taxonomy.leaves().iter().find(|l| plain(text).ends_with(&plain(&l.name)))
        {
            self.category = Some(leaf.code.clone());
            self.category_sure = true;
            self.provenance.insert(field::CATEGORY.to_owned(), By::Resident);
        }
    }

    /// Replaces or completes the place with what a message said about it.
    fn take_place(&mut self, found: PlaceMatch, applied: &mut Applied) {
        let PlaceMatch { place, candidates, certainty, remark } = found;
        match certainty {
            Certainty::Sure => {
                let mut place = place;
                if place.text.is_empty() {
                    place.text.clone_from(&self.place.text);
                }
                place.point = self.place.point;
                self.place = place;
                self.place_vouched = false;
                self.place_candidates.clear();
                self.place_remark = None;
            }
            Certainty::Ambiguous(_) => {
                // A clear place is not made unclear by a vague word, only by one of its own parts.
                let own_part = place.estate.is_some() && place.estate == self.place.estate;
                if self.place.grid_code.is_some()
                    && !own_part
                    && !applied.correction
                    && self.asked.as_deref() != Some(field::PLACE)
                {
                    return;
                }
                let point = self.place.point;
                self.place = Place { point, ..place };
                self.place_vouched = false;
                self.place_candidates = candidates;
                self.place_remark = remark;
            }
            Certainty::Outside(body) => {
                if self.place.grid_code.is_none() || applied.correction {
                    let point = self.place.point;
                    self.place = Place { text: place.text, matched_by: place.matched_by, point, ..Place::default() };
                    self.place_candidates.clear();
                    applied.outside = Some(body);
                }
            }
            Certainty::Unknown => {
                let known_grid = self.place.grid_code.is_some();
                // None of the choices: another name, which the directory does not have.
                if self.asked.as_deref() == Some(field::PLACE)
                    && !self.place_candidates.is_empty()
                    && unlisted::names_a_place(&place.text)
                {
                    let point = self.place.point;
                    self.place = Place { point, ..Place::default() };
                    self.place_candidates.clear();
                    self.place_remark = None;
                }
                let own = &mut self.place;
                if place.building.is_some() && !known_grid {
                    own.building = place.building;
                }
                own.unit = place.unit.or(own.unit.take());
                own.room = place.room.or(own.room.take());
                if !known_grid {
                    own.community = place.community.or(own.community.take());
                    if own.text.is_empty() || place.text.contains(&own.text) {
                        own.text = place.text;
                    } else if !place.text.is_empty() && !own.text.contains(&place.text) {
                        own.text = unlisted::joined(&own.text, &place.text);
                    }
                }
            }
        }
        if !self.place.text.is_empty() {
            self.provenance.insert(field::PLACE.to_owned(), By::Rule);
        }
    }

    /// An answer that picks one of the offered choices: by its words, its community, or 「第二个」.
    fn take_choice(&mut self, text: &str, rules: &IncidentRules, now: Timestamp) -> Option<Vec<String>> {
        let folded = plain(text);
        let answer = folded.trim_matches(|c: char| !c.is_alphanumeric() && !"（）()".contains(c));
        if answer.is_empty() {
            return None;
        }
        let pick = |labels: &[String]| -> Option<usize> {
            if let Some(i) = labels.iter().position(|l| plain(l) == answer) {
                return Some(i);
            }
            if let Some(i) = ordinal(answer) {
                return Some(i).filter(|i| *i < labels.len());
            }
            let within: Vec<usize> = (0..labels.len())
                .filter(|i| answer.chars().count() >= 2 && answer.chars().count() <= 16 && plain(&labels[*i]).contains(answer))
                .collect();
            if let [one] = within.as_slice() { Some(*one) } else { None }
        };
        if self.asked.as_deref() == Some(field::PLACE) && !self.place_candidates.is_empty() {
            let labels: Vec<String> = self.place_candidates.iter().map(|c| c.label.clone()).collect();
            if self.offered_by_position()
                && matches!(answer, "不是" | "不在" | "不对" | "不是这里" | "不在这里" | "不是的" | "没在")
            {
                // The matter is somewhere else than the resident.
                self.place.point = None;
                self.place_candidates.clear();
                self.place_remark = None;
                return Some(vec![field::PLACE.to_owned()]);
            }
            let only = self.only_choice().filter(|_| is_yes(answer) || ConfirmWord::read(text) == Some(ConfirmWord::Yes));
            let chosen = match only {
                Some(one) => one.clone(),
                None => self.place_candidates[pick(&labels)?].clone(),
            };
            self.place = rules.places_at(now).choose(&self.place, &chosen);
            self.place_candidates.clear();
            self.place_remark = None;
            self.provenance.insert(field::PLACE.to_owned(), By::Resident);
            return Some(vec![field::PLACE.to_owned()]);
        }
        if self.asked.as_deref() == Some(field::CATEGORY) {
            let codes: Vec<String> = self.category.iter().chain(&self.category_alternatives).cloned().collect();
            let names: Vec<String> = codes.iter().filter_map(|c| rules.taxonomy.get(c)).map(|l| l.name.clone()).collect();
            let chosen = codes.get(pick(&names)?)?.clone();
            self.category = Some(chosen);
            self.category_sure = true;
            self.provenance.insert(field::CATEGORY.to_owned(), By::Resident);
            return Some(vec![field::CATEGORY.to_owned()]);
        }
        None
    }

    /// Picks the category from what is described, unless the resident or a model has.
    pub(super) fn classify(&mut self, rules: &IncidentRules) {
        let Some(description) = self.description.clone() else { return };
        if !self.may_set(field::CATEGORY, By::Rule) || self.emergency.as_ref().is_some_and(|e| !e.category_code.is_empty()) {
            return;
        }
        let verdict = rules.taxonomy.decide(&description);
        if let Some(first) = verdict.ranked.first() {
            self.category = Some(first.code.clone());
            self.category_sure = verdict.sure;
            self.category_alternatives = verdict.ranked.iter().skip(1).take(3).map(|s| s.code.clone()).collect();
        } else {
            self.category = rules.other().map(|l| l.code.clone());
            self.category_sure = false;
            self.category_alternatives.clear();
        }
        self.provenance.insert(field::CATEGORY.to_owned(), By::Rule);
    }

    /// Urgency from all that was told, and answers of another category dropped.
    pub(super) fn reconsider(&mut self, rules: &IncidentRules) {
        let leaf = self.leaf(rules);
        if let Some(leaf) = leaf {
            self.answers.retain(|q, _| leaf.questions.iter().any(|own| own.text == *q));
        }
        let standard = self.standard(rules).and_then(|s| Some((s, rules.clocks.get(&s.clock)?.urgency)));
        let (urgency, reason) = urgency::judge(&self.told(), leaf, standard, self.emergency.as_ref());
        self.urgency = urgency;
        self.urgency_reason = reason;
    }

    /// Everything that was told about the matter, for rules that look for words.
    pub(super) fn told(&self) -> String {
        [self.description.as_deref().unwrap_or_default(), &self.original_words.join("。")].join("。")
    }

    fn answer_from_words(&mut self, rules: &IncidentRules, now: Timestamp) {
        let Some(words) = self.description.clone() else { return };
        let found = slots::extract(
            &words,
            &Reading {
                now,
                zone: rules.calendar.zone(),
                places: rules.places_at(now),
                place: None,
                leaf: self.leaf(rules),
                asked: None,
                in_draft: false,
                is_matter: true,
            },
        );
        for (question, answer) in found.answers {
            self.answers.entry(question).or_insert(answer);
        }
    }

    /// A later hand of the same or a higher rank may change a field.
    pub(super) fn may_set(&self, name: &str, by: By) -> bool {
        self.provenance.get(name).is_none_or(|have| *have <= by)
    }

    pub(super) fn remember(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() && self.original_words.last().map(String::as_str) != Some(text) {
            self.original_words.push(text.to_owned());
        }
    }

    fn changes(&self, before: &Self) -> Vec<String> {
        let mut out = Vec::new();
        let mut note = |changed: bool, name: &str| {
            if changed {
                out.push(name.to_owned());
            }
        };
        note(self.description != before.description, field::DESCRIPTION);
        note(self.place != before.place || self.place_candidates != before.place_candidates, field::PLACE);
        note(self.category != before.category, field::CATEGORY);
        note(self.kind != before.kind, "kind");
        note(self.occurred_at != before.occurred_at, "occurred_at");
        note(self.people_affected != before.people_affected, "people_affected");
        note(self.reporter.phone != before.reporter.phone, field::PHONE);
        note(self.reporter.name != before.reporter.name, "reporter.name");
        note(self.reporter.anonymous != before.reporter.anonymous, "reporter.anonymous");
        note(self.answers != before.answers, "answers");
        note(self.attachments != before.attachments, "attachments");
        out
    }
}

/// A plain yes to 「是在这里吗？」.
fn is_yes(answer: &str) -> bool {
    ["是这里", "就是这里", "就在这里", "在这里", "就是", "是这儿", "就是这儿", "就在这儿"].contains(&answer)
}
