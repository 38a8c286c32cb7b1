//! The open tickets, kept in memory, and those of them that a draft may join.
//!
//! What is shown of a ticket is public: number, what kind of matter, the place down to the building, how long ago, how it stands and
//! how many joined. Never who, never their words: the reasons name words of the category's own list, which stand in the table
//! and in both messages. A tip-off (举报) is not shown to anybody: that it exists may tell who gave it.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::index::Index;
use super::nearby::{self, Matter, Nearness, SHOWN, What, Where};
use super::{COPY, SAME_INCIDENT};
use crate::incident::draft::Draft;
use crate::incident::reading::plain;
use crate::incident::rules::IncidentRules;
use crate::incident::taxonomy::{Leaf, Taxonomy};
use crate::incident::ticket::{Kind, Place, Status, Ticket};

/// More than these nobody compares on a phone.
pub const MOST: usize = 3;
/// Tickets of the same surroundings whose words are compared.
const AROUND: usize = 16;
/// Side of a cell of the map, in degrees: about a kilometre.
const CELL: f64 = 0.01;
/// Metres that a cell is at least wide where Chinese streets are.
const CELL_M: f64 = 650.0;
/// A radius beyond this is looked through as if it were this.
const RADIUS_CELLS: i32 = 5;

/// A ticket that a draft may be about, as it is shown to the resident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// `WG…`: joining names it.
    pub number: String,
    /// Place and category.
    pub title: String,
    /// Place down to the building, or the grid.
    pub place: String,
    /// Whole metres, when both have a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<u32>,
    /// How long ago it was reported, in words.
    pub age: String,
    /// When it was reported.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// How many residents stand behind it.
    pub joined: u32,
    /// Why it may be the same, in words.
    pub why: Vec<String>,
}

/// What is kept of an open ticket.
#[derive(Debug, Clone)]
struct Known {
    number: String,
    conversation: Uuid,
    category: String,
    place: Place,
    at: Timestamp,
}

#[derive(Debug, Default)]
struct Inner {
    words: Index<Uuid>,
    known: HashMap<Uuid, Known>,
    by_grid: HashMap<String, BTreeSet<Uuid>>,
    by_cell: HashMap<(i32, i32), BTreeSet<Uuid>>,
}

/// The open tickets. Shared: reading does not wait for reading.
#[derive(Debug)]
pub struct OpenTickets {
    inner: RwLock<Inner>,
}

/// A ticket that a draft may be about, before it is read again and shown.
#[derive(Debug, Clone)]
pub struct Found {
    /// `WG…`
    pub number: String,
    /// Why.
    pub nearness: Nearness,
    /// Words of the category's list that both messages have.
    pub shared: Vec<String>,
    /// The texts are nearly copies.
    pub copy: bool,
}

