//! Building, unit, room and grid numbers in free text.

use std::sync::LazyLock;

use regex::Regex;

use crate::core::numerals;

use super::reading::small_number;

/// The numbered parts of an address, as they stand in a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// `7栋`, or `A栋`.
    pub building: Option<String>,
    /// The building as a number, when it has one.
    pub building_number: Option<u32>,
    /// `2单元`.
    pub unit: Option<String>,
    /// `501` or `5-1`; personal.
    pub room: Option<String>,
    /// `第七网格`.
    pub grid: Option<String>,
    /// `第三微网格`.
    pub micro_grid: Option<String>,
    /// Where these parts stand: byte offsets of the whole stretch in the text.
    pub span: Option<(usize, usize)>,
    /// The building may be something else: a day (15号), a floor and a door (3-2).
    pub loose: bool,
}

const NUMERAL: &str = "[0-9]{1,3}|[〇一二两三四五六七八九十百廿卅]{1,4}";

#[expect(clippy::expect_used, reason = "the patterns are literals of this file; every test run compiles them")]
fn pattern(text: &str) -> Regex {
    Regex::new(&text.replace("NUM", NUMERAL)).expect("the pattern is a literal of this file")
}

static BUILDING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:第)?(NUM|[a-z])(?:号楼栋|号楼|号栋|栋楼|楼栋|栋|幢|#楼|#栋|#)|([0-9]{1,3}|[a-z])(?:座)",
        r"|(?:楼栋号|栋号|楼号|楼栋)(?:是|为|:|：)?(NUM)(?:栋|幢|号楼|号|#)?",
    ))
});
static UNIT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:第)?(NUM|[a-z])(?:号)?单元"));
static DASHED: LazyLock<Regex> = LazyLock::new(|| pattern(r"([0-9]{1,3})-([0-9]{1,2})-([0-9]{1,4})(?:-([0-9]{1,2}))?"));
static AFTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:的|,|，)?(?:([0-9]{1,2})-([0-9]{3,4})|([0-9]{1,2}-[0-9]{1,2})|([0-9]{3,4}))(?:室|号房|号|户|房)?")
});
static DOOR: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:的)?(NUM)门"));
static ROOM: LazyLock<Regex> = LazyLock::new(|| pattern(r"([0-9]{3,4}|[0-9]{1,2}-[0-9]{1,2})(?:室|户|号房|房间)"));
static GRID: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:第)?(NUM)(?:号)?(微)?网格"));
/// Before a building: another one of a list or the beginning of a range, 「6、7栋」「3到5栋」「3-5栋」.
static LISTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(NUM)(?:、|和|跟|与|及|到|至|~|-)$"));
/// Only right behind the name of an estate: 3号, 3-2, 3洞 (栋 as a phone hears it), 21 alone in brackets.
static LOOSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^[-、/,，(（【\[ ]?(?:第)?(?:(NUM)(洞|动|冻|懂|东)|(NUM)(号)|([0-9]{1,3})-([0-9]{1,2})|([0-9]{1,3})[)）】\]])")
});

/// Characters in the form in which numerals are read: 贰 as 二. Every character keeps its length in bytes.
fn folded(text: &str) -> String {
    text.chars()
        .map(|c| {
            let f = numerals::fold(c);
            if f.len_utf8() == c.len_utf8() { f } else { c }
        })
        .collect()
}

/// A number as buildings are numbered: 12, 十二, 廿一, 一七 (one digit after the other).
fn number(text: &str) -> Option<u32> {
    let digits: Option<Vec<u8>> = text.chars().map(numerals::chinese_digit).collect();
    if let Some(digits) = digits.filter(|d| d.len() > 1) {
        return Some(digits.iter().fold(0, |n, d| n * 10 + u32::from(*d)));
    }
    small_number(&text.replace('廿', "二十").replace('卅', "三十"))
}

/// Reads the numbers out of `text`, which is in the form of [`super::reading::plain`]: those of the first address that has
/// a building, else of the first; unit, room and grid also from elsewhere in the text.
#[must_use]
pub fn numbers(text: &str) -> Numbers {
    let all = stretches(text);
    let first = all.iter().position(|n| n.building.is_some()).unwrap_or(0);
    let mut out = all.get(first).cloned().unwrap_or_default();
    for other in &all {
        if out.unit.is_none() && other.building.is_none() {
            out.unit.clone_from(&other.unit);
        }
        if out.room.is_none() && other.building.is_none() {
            out.room.clone_from(&other.room);
        }
    }
    (out.grid, out.micro_grid) = grids(text);
    out
}

