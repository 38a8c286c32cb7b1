//! Finding figures in text. Every reading says whether more text could change it, so that a stream is read exactly as the whole.

use crate::core::numerals::{
    Cursor, Numeral, Ratio, Script, eat_range_sign, is_chinese_numeral, read, read_fraction, shared_magnitude,
};

use super::moments;
use super::units::{self, Kind, Unit};

/// What a figure says, in a form that is equal for equal claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number of canonical units.
    Amount(Ratio),
    /// A telephone number, digits only.
    Digits(String),
    /// A calendar date; what was not said is `None`.
    Date {
        /// Four digits.
        year: Option<i64>,
        /// 1–12
        month: Option<i64>,
        /// 1–31
        day: Option<i64>,
    },
    /// A time of day in minutes; `loose` when 上午 or 下午 was not said.
    Clock {
        /// 0–1439
        minute: i64,
        /// Equal to the same time twelve hours later.
        loose: bool,
    },
    /// A place in a law: ('条', 12), ('款', 2).
    Clause(Vec<(char, i64)>),
}

/// One value with its unit; a range has two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// The value in canonical units.
    pub value: Value,
    /// Canonical unit, empty when there is none.
    pub unit: &'static str,
}

/// A figure in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Index of the first character (code points).
    pub start: usize,
    /// Index behind the last character.
    pub end: usize,
    /// What kind of thing it tells.
    pub kind: Kind,
    /// One value, or both ends of a range.
    pub quantities: Vec<Quantity>,
    /// Whether it may be no more than a way of speaking (一个, 分三步): such a figure fails only if a passage says otherwise.
    pub weak: bool,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The figure, if there is one.
    pub figure: Option<Figure>,
    /// More text could change this reading.
    pub open: bool,
}

/// Whether a figure can start with this (folded) character.
#[must_use]
pub fn can_start(c: char) -> bool {
    c.is_ascii_digit() || is_chinese_numeral(c) || matches!(c, '第' | '半' | '¥' | '$' | '幺' | '+' | '日' | '天')
}

/// All figures of `chars` ([`crate::core::numerals::fold`]ed).
#[must_use]
pub fn find(chars: &[char]) -> Vec<Figure> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match read_at(chars, at).figure {
            Some(figure) => {
                at = figure.end;
                out.push(figure);
            }
            None => at += 1,
        }
    }
    out
}

/// Reads the figure that starts at `at`; what stands before it is looked at as context.
#[must_use]
pub fn read_at(chars: &[char], at: usize) -> Reading {
    let Some(&first) = chars.get(at) else { return Reading { figure: None, open: true } };
    if !can_start(first) || !may_start_here(chars, at) {
        return Reading { figure: None, open: false };
    }
    let mut c = Cursor::new(chars, at);
    let found = attempt(&mut c, first);
    Reading { figure: found.filter(|f| f.end > f.start), open: c.touched_end() }
}

pub(super) fn before(chars: &[char], at: usize, back: usize) -> char {
    at.checked_sub(back).and_then(|i| chars.get(i)).copied().unwrap_or('\n')
}

fn may_start_here(chars: &[char], at: usize) -> bool {
    let (first, previous) = (chars[at], before(chars, at, 1));
    if first.is_ascii_digit() {
        let inside = previous.is_ascii_alphanumeric() || matches!(previous, '_' | '第');
        let tail = matches!(previous, '.' | '-' | ':' | '/') && before(chars, at, 2).is_ascii_alphanumeric();
        return !inside && !tail;
    }
    if matches!(first, '日' | '天') {
        return previous == '周'
            || before(chars, at, 2) == '星' && previous == '期'
            || before(chars, at, 2) == '礼' && previous == '拜';
    }
    if is_chinese_numeral(first) {
        // 数百 is a way of speaking, 总数百分之五 is not.
        let several = previous == '数' && !(chars.get(at + 1) == Some(&'分') && chars.get(at + 2) == Some(&'之'));
        let part_of_word =
            is_chinese_numeral(previous) || several || matches!(previous, '几' | '第' | '幺') || previous.is_ascii_digit();
        let end_of_word =
            first == '一' && matches!(previous, '统' | '唯' | '单' | '之' | '逐' | '专' | '划' | '归' | '同' | '任');
        return !(part_of_word || end_of_word);
    }
    !(first == '幺' && is_chinese_numeral(previous))
}

