//! 「2024年3月的政策」「去年的标准」「2023年的时候低保怎么算」: the days a question is about, read by code.
//!
//! A date in a question is mostly no question about the rules of that day: 「2023年买的房怎么过户」 asks for today's. So a
//! date alone decides nothing: it has to stand with a rule (政策, 标准, 规定 …), with 的时候, or behind 按. When in doubt the
//! question is about today.

use std::sync::LazyLock;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use regex::{Captures, Regex};

use crate::core::numerals::{self, fold};
use crate::core::text::pattern;

/// The days that a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsOf {
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
    /// Named for people: 2024年3月.
    pub words: String,
    /// The question without the words of time; may be empty.
    pub rest: String,
    /// They have not come yet.
    pub ahead: bool,
}

const DATE: &str = concat!(
    r"(?P<year>(?:19|20)[0-9]{2}|[一二][九〇][〇一二三四五六七八九]{2})年(?:份)?(?:(?P<month>[0-9]{1,2}|十[一二]?|[一二三四五六七八九])月份?(?:(?P<day>[0-9]{1,2})[日号])?|(?P<part>年?[初底末]|上半年|下半年))?",
    r"|(?P<iso>(?:19|20)[0-9]{2}[-./][0-9]{1,2}(?:[-./][0-9]{1,2})?)",
    r"|(?P<rel>大前年|前年|去年|上一?年|今年|明年|后年)(?:的?(?P<rmonth>[0-9]{1,2}|十[一二]?|[一二三四五六七八九])月份?|(?P<rpart>年?[初底末]|上半年|下半年))?",
    r"|(?P<lastmonth>上上?个?月)",
    r"|(?P<ago>[0-9]{1,2}|[一二两三四五六七八九十]{1,2})(?P<unit>年|个月)(?:以|之)?前",
);

/// What a rule is called.
const RULE: &str = "政策|标准|规定|规矩|规则|办法|条件|待遇|口径|要求|流程|金额|额度|比例|价格|收费|补贴|津贴|补助";
/// Then.
const THEN: &str = "的?时候|那时候?|那个时候|当时|那会儿?|那年|那阵|期间|年间|的时期";
/// Asks for what a rule says.
const ASKS: &str = "多少|怎么算|怎么定|怎么规定|怎么发|怎么收|如何规定|如何计算|是什么";
/// Something that happened to somebody then, or to a text: the date belongs to it and not to the rule.
const HAPPENED: &str = "出生|生的|买|卖|交[了的过]|缴|办[了的过]|签|租|入职|结婚|离婚|退休|搬|生病|受伤|失业|毕业|领[了的过]|申请[了过]|申请的|装修|住进|去世|登记[了的过]|到期|修订|修正|颁布|出台|发布|公布|印发|通过的|成立|开始|欠";

static WHEN: LazyLock<Regex> = LazyLock::new(|| pattern(DATE));
static AFTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"^(?P<then>{THEN})?的?(?:(?P<gap>[^，。？！,?!；;]{{0,14}}?)(?:(?P<rule>{RULE})|(?P<asks>{ASKS}))|(?P<any>.*))"
    ))
});
static ASKING: LazyLock<Regex> =
    LazyLock::new(|| pattern("怎么|如何|多少|能不能|可不可以|要不要|多久|几|吗|什么|哪些|谁|好多|啥"));
static PERSONAL: LazyLock<Regex> = LazyLock::new(|| pattern(HAPPENED));
static ALONE: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"^(?:{THEN})?的?(?:话)?(?:呢|是多少|怎么样|是什么|怎么算)?[？?。！! ]*$")));
static LEADING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:按照?|依照?|照|根据|要是|如果是?|那么?|在|问一下|请问)$"));

/// The days that `question` is about when it is about the rules of another day than `today`.
#[must_use]
pub fn read(question: &str, today: Date) -> Option<AsOf> {
    let text: String = crate::core::text::normalize(question).chars().map(fold).collect();
    let found = WHEN.captures(&text)?;
    let whole = found.get(0)?;
    let (first, last, words) = period(&found, today)?;
    // This year, this month: today.
    if first <= today && today <= last {
        return None;
    }
    let (before, after) = (&text[..whole.start()], &text[whole.end()..]);
    let led = LEADING.find(before);
    let alone = before[..led.map_or(before.len(), |l| l.start())].trim().is_empty() && ALONE.is_match(after);
    if !alone && !about_rules(after, led.is_some_and(|l| l.as_str().contains(['按', '照', '依', '据']))) {
        return None;
    }
    let head = &before[..led.map_or(before.len(), |l| l.start())];
    let rest = format!("{head}{}", without_then(after));
    let rest =
        if alone { String::new() } else { rest.trim_matches(|c: char| c.is_whitespace() || "，,：:".contains(c)).to_owned() };
    Some(AsOf { first, last, words, rest, ahead: first > today })
}

