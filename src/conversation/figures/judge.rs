//! Whether a passage holds a figure: same value, same unit, same side, and no other figure of the passages fits its words better.

use std::collections::{HashMap, HashSet};

use crate::core::numerals::{Ratio, fold};

use super::context::{self, Binding, Bound, Term};
use super::moments::{as_year, date_within, same_time};
use super::scan::{self, Figure, Quantity, Value};
use super::units::Kind;

/// How much better another figure must fit before it is taken for the one that was meant.
const RIVAL_MARGIN: f32 = 0.4;
/// The same for an equal value on the other side or at another rate, where that is all the figure says.
const SIDE_MARGIN: f32 = 0.05;
/// The same for a figure of another passage, where the words around count for less.
const FOREIGN_MARGIN: f32 = 1.1;

/// One value in a passage.
#[derive(Debug)]
struct Atom {
    passage: usize,
    kind: Kind,
    quantity: Quantity,
    bound: Bound,
    weak: bool,
    binding: Binding,
    /// The binding's terms with how telling each is: 1 / number of different values it stands beside.
    terms: Vec<Weighed>,
    /// Sum over the terms of the own clause.
    own: f32,
}

impl Atom {
    /// 每年 read as one year: there are no words to compare.
    fn is_rate(&self) -> bool {
        self.weak && self.kind == Kind::Duration && self.terms.is_empty()
    }
}

#[derive(Debug, Clone, Copy)]
struct Weighed {
    term: Term,
    weight: f32,
    rarity: f32,
}

/// The passages of an answer, read once.
#[derive(Debug)]
pub struct Passages {
    atoms: Vec<Atom>,
    texts: Vec<String>,
    words: Vec<HashSet<Term>>,
}

/// What the passages say about a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// These passages hold it, the best first.
    Held(Vec<usize>),
    /// No passage holds it.
    Missing,
    /// A way of speaking that no passage contradicts.
    Spoken,
}

/// Where the words end that belong to a figure which ends at `end`; `None` while that is still open.
#[must_use]
pub fn window(chars: &[char], end: usize) -> Option<usize> {
    let ahead = &chars[end..];
    match ahead.iter().take(context::WINDOW).position(|c| context::ends_window(*c)) {
        Some(p) => Some(end + p),
        None if ahead.len() >= context::WINDOW => Some(end + context::WINDOW),
        None => None,
    }
}

/// Whether every figure of `answer` is held by one of `passages`.
#[must_use]
pub fn is_supported(answer: &str, passages: &[&str]) -> bool {
    Passages::new(passages).check(answer).ok()
}

impl Passages {
    /// Reads the passages.
    #[must_use]
    pub fn new(passages: &[&str]) -> Self {
        let mut atoms = Vec::new();
        let mut words = Vec::with_capacity(passages.len());
        for (passage, text) in passages.iter().enumerate() {
            let chars: Vec<char> = text.chars().map(fold).collect();
            let mut offset = 0;
            // A binding never looks past its sentence, so sentences are read one by one.
            for sentence in chars.split_inclusive(|c| context::ends_sentence(*c)) {
                let figures = scan::find(sentence);
                for (i, figure) in figures.iter().enumerate() {
                    let binding = context::bind(sentence, &figures, i, sentence.len());
                    for (k, quantity) in figure.quantities.iter().enumerate() {
                        let bound = side(figure, k, binding.bound);
                        let (quantity, binding) = (quantity.clone(), binding.clone());
                        atoms.push(Atom {
                            passage,
                            kind: figure.kind,
                            quantity,
                            bound,
                            weak: figure.weak,
                            binding,
                            terms: Vec::new(),
                            own: 0.0,
                        });
                    }
                }
                offset += sentence.len();
            }
            rates_as_durations(&mut atoms, passage, &chars);
            debug_assert_eq!(offset, chars.len());
            words.push(context::words(&chars).collect());
        }
        weigh(&mut atoms);
        Self { atoms, texts: passages.iter().map(|t| (*t).to_owned()).collect(), words }
    }

