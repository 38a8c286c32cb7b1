//! What a draft still needs, the one question to ask, and the card that shows it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    draft::{Draft, DraftState, field},
    questions::QuestionKind,
    rules::IncidentRules,
    slots,
    taxonomy::Leaf,
    ticket::Urgency,
    urgency::Emergency,
};

/// One question to the resident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The field that it fills.
    pub field: String,
    /// The words.
    pub text: String,
    /// Choices that can be tapped; empty for free words.
    pub options: Vec<String>,
    /// What an answer is, for a question of the category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<QuestionKind>,
}

impl Draft {
    /// What still blocks confirming, in the order of asking: what happened, a place that has a grid or that the
    /// resident vouches for, the category's required answers, the phone where the category needs it. Never a photo.
    #[must_use]
    pub fn missing(&self, rules: &IncidentRules) -> Vec<String> {
        let mut out = Vec::new();
        if self.description.as_deref().is_none_or(|d| d.trim().is_empty()) {
            out.push(field::DESCRIPTION.to_owned());
        }
        if self.place.grid_code.is_none() && (!self.place_vouched || self.place.text.is_empty()) {
            out.push(field::PLACE.to_owned());
        }
        // Whoever is in danger answers where; nothing else holds the ticket up.
        let in_danger = self.emergency.as_ref().is_some_and(|e| e.urgency == Urgency::特急);
        if let Some(leaf) = self.leaf(rules).filter(|_| !in_danger) {
            let open = leaf.questions.iter().filter(|q| q.required && !self.answers.contains_key(&q.text));
            out.extend(open.map(|q| format!("{}{}", field::ANSWERS, q.text)));
            if leaf.required_phone && self.reporter.phone.is_none() {
                out.push(field::PHONE.to_owned());
            }
        }
        out
    }

    /// Nothing is missing.
    #[must_use]
    pub fn is_complete(&self, rules: &IncidentRules) -> bool {
        self.missing(rules).is_empty()
    }

    /// The one question to ask now; `None` when the card can be confirmed.
    #[must_use]
    pub fn next_question(&self, rules: &IncidentRules) -> Option<Question> {
        let missing = self.missing(rules);
        let name = missing.first()?.clone();
        let mut kind = None;
        let (text, options) = if name == field::DESCRIPTION {
            ("是什么事？请说一下发生了什么。".to_owned(), Vec::new())
        } else if name == field::PLACE {
            self.place_question(rules)
        } else if name == field::PHONE {
            ("请留一个电话，好联系您。号码只用于办理和回访，不会告诉被反映的一方。".to_owned(), Vec::new())
        } else {
            let own = self.own_question(&name, rules)?;
            kind = Some(own.kind);
            (own.spoken(), own.offers())
        };
        Some(Question { field: name, text, options, kind })
    }

    /// The place as it is read back: name, building and unit; else the resident's own words.
    #[must_use]
    pub fn spoken_place(&self) -> String {
        let place = &self.place;
        let Some(estate) = &place.estate else { return place.text.clone() };
        let numbers: String = [&place.building, &place.unit].into_iter().flatten().cloned().collect();
        let full = format!("{estate}{numbers}");
        // The words may say where exactly: 铂金云鼎1栋出入平台.
        let spot = place.building.as_deref().and_then(|b| place.text.split_once(b)).map(|(_, spot)| spot);
        match spot.filter(|s| place.unit.is_none() && !matches!(*s, "" | "楼") && s.chars().count() <= 8) {
            Some(spot) => format!("{full}{spot}"),
            None => full,
        }
    }

    /// What it is called when it is spoken of: 「铂金云鼎小区1栋 外墙瓷砖脱落」 in quotes, or 那件事.
    #[must_use]
    pub fn spoken_name(&self, rules: &IncidentRules) -> String {
        let vague = self.leaf(rules).is_none_or(|leaf| rules.other().is_some_and(|other| other.code == leaf.code));
        if self.emergency.is_some() {
            return format!("“{}”", self.description.as_deref().unwrap_or_default().chars().take(20).collect::<String>());
        }
        if vague { "那件事".to_owned() } else { format!("“{}”", self.title(rules)) }
    }

    /// The emergency that a plain 「有」 to the question just asked means, for instance to 有没有人受伤？.
    #[must_use]
    pub fn danger_told(&self, text: &str, rules: &IncidentRules) -> Option<Emergency> {
        let question = self.asked.as_deref()?.strip_prefix(field::ANSWERS)?;
        let means = if ["受伤", "砸到", "压到人", "伤人"].iter().any(|w| question.contains(w)) {
            "有人受伤了"
        } else if question.contains("被困") && question.contains("电梯") {
            "有人困在电梯里"
        } else if question.contains("被困") {
            "老人被困"
        } else if question.contains("水里") {
            "有人落水"
        } else {
            return None;
        };
        if !slots::affirms(text) {
            return None;
        }
        let mut emergency = rules.emergencies.detect(means)?;
        emergency.why = format!("「{question}」您回答「{}」", text.trim());
        Some(emergency)
    }

