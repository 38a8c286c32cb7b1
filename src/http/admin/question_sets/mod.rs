//! `/api/v1/admin/question-sets`: what the knowledge is measured with. One file per verb; the rules are `knowledge::question_sets`.

pub mod export;
pub mod get;
pub mod import;
pub mod list;
pub mod pairs;
pub mod retire;
pub mod save;

use serde_json::json;

use crate::http::problem::{Code, FieldProblem, Problem};
use crate::http::state::Api;
use crate::identity::Caller;
use crate::knowledge::question_sets::{self, NewVersion, QuestionSet, SetQuestion};

/// Most faults that are told at once.
const TOLD: usize = 50;

/// Lines with what is wrong with them.
fn faulty(faults: Vec<(usize, String)>) -> Problem {
    let said = format!("有{}处不对", faults.len());
    let fields =
        faults.into_iter().take(TOLD).map(|(line, message)| FieldProblem { field: format!("questions[{line}]"), message });
    Problem { errors: fields.collect(), ..Problem::new(Code::InvalidBody) }.detail(said)
}

/// A version to be, as it comes from outside.
struct Wish {
    id: String,
    title: Option<String>,
    canonical: Option<bool>,
    questions: Vec<SetQuestion>,
    note: Option<String>,
}

/// Stores a version and says so in the audit log.
async fn store(api: &Api, caller: &Caller, wish: Wish) -> Result<QuestionSet, Problem> {
    if !question_sets::is_name(&wish.id) {
        return Err(Problem::new(Code::InvalidParameter).detail("题集编号只能用小写字母、数字和连字符，最多 64 个"));
    }
    let faults = question_sets::faults(&wish.questions);
    if !faults.is_empty() {
        return Err(faulty(faults));
    }
    let sets = api.curation.sets();
    let known = sets.question_set(&wish.id, None).await.map_err(|e| Problem::unavailable(&e))?;
    let title = wish.title.map(|t| t.trim().chars().take(100).collect::<String>()).filter(|t| !t.is_empty());
    let title = title.or_else(|| known.as_ref().map(|k| k.title.clone())).unwrap_or_else(|| wish.id.clone());
    let canonical = wish.canonical.unwrap_or_else(|| known.as_ref().is_some_and(|k| k.canonical));
    let new = NewVersion {
        id: &wish.id,
        title: &title,
        canonical,
        questions: &wish.questions,
        author: &caller.name,
        note: wish.note.as_deref(),
        at: api.clock.now(),
    };
    let version = sets.save_question_set(&new).await.map_err(|e| Problem::unavailable(&e))?;
    let detail = json!({ "version": version, "questions": wish.questions.len(), "canonical": canonical });
    let written = api.audit.record(caller, "question_set.save", ("question_set", &wish.id), detail).await;
    written.map_err(|e| Problem::unavailable(&e))?;
    let saved = sets.question_set(&wish.id, None).await.map_err(|e| Problem::unavailable(&e))?;
    saved.ok_or_else(|| Code::NotFound.into())
}
