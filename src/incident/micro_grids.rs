//! 微网格 (`micro_grids.csv`, optional): which part of a grid a building, and a unit of it, belongs to.

use std::collections::HashMap;

use serde::Deserialize;

use super::{
    gazetteer::{self, Gazetteer},
    reading::small_number,
    table::{self, DataError},
};

/// Name of the file.
pub const FILE: &str = "micro_grids.csv";

#[derive(Debug, Deserialize)]
struct Row {
    grid_code: String,
    name: String,
    estate: String,
    #[serde(default)]
    buildings: String,
    #[serde(default)]
    units: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    estate: String,
    /// Empty: all buildings of the estate in this grid.
    buildings: Vec<u32>,
    /// Empty: all units of these buildings.
    units: Vec<u32>,
}

impl Part {
    /// The two claim the same door.
    fn meets(&self, other: &Self) -> bool {
        let share = |a: &[u32], b: &[u32]| a.is_empty() || b.is_empty() || a.iter().any(|n| b.contains(n));
        self.estate == other.estate && share(&self.buildings, &other.buildings) && share(&self.units, &other.units)
    }
}

/// The micro-grids by grid.
#[derive(Debug, Default)]
pub struct MicroGrids {
    by_grid: HashMap<String, Vec<Part>>,
}

impl MicroGrids {
    /// Reads the table and checks it against the directory.
    ///
    /// # Errors
    /// The first line with an unknown grid, an estate or building that this grid does not have, units without a building,
    /// or a door that another micro-grid has already.
    pub fn from_csv(text: &str, gazetteer: &Gazetteer) -> Result<Self, DataError> {
        let mut by_grid: HashMap<String, Vec<Part>> = HashMap::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let bad = |message: String| DataError::row(FILE, line, message);
            if gazetteer.grid(&row.grid_code).is_none() {
                return Err(bad(format!("网格编码 {} 不存在", row.grid_code)));
            }
            if row.name.is_empty() {
                return Err(bad("微网格名称为空".to_owned()));
            }
            let read = |cell: &str, what: &str| gazetteer::numbers(cell).ok_or_else(|| bad(format!("{what}「{cell}」无法识别")));
            let (buildings, units) = (read(&row.buildings, "楼栋")?, read(&row.units, "单元")?);
            if !units.is_empty() && buildings.is_empty() {
                return Err(bad("写了单元就要写楼栋".to_owned()));
            }
            let rows: Vec<_> = gazetteer
                .rows_named(&row.estate)
                .iter()
                .map(|i| &gazetteer.places()[*i])
                .filter(|p| p.name == row.estate && p.grid_code == row.grid_code)
                .collect();
            if rows.is_empty() {
                return Err(bad(format!("网格 {} 里没有「{}」", row.grid_code, row.estate)));
            }
            if let Some(n) = buildings.iter().find(|n| !rows.iter().any(|p| p.may_have(**n))) {
                return Err(bad(format!("{}在网格 {} 里没有{n}栋", row.estate, row.grid_code)));
            }
            let part = Part { name: row.name, estate: row.estate, buildings, units };
            let parts = by_grid.entry(row.grid_code).or_default();
            if let Some(other) = parts.iter().find(|p| p.meets(&part)) {
                return Err(bad(format!("「{}」与「{}」有重叠的楼栋或单元", part.name, other.name)));
            }
            parts.push(part);
        }
        Ok(Self { by_grid })
    }

    /// The micro-grid of a building (`7栋`) and unit (`2单元`) of an estate in a grid; `None` when the table does not say,
    /// or needs the unit and none is known.
    #[must_use]
    pub fn find(&self, grid_code: &str, estate: &str, building: Option<&str>, unit: Option<&str>) -> Option<&str> {
        let number = |word: Option<&str>, ending: &str| word.and_then(|w| w.strip_suffix(ending)).and_then(small_number);
        let (building, unit) = (number(building, "栋"), number(unit, "单元"));
        let fits = |listed: &[u32], said: Option<u32>| listed.is_empty() || said.is_some_and(|n| listed.contains(&n));
        let parts = self.by_grid.get(grid_code)?;
        let mut found = parts.iter().filter(|p| p.estate == estate && fits(&p.buildings, building) && fits(&p.units, unit));
        let first = found.next()?;
        found.all(|p| p.name == first.name).then_some(first.name.as_str())
    }

    /// How many micro-grids the table describes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_grid.values().map(|parts| parts.iter().map(|p| &p.name).collect::<std::collections::BTreeSet<_>>().len()).sum()
    }

    /// The table describes none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_grid.is_empty()
    }
}
