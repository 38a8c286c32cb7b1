//! Who is told when a clock runs low or out (escalation.csv), and under which titles they sit (posts.csv).
//!
//! A row names an urgency or one clock of clocks.csv; a clock that has rows of its own does not use those of its urgency.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    clocks::{ClockRule, Clocks, Counting},
    table::{self, DataError},
    ticket::{Route, Urgency},
};

/// Name of the file with the steps.
pub const FILE: &str = "escalation.csv";
/// Name of the file with the titles.
pub const POSTS_FILE: &str = "posts.csv";
/// Stands for every post of a section, or every section.
const ANY: &str = "*";

/// Which of the two clocks of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum ClockKind {
    /// Until somebody has accepted it.
    受理,
    /// Until it is resolved.
    办结,
}

impl ClockKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::受理, Self::办结];

    /// The word in tables, rows and sentences.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::受理 => "受理",
            Self::办结 => "办结",
        }
    }

    /// The clock behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }
}

/// How hard somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = AlarmStep)]
pub enum Step {
    /// A reminder.
    提醒,
    /// It is due, or over.
    催办,
    /// Somebody above looks after it; the resident is told.
    督办,
}

impl Step {
    const ALL: [Self; 3] = [Self::提醒, Self::催办, Self::督办];

    /// The word in tables and rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::提醒 => "提醒",
            Self::催办 => "催办",
            Self::督办 => "督办",
        }
    }

    /// The step behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = AlarmReceiver)]
pub enum Receiver {
    /// Whoever holds the post.
    A岗,
    /// Whoever stands in for the post.
    B岗,
    /// The section's leader on duty.
    值班领导,
    /// The street's command centre.
    指挥中心,
}

impl Receiver {
    const ALL: [Self; 4] = [Self::A岗, Self::B岗, Self::值班领导, Self::指挥中心];

    /// The word in tables and rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::A岗 => "A岗",
            Self::B岗 => "B岗",
            Self::值班领导 => "值班领导",
            Self::指挥中心 => "指挥中心",
        }
    }

    /// The receiver behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.word() == word)
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationStep {
    /// Of which clock.
    pub clock: ClockKind,
    /// Minutes from the deadline: negative before it.
    pub offset_minutes: i64,
    /// How these minutes are counted.
    pub counting: Counting,
    /// How hard.
    pub step: Step,
    /// Who.
    pub to: Receiver,
    /// What they are told.
    pub words: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum For {
    Urgency(Urgency),
    Clock(String),
}

#[derive(Debug, Deserialize)]
struct Row {
    applies_to: String,
    clock: String,
    offset_minutes: i64,
    counting: String,
    step: String,
    to: String,
    words: String,
}

/// All steps of the street.
#[derive(Debug, Clone)]
pub struct Escalation {
    rows: Vec<(For, EscalationStep)>,
}

impl Escalation {
    /// Reads the table; `clocks` are the rules that it may name.
    ///
    /// # Errors
    /// A word that is none, a clock that is not in clocks.csv, the same step twice, an urgent clock that waits for working time,
    /// and a rule whose deadline could pass without anybody being told.
    pub fn from_csv(text: &str, clocks: &Clocks) -> Result<Self, DataError> {
        let mut rows: Vec<(For, EscalationStep)> = Vec::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let bad = |message: String| DataError::row(FILE, line, message);
            let applies = match row.applies_to.as_str() {
                "一般" => For::Urgency(Urgency::一般),
                "紧急" => For::Urgency(Urgency::紧急),
                "特急" => For::Urgency(Urgency::特急),
                id if clocks.get(id).is_some() => For::Clock(id.to_owned()),
                other => return Err(bad(format!("「{other}」应为 一般、紧急、特急 或 clocks.csv 中的时限编号"))),
            };
            let clock = ClockKind::from_word(&row.clock).ok_or_else(|| bad(format!("时限「{}」应为 受理 或 办结", row.clock)))?;
            let counting = Counting::from_word(&row.counting)
                .ok_or_else(|| bad(format!("计时方式「{}」应为 连续 或 工作时间", row.counting)))?;
            let step = Step::from_word(&row.step).ok_or_else(|| bad(format!("步骤「{}」应为 提醒、催办 或 督办", row.step)))?;
            let to = Receiver::from_word(&row.to)
                .ok_or_else(|| bad(format!("对象「{}」应为 A岗、B岗、值班领导 或 指挥中心", row.to)))?;
            let urgent = match &applies {
                For::Urgency(urgency) => *urgency > Urgency::一般,
                For::Clock(id) => clocks.get(id).is_some_and(|r| r.urgency > Urgency::一般),
            };
            if urgent && counting == Counting::Working {
                return Err(bad("紧急事项的提醒应连续计时".to_owned()));
            }
            if row.offset_minutes.abs() > 100_000 {
                return Err(bad(format!("分钟数 {} 超出范围", row.offset_minutes)));
            }
            if row.offset_minutes < 0 && step == Step::督办 {
                return Err(bad("时限之前只能提醒或催办，不能督办".to_owned()));
            }
            if row.words.is_empty() {
                return Err(bad("没有写明要说的话".to_owned()));
            }
            let step = EscalationStep { clock, offset_minutes: row.offset_minutes, counting, step, to, words: row.words };
            let same = |s: &EscalationStep| {
                (s.clock, s.offset_minutes, s.step, s.to) == (step.clock, step.offset_minutes, step.step, step.to)
            };
            if rows.iter().any(|(a, s)| *a == applies && same(s)) {
                return Err(bad("同一步骤重复".to_owned()));
            }
            rows.push((applies, step));
        }
        let all = Self { rows };
        for rule in clocks.rules() {
            for kind in ClockKind::ALL {
                if !all.steps(rule, kind).iter().any(|s| s.offset_minutes >= 0) {
                    let message = format!("{} 的{}到期后没有人会得到通知，请补上 0 分钟或以后的一步", rule.id, kind.word());
                    return Err(DataError::file(FILE, message));
                }
            }
        }
        Ok(all)
    }

    /// The steps of one clock of a rule, in the order of the table.
    #[must_use]
    pub fn steps(&self, rule: &ClockRule, kind: ClockKind) -> Vec<&EscalationStep> {
        let of = |applies: &For| -> Vec<&EscalationStep> {
            self.rows.iter().filter(|(a, s)| a == applies && s.clock == kind).map(|(_, s)| s).collect()
        };
        let own = of(&For::Clock(rule.id.clone()));
        if own.is_empty() { of(&For::Urgency(rule.urgency)) } else { own }
    }
}

