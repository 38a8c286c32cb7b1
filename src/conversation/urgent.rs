//! An emergency: the numbers before everything else, then an urgent draft; what was being reported waits.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::live::TurnLog;
use super::outcome::Route;
use super::service::Conversations;
use super::turn::{Said, Turn};
use crate::incident::draft::{Draft, field};
use crate::incident::intent::Intent;
use crate::incident::rules::IncidentRules;
use crate::incident::urgency::Emergency;

/// Emergencies that say that somebody is hurt or in danger, not what happened: they belong to whatever is being told.
const SOMEBODY_HURT: [&str; 3] = ["zhuiwu", "shouliu", "qiujiu"];

impl Conversations {
    /// An emergency, before anybody waits for anything: the numbers first.
    pub(super) fn first_words(intent: &Intent, log: &mut TurnLog) {
        let Some(emergency) = &intent.emergency else { return };
        log.turn(Route::Emergency);
        let numbers: Vec<String> = emergency.numbers.iter().map(|n| format!("{}（{}）", n.tel, n.label)).collect();
        log.delta(&format!("请马上拨打{}！{}\n", numbers.join("、"), emergency.advice));
        log.emit("card", &card(emergency));
    }

    /// The urgent draft of an emergency. It is shown from the next turn on: now only the call counts.
    ///
    /// An emergency about the matter that is being reported makes that draft graver; any other one pushes it aside
    /// until the urgent one is confirmed or cancelled.
    pub(super) fn open_urgent_draft(&self, turn: &mut Turn<'_>, intent: &Intent) -> Said {
        let rules = &*Arc::clone(&turn.rules);
        let Some(emergency) = &intent.emergency else { return Said::default() };
        // 「可以开灯吗」 asks about the leak that was just told.
        (turn.memory.last_question, turn.memory.last_guide) = (Some(turn.said.to_owned()), None);
        let open = turn.memory.draft.take();
        let same = open.as_ref().is_some_and(|draft| is_same_matter(draft, emergency, turn.said, rules, self.now()));
        let mut draft = match open {
            Some(open) if same => open,
            other => {
                let mut draft = self.empty_draft(turn);
                if let Some(other) = other {
                    // The same person speaks.
                    draft.reporter = other.reporter.clone();
                    turn.memory.park(other);
                }
                draft
            }
        };
        let applied = draft.apply(turn.said, rules, self.now());
        if draft.emergency.is_none() {
            // A plain 「有」 to 有没有人受伤？: only the question made it an emergency.
            draft.take_emergency(emergency.clone(), rules);
        }
        // In danger nobody is asked about the position of a photo: the card offers it.
        self.put_into(&mut draft, turn.attachments);
        if applied.outside.is_some() {
            turn.log.delta(&format!("这个地方不在{}，我这里派不了人，请一定打通电话。", self.parts.street.name));
            turn.memory.resume();
            return Said::with_card(card(emergency));
        }
        let asking = draft.next_question(rules);
        draft.asked = asking.as_ref().map(|q| q.field.clone());
        match asking.as_ref().map(|q| q.field.as_str()) {
            Some(field::PLACE) if draft.place_candidates.is_empty() => {
                turn.log.delta("打完电话告诉我在哪个小区、哪一栋，我马上报给街道。");
            }
            Some(_) => {
                let ask = asking.map(|q| q.text).unwrap_or_default();
                turn.log.delta(&format!("打完电话再回我一句，我马上报给街道：{ask}"));
            }
            None => {
                turn.log.delta(&format!("我已记下：{}。打完电话回复“确认”，我马上报给街道。", draft.spoken_place()));
            }
        }
        turn.memory.draft = Some(draft);
        turn.memory.draft_hidden = !same;
        Said::with_card(card(emergency))
    }
}

fn card(emergency: &Emergency) -> Value {
    json!({ "kind": "emergency", "numbers": emergency.numbers, "advice": emergency.advice })
}

/// Whether the emergency is part of what the open draft tells: the same branch of the categories, or somebody hurt by
/// it; never when another place is named.
fn is_same_matter(draft: &Draft, emergency: &Emergency, said: &str, rules: &IncidentRules, now: Timestamp) -> bool {
    if names_another_place(draft, said, rules, now) {
        return false;
    }
    let Some(category) = draft.category.as_deref().filter(|_| draft.description.is_some()) else { return true };
    let branch = category.get(..2) == emergency.category_code.get(..2);
    branch || draft.emergency.is_some() || SOMEBODY_HURT.contains(&emergency.id.as_str())
}

fn names_another_place(draft: &Draft, said: &str, rules: &IncidentRules, now: Timestamp) -> bool {
    // At home is somewhere else than in the street, even when no name is told.
    let at_home = ["我家", "我屋", "我们家", "屋头", "家里"].iter().any(|w| said.contains(w));
    if at_home
        && draft.description.as_deref().is_some_and(|d| !["我家", "我屋", "我们家", "屋头", "家里"].iter().any(|w| d.contains(w)))
    {
        return true;
    }
    let told = rules.places_at(now).find(said).place;
    let differs = |a: &Option<String>, b: &Option<String>| matches!((a, b), (Some(a), Some(b)) if a != b);
    differs(&draft.place.estate, &told.estate)
        || (told.grid_code.is_some() && differs(&draft.place.grid_code, &told.grid_code))
        || differs(&draft.place.building, &told.building)
}
