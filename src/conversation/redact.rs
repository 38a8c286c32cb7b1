//! Personal data does not reach a model: telephone and ID numbers, plates, bank cards, mail addresses, room doors and
//! names become placeholders before the call. The [`Vault`] of the conversation knows what they stood for.
//!
//! Buildings and units stay (the routing needs them), public short numbers stay (they are nobody's).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::core::numerals::{chinese_digit, fold};
use crate::core::text::is_cjk;

use super::names;

/// What was taken out of a conversation's texts, by placeholder. Serialise it only encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    entries: Vec<Entry>,
}

/// One value and what stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    placeholder: String,
    /// As written.
    value: String,
    /// Kind and value without spaces and signs, so that 138 0013 8000 and 13800138000 are one number.
    key: String,
}

impl Vault {
    /// The values in it, as written.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.value.as_str())
    }

    /// Whether nothing was taken out yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value that `placeholder` stands for.
    #[must_use]
    pub fn value(&self, placeholder: &str) -> Option<&str> {
        self.entries.iter().find(|e| e.placeholder == placeholder).map(|e| e.value.as_str())
    }

    /// Values of one kind, in the order in which they came up.
    pub fn of(&self, kind: Personal) -> impl Iterator<Item = &str> {
        let start = format!("〔{}", kind.label());
        self.entries.iter().filter(move |e| e.placeholder.starts_with(&start)).map(|e| e.value.as_str())
    }

    fn placeholder(&mut self, kind: Personal, value: &str) -> String {
        let plain: String =
            value.chars().map(fold).filter(|c| !matches!(c, ' ' | '-' | '·' | '.' | '(' | ')' | '（' | '）')).collect();
        let written = !value.is_ascii();
        // A number written in two ways keeps both spellings apart, so that restoring gives each text back as it was.
        let key = format!("{}:{}", kind.label(), if written { value } else { plain.as_str() });
        if let Some(entry) = self.entries.iter().find(|e| e.key == key && e.value == value) {
            return entry.placeholder.clone();
        }
        let alike = self.entries.iter().filter(|e| e.key == key).count();
        let base = self.entries.iter().find(|e| e.key == key).map(|e| e.placeholder.clone());
        let placeholder = if let Some(first) = base {
            // Same number, other spelling: 〔电话1〕 → 〔电话1′〕, so that the model still sees one number.
            format!("{}{}〕", first.trim_end_matches(['〕', '′']), "′".repeat(alike))
        } else {
            let start = format!("〔{}", kind.label());
            let count = self.entries.iter().filter(|e| e.placeholder.starts_with(&start) && !e.placeholder.contains('′')).count();
            format!("〔{}{}〕", kind.label(), count + 1)
        };
        self.entries.push(Entry { placeholder: placeholder.clone(), value: value.to_owned(), key });
        placeholder
    }
}

/// Kinds of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Personal {
    /// Mobile or landline number.
    Phone,
    /// Identity card number, 18 or 15 characters.
    Identity,
    /// Number plate.
    Plate,
    /// Bank card.
    BankCard,
    /// Mail address.
    Email,
    /// Room, never building or unit.
    Door,
    /// A person's name, self-given or labelled.
    Name,
}

impl Personal {
    /// The word in the placeholder.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Phone => "电话",
            Self::Identity => "证件",
            Self::Plate => "车牌",
            Self::BankCard => "银行卡",
            Self::Email => "邮箱",
            Self::Door => "门牌",
            Self::Name => "姓名",
        }
    }
}

/// `text` with placeholders; what was taken out is added to `vault`. A name once learnt is taken out wherever it occurs.
#[must_use]
pub fn redact(text: &str, vault: &mut Vault) -> String {
    // What stands beside a placeholder reads differently than before it was one: once more, until nothing changes.
    let mut out = pass(text, vault);
    for _ in 0..4 {
        let again = pass(&out, vault);
        if again == out {
            break;
        }
        out = again;
    }
    out
}

