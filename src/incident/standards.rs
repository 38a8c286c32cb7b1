//! Filing-and-closing standards (立结案标准, standards.csv): when a matter is filed, until when it is handled, when it is closed,
//! who is responsible and what the law says about it.
//!
//! A category has at least one, and exactly one without conditions of its own: its default. The ticket takes the first one,
//! by order, whose words or answers were told.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::{
    clocks::Clocks,
    questions::OwnQuestion,
    reading::plain,
    table::{self, DataError},
    taxonomy::{self, Taxonomy},
    ticket::FilingStandard,
    urgency::asserted,
};

/// Name of the file.
pub const FILE: &str = "standards.csv";

/// What shows that a standard fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// A word that was said and not denied.
    Word(String),
    /// An answer: code of the category's question and the option.
    Answer {
        /// Code of the question.
        question: String,
        /// Text of the option.
        option: String,
    },
}

/// One standard of one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standard {
    /// Category and order: `010101-1`.
    pub id: String,
    /// Code of the category.
    pub category_code: String,
    /// Where it stands among the category's standards.
    pub order: u32,
    /// 立案条件.
    pub filing: String,
    /// What shows it; empty for the category's default.
    pub signs: Vec<Sign>,
    /// Id of its clock (处置时限).
    pub clock: String,
    /// 结案条件.
    pub closing: String,
    /// 监管主体.
    pub supervisor: String,
    /// 责任主体.
    pub responsible: String,
    /// Articles (法律依据) as `《law》article`, separated by `|`; empty where no text at hand holds one.
    pub legal_basis: String,
    /// What is to be collected on the spot (采集要求).
    pub collection: String,
}

impl Standard {
    /// As it stands in a ticket.
    #[must_use]
    pub fn reference(&self) -> FilingStandard {
        FilingStandard {
            id: self.id.clone(),
            filing: self.filing.clone(),
            closing: self.closing.clone(),
            responsible: self.responsible.clone(),
            supervisor: self.supervisor.clone(),
            legal_basis: self.legal_basis.clone(),
        }
    }

    /// Whether it is what the category falls back to.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.signs.is_empty()
    }

    /// Whether what was told shows it. `told` is in the form of [`plain`].
    fn is_shown(&self, questions: &[OwnQuestion], told: &str, answers: &BTreeMap<String, String>) -> bool {
        self.signs.iter().any(|sign| match sign {
            Sign::Word(word) => asserted(told, word),
            Sign::Answer { question, option } => {
                let own = questions.iter().find(|q| q.code == *question);
                own.and_then(|q| Some((q, answers.get(&q.text)?)))
                    .is_some_and(|(q, kept)| q.options_in(kept).iter().any(|o| o.text == *option))
            }
        })
    }
}

#[derive(Debug, Deserialize)]
struct Row {
    category_code: String,
    order: u32,
    filing: String,
    #[serde(default)]
    words: String,
    clock: String,
    closing: String,
    supervisor: String,
    responsible: String,
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    collection: String,
}

/// All standards of the street.
#[derive(Debug, Clone, Default)]
pub struct Standards {
    by_code: HashMap<String, Vec<Standard>>,
}

