//! From a resident's words to a place in the grid directory, or to a question about it. Never a guess.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    address::{self, Numbers},
    gazetteer::{Gazetteer, NamedPlace, PlaceKind},
    reading::plain,
    scan::WordScan,
    ticket::Place,
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
    /// Why it has to be asked, for the resident: 「古渡春色小区没有15栋」.
    pub remark: Option<String>,
}

/// Finds places. Built once from the directory.
#[derive(Debug)]
pub struct PlaceFinder {
    gazetteer: Gazetteer,
    names: WordScan,
    communities: Vec<String>,
    /// Names long enough to be recognised with one wrong character.
    long: Vec<(Vec<char>, usize)>,
    threshold: f32,
}

/// The default of [`PlaceFinder::new`]'s threshold.
pub const THRESHOLD: f32 = 0.6;

/// Endings that still belong to the words for a place.
const SPOTS: [&str; 47] = [
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

#[derive(Debug, Clone)]
struct Mention {
    start: usize,
    end: usize,
    rows: Vec<usize>,
    words: String,
    typo: bool,
}

impl PlaceFinder {
    /// `threshold` (0..=1): below it no grid is set.
    #[must_use]
    pub fn new(gazetteer: Gazetteer, threshold: f32) -> Self {
        let mut pairs: Vec<(String, usize)> = Vec::new();
        for (i, place) in gazetteer.places().iter().enumerate() {
            let name = plain(&place.name);
            for suffix in ["小区", "街道", "区", "镇"] {
                // 「铂金云鼎」 for 铂金云鼎小区; outside names keep their last character when that leaves one.
                if let Some(short) = name.strip_suffix(suffix).filter(|s| s.chars().count() >= 3) {
                    pairs.push((short.to_owned(), i));
                }
            }
            pairs.push((name, i));
            pairs.extend(place.aliases.iter().map(|a| (a.clone(), i)));
        }
        let mut long: Vec<(Vec<char>, usize)> = Vec::new();
        for (name, i) in &pairs {
            let core: Vec<char> = name.trim_end_matches("小区").trim_end_matches("社区").chars().collect();
            let shared = pairs.iter().any(|(n, j)| n == name && gazetteer.places()[*j].name != gazetteer.places()[*i].name);
            if core.len() >= 4 && !shared && gazetteer.places()[*i].kind != PlaceKind::Outside {
                long.push((core, *i));
            }
        }
        let communities: BTreeSet<String> = gazetteer.grids().iter().map(|g| g.community.clone()).collect();
        Self { names: WordScan::new(pairs), communities: communities.into_iter().collect(), long, gazetteer, threshold }
    }

    /// The directory behind it.
    #[must_use]
    pub const fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
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
        let folded = plain(text);
        let chars: Vec<char> = folded.chars().collect();
        let mut numbers = address::numbers(&folded);
        let community = self.communities.iter().find(|c| folded.contains(c.as_str())).cloned();
        let mut mention = self.mention(&folded, &chars, &numbers);

        let mut told = self.told(&folded, &chars, mention.as_ref(), &numbers);
        if let Some(known) = known {
            if mention.is_none() && numbers.grid.is_none() {
                if let Some(estate) = &known.estate {
                    let rows = self.rows_named(estate);
                    if !rows.is_empty() && (numbers.building.is_some() || numbers.unit.is_some() || numbers.room.is_some()) {
                        if numbers.building.is_none() {
                            take_building(&mut numbers, known);
                        }
                        mention = Some(Mention { start: 0, end: 0, rows, words: estate.clone(), typo: false });
                        told = joined(estate, &numbers, &told);
                    }
                }
            } else if numbers.building.is_none() && known.estate.is_none() && known.building.is_some() {
                take_building(&mut numbers, known);
                told = mention.as_ref().map_or(told.clone(), |m| joined(&m.words, &numbers, &told));
            }
        }
        self.settle(told, mention, community, numbers)
    }

    /// The place of a chosen candidate, keeping the resident's own words, building, unit and room.
    #[must_use]
    pub fn choose(&self, known: &Place, candidate: &Candidate) -> Place {
        let mut place = known.clone();
        if let Some(grid) = self.gazetteer.grid(&candidate.grid_code) {
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
            let is_estate = self.gazetteer.places().iter().any(|p| p.name == candidate.name && p.kind == PlaceKind::Estate);
            if is_estate {
                place.estate = Some(candidate.name.clone());
            }
        }
        place
    }

    /// Every row of the directory with this name or alias.
    fn rows_named(&self, name: &str) -> Vec<usize> {
        let name = plain(name);
        let places = self.gazetteer.places().iter().enumerate();
        places.filter(|(_, p)| plain(&p.name) == name || p.aliases.contains(&name)).map(|(i, _)| i).collect()
    }

    /// The mention that tells most: inside before outside, buildings before roads, unique before shared, long before short.
    fn mention(&self, folded: &str, chars: &[char], numbers: &Numbers) -> Option<Mention> {
        let mut mentions: Vec<Mention> = self
            .names
            .longest(chars)
            .into_iter()
            .filter(|h| !self.part_of_other_word(chars, h.start, h.end))
            .map(|h| Mention {
                start: h.start,
                end: h.end,
                rows: h.ids.to_vec(),
                words: chars[h.start..h.end].iter().collect(),
                typo: false,
            })
            .collect();
        if !mentions.iter().any(|m| m.end - m.start >= 3 && self.unique(m)) {
            mentions.extend(self.misspelt(chars));
        }
        let number_at = numbers.span.map(|(s, _)| folded[..s].chars().count());
        mentions.sort_by_key(|m| {
            let kind = m.rows.iter().map(|r| self.gazetteer.places()[*r].kind).min().unwrap_or(PlaceKind::Outside);
            let outside = kind == PlaceKind::Outside;
            let touches_building = number_at.is_some_and(|n| n >= m.end && n <= m.end + 4);
            let estate = kind == PlaceKind::Estate;
            let road = kind == PlaceKind::Road;
            (outside, !(touches_building && estate), m.typo, !self.unique(m), road, !estate, usize::MAX - (m.end - m.start))
        });
        mentions.into_iter().next()
    }

    /// All its rows carry one name.
    fn unique(&self, m: &Mention) -> bool {
        let names: BTreeSet<&str> = m.rows.iter().map(|r| self.gazetteer.places()[*r].name.as_str()).collect();
        names.len() == 1
    }

    /// A name that is only the beginning of a community's or the end of another word.
    fn part_of_other_word(&self, chars: &[char], start: usize, end: usize) -> bool {
        let word: String = chars[start..end].iter().collect();
        let after: String = chars[end..chars.len().min(end + 2)].iter().collect();
        if after == "社区" && self.communities.iter().any(|c| c.strip_suffix("社区") == Some(word.as_str())) {
            return true;
        }
        // 「变成都是水」 is not Chengdu.
        word == "成都" && start > 0 && matches!(chars[start - 1], '变' | '形' | '造' | '完' | '组' | '当' | '弄' | '搞')
    }

    fn misspelt(&self, chars: &[char]) -> Vec<Mention> {
        let mut found: Vec<Mention> = Vec::new();
        for (name, row) in &self.long {
            for start in 0..chars.len() {
                let Some(end) = nearly(&chars[start..], name).map(|n| start + n) else { continue };
                match found.iter_mut().find(|m| m.start == start && m.end == end) {
                    Some(m) if m.rows.contains(row) => {}
                    Some(m) => m.rows.push(*row),
                    None => found.push(Mention {
                        start,
                        end,
                        rows: vec![*row],
                        words: chars[start..end].iter().collect(),
                        typo: true,
                    }),
                }
                break;
            }
        }
        // All parts of an estate, also those whose own aliases did not match.
        for m in &mut found {
            if let Some(first) = m.rows.first() {
                let name = self.gazetteer.places()[*first].name.clone();
                if self.unique(m) {
                    m.rows = self.rows_named(&name);
                }
            }
        }
        found
    }

    /// The resident's own words for the place: the name, the numbers, and what says where exactly.
    fn told(&self, folded: &str, chars: &[char], mention: Option<&Mention>, numbers: &Numbers) -> String {
        let number_span = numbers.span.map(|(s, e)| (folded[..s].chars().count(), folded[..e].chars().count()));
        let (start, mut end) = match (mention, number_span) {
            (Some(m), Some((s, e))) if s <= m.end + 6 && e + 6 >= m.start => (m.start.min(s), m.end.max(e)),
            (Some(m), _) => (m.start, m.end),
            (None, Some(span)) => span,
            (None, None) => return String::new(),
        };
        let rest: String = chars[end..].iter().take_while(|c| !",，。.!！?？;；、 \n".contains(**c)).take(9).collect();
        let spot =
            SPOTS.iter().filter_map(|s| rest.find(s).map(|at| at + s.len()).filter(|e| rest[..*e].chars().count() <= 8)).max();
        if let Some(bytes) = spot {
            end += rest[..bytes].chars().count();
        }
        let mut text: String = chars[start..end].iter().collect();
        // The door is personal and has its own field.
        if let Some(room) = &numbers.room {
            for form in [format!("{room}室"), format!("{room}户"), format!("{room}号房"), room.clone()] {
                if let Some(at) = text.rfind(&form) {
                    text.replace_range(at..at + form.len(), "");
                    break;
                }
            }
        }
        text.trim_end_matches('-').to_owned()
    }

    fn settle(&self, told: String, mention: Option<Mention>, community: Option<String>, numbers: Numbers) -> PlaceMatch {
        let mut place = Place {
            text: told,
            building: numbers.building.clone(),
            unit: numbers.unit.clone(),
            room: numbers.room.clone(),
            micro_grid: numbers.micro_grid.clone(),
            ..Place::default()
        };
        // A grid named outright needs no place.
        if let Some(grid_name) = &numbers.grid {
            return self.by_grid_name(place, grid_name, community.as_deref(), mention.as_ref());
        }
        let Some(mention) = mention else {
            place.community = community.clone();
            if let Some(c) = community {
                if place.text.is_empty() {
                    place.text.clone_from(&c);
                }
                place.matched_by.push(c);
            }
            return unknown(place);
        };
        place.matched_by.push(mention.words.clone());
        let all: Vec<&NamedPlace> = mention.rows.iter().map(|r| &self.gazetteer.places()[*r]).collect();
        if let Some(outside) = all.iter().find(|p| p.kind == PlaceKind::Outside) {
            let body = outside.body.clone();
            place.confidence = 0.9;
            return PlaceMatch { place, candidates: Vec::new(), certainty: Certainty::Outside(body), remark: None };
        }
        let mut rows = all.clone();
        if let Some(c) = &community {
            let within: Vec<&NamedPlace> = rows.iter().copied().filter(|p| p.community == *c).collect();
            if !within.is_empty() {
                rows = within;
            }
            place.matched_by.push(c.clone());
        }
        let one_name = rows.iter().all(|p| p.name == rows[0].name);
        if one_name && rows[0].kind == PlaceKind::Estate {
            place.estate = Some(rows[0].name.clone());
        }
        let mut remark = None;
        if let Some(n) = numbers.building_number {
            // A spot's own alias (车行交会处) may already be narrower than the building; the building decides.
            let estate_rows: Vec<&NamedPlace> =
                if one_name { self.gazetteer.places().iter().filter(|p| p.name == rows[0].name).collect() } else { rows.clone() };
            let with: Vec<&NamedPlace> = estate_rows.iter().copied().filter(|p| p.may_have(n)).collect();
            if let Some(building) = &place.building {
                place.matched_by.push(building.clone());
            }
            if with.is_empty() {
                remark = Some(format!("{}的楼栋里没有{n}栋", rows[0].name));
                rows = estate_rows;
            } else {
                rows = with;
            }
        }
        let grids: BTreeSet<&str> = rows.iter().map(|p| p.grid_code.as_str()).collect();
        let candidates = self.candidates(&rows);
        let one_grid = grids.len() == 1 && remark.is_none();
        place.confidence = confidence(&mention, rows[0], numbers.building.is_some(), one_grid);
        if one_grid && place.confidence >= self.threshold {
            if let Some(grid) = self.gazetteer.grid(&rows[0].grid_code) {
                place.community = Some(grid.community.clone());
                place.grid = Some(grid.grid.clone());
                place.grid_code = Some(grid.grid_code.clone());
            }
            return PlaceMatch { place, candidates, certainty: Certainty::Sure, remark: None };
        }
        let communities: BTreeSet<&str> = rows.iter().map(|p| p.community.as_str()).collect();
        if communities.len() == 1 {
            place.community = Some(rows[0].community.clone());
        }
        if remark.is_none() {
            remark = Some(if one_name && rows.iter().any(|r| !r.buildings.is_empty()) {
                format!("{}地方大，请说是几栋", rows[0].name)
            } else if one_name {
                format!("{}很长", rows[0].name)
            } else {
                format!("「{}」有好几处", mention.words)
            });
        }
        PlaceMatch { place, candidates: candidates.clone(), certainty: Certainty::Ambiguous(candidates), remark }
    }

    fn by_grid_name(&self, mut place: Place, grid_name: &str, community: Option<&str>, mention: Option<&Mention>) -> PlaceMatch {
        let of_mention =
            mention.map(|m| m.rows.iter().map(|r| self.gazetteer.places()[*r].grid_code.clone()).collect::<Vec<_>>());
        let grids: Vec<_> = self
            .gazetteer
            .grids()
            .iter()
            .filter(|g| g.grid == grid_name && community.is_none_or(|c| g.community == c))
            .filter(|g| community.is_some() || of_mention.as_ref().is_none_or(|m| m.contains(&g.grid_code)))
            .collect();
        place.matched_by.push(grid_name.to_owned());
        place.matched_by.extend(community.map(str::to_owned));
        if let Some(m) = mention {
            place.matched_by.push(m.words.clone());
            let first = &self.gazetteer.places()[m.rows[0]];
            if self.unique(m) && first.kind == PlaceKind::Estate {
                place.estate = Some(first.name.clone());
            }
        }
        if place.text.is_empty() {
            place.text = format!("{}{grid_name}", community.unwrap_or_default());
        }
        let candidates: Vec<Candidate> = grids
            .iter()
            .map(|g| Candidate {
                label: format!("{}{}", g.community, g.grid),
                name: format!("{}{}", g.community, g.grid),
                community: g.community.clone(),
                grid: g.grid.clone(),
                grid_code: g.grid_code.clone(),
            })
            .collect();
        if let [grid] = grids.as_slice() {
            place.community = Some(grid.community.clone());
            place.grid = Some(grid.grid.clone());
            place.grid_code = Some(grid.grid_code.clone());
            place.confidence = 0.95;
            return PlaceMatch { place, candidates, certainty: Certainty::Sure, remark: None };
        }
        if candidates.is_empty() {
            return unknown(place);
        }
        let remark = Some(format!("好几个社区都有{grid_name}"));
        PlaceMatch { place, candidates: candidates.clone(), certainty: Certainty::Ambiguous(candidates), remark }
    }

    fn candidates(&self, rows: &[&NamedPlace]) -> Vec<Candidate> {
        let mut out: Vec<Candidate> = Vec::new();
        for row in rows {
            let Some(grid) = self.gazetteer.grid(&row.grid_code) else { continue };
            let range = match (row.buildings.first(), row.buildings.last()) {
                (Some(a), Some(b)) if rows.iter().filter(|r| r.name == row.name).count() > 1 && a != b => format!("{a}至{b}栋"),
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
}

fn unknown(place: Place) -> PlaceMatch {
    PlaceMatch { place, candidates: Vec::new(), certainty: Certainty::Unknown, remark: None }
}

fn take_building(numbers: &mut Numbers, known: &Place) {
    if let Some(building) = &known.building {
        numbers.building_number = building.strip_suffix('栋').and_then(super::reading::small_number);
        numbers.building = Some(building.clone());
        numbers.unit = numbers.unit.take().or_else(|| known.unit.clone());
        numbers.room = numbers.room.take().or_else(|| known.room.clone());
    }
}

/// The words for a place that came in two messages.
fn joined(name: &str, numbers: &Numbers, told: &str) -> String {
    let building = numbers.building.as_deref().unwrap_or_default();
    let unit = numbers.unit.as_deref().unwrap_or_default();
    let rest = told.strip_prefix(name).unwrap_or(told);
    if rest.contains(building) && !building.is_empty() {
        return format!("{name}{rest}");
    }
    format!("{name}{building}{unit}")
}

fn confidence(mention: &Mention, row: &NamedPlace, with_building: bool, one_grid: bool) -> f32 {
    if !one_grid {
        return 0.4;
    }
    let chars = mention.end - mention.start;
    let full = plain(&row.name) == mention.words || plain(&row.name).strip_suffix("小区") == Some(&mention.words);
    let base: f32 = match (mention.typo, full, chars) {
        (true, _, 0..=4) => 0.66,
        (true, ..) => 0.72,
        (false, true, _) => 0.95,
        (false, false, 0) => 0.9,
        (false, false, 1..=2) => 0.75,
        (false, false, _) => 0.9,
    };
    let road = if row.kind == PlaceKind::Road { -0.15 } else { 0.0 };
    let building = if with_building && row.kind == PlaceKind::Estate { 0.04 } else { 0.0 };
    (base + road + building).clamp(0.0, 0.99)
}

/// How many characters at the beginning of `text` are `name` with one character wrong, missing or too many.
fn nearly(text: &[char], name: &[char]) -> Option<usize> {
    let n = name.len();
    let text_ok = |k: usize| text.len() >= k && text[..k].iter().all(|c| !c.is_ascii_digit() && !",，。 ".contains(*c));
    if text_ok(n) {
        let wrong = text[..n].iter().zip(name).filter(|(a, b)| a != b).count();
        if wrong == 1 {
            return Some(n);
        }
    }
    // A missing or doubled character is accepted only in names of five and more.
    if n >= 5 {
        if text_ok(n - 1) && one_more(name, &text[..n - 1]) {
            return Some(n - 1);
        }
        if text_ok(n + 1) && text[0] == name[0] && one_more(&text[..=n], name) {
            return Some(n + 1);
        }
    }
    None
}

/// `long` is `short` with one character more.
fn one_more(long: &[char], short: &[char]) -> bool {
    let split = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    long[split + 1..] == short[split..]
}
