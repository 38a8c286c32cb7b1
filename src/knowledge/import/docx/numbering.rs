//! Numbers that Word writes by itself.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{attribute, local};

#[derive(Debug, Clone, Default)]
struct Level {
    start: u32,
    format: String,
    text: String,
}

/// The lists of a document, and how far each has counted.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// Number of the list → its pattern.
    patterns: HashMap<String, String>,
    /// Pattern → its levels.
    levels: HashMap<String, HashMap<u8, Level>>,
    counted: HashMap<String, [u32; 9]>,
}

impl Numbering {
    pub fn read(xml: &str) -> Self {
        let mut out = Self::default();
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        let (mut pattern, mut list, mut level) = (None::<String>, None::<String>, 0u8);
        loop {
            match reader.read_event() {
                Ok(Event::Start(e) | Event::Empty(e)) => {
                    let name = e.name();
                    let value = || attribute(&e, "val").unwrap_or_default();
                    match local(name.as_ref()).1 {
                        "abstractNum" => pattern = attribute(&e, "abstractNumId"),
                        "num" => {
                            pattern = None;
                            list = attribute(&e, "numId");
                        }
                        "abstractNumId" => {
                            if let Some(list) = &list {
                                out.patterns.insert(list.clone(), value());
                            }
                        }
                        "lvl" => level = attribute(&e, "ilvl").and_then(|l| l.parse().ok()).unwrap_or(0),
                        part @ ("start" | "numFmt" | "lvlText") => {
                            if let Some(pattern) = &pattern {
                                let known = out
                                    .levels
                                    .entry(pattern.clone())
                                    .or_default()
                                    .entry(level)
                                    .or_insert_with(|| Level { start: 1, ..Level::default() });
                                match part {
                                    "start" => known.start = value().parse().unwrap_or(1),
                                    "numFmt" => known.format = value(),
                                    _ => known.text = value(),
                                }
                            }
                        }
                        _ => {}
                    }
                }
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        out
    }

    fn level(&self, list: &str, level: u8) -> Option<&Level> {
        self.levels.get(self.patterns.get(list)?)?.get(&level)
    }

    /// Is it a list at all (number 0 takes a paragraph out of its list)?
    pub fn is_list(&self, list: &str) -> bool {
        list != "0" && self.patterns.contains_key(list)
    }

    /// Counts on and writes the number of the next paragraph of a list; `None` for bullets.
    pub fn next(&mut self, list: &str, level: u8) -> Option<String> {
        let level = level.min(8);
        let own = self.level(list, level)?.clone();
        let pattern = self.patterns.get(list)?.clone();
        let starts: Vec<u32> = (0..9).map(|l| self.level(list, l).map_or(1, |x| x.start)).collect();
        let counted = self.counted.entry(pattern).or_default();
        let at = usize::from(level);
        counted[at] = if counted[at] == 0 { starts[at].max(1) } else { counted[at].saturating_add(1) };
        for below in &mut counted[at + 1..] {
            *below = 0;
        }
        let counted = *counted;
        if matches!(own.format.as_str(), "bullet" | "none" | "") {
            return None;
        }
        let mut out = String::new();
        let mut chars = own.text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let Some(digit) = chars.next().and_then(|c| c.to_digit(10)).filter(|d| (1..=9).contains(d)) else { continue };
            let place = digit as usize - 1;
            let number = if counted[place] == 0 { starts[place].max(1) } else { counted[place] };
            let format = u8::try_from(place).ok().and_then(|l| self.level(list, l)).map_or("decimal", |l| l.format.as_str());
            out.push_str(&written(number, format));
        }
        if out.is_empty() {
            return None;
        }
        if !out.ends_with(['、', '）', ')', '．', ' ']) {
            out.push(' ');
        }
        Some(out)
    }
}

fn written(number: u32, format: &str) -> String {
    match format {
        "chineseCounting"
        | "chineseCountingThousand"
        | "japaneseCounting"
        | "ideographDigital"
        | "taiwaneseCountingThousand"
        | "koreanCounting" => chinese(number),
        "decimalZero" => format!("{number:02}"),
        "lowerLetter" => letter(number, b'a'),
        "upperLetter" => letter(number, b'A'),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => char::from_u32(0x245F + number)
            .filter(|_| (1..=20).contains(&number))
            .map_or_else(|| number.to_string(), String::from),
        "decimalFullWidth" => number.to_string(),
        "lowerRoman" => roman(number).to_lowercase(),
        "upperRoman" => roman(number),
        _ => number.to_string(),
    }
}

fn letter(number: u32, first: u8) -> String {
    let at = u8::try_from((number.max(1) - 1) % 26).unwrap_or(0);
    char::from(first + at).to_string()
}

fn roman(number: u32) -> String {
    let mut rest = number.min(3999);
    let mut out = String::new();
    for (value, sign) in [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ] {
        while rest >= value {
            out.push_str(sign);
            rest -= value;
        }
    }
    out
}

/// 1 … 9999 as 一百二十三; larger as digits.
fn chinese(number: u32) -> String {
    const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    if number == 0 || number > 9999 {
        return number.to_string();
    }
    let mut out = String::new();
    let mut gap = false;
    for (unit, sign) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = (number / unit % 10) as usize;
        if digit == 0 {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push('零');
            gap = false;
        }
        // 十二, not 一十二.
        if !(digit == 1 && unit == 10 && out.is_empty()) {
            out.push_str(DIGITS[digit]);
        }
        out.push_str(sign);
    }
    out
}
