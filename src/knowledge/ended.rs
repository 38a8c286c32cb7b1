//! The best match has ended: what took its place, and how near to whom a text stands.

use std::sync::Arc;

use crate::knowledge::area;
use crate::knowledge::catalog::{Catalog, Unit};
use crate::knowledge::document::{Audience, Passage};
use crate::knowledge::judge::{self, Asked};
use crate::knowledge::search::{Candidate, Decision, Expired, Hit, LegScores, Outcome, Scope, Successor, judge_candidates};
use crate::knowledge::vector::{Filter, VectorHit, day_number};

/// Scores this near tell nothing apart: then the more local text comes first.
const TIE: f32 = 0.01;
/// Successors are followed so far: A → B → C; a ring ends too.
const CHAIN: usize = 8;

impl Scope {
    /// May this passage be shown to the asker? What the index filters by, for what is read from memory.
    #[must_use]
    pub fn admits(&self, passage: &Passage) -> bool {
        let readers = passage.audience == Audience::All || self.audiences.contains(&passage.audience);
        let area = self.areas.is_empty() || self.areas.contains(&passage.area);
        readers && area && self.in_window(passage)
    }

    fn in_window(&self, passage: &Passage) -> bool {
        passage.effective_from <= self.on && passage.expires_on.is_none_or(|end| self.on < end)
    }
}

/// Has ended on the day of the question.
#[must_use]
pub fn ended_filter(scope: &Scope) -> Filter {
    Filter::Int { field: "expires_on".to_owned(), gte: None, lt: Some(day_number(scope.on) + 1) }
}

/// Is there anything at all that has ended by then? Mostly not, and then nobody needs to look.
#[must_use]
pub fn any_ended(catalog: &Catalog, scope: &Scope) -> bool {
    catalog.earliest_end().is_some_and(|end| end <= scope.on)
}

/// Tells of a document that has ended when it is what was asked for: it fits better than anything in force, judged among
/// the same candidates, and no version of it is in force. With a successor the answer is the successor's; without one the
/// hits stay what they were, and whoever shows them says first that what was asked for has ended.
pub fn consider(
    outcome: &mut Outcome,
    catalog: &Catalog,
    asked: &Asked,
    scope: &Scope,
    in_force: &[VectorHit],
    ended: &[VectorHit],
    limit: usize,
) {
    let all: Vec<VectorHit> = in_force.iter().chain(ended).copied().collect();
    let judged = judge_candidates(catalog, asked, &all);
    let Some(best) = judged.first().filter(|c| c.score >= judge::THRESHOLD) else { return };
    let old = &catalog.units()[best.unit];
    if old.passages.first().and_then(|p| p.expires_on).is_none_or(|end| end > scope.on) {
        return;
    }
    // The version that fits may have been replaced long before the document ended.
    let ends = catalog.units().iter().filter(|u| u.meta.id == old.meta.id).filter_map(|u| u.passages.first()?.expires_on);
    let Some(expired_on) = ends.filter(|end| *end <= scope.on).max() else { return };
    if holds_now(catalog, &old.meta.id, scope).is_some() {
        return;
    }
    let successor = successor(catalog, old, scope);
    if let Some(new) = &successor {
        outcome.hits = of_unit(new, &judged, catalog, best.score, limit);
        outcome.decision = Decision::Answerable;
        outcome.top_score = outcome.top_score.max(best.score);
    }
    let successor = successor.map(|u| Successor { id: u.meta.id.clone(), title: u.meta.title.clone() });
    outcome.expired = Some(Expired { title: old.meta.title.clone(), expired_on, successor });
}

/// A unit of this document that the asker may see on that day.
#[must_use]
pub fn holds_now<'a>(catalog: &'a Catalog, document: &str, scope: &Scope) -> Option<&'a Arc<Unit>> {
    catalog.units().iter().find(|u| u.meta.id == document && u.passages.first().is_some_and(|p| scope.admits(p)))
}

/// What took the place of a document that has ended, as far as the asker may see it.
#[must_use]
pub fn successor<'a>(catalog: &'a Catalog, old: &Unit, scope: &Scope) -> Option<&'a Arc<Unit>> {
    let mut next = old.meta.superseded_by.clone()?;
    for _ in 0..CHAIN {
        if let Some(unit) = holds_now(catalog, &next, scope) {
            return Some(unit);
        }
        next = catalog.units().iter().rev().find(|u| u.meta.id == next)?.meta.superseded_by.clone()?;
    }
    None
}

/// The successor's passages: those that the index found for the question first, then the others in order.
fn of_unit(unit: &Arc<Unit>, judged: &[Candidate], catalog: &Catalog, score: f32, limit: usize) -> Vec<Hit> {
    let found = judged.iter().find(|c| Arc::ptr_eq(&catalog.units()[c.unit], unit));
    let mut places: Vec<(usize, LegScores)> = found.map(|c| c.passages.clone()).unwrap_or_default();
    for place in 0..unit.passages.len() {
        if !places.iter().any(|(p, _)| *p == place) {
            places.push((place, LegScores::default()));
        }
    }
    let features: Arc<[f32]> = found.map_or_else(|| Arc::from([]), |c| Arc::from(c.features.as_slice()));
    let hit = |(place, legs): (usize, LegScores)| Hit {
        passage: Arc::clone(&unit.passages[place]),
        document: Arc::clone(&unit.meta),
        score,
        legs,
        features: Arc::clone(&features),
    };
    places.into_iter().take(limit.max(1)).map(hit).collect()
}

/// Among candidates that fit as well as the best, the more local one first: a city's rule is made for where the country's
/// leaves room.
pub fn prefer_local(judged: &mut [Candidate], catalog: &Catalog, areas: &[String]) {
    let Some(top) = judged.first().map(|c| c.score) else { return };
    let near = judged.iter().take_while(|c| top - c.score <= TIE).count();
    let how = |c: &Candidate| area::locality(areas, &catalog.units()[c.unit].meta.area);
    judged[..near].sort_by_key(|c| std::cmp::Reverse(how(c)));
}
