//! Codes that are in use and may leave the taxonomy only through `code_changes.csv`.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::super::{code_changes, rules::IncidentRules, taxonomy};
use super::check::Problem;
use super::store::OpenCode;

/// A code that is used and would be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingCode {
    /// The code.
    pub code: String,
    /// Its name so far.
    pub name: String,
    /// How many tickets that are not closed have it.
    pub open_tickets: u64,
    /// Numbers of some of them.
    pub examples: Vec<String>,
    /// How many labels of tickets name it.
    pub labels: u64,
}

/// Used codes that `now` knows and `next` would not. A label may name a code that was given up; an open ticket may not.
#[must_use]
pub fn missing(now: &IncidentRules, next: &IncidentRules, open: &[OpenCode], labels: &[(String, u64)]) -> Vec<MissingCode> {
    let mut out: BTreeMap<&str, MissingCode> = BTreeMap::new();
    let lost = |code: &str| next.taxonomy.get(code).is_none();
    for used in open.iter().filter(|u| lost(&u.code)) {
        let one = out.entry(&used.code).or_default();
        one.open_tickets = used.tickets;
        one.examples.clone_from(&used.examples);
    }
    for (code, count) in labels.iter().filter(|(code, _)| lost(code)) {
        if next.code_changes.of(code).is_none() || out.contains_key(code.as_str()) {
            out.entry(code).or_default().labels = *count;
        }
    }
    // What the rules in use do not know either was lost before; nobody is kept from other work by it.
    let known = out.into_iter().filter_map(|(code, one)| {
        let leaf = now.taxonomy.get(code)?;
        Some(MissingCode { code: code.to_owned(), name: leaf.name.clone(), ..one })
    });
    known.collect()
}

/// Open tickets whose code the rules in use do not know.
#[must_use]
pub fn orphans(now: &IncidentRules, open: &[OpenCode]) -> Vec<MissingCode> {
    let lost = open.iter().filter(|u| now.taxonomy.get(&u.code).is_none());
    lost.map(|u| MissingCode {
        code: u.code.clone(),
        open_tickets: u.tickets,
        examples: u.examples.clone(),
        ..MissingCode::default()
    })
    .collect()
}

/// The complaint about a missing code.
#[must_use]
pub fn problem(missing: &MissingCode) -> Problem {
    let MissingCode { code, name, open_tickets, examples, labels } = missing;
    let mut uses = Vec::new();
    if *open_tickets > 0 {
        uses.push(format!("{open_tickets}张未办结的工单（如{}）", examples.join("、")));
    }
    if *labels > 0 {
        uses.push(format!("{labels}条分类标注"));
    }
    let way = if *open_tickets > 0 {
        format!("换了代码请在 {} 写明 replaced_by，否则等工单办结后再停用", code_changes::FILE)
    } else {
        format!("请在 {} 写明 replaced_by，或留空表示停用", code_changes::FILE)
    };
    let message = format!("缺少仍在使用的代码 {code}（{name}）：{}；{way}", uses.join("、"));
    Problem::of(taxonomy::FILE, None, Some("code"), message)
}
