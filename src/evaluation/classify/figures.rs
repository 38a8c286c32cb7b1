//! What a run of labels is worth: F1, confusion, calibration, and the rest when the worst are called unsure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::learn::classifier::{UNSURE, Verdict};

/// A test line with what was said of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// As it stands in the file.
    pub id: Value,
    /// The right label, when it is known.
    pub gold: Option<String>,
    /// Where the line comes from.
    pub source: Option<String>,
    /// What was said.
    pub verdict: Verdict,
}

/// F1 and accuracy, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    /// Lines.
    pub lines: usize,
    /// Mean F1 over the labels that are right for some line.
    pub macro_f1: f64,
    /// Share of right lines.
    pub accuracy: f64,
    /// Share of lines whose right label is among the first three.
    pub hit3: f64,
}

impl Score {
    fn over(lines: &[&Row]) -> Self {
        let n = lines.len().max(1) as f64;
        let golds: std::collections::BTreeSet<usize> = lines.iter().map(|l| l.gold).collect();
        let f1: f64 = golds
            .iter()
            .map(|label| {
                let hits = lines.iter().filter(|l| l.gold == *label && l.said == *label).count() as f64;
                let both = lines.iter().map(|l| usize::from(l.gold == *label) + usize::from(l.said == *label)).sum::<usize>();
                2.0 * hits / both.max(1) as f64
            })
            .sum();
        Self {
            lines: lines.len(),
            macro_f1: f1 / golds.len().max(1) as f64,
            accuracy: lines.iter().filter(|l| l.gold == l.said).count() as f64 / n,
            hit3: lines.iter().filter(|l| l.among_three).count() as f64 / n,
        }
    }
}

/// A judged line in numbers.
#[derive(Debug)]
struct Row {
    gold: usize,
    said: usize,
    among_three: bool,
    probability: f64,
    sure: bool,
    margin: f32,
    source: Option<String>,
}

/// Everything that is printed of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    labels: Vec<String>,
    /// Over all labelled lines.
    pub all: Score,
    /// By `source`, when lines have one.
    pub by_source: BTreeMap<String, Score>,
    /// All but the worst tenth by margin, over everything and by source.
    pub rest: BTreeMap<String, Score>,
    /// The lines that the model itself calls sure, by the threshold from its training.
    pub sure: Score,
    /// Mean distance between probability and share of right ones, in ten bins.
    pub calibration_error: f64,
    /// Mean probability of the first label minus accuracy: above 0 is too sure.
    pub overconfidence: f64,
    confusion: Vec<Vec<usize>>,
}

/// Name of the row over all lines.
const ALL: &str = "all";

/// False for the worst `share` of the lines by margin; equal margins fall by their order.
#[must_use]
pub fn all_but_worst(judged: &[Judged], share: f32) -> Vec<bool> {
    keep(&judged.iter().map(|j| j.verdict.margin()).collect::<Vec<_>>(), share)
}

fn keep(margins: &[f32], share: f32) -> Vec<bool> {
    let mut order: Vec<usize> = (0..margins.len()).collect();
    order.sort_by(|a, b| margins[*a].total_cmp(&margins[*b]).then(a.cmp(b)));
    let mut out = vec![true; margins.len()];
    for i in order.iter().take((margins.len() as f32 * share).round() as usize) {
        out[*i] = false;
    }
    out
}

impl Figures {
    /// Measures the lines whose right label is known; one that could not be chosen counts as wrong.
    #[must_use]
    pub fn new(judged: &[Judged], labels: &[String]) -> Self {
        let mut names = labels.to_vec();
        let mut rows: Vec<Row> = Vec::new();
        for one in judged {
            let (Some(gold), Some(first)) = (&one.gold, one.verdict.ranked.first()) else { continue };
            let gold = names.iter().position(|l| l == gold).unwrap_or_else(|| {
                names.push(gold.clone());
                names.len() - 1
            });
            rows.push(Row {
                gold,
                said: first.label,
                among_three: one.verdict.ranked.iter().take(3).any(|r| r.label == gold),
                probability: f64::from(first.probability),
                sure: one.verdict.sure,
                margin: one.verdict.margin(),
                source: one.source.clone(),
            });
        }
        let everything: Vec<&Row> = rows.iter().collect();
        let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        for row in &rows {
            if let Some(source) = &row.source {
                groups.entry(source.clone()).or_default().push(row);
            }
        }
        let rest_of = |rows: &[&Row]| {
            let kept = keep(&rows.iter().map(|r| r.margin).collect::<Vec<_>>(), UNSURE);
            Score::over(&rows.iter().zip(kept).filter(|(_, keep)| *keep).map(|(r, _)| *r).collect::<Vec<_>>())
        };
        let mut rest: BTreeMap<String, Score> = groups.iter().map(|(name, rows)| (name.clone(), rest_of(rows))).collect();
        rest.insert(ALL.to_owned(), rest_of(&everything));
        let mut confusion = vec![vec![0; names.len()]; names.len()];
        for row in &rows {
            confusion[row.gold][row.said] += 1;
        }
        let all = Score::over(&everything);
        let mean = rows.iter().map(|r| r.probability).sum::<f64>() / rows.len().max(1) as f64;
        Self {
            all,
            by_source: groups.iter().map(|(name, rows)| (name.clone(), Score::over(rows))).collect(),
            rest,
            sure: Score::over(&rows.iter().filter(|r| r.sure).collect::<Vec<_>>()),
            calibration_error: calibration_error(&rows),
            overconfidence: mean - all.accuracy,
            confusion,
            labels: names,
        }
    }
}

