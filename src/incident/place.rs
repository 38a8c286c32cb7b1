//! From a resident's words to a place in the grid directory, or to a question about it. Never a guess.
//!
//! `names` finds the names in a message, `address` the numbers, `relations` how both are spoken of; `settle` brings them
//! together. What is found here is what they mean on a day: see [`PlaceFinder::on`].

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    address::{self, Numbers},
    gazetteer::{Gazetteer, PlaceKind},
    micro_grids::MicroGrids,
    names::{Mention, Names, Spelling, Told, on_day},
    polygons::{GridMap, Located},
    relations,
    settle::{Spot, joined},
    ticket::{Place, Point},
};

/// One place that may be meant, as a choice for the resident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The words of the choice: `锦凤农贸市场（锦凤社区第二网格）`.
    pub label: String,
    /// Name in the directory.
    pub name: String,
    /// Its community.
    pub community: String,
    /// Its grid.
    pub grid: String,
    /// Its grid's code.
    pub grid_code: String,
}

/// How sure the directory is.
#[derive(Debug, Clone, PartialEq)]
pub enum Certainty {
    /// One grid.
    Sure,
    /// Several grids, or a building that the estate does not have: ask with the candidates.
    Ambiguous(Vec<Candidate>),
    /// Not on this street's ground; who is competent, in words.
    Outside(String),
    /// Nothing in the message names a place of the directory.
    Unknown,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceMatch {
    /// As far as known; a grid is set only with [`Certainty::Sure`] and a confidence over the threshold.
    pub place: Place,
    /// All places considered, the likelier first.
    pub candidates: Vec<Candidate>,
    /// How sure.
    pub certainty: Certainty,
    /// Why it has to be asked, for the resident: 「古渡春色小区没有15栋」. With one candidate it may be a whole question:
    /// 「您说的是锦凤苑吗？」.
    pub remark: Option<String>,
}

/// Finds places. Built once from the directory, for all days.
#[derive(Debug)]
pub struct PlaceFinder {
    gazetteer: Gazetteer,
    names: Names,
    micro_grids: MicroGrids,
    map: GridMap,
    threshold: f32,
}

/// The default of [`PlaceFinder::new`]'s threshold.
pub const THRESHOLD: f32 = 0.6;

impl PlaceFinder {
    /// `threshold` (0..=1): below it no grid is set.
    #[must_use]
    pub fn new(gazetteer: Gazetteer, threshold: f32) -> Self {
        let names = Names::new(&gazetteer);
        Self { names, gazetteer, micro_grids: MicroGrids::default(), map: GridMap::default(), threshold }
    }

    /// With micro-grids and the map of the grids.
    #[must_use]
    pub fn with(mut self, micro_grids: MicroGrids, map: GridMap) -> Self {
        self.micro_grids = micro_grids;
        self.map = map;
        self
    }

    /// The directory behind it.
    #[must_use]
    pub const fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// The micro-grids behind it.
    #[must_use]
    pub const fn micro_grids(&self) -> &MicroGrids {
        &self.micro_grids
    }

    /// The map behind it.
    #[must_use]
    pub const fn map(&self) -> &GridMap {
        &self.map
    }

    /// The finder for a day in the street's zone: what a name means on that day. It costs nothing, so a service that runs
    /// on over midnight asks for today's each time.
    #[must_use]
    pub const fn on(&self, day: Date) -> PlacesOn<'_> {
        PlacesOn { finder: self, day }
    }
}

/// [`PlaceFinder`] for one day.
#[derive(Debug, Clone, Copy)]
pub struct PlacesOn<'a> {
    pub(super) finder: &'a PlaceFinder,
    pub(super) day: Date,
}

