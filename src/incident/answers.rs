//! Reading an answer to a category's own question, by words or from the card, as its kind wants it.

use std::sync::LazyLock;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use regex::Regex;
use serde_json::Value;

use super::{
    questions::{Choice, OwnQuestion, QuestionKind, Stop},
    reading::{plain, small_number},
    urgency::asserted,
    when,
};

/// Longest answer from the card, in characters.
pub const MAX_ANSWER: usize = 500;
/// What is kept for a day or a number that the resident cannot tell.
pub const UNSURE: &str = "不清楚";
/// Between the options of a multiple choice as it is kept.
const BETWEEN: char = '、';

const UNSURE_WORDS: [&str; 12] =
    ["不清楚", "不知道", "不晓得", "说不清", "不确定", "记不得", "记不到", "记不清", "忘了", "没注意", "分不清", "没看清"];

/// Whether the words say that somebody cannot tell.
#[must_use]
pub fn is_unsure(text: &str) -> bool {
    text.chars().count() <= 12 && UNSURE_WORDS.iter().any(|w| text.contains(w))
}

/// The number of a choice: `2`, `第二个`, `选第2项`, counted from 0.
#[must_use]
pub fn ordinal(answer: &str) -> Option<usize> {
    if answer.chars().count() > 5 || answer.ends_with(['栋', '幢', '楼']) {
        return None;
    }
    let bare = answer.trim_start_matches(['选', '第']).trim_end_matches(['个', '处', '项', '号', '种']);
    usize::try_from(small_number(bare)?).ok()?.checked_sub(1)
}

impl OwnQuestion {
    /// What can be tapped: the options, and a way out of a day or a number that is required.
    #[must_use]
    pub fn offers(&self) -> Vec<String> {
        if matches!(self.kind, QuestionKind::Date | QuestionKind::Number) && self.required {
            return vec![UNSURE.to_owned()];
        }
        self.options.iter().map(|o| o.text.clone()).collect()
    }

    /// The question with what there is to choose from, so that 「第二个」 means something to who only hears it.
    #[must_use]
    pub fn spoken(&self) -> String {
        let mut text = self.text.clone();
        if self.kind.is_choice() {
            let options: Vec<String> = self.options.iter().zip(1..).map(|(o, n)| format!("{n}、{}", o.text)).collect();
            let several = if self.kind == QuestionKind::Multi { "（可以选几个）" } else { "" };
            text.push_str(&format!("{several}{}。", options.join("；")));
        }
        if !self.notice.is_empty() {
            text.push_str(&self.notice);
        }
        text
    }

    /// An answer in words, in the form in which it is kept.
    ///
    /// # Errors
    /// What kind of answer is wanted, in words for the resident.
    pub fn read(&self, words: &str, now: Timestamp, zone: &TimeZone) -> Result<String, String> {
        let own = words.trim();
        let folded = plain(own);
        let answer = bare(&folded);
        match self.kind {
            QuestionKind::Text => self.read_text(own, answer),
            QuestionKind::List => self.one(answer).map(|o| o.text.clone()).ok_or_else(|| self.wanted()),
            QuestionKind::Multi => {
                let chosen = self.several(answer);
                if chosen.is_empty() { Err(self.wanted()) } else { Ok(self.joined(&chosen)) }
            }
            QuestionKind::Date => {
                if let Ok(date) = own.parse::<Date>() {
                    return self.day(date, now, zone);
                }
                if let Ok(at) = own.parse::<Timestamp>() {
                    return self.day(at.to_zoned(zone.clone()).date(), now, zone);
                }
                if let Ok(local) = own.parse::<DateTime>() {
                    return self.day(local.date(), now, zone);
                }
                if is_unsure(answer) {
                    return Ok(UNSURE.to_owned());
                }
                let found = when::occurred(own, now, zone).ok_or_else(|| self.wanted())?;
                Ok(found.0.to_zoned(zone.clone()).date().to_string())
            }
            QuestionKind::Number => number(answer).ok_or_else(|| self.wanted()),
        }
    }

