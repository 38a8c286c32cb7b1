//! The grid directory (grids.csv) and the places that people name (places.csv).

use std::collections::HashMap;

use serde::Deserialize;

use super::{
    reading::{plain, small_number},
    table::{self, DataError},
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
    /// Remarks, such as that it is a sample.
    #[serde(default)]
    pub note: String,
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
}

/// Grids and places of the street.
#[derive(Debug)]
pub struct Gazetteer {
    grids: Vec<Grid>,
    by_code: HashMap<String, usize>,
    places: Vec<NamedPlace>,
}

impl Gazetteer {
    /// Reads both tables.
    ///
    /// # Errors
    /// The first line that breaks a rule: a grid code twice, a place in an unknown grid or in another community than
    /// its grid, building numbers that cannot be read, a place outside without the competent body.
    pub fn from_csv(grids: &str, places: &str) -> Result<Self, DataError> {
        let mut by_code = HashMap::new();
        let mut list = Vec::new();
        for (line, grid) in table::rows::<Grid>(GRIDS_FILE, grids)? {
            if grid.grid_code.is_empty() || grid.grid.is_empty() || grid.community.is_empty() {
                return Err(DataError::row(GRIDS_FILE, line, "网格编码、社区和网格名称都不能为空"));
            }
            if by_code.insert(grid.grid_code.clone(), list.len()).is_some() {
                return Err(DataError::row(GRIDS_FILE, line, format!("网格编码 {} 重复", grid.grid_code)));
            }
            list.push(grid);
        }
        if list.is_empty() {
            return Err(DataError::file(GRIDS_FILE, "没有任何网格"));
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
            let buildings = numbers(&row.buildings).ok_or_else(|| bad(format!("楼栋「{}」无法识别", row.buildings)))?;
            named.push(NamedPlace {
                aliases: table::list(&row.aliases).iter().map(|a| plain(a)).collect(),
                name: row.name,
                kind: row.kind,
                community: row.community,
                grid_code: row.grid_code,
                buildings,
                body: row.body,
            });
        }
        Ok(Self { grids: list, by_code, places: named })
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

    /// All places, in the order of the file.
    #[must_use]
    pub fn places(&self) -> &[NamedPlace] {
        &self.places
    }
}

/// `1-8|10|12-13` → the numbers; an empty cell is an empty list.
fn numbers(cell: &str) -> Option<Vec<u32>> {
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
