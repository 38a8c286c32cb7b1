//! Are two questions the same question? A probability, from a handful of features and a small logistic model.
//!
//! A fixed answer answers one question, not a whole matter: 「低保怎么申请」 is another one than 「低保多少钱」. So beside the words of
//! the matter, what is asked of it counts (how much, how long, where …), and numbers and negations must not contradict.

use crate::core::numerals;
use crate::core::text::for_matching;
use crate::knowledge::lexicon::{self, Lexicon};
use crate::learn::ngrams;

/// Number of features.
pub const FEATURES: usize = 13;

/// What the model looks at, in the order of [`WEIGHTS`].
pub const NAMES: [&str; FEATURES] = [
    "matter",
    "matter_bigrams",
    "asked_covered",
    "known_covered",
    "whole",
    "same_kind",
    "other_kind",
    "kind_missing",
    "other_manner",
    "numbers",
    "negation",
    "asked_new",
    "known_left",
];

/// Fitted by [`fit`] on `tests/fixtures/similar.toml`; `tests/it/knowledge/similar.rs` measures them, and weights fitted on one half
/// of it on the other half. The weight of a negation is set by hand: there are too few in the file.
pub const WEIGHTS: [f32; FEATURES] = [0.28, -0.25, 1.52, 0.97, -0.08, 2.02, -0.73, -1.29, -1.92, -0.55, -1.20, -0.76, -1.37];
/// The model's constant.
pub const BIAS: f32 = -0.74;
/// From this probability on a fixed answer is given: rather the ordinary search than an answer to another question.
pub const THRESHOLD: f32 = 0.62;
/// Less than this share of the matter in common, whichever way one looks, is no common matter.
const COMMON: f32 = 0.3;

/// Kinds of asking; a question may be of several.
const KINDS: [&[&str]; 12] = [
    &[
        "多少钱",
        "好多钱",
        "收费",
        "费用",
        "要钱",
        "花钱",
        "多少",
        "好多",
        "几块",
        "利息",
        "利率",
        "标准",
        "免费",
        "价格",
        "有多少",
        "收不收",
    ],
    &[
        "多久",
        "几天",
        "好久",
        "多长时间",
        "什么时候",
        "啥时候",
        "期限",
        "时限",
        "几个月",
        "几年",
        "多少天",
        "过期",
        "有效期",
        "到期",
        "到账",
    ],
    &["几点"],
    &["哪里", "哪儿", "哪点", "去哪", "在哪", "哪个地方", "什么地方", "啥地方"],
    &["找谁", "找哪个", "谁管", "哪个管", "哪个部门", "什么部门", "电话", "归谁"],
    &["材料", "带什么", "带啥", "要什么证", "哪些证", "证件", "什么证", "哪些东西", "啥子证", "几样"],
    &["条件", "资格", "哪些人", "什么人", "符合", "够不够"],
    &["罚", "后果", "会怎", "判几年", "坐牢", "违法", "犯法"],
    &["谁赔", "哪个赔", "怎么赔", "赔偿", "来赔", "赔不赔", "谁出钱", "哪个出钱"],
    &["谁修", "哪个修", "来修", "负责修"],
    &["多少岁", "几岁", "多大年龄", "多大岁数", "年龄是"],
    &["丢了", "掉了", "遗失", "弄丢", "补办", "怎么补"],
];
/// How a question asks when it asks for nothing special: for the way, for yes or no, for a list.
const MANNERS: [&[&str]; 3] = [
    &["怎么", "咋", "如何", "啷个", "流程", "步骤", "怎样", "办理"],
    &[
        "能不能",
        "可不可以",
        "可以",
        "能",
        "要不要",
        "吗",
        "是不是",
        "有没有",
        "会不会",
        "用不用",
        "需要",
        "必须",
        "得不得",
        "合法",
    ],
    &["有什么", "有哪些", "分几", "有啥", "什么用"],
];
/// How many: of years it is an age, of days a time; neither is a sum of money.
const NOT_MONEY: [&str; 8] = ["多少岁", "多少天", "多少次", "多少年", "多少个月", "好多天", "好多岁", "几岁"];
/// 能不能 and its like deny nothing.
const A_NOT_A: [&str; 22] = [
    "能不能",
    "要不要",
    "有没有",
    "有没得",
    "是不是",
    "可不可以",
    "会不会",
    "得不得",
    "行不行",
    "行不",
    "够不够",
    "好不好",
    "算不算",
    "罚不罚",
    "赔不赔",
    "收不收",
    "该不该",
    "用不用",
    "补不补",
    "得到不",
    "不管",
    "不好意思",
];

