//! Generations of the index: what one search sees, what is wanted of the next one, and what is told about each.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::knowledge::catalog::Catalog;
use crate::knowledge::learned::Learned;
use crate::knowledge::lexicon::Lexicon;
use crate::knowledge::store::StoreError;
use crate::knowledge::vector::{Generation, IndexManifest};

/// What one search sees from its beginning to its end: a generation of the index and the documents cut as it has them.
/// The whole is swapped as one thing, so that nothing is ever looked for in an index that does not belong to its catalog.
#[derive(Debug)]
pub struct Snapshot {
    /// The generation that is asked.
    pub generation: Generation,
    /// How it was made.
    pub manifest: IndexManifest,
    /// The documents in use, cut by the splitter of this generation.
    pub catalog: Arc<Catalog>,
    /// Everyday words → official words, as they were when this generation was made.
    pub lexicon: Arc<Lexicon>,
    /// The built-in embedding with a vector for each passage; `None` when there were too few passages to learn from.
    pub learned: Option<Arc<Learned>>,
}

/// What is wanted of the next generation beyond what program and configuration say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Characters a piece holds at most; 0 = as the splitter has it.
    #[serde(default)]
    pub piece_chars: u32,
    /// After going back: nothing is rebuilt by itself until a person asks for it.
    #[serde(default)]
    pub held: bool,
}

/// How a generation did before it was switched to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckResult {
    /// Passages that it should hold.
    pub expected: usize,
    /// Passages that it holds.
    pub found: usize,
    /// Questions asked of both.
    pub questions: usize,
    /// Of which the live one put the right document first.
    pub right_before: usize,
    /// Of which the new one does.
    pub right_now: usize,
    /// Of those right before: no longer right.
    pub lost: usize,
    /// Some that were lost, at most ten.
    pub examples: Vec<String>,
    /// May it answer?
    pub passed: bool,
}

/// Where a generation stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = GenerationState)]
pub enum State {
    /// Points are being written.
    Building,
    /// Built and checked; waits to be switched to.
    Ready,
    /// Built, and the check speaks against it.
    Refused,
    /// It answers.
    Live,
    /// It answered before, and can again.
    Previous,
    /// It left: two switches after it answered.
    Removed,
    /// It broke off.
    Failed,
}

/// What is told about a generation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number.
    pub generation: Generation,
    /// Where it stands.
    pub state: State,
    /// How it is made.
    pub manifest: IndexManifest,
    /// Why it was begun.
    pub reason: String,
    /// Passages written so far.
    pub written: usize,
    /// Passages in all.
    pub passages: usize,
    /// When it was begun.
    pub begun_at: Option<Timestamp>,
    /// How the check went.
    pub check: Option<CheckResult>,
    /// Milliseconds until it could be searched.
    pub took_ms: u64,
    /// What went wrong.
    pub error: Option<String>,
    /// The revision of the rows that it was last brought in step with, on disk.
    #[serde(default)]
    pub settled: Option<u64>,
}

/// What the console and the command line wish of the process that holds the index. One at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What is to be done.
    pub action: Action,
    /// It was tried.
    pub done: bool,
    /// Why it failed.
    pub error: Option<String>,
}

impl Wish {
    /// Not fulfilled yet.
    #[must_use]
    pub fn for_it(action: Action) -> Self {
        Self { action, done: false, error: None }
    }
}

/// What can be wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// A new generation by this plan that waits to be switched to.
    Prepare(Plan),
    /// A new generation by this plan that answers as soon as it has passed its check.
    Rebuild(Plan),
    /// To the one that waits, or back to the previous one.
    Switch(Generation),
    /// Back to the previous one.
    Rollback,
}

/// Rows about generations: the plan, the records, and the parts that a generation brings along (lexicon, table).
#[async_trait]
pub trait GenerationBook: Send + Sync {
    /// What is wanted.
    ///
    /// # Errors
    /// The database fails.
    async fn plan(&self) -> Result<Plan, StoreError>;

    /// Wants something else.
    ///
    /// # Errors
    /// The database fails.
    async fn set_plan(&self, plan: Plan) -> Result<(), StoreError>;

    /// The wish made last.
    ///
    /// # Errors
    /// The database fails.
    async fn wish(&self) -> Result<Option<Wish>, StoreError>;

    /// Keeps a wish unless another one is still to be fulfilled; false then.
    ///
    /// # Errors
    /// The database fails.
    async fn wish_for(&self, action: Action) -> Result<bool, StoreError>;

    /// Keeps a wish, or how it went.
    ///
    /// # Errors
    /// The database fails.
    async fn set_wish(&self, wish: &Wish) -> Result<(), StoreError>;

    /// Keeps or replaces a record.
    ///
    /// # Errors
    /// The database fails.
    async fn keep(&self, record: &Record) -> Result<(), StoreError>;

    /// All records by number.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn records(&self) -> Result<Vec<Record>, StoreError>;

    /// Keeps a part under its id (a hash of the bytes).
    ///
    /// # Errors
    /// The database fails.
    async fn put_part(&self, id: &str, bytes: Vec<u8>) -> Result<(), StoreError>;

    /// A part by its id.
    ///
    /// # Errors
    /// The database fails.
    async fn part(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Lets go of every part but these, and of records that are older than the oldest of these generations by more than ten.
    ///
    /// # Errors
    /// The database fails.
    async fn sweep(&self, parts: &[String], oldest: Generation) -> Result<(), StoreError>;
}

/// The book without a database: for measurements and tests.
#[derive(Debug, Default)]
pub struct MemoryBook(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    plan: Plan,
    wish: Option<Wish>,
    records: BTreeMap<Generation, Record>,
    parts: BTreeMap<String, Vec<u8>>,
}

#[async_trait]
impl GenerationBook for MemoryBook {
    async fn plan(&self) -> Result<Plan, StoreError> {
        Ok(self.0.lock().plan)
    }

    async fn set_plan(&self, plan: Plan) -> Result<(), StoreError> {
        self.0.lock().plan = plan;
        Ok(())
    }

    async fn wish(&self) -> Result<Option<Wish>, StoreError> {
        Ok(self.0.lock().wish.clone())
    }

    async fn wish_for(&self, action: Action) -> Result<bool, StoreError> {
        let mut pages = self.0.lock();
        if pages.wish.as_ref().is_some_and(|w| !w.done) {
            return Ok(false);
        }
        pages.wish = Some(Wish::for_it(action));
        Ok(true)
    }

    async fn set_wish(&self, wish: &Wish) -> Result<(), StoreError> {
        self.0.lock().wish = Some(wish.clone());
        Ok(())
    }

    async fn keep(&self, record: &Record) -> Result<(), StoreError> {
        self.0.lock().records.insert(record.generation, record.clone());
        Ok(())
    }

    async fn records(&self) -> Result<Vec<Record>, StoreError> {
        Ok(self.0.lock().records.values().cloned().collect())
    }

    async fn put_part(&self, id: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.0.lock().parts.insert(id.to_owned(), bytes);
        Ok(())
    }

    async fn part(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().parts.get(id).cloned())
    }

    async fn sweep(&self, parts: &[String], oldest: Generation) -> Result<(), StoreError> {
        let mut pages = self.0.lock();
        pages.parts.retain(|id, _| parts.contains(id));
        pages.records.retain(|generation, _| generation.0 + 10 >= oldest.0);
        Ok(())
    }
}
