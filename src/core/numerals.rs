//! Chinese and Arabic numerals by exact value: 1.2万 = 12000 = 一万二 = １２，０００. No floating point anywhere.

use std::cell::Cell;

/// An exact fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: i128,
    den: i128,
}

impl Ratio {
    /// `num / den` in lowest terms; `None` when `den` is 0 or too large to negate.
    #[must_use]
    pub fn new(num: i128, den: i128) -> Option<Self> {
        let (num, den) = if den < 0 { (num.checked_neg()?, den.checked_neg()?) } else { (num, den) };
        if den == 0 {
            return None;
        }
        let g = gcd(num.unsigned_abs(), den.unsigned_abs());
        let g = i128::try_from(g).ok()?.max(1);
        Some(Self { num: num / g, den: den / g })
    }

    /// A whole number.
    #[must_use]
    pub const fn whole(n: i64) -> Self {
        Self { num: n as i128, den: 1 }
    }

    /// Sum, `None` on overflow.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let a = self.num.checked_mul(other.den)?;
        let b = other.num.checked_mul(self.den)?;
        Self::new(a.checked_add(b)?, self.den.checked_mul(other.den)?)
    }

    /// Product, `None` on overflow.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        Self::new(self.num.checked_mul(other.num)?, self.den.checked_mul(other.den)?)
    }

    /// Quotient, `None` on overflow or division by 0.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.den, other.num)?)
    }

    /// The value if it is whole and fits.
    #[must_use]
    pub fn to_whole(self) -> Option<i64> {
        if self.den == 1 { i64::try_from(self.num).ok() } else { None }
    }

    /// Whether `self < other`; values too large to compare are not less.
    #[must_use]
    pub fn is_less(self, other: Self) -> bool {
        match (self.num.checked_mul(other.den), other.num.checked_mul(self.den)) {
            (Some(a), Some(b)) => a < b,
            _ => false,
        }
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Folds what a numeral or unit may be written with to one character each: full-width digits, letters and signs,
/// formal digits (壹贰叁), the traditional forms of number words and units. One character stays one character.
#[must_use]
pub fn fold(c: char) -> char {
    match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '％' | '．' | '－' | '～' | '：' | '／' | '＋' | '＄' => {
            char::from_u32(c as u32 - 0xFEE0).unwrap_or(c)
        }
        '￥' => '¥',
        '\u{00A0}' | '\u{3000}' => ' ',
        '–' | '—' | '−' | '‐' | '‑' => '-',
        '〜' | '∼' => '~',
        '○' => '〇',
        '零' => '〇',
        '壹' | '弌' => '一',
        '贰' | '貳' => '二',
        '叁' | '參' => '三',
        '肆' => '四',
        '伍' => '五',
        '陆' | '陸' => '六',
        '柒' => '七',
        '捌' => '八',
        '玖' => '九',
        '拾' => '十',
        '佰' => '百',
        '仟' => '千',
        '萬' => '万',
        '億' => '亿',
        '兩' | '俩' => '两',
        '點' => '点',
        '時' => '时',
        '號' => '号',
        '歲' => '岁',
        '個' => '个',
        '條' => '条',
        '項' => '项',
        '週' => '周',
        '棟' => '栋',
        '層' => '层',
        '戶' => '户',
        '鐘' => '钟',
        '塊' => '块',
        '\0' => '\u{FFFD}',
        _ => c,
    }
}

