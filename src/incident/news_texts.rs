//! What a resident hears of each state, as the street writes it (news.csv).
//!
//! A text names what it wants filled in, `{工单号}`; a part in square brackets, `[承办：{承办}。]`, is left out when what it names
//! is not known. There is no more to the language on purpose: clerks edit it.

use serde::Deserialize;

use super::{
    progress::{ASK_SOLVED, speaks_of_somebody},
    table::{self, DataError},
    ticket::{Status, Ticket, TicketEvent},
};

/// Name of the file.
pub const FILE: &str = "news.csv";

/// Longest text of a cell, in characters: news is read on a phone.
const LONGEST: usize = 300;

#[derive(Debug, Deserialize)]
struct Row {
    state: String,
    sentence: String,
    news: String,
    joined: String,
}

/// What can be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Number,
    Title,
    Sentence,
    Handler,
    Note,
    AskSolved,
    Carrying,
}

impl Slot {
    const ALL: [(&'static str, Self); 7] = [
        ("工单号", Self::Number),
        ("事项", Self::Title),
        ("状态", Self::Sentence),
        ("承办", Self::Handler),
        ("说明", Self::Note),
        ("评价", Self::AskSolved),
        ("主工单", Self::Carrying),
    ];
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Slot(Slot),
    /// Left out when one of its slots has nothing.
    Optional(Vec<Part>),
}

/// A text with slots.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Template(Vec<Part>);

impl Template {
    /// Reads a text; `may` says which slots make sense in it.
    fn read(text: &str, may: impl Fn(Slot) -> bool + Copy) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("超过{LONGEST}个字"));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}', '[', ']']) {
            let (words, from) = rest.split_at(at);
            if !words.is_empty() {
                parts.push(Part::Words(words.to_owned()));
            }
            rest = if let Some(inner) = from.strip_prefix('{') {
                let (name, after) = inner.split_once('}').ok_or("“{”没有对应的“}”")?;
                let slot = Slot::ALL.iter().find(|(known, _)| *known == name).map(|(_, slot)| *slot);
                let slot = slot.filter(|s| may(*s)).ok_or_else(|| {
                    let known: Vec<&str> = Slot::ALL.iter().filter(|(_, s)| may(*s)).map(|(n, _)| *n).collect();
                    format!("“{{{name}}}”不能用在这里，可以用：{}", known.join("、"))
                })?;
                parts.push(Part::Slot(slot));
                after
            } else if let Some(inner) = from.strip_prefix('[') {
                let (inside, after) = inner.split_once(']').ok_or("“[”没有对应的“]”")?;
                if inside.contains('[') {
                    return Err("方括号里不能再有方括号".to_owned());
                }
                parts.push(Part::Optional(Self::read(inside, may)?.0));
                after
            } else {
                return Err(format!("“{}”没有对应的开头", &from[..1]));
            };
        }
        if !rest.is_empty() {
            parts.push(Part::Words(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    fn fill(&self, value: impl Fn(Slot) -> Option<String> + Copy) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Optional(inside) => whole(inside, value).unwrap_or_default(),
            Part::Words(words) => words.clone(),
            Part::Slot(slot) => value(*slot).unwrap_or_default(),
        });
        parts.collect()
    }
}

/// The parts filled in; `None` when one of them has nothing.
fn whole(parts: &[Part], value: impl Fn(Slot) -> Option<String> + Copy) -> Option<String> {
    let filled = parts.iter().map(|part| match part {
        Part::Words(words) => Some(words.clone()),
        Part::Slot(slot) => value(*slot),
        Part::Optional(inside) => whole(inside, value),
    });
    filled.collect()
}

#[derive(Debug, Clone)]
struct Texts {
    sentence: String,
    news: Template,
    joined: Template,
}

/// The texts of all states.
#[derive(Debug, Clone)]
pub struct NewsTexts([Texts; Status::ALL.len()]);

