//! An open draft after the street's rules were swapped: what the new ones do not know is found anew, never kept as it was.

use jiff::Timestamp;

use super::draft::{Draft, field};
use super::rules::IncidentRules;

impl Draft {
    /// Brings category and grid in step with `rules`. True when something had to change; what the resident told stays.
    pub fn keep_up(&mut self, rules: &IncidentRules, now: Timestamp) -> bool {
        let category = self.keep_up_category(rules);
        let grid = self.keep_up_grid(rules, now);
        if category || grid {
            self.reconsider(rules);
        }
        category || grid
    }

    fn keep_up_category(&mut self, rules: &IncidentRules) -> bool {
        self.category_alternatives.retain(|code| rules.taxonomy.get(code).is_some());
        let Some(code) = self.category.clone() else { return false };
        match rules.taxonomy.get(&code) {
            Some(leaf) if leaf.code == code => false,
            // Only its code is another one.
            Some(leaf) => {
                self.category = Some(leaf.code.clone());
                true
            }
            None => {
                self.category = None;
                self.category_sure = false;
                self.provenance.remove(field::CATEGORY);
                self.classify(rules);
                if self.category.is_none() && self.description.is_some() {
                    self.category = rules.other().map(|l| l.code.clone());
                }
                true
            }
        }
    }

    fn keep_up_grid(&mut self, rules: &IncidentRules, now: Timestamp) -> bool {
        let Some(code) = self.place.grid_code.as_deref() else { return false };
        if let Some(grid) = rules.places.gazetteer().grid(code) {
            // Only its names may be others.
            let names = (Some(grid.grid.clone()), Some(grid.community.clone()));
            let changed = names != (self.place.grid.clone(), self.place.community.clone());
            (self.place.grid, self.place.community) = names;
            return changed;
        }
        let found = rules.places_at(now).find(&self.place.text).place;
        self.place.grid_code = found.grid_code;
        self.place.grid = found.grid;
        self.place.community = found.community;
        self.place.micro_grid = found.micro_grid;
        self.place.confidence = found.confidence;
        self.place.matched_by = found.matched_by;
        true
    }
}
