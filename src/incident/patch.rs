//! Changes of a draft by field (JSON merge patch): from the card, or proposed by a model.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    draft::{By, Draft, DraftState, field},
    gazetteer::Grid,
    place::Certainty,
    position::read_point,
    reading::plain,
    rules::IncidentRules,
    taxonomy::kind_from_word,
    ticket::Place,
};

/// Longest description, in characters.
pub const MAX_DESCRIPTION: usize = 2000;
/// Most attachments of one draft, whatever the settings allow.
pub const MAX_ATTACHMENTS: usize = 30;

/// What was wrong, by field, in words for the resident.
pub type FieldErrors = BTreeMap<String, String>;

impl Draft {
    /// Applies a JSON merge patch over the ticket-like fields: `place` {text, point}|string, `description`, `category`
    /// {code}|string, `reporter` {phone, name, anonymous}, `people_affected`, `occurred_at`, `kind`, `answers` {}, `attachments`.
    ///
    /// Answers are read as the question's kind wants them (`answers`); one that sends the matter another way ends the draft.
    /// `null` clears a field. A model ([`By::Model`]) never changes what the resident set, and its unknown fields and
    /// errors are its own affair: the good part is taken all the same. The resident's patch is all or nothing.
    ///
    /// # Errors
    /// One message per wrong field; with [`By::Resident`] the draft is then unchanged.
    pub fn patch(&mut self, patch: &Value, by: By, rules: &IncidentRules, now: Timestamp) -> Result<(), FieldErrors> {
        let Some(fields) = patch.as_object() else {
            return Err(BTreeMap::from([(String::new(), "应为字段的集合".to_owned())]));
        };
        let mut next = self.clone();
        let mut errors = FieldErrors::new();
        for (name, value) in fields {
            next.set(name, value, by, rules, now, &mut errors);
        }
        next.reconsider(rules);
        if by == By::Model && next != *self {
            next.assisted_by_ai = true;
        }
        if errors.is_empty() {
            *self = next;
            if by == By::Resident && self.state == DraftState::Open && self.stop(rules).is_some() {
                self.state = DraftState::Stopped;
            }
            return Ok(());
        }
        if by != By::Resident {
            *self = next;
        }
        Err(errors)
    }

    fn set(&mut self, name: &str, value: &Value, by: By, rules: &IncidentRules, now: Timestamp, errors: &mut FieldErrors) {
        let key = match name {
            "category_code" => field::CATEGORY,
            other => other,
        };
        if !self.may_set(key, by) {
            return;
        }
        let done = match key {
            "description" => self.set_description(value, rules),
            "place" => self.set_place(value, by, rules, now),
            "category" => self.set_category(value, rules),
            "kind" => self.set_kind(value),
            "occurred_at" => self.set_occurred(value, now),
            "people_affected" => self.set_people(value),
            "answers" => self.set_answers(value, rules, now),
            "attachments" => self.set_attachments(value),
            "reporter" => {
                self.set_reporter(value, by, errors);
                Ok(())
            }
            _ => Err("没有这个字段，或者不能修改".to_owned()),
        };
        match done {
            Ok(()) => {
                // A position alone says nothing about who named the place.
                let only_point =
                    key == field::PLACE && value.as_object().is_some_and(|f| f.len() == 1 && f.contains_key("point"));
                if key != "reporter" && !only_point {
                    self.provenance.insert(key.to_owned(), by);
                }
            }
            Err(message) => {
                errors.insert(name.to_owned(), message);
            }
        }
    }

    fn set_description(&mut self, value: &Value, rules: &IncidentRules) -> Result<(), String> {
        if value.is_null() {
            self.description = None;
            return Ok(());
        }
        let text = value.as_str().map(str::trim).ok_or("应为文字")?;
        if text.is_empty() {
            return Err("请说明发生了什么".to_owned());
        }
        if text.chars().count() > MAX_DESCRIPTION {
            return Err(format!("请不要超过{MAX_DESCRIPTION}字"));
        }
        self.description = Some(text.to_owned());
        self.classify(rules);
        Ok(())
    }

