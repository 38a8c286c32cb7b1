//! All of the street's data that this room works with, read and checked against each other.

use std::{io, path::Path};

use serde::Deserialize;

use super::{
    calendar::{self, WorkCalendar},
    channels::{self, Channels},
    clocks::{self, Clocks},
    dispatch::{self, Dispatch},
    gazetteer::{self, Gazetteer},
    micro_grids::{self, MicroGrids},
    place::{PlaceFinder, THRESHOLD},
    polygons::{self, GridMap},
    table::DataError,
    taxonomy::{self, Leaf, Taxonomy},
    urgency::{self, Emergencies},
};

/// Name of the street's own settings.
pub const STREET_FILE: &str = "street.toml";

#[derive(Debug, Deserialize)]
struct Street {
    name: String,
    timezone: String,
    working_hours: Vec<(String, String)>,
}

/// The street's data. Immutable; an edit loads a new one.
#[derive(Debug)]
pub struct IncidentRules {
    /// The street's name.
    pub street: String,
    /// Categories.
    pub taxonomy: Taxonomy,
    /// Places and grids.
    pub places: PlaceFinder,
    /// Emergencies.
    pub emergencies: Emergencies,
    /// Working time.
    pub calendar: WorkCalendar,
    /// Deadlines.
    pub clocks: Clocks,
    /// Who acts.
    pub dispatch: Dispatch,
    /// What is no ticket.
    pub channels: Channels,
}

impl IncidentRules {
    /// Reads everything from a folder.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn load(dir: &Path) -> Result<Self, DataError> {
        Self::read(|file| std::fs::read_to_string(dir.join(file)))
    }

    /// Reads everything from wherever `open` finds a file by its name (a folder, or what is embedded in the binary).
    ///
    /// # Errors
    /// The first file that is missing or breaks a rule, with its line; a clock, category or prefix that one file names
    /// and the other does not have.
    pub fn read(open: impl Fn(&str) -> io::Result<String>) -> Result<Self, DataError> {
        let get = |file: &str| open(file).map_err(|source| DataError::Read { file: file.to_owned(), source });
        let street: Street =
            toml::from_str(&get(STREET_FILE)?).map_err(|e| DataError::file(STREET_FILE, e.message().to_owned()))?;
        let gazetteer = Gazetteer::from_csv(&get(gazetteer::GRIDS_FILE)?, &get(gazetteer::PLACES_FILE)?)?;
        // A street may have no list of micro-grids and no map.
        let optional = |file: &str| match open(file) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DataError::Read { file: file.to_owned(), source }),
        };
        let micro_grids = optional(micro_grids::FILE)?.map(|t| MicroGrids::from_csv(&t, &gazetteer)).transpose()?;
        let map = optional(polygons::FILE)?.map(|t| GridMap::from_geojson(&t, &gazetteer)).transpose()?;
        let rules = Self {
            taxonomy: Taxonomy::from_csv(&get(taxonomy::FILE)?)?,
            places: PlaceFinder::new(gazetteer, THRESHOLD).with(micro_grids.unwrap_or_default(), map.unwrap_or_default()),
            emergencies: Emergencies::from_csv(&get(urgency::FILE)?)?,
            calendar: WorkCalendar::from_csv(&get(calendar::FILE)?, &street.working_hours, &street.timezone)?,
            clocks: Clocks::from_csv(&get(clocks::FILE)?)?,
            dispatch: Dispatch::from_csv(&get(dispatch::FILE)?, &street.name)?,
            channels: Channels::from_csv(&get(channels::FILE)?)?,
            street: street.name,
        };
        rules.cross_check()?;
        Ok(rules)
    }

    fn cross_check(&self) -> Result<(), DataError> {
        for leaf in self.taxonomy.leaves() {
            if self.clocks.get(&leaf.clock).is_none() {
                let message = format!("类别 {}（{}）的时限编号 {} 不在 {} 中", leaf.code, leaf.name, leaf.clock, clocks::FILE);
                return Err(DataError::file(taxonomy::FILE, message));
            }
        }
        for code in self.emergencies.category_codes() {
            if self.taxonomy.get(code).is_none() {
                return Err(DataError::file(urgency::FILE, format!("类别代码 {code} 不在 {} 中", taxonomy::FILE)));
            }
        }
        Ok(())
    }

    /// The category for what fits nowhere else: the last leaf whose name says 其他.
    #[must_use]
    pub fn other(&self) -> Option<&Leaf> {
        let leaves = self.taxonomy.leaves();
        leaves.iter().rev().find(|l| l.name.contains("其他")).or_else(|| leaves.last())
    }
}