impl<'a> PlacesOn<'a> {
    /// The directory behind it.
    #[must_use]
    pub const fn gazetteer(&self) -> &'a Gazetteer {
        &self.finder.gazetteer
    }

    /// The day.
    #[must_use]
    pub const fn day(&self) -> Date {
        self.day
    }

    pub(super) const fn threshold(&self) -> f32 {
        self.finder.threshold
    }

    /// Finds the place in one message.
    #[must_use]
    pub fn find(&self, text: &str) -> PlaceMatch {
        self.find_with(text, None)
    }

    /// Finds the place in one message, completing what is known from earlier ones: a building joins a known estate,
    /// an estate joins a known building.
    #[must_use]
    pub fn find_with(&self, text: &str, known: Option<&Place>) -> PlaceMatch {
        let told = Told::new(text);
        let (grid, micro_grid) = address::grids(&told.text);
        let mentions = self.finder.names.mentions(&told, self.gazetteer(), self.day);
        let communities = self.communities(&told, &mentions);
        let (mut spots, loose_numbers) = self.spots(&told, mentions);
        if let Some(known) = known {
            self.complete(&mut spots, &loose_numbers, grid.is_some(), known);
        }
        self.settle(&told, spots, &loose_numbers, &communities, grid.as_deref(), micro_grid)
    }

    /// The place of a chosen candidate, keeping the resident's own words, building, unit and room.
    #[must_use]
    pub fn choose(&self, known: &Place, candidate: &Candidate) -> Place {
        let mut place = known.clone();
        if let Some(grid) = self.gazetteer().grid(&candidate.grid_code) {
            place.community = Some(grid.community.clone());
            place.grid = Some(grid.grid.clone());
            place.grid_code = Some(grid.grid_code.clone());
            place.confidence = 1.0;
            if place.text.is_empty() {
                place.text.clone_from(&candidate.name);
            }
            // The own words stay: 「柏华农贸市场（菜市场门口）」.
            if !place.text.contains(&candidate.name) && !candidate.name.contains(&place.text) {
                place.text = format!("{}（{}）", candidate.name, place.text);
            }
            place.matched_by.push(candidate.label.clone());
            let is_estate = self.gazetteer().places().iter().any(|p| p.name == candidate.name && p.kind == PlaceKind::Estate);
            if is_estate {
                place.estate = Some(candidate.name.clone());
            }
            self.set_micro_grid(&mut place);
        }
        place
    }

    /// The grid at a position, of those that hold today.
    #[must_use]
    pub fn locate(&self, point: Point) -> Located {
        self.finder.map.locate(point, self.day, self.gazetteer())
    }

    /// Fills in the micro-grid that the building and unit belong to; what the resident said stays where the table is silent.
    pub(super) fn set_micro_grid(&self, place: &mut Place) {
        if let (Some(code), Some(estate)) = (&place.grid_code, &place.estate)
            && let Some(name) = self.finder.micro_grids.find(code, estate, place.building.as_deref(), place.unit.as_deref())
        {
            place.micro_grid = Some(name.to_owned());
        }
    }

    /// Communities whose ground the message names, in its order.
    fn communities(&self, told: &Told, mentions: &[Mention]) -> Vec<String> {
        let mut out: Vec<(usize, &String)> = Vec::new();
        for name in self.gazetteer().communities() {
            for (at, _) in told.text.match_indices(name.as_str()) {
                let within = mentions.iter().any(|m| told.byte(m.start) < at + name.len() && told.byte(m.end) > at);
                let before = &told.text[..at];
                let denied = relations::stance(before, "") == relations::Stance::Denied;
                if !within && !denied && !relations::of_people(&told.text[at + name.len()..]) {
                    out.push((at, name));
                }
            }
        }
        out.sort_unstable();
        out.dedup_by_key(|(_, name)| *name);
        out.into_iter().map(|(_, name)| name.clone()).collect()
    }

    /// Each name with the numbers that belong to it, and the numbers that belong to none.
    fn spots(&self, told: &Told, mentions: Vec<Mention>) -> (Vec<Spot>, Vec<Numbers>) {
        let mut spots: Vec<Spot> = mentions.into_iter().map(|m| Spot::new(m, self.gazetteer())).collect();
        let mut orphans = Vec::new();
        for numbers in told.stretches.clone() {
            let Some((start, end)) = told.span(&numbers) else { continue };
            // Right behind a name, or right before it; else behind the last one that can have buildings.
            let cost = |spot: &Spot| -> usize {
                let (gap, text) = if spot.mention.end <= start {
                    (start - spot.mention.end, told.part(spot.mention.end, start))
                } else {
                    (spot.mention.start.saturating_sub(end), told.part(end, spot.mention.start))
                };
                let breaks = text.chars().filter(|c| ",，。;；!！?？".contains(*c)).count();
                let foreign = if spot.estate { 0 } else { 6 };
                let before_name = if spot.mention.end <= start { 0 } else { 2 };
                gap + 2 * breaks + foreign + before_name
            };
            match spots.iter_mut().filter(|s| !s.outside).min_by_key(|s| cost(s)) {
                Some(spot) => spot.numbers.push(numbers),
                None => orphans.push(numbers),
            }
        }
        for spot in &mut spots {
            if spot.estate && !spot.numbers.iter().any(|n| n.building.is_some()) {
                let at = told.byte(spot.mention.end);
                if let Some(mut loose) = address::loose_building(&told.text, at) {
                    let later = spot.numbers.iter().find(|n| n.unit.is_some() || n.room.is_some()).cloned().unwrap_or_default();
                    loose.unit = loose.unit.or(later.unit);
                    loose.room = loose.room.or(later.room);
                    spot.numbers = vec![loose];
                }
            }
            spot.around(told);
        }
        (spots, orphans)
    }

    /// A building said now joins the estate known before, an estate said now the building known before.
    fn complete(&self, spots: &mut Vec<Spot>, orphans: &[Numbers], by_grid: bool, known: &Place) {
        if spots.is_empty() && !by_grid {
            let Some(estate) = &known.estate else { return };
            let all: Vec<usize> = self.gazetteer().rows_named(estate).to_vec();
            let (rows, former) = on_day(&all, self.gazetteer(), self.day);
            let mut numbers =
                orphans.iter().find(|n| n.building.is_some()).or_else(|| orphans.first()).cloned().unwrap_or_default();
            for other in orphans {
                numbers.unit = numbers.unit.or_else(|| other.unit.clone().filter(|_| other.building.is_none()));
                numbers.room = numbers.room.or_else(|| other.room.clone().filter(|_| other.building.is_none()));
            }
            let says_something = numbers.building.is_some() || numbers.unit.is_some() || numbers.room.is_some();
            if rows.is_empty() || !says_something {
                return;
            }
            if numbers.building.is_none() {
                take_building(&mut numbers, known);
            }
            let mention = Mention { start: 0, end: 0, rows, words: estate.clone(), spelling: Spelling::Exact, former };
            let mut spot = Spot::new(mention, self.gazetteer());
            spot.text = Some(joined(estate, &numbers, ""));
            spot.numbers = vec![numbers];
            spots.push(spot);
        } else if let [spot] = spots.as_mut_slice()
            && !spot.outside
            && known.estate.is_none()
            && known.building.is_some()
            && !spot.numbers.iter().any(|n| n.building.is_some())
        {
            let mut numbers = spot.numbers.pop().unwrap_or_default();
            take_building(&mut numbers, known);
            spot.text = Some(joined(&spot.mention.words, &numbers, ""));
            spot.numbers = vec![numbers];
        }
    }
}

fn take_building(numbers: &mut Numbers, known: &Place) {
    if let Some(building) = &known.building {
        numbers.building_number = building.strip_suffix('栋').and_then(super::reading::small_number);
        numbers.building = Some(building.clone());
        numbers.unit = numbers.unit.take().or_else(|| known.unit.clone());
        numbers.room = numbers.room.take().or_else(|| known.room.clone());
    }
}
