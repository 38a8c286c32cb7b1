//! One place out of the names and numbers of a message, or the question that has to be asked.

use std::collections::BTreeSet;

use super::{
    address::Numbers,
    gazetteer::{Gazetteer, PlaceKind, Standing},
    names::{Mention, Spelling, Told, places},
    place::{Candidate, Certainty, PlaceMatch, PlacesOn},
    reading::plain,
    relations::{self, Stance},
    ticket::Place,
    unlisted,
};

/// Endings that still belong to the words for a place.
pub(super) const SPOTS: [&str; 47] = [
    "车行交会处",
    "车行交汇处",
    "交会处",
    "交汇处",
    "出入平台",
    "平台",
    "单元门口",
    "大门口",
    "门口",
    "后门",
    "前门",
    "侧门",
    "正门",
    "大门",
    "北门",
    "南门",
    "东门",
    "西门",
    "路口",
    "旁边",
    "楼下",
    "楼上",
    "楼顶",
    "楼道",
    "楼梯间",
    "附近",
    "对面",
    "地下车库",
    "车库",
    "停车场",
    "出口",
    "入口",
    "广场",
    "外墙",
    "屋顶",
    "天台",
    "电梯",
    "院内",
    "里面",
    "背后",
    "后面",
    "前面",
    "边上",
    "公交站",
    "花园",
    "中庭",
    "围墙",
];

/// A name in a message with all that belongs to it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
pub(super) struct Spot {
    /// The name.
    pub mention: Mention,
    /// Its numbers, each stretch apart.
    pub numbers: Vec<Numbers>,
    /// Words for the place that were put together from two messages.
    pub text: Option<String>,
    /// Housing estate.
    pub estate: bool,
    /// Another body's ground.
    pub outside: bool,
    road: bool,
    /// Several places are called so.
    shared: bool,
    stance: Stance,
    beside: bool,
    placed: bool,
    /// A word that any town has one of, not spoken of as a place.
    vague: bool,
    /// A part of the estate that the directory does not know: 二期, B区.
    phase: bool,
    /// First and last character of name and numbers together.
    span: (usize, usize),
}

/// What a spot leads to.
struct Resolved {
    rows: Vec<Standing>,
    remark: Option<String>,
}

impl Resolved {
    fn grids(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|r| r.grid_code.as_str()).collect()
    }
}

impl Spot {
    pub(super) fn new(mention: Mention, gazetteer: &Gazetteer) -> Self {
        let kinds: BTreeSet<PlaceKind> = places(&mention.rows, gazetteer).map(|p| p.kind).collect();
        let names: BTreeSet<&str> = places(&mention.rows, gazetteer).map(|p| p.name.as_str()).collect();
        Self {
            estate: kinds.contains(&PlaceKind::Estate),
            outside: kinds.contains(&PlaceKind::Outside),
            road: kinds.iter().all(|k| *k == PlaceKind::Road) && !kinds.is_empty(),
            shared: names.len() > 1,
            stance: Stance::Here,
            beside: false,
            placed: false,
            phase: false,
            vague: false,
            span: (mention.start, mention.end),
            mention,
            numbers: Vec::new(),
            text: None,
        }
    }

    /// Reads what stands around name and numbers.
    pub(super) fn around(&mut self, told: &Told) {
        let (mut start, mut end) = (self.mention.start, self.mention.end);
        for (s, e) in self.numbers.iter().filter_map(|n| told.span(n)) {
            // Only numbers that stand at the name are one stretch with it.
            if s <= end + 6 && e + 6 >= start {
                (start, end) = (start.min(s), end.max(e));
            }
        }
        self.span = (start, end);
        // The clause that leads to it, and what follows.
        let before = &told.text[..told.byte(start)];
        let clause = before.rfind(['。', '!', '！', '?', '？', ';', '；']).map_or(before, |at| &before[at..]);
        let clause = clause.trim_end_matches(['「', '“', '"', '【', '(', '（']);
        let after = &told.text[told.byte(end)..];
        self.stance = relations::stance(clause, after);
        self.placed = relations::placed(clause);
        let building_of_estate = self.estate && self.building().is_some();
        self.vague = relations::general(&self.mention.words) && !building_of_estate && !relations::as_a_place(clause, after);
        let behind = &told.text[told.byte(self.mention.end)..];
        self.phase = self.estate && relations::phase(behind);
        // 「铂金云鼎苑3栋」 is another estate, or this one wrongly called.
        let building = self.building().and_then(|n| told.span(n)).map(|(s, _)| s).filter(|s| *s > self.mention.end);
        if self.estate && building.is_some_and(|s| relations::goes_on(told.part(self.mention.end, s))) {
            self.mention.spelling = Spelling::Doubtful;
        }
        self.beside = relations::beside(after);
    }

