//! The measures and thresholds of the five stars (三级五星), as the street sets them.

use serde::Deserialize;

use super::table::{DataError, rows};

/// Name of the file.
pub const FILE: &str = "stars.csv";
/// There are five stars.
const MOST: usize = 5;

/// What a star is measured by. The program counts it; the street chooses and weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// 按时受理.
    AcceptedInTime,
    /// 已办结.
    Resolved,
    /// 按时办结.
    ResolvedInTime,
    /// The resident says that it is solved.
    Solved,
    /// Four stars and more.
    Satisfied,
    /// Done once and for all.
    NotReopened,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::AcceptedInTime, Self::Resolved, Self::ResolvedInTime, Self::Solved, Self::Satisfied, Self::NotReopened];

    /// The word in the file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AcceptedInTime => "accepted_in_time",
            Self::Resolved => "resolved",
            Self::ResolvedInTime => "resolved_in_time",
            Self::Solved => "solved",
            Self::Satisfied => "satisfied",
            Self::NotReopened => "not_reopened",
        }
    }
}

/// One star: lit when the measure reaches the threshold over enough cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Star {
    /// What is measured.
    pub measure: Measure,
    /// 「响应星」.
    pub title: String,
    /// Its weight in the score.
    pub weight: u32,
    /// In percent.
    pub threshold: f64,
    /// With fewer cases there is nothing to judge: no star, and no part in the score.
    pub at_least: u32,
    /// In words.
    pub note: String,
}

/// The stars in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stars(pub Vec<Star>);

#[derive(Debug, Deserialize)]
struct Row {
    measure: String,
    title: String,
    weight: u32,
    threshold: f64,
    at_least: u32,
    #[serde(default)]
    note: String,
}

impl Stars {
    /// Reads the file.
    ///
    /// # Errors
    /// The first row that does not make sense.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut stars: Vec<Star> = Vec::new();
        for (line, row) in rows::<Row>(FILE, text)? {
            let wrong = |why: String| Err(DataError::row(FILE, line, why));
            let Some(measure) = Measure::ALL.into_iter().find(|m| m.word() == row.measure) else {
                let known = Measure::ALL.map(Measure::word).join("、");
                return wrong(format!("没有 {} 这项指标，可以用：{known}", row.measure));
            };
            if stars.iter().any(|s| s.measure == measure) {
                return wrong(format!("{} 写了两次", row.measure));
            }
            if stars.len() == MOST {
                return wrong("最多五颗星".to_owned());
            }
            if !(0.0..=100.0).contains(&row.threshold) || row.threshold == 0.0 {
                return wrong("threshold 是百分数，大于0，不超过100".to_owned());
            }
            if row.at_least == 0 {
                return wrong("at_least 至少是1：没有办过的事不能得星".to_owned());
            }
            if row.title.trim().is_empty() {
                return wrong("title 不能空着".to_owned());
            }
            let Row { measure: _, title, weight, threshold, at_least, note } = row;
            stars.push(Star { measure, title, weight, threshold, at_least, note });
        }
        if stars.iter().all(|s| s.weight == 0) {
            return Err(DataError::file(FILE, "至少有一颗星的 weight 大于0"));
        }
        Ok(Self(stars))
    }
}
