//! The grid directory (grids.csv) and the places that people name (places.csv).
//!
//! Rows hold from a day until a day; a row that has ended says what followed it. Old rows stay in the files: a name that
//! people still use leads to what it is called today, and an old ticket's grid can still be shown.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::{
    reading::{plain, small_number},
    table::{self, DataError},
    validity::Validity,
};

/// Name of the file of grids.
pub const GRIDS_FILE: &str = "grids.csv";
/// Name of the file of places.
pub const PLACES_FILE: &str = "places.csv";

/// One grid of the street.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Grid {
    /// Code in the grid directory.
    pub grid_code: String,
    /// The street it belongs to.
    pub street: String,
    /// The community it belongs to.
    pub community: String,
    /// Its name within the community, `第七网格`.
    pub grid: String,
    /// `普通` or `专属`.
    pub kind: String,
    /// How many micro-grids it has, or their names; as the street writes it.
    #[serde(default)]
    pub micro_grids: String,
    /// The post that answers for it.
    pub handler_post: String,
    /// The number of that post, digits; empty where the street gives none.
    #[serde(default)]
    pub phone: String,
    /// Remarks, such as that it is a sample.
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    valid_from: String,
    #[serde(default)]
    valid_until: String,
    #[serde(default, rename = "followed_by")]
    followed_by_cell: String,
    /// The days on which it is a grid.
    #[serde(skip)]
    pub validity: Validity,
    /// Codes of the grids that took its ground over; only when it has an end.
    #[serde(skip)]
    pub followed_by: Vec<String>,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlaceKind {
    /// Housing estate.
    Estate,
    /// School or kindergarten.
    School,
    /// Hospital or clinic.
    Hospital,
    /// Park or square.
    Park,
    /// Market or mall.
    Market,
    /// Bus or metro station.
    Station,
    /// Any other well-known spot.
    Landmark,
    /// Road or lane.
    Road,
    /// Another street's or district's ground.
    Outside,
}

/// One row of the places: a name, or one part of an estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPlace {
    /// Full name.
    pub name: String,
    /// What it is.
    pub kind: PlaceKind,
    /// Other names, in the form of [`plain`].
    pub aliases: Vec<String>,
    /// Community, empty for outside.
    pub community: String,
    /// Grid, empty for outside.
    pub grid_code: String,
    /// The estate's building numbers in this grid; empty means: not listed.
    pub buildings: Vec<u32>,
    /// For outside: who is competent, in words.
    pub body: String,
    /// The days on which the row holds.
    pub validity: Validity,
    /// Names under which it goes on after its end.
    pub followed_by: Vec<String>,
}

impl NamedPlace {
    /// False only when the buildings are listed and this one is not among them.
    #[must_use]
    pub fn may_have(&self, building: u32) -> bool {
        self.buildings.is_empty() || self.buildings.contains(&building)
    }
}

#[derive(Debug, Deserialize)]
struct PlaceRow {
    name: String,
    kind: PlaceKind,
    #[serde(default)]
    aliases: String,
    #[serde(default)]
    community: String,
    #[serde(default)]
    grid_code: String,
    #[serde(default)]
    buildings: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    valid_from: String,
    #[serde(default)]
    valid_until: String,
    #[serde(default)]
    followed_by: String,
}

/// A name of so many characters stands for nothing else.
const SURE_NAME: usize = 4;

/// Grids and places of the street.
#[derive(Debug)]
pub struct Gazetteer {
    grids: Vec<Grid>,
    by_code: HashMap<String, usize>,
    places: Vec<NamedPlace>,
    /// Rows by name and alias, in the form of [`plain`].
    by_name: HashMap<String, Vec<usize>>,
    communities: Vec<String>,
    streets: Vec<String>,
}