impl OpenTickets {
    /// None yet. The table's own sentences say how common words are before tickets do.
    #[must_use]
    pub fn new(taxonomy: &Taxonomy) -> Self {
        let background = taxonomy.leaves().iter().flat_map(|leaf| leaf.examples.iter().map(String::as_str));
        let inner = Inner { words: Index::with_background(background), ..Inner::default() };
        Self { inner: RwLock::new(inner) }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.read().known.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes note of a ticket as it is now: one that can be joined is kept, any other one forgotten.
    pub fn put(&self, ticket: &Ticket) {
        let mut inner = self.inner.write();
        inner.forget(ticket.id);
        if may_be_joined(ticket) {
            inner.keep(ticket);
        }
    }

    /// The tickets that a draft may be about, the most likely first, at most `limit`; none before description, category and grid
    /// are known, none for an emergency, a tip-off or a category that does not look for duplicates. Tickets of the draft's own
    /// conversation are left out: those are shown as progress.
    #[must_use]
    pub fn find(&self, draft: &Draft, rules: &IncidentRules, now: Timestamp, limit: usize) -> Vec<Found> {
        let Some(description) = draft.description.as_deref().filter(|d| !d.trim().is_empty()) else { return Vec::new() };
        let Some(leaf) = draft.leaf(rules).filter(|leaf| leaf.stopper.is_empty()) else { return Vec::new() };
        let secret = draft.kind.unwrap_or(leaf.kind) == Kind::举报;
        if draft.place.grid_code.is_none() || draft.emergency.is_some() || secret || leaf.duplicate_radius_m == 0 {
            return Vec::new();
        }
        let said = Matter { category: &leaf.code, place: &draft.place, at: now };
        let words = without_place(description, &draft.place);
        let inner = self.inner.read();
        let mut found: HashMap<Uuid, (Nearness, bool)> = HashMap::new();
        let mut consider = |id: Uuid, incident: f32, copy: f32| {
            let Some(known) = inner.known.get(&id).filter(|k| k.conversation != draft.source.conversation_id) else { return };
            if let Some(near) = nearby::compare(said, known.matter(), incident.max(copy), leaf)
                && near.score >= SHOWN
            {
                found.insert(id, (near, copy >= COPY));
            }
        };
        for like in inner.words.find("", &words) {
            if like.incident >= SAME_INCIDENT / 2.0 || like.copy >= COPY / 2.0 {
                consider(like.key, like.incident, like.copy);
            }
        }
        for like in inner.words.likenesses("", &words, &inner.around(said, leaf)) {
            consider(like.key, like.incident, like.copy);
        }
        let mut found: Vec<(Uuid, Nearness, bool)> = found.into_iter().map(|(id, (near, copy))| (id, near, copy)).collect();
        found.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then_with(|| a.0.cmp(&b.0)));
        found.truncate(limit);
        let own = plain(description);
        found
            .into_iter()
            .filter_map(|(id, nearness, copy)| {
                let known = inner.known.get(&id)?;
                let theirs = plain(inner.words.get(&id).map_or("", |(_, text)| text));
                let listed = rules.taxonomy.get(&known.category).map(|leaf| leaf.words.as_slice()).unwrap_or_default();
                Some(Found { number: known.number.clone(), nearness, shared: shared(listed, &own, &theirs), copy })
            })
            .collect()
    }
}

impl Inner {
    fn keep(&mut self, ticket: &Ticket) {
        let mut place = ticket.place.clone();
        place.room = None;
        let known = Known {
            number: ticket.number.clone(),
            conversation: ticket.source.conversation_id,
            category: ticket.category.code.clone(),
            place,
            at: ticket.created_at,
        };
        if let Some(grid) = &known.place.grid_code {
            self.by_grid.entry(grid.clone()).or_default().insert(ticket.id);
        }
        if let Some(cell) = cell(&known.place) {
            self.by_cell.entry(cell).or_default().insert(ticket.id);
        }
        self.words.add(ticket.id, "", &without_place(&ticket.description, &ticket.place));
        self.known.insert(ticket.id, known);
    }

    fn forget(&mut self, id: Uuid) {
        let Some(known) = self.known.remove(&id) else { return };
        self.words.remove(&id);
        if let Some(grid) = &known.place.grid_code
            && let Some(own) = self.by_grid.get_mut(grid)
        {
            own.remove(&id);
            if own.is_empty() {
                self.by_grid.remove(grid);
            }
        }
        if let Some(cell) = cell(&known.place)
            && let Some(own) = self.by_cell.get_mut(&cell)
        {
            own.remove(&id);
            if own.is_empty() {
                self.by_cell.remove(&cell);
            }
        }
    }

    /// Those of the same grid or within the radius that place and category speak for most.
    fn around(&self, said: Matter<'_>, leaf: &Leaf) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = Vec::new();
        if let Some(grid) = &said.place.grid_code {
            ids.extend(self.by_grid.get(grid).into_iter().flatten());
        }
        if let Some((x, y)) = cell(said.place) {
            // One more than the radius needs: the two systems of coordinates lie half a cell apart.
            let rings = (((f64::from(leaf.duplicate_radius_m) / CELL_M).ceil() as i32) + 1).min(RADIUS_CELLS);
            for near in (-rings..=rings).flat_map(|dx| (-rings..=rings).map(move |dy| (x + dx, y + dy))) {
                ids.extend(self.by_cell.get(&near).into_iter().flatten());
            }
            ids.sort_unstable();
            ids.dedup();
        }
        let mut ranked: Vec<(f32, Uuid)> = ids
            .into_iter()
            .filter_map(|id| {
                let known = self.known.get(&id)?;
                Some((nearby::compare(said, known.matter(), 0.0, leaf)?.score, id))
            })
            .collect();
        if ranked.len() > AROUND {
            ranked.select_nth_unstable_by(AROUND, |a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            ranked.truncate(AROUND);
        }
        ranked.into_iter().map(|(_, id)| id).collect()
    }
}

impl Known {
    fn matter(&self) -> Matter<'_> {
        Matter { category: &self.category, place: &self.place, at: self.at }
    }
}

