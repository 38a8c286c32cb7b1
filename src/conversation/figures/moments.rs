//! Dates, times of day and telephone numbers: figures whose parts are not a number with a unit.

use crate::core::numerals::{Cursor, Ratio, chinese_digit, eat_range_sign, is_chinese_numeral, read};

use super::scan::{Quantity, Value, rewind};

/// 周一 to 周日 as 1–7, read at the character behind 周, 星期 or 礼拜.
pub(super) fn weekday(c: &mut Cursor<'_>) -> Option<i64> {
    let (one, two) = (c.behind(c.at, 1), c.behind(c.at, 2));
    let named = match one {
        '周' => !is_chinese_numeral(two) && !two.is_ascii_digit(),
        '期' => two == '星' && !is_chinese_numeral(c.behind(c.at, 3)) && c.behind(c.at, 3) != '个',
        '拜' => two == '礼',
        _ => false,
    };
    if !named {
        return None;
    }
    let day = match c.peek(0) {
        '日' | '天' => 7,
        other => i64::from(chinese_digit(other).filter(|d| (1..=6).contains(d))?),
    };
    if matches!(c.peek(1), '次' | '回' | '趟' | '场' | '期' | '个' | '篇' | '遍' | '轮' | '元' | '天' | '十' | '百' | '千')
    {
        return None;
    }
    c.at += 1;
    Some(day)
}

/// 2024年3月1日, 2024-03-01, 3月1日, 2023年至2025年, 3月1日至5日.
pub(super) fn dates(c: &mut Cursor<'_>) -> Option<Vec<Quantity>> {
    let first = rewind(c, date)?;
    let second = rewind(c, |c| {
        c.eat_spaces();
        eat_range_sign(c).then_some(())?;
        c.eat_spaces();
        rewind(c, date).or_else(|| rewind(c, day_of_month).map(|day| (None, None, Some(day))))
    });
    let quantity = |(year, month, day)| Quantity { value: Value::Date { year, month, day }, unit: "" };
    let mut out = vec![quantity(first)];
    if let Some((year, month, day)) = second {
        let later_month = month.or(if year.is_none() { first.1 } else { None });
        out.push(quantity((year, later_month, day)));
    }
    Some(out)
}

type Parts = (Option<i64>, Option<i64>, Option<i64>);

fn date(c: &mut Cursor<'_>) -> Option<Parts> {
    if let Some(iso) = rewind(c, iso_date) {
        return Some(iso);
    }
    let number = read(c)?;
    let n = number.value.to_whole()?;
    c.eat_spaces();
    if number.digits.as_ref().is_some_and(|d| d.len() == 4) && (1900..=2100).contains(&n) {
        // 2023-2025年
        if c.peek(0) != '年' {
            let at = c.at;
            let joined = eat_range_sign(c) && {
                c.eat_spaces();
                read(c).is_some_and(|end| end.digits.is_some_and(|d| d.len() == 4)) && c.sees("年")
            };
            // The caller reads the second year again.
            c.at = at;
            joined.then_some(())?;
            return Some((Some(n), None, None));
        }
        if matches!(c.peek(1), '级' | '代') {
            return None;
        }
        c.at += 1;
        let rest = rewind(c, |c| {
            c.eat_spaces();
            month_day(c)
        });
        let (month, day) = rest.map_or((None, None), |(m, d)| (Some(m), d));
        return Some((Some(n), month, day));
    }
    if !(1..=12).contains(&n) || c.peek(0) != '月' {
        return None;
    }
    month_tail(c, n).map(|(m, d)| (None, Some(m), d))
}

fn month_day(c: &mut Cursor<'_>) -> Option<(i64, Option<i64>)> {
    let month = read(c)?.value.to_whole().filter(|m| (1..=12).contains(m))?;
    c.eat_spaces();
    month_tail(c, month)
}

fn month_tail(c: &mut Cursor<'_>, month: i64) -> Option<(i64, Option<i64>)> {
    if c.peek(0) != '月' || matches!(c.peek(1), '租' | '薪' | '均' | '亮' | '嫂' | '饼' | '子' | '台') {
        return None;
    }
    c.at += 1;
    if c.eat("份") {
        return Some((month, None));
    }
    let day = rewind(c, |c| {
        c.eat_spaces();
        day_of_month(c)
    });
    Some((month, day))
}

fn day_of_month(c: &mut Cursor<'_>) -> Option<i64> {
    let day = read(c)?.value.to_whole().filter(|d| (1..=31).contains(d))?;
    c.eat_spaces();
    (c.eat("日") || c.eat("号")).then_some(day)
}