    fn building(&self) -> Option<&Numbers> {
        self.numbers.iter().find(|n| n.building.is_some())
    }

    /// The one that tells most comes first: spelt right before misspelt, unique before shared, buildings before roads.
    fn rank(&self) -> (bool, Spelling, bool, bool, bool, usize) {
        (
            self.building().is_none() || !self.estate,
            self.mention.spelling,
            self.shared,
            self.road,
            !self.estate,
            usize::MAX - (self.mention.end - self.mention.start),
        )
    }
}

impl PlacesOn<'_> {
    /// Brings names, numbers, communities and a grid's name together.
    pub(super) fn settle(
        &self,
        told: &Told,
        mut spots: Vec<Spot>,
        orphans: &[Numbers],
        communities: &[String],
        grid_name: Option<&str>,
        micro_grid: Option<String>,
    ) -> PlaceMatch {
        // What is denied is out; what is only passed through is out when something else is named.
        spots.retain(|s| s.stance != Stance::Denied);
        if spots.iter().any(|s| s.stance != Stance::Passing) {
            spots.retain(|s| s.stance != Stance::Passing);
        }
        spots.retain(|s| !(s.outside && matches!(s.stance, Stance::Passing | Stance::Others)) || s.mention.rows.is_empty());
        let only_passed = spots.iter().all(|s| s.stance == Stance::Passing);
        let mut place = Place { micro_grid, ..Place::default() };
        if let Some(found) = self.outside(told, &mut spots, &mut place) {
            return found;
        }
        if spots.iter().any(|s| s.stance == Stance::Matter) {
            spots.retain(|s| !matches!(s.stance, Stance::Home | Stance::Others));
        }
        let conflict_with_outside = spots.iter().any(|s| s.outside);
        spots.retain(|s| !s.outside);
        let gone: Vec<String> = spots.iter().filter(|s| s.mention.rows.is_empty()).map(|s| s.mention.words.clone()).collect();
        spots.retain(|s| !s.mention.rows.is_empty());
        spots = nested(told, &spots);

        let first = (0..spots.len()).min_by_key(|i| spots[*i].rank());
        let primary = first.map(|i| &spots[i]);
        let numbers = whole(primary.map_or(orphans, |s| s.numbers.as_slice()), orphans);
        Self::describe(told, primary, &numbers, &mut place);
        if let Some(name) = grid_name {
            return self.by_grid_name(place, name, communities, primary);
        }
        let Some(primary) = primary else {
            place.community = communities.first().cloned();
            place.matched_by.extend(gone);
            if let Some(c) = communities.first() {
                if place.text.is_empty() {
                    place.text.clone_from(c);
                }
                place.matched_by.push(c.clone());
            }
            return unknown(place);
        };
        let resolved: Vec<Resolved> = spots.iter().map(|s| self.resolve(s, communities)).collect();
        let main = first.map_or(0, |i| i);
        place.matched_by.push(primary.mention.words.clone());
        place.matched_by.extend(communities.first().cloned());
        place.matched_by.extend(numbers.building.clone());
        if primary.mention.former {
            let today: BTreeSet<&str> = places(&resolved[main].rows, self.gazetteer()).map(|p| p.name.as_str()).collect();
            place.matched_by.extend(today.into_iter().map(|name| format!("现为{name}")));
        }
        // A general word needs something beside it that leads to the same grid: a community, another name.
        let vague = communities.is_empty() && spots.iter().all(|s| s.vague);
        self.conclude(place, &spots, &resolved, main, only_passed || conflict_with_outside || vague)
    }

    /// The end when the message speaks of another body's ground.
    fn outside(&self, told: &Told, spots: &mut Vec<Spot>, place: &mut Place) -> Option<PlaceMatch> {
        let at = spots.iter().position(|s| s.outside)?;
        let local = spots.iter().any(|s| !s.outside);
        // 「九龙坡区锦凤苑」 is there, whatever is called 锦凤苑 here.
        let governed = spots.windows(2).any(|pair| {
            pair[0].outside
                && (pair[1].outside
                    || relations::governs(told.part(pair[0].mention.end, pair[1].span.0.max(pair[0].mention.end))))
        });
        if !local || governed {
            let spot = &spots[at];
            let row = spot.mention.rows.first()?;
            let body = self.gazetteer().places()[row.row].body.clone();
            place.text.clone_from(&spot.mention.words);
            place.matched_by.push(spot.mention.words.clone());
            place.confidence = 0.9;
            return Some(PlaceMatch {
                place: place.clone(),
                candidates: Vec::new(),
                certainty: Certainty::Outside(body),
                remark: None,
            });
        }
        // 「我在杨家坪，……」 stays in the way of a name of here; a town that is only mentioned does not.
        spots.retain(|s| !s.outside || s.placed);
        None
    }

    /// Rows that the spot leads to after community and building, and why it has to be asked.
    fn resolve(&self, spot: &Spot, communities: &[String]) -> Resolved {
        let gazetteer = self.gazetteer();
        let mut rows = spot.mention.rows.clone();
        let mut remark = None;
        let community_of = |r: &Standing| gazetteer.grid(&r.grid_code).map(|g| g.community.clone()).unwrap_or_default();
        let one_name = !spot.shared;
        let name = gazetteer.places()[rows[0].row].name.clone();
        if spot.mention.spelling == Spelling::Doubtful {
            let names: BTreeSet<&str> = places(&rows, gazetteer).map(|p| p.name.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            remark = Some(match names.as_slice() {
                [one] => format!("您说的是{one}吗？"),
                _ => format!("没有找到“{}”，可能是", spot.mention.words),
            });
        }
        let buildings: Vec<&Numbers> = spot.numbers.iter().filter(|n| n.building.is_some()).collect();
        if spot.estate && one_name && !buildings.is_empty() {
            // A spot's own alias (车行交会处) may already be narrower than the building; the building decides.
            let all: Vec<usize> =
                gazetteer.rows_named(&name).iter().copied().filter(|i| gazetteer.places()[*i].name == name).collect();
            let (estate_rows, _) = super::names::on_day(&all, gazetteer, self.day);
            let estate_rows = if estate_rows.is_empty() { rows.clone() } else { estate_rows };
            let listed = places(&estate_rows, gazetteer).all(|p| !p.buildings.is_empty());
            let mut with: Vec<Standing> = Vec::new();
            for numbers in &buildings {
                let has = |r: &&Standing| match numbers.building_number {
                    Some(n) => gazetteer.places()[r.row].may_have(n),
                    None => !listed,
                };
                let own: Vec<Standing> = estate_rows.iter().filter(has).cloned().collect();
                if own.is_empty() && !numbers.loose {
                    let building = numbers.building.as_deref().unwrap_or_default();
                    remark = remark.or_else(|| Some(format!("{name}的楼栋里没有{building}")));
                }
                for row in own {
                    if !with.contains(&row) {
                        with.push(row);
                    }
                }
            }
            let split = estate_rows.iter().map(|r| &r.grid_code).collect::<BTreeSet<_>>().len() > 1;
            if remark.is_none() && split && spot.phase {
                // Every part of an estate may count its buildings from one.
                remark = Some(format!("{name}在目录里没有分期、分区，要看是哪一处"));
                with.clear();
            }
            if remark.is_none() && split && buildings.iter().all(|n| n.loose) && !with.is_empty() {
                let building = buildings[0].building.as_deref().unwrap_or_default();
                remark = Some(format!("您说的是{name}{building}吗？"));
            }
            rows = if with.is_empty() { estate_rows } else { with };
        }
        if let Some(c) = communities.first() {
            let within: Vec<Standing> = rows.iter().filter(|r| communities.contains(&community_of(r))).cloned().collect();
            if within.is_empty() {
                let other = community_of(&rows[0]);
                remark = remark.or_else(|| Some(format!("{name}在{other}，不在{c}，是{name}吗？")));
            } else {
                rows = within;
            }
        }
        if spot.beside {
            let grids: BTreeSet<&str> = rows.iter().map(|r| r.grid_code.as_str()).collect();
            let own_ground = spot.estate && !buildings.is_empty() && {
                let all = places(&spot.mention.rows, gazetteer).filter(|p| p.name == name).map(|p| p.grid_code.as_str());
                all.collect::<BTreeSet<_>>().len() == 1
            };
            if !(own_ground && grids.len() == 1) {
                let words = &spot.mention.words;
                remark = remark.or_else(|| Some(format!("{words}对面不一定和{words}在一个网格，先按{words}登记吗？")));
            }
        }
        Resolved { rows, remark }
    }

    /// One grid that all spots agree on, or the question.
    fn conclude(&self, mut place: Place, spots: &[Spot], resolved: &[Resolved], main: usize, unsure: bool) -> PlaceMatch {
        let gazetteer = self.gazetteer();
        let primary = &spots[main];
        let common: BTreeSet<&str> =
            resolved.iter().map(Resolved::grids).reduce(|a, b| a.intersection(&b).copied().collect()).unwrap_or_default();
        let apart = spots.len() > 1 && common.is_empty();
        let rows: Vec<&Standing> = if apart {
            // Every place is a choice, the likelier first.
            let order = std::iter::once(main).chain((0..spots.len()).filter(|i| *i != main));
            order.flat_map(|i| resolved[i].rows.iter()).collect()
        } else {
            resolved[main].rows.iter().filter(|r| common.contains(r.grid_code.as_str())).collect()
        };
        let candidates = self.candidates(&rows);
        let mut remark = resolved.iter().find_map(|r| r.remark.clone());
        let one_grid = common.len() == 1 && remark.is_none() && !unsure;
        let first = &gazetteer.places()[rows[0].row];
        let names: BTreeSet<&str> = rows.iter().map(|r| gazetteer.places()[r.row].name.as_str()).collect();
        let one_name = names.len() == 1;
        if one_name && first.kind == PlaceKind::Estate && (!apart && !primary.shared || one_grid) {
            place.estate = Some(first.name.clone());
        }
        place.confidence = confidence(primary, &first.name, first.kind, place.building.is_some(), one_grid);
        if one_grid && place.confidence >= self.threshold() {
            if let Some(grid) = gazetteer.grid(&rows[0].grid_code) {
                place.community = Some(grid.community.clone());
                place.grid = Some(grid.grid.clone());
                place.grid_code = Some(grid.grid_code.clone());
            }
            self.set_micro_grid(&mut place);
            return PlaceMatch { place, candidates, certainty: Certainty::Sure, remark: None };
        }
        let communities: BTreeSet<&str> = candidates.iter().map(|c| c.community.as_str()).collect();
        if let [one] = communities.into_iter().collect::<Vec<_>>().as_slice() {
            place.community = Some((*one).to_owned());
        }
        remark = remark.or_else(|| {
            Some(if apart {
                "您说到了好几处".to_owned()
            } else if common.len() == 1 {
                format!("您说的地点是{}吗？", first.name)
            } else if one_name && rows.iter().any(|r| !gazetteer.places()[r.row].buildings.is_empty()) {
                if primary.building().is_some() {
                    format!("{}的这几栋不在同一个网格", first.name)
                } else {
                    format!("{}地方大，请说是几栋", first.name)
                }
            } else if one_name && rows.len() > 1 {
                format!("{}很长", first.name)
            } else if one_name {
                format!("您说的地点是{}吗？", first.name)
            } else {
                format!("「{}」有好几处", primary.mention.words)
            })
        });
        PlaceMatch { place, candidates: candidates.clone(), certainty: Certainty::Ambiguous(candidates), remark }
    }

    fn by_grid_name(&self, mut place: Place, grid_name: &str, communities: &[String], primary: Option<&Spot>) -> PlaceMatch {
        let gazetteer = self.gazetteer();
        let of_name: Option<BTreeSet<&str>> = primary.map(|s| s.mention.rows.iter().map(|r| r.grid_code.as_str()).collect());
        let named =
            |g: &&super::gazetteer::Grid| g.grid == grid_name && (communities.is_empty() || communities.contains(&g.community));
        // The grid of that name today; one that has ended leads to what followed it.
        let all: Vec<_> = gazetteer.grids().iter().filter(named).collect();
        let mut codes: Vec<String> = all.iter().filter(|g| g.validity.holds(self.day)).map(|g| g.grid_code.clone()).collect();
        if codes.is_empty() {
            codes = all.iter().flat_map(|g| gazetteer.grids_on(&g.grid_code, self.day)).collect();
            codes.sort_unstable();
            codes.dedup();
        }
        place.matched_by.push(grid_name.to_owned());
        place.matched_by.extend(communities.first().cloned());
        if place.text.is_empty() {
            place.text = format!("{}{grid_name}", communities.first().map_or("", String::as_str));
        }
        let mut remark = format!("好几个社区都有{grid_name}");
        if let Some(spot) = primary {
            place.matched_by.push(spot.mention.words.clone());
            let resolved = self.resolve(spot, &[]);
            let first = &gazetteer.places()[resolved.rows[0].row];
            if !spot.shared && first.kind == PlaceKind::Estate {
                place.estate = Some(first.name.clone());
            }
            let both: Vec<String> = codes.iter().filter(|c| resolved.grids().contains(c.as_str())).cloned().collect();
            let in_estate = of_name.is_some_and(|own| codes.iter().any(|c| own.contains(c.as_str())));
            if both.is_empty() || resolved.remark.is_some() {
                let said = if in_estate { place.building.clone().unwrap_or_default() } else { String::new() };
                remark = format!("{}{said}不在{}{grid_name}", first.name, communities.first().map_or("", String::as_str));
                if communities.is_empty() {
                    codes.clear();
                }
                codes
                    .extend(resolved.rows.iter().map(|r| r.grid_code.clone()).filter(|c| !codes.contains(c)).collect::<Vec<_>>());
                codes.dedup();
                return self.asked(place, &codes, remark);
            }
            codes = both;
        }
        if let [code] = codes.as_slice()
            && let Some(grid) = gazetteer.grid(code)
        {
            place.community = Some(grid.community.clone());
            place.grid = Some(grid.grid.clone());
            place.grid_code = Some(grid.grid_code.clone());
            place.confidence = 0.95;
            self.set_micro_grid(&mut place);
            let candidates = self.grid_candidates(&codes);
            return PlaceMatch { place, candidates, certainty: Certainty::Sure, remark: None };
        }
        if codes.is_empty() {
            return unknown(place);
        }
        self.asked(place, &codes, remark)
    }

    fn asked(&self, place: Place, codes: &[String], remark: String) -> PlaceMatch {
        let candidates = self.grid_candidates(codes);
        PlaceMatch { place, candidates: candidates.clone(), certainty: Certainty::Ambiguous(candidates), remark: Some(remark) }
    }

    /// Grids themselves as choices.
    pub(super) fn grid_candidates(&self, codes: &[String]) -> Vec<Candidate> {
        let grids = codes.iter().filter_map(|code| self.gazetteer().grid(code));
        grids
            .map(|g| Candidate {
                label: format!("{}{}", g.community, g.grid),
                name: format!("{}{}", g.community, g.grid),
                community: g.community.clone(),
                grid: g.grid.clone(),
                grid_code: g.grid_code.clone(),
            })
            .collect()
    }

    fn candidates(&self, rows: &[&Standing]) -> Vec<Candidate> {
        let gazetteer = self.gazetteer();
        let mut out: Vec<Candidate> = Vec::new();
        for standing in rows {
            let Some(grid) = gazetteer.grid(&standing.grid_code) else { continue };
            let row = &gazetteer.places()[standing.row];
            let parts = rows.iter().filter(|r| gazetteer.places()[r.row].name == row.name).count();
            let range = match (row.buildings.first(), row.buildings.last()) {
                (Some(a), Some(b)) if parts > 1 && a != b => format!("{a}至{b}栋"),
                _ => String::new(),
            };
            let candidate = Candidate {
                label: format!("{}{range}（{}{}）", row.name, grid.community, grid.grid),
                name: row.name.clone(),
                community: grid.community.clone(),
                grid: grid.grid.clone(),
                grid_code: grid.grid_code.clone(),
            };
            if !out.contains(&candidate) {
                out.push(candidate);
            }
        }
        out
    }

    /// Numbers and the resident's own words for the place: the name, the numbers, and what says where exactly.
    fn describe(told: &Told, primary: Option<&Spot>, numbers: &Numbers, place: &mut Place) {
        place.building.clone_from(&numbers.building);
        place.unit.clone_from(&numbers.unit);
        place.room.clone_from(&numbers.room);
        let number_span = told.span(numbers);
        let (start, mut end) = match (primary.filter(|s| s.text.is_none()), number_span) {
            (Some(s), _) => s.span,
            (None, Some((start, end))) => (unlisted::name_before(&told.chars, start), end),
            (None, None) => {
                place.text = primary.and_then(|s| s.text.clone()).unwrap_or_default();
                return;
            }
        };
        let rest: String = told.chars[end..].iter().take_while(|c| !",，。.!！?？;；、 \n".contains(**c)).take(9).collect();
        let spot =
            SPOTS.iter().filter_map(|s| rest.find(s).map(|at| at + s.len()).filter(|e| rest[..*e].chars().count() <= 8)).max();
        if let Some(bytes) = spot {
            end += rest[..bytes].chars().count();
        }
        let mut text = told.part(start, end).to_owned();
        // The door is personal and has its own field.
        if let Some(room) = &numbers.room {
            for form in [format!("{room}室"), format!("{room}户"), format!("{room}号房"), room.clone()] {
                if let Some(at) = text.rfind(&form) {
                    text.replace_range(at..at + form.len(), "");
                    break;
                }
            }
        }
        let text = text.trim_end_matches('-').to_owned();
        place.text = match primary.and_then(|s| s.text.as_ref().map(|_| s.mention.words.as_str())) {
            Some(name) => joined(name, numbers, &text),
            None => text,
        };
    }
}