impl Found {
    /// As it is shown, from the ticket as it stands now; `None` when it cannot be joined any more.
    #[must_use]
    pub fn shown(&self, ticket: &Ticket) -> Option<Candidate> {
        may_be_joined(ticket).then(|| Candidate {
            number: ticket.number.clone(),
            title: public_title(ticket),
            place: public_place(&ticket.place),
            distance_m: self.nearness.distance_m.map(|m| m.round() as u32),
            age: nearby::ago(self.nearness.age),
            created_at: ticket.created_at,
            status: ticket.status,
            joined: ticket.joined,
            why: self.why(ticket),
        })
    }

    fn why(&self, ticket: &Ticket) -> Vec<String> {
        let mut out = Vec::new();
        out.push(match self.nearness.place {
            Where::SameBuilding => "同一栋楼".to_owned(),
            Where::SameEstate | Where::OtherBuilding => "同一小区".to_owned(),
            Where::Near(metres) => format!("相距约{metres:.0}米"),
            Where::SameGrid => "同一网格".to_owned(),
        });
        match self.nearness.category {
            What::SameLeaf => out.push(format!("都是“{}”", ticket.category.name)),
            What::SameBranch => out.push("同一类问题".to_owned()),
            What::SameRoot | What::Other => {}
        }
        if self.copy {
            out.push("说法几乎相同".to_owned());
        } else if !self.shared.is_empty() {
            out.push(format!("都说到“{}”", self.shared.join("”“")));
        }
        out
    }
}

/// Open, and nobody's secret.
#[must_use]
pub const fn may_be_joined(ticket: &Ticket) -> bool {
    ticket.status.may_take_in() && !matches!(ticket.kind, Kind::举报)
}

/// Estate and building, else the grid: what the resident said beyond that stays with the resident.
#[must_use]
pub fn public_place(place: &Place) -> String {
    match &place.estate {
        Some(estate) => format!("{estate}{}", place.building.as_deref().unwrap_or_default()),
        None => [&place.community, &place.grid].into_iter().flatten().cloned().collect(),
    }
}

/// Public place and category, at most 30 characters.
#[must_use]
pub fn public_title(ticket: &Ticket) -> String {
    let place = public_place(&ticket.place);
    let title = if place.is_empty() { ticket.category.name.clone() } else { format!("{place} {}", ticket.category.name) };
    title.chars().take(30).collect()
}

/// What happened without where: the place is compared for itself, and two matters of one building are not alike by its name.
fn without_place(description: &str, place: &Place) -> String {
    let mut names: Vec<&str> =
        [&place.estate, &place.building, &place.unit, &place.community].into_iter().flatten().map(String::as_str).collect();
    names.push(&place.text);
    names.extend(place.matched_by.iter().map(String::as_str));
    // Longer names first: what is left of a name that was cut in two would be compared after all.
    names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    let long_enough = names.into_iter().filter(|name| name.chars().count() >= 2);
    long_enough.fold(description.to_owned(), |text, name| text.replace(name, "，"))
}

/// Words of a category's list that both texts have, the longest first, none inside another, at most three.
fn shared(listed: &[String], a: &str, b: &str) -> Vec<String> {
    let mut words: Vec<&String> = listed.iter().filter(|w| w.chars().count() >= 2).collect();
    words.sort_by_key(|w| std::cmp::Reverse(w.chars().count()));
    let mut out: Vec<String> = Vec::new();
    for word in words {
        let folded = plain(word);
        if a.contains(&folded) && b.contains(&folded) && !out.iter().any(|kept| kept.contains(word.as_str())) {
            out.push(word.clone());
            if out.len() == 3 {
                break;
            }
        }
    }
    out
}

fn cell(place: &Place) -> Option<(i32, i32)> {
    let point = place.point.as_ref()?;
    Some(((point.lat / CELL).floor() as i32, (point.lng / CELL).floor() as i32))
}