    /// Judges `figure` of the folded answer `chars`, which end where its [`window`] ends; `earlier` are the figures before it.
    #[must_use]
    pub fn judge(&self, chars: &[char], earlier: &[Figure], figure: &Figure) -> Judged {
        let mut figures: Vec<Figure> = earlier.to_vec();
        let mine = figures.len();
        figures.push(figure.clone());
        let mut at = figure.end;
        while at < chars.len() {
            match scan::read_at(chars, at).figure {
                Some(next) => {
                    at = next.end;
                    figures.push(next);
                }
                None => at += 1,
            }
        }
        let binding = context::bind(chars, &figures, mine, chars.len());
        let mut held: Option<Vec<usize>> = None;
        for (k, quantity) in figure.quantities.iter().enumerate() {
            let passages = self.holders(figure, k, quantity, &binding);
            held = Some(match held {
                None => passages,
                Some(before) => before.into_iter().filter(|p| passages.contains(p)).collect(),
            });
        }
        match held {
            Some(passages) if !passages.is_empty() => Judged::Held(passages),
            _ if figure.weak && !self.contradicts(figure, &binding) => Judged::Spoken,
            _ => Judged::Missing,
        }
    }

    /// Passages that hold this value, the best bound first.
    fn holders(&self, figure: &Figure, k: usize, quantity: &Quantity, binding: &Binding) -> Vec<usize> {
        let bound = side(figure, k, binding.bound);
        let mut found: Vec<(f32, usize)> = Vec::new();
        for atom in &self.atoms {
            if found.iter().any(|(_, p)| *p == atom.passage) {
                continue;
            }
            let fits = same(figure.kind, quantity, atom)
                && sides_agree(bound, binding, atom)
                && rates_agree(&binding.rates, &atom.binding.rates)
                && self.law_agrees(binding.law.as_deref(), atom);
            if !fits {
                continue;
            }
            if let Some(score) = self.survives(figure, quantity, bound, binding, atom) {
                found.push((score, atom.passage));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().map(|(_, passage)| passage).collect()
    }

    /// The words shared with `atom`, unless another figure of the passages fits the words clearly better.
    fn survives(&self, figure: &Figure, quantity: &Quantity, bound: Bound, binding: &Binding, atom: &Atom) -> Option<f32> {
        if atom.is_rate() {
            return Some(0.0);
        }
        // A law's name nails an article number down; without one, only its own passage may have a better one.
        let clause = figure.kind == Kind::Clause;
        let rivals = if clause && binding.law.is_some() { &[] } else { &self.atoms[..] };
        for rival in rivals {
            if clause && rival.passage != atom.passage {
                continue;
            }
            let alike = same(figure.kind, quantity, rival);
            if rival.kind != atom.kind || rival.weak && !(alike && atom.weak) {
                continue;
            }
            // What a figure depends on (满一年不足两年) is no rival of what it brings (三个月).
            let condition = |bound: Bound| matches!(bound, Bound::Beyond | Bound::Short);
            if condition(rival.bound) && !condition(binding.bound) && !condition(atom.bound) {
                continue;
            }
            // 一千元以上, where the words speak of 一千元以下: the same value on the other side, or at another rate, is a rival too.
            let other_value = !opposed(binding.bound, rival.bound) && !alike;
            let across = matches!((bound, rival.bound), (Bound::AtLeast, Bound::AtMost) | (Bound::AtMost, Bound::AtLeast));
            let other_side = alike && (across || !rates_agree(&binding.rates, &rival.binding.rates));
            if !other_value && !other_side {
                continue;
            }
            let margin = match (rival.passage == atom.passage, other_side) {
                (true, true) => SIDE_MARGIN,
                (true, false) => RIVAL_MARGIN,
                (false, _) => FOREIGN_MARGIN,
            };
            if advantage(&binding.terms, atom, Some(rival)) < -margin {
                return None;
            }
        }
        if self.depends_elsewhere(binding, atom) {
            return None;
        }
        let shared = advantage(&binding.terms, atom, None);
        // 5分钟内办结, where the passage has 办结 elsewhere and only 受理 at the five minutes.
        if let (Some(said), Some(written)) = (binding.head, atom.binding.head)
            && said != written
            && self.words[atom.passage].contains(&said)
            && !has(&atom.binding.terms, said)
            && !has(&binding.terms, written)
            && shared < 1.0
        {
            return None;
        }
        Some(shared)
    }

    /// 四十六周岁以上二十年, where the passage has twenty years for other ages and something else for forty-six: what the figure
    /// depends on stands in the passage, but not beside this value, which depends on other figures there.
    fn depends_elsewhere(&self, binding: &Binding, atom: &Atom) -> bool {
        const BESIDE: f32 = context::FIGURE - 0.1;
        let conditions = |terms: &mut dyn Iterator<Item = (Term, f32)>| {
            terms
                .filter(|(term, weight)| context::is_figure(*term) && *weight >= BESIDE)
                .map(|(term, _)| term)
                .collect::<Vec<_>>()
        };
        let said = conditions(&mut binding.terms.iter().copied());
        let written = conditions(&mut atom.binding.terms.iter().copied());
        let known =
            |term: &Term| self.atoms.iter().any(|other| other.passage == atom.passage && has(&other.binding.terms, *term));
        !said.is_empty()
            && !written.is_empty()
            && said.iter().all(|term| !has(&atom.binding.terms, *term) && known(term))
            && !written.iter().any(|term| said.contains(term))
    }

    fn contradicts(&self, figure: &Figure, binding: &Binding) -> bool {
        self.atoms.iter().any(|atom| {
            atom.kind == figure.kind
                && figure.quantities.iter().any(|q| {
                    let other = !atom.weak && q.value != atom.quantity.value;
                    q.unit == atom.quantity.unit && (other || !rates_agree(&binding.rates, &atom.binding.rates))
                })
                && advantage(&binding.terms, atom, None) >= 1.0
        })
    }

    fn law_agrees(&self, law: Option<&str>, atom: &Atom) -> bool {
        let Some(law) = law.filter(|_| atom.kind == Kind::Clause) else { return true };
        if let Some(named) = &atom.binding.law {
            return named.ends_with(law) || law.ends_with(named.as_str());
        }
        let text = &self.texts[atom.passage];
        if text.contains(law) {
            return true;
        }
        // A passage that names no law at all cannot contradict.
        let opening: String = text.chars().take_while(|c| !matches!(c, '第' | '\n' | ' ')).collect();
        let titled = ["法", "法典", "条例", "规定", "办法", "细则", "解释"]
            .iter()
            .any(|e| opening.trim_end_matches(['》', '）']).ends_with(e));
        !titled && !text.contains('《')
    }
}

/// 每年 is also one year, 每季度 three months: an answer may say 一年四次 or 每三个月. No day among
/// them: it is also 24小时. Such a value contradicts nothing.
fn rates_as_durations(atoms: &mut Vec<Atom>, passage: usize, chars: &[char]) {
    let per = [("每年", 12, "月"), ("每半年", 6, "月"), ("每季度", 3, "月"), ("每月", 1, "月"), ("每周", 10080, "分钟")];
    let text: String = chars.iter().collect();
    for (_, value, unit) in per.into_iter().filter(|(word, ..)| text.contains(word)) {
        atoms.push(Atom {
            passage,
            kind: Kind::Duration,
            quantity: Quantity { value: Value::Amount(Ratio::whole(value)), unit },
            bound: Bound::Open,
            weak: true,
            binding: Binding { terms: Vec::new(), head: None, bound: Bound::Open, rates: Vec::new(), law: None, negative: false },
            terms: Vec::new(),
            own: 0.0,
        });
    }
}

/// A range's lower end is at least, its upper end at most.
fn side(figure: &Figure, k: usize, said: Bound) -> Bound {
    match (figure.quantities.len(), k) {
        (2, 0) => Bound::AtLeast,
        (2, _) => Bound::AtMost,
        _ => said,
    }
}

fn sides_agree(said: Bound, binding: &Binding, atom: &Atom) -> bool {
    use Bound::{AtLeast, AtMost, Beyond, Open, Short};
    match (said, atom.bound) {
        (Open, _) | (_, Open) => true,
        (AtLeast, AtMost) | (AtMost, AtLeast) => false,
        // 超过24小时 beside 24小时以内: the other side of the same rule, told by a no on one of the sides.
        (Beyond, AtMost | Short) | (AtMost | Short, Beyond) | (Short, AtLeast) | (AtLeast, Short) => {
            binding.negative != atom.binding.negative
        }
        _ => true,
    }
}

fn rates_agree(said: &[(char, i64)], source: &[(char, i64)]) -> bool {
    const TIME: [char; 5] = ['天', '月', '时', '期', '学'];
    let clash = |of: &[char]| {
        let pick = |list: &[(char, i64)]| list.iter().filter(|(what, _)| of.contains(what)).copied().collect::<Vec<_>>();
        let (a, b) = (pick(said), pick(source));
        !a.is_empty() && !b.is_empty() && !a.iter().any(|rate| b.contains(rate))
    };
    !clash(&TIME) && !clash(&['人', '户'])
}

fn same(kind: Kind, said: &Quantity, atom: &Atom) -> bool {
    match (&said.value, &atom.quantity.value) {
        (Value::Amount(a), Value::Amount(b)) => {
            a == b
                && (same_unit(said.unit, atom.quantity.unit) && (kind == Kind::Ordinal) == (atom.kind == Kind::Ordinal)
                    || kind == Kind::Bare
                    || atom.kind == Kind::Bare && matches!(kind, Kind::Count | Kind::Money))
        }
        (Value::Digits(a), Value::Digits(b)) => a == b || (a.len() >= 7 && b.starts_with('0') && b.ends_with(a.as_str())),
        (Value::Date { year, month, day }, Value::Date { year: y, month: m, day: d }) => {
            date_within((*year, *month, *day), (*y, *m, *d))
        }
        (Value::Clock { minute, loose }, Value::Clock { minute: m, loose: l }) => same_time((*minute, *loose), (*m, *l)),
        (Value::Clause(a), Value::Clause(b)) => a.iter().all(|part| b.contains(part)),
        (Value::Amount(a), Value::Clause(b)) => said.unit == "条" && a.to_whole().is_some_and(|n| b.contains(&('条', n))),
        (Value::Amount(a), Value::Digits(b)) => kind == Kind::Bare && digits_match(*a, b),
        (Value::Digits(a), Value::Amount(b)) => atom.kind == Kind::Bare && digits_match(*b, a),
        (Value::Amount(a), Value::Date { year, .. }) => kind == Kind::Bare && as_year(*a).is_some() && as_year(*a) == *year,
        (Value::Date { year, month: None, day: None }, Value::Amount(b)) => atom.kind == Kind::Bare && as_year(*b) == *year,
        _ => false,
    }
}

/// 两个见证人 are 两名见证人.
fn same_unit(a: &str, b: &str) -> bool {
    a == b || matches!((a, b), ("人", "个") | ("个", "人"))
}

fn digits_match(amount: Ratio, digits: &str) -> bool {
    let text = amount.to_string();
    text == digits || (text.len() >= 7 && digits.starts_with('0') && digits.ends_with(&text))
}

fn has(terms: &[(Term, f32)], term: Term) -> bool {
    terms.binary_search_by(|t| t.0.cmp(&term)).is_ok()
}

/// How much better `ours` fits the words than `theirs`. A term that both have counts for little: it does not tell them apart.
/// Words of a figure's own clause that the answer leaves out count against it: 对单位处… is not about 个人.
fn advantage(said: &[(Term, f32)], ours: &Atom, theirs: Option<&Atom>) -> f32 {
    let (mut i, mut k) = (0, 0);
    let (mut sum, mut our_part, mut their_part) = (0.0, 0.0, 0.0);
    let none: &[Weighed] = &[];
    let their_terms = theirs.map_or(none, |t| &t.terms);
    for (term, importance) in said {
        let (a, b) = (weight(&ours.terms, &mut i, *term), weight(their_terms, &mut k, *term));
        let rarity = a.or(b).map_or(1.0, |w| w.rarity);
        let (a, b) = (a.map_or(0.0, |w| w.weight), b.map_or(0.0, |w| w.weight));
        let telling = if a > 0.0 && b > 0.0 { 0.15 } else { 1.0 };
        sum += (importance.min(a) - importance.min(b)) * telling * if theirs.is_some() { rarity } else { 1.0 };
        our_part += if a >= context::OWN { a * rarity * importance.min(1.0) } else { 0.0 };
        their_part += if b >= context::OWN { b * rarity * importance.min(1.0) } else { 0.0 };
    }
    let Some(theirs) = theirs else { return sum };
    // A clause without words of its own contradicts nothing.
    let share = |part: f32, own: f32| if own > 0.0 { part / own } else { 0.5 };
    let telling = share(our_part, ours.own) - share(their_part, theirs.own);
    // What was left out only counts beside a word that really speaks for the other figure.
    if sum > -0.1 { sum + telling.max(0.0) } else { sum + telling }
}

fn weight(terms: &[Weighed], at: &mut usize, term: Term) -> Option<Weighed> {
    while terms.get(*at).is_some_and(|t| t.term < term) {
        *at += 1;
    }
    terms.get(*at).filter(|t| t.term == term).copied()
}

/// Conditions (满5年) and limits (最长12个月) are no rivals of each other.
fn opposed(a: Bound, b: Bound) -> bool {
    use Bound::{AtLeast, AtMost, Beyond, Short};
    matches!((a, b), (AtLeast | Beyond | Short, AtMost) | (AtMost, AtLeast | Beyond | Short))
}

/// Gives every term its rarity: words that stand beside many values (每月, 拨打) do not tell them apart.
fn weigh(atoms: &mut [Atom]) {
    let mut beside: HashMap<(Kind, Term), Vec<usize>> = HashMap::new();
    let mut values: Vec<(Kind, Quantity)> = Vec::new();
    for atom in atoms.iter() {
        let known = values.iter().position(|(k, q)| *k == atom.kind && *q == atom.quantity);
        let value = known.unwrap_or_else(|| {
            values.push((atom.kind, atom.quantity.clone()));
            values.len() - 1
        });
        for (term, weight) in &atom.binding.terms {
            if *weight < if *term < 1 << 24 { context::OWN / 4.0 } else { context::OWN } {
                continue;
            }
            let list = beside.entry((atom.kind, *term)).or_default();
            if !list.contains(&value) {
                list.push(value);
            }
        }
    }
    for atom in atoms {
        let kind = atom.kind;
        let of_kind = values.iter().filter(|(k, _)| *k == kind).count();
        let rarity =
            |term: Term| beside.get(&(kind, term)).filter(|l| l.len() * 2 > of_kind).map_or(1.0, |l| 1.0 / l.len() as f32);
        atom.terms = atom
            .binding
            .terms
            .iter()
            .map(|(term, weight)| Weighed { term: *term, weight: *weight, rarity: rarity(*term) })
            .collect();
        atom.own = atom.terms.iter().filter(|t| t.weight >= context::OWN).map(|t| t.weight * t.rarity).sum();
    }
}
