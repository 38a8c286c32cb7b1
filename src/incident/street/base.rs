//! Version 0: the files as the program ships them or as the operator's folder has them, read once.

use std::collections::{BTreeMap, HashMap};
use std::io;

use parking_lot::Mutex;

use super::super::rules::IncidentRules;
use super::super::table::DataError;

/// Texts by file name: what a version has beside version 0.
pub type Texts = BTreeMap<String, String>;

type Open = dyn Fn(&str) -> io::Result<String> + Send + Sync;

/// The files of version 0. Each is read at its first use and stays so until the program ends: what is edited in the folder
/// meanwhile is not mixed with it.
pub struct Base {
    open: Box<Open>,
    read: Mutex<HashMap<String, Option<String>>>,
}

impl std::fmt::Debug for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Base").finish_non_exhaustive()
    }
}

impl Base {
    /// Reads by `open`, which finds a file by its name.
    #[must_use]
    pub fn new(open: impl Fn(&str) -> io::Result<String> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open), read: Mutex::new(HashMap::new()) }
    }

    /// A file of version 0.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    pub fn text(&self, name: &str) -> io::Result<String> {
        let mut read = self.read.lock();
        if let Some(known) = read.get(name) {
            return known.clone().ok_or_else(|| io::ErrorKind::NotFound.into());
        }
        match (self.open)(name) {
            Ok(text) => {
                read.insert(name.to_owned(), Some(text.clone()));
                Ok(text)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                read.insert(name.to_owned(), None);
                Err(e)
            }
            // Perhaps it can be read the next time.
            Err(e) => Err(e),
        }
    }

    /// A file as it is with `over` laid on top; `None` when there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn with(&self, over: &Texts, name: &str) -> io::Result<Option<String>> {
        match over.get(name) {
            Some(text) => Ok(Some(text.clone())),
            None => match self.text(name) {
                Ok(text) => Ok(Some(text)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(e),
            },
        }
    }

    /// The rules with `over` laid on top, as version `version`.
    ///
    /// # Errors
    /// See [`IncidentRules::read`].
    pub fn rules(&self, version: u32, over: &Texts) -> Result<IncidentRules, DataError> {
        let mut rules = IncidentRules::read(|name| over.get(name).map_or_else(|| self.text(name), |text| Ok(text.clone())))?;
        rules.version = version;
        Ok(rules)
    }
}