/// The grid and the micro-grid that the text names by their numbers.
#[must_use]
pub fn grids(text: &str) -> (Option<String>, Option<String>) {
    let text = folded(text);
    let (mut grid, mut micro) = (None, None);
    for c in GRID.captures_iter(&text) {
        if let Some(n) = number(&c[1]) {
            let word = chinese(n);
            if c.get(2).is_some() {
                micro = Some(format!("第{word}微网格"));
            } else {
                grid = Some(format!("第{word}网格"));
            }
        }
    }
    (grid, micro)
}

/// Every stretch of numbered parts, in the order of the text: 「3栋2单元501」 is one, 「3栋和4栋」 are two.
#[must_use]
pub fn stretches(text: &str) -> Vec<Numbers> {
    let text = folded(text);
    let mut parts: Vec<(usize, usize, Part)> = Vec::new();
    for c in BUILDING.captures_iter(&text) {
        let (Some(whole), Some(value)) = (c.get(0), c.get(1).or_else(|| c.get(2)).or_else(|| c.get(3))) else { continue };
        if !is_address(&text, whole, value.as_str()) {
            continue;
        }
        let mut end = whole.end();
        // 「2栋楼上」: the 楼 belongs to the next word.
        if whole.as_str().ends_with("栋楼")
            && text[end..].starts_with(['上', '下', '道', '梯', '顶', '里', '前', '后', '门', '底', '脚', '高'])
        {
            end -= '楼'.len_utf8();
        }
        parts.push((whole.start(), end, Part::Building(value.as_str().to_owned())));
        let mut start = whole.start();
        while let Some(listed) = LISTED.captures(&text[..start])
            && let (Some(whole), Some(value)) = (listed.get(0), listed.get(1))
            && !text[..whole.start()]
                .ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '月' | '年' | '元'))
            && number(value.as_str()).is_some()
        {
            parts.push((whole.start(), value.end(), Part::Building(value.as_str().to_owned())));
            start = whole.start();
        }
    }
    for c in DASHED.captures_iter(&text) {
        let Some(whole) = c.get(0).filter(|m| stands_alone(&text, *m)) else { continue };
        let tail = c.get(4).map(|m| m.as_str().to_owned());
        parts.push((whole.start(), whole.end(), Part::Dashed(c[1].to_owned(), c[2].to_owned(), c[3].to_owned(), tail)));
    }
    for c in UNIT.captures_iter(&text) {
        let Some(whole) = c.get(0) else { continue };
        let counted = &c[1] == "两" || c[1].starts_with(|c: char| c.is_ascii_lowercase()) && in_word(&text, whole.start());
        if !counted {
            parts.push((whole.start(), whole.end(), Part::Unit(c[1].to_owned())));
        }
    }
    parts.sort_by_key(|p| (p.0, std::cmp::Reverse(p.1)));
    let mut out: Vec<Numbers> = Vec::new();
    let mut reached = 0;
    for (start, end, part) in parts {
        if start < reached {
            continue;
        }
        reached = end;
        // Parts of one address stand together; a unit far away belongs to another sentence.
        let near = out.last().and_then(|n| n.span).is_some_and(|(_, e)| start <= e + 12);
        match part {
            Part::Building(value) => {
                let mut numbers = Numbers { span: Some((start, end)), ..Numbers::default() };
                set_building(&mut numbers, &value);
                out.push(numbers);
            }
            Part::Dashed(building, unit, door, tail) => {
                // 「16栋 1-3-2」 and 「8-1-2」 without a name before it are doors.
                let own_building = near && out.last().is_some_and(|n| n.building.is_some());
                let mut numbers = Numbers { span: Some((start, end)), ..Numbers::default() };
                match tail {
                    Some(tail) => {
                        numbers.unit = Some(format!("{unit}单元"));
                        numbers.room = Some(format!("{door}-{tail}"));
                    }
                    None if door.len() >= 3 => {
                        numbers.unit = Some(format!("{unit}单元"));
                        numbers.room = Some(door);
                    }
                    None => numbers.room = Some(format!("{unit}-{door}")),
                }
                if own_building {
                    if let Some(last) = out.last_mut() {
                        last.unit = last.unit.take().or_else(|| Some(format!("{building}单元")));
                        last.room = last.room.take().or(numbers.room);
                        last.span = last.span.map(|(s, _)| (s, end));
                    }
                } else {
                    set_building(&mut numbers, &building);
                    out.push(numbers);
                }
            }
            Part::Unit(value) => {
                let unit = unit_word(&value);
                match out.last_mut().filter(|n| near && n.unit.is_none()) {
                    Some(last) => {
                        last.unit = Some(unit);
                        last.span = last.span.map(|(s, _)| (s, end));
                    }
                    None => out.push(Numbers { unit: Some(unit), span: Some((start, end)), ..Numbers::default() }),
                }
            }
        }
    }
    for numbers in &mut out {
        behind(&text, numbers);
    }
    for c in ROOM.captures_iter(&text) {
        let Some(whole) = c.get(0) else { continue };
        let inside = |n: &Numbers| n.span.is_some_and(|(s, e)| whole.start() < e && whole.end() > s);
        if out.iter().any(inside) {
            continue;
        }
        let room = Some(c[1].to_owned());
        match out
            .last_mut()
            .filter(|n| n.room.is_none() && n.span.is_some_and(|(_, e)| e <= whole.start() && whole.start() <= e + 12))
        {
            Some(last) => {
                last.room = room;
                last.span = last.span.map(|(s, _)| (s, whole.end()));
            }
            None => out.push(Numbers { room, span: Some((whole.start(), whole.end())), ..Numbers::default() }),
        }
    }
    out.sort_by_key(|n| n.span);
    out
}

