//! Figures of a sentence by value and unit, and the sentence without them: two sentences that say the same of the same
//! thing with another figure contradict each other.

use crate::core::numerals::{self, Cursor, Ratio, fold};
use crate::knowledge::split;

/// Units that rules are made of, longer ones first, each with the name under which figures are compared.
const UNITS: [(&str, &str); 38] = [
    ("个工作日", "工作日"),
    ("工作日", "工作日"),
    ("个自然日", "日"),
    ("自然日", "日"),
    ("个月", "月"),
    ("个小时", "小时"),
    ("小时", "小时"),
    ("分钟", "分钟"),
    ("周岁", "岁"),
    ("岁", "岁"),
    ("周年", "年"),
    ("年", "年"),
    ("天", "日"),
    ("日", "日"),
    ("周", "周"),
    ("元", "元"),
    ("块", "元"),
    ("平方米", "平方米"),
    ("公里", "公里"),
    ("千米", "公里"),
    ("厘米", "厘米"),
    ("毫米", "毫米"),
    ("米", "米"),
    ("公斤", "公斤"),
    ("千克", "公斤"),
    ("千瓦", "千瓦"),
    ("分贝", "分贝"),
    ("度", "度"),
    ("人", "人"),
    ("户", "户"),
    ("倍", "倍"),
    ("次", "次"),
    ("份", "份"),
    ("层", "层"),
    ("寸", "寸"),
    ("张", "张"),
    ("%", "%"),
    ("‰", "‰"),
];

/// A value with its unit, in the order of the sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Exact value; percentages as the number before the sign.
    pub value: Ratio,
    /// Name under which it is compared.
    pub unit: &'static str,
    /// As written.
    pub words: String,
}

/// A sentence that states figures.
#[derive(Debug, Clone)]
pub struct Stated {
    /// The sentence.
    pub sentence: String,
    /// Its figures.
    pub figures: Vec<Figure>,
    /// The sentence with `#` in place of each figure, bare.
    pub frame: Vec<char>,
}

/// The sentences of `text` that state a figure with a unit.
#[must_use]
pub fn stated(text: &str) -> Vec<Stated> {
    split::sentences(text).into_iter().filter_map(of_sentence).collect()
}

fn of_sentence(sentence: &str) -> Option<Stated> {
    let sentence = sentence.trim();
    let chars: Vec<char> = sentence.chars().collect();
    let folded: Vec<char> = chars.iter().map(|c| fold(*c)).collect();
    let (mut figures, mut frame) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < folded.len() {
        // An article's number is a name, not a figure.
        let named = at > 0 && folded[at - 1] == '第';
        if let Some((figure, end)) = figure_at(&folded, at).filter(|_| !named) {
            frame.push('#');
            frame.extend(figure.unit.chars());
            figures.push(Figure { words: chars[at..end].iter().collect(), ..figure });
            at = end;
        } else {
            if chars[at].is_alphanumeric() {
                frame.push(chars[at]);
            }
            at += 1;
        }
    }
    (!figures.is_empty()).then(|| Stated { sentence: sentence.to_owned(), figures, frame })
}

fn figure_at(folded: &[char], at: usize) -> Option<(Figure, usize)> {
    let first = folded[at];
    let (value, mut end, percent) = if folded[at..].starts_with(&['百', '分', '之']) {
        let mut c = Cursor::new(folded, at + 3);
        let numeral = numerals::read(&mut c)?;
        (numeral.value, c.at, true)
    } else if first.is_ascii_digit() || numerals::is_chinese_numeral(first) {
        // Inside of a word of digits and letters (A3, 12345) nothing begins.
        if at > 0 && (folded[at - 1].is_ascii_alphanumeric() || folded[at - 1] == '.') {
            return None;
        }
        let mut c = Cursor::new(folded, at);
        let numeral = numerals::read(&mut c)?;
        (numeral.value, c.at, false)
    } else {
        return None;
    };
    if percent {
        return Some((Figure { value, unit: "%", words: String::new() }, end));
    }
    while folded.get(end) == Some(&' ') {
        end += 1;
    }
    let rest: String = folded[end..].iter().take(4).collect();
    let (word, unit) = UNITS.iter().find(|(word, _)| rest.starts_with(word))?;
    Some((Figure { value, unit, words: String::new() }, end + word.chars().count()))
}

/// The first pair of figures of the same unit and place in the sentence that differ; `None` when the sentences do not say
/// the same of the same thing, or agree.
#[must_use]
pub fn conflict<'a>(ours: &'a Stated, theirs: &'a Stated) -> Option<(&'a Figure, &'a Figure)> {
    let same_units =
        ours.figures.len() == theirs.figures.len() && ours.figures.iter().zip(&theirs.figures).all(|(a, b)| a.unit == b.unit);
    if !same_units || likeness(&ours.frame, &theirs.frame) < FRAME {
        return None;
    }
    ours.figures.iter().zip(&theirs.figures).find(|(a, b)| a.value != b.value)
}

/// Frames this alike speak of the same thing.
const FRAME: f32 = 0.6;

/// Shared pairs of neighbouring characters of all (0..1).
fn likeness(a: &[char], b: &[char]) -> f32 {
    let pairs = |chars: &[char]| {
        let mut out: Vec<(char, char)> = chars.windows(2).map(|w| (w[0], w[1])).collect();
        out.sort_unstable();
        out.dedup();
        out
    };
    let (a, b) = (pairs(a), pairs(b));
    let both = a.iter().filter(|p| b.binary_search(p).is_ok()).count();
    let all = a.len() + b.len() - both;
    if all == 0 { 0.0 } else { both as f32 / all as f32 }
}
