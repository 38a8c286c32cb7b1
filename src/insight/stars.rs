//! 三级五星: street, communities and grids by the street's own thresholds, each star with the numbers that it rests on.

use jiff::Timestamp;

use super::facts::{Facts, TicketFact};
use super::figures::{Count, Figure, Row};
use crate::incident::stars::{Star, Stars};

/// Which of the three levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// 街道.
    Street,
    /// 社区.
    Community,
    /// 网格.
    Grid,
}

impl Level {
    /// The word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Street => "street",
            Self::Community => "community",
            Self::Grid => "grid",
        }
    }

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Street => "街道",
            Self::Community => "社区",
            Self::Grid => "网格",
        }
    }
}

/// Somebody who is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Which level.
    pub level: Level,
    /// Name of the community, code of the grid; empty for the street.
    pub key: String,
    /// For people.
    pub title: String,
    /// The community of a grid.
    pub community: String,
}

/// One star of somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct StarOf {
    /// The key of the figure behind it.
    pub figure: &'static str,
    /// 「响应星」.
    pub title: String,
    /// The numbers.
    pub count: Count,
    /// Whether it is given. Without enough cases it never is.
    pub lit: bool,
    /// Whether there were enough cases to judge.
    pub judged: bool,
    /// Why, with the numbers.
    pub why: String,
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Who.
    pub who: Judged,
    /// Tickets of theirs.
    pub tickets: usize,
    /// Each star.
    pub stars: Vec<StarOf>,
    /// How many are lit.
    pub lit: usize,
    /// The weighted mean of what could be judged, in percent; `None` when nothing could.
    pub score: Option<f64>,
}

impl Judged {
    fn has(&self, ticket: &TicketFact) -> bool {
        match self.level {
            Level::Street => true,
            Level::Community => ticket.community == self.key,
            Level::Grid => ticket.grid_code == self.key,
        }
    }
}

/// Judges everybody of `who` over the tickets of `facts`.
#[must_use]
pub fn judge(who: Vec<Judged>, facts: &Facts, by: &Stars, now: Timestamp) -> Vec<Line> {
    let line = |who: Judged| {
        let rows: Vec<Row<'_>> = facts.tickets.iter().filter(|t| who.has(t)).map(Row::Ticket).collect();
        let stars: Vec<StarOf> = by.0.iter().filter_map(|star| star_of(star, &rows, now)).collect();
        let judged = || by.0.iter().zip(&stars).filter(|(_, s)| s.judged);
        let weights: f64 = judged().map(|(rule, _)| f64::from(rule.weight)).sum();
        let sum: f64 = judged().filter_map(|(rule, s)| s.count.percent().map(|p| p * f64::from(rule.weight))).sum();
        let lit = stars.iter().filter(|s| s.lit).count();
        Line { who, tickets: rows.len(), lit, score: (weights > 0.0).then(|| sum / weights), stars }
    };
    who.into_iter().map(line).collect()
}

fn star_of(star: &Star, rows: &[Row<'_>], now: Timestamp) -> Option<StarOf> {
    let figure = Figure::named(star.measure.word())?;
    let count = figure.count(rows, now);
    let cases = count.whole.unwrap_or_default();
    let judged = cases >= star.at_least as usize && cases > 0;
    let percent = count.percent().unwrap_or_default();
    let lit = judged && percent >= star.threshold;
    let why = if judged {
        let word = if lit { "达到" } else { "没有达到" };
        format!("{}：{}/{}，{percent:.1}%，{word}{}%", figure.title, count.part, cases, star.threshold)
    } else if cases == 0 {
        format!("{}：没有可以计算的工单，不评", figure.title)
    } else {
        format!("{}：只有{cases}件，少于{}件，不评", figure.title, star.at_least)
    };
    Some(StarOf { figure: figure.key, title: star.title.clone(), count, lit, judged, why })
}
