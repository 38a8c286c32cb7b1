//! A category's own questions (questions.csv): their kinds, their choices, and the answers that send the matter another way.
//!
//! A row belongs to one category or, by a shorter code, to all below it. How an answer is read is in `answers`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{
    answers::is_unsure,
    reading::plain,
    table::{self, DataError},
};

/// Name of the file.
pub const FILE: &str = "questions.csv";

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuestionKind {
    /// Free words; its options are only suggestions.
    Text,
    /// One of the options.
    List,
    /// One or several of the options.
    Multi,
    /// A day, `YYYY-MM-DD`, not later than today.
    Date,
    /// A whole number from 0.
    Number,
}

impl QuestionKind {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "text" => Self::Text,
            "list" => Self::List,
            "multi" => Self::Multi,
            "date" => Self::Date,
            "number" => Self::Number,
            _ => return None,
        })
    }

    /// Whether an answer must be among the options.
    #[must_use]
    pub const fn is_choice(self) -> bool {
        matches!(self, Self::List | Self::Multi)
    }
}

/// One option of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// As it is shown and kept.
    pub text: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
}

/// Where a matter goes that is not taken here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// The option that leads there; empty when the category itself does.
    #[serde(skip)]
    pub option: String,
    /// What the resident is told.
    #[serde(rename = "text")]
    pub words: String,
    /// Number to ring, or empty.
    pub tel: String,
    /// Who is competent, or empty.
    pub body: String,
}

impl Stop {
    /// The words, with the body and the number where the words do not name them.
    #[must_use]
    pub fn spoken(&self) -> String {
        let mut text = format!("{}。", self.words.trim_end_matches('。'));
        let body = Some(self.body.as_str()).filter(|b| !b.is_empty() && !text.contains(*b));
        let tel = Some(self.tel.as_str()).filter(|t| !t.is_empty() && !text.contains(*t));
        match (body, tel) {
            (Some(body), Some(tel)) => text.push_str(&format!("请找{body}，电话{tel}。")),
            (Some(body), None) => text.push_str(&format!("请找{body}。")),
            (None, Some(tel)) => text.push_str(&format!("电话{tel}。")),
            (None, None) => {}
        }
        text
    }
}

/// A category's own question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnQuestion {
    /// Short name for programs: Latin letters, digits and `_`; once in a category.
    pub code: String,
    /// The question as it is asked, and the key of its answer.
    pub text: String,
    /// What an answer is.
    pub kind: QuestionKind,
    /// Whether the draft waits for the answer.
    pub required: bool,
    /// Its choices, in the order of showing; of free words: suggestions.
    pub options: Vec<Choice>,
    /// Options that end the draft with another channel.
    pub stops: Vec<Stop>,
    /// What the resident should know when it is asked, or empty.
    pub notice: String,
}

#[derive(Debug, Deserialize)]
struct Row {
    category_code: String,
    order: u32,
    code: String,
    text: String,
    kind: String,
    #[serde(default)]
    required: String,
    #[serde(default)]
    options: String,
    #[serde(default)]
    stoppers: String,
    #[serde(default)]
    notice: String,
}

/// All questions of the street.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    /// Code or beginning of codes, order, question; in the order of asking.
    rows: Vec<(String, u32, OwnQuestion)>,
}

impl Questions {
    /// Reads the table. `options` is a list (`没有|有=有人受伤/伤了人`, other words behind `=`), `stoppers` a list of
    /// `option>what is told>number>body`.
    ///
    /// # Errors
    /// The first line that breaks a rule: a code that is not 2, 4 or 6 digits, no text, an unknown kind, a choice without
    /// (at least two) options, an option without words or with the words of another, a required choice without an option
    /// for those who cannot tell, a stopper that is no option, says nothing, or has neither number nor body.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut rows = Vec::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let bad = |message: String| DataError::row(FILE, line, message);
            if !matches!(row.category_code.len(), 2 | 4 | 6) || !row.category_code.bytes().all(|b| b.is_ascii_digit()) {
                return Err(bad(format!("类别代码「{}」应为2、4或6位数字", row.category_code)));
            }
            let (prefix, order) = (row.category_code.clone(), row.order);
            rows.push((prefix, order, question(row).map_err(bad)?));
        }
        rows.sort_by_key(|(_, order, _)| *order);
        Ok(Self { rows })
    }

    /// The questions of a category, in the order of asking.
    #[must_use]
    pub fn of(&self, category_code: &str) -> Vec<OwnQuestion> {
        let own = self.rows.iter().filter(|(prefix, ..)| category_code.starts_with(prefix.as_str()));
        own.map(|(.., question)| question.clone()).collect()
    }

    /// The codes and beginnings of codes that the table names.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|(prefix, ..)| prefix.as_str())
    }
}