/// One wording of a question.
#[derive(Debug, Clone)]
struct Wording {
    /// Terms of the matter with how telling they are, sorted.
    matter: Vec<(u32, f32)>,
    /// Terms of the whole question, sorted.
    whole: Vec<(u32, f32)>,
}

/// A question, taken apart for comparing.
#[derive(Debug, Clone)]
pub struct Phrase {
    /// Letters and digits only, without politeness: equal means the same words.
    exact: String,
    wordings: Vec<Wording>,
    /// Pairs of characters of the matter in any wording, sorted.
    pairs: Vec<u32>,
    kinds: u16,
    manners: u16,
    numbers: Vec<numerals::Ratio>,
    denies: bool,
    /// About another place's rules.
    elsewhere: bool,
}

impl Phrase {
    /// Takes a question apart; `idf` says how telling a term is in this knowledge base.
    #[must_use]
    pub fn new(text: &str, lexicon: &Lexicon, idf: &dyn Fn(u32) -> f32) -> Self {
        let plain = lexicon::standard(&lexicon::without_politeness(&for_matching(text)));
        let mut texts = lexicon.rewordings(&plain);
        texts.insert(0, plain.clone());
        let weighed = |text: &str| ngrams::set(text).into_iter().map(|t| (t, idf(t))).collect::<Vec<_>>();
        let wordings: Vec<Wording> =
            texts.iter().map(|t| Wording { matter: weighed(&lexicon::matter(t)), whole: weighed(t) }).collect();
        let terms = wordings.iter().flat_map(|w| &w.matter).map(|(t, _)| *t);
        let mut pairs: Vec<u32> = terms.filter(|t| ngrams::is_bigram(*t)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        Self {
            exact: plain.chars().filter(|c| c.is_alphanumeric()).collect(),
            wordings,
            pairs,
            kinds: kinds(&plain),
            manners: manners(&plain),
            numbers: numbers(&plain),
            denies: denies(&plain),
            elsewhere: lexicon::is_elsewhere(&plain),
        }
    }

    /// The same words, whatever the signs and the politeness around them.
    #[must_use]
    pub fn is_exactly(&self, other: &Self) -> bool {
        !self.exact.is_empty() && self.exact == other.exact
    }

    /// Nothing is left to compare.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }
}

fn kinds(text: &str) -> u16 {
    let mut out = 0u16;
    for (number, words) in KINDS.iter().enumerate() {
        let text = if number == 0 { NOT_MONEY.iter().fold(text.to_owned(), |t, w| t.replace(w, " ")) } else { text.to_owned() };
        if words.iter().any(|w| text.contains(w)) {
            out |= 1 << number;
        }
    }
    out
}

fn manners(text: &str) -> u16 {
    let asks_yes_or_no = text.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with(['不', '没']);
    let mut out = u16::from(asks_yes_or_no) << 1;
    for (number, words) in MANNERS.iter().enumerate() {
        if words.iter().any(|w| text.contains(w)) {
            out |= 1 << number;
        }
    }
    out
}

/// Values of the numbers in a question. A 一 or 两 in words is mostly none.
fn numbers(text: &str) -> Vec<numerals::Ratio> {
    let mut out = Vec::new();
    let mut run = String::new();
    for c in text.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_digit() || numerals::is_chinese_numeral(c) {
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            let value = numerals::parse(&run);
            let counts = run.chars().next().is_some_and(|c| c.is_ascii_digit()) || run.chars().count() > 1;
            out.extend(value.filter(|_| counts));
            run.clear();
        }
    }
    out
}

fn denies(text: &str) -> bool {
    let mut text = text.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned();
    for word in A_NOT_A {
        if text.contains(word) {
            text = text.replace(word, " ");
        }
    }
    // 「要登记不」 asks; 「不登记」 denies.
    let text = text.trim_end_matches(['不', '没', '嘛', '哟', '哦', '吗']);
    text.contains(['不', '没', '未', '无'])
}

fn cosine(a: &[(u32, f32)], b: &[(u32, f32)], bigrams_only: bool) -> f32 {
    let keep = |t: u32| !bigrams_only || ngrams::is_bigram(t);
    let norm = |v: &[(u32, f32)]| v.iter().filter(|(t, _)| keep(*t)).map(|(_, w)| w * w).sum::<f32>().sqrt();
    let (na, nb) = (norm(a), norm(b));
    if na > 0.0 && nb > 0.0 { shared(a, b).filter(|(t, _)| keep(*t)).map(|(_, w)| w * w).sum::<f32>() / (na * nb) } else { 0.0 }
}

/// Terms in both, with the weight of the first.
fn shared<'a>(a: &'a [(u32, f32)], b: &'a [(u32, f32)]) -> impl Iterator<Item = (u32, f32)> + 'a {
    a.iter().filter(|(t, _)| b.binary_search_by_key(t, |(o, _)| *o).is_ok()).copied()
}