fn pass(text: &str, vault: &mut Vault) -> String {
    let raw: Vec<char> = text.chars().collect();
    let folded: Vec<char> = raw.iter().copied().map(fold).collect();
    let mut spans: Vec<(usize, usize, Personal)> = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        if let Some(end) = placeholder_at(&raw, at) {
            at = end;
            continue;
        }
        match personal_at(&folded, at) {
            Some((start, end, kind)) => {
                spans.push((start, end, kind));
                at = end;
            }
            None => at += 1,
        }
    }
    let free = |a: usize, b: usize, spans: &[(usize, usize, Personal)]| spans.iter().all(|s| b <= s.0 || a >= s.1);
    let mut known: Vec<Vec<char>> = vault.of(Personal::Name).map(|n| n.chars().collect()).collect();
    for (start, end) in names::find(&raw) {
        if free(start, end, &spans) {
            known.push(raw[start..end].to_vec());
        }
    }
    known.sort_by_key(|n| std::cmp::Reverse(n.len()));
    known.dedup();
    let mut at = 0;
    while at < raw.len() {
        if let Some(end) = placeholder_at(&raw, at) {
            at = end;
            continue;
        }
        let hit = known.iter().find(|n| raw[at..].starts_with(n)).map(|n| at + n.len());
        match hit.filter(|end| free(at, *end, &spans)) {
            Some(end) => {
                spans.push((at, end, Personal::Name));
                at = end;
            }
            None => at += 1,
        }
    }
    spans.sort_unstable_by_key(|s| s.0);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end, kind) in spans {
        out.extend(&raw[at..start]);
        let value: String = raw[start..end].iter().collect();
        out.push_str(&vault.placeholder(kind, &value));
        at = end;
    }
    out.extend(&raw[at..]);
    out
}

/// `text` with the values back in the place of their placeholders. Unknown placeholders stay.
#[must_use]
pub fn restore(text: &str, vault: &Vault) -> String {
    let values: HashMap<&str, &str> = vault.entries.iter().map(|e| (e.placeholder.as_str(), e.value.as_str())).collect();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('〔') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let end = rest.find('〕').map(|p| p + '〕'.len_utf8());
        if let Some((e, value)) = end.and_then(|e| values.get(&rest[..e]).map(|v| (e, v))) {
            out.push_str(value);
            rest = &rest[e..];
        } else {
            out.push('〔');
            rest = &rest['〔'.len_utf8()..];
        }
    }
    out.push_str(rest);
    out
}

/// `text` without the values that `vault` knows. Unlike [`redact`] it takes out nothing else: numbers of offices stay.
#[must_use]
pub fn hide(text: &str, vault: &Vault) -> String {
    let mut entries: Vec<&Entry> = vault.entries.iter().filter(|e| !e.value.is_empty()).collect();
    entries.sort_by_key(|e| std::cmp::Reverse(e.value.len()));
    entries.into_iter().fold(text.to_owned(), |text, entry| text.replace(&entry.value, &entry.placeholder))
}

/// For logs and lists: 138****8000; shorter numbers keep their last two digits.
#[must_use]
pub fn mask_phone(number: &str) -> String {
    let digits: Vec<char> = number.chars().map(fold).filter(char::is_ascii_digit).collect();
    let (head, tail) = if digits.len() >= 11 { (3, 4) } else { (0, 2) };
    if digits.len() <= head + tail {
        return "*".repeat(digits.len());
    }
    let stars = "*".repeat(digits.len() - head - tail);
    digits[..head].iter().collect::<String>() + &stars + &digits[digits.len() - tail..].iter().collect::<String>()
}

fn placeholder_at(raw: &[char], at: usize) -> Option<usize> {
    if raw[at] != '〔' {
        return None;
    }
    let close = raw[at..].iter().take(8).position(|c| *c == '〕')?;
    let inside: String = raw[at + 1..at + close].iter().collect();
    let labelled = ["电话", "证件", "车牌", "银行卡", "邮箱", "门牌", "姓名"].iter().find_map(|l| inside.strip_prefix(l))?;
    let number = labelled.trim_end_matches('′');
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(at + close + 1)
}

