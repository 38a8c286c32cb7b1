//! The knowledge room through its public API.

mod checking;
mod curating;
mod documents;
mod editing;
mod finding;
mod generations;
pub mod import;
mod leak;
mod life;
mod ordering;
mod plain;
mod ranking;
mod reranking;
mod rows;
mod validity;

use std::sync::Arc;

use gridworker::knowledge::document::{Audience, ImportDefaults, ParsedDocument};
use gridworker::knowledge::lexicon::{Entry, Lexicon};
use gridworker::knowledge::memory::MemoryKnowledge;
use gridworker::knowledge::search::{Knowledge, Query, Scope};
use gridworker::storage::index::memory::MemoryStore;
use jiff::civil::{Date, date};

pub const DAY: Date = date(2026, 11, 22);

pub fn defaults() -> ImportDefaults {
    ImportDefaults { audience: Audience::Resident, area: "全国".to_owned(), effective_from: date(2026, 1, 1) }
}

/// A guide in the format of the knowledge folder.
pub fn guide(id: &str, title: &str, questions: &[&str], extra: &str, body: &str) -> String {
    let quoted: Vec<String> = questions.iter().map(|q| format!("{q:?}")).collect();
    format!(
        "+++\nid = \"{id}\"\ntitle = \"{title}\"\naudience = \"resident\"\narea = \"全国\"\ncategory = \"测试\"\nissuer = \"街道知识库（示例）\"\n\
         effective_from = 2026-01-01\nreview_by = 2027-06-30\nowner = \"民政岗\"\nkeywords = [\"{title}\"]\nquestions = [{}]\n\
         sources = []\nstatus = \"published\"\n{extra}+++\n\n{body}\n",
        quoted.join(", ")
    )
}

pub fn parse(name: &str, text: &str) -> ParsedDocument {
    ParsedDocument::parse(std::path::Path::new(name), text, &defaults()).unwrap_or_else(|e| panic!("{e}"))
}

/// A knowledge base in memory, not yet started.
pub fn knowledge() -> Knowledge {
    let lexicon = Lexicon::new(vec![Entry { everyday: "吃低保".to_owned(), official: vec!["最低生活保障".to_owned()] }]);
    Knowledge::new(Arc::new(MemoryKnowledge::default()), Arc::new(MemoryStore::new()), None, lexicon)
}

pub fn ask(text: &str) -> Query {
    let scope = Scope { audiences: vec![Audience::Resident], areas: Vec::new(), on: DAY };
    Query { text: text.to_owned(), scope, limit: 8 }
}