/// Characters of `a` that `b` does not have, ln(1 + count).
fn left(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
    let missing = a.iter().filter(|(t, _)| !ngrams::is_bigram(*t) && b.binary_search_by_key(t, |(o, _)| *o).is_err());
    (1.0 + missing.count() as f32).ln()
}

fn covered(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
    let all: f32 = a.iter().map(|(_, w)| w).sum();
    if all > 0.0 { shared(a, b).map(|(_, w)| w).sum::<f32>() / all } else { 0.0 }
}

/// The features of an asked question beside a known one, in the wordings that suit each other best.
#[must_use]
pub fn features(asked: &Phrase, known: &Phrase) -> [f32; FEATURES] {
    let flag = |b: bool| f32::from(u8::from(b));
    let both = asked.kinds & known.kinds;
    let same_kind = asked.kinds == known.kinds;
    let other_kind = both == 0 && asked.kinds != 0 && known.kinds != 0;
    let kind_missing = !same_kind && !other_kind;
    let (a, k) = (&asked.numbers, &known.numbers);
    let numbers = if a.iter().any(|n| k.contains(n)) || (a.is_empty() && k.is_empty()) {
        0.0
    } else if a.is_empty() || k.is_empty() {
        0.3
    } else {
        1.0
    };
    let other_manner = both == 0 && asked.manners & known.manners == 0 && asked.manners != 0 && known.manners != 0;
    let rest =
        [flag(same_kind), flag(other_kind), flag(kind_missing), flag(other_manner), numbers, flag(asked.denies != known.denies)];
    let mut best = [0f32; FEATURES];
    let mut best_sum = f32::NEG_INFINITY;
    for one in &asked.wordings {
        for other in &known.wordings {
            let text = [
                cosine(&one.matter, &other.matter, false),
                cosine(&one.matter, &other.matter, true),
                covered(&one.matter, &other.matter),
                covered(&other.matter, &one.matter),
                cosine(&one.whole, &other.whole, false),
            ];
            let sum: f32 = text.iter().sum();
            if sum > best_sum {
                best_sum = sum;
                best[..5].copy_from_slice(&text);
                best[11] = left(&one.matter, &other.matter);
                best[12] = left(&other.matter, &one.matter);
            }
        }
    }
    best[5..11].copy_from_slice(&rest);
    best
}

/// The probability (0..1) that both ask the same; 1 when they use the same words.
#[must_use]
pub fn probability(asked: &Phrase, known: &Phrase) -> f32 {
    if asked.is_exactly(known) {
        return 1.0;
    }
    // Most questions have nothing in common, and that is quickly seen.
    if !asked.pairs.iter().any(|pair| known.pairs.binary_search(pair).is_ok()) {
        return 0.0;
    }
    let features = features(asked, known);
    if vetoed(asked, known, &features) { 0.0 } else { logistic(&features, &WEIGHTS, BIAS) }
}

/// Another place, other numbers, or no common matter: whatever the rest says, it is another question.
#[must_use]
pub fn vetoed(asked: &Phrase, known: &Phrase, features: &[f32; FEATURES]) -> bool {
    asked.elsewhere != known.elsewhere || features[9] >= 1.0 || features[1] <= 0.0 || features[2].max(features[3]) < COMMON
}

/// The model's probability (0..1) of these features under these weights.
#[must_use]
pub fn logistic(features: &[f32; FEATURES], weights: &[f32; FEATURES], bias: f32) -> f32 {
    let sum = bias + features.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>();
    1.0 / (1.0 + (-sum).exp())
}

/// Fits weights to labelled pairs by descent with L2: the same pairs give the same weights.
#[must_use]
pub fn fit(examples: &[([f32; FEATURES], bool)]) -> ([f32; FEATURES], f32) {
    const STEPS: usize = 20_000;
    const L2: f64 = 2e-3;
    const RATE: f64 = 0.5;
    let mut weights = [0f64; FEATURES];
    let mut bias = 0f64;
    let n = examples.len().max(1) as f64;
    for _ in 0..STEPS {
        let mut slope = [0f64; FEATURES];
        let mut slope_bias = 0f64;
        for (features, same) in examples {
            let sum = bias + features.iter().zip(weights).map(|(x, w)| f64::from(*x) * w).sum::<f64>();
            let off = 1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(*same));
            for (s, x) in slope.iter_mut().zip(features) {
                *s += off * f64::from(*x) / n;
            }
            slope_bias += off / n;
        }
        for (w, s) in weights.iter_mut().zip(slope) {
            *w -= RATE * (s + L2 * *w);
        }
        bias -= RATE * slope_bias;
    }
    (weights.map(|w| w as f32), bias as f32)
}