/// Value of a folded Chinese digit (〇一二三四五六七八九两).
#[must_use]
pub fn chinese_digit(c: char) -> Option<u8> {
    Some(match c {
        '〇' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

fn chinese_unit(c: char) -> Option<i64> {
    Some(match c {
        '十' => 10,
        '百' => 100,
        '千' => 1000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

/// A folded character of which Chinese numerals are made.
#[must_use]
pub fn is_chinese_numeral(c: char) -> bool {
    chinese_digit(c).is_some() || chinese_unit(c).is_some()
}

/// Reads folded characters and remembers whether anybody looked past the end: then more text could change the reading.
#[derive(Debug)]
pub struct Cursor<'a> {
    chars: &'a [char],
    /// Index of the next character.
    pub at: usize,
    touched_end: Cell<bool>,
}

impl<'a> Cursor<'a> {
    /// A cursor over already [`fold`]ed characters, standing at `at`.
    #[must_use]
    pub fn new(chars: &'a [char], at: usize) -> Self {
        Self { chars, at, touched_end: Cell::new(false) }
    }

    /// The character `ahead` places on, `'\0'` past the end.
    #[must_use]
    pub fn peek(&self, ahead: usize) -> char {
        if let Some(c) = self.chars.get(self.at + ahead) {
            *c
        } else {
            self.touched_end.set(true);
            '\0'
        }
    }

    /// Whether the reading so far depends on what comes after the end.
    #[must_use]
    pub fn touched_end(&self) -> bool {
        self.touched_end.get()
    }

    /// The character `back` places before `at`; a newline before the start.
    #[must_use]
    pub fn behind(&self, at: usize, back: usize) -> char {
        at.checked_sub(back).and_then(|i| self.chars.get(i)).copied().unwrap_or('\n')
    }

    /// Whether `word` stands here. Looks no further than the first character that differs.
    #[must_use]
    pub fn sees(&self, word: &str) -> bool {
        word.chars().enumerate().all(|(i, c)| self.peek(i) == c)
    }

    /// Steps over `word` if it stands here.
    pub fn eat(&mut self, word: &str) -> bool {
        let seen = self.sees(word);
        if seen {
            self.at += word.chars().count();
        }
        seen
    }

    /// Steps over at most two spaces.
    pub fn eat_spaces(&mut self) {
        for _ in 0..2 {
            if self.peek(0) == ' ' {
                self.at += 1;
            }
        }
    }
}

/// How a numeral was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// 12000, 1.2万
    Arabic,
    /// 一万二
    Chinese,
}

/// A numeral that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numeral {
    /// Its exact value.
    pub value: Ratio,
    /// For 两三 or 七八: the upper of the two; `value` is the lower.
    pub upper: Option<Ratio>,
    /// How it was written.
    pub script: Script,
    /// The digits, when it was written as nothing but digits: 〇二三 → "023".
    pub digits: Option<String>,
    /// Written with 百千万亿 at the end: 3万. (3-5万 means 3万 to 5万.)
    pub magnitude: Option<i64>,
}

/// Longest run of digits that is still taken for a number.
const MAX_DIGITS: usize = 24;

fn arabic(c: &mut Cursor<'_>) -> Option<(Ratio, Option<String>)> {
    let mut digits = String::new();
    while c.peek(0).is_ascii_digit() && digits.len() < MAX_DIGITS {
        digits.push(c.peek(0));
        c.at += 1;
    }
    if digits.is_empty() || c.peek(0).is_ascii_digit() {
        return None;
    }
    let mut pure = true;
    if digits.len() <= 3 && !digits.starts_with('0') {
        while matches!(c.peek(0), ',' | '，')
            && (1..=3).all(|k| c.peek(k).is_ascii_digit())
            && !c.peek(4).is_ascii_digit()
            && digits.len() < MAX_DIGITS
        {
            digits.extend((1..=3).map(|k| c.peek(k)));
            c.at += 4;
            pure = false;
        }
    }
    let whole: i128 = digits.parse().ok()?;
    let mut value = Ratio::new(whole, 1)?;
    if c.peek(0) == '.' && c.peek(1).is_ascii_digit() {
        let mut places = 0usize;
        while c.peek(1 + places).is_ascii_digit() && places < 8 {
            places += 1;
        }
        // 1.2.3 is a version or an address, 2024.3.1 a date: the caller tries dates first.
        if c.peek(1 + places) == '.' && c.peek(2 + places).is_ascii_digit() {
            return None;
        }
        let text: String = (1..=places).map(|k| c.peek(k)).collect();
        let scale = 10i128.checked_pow(u32::try_from(places).ok()?)?;
        value = value.plus(Ratio::new(text.parse().ok()?, scale)?)?;
        c.at += 1 + places;
        pure = false;
    }
    Some((value, pure.then_some(digits)))
}

/// Reads the numeral at the cursor, Arabic, Chinese or mixed (1亿2000万), and steps over it.
/// On `None` the cursor may have moved: keep a copy of `at`.
pub fn read(c: &mut Cursor<'_>) -> Option<Numeral> {
    let script = if c.peek(0).is_ascii_digit() { Script::Arabic } else { Script::Chinese };
    let mut total = Ratio::whole(0);
    let mut section = Ratio::whole(0);
    let mut current: Option<Ratio> = None;
    let mut digits = String::new();
    let mut pure = true;
    let (mut last_unit, mut smallest) = (None::<i64>, i64::MAX);
    let (mut after_zero, mut single) = (false, false);
    let mut started = false;
    loop {
        let ch = c.peek(0);
        if ch.is_ascii_digit() {
            if current.is_some() {
                break;
            }
            let at = c.at;
            let Some((value, text)) = arabic(c) else {
                c.at = at;
                if started {
                    break;
                }
                return None;
            };
            single = c.at - at == 1;
            match text {
                Some(text) if last_unit.is_none() => digits = text,
                _ => pure = false,
            }
            current = Some(value);
            started = true;
        } else if let Some(d) = chinese_digit(ch).or_else(|| (ch == '幺' && script == Script::Chinese).then_some(1)) {
            if script == Script::Arabic && last_unit.is_none() {
                break;
            }
            if last_unit.is_some() && d == 0 {
                // 一百零五: the zero only counts when a digit follows.
                let next = c.peek(1);
                if current.is_some() || !(chinese_digit(next).is_some_and(|n| n > 0) || next == '十') {
                    break;
                }
                after_zero = true;
                c.at += 1;
                continue;
            }
            if current.is_some() && last_unit.is_some() {
                break;
            }
            if digits.len() >= MAX_DIGITS {
                return None;
            }
            digits.push(char::from(b'0' + d));
            current = Some(Ratio::new(digits.parse().ok()?, 1)?);
            if last_unit.is_some() {
                current = Some(Ratio::whole(i64::from(d)));
                pure = false;
            }
            single = true;
            started = true;
            c.at += 1;
        } else if let Some(unit) = chinese_unit(ch) {
            if pure && digits.len() > 1 && script == Script::Chinese {
                break;
            }
            let factor = Ratio::whole(unit);
            if unit < 10_000 {
                if script == Script::Arabic && unit == 10 {
                    break;
                }
                let multiplier = match current {
                    Some(value) => value,
                    None if unit == 10 && script == Script::Chinese && (!started || last_unit.is_some_and(|u| u > 10)) => {
                        Ratio::whole(1)
                    }
                    None => break,
                };
                if unit >= smallest {
                    break;
                }
                current = None;
                section = section.plus(multiplier.times(factor)?)?;
                smallest = unit;
            } else {
                let below = section.plus(current.take().unwrap_or(Ratio::whole(0)))?;
                if unit == 10_000 {
                    if below == Ratio::whole(0) {
                        break;
                    }
                    total = total.plus(below.times(factor)?)?;
                } else {
                    let all = total.plus(below)?;
                    if all == Ratio::whole(0) {
                        break;
                    }
                    total = all.times(factor)?;
                }
                section = Ratio::whole(0);
                smallest = i64::MAX;
            }
            last_unit = Some(unit);
            pure = false;
            after_zero = false;
            single = false;
            started = true;
            c.at += 1;
        } else {
            break;
        }
    }
    if !started {
        return None;
    }
    let mut value = total.plus(section)?;
    if let Some(rest) = current {
        let rest = match last_unit {
            // 一万二 is 12000, 一百五 is 150.
            Some(unit) if unit >= 100 && single && !after_zero => rest.times(Ratio::whole(unit / 10))?,
            _ => rest,
        };
        value = value.plus(rest)?;
    }
    let mut numeral = Numeral {
        value,
        upper: None,
        script,
        digits: (pure && !digits.is_empty()).then_some(digits),
        magnitude: if current.is_none() { last_unit.filter(|u| *u >= 100) } else { None },
    };
    if script == Script::Chinese {
        chinese_fraction(c, &mut numeral)?;
        if let Some(text) = numeral.digits.clone().filter(|t| t.len() == 2) {
            let (a, b) = (i64::from(text.as_bytes()[0] - b'0'), i64::from(text.as_bytes()[1] - b'0'));
            // 两三天, 三五个: about so many. Two digits side by side are never a number of their own.
            if a == 0 || a >= b {
                return None;
            }
            numeral.value = Ratio::whole(a);
            numeral.upper = Some(Ratio::whole(b));
            numeral.digits = None;
        }
    }
    Some(numeral)
}

/// 三点五公里 is a decimal, 三点五分 a time: the character behind the digits decides.
fn chinese_fraction(c: &mut Cursor<'_>, numeral: &mut Numeral) -> Option<()> {
    if c.peek(0) != '点' || chinese_digit(c.peek(1)).is_none() {
        return Some(());
    }
    let mut places = 0;
    let mut fraction: i128 = 0;
    while let Some(d) = chinese_digit(c.peek(1 + places)).filter(|_| places < 6) {
        fraction = fraction * 10 + i128::from(d);
        places += 1;
    }
    let next = c.peek(1 + places);
    if matches!(next, '十' | '分' | '刻' | '至' | '到' | '-' | '~' | '，' | '。' | '、' | '\0') {
        return Some(());
    }
    let scale = 10i128.checked_pow(u32::try_from(places).ok()?)?;
    numeral.value = numeral.value.plus(Ratio::new(fraction, scale)?)?;
    numeral.digits = None;
    c.at += 1 + places;
    if let Some(unit) = chinese_unit(c.peek(0)).filter(|u| *u >= 10_000) {
        numeral.value = numeral.value.times(Ratio::whole(unit))?;
        numeral.magnitude = Some(unit);
        c.at += 1;
    }
    Some(())
}

/// Steps over a fraction written in words (百分之三十, 千分之五, 三分之二) or with a sign or word (30%, 5‰, 三成)
/// and gives its value. On `None` the cursor may have moved.
pub fn read_fraction(c: &mut Cursor<'_>) -> Option<Ratio> {
    for (word, den) in [("百分之", 100), ("千分之", 1000), ("万分之", 10_000)] {
        if c.eat(word) {
            return read(c)?.value.over(Ratio::whole(den));
        }
    }
    let first = read(c)?;
    let at = c.at;
    c.eat_spaces();
    if c.eat("%") || c.eat("个百分点") {
        return first.value.over(Ratio::whole(100));
    }
    if c.eat("‰") {
        return first.value.over(Ratio::whole(1000));
    }
    c.at = at;
    if c.eat("分之") {
        return read(c)?.value.over(first.value);
    }
    // 三成 but not 三成员, 一成立.
    if c.sees("成")
        && !matches!(c.peek(1), '员' | '立' | '为' | '功' | '本' | '果' | '熟' | '年' | '都' | '不' | '效' | '品' | '人' | '交')
    {
        c.at += 1;
        let mut value = first.value;
        if let Some(half) = (c.peek(0) == '半').then(|| Ratio::new(1, 2)).flatten() {
            c.at += 1;
            value = value.plus(half)?;
        }
        return value.over(Ratio::whole(10));
    }
    None
}

fn folded(text: &str) -> Vec<char> {
    text.trim().chars().map(fold).collect()
}

/// The value of `text` when all of it is one numeral: 1.2万, 一万二, 12,000, 百分之三十, 30%, 三成, 半.
#[must_use]
pub fn parse(text: &str) -> Option<Ratio> {
    let chars = folded(text);
    if chars == ['半'] {
        return Ratio::new(1, 2);
    }
    let mut c = Cursor::new(&chars, 0);
    if let Some(value) = read_fraction(&mut c)
        && c.at == chars.len()
    {
        return Some(value);
    }
    let mut c = Cursor::new(&chars, 0);
    let numeral = read(&mut c)?;
    if numeral.upper.is_some() {
        return None;
    }
    if c.sees("半") && chars.len() == c.at + 1 {
        return None;
    }
    (c.at == chars.len()).then_some(numeral.value)
}

/// Both ends of `text` when all of it is a range: 450-500, 3～5, 三至五, 3到5万 (30000 and 50000), 两三.
#[must_use]
pub fn parse_range(text: &str) -> Option<(Ratio, Ratio)> {
    let chars = folded(text);
    let mut c = Cursor::new(&chars, 0);
    let low = read(&mut c)?;
    if let Some(upper) = low.upper.filter(|_| c.at == chars.len()) {
        return Some((low.value, upper));
    }
    c.eat_spaces();
    if !eat_range_sign(&mut c) {
        return None;
    }
    c.eat_spaces();
    let high = read(&mut c)?;
    (c.at == chars.len()).then(|| (shared_magnitude(&low, &high), high.value))
}

/// Steps over a sign that joins the ends of a range.
pub fn eat_range_sign(c: &mut Cursor<'_>) -> bool {
    if c.eat("--") || c.eat("-") || c.eat("~") {
        return true;
    }
    c.eat("至") || c.eat("到")
}

/// In 3-5万 the first number is 3万 too; in 500-1万 it is not.
#[must_use]
pub fn shared_magnitude(low: &Numeral, high: &Numeral) -> Ratio {
    let Some(unit) = high.magnitude.filter(|_| low.magnitude.is_none()) else { return low.value };
    match (low.value.times(Ratio::whole(unit)), high.value.over(Ratio::whole(unit))) {
        (Some(scaled), Some(coefficient)) if low.value.is_less(coefficient) => scaled,
        _ => low.value,
    }
}

/// A building's number in one form: 七栋, 第7幢, ７号楼 → "7"; A3栋 → "A3"; `None` when no number is in it.
#[must_use]
pub fn building_number(text: &str) -> Option<String> {
    let chars = folded(text);
    let start = chars.iter().position(|c| c.is_ascii_alphanumeric() || is_chinese_numeral(*c))?;
    let mut c = Cursor::new(&chars, start);
    let mut out = String::new();
    while c.peek(0).is_ascii_alphabetic() && out.len() < 4 {
        out.push(c.peek(0).to_ascii_uppercase());
        c.at += 1;
    }
    if let Some(n) = read(&mut c) {
        out.push_str(&n.value.to_whole()?.to_string());
    }
    (!out.is_empty()).then_some(out)
}