fn iso_date(c: &mut Cursor<'_>) -> Option<Parts> {
    let year = digits(c, 4, 4).filter(|y| (1900..=2100).contains(y))?;
    let sign = c.peek(0);
    if !matches!(sign, '-' | '/' | '.') {
        return None;
    }
    c.at += 1;
    let month = digits(c, 1, 2).filter(|m| (1..=12).contains(m))?;
    if c.peek(0) != sign {
        return None;
    }
    c.at += 1;
    let day = digits(c, 1, 2).filter(|d| (1..=31).contains(d))?;
    Some((Some(year), Some(month), Some(day)))
}

/// A run of `least` to `most` ASCII digits, not followed by another.
fn digits(c: &mut Cursor<'_>, least: usize, most: usize) -> Option<i64> {
    let mut value = 0;
    let mut count = 0;
    while c.peek(0).is_ascii_digit() && count <= most {
        value = value * 10 + i64::from(c.peek(0).to_digit(10)?);
        count += 1;
        c.at += 1;
    }
    (least..=most).contains(&count).then_some(value)
}

/// The part of the day that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meridiem {
    Night,
    Morning,
    Noon,
    Afternoon,
    Evening,
}

const MERIDIEMS: [(&str, Meridiem); 17] = [
    ("凌晨", Meridiem::Night),
    ("清晨", Meridiem::Morning),
    ("早晨", Meridiem::Morning),
    ("早上", Meridiem::Morning),
    ("上午", Meridiem::Morning),
    ("中午", Meridiem::Noon),
    ("午间", Meridiem::Noon),
    ("下午", Meridiem::Afternoon),
    ("傍晚", Meridiem::Evening),
    ("晚上", Meridiem::Evening),
    ("晚间", Meridiem::Evening),
    ("夜间", Meridiem::Evening),
    ("夜里", Meridiem::Evening),
    ("当晚", Meridiem::Evening),
    ("每晚", Meridiem::Evening),
    ("晚", Meridiem::Evening),
    ("早", Meridiem::Morning),
];

/// The part of the day that stands right before the cursor.
pub(super) fn meridiem_before(c: &Cursor<'_>) -> Option<Meridiem> {
    let mut back = 1;
    while matches!(c.behind(c.at, back), ' ' | '的') && back < 3 {
        back += 1;
    }
    MERIDIEMS.iter().find(|(word, _)| word.chars().rev().enumerate().all(|(i, w)| c.behind(c.at, back + i) == w)).map(|(_, m)| *m)
}

/// 18:00, 晚上十点, 上午9时至下午5时, 8-12点.
pub(super) fn clocks(c: &mut Cursor<'_>) -> Option<Vec<Quantity>> {
    let said = meridiem_before(c);
    if let Some((hour, minute, exact)) = rewind(c, |c| clock(c, said.is_some())) {
        let mut out = vec![quantity(hour, minute, said, exact)];
        let later = rewind(c, |c| {
            c.eat_spaces();
            eat_range_sign(c).then_some(())?;
            c.eat_spaces();
            let _ = c.eat("次日") || c.eat("第二天");
            let own = MERIDIEMS.iter().find(|(word, _)| c.eat(word)).map(|(_, m)| *m);
            let (h, m, exact) = clock(c, own.or(said).is_some())?;
            // 下午2点到5点, but 上午9点到5点 is left open.
            let meant = own.or(said.filter(|_| h > hour || said == Some(Meridiem::Afternoon)));
            Some(quantity(h, m, meant, exact))
        });
        out.extend(later);
        return Some(out);
    }
    let low = read(c)?.value.to_whole().filter(|h| (0..=24).contains(h))?;
    eat_range_sign(c).then_some(())?;
    let (hour, minute, exact) = clock(c, said.is_some())?;
    Some(vec![quantity(low, 0, said, exact), quantity(hour, minute, said, exact)])
}

fn quantity(hour: i64, minute: i64, said: Option<Meridiem>, exact: bool) -> Quantity {
    let shifted = match said {
        Some(Meridiem::Afternoon | Meridiem::Evening) if hour < 12 => hour + 12,
        Some(Meridiem::Evening | Meridiem::Night) if hour == 12 => 0,
        Some(Meridiem::Noon) if hour < 10 => hour + 12,
        _ => hour,
    };
    let loose = said.is_none() && !exact && hour <= 12;
    Quantity { value: Value::Clock { minute: (shifted * 60 + minute) % 1440, loose }, unit: "" }
}

