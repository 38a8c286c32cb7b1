//! `eval questions`: is the right guide first, and is what does not belong here declined?

use std::time::Duration;

use jiff::civil::Date;

use crate::knowledge::curated_match::CuratedIndex;
use crate::knowledge::document::DocumentMeta;
use crate::knowledge::runs::{self, RunFigures};
use crate::knowledge::search::{Knowledge, KnowledgeError};
use crate::learn::ngrams;

/// From this bigram similarity (Jaccard) on, a test question nearly copies one of the front matter.
pub const NEAR_COPY: f32 = 0.7;

/// One line of a question set: the same in a file as in the knowledge base.
pub use crate::knowledge::question_sets::SetQuestion as Question;

/// A question that did not go as it should.
#[derive(Debug, Clone, PartialEq)]
pub struct Miss {
    /// The question's id.
    pub id: serde_json::Value,
    /// The question.
    pub question: String,
    /// What should have come.
    pub expect: Vec<String>,
    /// The first three documents, best first.
    pub got: Vec<String>,
    /// Best probability.
    pub top_score: f32,
    /// 答非所问, 误拒 or 该拒未拒.
    pub kind: &'static str,
}

/// The figures of a question set.
#[derive(Debug, Clone, Default)]
pub struct QuestionReport {
    /// Questions with an expected guide.
    pub in_scope: usize,
    /// Of which: answerable and the right guide first.
    pub first: usize,
    /// Of which: the right guide among the first three (whatever the gate said).
    pub first_three: usize,
    /// Of which: declined.
    pub declined_in_scope: usize,
    /// Questions that must be declined.
    pub out_of_scope: usize,
    /// Of which: declined.
    pub declined_out_of_scope: usize,
    /// What did not go right.
    pub misses: Vec<Miss>,
    /// Time of each search, ascending.
    pub times: Vec<Duration>,
}

impl QuestionReport {
    /// Meets the aims: first ≥ 85 %, first three ≥ 95 %, declined ≥ 90 % outside and ≤ 5 % inside.
    #[must_use]
    pub fn passes(&self) -> bool {
        share(self.first, self.in_scope) >= 0.85
            && share(self.first_three, self.in_scope) >= 0.95
            && share(self.declined_out_of_scope, self.out_of_scope) >= 0.90
            && share(self.declined_in_scope, self.in_scope) <= 0.05
    }

    /// The four figures in one line, without the aims.
    #[must_use]
    pub fn figures(&self) -> String {
        let part = |part: usize, all: usize| format!("{part}/{all} = {:.1} %", 100.0 * share(part, all));
        format!(
            "首位 {}，前三 {}，范围内被拒 {}，范围外被拒 {}",
            part(self.first, self.in_scope),
            part(self.first_three, self.in_scope),
            part(self.declined_in_scope, self.in_scope),
            part(self.declined_out_of_scope, self.out_of_scope)
        )
    }

    /// The time that `percent` of the searches stay within.
    #[must_use]
    pub fn within(&self, percent: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * percent / 100).copied().unwrap_or_default()
    }
}

fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

impl std::fmt::Display for QuestionReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = |part: usize, all: usize| format!("{part}/{all} = {:.1} %", 100.0 * share(part, all));
        writeln!(f, "首位命中（过闸后）  {}  （目标 ≥ 85 %）", line(self.first, self.in_scope))?;
        writeln!(f, "前三命中            {}  （目标 ≥ 95 %）", line(self.first_three, self.in_scope))?;
        writeln!(f, "范围内被拒          {}  （目标 ≤ 5 %）", line(self.declined_in_scope, self.in_scope))?;
        writeln!(f, "范围外被拒          {}  （目标 ≥ 90 %）", line(self.declined_out_of_scope, self.out_of_scope))?;
        writeln!(
            f,
            "检索耗时            p50 {:.2} ms  p95 {:.2} ms",
            self.within(50).as_secs_f64() * 1e3,
            self.within(95).as_secs_f64() * 1e3
        )?;
        for miss in &self.misses {
            writeln!(f, "  {} {:.2} {} 应为 {:?} 得到 {:?}", miss.kind, miss.top_score, miss.question, miss.expect, miss.got)?;
        }
        Ok(())
    }
}

/// Asks every question on `day` as [`runs::ask`] does, without fixed answers, and counts.
///
/// # Errors
/// The index fails.
pub async fn questions(knowledge: &Knowledge, set: &[Question], day: Date) -> Result<QuestionReport, KnowledgeError> {
    let mut report = QuestionReport::default();
    let curated = CuratedIndex::default();
    let mut results = Vec::with_capacity(set.len());
    for question in set {
        let result = runs::ask(knowledge, &curated, question, day, None).await?;
        report.times.push(Duration::from_micros(result.micros));
        if !result.is_right() {
            report.misses.push(Miss {
                id: result.id.clone(),
                question: result.question.clone(),
                expect: question.expect.clone(),
                got: result.got.clone(),
                top_score: result.top_score,
                kind: result.verdict.word(),
            });
        }
        results.push(result);
    }
    let figures = RunFigures::of(&results);
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    report.in_scope = count(figures.in_scope);
    report.first = count(figures.first);
    report.first_three = count(figures.first_three);
    report.declined_in_scope = count(figures.declined_in_scope);
    report.out_of_scope = count(figures.out_of_scope);
    report.declined_out_of_scope = count(figures.declined_out_of_scope);
    report.times.sort_unstable();
    Ok(report)
}

/// Test questions that equal or nearly copy a question of the front matter: (test question, front-matter question, similarity).
#[must_use]
pub fn near_copies<'a>(set: &'a [Question], documents: &'a [&DocumentMeta]) -> Vec<(&'a str, &'a str, f32)> {
    let known: Vec<(&str, Vec<u32>)> = documents
        .iter()
        .flat_map(|d| d.questions.iter())
        .map(|q| (q.as_str(), ngrams::bigram_set(&crate::core::text::for_matching(q))))
        .collect();
    let mut out = Vec::new();
    for question in set {
        let terms = ngrams::bigram_set(&crate::core::text::for_matching(&question.question));
        for (text, other) in &known {
            let similarity = if question.question == *text { 1.0 } else { ngrams::jaccard(&terms, other) };
            if similarity >= NEAR_COPY {
                out.push((question.question.as_str(), *text, similarity));
            }
        }
    }
    out
}