/// Names that only lead to another one, or speak of something within it, are no place of their own.
fn nested(told: &Told, spots: &[Spot]) -> Vec<Spot> {
    let mut keep: Vec<Spot> = Vec::new();
    for (i, spot) in spots.iter().enumerate() {
        if let Some(next) = spots.get(i + 1)
            && spot.road
            && !next.road
            && relations::leads(told.part(spot.span.1, next.span.0.max(spot.span.1)))
            && !meets(spot, next)
        {
            continue;
        }
        if let Some(before) = i.checked_sub(1).and_then(|j| spots.get(j))
            && spot.shared
            && !before.shared
            && relations::within(told.part(before.span.1, spot.span.0.max(before.span.1)))
            && !meets(spot, before)
        {
            continue;
        }
        keep.push(spot.clone());
    }
    keep
}

/// Both have a grid in common.
fn meets(a: &Spot, b: &Spot) -> bool {
    a.mention.rows.iter().any(|r| b.mention.rows.iter().any(|s| s.grid_code == r.grid_code))
}

/// The numbers of a spot as one: the first building, with the unit and room that stand anywhere at it.
fn whole(of_spot: &[Numbers], orphans: &[Numbers]) -> Numbers {
    let mut out = of_spot.iter().find(|n| n.building.is_some()).or_else(|| of_spot.first()).cloned().unwrap_or_default();
    for other in of_spot.iter().chain(orphans).filter(|n| n.building.is_none()) {
        out.unit = out.unit.or_else(|| other.unit.clone());
        out.room = out.room.or_else(|| other.room.clone());
    }
    out
}

