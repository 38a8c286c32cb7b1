//! From a complete draft to the ticket: title, route, deadlines.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    clocks::deadlines,
    destinations::Destinations,
    draft::{By, Draft, DraftState, field},
    labels::LabelSource,
    rules::IncidentRules,
    standards::Standard,
    store::NewTicket,
    street::trial,
    ticket::{Kind, Reporter, SCHEMA_VERSION, Status, Ticket},
};

/// Why a draft is no ticket yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Fields that block it, by their names.
    #[error("还缺：{}", .0.join("、"))]
    Missing(Vec<String>),
    /// It was cancelled, stopped or confirmed before.
    #[error("这份草稿已经结束")]
    Closed,
    /// The taxonomy knows no category for it, not even 其他.
    #[error("没有可用的类别")]
    NoCategory,
}

impl Draft {
    /// The title, made by code: building and category, at most 30 characters.
    #[must_use]
    pub fn title(&self, rules: &IncidentRules) -> String {
        let what = self.leaf(rules).map(|l| l.name.clone());
        let what = what.or_else(|| self.description.clone()).unwrap_or_default();
        let building = self.place.building.as_deref().unwrap_or_default();
        let place = match &self.place.estate {
            Some(estate) => format!("{estate}{building}"),
            // Without the door, whatever the resident's words were.
            None => self.place.text.clone(),
        };
        let room_for_place = 30usize.saturating_sub(what.chars().count() + 1);
        let place: String = place.chars().take(room_for_place).collect();
        let title = if place.is_empty() { what } else { format!("{place} {what}") };
        title.chars().take(30).collect()
    }

    /// The ticket, without a number: that is allocated when it is stored.
    ///
    /// `ticket_id` is the ticket's own id and its idempotency key; `destinations` know which platforms want it.
    ///
    /// # Errors
    /// [`NotReady`] names what is missing.
    pub fn into_new_ticket(
        &self,
        rules: &IncidentRules,
        now: Timestamp,
        ticket_id: Uuid,
        destinations: &Destinations,
    ) -> Result<NewTicket, NotReady> {
        if self.state != DraftState::Open {
            return Err(NotReady::Closed);
        }
        let missing = self.missing(rules);
        if !missing.is_empty() {
            return Err(NotReady::Missing(missing));
        }
        self.ticket_of(rules, now, ticket_id, destinations)
    }

    /// The ticket of somebody who joins one that is known (一起反映): what happened and where are enough, the category's own
    /// questions were answered for the first.
    ///
    /// # Errors
    /// [`NotReady`] names what is missing.
    pub fn into_joining_ticket(&self, rules: &IncidentRules, now: Timestamp, ticket_id: Uuid) -> Result<NewTicket, NotReady> {
        if self.state != DraftState::Open {
            return Err(NotReady::Closed);
        }
        let needed = [field::DESCRIPTION, field::PLACE];
        let missing: Vec<String> = self.missing(rules).into_iter().filter(|name| needed.contains(&name.as_str())).collect();
        if !missing.is_empty() {
            return Err(NotReady::Missing(missing));
        }
        self.ticket_of(rules, now, ticket_id, &Destinations::default())
    }

    fn ticket_of(
        &self,
        rules: &IncidentRules,
        now: Timestamp,
        ticket_id: Uuid,
        destinations: &Destinations,
    ) -> Result<NewTicket, NotReady> {
        let leaf = self.leaf(rules).or_else(|| rules.other()).ok_or(NotReady::NoCategory)?;
        let description = self.description.clone().unwrap_or_default();
        let told = trial::told(&description, &self.original_words.join("。"), &self.place.text);
        let route = rules.dispatch.route(leaf, &self.place, self.urgency, &told, rules.places.gazetteer());
        let standard = rules.standards.pick(leaf, &self.told(), &self.answers);
        let rule = rules.clocks.pick(standard.map_or(&leaf.clock, |s| &s.clock), self.urgency);
        let mut clock = deadlines(rule, now, &rules.calendar);
        if let Some(standard) = standard {
            clock.basis = format!("{}；立案标准{}：{}", clock.basis.trim_end_matches('。'), standard.id, standard.filing);
        }
        let anonymous = self.reporter.anonymous && leaf.anonymous_allowed;
        let reporter = Reporter {
            anonymous,
            name: if anonymous { None } else { self.reporter.name.clone() },
            phone: self.reporter.phone.clone(),
        };
        let kind = self.kind.unwrap_or(leaf.kind);
        let ticket = Ticket {
            id: ticket_id,
            number: String::new(),
            kind,
            category: leaf.category(),
            title: self.title(rules),
            description,
            original_words: self.original_words.join("\n"),
            place: self.place.clone(),
            occurred_at: self.occurred_at,
            urgency: self.urgency,
            urgency_reason: self.urgency_reason.clone(),
            people_affected: self.people_affected,
            answers: self.answers.clone(),
            attachments: self.attachments.clone(),
            reporter,
            route,
            clock,
            standard: standard.map(Standard::reference),
            confidential: leaf.confidential || kind == Kind::举报,
            status: Status::已提交,
            joined: 1,
            duplicate_of: None,
            ledger: None,
            source: self.source.clone(),
            assisted_by_ai: self.assisted_by_ai,
            created_at: now,
            schema_version: SCHEMA_VERSION,
        };
        let chosen = self.provenance.get(field::CATEGORY) == Some(&By::Resident);
        let labelled_by = if chosen { LabelSource::Resident } else { LabelSource::Confirmed };
        let destinations = destinations.of(&ticket);
        Ok(NewTicket { ticket, draft_id: self.id, destinations, labelled_by })
    }
}