fn about_rules(after: &str, led: bool) -> bool {
    let Some(c) = AFTER.captures(after) else { return false };
    if c.name("rule").is_some() || c.name("asks").is_some() {
        let gap = c.name("gap").map_or("", |m| m.as_str());
        return !PERSONAL.is_match(gap);
    }
    let tail = c.name("any").map_or("", |m| m.as_str());
    let asked = ASKING.find(tail).map(|m| &tail[..m.start()]);
    (c.name("then").is_some() || led) && asked.is_some_and(|gap| !PERSONAL.is_match(gap))
}

/// Without 的时候 and 的 at its beginning.
fn without_then(after: &str) -> &str {
    let then = AFTER.captures(after).and_then(|c| c.name("then").map(|m| m.end())).unwrap_or(0);
    after[then..].trim_start_matches(['的', '，', ',', ' '])
}

fn number(text: &str) -> Option<i16> {
    text.parse().ok().or_else(|| i16::try_from(numerals::parse(text)?.to_whole()?).ok())
}

/// 2024 or 二〇二四.
fn year_of(text: &str) -> Option<i16> {
    let digits: String = text.chars().map(|c| numerals::chinese_digit(c).map_or(c, |d| char::from(b'0' + d))).collect();
    digits.parse().ok().filter(|y| (1949..=2100).contains(y))
}

fn period(c: &Captures<'_>, today: Date) -> Option<(Date, Date, String)> {
    let get = |name: &str| c.name(name).map(|m| m.as_str());
    if let Some(iso) = get("iso") {
        let parts: Vec<i16> = iso.split(['-', '.', '/']).filter_map(|p| p.parse().ok()).collect();
        return match parts[..] {
            [y, m] => month(y, m),
            [y, m, d] => day(y, m, d),
            _ => None,
        };
    }
    if let Some(word) = get("lastmonth") {
        let back = if word.starts_with("上上") { 2 } else { 1 };
        let then = today.checked_sub(back.months()).ok()?;
        return month(then.year(), i16::from(then.month()));
    }
    if let (Some(count), Some(unit)) = (get("ago"), get("unit")) {
        let count = i32::from(number(count)?);
        if unit == "年" {
            return year(today.checked_sub(count.years()).ok()?.year(), None);
        }
        let then = today.checked_sub(count.months()).ok()?;
        return month(then.year(), i16::from(then.month()));
    }
    if let Some(word) = get("rel") {
        let offset = match word {
            "大前年" => -3,
            "前年" => -2,
            "今年" => 0,
            "明年" => 1,
            "后年" => 2,
            _ => -1,
        };
        let y = today.year() + offset;
        return match get("rmonth") {
            Some(m) => month(y, number(m)?),
            None => year(y, get("rpart")),
        };
    }
    let y = year_of(get("year")?)?;
    match (get("month"), get("day")) {
        (Some(m), Some(d)) => day(y, number(m)?, number(d)?),
        (Some(m), None) => month(y, number(m)?),
        _ => year(y, get("part")),
    }
}

fn year(y: i16, part: Option<&str>) -> Option<(Date, Date, String)> {
    let (from, to, word) = match part {
        Some(p) if p.ends_with('初') => (1, 3, "年初"),
        Some(p) if p.ends_with(['底', '末']) => (10, 12, "年底"),
        Some("上半年") => (1, 6, "年上半年"),
        Some("下半年") => (7, 12, "年下半年"),
        _ => (1, 12, "年"),
    };
    Some((Date::new(y, from, 1).ok()?, date(y, to, 1).last_of_month(), format!("{y}{word}")))
}

fn month(y: i16, m: i16) -> Option<(Date, Date, String)> {
    let first = Date::new(y, i8::try_from(m).ok()?, 1).ok()?;
    Some((first, first.last_of_month(), format!("{y}年{m}月")))
}

fn day(y: i16, m: i16, d: i16) -> Option<(Date, Date, String)> {
    let day = Date::new(y, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()?;
    Some((day, day, format!("{y}年{m}月{d}日")))
}

/// Is anything asked for in `rest` besides 「政策」 and the like? Else it goes on with the question before.
#[must_use]
pub fn has_matter(rest: &str) -> bool {
    static EMPTY: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"{RULE}|{ASKS}|怎么样|怎么|如何|什么|哪些|多少|请问|想问|问一下|一下|相关|有关|当时|时候|给我|看看|查|是|有|的|呢|吗|那|我|，|。|？|\?|,| "
        ))
    });
    EMPTY.replace_all(rest, "").chars().count() >= 2
}

/// A day as people read it: 2025年1月1日.
#[must_use]
pub fn in_words(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}