type Span = (usize, usize, Personal);

fn personal_at(chars: &[char], at: usize) -> Option<Span> {
    email(chars, at).or_else(|| plate(chars, at)).or_else(|| number(chars, at)).or_else(|| door(chars, at))
}

fn behind(chars: &[char], at: usize, back: usize) -> char {
    at.checked_sub(back).and_then(|i| chars.get(i)).copied().unwrap_or('\n')
}

fn email(chars: &[char], at: usize) -> Option<Span> {
    let local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    if !local(chars[at]) || local(behind(chars, at, 1)) {
        return None;
    }
    let sign = chars[at..].iter().take(65).position(|c| !local(*c))? + at;
    if !matches!(chars[sign], '@' | '＠') {
        return None;
    }
    let domain = chars[sign + 1..].iter().take(80).take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).count();
    let mut end = sign + 1 + domain;
    while end > sign + 1 && matches!(chars[end - 1], '.' | '-') {
        end -= 1;
    }
    chars[sign + 1..end].contains(&'.').then_some((at, end, Personal::Email))
}

fn plate(chars: &[char], at: usize) -> Option<Span> {
    const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使";
    if !PROVINCES.contains(chars[at]) || !chars.get(at + 1)?.is_ascii_alphabetic() {
        return None;
    }
    let mut end = at + 2;
    while matches!(chars.get(end), Some('·' | '.' | ' ' | '-' | '•' | '・')) && end < at + 4 {
        end += 1;
    }
    let body = chars[end..].iter().take(7).take_while(|c| c.is_ascii_alphanumeric()).count();
    let digits = chars[end..end + body].iter().filter(|c| c.is_ascii_digit()).count();
    let special = chars.get(end + body).is_some_and(|c| matches!(c, '学' | '警' | '挂' | '领' | '港' | '澳'));
    let fits = (matches!(body, 5 | 6) || (body == 4 && special)) && digits >= 2;
    fits.then_some((at, end + body + usize::from(body == 4), Personal::Plate))
}

/// Digit of a number as it may be written: 1, １, 一, 幺.
fn digit(c: char) -> Option<char> {
    if c.is_ascii_digit() {
        return Some(c);
    }
    if c == '幺' {
        return Some('1');
    }
    if matches!(c, '两') {
        return None;
    }
    chinese_digit(c).map(|d| char::from(b'0' + d))
}

/// Telephone, ID and card numbers: digits with single spaces or signs between them.
fn number(chars: &[char], at: usize) -> Option<Span> {
    let bracketed = matches!(chars[at], '(' | '（') && chars.get(at + 1) == Some(&'0');
    let first = if bracketed { at + 1 } else { at };
    digit(chars[first])?;
    if digit(behind(chars, at, 1)).is_some() {
        return None;
    }
    // Every place where the number could end, with its digits so far.
    let mut digits = String::new();
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut k = first;
    while k < chars.len() && digits.len() < 24 {
        if let Some(d) = digit(chars[k]) {
            digits.push(d);
            k += 1;
        } else if matches!(chars[k], 'X' | 'x') && matches!(digits.len(), 17) {
            digits.push('X');
            k += 1;
            ends.push((k, digits.len()));
            break;
        } else {
            ends.push((k, digits.len()));
            let gap = chars[k..].iter().take(3).take_while(|c| matches!(c, ' ' | '-' | '~' | ')' | '）' | '·' | '_')).count();
            if gap == 0 || gap > 2 || chars.get(k + gap).copied().and_then(digit).is_none() {
                break;
            }
            k += gap;
        }
    }
    if k == chars.len() || digits.len() >= 24 {
        ends.push((k, digits.len()));
    }
    // The whole first, then what is left when other numbers are written behind it.
    for (end, length) in ends.iter().rev() {
        if let Some(kind) = kind_of(&digits[..*length], chars, at) {
            return Some((at, *end, kind));
        }
    }
    // No mobile or ID number may get through because other digits stand before or behind it without a gap.
    let run = chars[first..].iter().take_while(|c| digit(**c).is_some()).count();
    let holds_mobile = || digits.as_bytes().windows(11).any(|w| w[0] == b'1' && w[1] >= b'3');
    match run {
        15.. => Some((at, first + run, Personal::BankCard)),
        12..=14 if holds_mobile() => Some((at, first + run, Personal::Phone)),
        _ => None,
    }
}