enum Part {
    Building(String),
    Dashed(String, String, String, Option<String>),
    Unit(String),
}

/// What reads as a building only because the name of an estate stands right before it; `text` begins there, `at` is
/// where that is in the whole text.
#[must_use]
pub fn loose_building(text: &str, at: usize) -> Option<Numbers> {
    let rest = folded(&text[at..]);
    let skipped = ["小区", "的", "里面", "里"].iter().find(|w| rest.starts_with(**w)).map_or(0, |w| w.len());
    let c = LOOSE.captures(&rest[skipped..])?;
    let whole = c.get(0)?;
    let after = rest[skipped + whole.end()..].chars().next();
    let mut out = Numbers { span: Some((at + skipped, at + skipped + whole.end())), ..Numbers::default() };
    if let (Some(n), Some(_)) = (c.get(1), c.get(2)) {
        // 栋 as it is heard; 「3动物」 is none.
        if after.is_some_and(|c| matches!(c, '物' | '作' | '手' | '员' | '静' | '力' | '门' | '口' | '边' | '面' | '侧'))
        {
            return None;
        }
        set_building(&mut out, n.as_str());
    } else if let (Some(n), Some(_)) = (c.get(3), c.get(4)) {
        if after.is_some_and(|c| {
            matches!(c, '门' | '线' | '口' | '出' | '入' | '车' | '库' | '机' | '晚' | '早' | '上' | '下' | '到' | '那' | '这')
        }) {
            return None;
        }
        set_building(&mut out, n.as_str());
        out.loose = true;
    } else if let (Some(n), Some(unit)) = (c.get(5), c.get(6)) {
        if after.is_some_and(|c| c.is_ascii_digit() || c == '-') {
            return None;
        }
        set_building(&mut out, n.as_str());
        out.unit = Some(format!("{}单元", unit.as_str()));
        out.loose = true;
    } else if let Some(n) = c.get(7) {
        set_building(&mut out, n.as_str());
        out.loose = true;
    }
    let mut moved = Numbers { span: out.span.map(|(_, e)| (e, e)), ..Numbers::default() };
    behind_at(&rest, at, &mut moved);
    out.unit = out.unit.or(moved.unit);
    out.room = moved.room;
    out.building.is_some().then_some(out)
}

