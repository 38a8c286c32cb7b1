//! Building, unit, room and grid numbers in free text.

use std::sync::LazyLock;

use regex::Regex;

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
}

const NUMERAL: &str = "[0-9]{1,3}|[零〇一二两三四五六七八九十百]{1,4}";

#[expect(clippy::expect_used, reason = "the patterns are literals of this file; every test run compiles them")]
fn pattern(text: &str) -> Regex {
    Regex::new(&text.replace("NUM", NUMERAL)).expect("the pattern is a literal of this file")
}

static BUILDING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:第)?(NUM|[a-z])(?:号楼|栋楼|栋|幢|#楼|#)|([0-9]{1,3}|[a-z])(?:座)"));
static UNIT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:第)?(NUM|[a-z])单元"));
static DASHED: LazyLock<Regex> = LazyLock::new(|| pattern(r"([0-9]{1,3})-([0-9]{1,2})-([0-9]{1,4})"));
static AFTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:的|,|，)?(?:([0-9]{1,2})-([0-9]{3,4})|([0-9]{1,2}-[0-9]{1,2})|([0-9]{3,4}))(?:室|号房|号|户|房)?")
});
static ROOM: LazyLock<Regex> = LazyLock::new(|| pattern(r"([0-9]{3,4}|[0-9]{1,2}-[0-9]{1,2})(?:室|户|号房|房间)"));
static GRID: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:第)?(NUM)(?:号)?(微)?网格"));

/// Reads the numbers out of `text`, which is in the form of [`super::reading::plain`].
#[must_use]
pub fn numbers(text: &str) -> Numbers {
    let mut out = Numbers::default();
    let mut end_of_parts = None;

    if let Some(c) = BUILDING.captures_iter(text).find(|c| is_address(text, c.get(0))) {
        let value = c.get(1).or_else(|| c.get(2)).map_or("", |m| m.as_str());
        set_building(&mut out, value);
        note(&mut out, &mut end_of_parts, c.get(0));
        // 「2栋楼上」: the 楼 belongs to the next word.
        if let Some(m) = c.get(0).filter(|m| {
            m.as_str().ends_with("栋楼") && text[m.end()..].starts_with(['上', '下', '道', '梯', '顶', '里', '前', '后', '门'])
        }) {
            let end = m.end() - '楼'.len_utf8();
            end_of_parts = Some(end);
            out.span = out.span.map(|(s, _)| (s, end));
        }
    }
    if let Some(c) = UNIT.captures(text) {
        let value = &c[1];
        out.unit = Some(match small_number(value) {
            Some(n) => format!("{n}单元"),
            None => format!("{}单元", value.to_uppercase()),
        });
        note(&mut out, &mut end_of_parts, c.get(0));
    }
    if out.building.is_none()
        && let Some(c) = DASHED.captures(text).filter(|c| stands_alone(text, c.get(0)))
    {
        set_building(&mut out, &c[1]);
        if c[3].len() >= 3 {
            out.unit = Some(format!("{}单元", &c[2]));
            out.room = Some(c[3].to_owned());
        } else {
            out.room = Some(format!("{}-{}", &c[2], &c[3]));
        }
        note(&mut out, &mut end_of_parts, c.get(0));
    }
    // Right after building or unit a bare number is the door.
    if out.room.is_none()
        && let Some(end) = end_of_parts
        && let Some(c) = AFTER.captures(&text[end..])
        && let Some(whole) = c.get(0)
        && !follows_quantity(&text[end + whole.end()..])
    {
        if let (Some(unit), Some(room)) = (c.get(1), c.get(2)) {
            out.unit.get_or_insert_with(|| format!("{}单元", unit.as_str()));
            out.room = Some(room.as_str().to_owned());
        } else if let Some(room) = c.get(3).or_else(|| c.get(4)) {
            out.room = Some(room.as_str().to_owned());
        }
        if let Some((_, e)) = &mut out.span {
            *e = (*e).max(end + whole.end());
        }
    }
    if out.room.is_none()
        && let Some(c) = ROOM.captures(text)
    {
        out.room = Some(c[1].to_owned());
        note(&mut out, &mut end_of_parts, c.get(0));
    }
    for c in GRID.captures_iter(text) {
        if let Some(n) = small_number(&c[1]) {
            let word = chinese(n);
            if c.get(2).is_some() {
                out.micro_grid = Some(format!("第{word}微网格"));
            } else {
                out.grid = Some(format!("第{word}网格"));
            }
        }
    }
    out
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
    out.building_number = small_number(value);
    out.building = Some(match out.building_number {
        Some(n) => format!("{n}栋"),
        None => format!("{}栋", value.to_uppercase()),
    });
}

fn note(out: &mut Numbers, end_of_parts: &mut Option<usize>, m: Option<regex::Match<'_>>) {
    let Some(m) = m else { return };
    let (s, e) = out.span.unwrap_or((m.start(), m.end()));
    // Parts of one address stand together; a unit far away belongs to another sentence.
    if m.start() <= e + 12 {
        out.span = Some((s.min(m.start()), e.max(m.end())));
    }
    *end_of_parts = Some(m.end());
}

/// `有一栋楼` and `每一栋` count, they do not name a building.
fn is_address(text: &str, m: Option<regex::Match<'_>>) -> bool {
    let Some(m) = m else { return false };
    let before = text[..m.start()].chars().next_back();
    let bare_one = m.as_str().starts_with('一') && !m.as_str().starts_with("一百");
    let counted = matches!(before, Some('有' | '每' | '这' | '那' | '整' | '哪' | '某' | '同' | '前' | '后'));
    let letter = m.as_str().starts_with(|c: char| c.is_ascii_lowercase());
    let in_word = letter && before.is_some_and(|b| b.is_ascii_alphanumeric());
    let in_number = before.is_some_and(|b| b.is_ascii_digit());
    !(bare_one && counted) && !in_word && !in_number
}

fn stands_alone(text: &str, m: Option<regex::Match<'_>>) -> bool {
    let Some(m) = m else { return false };
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
