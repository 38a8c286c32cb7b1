//! When it happened, from everyday words, relative to a given now.

use std::sync::LazyLock;

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use regex::{Captures, Regex};

use super::reading::{plain, small_number};

const NUMERAL: &str = "[0-9]{1,2}|[零一二两三四五六七八九十]{1,3}";

#[expect(clippy::expect_used, reason = "the patterns are literals of this file; every test run compiles them")]
fn pattern(text: &str) -> Regex {
    Regex::new(&text.replace("NUM", NUMERAL)).expect("the pattern is a literal of this file")
}

static AGO: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(半|NUM)(?:多)?个?(半)?(?:分钟|小时|钟头|天|星期|礼拜|周|月)(?:之|以)?前"));
static DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(大前天|前天|前晚|昨天|昨日|昨晚|昨夜|昨儿|今天|今日|今早|今晚|今晨|今儿)",
        r"|(上上?个?(?:周|星期|礼拜)|这个?(?:周|星期|礼拜)|本周|周|星期|礼拜)([一二三四五六日天])",
        r"|(上个?(?:周|星期|礼拜))",
        r"|(?:([0-9]{4})年)?(NUM)月(NUM)(?:号|日)",
        r"|([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})",
    ))
});
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|夜里|半夜|深夜|今早|今晨|今晚|昨晚|昨夜|前晚)?的?",
        r"(?:(NUM)点(?:钟)?(?:(半)|(一刻)|(三刻)|([0-9]{1,2}|[一二三四五六七八九十]{2,3})分?)?|([0-9]{1,2}):([0-9]{2}))",
    ))
});
static PART: LazyLock<Regex> =
    LazyLock::new(|| pattern("凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|夜里|半夜|深夜|今早|今晨|今晚|昨晚|昨夜|前晚"));
static JUST_NOW: LazyLock<Regex> = LazyLock::new(|| pattern("刚才|刚刚|方才|刚(?:掉|落|发现|看到|听到|发生)|就在现在|正在"));
static RECURRING: LazyLock<Regex> =
    LazyLock::new(|| pattern("每天|天天|每晚|每周|经常|总是|老是|一到|平时|一般都|每到|[到至](?:晚上|凌晨|半夜)?(?:NUM)点"));

/// The instant that the words name and the words themselves; `None` when they name none, or one that recurs.
///
/// A part of the day alone names no instant. A day without a time is taken at its usual hour (早上 8:00, 中午 12:00, 晚上 20:00 …, else 12:00), a week without a
/// day as the same weekday of that week. Never later than `now`.
#[must_use]
pub fn occurred(text: &str, now: Timestamp, zone: &TimeZone) -> Option<(Timestamp, String)> {
    let folded = plain(text);
    if let Some(found) = ago(&folded, now) {
        return Some(found);
    }
    let day = DAY.captures(&folded);
    let time = TIME.captures_iter(&folded).find(|c| !recurs(&folded, c));
    if day.is_none() {
        if let Some(m) = JUST_NOW.find(&folded) {
            return Some((now, m.as_str().to_owned()));
        }
        if RECURRING.is_match(&folded) {
            return None;
        }
    }
    let local = now.to_zoned(zone.clone());
    let part = PART.find(&folded).map(|m| m.as_str());
    // 「晚上黑得很」 says when it is bad, not when it happened.
    if day.is_none() && time.is_none() {
        return None;
    }
    let date = match &day {
        Some(c) => date_of(c, local.date())?,
        None => local.date(),
    };
    let clock = match &time {
        Some(c) => clock_of(c, part)?,
        None => (usual(part, day.as_ref().map_or("", |c| &c[0])), false),
    };
    let (clock, next_day) = clock;
    let date = if next_day { date.tomorrow().ok()? } else { date };
    let mut at = zone.to_timestamp(date.to_datetime(clock)).ok()?;
    if at > now && day.is_none() {
        // 「晚上十点」 said in the morning is last night's.
        at = zone.to_timestamp(date.yesterday().ok()?.to_datetime(clock)).ok()?;
    }
    let at = at.min(now);
    let words = [day.map(|c| c[0].to_owned()), time.map(|c| c[0].to_owned()).or_else(|| part.map(str::to_owned))];
    let mut text = String::new();
    for word in words.into_iter().flatten() {
        if !text.contains(&word) {
            text.push_str(&word);
        }
    }
    Some((at, text))
}

/// Whether the words say when, and nothing else: 「昨天开始的」「几乎每天晚上七八点」.
#[must_use]
pub fn says_only_when(text: &str) -> bool {
    static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            "每天|天天|每晚|每周|每个?(?:月|星期|礼拜)|周末|白天|一天到晚|经常|总是|老是|平时|一直|几乎|大概|大约|差不多|左右|开始|以来|以后|之后",
            "|上上?个?月|去年|今年|前年|到现在|到今天|现在|最近|这几天|前几天|好几天|(?:有)?(?:半|好几|好多|几|NUM)(?:多)?个?(?:分钟|小时|钟头|天|星期|礼拜|周|月|年)(?:多)?",
            "|(?:NUM)+(?:点|点钟|点多|点半)|从|到|就|都|有|是|在|的|了|多|起|吧|啊|嘛|呢|哦|,|，|。|、| ",
        ))
    });
    let folded = plain(text);
    let rest = [&*AGO, &*DAY, &*TIME, &*PART, &*JUST_NOW].iter().fold(folded.clone(), |t, p| p.replace_all(&t, "").into_owned());
    let says = rest != folded || BESIDE.find_iter(&rest).any(|m| m.as_str().chars().count() > 1);
    says && BESIDE.replace_all(&rest, "").trim().is_empty()
}