/// Hour, minute, and whether it was written on the 24-hour clock.
fn clock(c: &mut Cursor<'_>, said: bool) -> Option<(i64, i64, bool)> {
    let start = c.at;
    if c.peek(0).is_ascii_digit()
        && let Some((hour, minute)) = rewind(c, |c| {
            let hour = digits(c, 1, 2).filter(|h| *h <= 24)?;
            c.eat(":").then_some(())?;
            let minute = digits(c, 2, 2).filter(|m| *m < 60)?;
            let _ = rewind(c, |c| {
                c.eat(":").then_some(())?;
                digits(c, 2, 2)
            });
            Some((hour, minute))
        })
    {
        return Some((hour, minute, true));
    }
    let hour = read(c)?.value.to_whole().filter(|h| (0..=24).contains(h))?;
    c.eat_spaces();
    let word = c.peek(0);
    if !matches!(word, '点' | '时') {
        return None;
    }
    c.at += 1;
    if c.eat("半") {
        return Some((hour, 30, hour > 12));
    }
    if c.eat("一刻") {
        return Some((hour, 15, hour > 12));
    }
    if c.eat("三刻") {
        return Some((hour, 45, hour > 12));
    }
    let minute = rewind(c, |c| {
        let m = read(c)?.value.to_whole().filter(|m| (0..60).contains(m))?;
        (c.eat("分") || said || word == '点').then_some(m)
    });
    if let Some(minute) = minute {
        return Some((hour, minute, hour > 12));
    }
    if c.eat("钟") || c.eat("整") || said {
        return Some((hour, 0, hour > 12));
    }
    // 以下三点, 一时: only what is used as a time counts as one.
    let used = matches!(c.peek(0), '前' | '后' | '至' | '到' | '-' | '~' | '以' | '之' | '起' | '开' | '止' | '关' | '或')
        || (hour > 12 || word == '时' && c.behind(start, 1) != '同')
            && matches!(c.peek(0), '，' | '。' | '、' | '；' | '）' | '\0' | '\n' | ')' | '的' | '下');
    let listing = matches!(c.behind(start, 1), '下' | '这' | '那' | '有' | '到' | '意' | '列')
        && word == '点'
        && !matches!(c.peek(0), '前' | '后' | '-' | '~');
    (used && !listing).then_some((hour, 0, hour > 12))
}

/// A mobile, landline or 400/800 number, spaces and hyphens allowed, as digits.
pub(super) fn phone(c: &mut Cursor<'_>) -> Option<String> {
    if c.sees("+86") {
        c.at += 3;
        c.eat_spaces();
        let _ = c.eat("-");
    }
    if is_chinese_numeral(c.peek(0)) || c.peek(0) == '幺' {
        let number = read(c)?.digits?;
        return is_phone(&number).then_some(number);
    }
    let mut text = String::new();
    let mut best = None;
    loop {
        let before = text.len();
        while c.peek(0).is_ascii_digit() && text.len() < 14 {
            text.push(c.peek(0));
            c.at += 1;
        }
        if c.peek(0).is_ascii_digit() || text.len() == before {
            break;
        }
        if is_phone(&text) {
            best = Some((c.at, text.clone()));
        }
        let gap = usize::from(matches!(c.peek(0), ' ' | '-'));
        if gap == 0 || !c.peek(gap).is_ascii_digit() || text.len() >= 12 {
            break;
        }
        c.at += gap;
    }
    let (end, number) = best?;
    c.at = end;
    Some(number)
}

fn is_phone(digits: &str) -> bool {
    let b = digits.as_bytes();
    match b {
        [b'1', b'3'..=b'9', ..] => b.len() == 11,
        [b'4' | b'8', b'0', b'0', ..] => b.len() == 10,
        [b'0', b'1' | b'2', ..] => (10..=11).contains(&b.len()),
        [b'0', b'3'..=b'9', ..] => (11..=12).contains(&b.len()),
        _ => false,
    }
}

/// A short number that is dialled: 110, 12345, 95598, 12345 in words.
pub(super) fn hotline(c: &mut Cursor<'_>) -> Option<String> {
    let number = read(c)?.digits?;
    if c.peek(0).is_ascii_alphanumeric() {
        return None;
    }
    is_hotline(&number).then_some(number)
}

/// Whether these digits are a public short number.
#[must_use]
pub fn is_hotline(digits: &str) -> bool {
    matches!(
        digits.as_bytes(),
        [b'1', b'1' | b'2', _]
            | [b'1', b'0' | b'1' | b'2', _, _, _]
            | [b'9', b'5' | b'6', _, _, _]
            | [b'9', b'5' | b'6', _, _, _, _]
    )
}

/// Whether two times of day can be the same.
pub(super) fn same_time(a: (i64, bool), b: (i64, bool)) -> bool {
    if a.1 || b.1 { (a.0 - b.0) % 720 == 0 } else { a.0 == b.0 }
}

/// Whether everything that `said` names is the same in `source`.
pub(super) fn date_within(said: Parts, source: Parts) -> bool {
    let same = |a: Option<i64>, b: Option<i64>| a.is_none() || a == b;
    same(said.0, source.0) && same(said.1, source.1) && same(said.2, source.2)
}

/// A whole amount as a year, where one can be meant.
pub(super) fn as_year(value: Ratio) -> Option<i64> {
    value.to_whole().filter(|y| (1900..=2100).contains(y))
}