fn kind_of(digits: &str, chars: &[char], at: usize) -> Option<Personal> {
    let b = digits.as_bytes();
    let month_day = |month: &[u8], day: &[u8]| {
        let two = |t: &[u8]| (t[0] - b'0') * 10 + (t[1] - b'0');
        (1..=12).contains(&two(month)) && (1..=31).contains(&two(day))
    };
    match b.len() {
        18 if b[..17].iter().all(u8::is_ascii_digit)
            && matches!(&b[6..8], b"18" | b"19" | b"20")
            && month_day(&b[10..12], &b[12..14]) =>
        {
            Some(Personal::Identity)
        }
        15 if b[0] != b'0' && month_day(&b[8..10], &b[10..12]) => Some(Personal::Identity),
        11 if b[0] == b'1' && b[1] >= b'3' => Some(Personal::Phone),
        13 if b.starts_with(b"861") && b[3] >= b'3' => Some(Personal::Phone),
        10 | 11 if matches!(b, [b'0', b'1' | b'2', ..]) => Some(Personal::Phone),
        11 | 12 if matches!(b, [b'0', b'3'..=b'9', ..]) => Some(Personal::Phone),
        7 | 8 if landline_context(chars, at) && b[0] >= b'2' => Some(Personal::Phone),
        15..=19 if b[0] != b'0' => Some(Personal::BankCard),
        _ => None,
    }
}

/// Seven or eight digits alone are a number only where a telephone is spoken of.
fn landline_context(chars: &[char], at: usize) -> bool {
    let before: String = chars[at.saturating_sub(8)..at].iter().collect();
    ["电话", "座机", "手机", "联系", "号码", "打"]
        .iter()
        .any(|w| before.match_indices(w).any(|(p, _)| !before[..p].ends_with('〔')))
}

/// The room of an address: 501室, 5-3号房, 7-2-501, 2单元501, 3幢1204, 12楼3号.
fn door(chars: &[char], at: usize) -> Option<Span> {
    let is_number = |c: char| digit(c).is_some() || matches!(c, '十' | '百');
    if !is_number(chars[at]) || is_number(behind(chars, at, 1)) || behind(chars, at, 1).is_ascii_alphanumeric() {
        return None;
    }
    let length = chars[at..].iter().take_while(|c| is_number(**c)).count();
    let end = at + length;
    let next = |k: usize| chars.get(end + k).copied().unwrap_or('\n');
    let previous = behind(chars, at, 1);
    let hyphen = |c: char| matches!(c, '-' | '~' | '_' | '/' | '之');
    // 5-3号房: the whole is the room when nothing before it names a building.
    if hyphen(next(0)) && length <= 3 && !hyphen(previous) {
        let second = chars[end + 1..].iter().take_while(|c| is_number(**c)).count();
        let after = end + 1 + second;
        let suffix = room_suffix(chars, after);
        let third_follows = chars.get(after).copied().is_some_and(hyphen) && chars.get(after + 1).copied().is_some_and(is_number);
        if second > 0 && !third_follows && suffix > 0 && !matches!(chars.get(after), Some('栋' | '幢' | '座')) {
            return Some((at, after + suffix, Personal::Door));
        }
        // 我住3-1204, 铂金云鼎3-1204: building and room. An amount or a count says what of, and a range stands behind other words.
        let tail = chars.get(after).copied().unwrap_or('\n');
        let lived_in = is_han(previous)
            && !matches!(previous, '第' | '共' | '约' | '至' | '到' | '款' | '价' | '从' | '间' | '罚' | '近' | '达' | '过');
        if length <= 2 && (3..=4).contains(&second) && !third_follows && lived_in && !counts(tail) {
            return Some((end + 1, after, Personal::Door));
        }
        // 7-2-501: building, unit, room.
        if third_follows && second <= 2 {
            let start = after + 1;
            let third = chars[start..].iter().take_while(|c| is_number(**c)).count();
            let tail = chars.get(start + third).copied().unwrap_or('\n');
            let dated = length == 4 || matches!(tail, '日' | '号') && third <= 2 && tail == '日';
            if (2..=4).contains(&third) && !hyphen(tail) && !dated {
                return Some((start, start + third + room_suffix(chars, start + third), Personal::Door));
            }
        }
    }
    let suffix = room_suffix(chars, end);
    // 共1200户 counts households.
    let households = next(0) == '户'
        && matches!(previous, '共' | '约' | '有' | '等' | '近' | '达' | '余' | '超' | '过' | '计' | '及' | '前' | '这' | '涉');
    if suffix > 0 && !households && !(next(0) == '号' && length > 4) {
        let plain_number = next(0) == '号' && suffix == 1;
        // 3号 alone is a house, a day or a line; behind a floor or a unit it is a door.
        if !plain_number || matches!(previous, '楼' | '层') || (previous == '元' && behind(chars, at, 2) == '单') {
            return Some((at, end + suffix, Personal::Door));
        }
        return None;
    }
    let after_house = matches!(previous, '栋' | '幢' | '座' | '楼' | '层')
        || (previous == '元' && behind(chars, at, 2) == '单')
        || (hyphen(previous) && matches!(behind(chars, at, 2), '栋' | '幢' | '元'));
    (after_house && (3..=4).contains(&length) && !counts(next(0))).then_some((at, end, Personal::Door))
}