    /// An answer from the card: words, a number, or a list of options.
    ///
    /// # Errors
    /// As [`Self::read`]; also a value of another shape.
    pub fn read_value(&self, value: &Value, now: Timestamp, zone: &TimeZone) -> Result<String, String> {
        match (value, self.kind) {
            (Value::String(words), _) if words.chars().count() <= MAX_ANSWER => self.read(words, now, zone),
            (Value::Number(n), QuestionKind::Number) => {
                n.as_u64().filter(|n| *n <= MOST).map(|n| n.to_string()).ok_or_else(|| self.wanted())
            }
            (Value::Array(list), QuestionKind::Multi) if !list.is_empty() => {
                let chosen: Option<Vec<&Choice>> =
                    list.iter().map(|v| v.as_str().and_then(|words| self.exact(bare(&plain(words))))).collect();
                Ok(self.joined(&chosen.ok_or_else(|| self.wanted())?))
            }
            _ => Err(self.wanted()),
        }
    }

    /// The options that a kept answer stands for; of free words those that they name.
    #[must_use]
    pub fn options_in(&self, kept: &str) -> Vec<&Choice> {
        match self.kind {
            QuestionKind::Multi => kept.split(BETWEEN).filter_map(|part| self.exact(&plain(part))).collect(),
            QuestionKind::Text | QuestionKind::List => self.one(bare(&plain(kept))).into_iter().collect(),
            QuestionKind::Date | QuestionKind::Number => Vec::new(),
        }
    }

    /// Where a kept answer sends the matter, if it does.
    #[must_use]
    pub fn stop_of(&self, kept: &str) -> Option<&Stop> {
        if self.stops.is_empty() {
            return None;
        }
        let chosen = self.options_in(kept);
        self.stops.iter().find(|stop| chosen.iter().any(|o| o.text == stop.option))
    }

    /// An answer that is nothing but one of the choices: its words, a synonym, or its number.
    #[must_use]
    pub fn plain_choice(&self, words: &str) -> Option<String> {
        let folded = plain(words);
        let answer = bare(&folded);
        // A bare figure may be the answer itself where words are free.
        let by_number = self.kind != QuestionKind::Text || answer.starts_with('第');
        let chosen = if by_number { self.exact(answer) } else { self.named(answer) };
        chosen.map(|o| o.text.clone())
    }

    /// Options that a longer message names in so many words, for filling in what was told before it was asked.
    #[must_use]
    pub fn told_in(&self, folded: &str) -> Option<String> {
        if !self.kind.is_choice() {
            return None;
        }
        let hits = self.named_within(folded, 3);
        let kept = match (self.kind, hits.as_slice()) {
            (_, []) => return None,
            (QuestionKind::Multi, several) => self.joined(several),
            (_, [one]) => one.text.clone(),
            _ => return None,
        };
        // Nobody is sent away by a word that was not an answer.
        self.stop_of(&kept).is_none().then_some(kept)
    }

    fn read_text(&self, own: &str, answer: &str) -> Result<String, String> {
        if answer.starts_with('第')
            && let Some(option) = ordinal(answer).and_then(|i| self.options.get(i))
        {
            return Ok(option.text.clone());
        }
        // Whatever was said is kept: a message is short enough by itself, only the card's fields have a limit of their own.
        if own.is_empty() { Err(self.wanted()) } else { Ok(own.to_owned()) }
    }

    fn day(&self, date: Date, now: Timestamp, zone: &TimeZone) -> Result<String, String> {
        if date > now.to_zoned(zone.clone()).date() {
            return Err(format!("「{}」的日期不能晚于今天", self.text));
        }
        Ok(date.to_string())
    }

    /// Named by its words, or by its number.
    fn exact(&self, answer: &str) -> Option<&Choice> {
        self.named(answer).or_else(|| ordinal(answer).and_then(|i| self.options.get(i)))
    }

    fn named(&self, answer: &str) -> Option<&Choice> {
        self.options.iter().find(|o| words_of(o).any(|w| bare(&plain(w)) == answer))
    }

    /// The one option that the words mean.
    fn one(&self, answer: &str) -> Option<&Choice> {
        if answer.is_empty() {
            return None;
        }
        if let Some(found) = self.exact(answer) {
            return Some(found);
        }
        if is_unsure(answer)
            && let Some(unsure) = self.options.iter().find(|o| is_unsure(&o.text))
        {
            return Some(unsure);
        }
        if let [one] = self.named_within(answer, 1).as_slice() {
            return Some(one);
        }
        // A part of an option: 「路边」 of 「公共道路边」.
        let length = answer.chars().count();
        let parts: Vec<&Choice> = self
            .options
            .iter()
            .filter(|o| (2..=16).contains(&length) && words_of(o).any(|w| plain(w).contains(answer)))
            .collect();
        if let [one] = parts.as_slice() { Some(one) } else { None }
    }