#[derive(Debug, Deserialize)]
struct PostRow {
    section: String,
    post: String,
    a_title: String,
    b_title: String,
    leader_title: String,
    centre_title: String,
}

#[derive(Debug, Clone)]
struct Titles {
    a: String,
    b: String,
    leader: String,
    centre: String,
}

/// The titles behind the posts. Never names of people.
#[derive(Debug, Clone)]
pub struct Posts {
    rows: HashMap<(String, String), Titles>,
}

impl Posts {
    /// Reads the table. `*` as a post stands for every post of the section, as section and post for all that has no row;
    /// `{post}` in a title is replaced by the post's name.
    ///
    /// # Errors
    /// A post twice, an empty title, no row `*,*`.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut rows = HashMap::new();
        for (line, row) in table::rows::<PostRow>(POSTS_FILE, text)? {
            let bad = |message: String| DataError::row(POSTS_FILE, line, message);
            let titles = Titles { a: row.a_title, b: row.b_title, leader: row.leader_title, centre: row.centre_title };
            if [&titles.a, &titles.b, &titles.leader, &titles.centre].iter().any(|t| t.is_empty()) {
                return Err(bad(format!("「{}」的岗位名称没有填全", row.post)));
            }
            if row.section == ANY && row.post != ANY {
                return Err(bad("板块为 * 时岗位也应为 *".to_owned()));
            }
            if rows.insert((row.section.clone(), row.post.clone()), titles).is_some() {
                return Err(bad(format!("「{}」「{}」重复", row.section, row.post)));
            }
        }
        if !rows.contains_key(&(ANY.to_owned(), ANY.to_owned())) {
            return Err(DataError::file(POSTS_FILE, "没有 *,* 这一行，未列出的岗位找不到人"));
        }
        Ok(Self { rows })
    }

    /// The sections that rows name.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(|(section, _)| section.as_str()).filter(|s| *s != ANY)
    }

    /// The title of whoever is told about a ticket with this route.
    #[must_use]
    pub fn title(&self, route: &Route, to: Receiver) -> String {
        let row = |section: &str, post: &str| self.rows.get(&(section.to_owned(), post.to_owned()));
        let titles = row(&route.section, &route.post).or_else(|| row(&route.section, ANY)).or_else(|| row(ANY, ANY));
        let title = titles.map_or(to.word(), |t| match to {
            Receiver::A岗 => &t.a,
            Receiver::B岗 => &t.b,
            Receiver::值班领导 => &t.leader,
            Receiver::指挥中心 => &t.centre,
        });
        title.replace("{post}", &route.post)
    }
}