impl Gazetteer {
    /// Reads both tables.
    ///
    /// # Errors
    /// The first line that breaks a rule: a grid code twice, a place in an unknown grid or in another community than
    /// its grid, building numbers that cannot be read, a place outside without the competent body, dates the wrong way
    /// round, a successor that does not exist or a row that would follow itself.
    pub fn from_csv(grids: &str, places: &str) -> Result<Self, DataError> {
        let mut by_code = HashMap::new();
        let mut list = Vec::new();
        for (line, mut grid) in table::rows::<Grid>(GRIDS_FILE, grids)? {
            if grid.grid_code.is_empty() || grid.grid.is_empty() || grid.community.is_empty() {
                return Err(DataError::row(GRIDS_FILE, line, "网格编码、社区和网格名称都不能为空"));
            }
            if by_code.insert(grid.grid_code.clone(), list.len()).is_some() {
                return Err(DataError::row(GRIDS_FILE, line, format!("网格编码 {} 重复", grid.grid_code)));
            }
            if !(grid.phone.is_empty() || (3..=16).contains(&grid.phone.len()) && grid.phone.bytes().all(|b| b.is_ascii_digit()))
            {
                return Err(DataError::row(GRIDS_FILE, line, format!("电话「{}」只能写数字，如 02312345678", grid.phone)));
            }
            grid.validity =
                Validity::read(&grid.valid_from, &grid.valid_until).map_err(|m| DataError::row(GRIDS_FILE, line, m))?;
            grid.followed_by = table::list(&grid.followed_by_cell);
            list.push(grid);
        }
        if list.is_empty() {
            return Err(DataError::file(GRIDS_FILE, "没有任何网格"));
        }
        for grid in &list {
            follow(grid, |code| by_code.get(code).map(|i: &usize| &list[*i]))?;
        }
        let mut named = Vec::new();
        for (line, row) in table::rows::<PlaceRow>(PLACES_FILE, places)? {
            let bad = |message: String| DataError::row(PLACES_FILE, line, message);
            if row.name.is_empty() {
                return Err(bad("名称为空".to_owned()));
            }
            if row.kind == PlaceKind::Outside {
                if row.body.is_empty() {
                    return Err(bad(format!("辖区外的「{}」没有写明由谁负责", row.name)));
                }
            } else {
                let grid = by_code
                    .get(&row.grid_code)
                    .map(|i: &usize| &list[*i])
                    .ok_or_else(|| bad(format!("「{}」的网格编码 {} 不存在", row.name, row.grid_code)))?;
                if !row.community.is_empty() && row.community != grid.community {
                    return Err(bad(format!("「{}」的社区与网格 {} 不一致", row.name, row.grid_code)));
                }
            }
            let validity = Validity::read(&row.valid_from, &row.valid_until).map_err(&bad)?;
            let followed_by = table::list(&row.followed_by);
            if !followed_by.is_empty() && validity.until.is_none() {
                return Err(bad(format!("「{}」写了后继，却没有失效日期", row.name)));
            }
            if followed_by.contains(&row.name) {
                return Err(bad(format!("「{}」的后继不能是它自己，同名的新行直接写生效日期", row.name)));
            }
            let buildings = numbers(&row.buildings).ok_or_else(|| bad(format!("楼栋「{}」无法识别", row.buildings)))?;
            named.push(NamedPlace {
                aliases: table::list(&row.aliases).iter().map(|a| plain(a)).collect(),
                name: row.name,
                kind: row.kind,
                community: row.community,
                grid_code: row.grid_code,
                buildings,
                body: row.body,
                validity,
                followed_by,
            });
        }
        Self::join(list, by_code, named)
    }

    fn join(grids: Vec<Grid>, by_code: HashMap<String, usize>, places: Vec<NamedPlace>) -> Result<Self, DataError> {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (i, place) in places.iter().enumerate() {
            let name = plain(&place.name);
            for word in std::iter::once(&name).chain(place.aliases.iter().filter(|a| **a != name)) {
                let rows = by_name.entry(word.clone()).or_default();
                if !rows.contains(&i) {
                    rows.push(i);
                }
            }
        }
        for place in &places {
            if let Some(lost) = place.followed_by.iter().find(|name| !by_name.contains_key(&plain(name))) {
                return Err(DataError::file(PLACES_FILE, format!("「{}」的后继「{lost}」不在表里", place.name)));
            }
        }
        let unique = |of: fn(&Grid) -> &String| {
            let all: std::collections::BTreeSet<String> = grids.iter().map(of).filter(|n| !n.is_empty()).cloned().collect();
            all.into_iter().collect::<Vec<_>>()
        };
        let (communities, streets) = (unique(|g| &g.community), unique(|g| &g.street));
        Ok(Self { grids, by_code, places, by_name, communities, streets })
    }

    /// The grid with this code.
    #[must_use]
    pub fn grid(&self, code: &str) -> Option<&Grid> {
        self.by_code.get(code).map(|i| &self.grids[*i])
    }

    /// All grids, in the order of the file.
    #[must_use]
    pub fn grids(&self) -> &[Grid] {
        &self.grids
    }