    fn several(&self, answer: &str) -> Vec<&Choice> {
        if ["全部", "都有", "都是", "全都", "都要", "每个都"].iter().any(|w| answer.starts_with(w)) {
            // 「都没有」 and 「都还正常」 are none of the others.
            return self
                .options
                .iter()
                .filter(|o| !is_unsure(&o.text) && !denies(&o.text) && !o.text.starts_with('都'))
                .collect();
        }
        let parts: Vec<&str> =
            answer.split(['、', ',', '，', ';', '；', '/', '和', '跟', ' ']).filter(|p| !p.is_empty()).collect();
        let named: Option<Vec<&Choice>> = parts.iter().map(|p| self.exact(bare(p))).collect();
        if let Some(named) = named.filter(|n| !n.is_empty()) {
            return named;
        }
        let within = self.named_within(answer, 2);
        if within.is_empty() { self.one(answer).into_iter().collect() } else { within }
    }

    /// Options whose words stand in the text and are not denied there; of overlapping words the longer one counts.
    fn named_within(&self, text: &str, shortest: usize) -> Vec<&Choice> {
        let mut hits: Vec<(usize, usize, usize)> = Vec::new();
        for (i, option) in self.options.iter().enumerate() {
            for word in words_of(option).map(plain) {
                let length = word.chars().count();
                // One character alone only opens a short answer: 「有一个」.
                let found = match length {
                    n if n == 0 || n < shortest => false,
                    1 => text.starts_with(&word) && text.chars().count() <= 6,
                    _ => (denies(&word) && text.contains(&word)) || asserted(text, &word),
                };
                if found && let Some(at) = text.find(&word) {
                    hits.push((at, at + word.len(), i));
                }
            }
        }
        let inside =
            |h: &(usize, usize, usize)| hits.iter().any(|o| o.2 != h.2 && o.0 <= h.0 && h.1 <= o.1 && o.1 - o.0 > h.1 - h.0);
        let mut chosen: Vec<usize> = hits.iter().filter(|h| !inside(h)).map(|h| h.2).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen.into_iter().map(|i| &self.options[i]).collect()
    }

    /// Chosen options as they are kept: in the order of the question, each once.
    fn joined(&self, chosen: &[&Choice]) -> String {
        let kept: Vec<&str> =
            self.options.iter().filter(|o| chosen.iter().any(|c| c.text == o.text)).map(|o| o.text.as_str()).collect();
        kept.join(&BETWEEN.to_string())
    }

    /// What kind of answer is wanted.
    fn wanted(&self) -> String {
        let names = || self.options.iter().map(|o| o.text.as_str()).collect::<Vec<_>>().join("、");
        match self.kind {
            QuestionKind::Text => format!("「{}」的回答应为{MAX_ANSWER}字以内的文字", self.text),
            QuestionKind::List => format!("「{}」请从这些里选一个：{}", self.text, names()),
            QuestionKind::Multi => format!("「{}」请从这些里选，可以选几个：{}", self.text, names()),
            QuestionKind::Date => format!("「{}」请说哪一天，例如“昨天”“3月1号”，记不清就说不清楚", self.text),
            QuestionKind::Number => format!("「{}」请说一个数，例如“3”，说不准就说不清楚", self.text),
        }
    }
}

/// The most that a number may be.
const MOST: u64 = 1_000_000;

fn number(answer: &str) -> Option<String> {
    #[expect(clippy::expect_used, reason = "the pattern is a literal of this file; every test run compiles it")]
    static NUMBER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("[0-9]{1,7}|[零一二两三四五六七八九十百千]{1,7}").expect("a literal of this file"));
    if is_unsure(answer) {
        return Some(UNSURE.to_owned());
    }
    // 「一个都没有」 has a number in it and means none.
    if answer.contains("都没") || (denies(answer) && !answer.contains(|c: char| c.is_ascii_digit())) {
        return Some("0".to_owned());
    }
    if let Some(found) = NUMBER.find(answer) {
        let digits = found.as_str();
        let value = digits.parse::<u64>().ok().or_else(|| small_number(digits).map(u64::from))?;
        return (value <= MOST).then(|| value.to_string());
    }
    None
}

fn denies(text: &str) -> bool {
    ["没", "无", "都不", "不是", "以上都"].iter().any(|w| text.starts_with(w))
}

fn words_of(option: &Choice) -> impl Iterator<Item = &str> {
    std::iter::once(option.text.as_str()).chain(option.synonyms.iter().map(String::as_str))
}

/// Without marks at both ends.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric() && !"（）()".contains(c))
}