fn question(row: Row) -> Result<OwnQuestion, String> {
    if row.code.is_empty() || !row.code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Err(format!("问题编号「{}」应为小写字母、数字和下划线", row.code));
    }
    if row.text.is_empty() {
        return Err("没有写问题".to_owned());
    }
    let kind = QuestionKind::from_word(&row.kind)
        .ok_or_else(|| format!("题型「{}」应为 text、list、multi、date 或 number", row.kind))?;
    let required = table::flag(&row.required, false).ok_or_else(|| format!("required「{}」应为 true 或 false", row.required))?;
    let options = choices(&row.options)?;
    match kind {
        QuestionKind::List | QuestionKind::Multi => {
            if options.len() < 2 {
                return Err("选择题至少要有两个选项".to_owned());
            }
            if required && !options.iter().any(|o| is_unsure(&o.text)) {
                return Err("必答的选择题应有“不清楚”一类的选项".to_owned());
            }
            if kind == QuestionKind::Multi && options.iter().any(|o| o.text.contains('、')) {
                return Err("多选题的选项里不能有顿号".to_owned());
            }
        }
        QuestionKind::Date | QuestionKind::Number if !options.is_empty() => {
            return Err("日期和数字题没有选项".to_owned());
        }
        QuestionKind::Text | QuestionKind::Date | QuestionKind::Number => {}
    }
    let stops = stops(&row.stoppers, &options)?;
    if !stops.is_empty() && !kind.is_choice() {
        return Err("只有选择题可以有另行办理的选项".to_owned());
    }
    Ok(OwnQuestion { code: row.code, text: row.text, kind, required, options, stops, notice: row.notice })
}

fn choices(cell: &str) -> Result<Vec<Choice>, String> {
    let mut taken = HashSet::new();
    let mut out = Vec::new();
    if cell.trim().is_empty() {
        return Ok(out);
    }
    for part in cell.split('|') {
        let (text, others) = part.split_once('=').unwrap_or((part, ""));
        let text = text.trim().to_owned();
        if plain(&text).is_empty() {
            return Err(format!("选项「{part}」没有文字"));
        }
        let synonyms: Vec<String> = others.split('/').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect();
        for word in std::iter::once(&text).chain(&synonyms) {
            if !taken.insert(plain(word)) {
                return Err(format!("选项的说法「{word}」重复"));
            }
        }
        out.push(Choice { text, synonyms });
    }
    Ok(out)
}

fn stops(cell: &str, options: &[Choice]) -> Result<Vec<Stop>, String> {
    let mut out: Vec<Stop> = Vec::new();
    for part in table::list(cell) {
        let [option, words, tel, body] = part
            .split('>')
            .map(str::trim)
            .collect::<Vec<_>>()
            .try_into()
            .map_err(|_| format!("另行办理「{part}」应写成 选项>说明>电话>单位"))?;
        if !options.iter().any(|o| o.text == option) || out.iter().any(|s| s.option == option) {
            return Err(format!("另行办理的「{option}」不是选项，或者写了两次"));
        }
        if words.is_empty() {
            return Err(format!("另行办理的「{option}」没有说明"));
        }
        if tel.is_empty() && body.is_empty() {
            return Err(format!("另行办理的「{option}」没有电话，也没有单位"));
        }
        if !tel.chars().all(|c| c.is_ascii_digit() || c == '-') {
            return Err(format!("电话「{tel}」不是数字"));
        }
        let [option, words, tel, body] = [option, words, tel, body].map(str::to_owned);
        out.push(Stop { option, words, tel, body });
    }
    Ok(out)
}