fn unknown(place: Place) -> PlaceMatch {
    PlaceMatch { place, candidates: Vec::new(), certainty: Certainty::Unknown, remark: None }
}

/// The words for a place that came in two messages.
pub(super) fn joined(name: &str, numbers: &Numbers, told: &str) -> String {
    let building = numbers.building.as_deref().unwrap_or_default();
    let unit = numbers.unit.as_deref().unwrap_or_default();
    let rest = told.strip_prefix(name).unwrap_or(told);
    if rest.contains(building) && !building.is_empty() {
        return format!("{name}{rest}");
    }
    format!("{name}{building}{unit}")
}

fn confidence(spot: &Spot, name: &str, kind: PlaceKind, with_building: bool, one_grid: bool) -> f32 {
    if !one_grid {
        return 0.4;
    }
    let chars = spot.mention.words.chars().count();
    let full = plain(name) == spot.mention.words || plain(name).strip_suffix("小区") == Some(&spot.mention.words);
    let base: f32 = match (spot.mention.spelling, full, chars) {
        (Spelling::Doubtful, ..) => 0.4,
        (Spelling::Alike, _, 0..=4) => 0.66,
        (Spelling::Alike, ..) => 0.72,
        (Spelling::Exact, true, _) => 0.95,
        (Spelling::Exact, false, 1..=2) => 0.75,
        (Spelling::Exact, false, _) => 0.9,
    };
    let road = if kind == PlaceKind::Road { -0.15 } else { 0.0 };
    let building = if with_building && kind == PlaceKind::Estate { 0.04 } else { 0.0 };
    (base + road + building).clamp(0.0, 0.99)
}
