//! The one place that checks, keeps and activates versions of the street's files, and swaps the rules.
//!
//! The rows say which version is to be in use; the desk brings the rules in step with them: at the start, after every activation,
//! and when another process has activated something ([`Desk::keep_in_step`] is asked every other second). A version that does not
//! load leaves the one before in use, and says so until it is mended: nothing is lost, nothing is half in use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::lock::Mutex;
use parking_lot::RwLock;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::rules::{IncidentRules, Rules};
use super::super::store::StoreError;
use super::super::table::DataError;
use super::base::{Base, Texts};
use super::check::{Checked, Problem, check};
use super::diff::{FileDiff, diff};
use super::files::{FILES, StreetFile, file, nearest};
use super::sheet::Sheet;
use super::store::{Activation, Author, Kept, NewVersion, StreetStore, VersionRow};
use super::trial::{self, Trial};
use super::usage::{self, MissingCode};
use crate::core::clock::Clock;

/// Files as handed in: a text, or `None` to go back to the shipped file.
pub type Given = BTreeMap<String, Option<String>>;

/// Longest note, in characters.
pub const MAX_NOTE: usize = 500;
/// The largest file, in bytes.
pub const MAX_FILE: usize = 8 * 1024 * 1024;

/// The version that is to be in use does not load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StreetFault)]
pub struct Fault {
    /// The version that is to be in use.
    pub wanted: u32,
    /// The version that is in use instead.
    pub serving: u32,
    /// Why, for people.
    pub why: String,
}

impl Fault {
    /// For people.
    #[must_use]
    pub fn words(&self) -> String {
        let serving = if self.serving == 0 { "随程序提供的文件".to_owned() } else { format!("第{}版", self.serving) };
        format!("街道数据第{}版不能启用，正在使用{serving}：{}", self.wanted, self.why)
    }
}

/// A number before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BeforeAndAfter)]
pub struct Count {
    /// In use.
    pub before: usize,
    /// With the files.
    pub after: usize,
}

/// What would be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StreetEffects)]
pub struct Effects {
    /// Categories.
    pub categories: Count,
    /// Grids.
    pub grids: Count,
    /// Places.
    pub places: Count,
    /// Codes of categories that come.
    pub codes_added: Vec<String>,
    /// Codes of categories that go; used ones are a problem instead.
    pub codes_removed: Vec<String>,
    /// Where the newest tickets would go; absent when nothing changes that it depends on.
    pub trial: Option<Trial>,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StreetReport)]
pub struct Report {
    /// The version in use that the files were compared with.
    pub base: u32,
    /// What is wrong; empty = it can be activated.
    pub problems: Vec<Problem>,
    /// Codes that are used and would be missing, as far as the files could be read.
    pub missing_codes: Vec<MissingCode>,
    /// What the files change.
    pub diff: Vec<FileDiff>,
    /// What would be otherwise; absent when something is wrong.
    pub effects: Option<Effects>,
}

