//! Codes of categories that are no more (`code_changes.csv`): what replaced them, or that nothing did.
//!
//! The file may be missing. A code in use (tables, labels, open tickets) may leave the taxonomy only through it: with
//! `replaced_by`, labels, drafts and tickets that name the old code mean the new one; without, the code is given up, which is possible
//! once no open ticket names it. The street's other tables name the codes of today in either case.

use std::collections::HashMap;

use serde::Deserialize;

use super::table::{self, DataError};

/// Name of the file.
pub const FILE: &str = "code_changes.csv";

#[derive(Debug, Deserialize)]
struct Row {
    code: String,
    #[serde(default)]
    replaced_by: String,
}

/// What became of codes of the past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeChanges(HashMap<String, Option<String>>);

impl CodeChanges {
    /// Reads the table. Chains are followed: what replaces may be replaced later.
    ///
    /// # Errors
    /// No code, a code twice, a chain that comes back to its beginning.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut direct: HashMap<String, Option<String>> = HashMap::new();
        let mut lines = Vec::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            if row.code.is_empty() {
                return Err(DataError::row(FILE, line, "旧代码为空"));
            }
            let by = Some(row.replaced_by).filter(|by| !by.is_empty());
            if direct.insert(row.code.clone(), by).is_some() {
                return Err(DataError::row(FILE, line, format!("代码 {} 重复", row.code)));
            }
            lines.push((line, row.code));
        }
        let mut ends = HashMap::new();
        for (line, code) in lines {
            let mut end = direct[&code].clone();
            let mut steps = 0;
            while let Some(next) = end.as_ref().and_then(|code| direct.get(code)) {
                steps += 1;
                if steps > direct.len() {
                    return Err(DataError::row(FILE, line, format!("代码 {code} 的替换绕回了自己")));
                }
                end.clone_from(next);
            }
            ends.insert(code, end);
        }
        Ok(Self(ends))
    }

    /// `None`: nothing is said about this code. `Some(None)`: it was given up. Else the code of today.
    #[must_use]
    pub fn of(&self, code: &str) -> Option<Option<&str>> {
        self.0.get(code).map(Option::as_deref)
    }

    /// All codes that were given up or replaced.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Old code → code of today, of those that have one.
    #[must_use]
    pub fn into_codes(self) -> HashMap<String, String> {
        self.0.into_iter().filter_map(|(old, new)| Some((old, new?))).collect()
    }
}