fn calibration_error(rows: &[Row]) -> f64 {
    let mut bins = [(0usize, 0f64, 0f64); 10];
    for row in rows {
        let bin = &mut bins[((row.probability * 10.0) as usize).min(9)];
        bin.0 += 1;
        bin.1 += row.probability;
        bin.2 += f64::from(u8::from(row.gold == row.said));
    }
    bins.iter().map(|(_, said, right)| (said - right).abs()).sum::<f64>() / rows.len().max(1) as f64
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "macro-F1 {:.4}  accuracy {:.4}  hit@3 {:.4}  ({} lines)", self.macro_f1, self.accuracy, self.hit3, self.lines)
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{ALL:<8} {}", self.all)?;
        for (source, score) in &self.by_source {
            writeln!(f, "{source:<8} {score}")?;
        }
        writeln!(f, "the worst 10 % called unsure, the rest:")?;
        for (source, score) in &self.rest {
            writeln!(f, "  {source:<8} {score}")?;
        }
        writeln!(f, "called sure by the model's own threshold: {}", self.sure)?;
        writeln!(f, "calibration error {:.4}  over-confidence {:+.4}", self.calibration_error, self.overconfidence)?;
        let used: Vec<usize> = (0..self.labels.len())
            .filter(|l| self.confusion[*l].iter().sum::<usize>() + self.confusion.iter().map(|r| r[*l]).sum::<usize>() > 0)
            .collect();
        if used.len() > 30 {
            return Ok(());
        }
        writeln!(f, "confusion (rows are right, columns are said)")?;
        for gold in &used {
            let right = self.confusion[*gold][*gold];
            let both = self.confusion[*gold].iter().sum::<usize>() + self.confusion.iter().map(|r| r[*gold]).sum::<usize>();
            for said in &used {
                write!(f, "{:>5}", self.confusion[*gold][*said])?;
            }
            writeln!(f, "  F1 {:.3}  {}", 2.0 * right as f64 / both.max(1) as f64, self.labels[*gold])?;
        }
        Ok(())
    }
}

/// Mean and spread over several draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// How many.
    pub draws: usize,
    /// Mean and standard deviation of macro-F1 and mean accuracy, over everything and by source.
    pub rows: BTreeMap<String, (f64, f64, f64)>,
}

impl Mean {
    pub(super) fn over(figures: impl Iterator<Item = Figures>) -> Self {
        let mut draws = 0;
        let mut values: BTreeMap<String, Vec<Score>> = BTreeMap::new();
        for one in figures {
            draws += 1;
            values.entry(ALL.to_owned()).or_default().push(one.all);
            for (source, score) in one.by_source {
                values.entry(source).or_default().push(score);
            }
        }
        let rows = values
            .into_iter()
            .map(|(name, scores)| {
                let n = scores.len() as f64;
                let mean = scores.iter().map(|s| s.macro_f1).sum::<f64>() / n;
                let spread = (scores.iter().map(|s| (s.macro_f1 - mean).powi(2)).sum::<f64>() / n).sqrt();
                (name, (mean, spread, scores.iter().map(|s| s.accuracy).sum::<f64>() / n))
            })
            .collect();
        Self { draws, rows }
    }
}

impl std::fmt::Display for Mean {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "mean of {} draws:", self.draws)?;
        for (name, (mean, spread, accuracy)) in &self.rows {
            writeln!(f, "  {name:<8} macro-F1 {mean:.4} ± {spread:.4}  accuracy {accuracy:.4}")?;
        }
        Ok(())
    }
}