/// A wish was not fulfilled; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Something is wrong with the files.
    #[error("{} 处问题", .0.problems.len())]
    Problems(Box<Report>),
    /// Another version is in use than the caller saw.
    #[error("正在使用的是第{0}版")]
    Stale(u32),
    /// There is no such version or file.
    #[error("没有{0}")]
    Unknown(String),
    /// The files are as they are already, a note is missing or too long.
    #[error("{0}")]
    Invalid(String),
    /// A file of version 0 cannot be read.
    #[error("读不到随程序提供的文件")]
    Base(#[from] std::io::Error),
    /// The rows cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks, keeps, activates.
#[derive(Debug)]
pub struct Desk {
    base: Base,
    store: Arc<dyn StreetStore>,
    clock: Arc<dyn Clock>,
    rules: Rules,
    /// This process answers residents: what it takes into use is written down.
    serves: bool,
    /// Number of the activation that the rules are in step with. Held while they are swapped.
    step: Mutex<i64>,
    fault: RwLock<Option<Fault>>,
}

impl Desk {
    /// Opens over the rows with the rules that they name, or with the last ones before them that load. `serves` says that this
    /// process answers residents; others (the command line) only look and write wishes.
    ///
    /// # Errors
    /// The rows cannot be read ([`DeskError::Store`]).
    pub async fn open(
        base: Base,
        store: Arc<dyn StreetStore>,
        clock: Arc<dyn Clock>,
        serves: bool,
    ) -> Result<Result<Self, DataError>, DeskError> {
        let wanted = store.active().await?;
        let (rules, fault) = match last_that_loads(&base, &*store, wanted.as_ref()).await? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let desk = Self {
            base,
            store,
            clock,
            rules: Rules::new(rules),
            serves,
            step: Mutex::new(wanted.as_ref().map_or(0, |a| a.seq)),
            fault: RwLock::new(None),
        };
        if let Some(wanted) = wanted {
            desk.say(&wanted, fault).await?;
        }
        Ok(Ok(desk))
    }

    /// The rules in use.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Why the version that is to be in use is not.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.fault.read().clone()
    }

    /// The rows.
    #[must_use]
    pub fn store(&self) -> &dyn StreetStore {
        &*self.store
    }

    /// The version that is to be in use.
    ///
    /// # Errors
    /// [`DeskError::Store`].
    pub async fn active(&self) -> Result<u32, DeskError> {
        Ok(self.store.active().await?.map_or(0, |a| a.version))
    }

    /// All versions, newest first, without version 0.
    ///
    /// # Errors
    /// [`DeskError::Store`].
    pub async fn versions(&self) -> Result<Vec<VersionRow>, DeskError> {
        Ok(self.store.versions().await?)
    }

    /// Open tickets whose code the rules in use do not know.
    ///
    /// # Errors
    /// [`DeskError::Store`].
    pub async fn orphans(&self) -> Result<Vec<MissingCode>, DeskError> {
        Ok(usage::orphans(&self.rules.load(), &self.store.open_codes().await?))
    }

    /// The text of a file in a version.
    ///
    /// # Errors
    /// [`DeskError::Unknown`], [`DeskError::Base`], [`DeskError::Store`].
    pub async fn text(&self, version: u32, name: &str) -> Result<String, DeskError> {
        let one = file(name).ok_or_else(|| DeskError::Unknown(unknown_file(name)))?;
        let files = self.files(version).await?;
        self.base.with(&files, one.name)?.ok_or_else(|| DeskError::Unknown(format!("文件 {name}，这一版没有它")))
    }

    /// Checks files against what is in use. Nothing is changed.
    ///
    /// # Errors
    /// [`DeskError::Base`], [`DeskError::Store`]; what is wrong with the files is in the report.
    pub async fn check(&self, given: &Given) -> Result<Report, DeskError> {
        let base = self.active().await?;
        let before = self.files(base).await?;
        let after = self.lay_over(&before, given)?;
        Ok(self.compare(base, &before, &after, &names(given)).await?.0)
    }

    /// What activating a version would change. Nothing is changed.
    ///
    /// # Errors
    /// [`DeskError::Unknown`], [`DeskError::Base`], [`DeskError::Store`].
    pub async fn check_version(&self, version: u32) -> Result<Report, DeskError> {
        let base = self.active().await?;
        let (before, after) = (self.files(base).await?, self.files(version).await?);
        Ok(self.compare(base, &before, &after, &BTreeSet::new()).await?.0)
    }

    /// Keeps the files as a new version over `base`, and puts it to use when told so.
    ///
    /// # Errors
    /// See [`DeskError`]; nothing was changed then.
    pub async fn keep(&self, base: u32, given: &Given, note: &str, by: Author, activate: bool) -> Result<u32, DeskError> {
        let note = note.trim();
        if note.is_empty() || note.chars().count() > MAX_NOTE {
            return Err(DeskError::Invalid(format!("请写明这次改了什么，{MAX_NOTE}字以内")));
        }
        let active = self.active().await?;
        if active != base {
            return Err(DeskError::Stale(active));
        }
        let before = self.files(base).await?;
        let files = self.lay_over(&before, given)?;
        let (report, rules) = self.compare(base, &before, &files, &names(given)).await?;
        if rules.is_none() {
            return Err(DeskError::Problems(Box::new(report)));
        }
        if files == before {
            return Err(DeskError::Invalid("这些文件与正在使用的一样，没有要保存的修改".to_owned()));
        }
        let new = NewVersion { base, files, by, note: note.to_owned(), at: self.clock.now() };
        let version = match self.store.keep(&new, activate).await? {
            Kept::Done(version) => version,
            Kept::Stale(active) => return Err(DeskError::Stale(active)),
        };
        if activate {
            self.keep_in_step().await?;
        }
        Ok(version)
    }

    /// Puts a version to use; an older one is the way back. `seen` is the version that the caller saw in use.
    ///
    /// # Errors
    /// See [`DeskError`]; nothing was changed then.
    pub async fn activate(&self, version: u32, seen: u32, note: &str, by: &Author) -> Result<(), DeskError> {
        let active = self.active().await?;
        let after = self.files(version).await?;
        if active != seen {
            return Err(DeskError::Stale(active));
        }
        if active == version && self.fault().is_none() {
            return Err(DeskError::Invalid(format!("第{version}版已经在使用")));
        }
        let note = note.trim();
        if note.chars().count() > MAX_NOTE {
            return Err(DeskError::Invalid(format!("说明最多{MAX_NOTE}字")));
        }
        let before = self.files(active).await?;
        // The program, or what tickets use, may be others than when it was kept.
        let (report, rules) = self.compare(active, &before, &after, &BTreeSet::new()).await?;
        if rules.is_none() {
            return Err(DeskError::Problems(Box::new(report)));
        }
        match self.store.activate(version, seen, by, note, self.clock.now()).await? {
            Kept::Done(_) => {}
            Kept::Stale(active) => return Err(DeskError::Stale(active)),
        }
        self.keep_in_step().await
    }

    /// Where tickets would go, by `given` over what is in use. Nothing is changed.
    ///
    /// # Errors
    /// [`DeskError::Problems`] when the files cannot be used; [`DeskError::Base`], [`DeskError::Store`].
    pub async fn try_out(&self, given: &Given, last: u32, numbers: &[String]) -> Result<Trial, DeskError> {
        let active = self.active().await?;
        let before = self.files(active).await?;
        let now = self.rules.load();
        let next = if given.is_empty() {
            Arc::clone(&now)
        } else {
            let after = self.lay_over(&before, given)?;
            let (report, rules) = self.compare(active, &before, &after, &names(given)).await?;
            Arc::new(rules.ok_or(DeskError::Problems(Box::new(report)))?)
        };
        let tickets = if numbers.is_empty() {
            self.store.newest(last.min(trial::MOST)).await?
        } else {
            self.store.numbered(numbers).await?
        };
        let mut trial = trial::run(&now, &next, &tickets);
        let found: BTreeSet<&str> = tickets.iter().map(|t| t.ticket.number.as_str()).collect();
        trial.unknown = numbers.iter().filter(|n| !found.contains(n.as_str())).cloned().collect();
        Ok(trial)
    }

    /// Brings the rules in step with the rows; cheap when they are.
    ///
    /// # Errors
    /// [`DeskError::Store`]; a version that does not load is no error here but a [`Fault`].
    pub async fn keep_in_step(&self) -> Result<(), DeskError> {
        let mut step = self.step.lock().await;
        let Some(wanted) = self.store.active().await?.filter(|a| a.seq != *step) else { return Ok(()) };
        let files = self.files(wanted.version).await?;
        let fault = match self.base.rules(wanted.version, &files) {
            Ok(rules) => {
                self.rules.swap(rules);
                tracing::info!(version = wanted.version, before = wanted.before, "the street's rules were swapped");
                None
            }
            Err(error) => {
                let serving = self.rules.load().version;
                Some(Fault { wanted: wanted.version, serving, why: why(&self.base, &files, wanted.version, &error) })
            }
        };
        *step = wanted.seq;
        self.say(&wanted, fault).await
    }

    /// Says aloud and in the rows what became of an activation.
    async fn say(&self, wanted: &Activation, fault: Option<Fault>) -> Result<(), DeskError> {
        if let Some(fault) = fault.as_ref().filter(|_| self.serves) {
            tracing::error!(
                wanted = fault.wanted,
                serving = fault.serving,
                why = fault.why,
                "a version of the street's files does not load"
            );
        }
        let why = fault.as_ref().map(|f| f.why.clone());
        *self.fault.write() = fault;
        if self.serves && (wanted.taken_at.is_none() || wanted.fault != why) {
            self.store.taken(wanted.seq, self.clock.now(), why.as_deref()).await?;
        }
        Ok(())
    }

    async fn files(&self, version: u32) -> Result<Texts, DeskError> {
        self.store.files(version).await?.ok_or_else(|| DeskError::Unknown(format!("第{version}版")))
    }

    /// The files of a version with others over them; what is as shipped is left out. A byte order mark and empty rows go.
    fn lay_over(&self, before: &Texts, given: &Given) -> Result<Texts, DeskError> {
        let mut after = before.clone();
        for (name, text) in given {
            let Some(text) = text else {
                after.remove(name);
                continue;
            };
            let text = tidy(file(name), text);
            let shipped = if file(name).is_some() { self.base.with(&Texts::new(), name)? } else { None };
            if shipped.as_deref() == Some(&text) {
                after.remove(name);
            } else {
                after.insert(name.clone(), text);
            }
        }
        Ok(after)
    }

    async fn compare(
        &self,
        base: u32,
        before: &Texts,
        after: &Texts,
        given: &BTreeSet<String>,
    ) -> Result<(Report, Option<IncidentRules>), DeskError> {
        let now = self.rules.load();
        let Checked { mut problems, rules } = check(&self.base, after, given, base)?;
        for name in given.iter().filter(|name| file(name).is_none() && !after.contains_key(*name)) {
            problems.push(Problem::of(name, None, None, format!("没有{}", unknown_file(name))));
        }
        let mut changes = Vec::new();
        for one in FILES {
            let (old, new) = (self.base.with(before, one.name)?, self.base.with(after, one.name)?);
            changes.extend(diff(one, old.as_deref(), new.as_deref()));
        }
        let mut missing_codes = Vec::new();
        if let Some(next) = &rules {
            let (open, labels) = (self.store.open_codes().await?, self.store.label_codes().await?);
            missing_codes = usage::missing(&now, next, &open, &labels);
            problems.extend(missing_codes.iter().map(usage::problem));
        }
        let rules = rules.filter(|_| problems.is_empty());
        let effects = match &rules {
            Some(next) => Some(self.effects(&now, next, &changes).await?),
            None => None,
        };
        Ok((Report { base, problems, missing_codes, diff: changes, effects }, rules))
    }

    async fn effects(&self, now: &IncidentRules, next: &IncidentRules, changes: &[FileDiff]) -> Result<Effects, DeskError> {
        let codes = |rules: &IncidentRules| rules.taxonomy.leaves().iter().map(|l| l.code.clone()).collect::<BTreeSet<_>>();
        let (had, has) = (codes(now), codes(next));
        let routes = changes.iter().any(|d| file(&d.file).is_some_and(|f| f.routes));
        let trial = if routes { Some(trial::run(now, next, &self.store.newest(trial::USUAL).await?)) } else { None };
        let (old, new) = (now.places.gazetteer(), next.places.gazetteer());
        Ok(Effects {
            categories: Count { before: had.len(), after: has.len() },
            grids: Count { before: old.grids().len(), after: new.grids().len() },
            places: Count { before: old.places().len(), after: new.places().len() },
            codes_added: has.difference(&had).cloned().collect(),
            codes_removed: had.difference(&has).cloned().collect(),
            trial,
        })
    }
}