fn attempt(c: &mut Cursor<'_>, first: char) -> Option<Figure> {
    let start = c.at;
    if first == '第' {
        return ordinal(c);
    }
    if let Some(day) = moments::weekday(c) {
        return Some(one(start, c.at, Kind::Date, Value::Amount(Ratio::whole(day)), "星期"));
    }
    if matches!(first, '日' | '天') {
        return None;
    }
    if first == '¥' || first == '$' {
        c.at += 1;
        c.eat_spaces();
        let amount = read(c)?;
        let unit = if first == '¥' { "元" } else { "美元" };
        let at = c.at;
        if !c.eat("元") {
            c.at = at;
        }
        return Some(one(start, c.at, Kind::Money, Value::Amount(amount.value), unit));
    }
    if let Some(digits) = rewind(c, moments::phone) {
        return Some(one(start, c.at, Kind::Phone, Value::Digits(digits), ""));
    }
    if first == '+' {
        return None;
    }
    if let Some(dates) = rewind(c, moments::dates) {
        return Some(Figure { start, end: c.at, kind: Kind::Date, quantities: dates, weak: false });
    }
    if c.eat("一半") || c.eat("半数") {
        let value = Value::Amount(Ratio::new(1, 2)?);
        return Some(Figure { weak: true, ..one(start, c.at, Kind::Share, value, "比") });
    }
    if is_chinese_numeral(first)
        && let Some(length) = idiom(c)
    {
        // 四周 is all around, 四周岁 is an age.
        return rewind(c, |c| measured(c).filter(|figure| figure.end > start + length && !figure.weak));
    }
    if let Some(times) = rewind(c, moments::clocks) {
        return Some(Figure { start, end: c.at, kind: Kind::Clock, quantities: times, weak: false });
    }
    if let Some(figure) = rewind(c, measured) {
        return Some(figure);
    }
    if let Some(digits) = rewind(c, moments::hotline) {
        return Some(one(start, c.at, Kind::Phone, Value::Digits(digits), ""));
    }
    rewind(c, bare)
}

/// Runs a reader and puts the cursor back if it finds nothing.
pub(super) fn rewind<T>(c: &mut Cursor<'_>, reader: impl Fn(&mut Cursor<'_>) -> Option<T>) -> Option<T> {
    let at = c.at;
    let found = reader(c);
    if found.is_none() {
        c.at = at;
    }
    found
}

fn one(start: usize, end: usize, kind: Kind, value: Value, unit: &'static str) -> Figure {
    Figure { start, end, kind, quantities: vec![Quantity { value, unit }], weak: false }
}

/// The length of the idiom that stands here.
fn idiom(c: &Cursor<'_>) -> Option<usize> {
    if c.sees("一点五") || moments::meridiem_before(c).is_some() {
        return None;
    }
    units::IDIOMS.iter().filter(|word| c.sees(word)).map(|word| word.chars().count()).max()
}

/// 第十二条第二款, 第七网格.
fn ordinal(c: &mut Cursor<'_>) -> Option<Figure> {
    let start = c.at;
    let mut parts: Vec<(char, i64)> = Vec::new();
    while let Some((level, number)) = rewind(c, clause_part) {
        parts.push((level, number));
        if level == '条'
            && let Some(sub) = rewind(c, |c| c.eat("之").then(|| read(c)?.value.to_whole()).flatten())
        {
            parts.push(('之', sub));
        }
    }
    if !parts.is_empty() {
        return Some(one(start, c.at, Kind::Clause, Value::Clause(parts), ""));
    }
    c.at += 1;
    c.eat_spaces();
    let number = read(c)?;
    c.eat_spaces();
    for (word, unit) in [("网格", "网格"), ("季度", "季度"), ("顺位", "顺位"), ("档", "档"), ("组", "组"), ("学期", "学期")]
    {
        if c.eat(word) {
            return Some(one(start, c.at, Kind::Ordinal, Value::Amount(number.value), unit));
        }
    }
    let unit = units::eat(c)?;
    let told = matches!(unit.canonical, "届" | "批" | "期" | "号" | "级" | "层" | "栋" | "单元" | "社区" | "年级" | "室");
    let mut figure = one(start, c.at, Kind::Ordinal, Value::Amount(number.value), unit.canonical);
    figure.weak = !told;
    Some(figure)
}