    /// All places, in the order of the file, also those that have ended.
    #[must_use]
    pub fn places(&self) -> &[NamedPlace] {
        &self.places
    }

    /// Whether a text in the form of [`plain`] names an estate, a road or a spot of the street in full.
    #[must_use]
    pub fn names_one(&self, folded: &str) -> bool {
        self.by_name.keys().any(|name| name.chars().count() >= SURE_NAME && folded.contains(name.as_str()))
    }

    /// The rows (indices into [`Self::places`]) with this name or alias, on whatever day.
    #[must_use]
    pub fn rows_named(&self, name: &str) -> &[usize] {
        self.by_name.get(&plain(name)).map_or(&[], Vec::as_slice)
    }

    /// Names of the communities.
    #[must_use]
    pub fn communities(&self) -> &[String] {
        &self.communities
    }

    /// Names of the streets that the grids belong to.
    #[must_use]
    pub fn streets(&self) -> &[String] {
        &self.streets
    }

    /// What the row is on `day`: itself while it holds and its grid does, else what followed it. Nothing for a row that
    /// does not hold yet or ended without a successor.
    #[must_use]
    pub fn on_day(&self, row: usize, day: Date) -> Vec<Standing> {
        let mut out = Vec::new();
        let mut open = vec![(row, 0)];
        while let Some((row, depth)) = open.pop() {
            let place = &self.places[row];
            if place.validity.holds(day) {
                let codes = self.grids_on(&place.grid_code, day);
                if codes.is_empty() && place.kind == PlaceKind::Outside {
                    out.push(Standing { row, grid_code: String::new() });
                }
                out.extend(codes.into_iter().map(|grid_code| Standing { row, grid_code }));
            } else if place.validity.ended(day) && depth < 8 {
                for name in &place.followed_by {
                    open.extend(self.rows_named(name).iter().map(|next| (*next, depth + 1)));
                }
            }
        }
        out.sort_by(|a, b| (a.row, &a.grid_code).cmp(&(b.row, &b.grid_code)));
        out.dedup();
        out
    }

    /// The codes that the ground of grid `code` belongs to on `day`: its own, or those of its successors.
    #[must_use]
    pub fn grids_on(&self, code: &str, day: Date) -> Vec<String> {
        let mut out = Vec::new();
        let mut open = vec![(code, 0)];
        while let Some((code, depth)) = open.pop() {
            let Some(grid) = self.grid(code) else { continue };
            if grid.validity.holds(day) {
                if !out.contains(&grid.grid_code) {
                    out.push(grid.grid_code.clone());
                }
            } else if grid.validity.ended(day) && depth < 8 {
                open.extend(grid.followed_by.iter().map(|next| (next.as_str(), depth + 1)));
            }
        }
        out.sort_unstable();
        out
    }
}

/// A row and the grid that its ground belongs to on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Index into [`Gazetteer::places`].
    pub row: usize,
    /// The grid of that day; empty for outside.
    pub grid_code: String,
}

/// The successors of a grid exist, begin not before it ends, and the grid has an end.
fn follow<'a>(grid: &Grid, find: impl Fn(&str) -> Option<&'a Grid>) -> Result<(), DataError> {
    for code in &grid.followed_by {
        let bad = |message: &str| Err(DataError::file(GRIDS_FILE, format!("网格 {} 的后继 {code} {message}", grid.grid_code)));
        let Some(next) = find(code) else { return bad("不存在") };
        if next.grid_code == grid.grid_code {
            return bad("是它自己");
        }
        if grid.validity.until.is_none() {
            return bad("已写明，但没有写失效日期");
        }
        if next.validity.until.is_some() && next.validity.until < grid.validity.until {
            return bad("比它更早失效");
        }
    }
    Ok(())
}

/// `1-8|10|12-13` → the numbers; an empty cell is an empty list.
pub(super) fn numbers(cell: &str) -> Option<Vec<u32>> {
    let mut out = Vec::new();
    for part in table::list(cell) {
        let part = part.trim_end_matches(['栋', '幢', '号']);
        match part.split_once(['-', '–', '~']) {
            Some((from, to)) => {
                let (from, to) = (small_number(from.trim())?, small_number(to.trim())?);
                if from > to || to - from > 300 {
                    return None;
                }
                out.extend(from..=to);
            }
            None => out.push(small_number(part)?),
        }
    }
    out.sort_unstable();
    out.dedup();
    Some(out)
}