impl NewsTexts {
    /// Reads the table.
    ///
    /// # Errors
    /// A state that is unknown, twice or missing; an empty or very long text; a slot that does not exist or makes no sense
    /// there; a bracket without its other half; a news text that does not name the ticket.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut found: [Option<Texts>; Status::ALL.len()] = Default::default();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let bad = |message: String| DataError::row(FILE, line, message);
            let place = Status::ALL.iter().position(|s| s.word() == row.state);
            let place = place.ok_or_else(|| {
                let known: Vec<&str> = Status::ALL.iter().map(|s| s.word()).collect();
                bad(format!("没有“{}”这个状态，状态有：{}", row.state, known.join("、")))
            })?;
            if found[place].is_some() {
                return Err(bad(format!("状态“{}”重复", row.state)));
            }
            if row.sentence.is_empty() || !row.sentence.ends_with('。') || row.sentence.contains(['{', '[']) {
                return Err(bad("sentence 应是一句以“。”结尾的话，不带“{”“[”".to_owned()));
            }
            let read = |column: &str, text: &str, may: fn(Slot) -> bool| {
                let template = Template::read(text, may).map_err(|why| bad(format!("{column}：{why}")))?;
                // Who has two tickets must know which one it is about.
                if !template.0.contains(&Part::Slot(Slot::Number)) {
                    return Err(bad(format!("{column}：没有写明“{{工单号}}”")));
                }
                Ok(template)
            };
            let news = read("news", &row.news, |s| s != Slot::Carrying)?;
            // Who joined never sees the first reporter's title, and is not asked to rate what is not theirs.
            let joined = read("joined", &row.joined, |s| !matches!(s, Slot::Title | Slot::AskSolved))?;
            found[place] = Some(Texts { sentence: row.sentence, news, joined });
        }
        let mut all = Vec::with_capacity(Status::ALL.len());
        for (status, texts) in Status::ALL.into_iter().zip(found) {
            all.push(texts.ok_or_else(|| DataError::file(FILE, format!("缺少状态“{}”", status.word())))?);
        }
        let all = all.try_into().map_err(|_| DataError::file(FILE, "状态不全"))?;
        Ok(Self(all))
    }

    fn of(&self, status: Status) -> &Texts {
        // `ALL` has every state once, so the place is always found; the first one stands in for what cannot be.
        &self.0[Status::ALL.iter().position(|s| *s == status).unwrap_or_default()]
    }

    /// What a state means for the resident, one plain sentence.
    #[must_use]
    pub fn sentence(&self, status: Status) -> &str {
        &self.of(status).sentence
    }

    /// The news of one move for who reported it.
    #[must_use]
    pub fn news(&self, ticket: &Ticket, event: &TicketEvent) -> String {
        let texts = self.of(event.to);
        texts.news.fill(|slot| match slot {
            Slot::Number => Some(ticket.number.clone()),
            Slot::Title => Some(ticket.title.clone()),
            Slot::Sentence => Some(texts.sentence.clone()),
            Slot::Handler => handler(event),
            Slot::Note => note(event, |_| true),
            Slot::AskSolved => Some(ASK_SOLVED.to_owned()),
            Slot::Carrying => None,
        })
    }

    /// The news of a move for somebody whose own ticket was merged into the one that moved: what happened, by which post. What
    /// was noted is left out when it may speak of the first reporter.
    #[must_use]
    pub fn joined_news(&self, own: &Ticket, carrying: &str, event: &TicketEvent) -> String {
        let texts = self.of(event.to);
        texts.joined.fill(|slot| match slot {
            Slot::Number => Some(own.number.clone()),
            Slot::Carrying => Some(carrying.to_owned()),
            Slot::Sentence => Some(texts.sentence.clone()),
            Slot::Handler => handler(event),
            Slot::Note => note(event, |n| !speaks_of_somebody(n)),
            Slot::Title | Slot::AskSolved => None,
        })
    }
}

/// The post that moved it; nobody is told that the resident or the program did.
fn handler(event: &TicketEvent) -> Option<String> {
    (!matches!(event.by.as_str(), "" | "系统" | "居民")).then(|| event.by.clone())
}

/// What was noted, as a sentence.
fn note(event: &TicketEvent, fit: impl Fn(&str) -> bool) -> Option<String> {
    let note = event.note.as_deref().map(str::trim).filter(|n| !n.is_empty() && fit(n))?;
    let stop = if note.ends_with(['。', '！', '？']) { "" } else { "。" };
    Some(format!("{note}{stop}"))
}
