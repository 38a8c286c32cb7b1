//! All of the street's data that this room works with, read and checked against each other.

use std::{io, path::Path, sync::Arc};

use arc_swap::ArcSwap;
use serde::Deserialize;

use super::{
    calendar::{self, WorkCalendar},
    channels::{self, Channels},
    clocks::{self, Clocks},
    code_changes::{self, CodeChanges},
    dispatch::{self, Dispatch},
    escalation::{self, Escalation, Posts},
    gazetteer::{self, Gazetteer},
    micro_grids::{self, MicroGrids},
    news_texts::{self, NewsTexts},
    pauses::{self, Pauses},
    place::{PlaceFinder, THRESHOLD},
    polygons::{self, GridMap},
    questions::{self, Questions},
    standards::{self, Standards},
    stars::{self, Stars},
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

/// The street's data. Immutable; an edit loads a new one, which [`Rules`] hands out from then on.
#[derive(Debug)]
pub struct IncidentRules {
    /// Number of the version of the street's files that it was read from; 0 = as shipped.
    pub version: u32,
    /// The street's name.
    pub street: String,
    /// Categories.
    pub taxonomy: Taxonomy,
    /// What became of codes of the past.
    pub code_changes: CodeChanges,
    /// Filing-and-closing standards of the categories.
    pub standards: Standards,
    /// Places and grids.
    pub places: PlaceFinder,
    /// Emergencies.
    pub emergencies: Emergencies,
    /// Working time.
    pub calendar: WorkCalendar,
    /// Deadlines.
    pub clocks: Clocks,
    /// Who is told when a clock runs out.
    pub escalation: Escalation,
    /// Under which titles.
    pub posts: Posts,
    /// Why a clock may stand still.
    pub pauses: Pauses,
    /// What residents hear of each state.
    pub news: NewsTexts,
    /// Who acts.
    pub dispatch: Dispatch,
    /// What is no ticket.
    pub channels: Channels,
    /// By what the five stars are given; none when the street gives none.
    pub stars: Stars,
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
    /// The first file that is missing or breaks a rule, with its line; a clock, category, prefix, question or option that
    /// one file names and the other does not have; a category without a standard.
    pub fn read(open: impl Fn(&str) -> io::Result<String>) -> Result<Self, DataError> {
        let get = |file: &str| open(file).map_err(|source| DataError::Read { file: file.to_owned(), source });
        let street: Street =
            toml::from_str(&get(STREET_FILE)?).map_err(|e| DataError::file(STREET_FILE, e.message().to_owned()))?;
        let replaced = match open(code_changes::FILE) {
            Ok(text) => CodeChanges::from_csv(&text)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => CodeChanges::default(),
            Err(source) => return Err(DataError::Read { file: code_changes::FILE.to_owned(), source }),
        };
        let gazetteer = Gazetteer::from_csv(&get(gazetteer::GRIDS_FILE)?, &get(gazetteer::PLACES_FILE)?)?;
        let taxonomy = Taxonomy::from_csv(&get(taxonomy::FILE)?)?;
        let questions = Questions::from_csv(&get(questions::FILE)?)?;
        if let Some(lost) =
            replaced.codes().find(|code| matches!(replaced.of(code), Some(Some(by)) if taxonomy.get(by).is_none()))
        {
            let message = format!("代码 {lost} 的替换代码不在 {} 中", taxonomy::FILE);
            return Err(DataError::file(code_changes::FILE, message));
        }
        // A street may have no list of micro-grids and no map.
        let optional = |file: &str| match open(file) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DataError::Read { file: file.to_owned(), source }),
        };
        let micro_grids = optional(micro_grids::FILE)?.map(|t| MicroGrids::from_csv(&t, &gazetteer)).transpose()?;
        let clocks = Clocks::from_csv(&get(clocks::FILE)?)?;
        let rules = Self {
            version: 0,
            standards: Standards::from_csv(&get(standards::FILE)?)?,
            emergencies: Emergencies::from_csv(&get(urgency::FILE)?)?,
            calendar: WorkCalendar::from_csv(&get(calendar::FILE)?, &street.working_hours, &street.timezone)?,
            escalation: Escalation::from_csv(&get(escalation::FILE)?, &clocks)?,
            posts: Posts::from_csv(&get(escalation::POSTS_FILE)?)?,
            pauses: Pauses::from_csv(&get(pauses::FILE)?)?,
            news: NewsTexts::from_csv(&get(news_texts::FILE)?)?,
            clocks,
            dispatch: Dispatch::from_csv(&get(dispatch::FILE)?, &street.name)?,
            channels: Channels::from_csv(&get(channels::FILE)?)?,
            stars: optional(stars::FILE)?.map(|t| Stars::from_csv(&t)).transpose()?.unwrap_or_default(),
            street: street.name,
            // Last what is found wrong as a whole or not at all: it must not hide what is wrong in another table's rows.
            taxonomy: taxonomy.with_questions(&questions)?.with_replaced(replaced.clone().into_codes()),
            code_changes: replaced,
            places: {
                let map = optional(polygons::FILE)?.map(|t| GridMap::from_geojson(&t, &gazetteer)).transpose()?;
                PlaceFinder::new(gazetteer, THRESHOLD).with(micro_grids.unwrap_or_default(), map.unwrap_or_default())
            },
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
        if let Some(section) = self.posts.sections().find(|s| !self.taxonomy.leaves().iter().any(|l| l.section == *s)) {
            return Err(DataError::file(escalation::POSTS_FILE, format!("没有一个类别属于板块「{section}」")));
        }
        for code in self.emergencies.category_codes() {
            if self.taxonomy.get(code).is_none() {
                return Err(DataError::file(urgency::FILE, format!("类别代码 {code} 不在 {} 中", taxonomy::FILE)));
            }
        }
        for prefix in self.dispatch.prefixes() {
            if !self.taxonomy.leaves().iter().any(|l| l.code.starts_with(prefix)) {
                return Err(DataError::file(dispatch::FILE, format!("类别代码 {prefix} 不在 {} 中", taxonomy::FILE)));
            }
        }
        self.standards.check(&self.taxonomy, &self.clocks)
    }

    /// Every article that categories and standards rest on: where it is cited, law, article.
    #[must_use]
    pub fn citations(&self) -> Vec<(String, String, String)> {
        let leaves = self.taxonomy.leaves().iter().map(|l| (format!("{} {}", taxonomy::FILE, l.code), &l.legal_basis));
        let standards = self.standards.all().into_iter().map(|s| (format!("{} {}", standards::FILE, s.id), &s.legal_basis));
        leaves
            .chain(standards)
            .flat_map(|(at, cell)| {
                // Both tables were read, so every cell is well written.
                let cited = standards::cited(cell).unwrap_or_default();
                cited.into_iter().map(move |(law, article)| (at.clone(), law, article))
            })
            .collect()
    }

    /// The category for what fits nowhere else: the last leaf whose name says 其他.
    #[must_use]
    pub fn other(&self) -> Option<&Leaf> {
        let leaves = self.taxonomy.leaves();
        leaves.iter().rev().find(|l| l.name.contains("其他")).or_else(|| leaves.last())
    }
}

/// The rules in use. They can be swapped while the service runs: whoever [loads](Self::load) them keeps that version to the end
/// of a turn, a confirmation or a request, and sees no half of another one. Clones are the same handle.
#[derive(Debug, Clone)]
pub struct Rules(Arc<ArcSwap<IncidentRules>>);

impl Rules {
    /// Hands out `rules` until they are swapped.
    #[must_use]
    pub fn new(rules: IncidentRules) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(rules)))
    }

    /// The rules as they are now.
    #[must_use]
    pub fn load(&self) -> Arc<IncidentRules> {
        self.0.load_full()
    }

    /// Hands out `next` from now on. What was learnt about categories goes along until it is learnt anew over the new table.
    pub fn swap(&self, next: IncidentRules) {
        next.taxonomy.learn(self.load().taxonomy.learned());
        self.0.store(Arc::new(next));
    }
}
