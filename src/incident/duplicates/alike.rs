//! Which open tickets may be about the same thing as one that is known: for whoever may merge them.

use super::COPY;
use super::nearby::{self, Matter, SHOWN};
use super::open::{Candidate, Found};
use crate::incident::rules::IncidentRules;
use crate::incident::ticket::Ticket;

/// Those of `others` that may be about the same thing as `ticket`, the most likely first, at most `limit`. Nothing is merged by
/// this: a person looks and decides.
#[must_use]
pub fn alike(ticket: &Ticket, others: &[Ticket], rules: &IncidentRules, limit: usize) -> Vec<Candidate> {
    let Some(leaf) = rules.taxonomy.get(&ticket.category.code) else { return Vec::new() };
    let own = rules.taxonomy.gist(&ticket.description);
    let mut found: Vec<(f32, Candidate)> = others
        .iter()
        .filter(|other| other.id != ticket.id)
        .filter_map(|other| {
            let words = rules.taxonomy.likeness(&own, &rules.taxonomy.gist(&other.description));
            // Either may have come first.
            let (at, since) = (ticket.created_at.max(other.created_at), ticket.created_at.min(other.created_at));
            let said = Matter { category: &ticket.category.code, place: &ticket.place, at };
            let known = Matter { category: &other.category.code, place: &other.place, at: since };
            let nearness = nearby::compare(said, known, words, leaf).filter(|n| n.score >= SHOWN)?;
            let found = Found { number: other.number.clone(), nearness, shared: Vec::new(), copy: words >= COPY };
            Some((nearness.score, found.shown(other)?))
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.number.cmp(&b.1.number)));
    found.truncate(limit);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}