fn clause_part(c: &mut Cursor<'_>) -> Option<(char, i64)> {
    let bracketed = c.peek(0) == '（' || c.peek(0) == '(';
    if !bracketed && c.peek(0) != '第' {
        return None;
    }
    c.at += 1;
    c.eat_spaces();
    let number = read(c)?.value.to_whole()?;
    if bracketed && !(c.eat("）") || c.eat(")")) {
        return None;
    }
    c.eat_spaces();
    let level = c.peek(0);
    let fits = match level {
        '条' => !matches!(c.peek(1), '件' | '例' | '款' | '理' | '约'),
        '款' => c.peek(1) != '项',
        '项' => c.peek(1) != '目',
        '章' | '编' | '节' => !bracketed,
        _ => false,
    };
    if !fits {
        return None;
    }
    c.at += 1;
    Some((level, number))
}

/// One end of a measured figure.
struct End {
    numeral: Numeral,
    value: Ratio,
    upper: Option<Ratio>,
    scale: Ratio,
    unit: &'static str,
    kind: Kind,
    weak: bool,
}

fn measured(c: &mut Cursor<'_>) -> Option<Figure> {
    let start = c.at;
    if let Some(value) = rewind(c, half) {
        return Some(one(start, c.at, Kind::Duration, Value::Amount(value.0), value.1));
    }
    if let Some(low) = rewind(c, end) {
        let high = rewind(c, |c| {
            c.eat_spaces();
            eat_range_sign(c).then_some(())?;
            c.eat_spaces();
            end(c).filter(|high| high.kind == low.kind)
        });
        let amount = |value| Quantity { value: Value::Amount(value), unit: low.unit };
        let mut quantities = vec![amount(low.value)];
        quantities.extend(low.upper.map(amount));
        quantities.extend(high.map(|h| Quantity { value: Value::Amount(h.value), unit: h.unit }));
        return Some(Figure { start, end: c.at, kind: low.kind, quantities, weak: low.weak });
    }
    let low = read(c)?;
    c.eat_spaces();
    if !eat_range_sign(c) {
        return None;
    }
    c.eat_spaces();
    let high = end(c)?;
    let value = shared_magnitude(&low, &high.numeral).times(high.scale)?;
    let quantities = [value, high.value].map(|v| Quantity { value: Value::Amount(v), unit: high.unit });
    Some(Figure { start, end: c.at, kind: high.kind, quantities: quantities.to_vec(), weak: false })
}

/// 半年, 半个月, 半小时.
fn half(c: &mut Cursor<'_>) -> Option<(Ratio, &'static str)> {
    if !c.eat("半") {
        return None;
    }
    let half_month = c.sees("个月");
    let unit = units::eat(c).filter(|u| u.kind == Kind::Duration)?;
    if half_month {
        // 半个月 is fifteen days in every rule that says so.
        return Some((Ratio::whole(15 * 1440), "分钟"));
    }
    Some((unit.scale().times(Ratio::new(1, 2)?)?, unit.canonical))
}