    fn place_question(&self, rules: &IncidentRules) -> (String, Vec<String>) {
        if !self.place_candidates.is_empty() {
            let why = self.place_remark.clone().unwrap_or_else(|| "地点还不够清楚".to_owned());
            let options = self.place_candidates.iter().take(6).map(|c| c.label.clone()).collect();
            let names: Vec<&str> =
                self.place_candidates.iter().take(6).map(|c| c.label.split('（').next().unwrap_or(&c.label)).collect();
            let different = names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len();
            let why = why.trim_end_matches('？');
            let text = match names.as_slice() {
                // A question that yes answers.
                [_] if self.only_choice().is_some() => format!("{why}？"),
                [_] if why.contains("的楼栋里没有") => {
                    format!("{why}，请再说一下是几栋；没说错的话，回复“没错”。")
                }
                [_] => format!("{why}，请再说一下是几栋。"),
                _ if different => format!("{}：{}。是哪一处？", why.replace("，请说是几栋", ""), numbered(&names)),
                _ => {
                    let communities: Vec<&str> = self.place_candidates.iter().take(6).map(|c| c.community.as_str()).collect();
                    format!("{why}：{}。是哪个社区？", numbered(&communities))
                }
            };
            return (text, options);
        }
        if self.has_unlisted_place() {
            return self.unlisted_question(rules);
        }
        let text = match (&self.place.building, self.place.text.is_empty()) {
            (Some(building), _) => format!("{building}是在哪个小区？请说小区名或者附近的路名。"),
            (None, true) => "在什么地方？请说小区和楼栋，或者附近的路名。".to_owned(),
            (None, false) => format!("“{}”我没找到，请说小区名，或者附近的路名、公交站、学校。", self.place.text),
        };
        (text, Vec::new())
    }

    /// The ticket's fields so far, under the names of the contract.
    #[must_use]
    pub fn to_ticket_fields(&self, rules: &IncidentRules) -> Value {
        let leaf = self.leaf(rules);
        let mut out = json!({
            "id": self.id,
            "kind": self.kind.or_else(|| leaf.map(|l| l.kind)),
            "category": leaf.map(Leaf::category),
            "title": self.title(rules),
            "description": self.description,
            "original_words": self.original_words.join("\n"),
            "place": self.place,
            "occurred_at": self.occurred_at,
            "urgency": self.urgency,
            "urgency_reason": self.urgency_reason,
            "people_affected": self.people_affected,
            "answers": self.answers,
            "attachments": self.attachments,
            "reporter": self.reporter,
            "assisted_by_ai": self.assisted_by_ai,
            "status": "待确认",
        });
        if let Some(map) = out.as_object_mut() {
            map.retain(|_, v| !v.is_null());
        }
        out
    }

    /// The card: `{kind: "draft", draft, missing, asking?, complete}`, with the questions and choices of the category
    /// beside it for people who fill fields in, and the category's notice. A draft that an answer or its category has
    /// ended shows `stopped` {text, tel, body} and cannot be confirmed.
    #[must_use]
    pub fn card(&self, rules: &IncidentRules) -> Value {
        let missing = self.missing(rules);
        let complete = missing.is_empty();
        let mut card = json!({
            "kind": "draft",
            "draft": self.to_ticket_fields(rules),
            "missing": missing,
            "complete": complete,
            "questions": self.leaf(rules).map_or_else(Vec::new, |l| {
                l.questions
                    .iter()
                    .map(|q| {
                        json!({
                            "text": q.text, "required": q.required,
                            "code": q.code, "kind": q.kind, "options": q.offers(), "notice": q.notice,
                        })
                    })
                    .collect::<Vec<_>>()
            }),
        });
        if let Some(position) = &self.photo_position {
            card["photo_position"] = json!(position);
        }
        if let Some(leaf) = self.leaf(rules) {
            card["photo_wanted"] = json!(leaf.photo_wanted);
            card["confidential"] = json!(leaf.confidential);
            if !leaf.notice.is_empty() {
                card["notice"] = json!(leaf.notice);
            }
        }
        if let Some(standard) = self.standard(rules) {
            card["standard"] = json!({"id": standard.id, "filing": standard.filing, "collection": standard.collection});
        }
        if let Some(stop) = self.stop(rules).filter(|_| self.state == DraftState::Stopped) {
            card["complete"] = json!(false);
            card["stopped"] = json!({"text": stop.spoken(), "tel": stop.tel, "body": stop.body});
        } else if let Some(question) = self.next_question(rules) {
            card["asking"] = json!(question.field);
            card["question"] = json!(question);
        }
        if !self.category_sure && !self.category_alternatives.is_empty() {
            let also: Vec<Value> = self
                .category_alternatives
                .iter()
                .filter_map(|c| rules.taxonomy.get(c))
                .map(|l| json!({"code": l.code, "name": l.name}))
                .collect();
            card["category_choices"] = json!(also);
        }
        card
    }
}

/// `1. 甲 2. 乙`, for people who answer 「第二个」.
fn numbered(names: &[&str]) -> String {
    names.iter().zip(1..).map(|(name, n)| format!("{n}、{name}")).collect::<Vec<_>>().join("；")
}