fn ago(text: &str, now: Timestamp) -> Option<(Timestamp, String)> {
    let c = AGO.captures(text)?;
    let whole = &c[0];
    let half_unit = &c[1] == "半";
    let amount = if half_unit { 0 } else { i64::from(small_number(&c[1])?) };
    let minutes_per = if whole.contains("分钟") {
        1
    } else if whole.contains("小时") || whole.contains("钟头") {
        60
    } else if whole.contains('天') {
        24 * 60
    } else if whole.contains('月') {
        30 * 24 * 60
    } else {
        7 * 24 * 60
    };
    let half = if half_unit || c.get(2).is_some() { minutes_per / 2 } else { 0 };
    let at = now.checked_sub(SignedDuration::from_mins(amount * minutes_per + half)).ok()?;
    Some((at, whole.to_owned()))
}

fn date_of(c: &Captures<'_>, today: Date) -> Option<Date> {
    if let Some(word) = c.get(1) {
        let back = match word.as_str() {
            "大前天" => 3,
            "前天" | "前晚" => 2,
            "昨天" | "昨日" | "昨晚" | "昨夜" | "昨儿" => 1,
            _ => 0,
        };
        return today.checked_sub(back.days()).ok();
    }
    if let (Some(week), Some(day)) = (c.get(2), c.get(3)) {
        let weekday = match day.as_str() {
            "一" => Weekday::Monday,
            "二" => Weekday::Tuesday,
            "三" => Weekday::Wednesday,
            "四" => Weekday::Thursday,
            "五" => Weekday::Friday,
            "六" => Weekday::Saturday,
            _ => Weekday::Sunday,
        };
        let back = match week.as_str() {
            w if w.starts_with("上上") => 14,
            w if w.starts_with('上') => 7,
            _ => 0,
        };
        let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
        let date = monday.checked_add(i64::from(weekday.to_monday_zero_offset()).days()).ok()?.checked_sub(back.days()).ok()?;
        // 「周五」 said on a Tuesday is last week's.
        return if date > today { date.checked_sub(7.days()).ok() } else { Some(date) };
    }
    if c.get(4).is_some() {
        return today.checked_sub(7.days()).ok();
    }
    let number =
        |i: usize| c.get(i).and_then(|m| m.as_str().parse::<i16>().ok().or_else(|| small_number(m.as_str())?.try_into().ok()));
    if let (Some(month), Some(day)) = (number(6), number(7)) {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        let year = number(5).unwrap_or_else(|| today.year());
        let date = Date::new(year, month, day).ok()?;
        return if date > today && number(5).is_none() { Date::new(year - 1, month, day).ok() } else { Some(date) };
    }
    Date::new(number(8)?, i8::try_from(number(9)?).ok()?, i8::try_from(number(10)?).ok()?).ok()
}

/// The time of day, and whether it is past midnight of the day that was named (「昨晚十二点」).
fn clock_of(c: &Captures<'_>, part: Option<&str>) -> Option<(Time, bool)> {
    let part = c.get(1).map(|m| m.as_str()).or(part);
    let (hour, minute) = if let (Some(h), Some(m)) = (c.get(7), c.get(8)) {
        (h.as_str().parse::<i8>().ok()?, m.as_str().parse::<i8>().ok()?)
    } else {
        let hour = i8::try_from(small_number(c.get(2)?.as_str())?).ok()?;
        let minute = match (c.get(3), c.get(4), c.get(5), c.get(6)) {
            (Some(_), ..) => 30,
            (_, Some(_), ..) => 15,
            (_, _, Some(_), _) => 45,
            (.., Some(m)) => i8::try_from(small_number(m.as_str())?).ok()?,
            _ => 0,
        };
        (hour, minute)
    };
    let evening = part.is_some_and(|p| p.contains('晚') || p.contains('夜') || p == "傍晚");
    let afternoon = matches!(part, Some("下午" | "中午"));
    if evening && (hour == 12 || hour == 24) {
        return Some((Time::new(0, minute, 0, 0).ok()?, true));
    }
    // 「半夜两点」 is the small hours.
    if part.is_some_and(|p| p.contains('夜')) && hour <= 5 {
        return Some((Time::new(hour, minute, 0, 0).ok()?, !matches!(part, Some("半夜" | "深夜" | "夜里"))));
    }
    let hour = if (evening || afternoon) && hour < 12 && !(part == Some("中午") && hour >= 10) { hour + 12 } else { hour };
    Some((Time::new(hour, minute, 0, 0).ok()?, false))
}

fn usual(part: Option<&str>, day: &str) -> Time {
    let hour = match part.unwrap_or(day) {
        "凌晨" => 3,
        "清晨" => 6,
        "早晨" | "早上" | "今早" | "今晨" => 8,
        "上午" => 10,
        "下午" => 15,
        "傍晚" => 18,
        "晚上" | "今晚" | "昨晚" | "前晚" => 20,
        "夜里" | "昨夜" => 22,
        "半夜" | "深夜" => 23,
        _ => 12,
    };
    Time::constant(hour, 0, 0, 0)
}

/// 「每天晚上十点」, 「吵到十二点」: a habit or an end, no moment.
fn recurs(text: &str, c: &Captures<'_>) -> bool {
    let Some(m) = c.get(0) else { return true };
    let before: String = text[..m.start()].chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let after = &text[m.end()..];
    ["每天", "天天", "每晚", "每", "到", "至", "快", "差", "早", "-", "有"]
        .iter()
        .any(|w| before.ends_with(w) && !before.ends_with("今早"))
        || before.contains("每")
        || after.starts_with('多') && !after.starts_with("多钟") && before.contains('都')
}
