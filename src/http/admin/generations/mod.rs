//! `/api/v1/admin/generations`: the index as it answers, as it answered before, and as it could answer. One file per verb; the
//! rules are `knowledge::building`. What is asked for is a durable wish that the holder of the index fulfils, so it makes no
//! difference which process is asked.

pub mod create;
pub mod list;
pub mod switch;

use serde::Serialize;
use utoipa::ToSchema;

use crate::knowledge::generation::{Action, CheckResult, Record, State, Wish};

/// A generation, for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct GenerationView {
    /// Its number; grows.
    pub generation: u32,
    /// Where it stands.
    pub state: State,
    /// Why it was begun.
    pub reason: String,
    /// The splitter's version.
    pub splitter: u32,
    /// Characters a piece holds at most; 0 = as the splitter has it.
    pub piece_chars: u32,
    /// Name of the embedder outside the house; absent = none.
    pub embedder: Option<String>,
    /// It has the built-in embedding.
    pub built_in_embedding: bool,
    /// Passages that it should hold.
    pub passages: usize,
    /// When it was begun.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub begun_at: Option<jiff::Timestamp>,
    /// Milliseconds until it could be searched.
    pub took_ms: u64,
    /// How it did beside the one that answered when it was built.
    pub check: Option<CheckResult>,
    /// What went wrong, for people.
    pub error: Option<String>,
}

impl From<Record> for GenerationView {
    fn from(record: Record) -> Self {
        let Record { generation, state, manifest, reason, passages, begun_at, check, took_ms, error, .. } = record;
        Self {
            generation: generation.0,
            state,
            reason,
            splitter: manifest.splitter,
            piece_chars: manifest.piece_chars,
            embedder: manifest.embedder,
            built_in_embedding: manifest.table.is_some(),
            passages,
            begun_at,
            took_ms,
            check,
            error,
        }
    }
}

/// What was asked for last.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishView {
    /// `prepare`, `rebuild`, `switch`, `rollback`.
    pub action: &'static str,
    /// It was tried.
    pub done: bool,
    /// Why it failed, for people.
    pub error: Option<String>,
}

impl From<Wish> for WishView {
    fn from(wish: Wish) -> Self {
        let action = match wish.action {
            Action::Prepare(_) => "prepare",
            Action::Rebuild(_) => "rebuild",
            Action::Switch(_) => "switch",
            Action::Rollback => "rollback",
        };
        Self { action, done: wish.done, error: wish.error }
    }
}