/// True for what follows a number that counts or measures something.
const fn counts(c: char) -> bool {
    matches!(
        c,
        '单' | '栋'
            | '幢'
            | '座'
            | '楼'
            | '层'
            | '户'
            | '个'
            | '人'
            | '米'
            | '年'
            | '月'
            | '日'
            | '点'
            | '时'
            | '元'
            | '次'
            | '部'
            | '台'
            | '家'
            | '盏'
            | '根'
            | '分'
            | '天'
            | '号'
            | '块'
            | '平'
            | '公'
            | '万'
            | '多'
            | '-'
            | '.'
            | '%'
    )
}

fn is_han(c: char) -> bool {
    crate::core::text::is_cjk(c)
}

/// Length of the word for a room that stands at `at`.
fn room_suffix(chars: &[char], at: usize) -> usize {
    for word in ["号房间", "号房", "号室", "房间", "室", "户", "房", "号"] {
        let length = word.chars().count();
        let Some(seen) = chars.get(at..at + length) else { continue };
        if !seen.iter().copied().eq(word.chars()) {
            continue;
        }
        let after = chars.get(at + length).copied().unwrap_or('\n');
        let before = behind(chars, at, 1);
        let digits = chars[..at].iter().rev().take_while(|c| digit(**c).is_some() || matches!(c, '十' | '百')).count();
        let fits = match word {
            // 30户居民 is a number of households, 501户 a door.
            "户" => {
                digits >= 3
                    && !chars[at - digits..at].iter().any(|c| matches!(c, '十' | '百'))
                    && !matches!(after, '居' | '人' | '家' | '业' | '村' | '群' | '型' | '籍' | '口' | '外')
                    && before != '百'
                    && before != '十'
            }
            "室" => !matches!(after, '内' | '外') || digits >= 3,
            "房" => digits >= 2 && !matches!(after, '屋' | '产' | '子' | '租' | '主' | '东' | '价'),
            "号" => !matches!(
                after,
                '楼' | '线' | '码' | '院' | '门' | '文' | '令' | '地' | '桥' | '栋' | '幢' | '召' | '路' | '店' | '公'
            ),
            _ => true,
        };
        if fits {
            return length;
        }
    }
    0
}

/// Whether a character can belong to a Chinese name.
pub(super) fn in_name(c: char) -> bool {
    is_cjk(c) || c == '·'
}