fn end(c: &mut Cursor<'_>) -> Option<End> {
    if let Some(value) = rewind(c, read_fraction) {
        let numeral = Numeral { value, upper: None, script: Script::Arabic, digits: None, magnitude: None };
        let scale = Ratio::new(1, 100)?;
        return Some(End { numeral, value, upper: None, scale, unit: "比", kind: Kind::Share, weak: false });
    }
    let start = c.at;
    let numeral = read(c)?;
    let after_numeral = c.at;
    c.eat_spaces();
    if matches!(c.peek(0), '多' | '余' | '来') {
        c.at += 1;
    }
    let mut extra = Ratio::whole(0);
    if c.sees("个半") {
        c.at += 2;
        extra = Ratio::new(1, 2)?;
    }
    let abstract_thing = c.peek(0) == '个' && is_abstract(c);
    let mut found: Option<&'static Unit> = units::eat(c);
    if extra != Ratio::whole(0) && found.is_none() && c.eat("月") {
        let value = numeral.value.plus(extra)?;
        return Some(End { numeral, value, upper: None, scale: Ratio::whole(1), unit: "月", kind: Kind::Duration, weak: false });
    }
    if found.is_some_and(|u| u.kind == Kind::Clock || u.canonical == "月份") {
        found = None;
    }
    let Some(unit) = found else {
        c.at = after_numeral;
        return None;
    };
    let scale = unit.scale();
    let mut value = numeral.value.plus(extra)?.times(scale)?;
    let upper = match numeral.upper {
        Some(upper) => Some(upper.times(scale)?),
        None => None,
    };
    // 每月15号 is a day of the month.
    if unit.canonical == "号" && c.behind(start, 1) == '月' {
        return Some(End {
            value: numeral.value.times(Ratio::whole(1440))?,
            numeral,
            upper,
            scale,
            unit: "分钟",
            kind: Kind::Duration,
            weak: false,
        });
    }
    if unit.kind == Kind::Duration
        && c.peek(0) == '半'
        && matches!(c.peek(1), '内' | '以' | '之' | '的' | '后' | '，' | '。' | '、' | '\0')
    {
        c.at += 1;
        value = value.plus(scale.times(Ratio::new(1, 2)?)?)?;
    }
    if !closes_range(c, start) {
        while let Some(more) = smaller_part(c, unit.kind, unit.canonical, scale) {
            value = value.plus(more)?;
        }
    }
    let spoken = numeral.script == Script::Chinese && numeral.value == Ratio::whole(1) && unit.kind == Kind::Count;
    let weak = spoken || abstract_thing || units::arranges(unit.canonical);
    Some(End { numeral, value, upper, scale, unit: unit.canonical, kind: unit.kind, weak })
}

/// 满一年不足两年三个月: behind 「满 … 不足 …」 the range is closed, and what follows is what it brings.
fn closes_range(c: &Cursor<'_>, start: usize) -> bool {
    let upper = matches!((c.behind(start, 2), c.behind(start, 1)), ('不', '足' | '满' | '到') | ('未', '满'));
    upper && (3..9).map(|back| c.behind(start, back)).take_while(|b| !matches!(b, '，' | '。' | '；' | '\n')).any(|b| b == '满')
}

fn is_abstract(c: &Cursor<'_>) -> bool {
    let (a, b) = (c.peek(1), c.peek(2));
    units::ABSTRACT.iter().any(|word| word.chars().eq([a, b]))
}

/// 1小时30分钟, 5元5角: a smaller unit of the same measure right behind.
fn smaller_part(c: &mut Cursor<'_>, kind: Kind, canonical: &'static str, scale: Ratio) -> Option<Ratio> {
    if !matches!(kind, Kind::Duration | Kind::Money)
        || !(c.peek(0).is_ascii_digit() || is_chinese_numeral(c.peek(0)) || c.peek(0) == '〇')
    {
        return None;
    }
    rewind(c, |c| {
        let numeral = read(c)?;
        c.eat_spaces();
        let at = c.at;
        let unit = units::eat(c).filter(|u| u.canonical == canonical && u.scale().is_less(scale));
        let unit_scale = match unit {
            Some(unit) => unit.scale(),
            // 1小时30分
            None if kind == Kind::Duration && canonical == "分钟" => {
                c.at = at;
                c.eat("分").then(|| Ratio::whole(1))?
            }
            None => return None,
        };
        // 满七年十六个月: sixteen months are no part of a year, but what seven years bring.
        numeral.value.times(unit_scale).filter(|part| part.is_less(scale))
    })
}

/// A number alone. Single digits and list numbers are none: they tell nothing that a passage could hold.
fn bare(c: &mut Cursor<'_>) -> Option<Figure> {
    let start = c.at;
    let low = read(c)?;
    if low.script != Script::Arabic {
        return None;
    }
    let length = c.at - start;
    let next = c.peek(0);
    let listed = matches!(next, '.' | '、' | ')' | '）' | ' ' | '．') && line_starts(c, start);
    // 1-2-501 is a door or a code, not a range.
    let code = matches!(next, '-' | '/' | '.' | ':') && c.peek(1).is_ascii_digit();
    if listed || next.is_ascii_alphabetic() || length < 2 || (code && low.digits.is_none()) {
        return None;
    }
    Some(one(start, c.at, Kind::Bare, Value::Amount(low.value), ""))
}

fn line_starts(c: &Cursor<'_>, at: usize) -> bool {
    let mut back = 1;
    while matches!(c.behind(at, back), ' ' | '#' | '*' | '>') && back < 12 {
        back += 1;
    }
    c.behind(at, back) == '\n'
}