impl Standards {
    /// Reads the table. `words` is a list; an entry `question=option` names an answer by the question's code.
    ///
    /// # Errors
    /// The first line that breaks a rule: a category code that is not six digits, an order twice, an empty condition, closing
    /// condition or body, articles that are not written `《law》第…条`.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut by_code: HashMap<String, Vec<Standard>> = HashMap::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let bad = |message: String| DataError::row(FILE, line, message);
            if row.category_code.len() != 6 || !row.category_code.bytes().all(|b| b.is_ascii_digit()) {
                return Err(bad(format!("类别代码「{}」应为6位数字", row.category_code)));
            }
            for (name, cell) in [
                ("立案条件", &row.filing),
                ("时限编号", &row.clock),
                ("结案条件", &row.closing),
                ("监管主体", &row.supervisor),
                ("责任主体", &row.responsible),
            ] {
                if cell.is_empty() {
                    return Err(bad(format!("没有写{name}")));
                }
            }
            cited(&row.legal_basis).map_err(bad)?;
            let own = by_code.entry(row.category_code.clone()).or_default();
            if own.iter().any(|s| s.order == row.order) {
                return Err(bad(format!("类别 {} 的顺序 {} 重复", row.category_code, row.order)));
            }
            let words = table::list(&row.words);
            let signs = words.iter().map(|word| match word.split_once('=') {
                Some((question, option)) => {
                    Sign::Answer { question: question.trim().to_owned(), option: option.trim().to_owned() }
                }
                None => Sign::Word(plain(word)),
            });
            own.push(Standard {
                id: format!("{}-{}", row.category_code, row.order),
                signs: signs.collect(),
                order: row.order,
                category_code: row.category_code,
                filing: row.filing,
                clock: row.clock,
                closing: row.closing,
                supervisor: row.supervisor,
                responsible: row.responsible,
                legal_basis: row.legal_basis,
                collection: row.collection,
            });
        }
        for own in by_code.values_mut() {
            own.sort_by_key(|s| s.order);
        }
        Ok(Self { by_code })
    }

    /// The standards of a category, by order.
    #[must_use]
    pub fn of(&self, category_code: &str) -> &[Standard] {
        self.by_code.get(category_code).map_or(&[], Vec::as_slice)
    }

    /// All standards, by category and order.
    #[must_use]
    pub fn all(&self) -> Vec<&Standard> {
        let mut all: Vec<&Standard> = self.by_code.values().flatten().collect();
        all.sort_by(|a, b| a.category_code.cmp(&b.category_code).then(a.order.cmp(&b.order)));
        all
    }

    /// The standard of a matter: the first, by order, whose condition was told, else the category's default.
    #[must_use]
    pub fn pick(&self, leaf: &taxonomy::Leaf, told: &str, answers: &BTreeMap<String, String>) -> Option<&Standard> {
        let own = self.of(&leaf.code);
        let folded = plain(told);
        let shown = own.iter().find(|s| !s.is_default() && s.is_shown(&leaf.questions, &folded, answers));
        shown.or_else(|| own.iter().find(|s| s.is_default()))
    }

    /// Whether the table fits the categories, their questions and the clocks.
    ///
    /// # Errors
    /// A standard of a category or with a clock that does not exist, an answer that is no option of the category's question; a
    /// category without a standard, without or with two defaults, or whose default has another clock than the category.
    pub fn check(&self, taxonomy: &Taxonomy, clocks: &Clocks) -> Result<(), DataError> {
        let bad = |message: String| Err(DataError::file(FILE, message));
        for standard in self.all() {
            let Some(leaf) = taxonomy.get(&standard.category_code) else {
                return bad(format!("类别代码 {} 不在 {} 中", standard.category_code, taxonomy::FILE));
            };
            if clocks.get(&standard.clock).is_none() {
                return bad(format!("标准 {} 的时限编号 {} 不存在", standard.id, standard.clock));
            }
            for sign in &standard.signs {
                if let Sign::Answer { question, option } = sign {
                    let own = leaf.questions.iter().find(|q| q.code == *question);
                    if own.is_none_or(|q| !q.options.iter().any(|o| o.text == *option)) {
                        return bad(format!("标准 {} 的「{question}={option}」不是该类别的问题和选项", standard.id));
                    }
                }
            }
        }
        for leaf in taxonomy.leaves() {
            let own = self.of(&leaf.code);
            let mut defaults = own.iter().filter(|s| s.is_default());
            let default = defaults.next();
            if own.is_empty() || default.is_none() || defaults.next().is_some() {
                return bad(format!("类别 {}（{}）应有且只有一条不带条件的立结案标准", leaf.code, leaf.name));
            }
            if let Some(default) = default.filter(|d| d.clock != leaf.clock) {
                return bad(format!("标准 {} 的时限 {} 与类别的 {} 不一致", default.id, default.clock, leaf.clock));
            }
        }
        Ok(())
    }
}

/// Laws and articles of a cell: `《民法典》第一千二百五十三条|《消防法》第二十八条`. Whether they exist is for the law index to say.
///
/// # Errors
/// An entry that is written otherwise.
pub fn cited(cell: &str) -> Result<Vec<(String, String)>, String> {
    #[expect(clippy::expect_used, reason = "the pattern is a literal of this file; every test run compiles it")]
    static ARTICLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("^《([^》]+)》(第[一二三四五六七八九十百千零]+条(?:之[一二三四五])?)$").expect("a literal of this file")
    });
    table::list(cell)
        .iter()
        .map(|entry| {
            let parts = ARTICLE.captures(entry).ok_or_else(|| format!("法律依据「{entry}」应写成《法名》第…条"))?;
            Ok((parts[1].to_owned(), parts[2].to_owned()))
        })
        .collect()
}