    fn set_place(&mut self, value: &Value, by: By, rules: &IncidentRules, now: Timestamp) -> Result<(), String> {
        let places = rules.places_at(now);
        if value.is_null() {
            self.place = Place::default();
            self.place_vouched = false;
            self.place_candidates.clear();
            self.place_remark = None;
            return Ok(());
        }
        // A position is the resident's own device's; a model has none to offer.
        if let Some(point) = value.get("point").filter(|_| by == By::Resident) {
            self.place.point = if point.is_null() { None } else { Some(read_point(point)?) };
            if point.is_null() && self.offered_by_position() {
                self.place_candidates.clear();
                self.place_remark = None;
            }
            let alone = value.as_object().is_some_and(|fields| fields.len() == 1);
            if alone {
                self.weigh_position(places);
                return Ok(());
            }
        }
        let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::trim).filter(|s| !s.is_empty());
        let (text, code) = match value {
            Value::String(text) => (text.trim().to_owned(), None),
            Value::Object(_) => {
                let parts = [part("text"), part("estate"), part("building"), part("unit"), part("room")];
                let mut text = String::new();
                for p in parts.into_iter().flatten() {
                    if !text.contains(p) {
                        text.push_str(p);
                    }
                }
                (text, part("grid_code"))
            }
            _ => return Err("应为地点的文字".to_owned()),
        };
        if let Some(code) = code {
            // A grid is chosen from the directory, by its code; only a person may do that.
            let today = |g: &&Grid| by == By::Resident && g.validity.holds(places.day());
            let grid = places.gazetteer().grid(code).filter(today).ok_or("网格编码不在目录里")?;
            let own = text.is_empty().then(|| self.place.text.clone());
            self.place.text = own.unwrap_or(text);
            self.place.community = Some(grid.community.clone());
            self.place.grid = Some(grid.grid.clone());
            self.place.grid_code = Some(grid.grid_code.clone());
            self.place.confidence = 1.0;
            self.place.matched_by = vec![code.to_owned()];
            self.place_candidates.clear();
            self.place_remark = None;
            self.weigh_position(places);
            return Ok(());
        }
        if text.is_empty() {
            return Err("请写小区名、路名或者附近的标志".to_owned());
        }
        if text.chars().count() > 200 {
            return Err("地点请不要超过200字".to_owned());
        }
        let point = self.place.point;
        let found = places.find_with(&text, Some(&self.place).filter(|p| by == By::Model || p.grid_code.is_some()));
        if by == By::Model && found.certainty != Certainty::Sure && self.place.grid_code.is_some() {
            return Ok(());
        }
        if let Certainty::Outside(body) = &found.certainty {
            return Err(format!("这里不在{}：{body}", rules.street));
        }
        self.place = found.place;
        self.place_vouched = false;
        self.place.point = point;
        if self.place.text.is_empty() || by == By::Resident {
            let room = self.place.room.clone();
            self.place.text = without_room(&text, room.as_deref());
        }
        self.place_candidates = match found.certainty {
            Certainty::Ambiguous(candidates) => candidates,
            _ => Vec::new(),
        };
        self.place_remark = found.remark;
        self.weigh_position(places);
        Ok(())
    }

    fn set_category(&mut self, value: &Value, rules: &IncidentRules) -> Result<(), String> {
        let code = value.as_str().or_else(|| value.get("code").and_then(Value::as_str)).ok_or("请从类别中选一个")?;
        let leaf = rules.taxonomy.get(code).or_else(|| rules.taxonomy.by_name(code)).ok_or("没有这个类别")?;
        self.category = Some(leaf.code.clone());
        self.category_sure = true;
        Ok(())
    }

    fn set_kind(&mut self, value: &Value) -> Result<(), String> {
        if value.is_null() {
            self.kind = None;
            return Ok(());
        }
        let kind = value.as_str().and_then(kind_from_word).ok_or("应为 投诉、求助、建议、举报 或 咨询")?;
        self.kind = Some(kind);
        Ok(())
    }

    fn set_occurred(&mut self, value: &Value, now: Timestamp) -> Result<(), String> {
        if value.is_null() {
            self.occurred_at = None;
            return Ok(());
        }
        let at: Timestamp = value.as_str().and_then(|s| s.parse().ok()).ok_or("时间的格式不对")?;
        if at > now {
            return Err("时间不能晚于现在".to_owned());
        }
        self.occurred_at = Some(at);
        Ok(())
    }

    fn set_people(&mut self, value: &Value) -> Result<(), String> {
        if value.is_null() {
            self.people_affected = None;
            return Ok(());
        }
        let n = value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=1_000_000).contains(n));
        self.people_affected = Some(n.ok_or("应为1以上的整数")?);
        Ok(())
    }

    fn set_answers(&mut self, value: &Value, rules: &IncidentRules, now: Timestamp) -> Result<(), String> {
        let answers = value.as_object().ok_or("应为问题和回答")?;
        let leaf = self.leaf(rules).ok_or("还没有类别，不能回答")?;
        for (question, answer) in answers {
            let own = leaf
                .questions
                .iter()
                .find(|q| plain(&q.text) == plain(question))
                .ok_or_else(|| format!("没有「{question}」这个问题"))?;
            if answer.is_null() {
                self.answers.remove(&own.text);
            } else {
                self.answers.insert(own.text.clone(), own.read_value(answer, now, rules.calendar.zone())?);
            }
        }
        Ok(())
    }

    fn set_attachments(&mut self, value: &Value) -> Result<(), String> {
        if value.is_null() {
            self.attachments.clear();
            return Ok(());
        }
        let list = value.as_array().ok_or("应为附件编号的列表")?;
        if list.len() > MAX_ATTACHMENTS {
            return Err(format!("最多{MAX_ATTACHMENTS}个附件"));
        }
        let ids: Option<Vec<Uuid>> = list.iter().map(|v| v.as_str().and_then(|s| s.parse().ok())).collect();
        self.attachments = ids.ok_or("附件编号的格式不对")?;
        Ok(())
    }

    fn set_reporter(&mut self, value: &Value, by: By, errors: &mut FieldErrors) {
        let empty = Map::new();
        let fields = match value {
            Value::Null => {
                self.reporter = super::ticket::Reporter::default();
                &empty
            }
            Value::Object(map) => map,
            _ => {
                errors.insert("reporter".to_owned(), "应为联系人的各项".to_owned());
                return;
            }
        };
        for (name, value) in fields {
            let key = format!("reporter.{name}");
            if !self.may_set(&key, by) {
                continue;
            }
            let wrong = match (name.as_str(), value) {
                ("phone", Value::Null) => {
                    self.reporter.phone = None;
                    None
                }
                ("name", Value::Null) => {
                    self.reporter.name = None;
                    None
                }
                ("phone", Value::String(text)) => match phone(text) {
                    Some(number) => {
                        self.reporter.phone = Some(number);
                        None
                    }
                    None => Some("电话号码不对，请填11位手机号或者带区号的座机"),
                },
                ("name", Value::String(text)) if (1..=20).contains(&text.trim().chars().count()) => {
                    self.reporter.name = Some(text.trim().to_owned());
                    None
                }
                ("name", _) => Some("姓名应为20字以内"),
                ("anonymous", Value::Bool(yes)) => {
                    self.reporter.anonymous = *yes;
                    None
                }
                ("anonymous", _) => Some("应为是或否"),
                _ => Some("没有这个字段，或者不能修改"),
            };
            match wrong {
                Some(message) => {
                    errors.insert(key, message.to_owned());
                }
                None => {
                    self.provenance.insert(key, by);
                }
            }
        }
    }
}

/// The digits of a phone number in China: 11 of a mobile, or area code and 7 or 8.
#[must_use]
pub fn phone(text: &str) -> Option<String> {
    let digits: String = plain(text).chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let digits = digits.strip_prefix("+86").unwrap_or(&digits).to_owned();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let second = digits.as_bytes().get(1).copied().unwrap_or(b'0');
    let mobile = digits.len() == 11 && digits.starts_with('1') && second >= b'3';
    let fixed = digits.starts_with('0') && (10..=12).contains(&digits.len());
    (mobile || fixed).then_some(digits)
}

pub(super) fn without_room(text: &str, room: Option<&str>) -> String {
    let Some(room) = room else { return text.to_owned() };
    for form in [format!("{room}室"), format!("{room}户"), format!("{room}号房"), room.to_owned()] {
        if let Some(at) = text.rfind(&form) {
            let mut out = text.to_owned();
            out.replace_range(at..at + form.len(), "");
            return out.trim_end_matches('-').to_owned();
        }
    }
    text.to_owned()
}