/// A number of at most 99 in Chinese, as grids are named.
#[must_use]
pub fn chinese(n: u32) -> String {
    const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |d: u32| DIGITS[usize::try_from(d % 10).unwrap_or(0)];
    match n {
        0..=9 => digit(n).to_owned(),
        10..=99 => {
            let tens = if n / 10 == 1 { "" } else { digit(n / 10) };
            let ones = if n.is_multiple_of(10) { "" } else { digit(n) };
            format!("{tens}十{ones}")
        }
        _ => n.to_string(),
    }
}

fn set_building(out: &mut Numbers, value: &str) {
    out.building_number = number(value);
    out.building = Some(match out.building_number {
        Some(n) => format!("{n}栋"),
        None => format!("{}栋", value.to_uppercase()),
    });
}

fn unit_word(value: &str) -> String {
    match number(value) {
        Some(n) => format!("{n}单元"),
        None => format!("{}单元", value.to_uppercase()),
    }
}

/// What stands right behind a stretch and belongs to it: a door as unit, and the room.
fn behind(text: &str, numbers: &mut Numbers) {
    behind_at(text, 0, numbers);
}

/// [`behind`] for a text that begins at byte `from` of the whole.
fn behind_at(text: &str, from: usize, numbers: &mut Numbers) {
    let Some((start, mut end)) = numbers.span else { return };
    if numbers.unit.is_none()
        && numbers.building.is_some()
        && let Some(c) = DOOR.captures(&text[end - from..])
        && let Some(whole) = c.get(0)
        && !text[end - from + whole.end()..].starts_with(['口', '面', '市', '前', '外', '诊', '卫'])
    {
        numbers.unit = Some(unit_word(&c[1]));
        end += whole.end();
    }
    // Right after building or unit a bare number is the door.
    if numbers.room.is_none()
        && let Some(c) = AFTER.captures(&text[end - from..])
        && let Some(whole) = c.get(0)
        && !follows_quantity(&text[end - from + whole.end()..])
    {
        if let (Some(unit), Some(room)) = (c.get(1), c.get(2)) {
            numbers.unit.get_or_insert_with(|| format!("{}单元", unit.as_str()));
            numbers.room = Some(room.as_str().to_owned());
        } else if let Some(room) = c.get(3).or_else(|| c.get(4)) {
            numbers.room = Some(room.as_str().to_owned());
        }
        end += whole.end();
    }
    numbers.span = Some((start, end));
}

/// `有一栋楼`, `有3栋楼` and `两栋` count, they do not name a building.
fn is_address(text: &str, m: regex::Match<'_>, value: &str) -> bool {
    let before = text[..m.start()].chars().next_back();
    let named = m.as_str().starts_with('第');
    let bare_one = value == "一";
    let counted = matches!(before, Some('有' | '每' | '这' | '那' | '整' | '哪' | '某' | '同' | '前' | '后'));
    let sum = matches!(before, Some('共' | '每'));
    let has = sum || before == Some('有') && !text[m.end()..].starts_with(|c: char| c.is_ascii_digit());
    let has = has && UNIT.find_at(text, m.end()).is_none_or(|u| u.start() != m.end());
    let letter = value.starts_with(|c: char| c.is_ascii_lowercase());
    let in_number = before.is_some_and(|b| b.is_ascii_digit());
    named || !((value == "两") || (bare_one && counted) || has || (letter && in_word(text, m.start())) || in_number)
}

/// A Latin letter that belongs to a word or number before it.
fn in_word(text: &str, start: usize) -> bool {
    text[..start].chars().next_back().is_some_and(|b| b.is_ascii_alphanumeric())
}

fn stands_alone(text: &str, m: regex::Match<'_>) -> bool {
    let before = text[..m.start()].chars().next_back();
    let after = text[m.end()..].chars().next();
    !before.is_some_and(|c| c.is_ascii_digit() || c == '-') && !after.is_some_and(|c| c.is_ascii_digit() || c == '-')
}

/// A number before one of these counts something; it is no door.
fn follows_quantity(rest: &str) -> bool {
    rest.chars().next().is_some_and(|c| {
        c.is_ascii_digit() || matches!(c, '元' | '块' | '年' | '个' | '人' | '米' | '月' | '日' | '点' | '%' | '-' | '多' | '路')
    })
}