/// The rules of the version that is to be in use, else of the newest one before it that loads, with the reason.
async fn last_that_loads(
    base: &Base,
    store: &dyn StreetStore,
    wanted: Option<&Activation>,
) -> Result<Result<(IncidentRules, Option<Fault>), DataError>, StoreError> {
    let Some(wanted) = wanted else { return Ok(base.rules(0, &Texts::new()).map(|rules| (rules, None))) };
    let mut tried = BTreeSet::new();
    let mut reason: Option<String> = None;
    let past = store.activations(u32::MAX).await?;
    for version in past.iter().map(|a| a.version).chain([0]) {
        if !tried.insert(version) {
            continue;
        }
        let Some(files) = store.files(version).await? else { continue };
        match base.rules(version, &files) {
            Ok(rules) => {
                let fault = reason.map(|why| Fault { wanted: wanted.version, serving: version, why });
                return Ok(Ok((rules, fault)));
            }
            Err(error) if version == 0 => return Ok(Err(error)),
            Err(error) => {
                reason.get_or_insert_with(|| why(base, &files, version, &error));
            }
        }
    }
    Ok(base.rules(0, &Texts::new()).map(|rules| (rules, None)))
}

/// Why a version does not load, in the words of a check: it names file, line and column.
fn why(base: &Base, files: &Texts, version: u32, error: &DataError) -> String {
    let given = files.keys().cloned().collect();
    match check(base, files, &given, version).map(|checked| checked.problems) {
        Ok(problems) if problems.len() > 1 => format!("{}，共{}处问题", problems[0].words(), problems.len()),
        Ok(problems) if problems.len() == 1 => problems[0].words(),
        Ok(_) | Err(_) => error.to_string(),
    }
}

fn names(given: &Given) -> BTreeSet<String> {
    given.keys().cloned().collect()
}

fn unknown_file(name: &str) -> String {
    let hint = nearest(name, FILES.iter().map(|f| f.name)).map_or_else(String::new, |right| format!("，是不是 {right}？"));
    format!("文件 {name}{hint}")
}

fn tidy(file: Option<&StreetFile>, text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let empty = |line: &str| !line.is_empty() && line.chars().all(|c| matches!(c, ',' | '\r' | ' ' | '\t'));
    match file.filter(|f| f.columns.is_some()) {
        // A spreadsheet leaves rows of nothing but commas behind.
        Some(file) if text.split('\n').any(empty) => {
            let (sheet, problems) = Sheet::read(file.name, text);
            if problems.is_empty() { sheet.render(|_| true).0 } else { text.to_owned() }
        }
        _ => text.to_owned(),
    }
}
