//! What a figure is bound to: the words around it, the law before it, at least or at most, per month or per year.

use crate::core::numerals::{Cursor, read};
use crate::core::text::is_cjk;

use super::scan::{Figure, Value, rewind};
use super::units::Kind;

/// A word pair, a character or another figure, as a number.
pub type Term = u64;

/// Which side of the value is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Nothing said.
    Open,
    /// 至少, 不少于, 以上
    AtLeast,
    /// 不超过, 以内, 最多
    AtMost,
    /// 超过, 满: may be the other side of a rule (超过时限的…).
    Beyond,
    /// 不足, 未满
    Short,
}

/// Everything a figure is bound to.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Terms with their weight, sorted by term.
    pub terms: Vec<(Term, f32)>,
    /// The first word behind the figure, when it is a deadline (5分钟内受理 → 受理).
    pub head: Option<Term>,
    /// At least, at most.
    pub bound: Bound,
    /// Per month, per year, per person: what, and how many of it (每两年 is 24 月).
    pub rates: Vec<(char, i64)>,
    /// The law named before an article number, without 中华人民共和国.
    pub law: Option<String>,
    /// Whether the clause says no.
    pub negative: bool,
}

const WORD: f32 = 1.0;
const CHARACTER: f32 = 0.25;
const OPENING: f32 = 0.7;
/// Another figure beside it; halved when it is one of the same kind on which nothing depends.
pub const FIGURE: f32 = 1.5;
/// Terms from this weight on stand in the figure's own clause.
pub const OWN: f32 = 0.65;
/// How far a clause looks to its right, in characters; a stream waits for so many.
pub const WINDOW: usize = 10;

/// Ends a sentence.
pub fn ends_sentence(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '!' | '?' | '\n')
}

/// Ends a clause.
pub fn ends_clause(c: char) -> bool {
    ends_sentence(c) || matches!(c, '，' | '；' | ';' | ',' | '（' | '）' | '(' | ')')
}

/// Ends the words that can belong to a figure on their left.
pub fn ends_window(c: char) -> bool {
    ends_clause(c) || matches!(c, '、' | '：' | ':')
}

fn is_function(c: char) -> bool {
    const FUNCTION: &str =
        "的了在是和与或由对应当可以为于即将会其该及等并按向自从被把就都也还须需请您你我们者至到起让给这那有内不得之要予进行";
    FUNCTION.contains(c)
}

/// One name for words that residents and rules use for the same thing.
fn synonym(pair: (char, char)) -> (char, char) {
    const SAME: [(&str, &str); 35] = [
        ("村委", "村民"),
        ("接单", "受理"),
        ("响应", "受理"),
        ("接收", "受理"),
        ("办完", "办结"),
        ("办好", "办结"),
        ("办妥", "办结"),
        ("结案", "办结"),
        ("完毕", "办结"),
        ("缴纳", "缴费"),
        ("交纳", "缴费"),
        ("缴存", "缴费"),
        ("公民", "个人"),
        ("自己", "个人"),
        ("企业", "单位"),
        ("公司", "单位"),
        ("老人", "老年"),
        ("罚金", "罚款"),
        ("城镇", "城市"),
        ("城里", "城市"),
        ("乡村", "农村"),
        ("乡下", "农村"),
        ("火灾", "火警"),
        ("着火", "火警"),
        ("失火", "火警"),
        ("起火", "火警"),
        ("救护", "急救"),
        ("儿童", "孩子"),
        ("小孩", "孩子"),
        ("报案", "报警"),
        ("回复", "答复"),
        ("回应", "答复"),
        ("核查", "审核"),
        ("审查", "审核"),
        ("反馈", "答复"),
    ];
    for (word, name) in SAME {
        if word.chars().eq([pair.0, pair.1]) {
            let mut chars = name.chars();
            return (chars.next().unwrap_or(pair.0), chars.next().unwrap_or(pair.1));
        }
    }
    pair
}

fn pair_term(pair: (char, char)) -> Term {
    let (a, b) = synonym(pair);
    (u64::from(a as u32) << 24) | u64::from(b as u32)
}

fn character_term(c: char) -> Term {
    u64::from(c as u32)
}

/// A figure as a term for its neighbours; 不满20年 is another condition than 满20年.
fn figure_terms<'a>(chars: &'a [char], figure: &'a Figure) -> impl Iterator<Item = Term> + 'a {
    let before: String = chars[figure.start.saturating_sub(2)..figure.start].iter().collect();
    let below = ["不满", "不足", "未满", "不到", "低于", "少于"].contains(&before.as_str());
    figure.quantities.iter().map(move |q| {
        let text = match &q.value {
            Value::Amount(r) => format!("{r}{}", q.unit),
            other => format!("{other:?}"),
        };
        (hash(&text) ^ u64::from(below)) | (1 << 63)
    })
}

/// Whether a term is another figure.
pub fn is_figure(term: Term) -> bool {
    term & (1 << 63) != 0
}

/// 满…, 不满…, 不足…: a figure on which another depends.
fn is_condition(chars: &[char], figure: &Figure) -> bool {
    let before: String = chars[figure.start.saturating_sub(2)..figure.start].iter().collect();
    before.ends_with('满') || ["不足", "不到"].contains(&before.as_str())
}

fn hash(text: &str) -> u64 {
    // FNV-1a: terms only have to differ inside one answer.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Word pairs of a stretch of text, function words left out.
pub fn words(chars: &[char]) -> impl Iterator<Item = Term> + '_ {
    chars
        .windows(2)
        .filter(|w| w.iter().all(|c| (is_cjk(*c) || c.is_ascii_alphabetic()) && !is_function(*c)))
        .map(|w| pair_term((w[0], w[1])))
}

struct Terms(Vec<(Term, f32)>);

impl Terms {
    fn add(&mut self, chars: &[char], figures: &[Figure], from: usize, to: usize, weight: f32) {
        let mut at = from;
        while at < to {
            // Other figures count as themselves, not by their characters.
            let inside = figures.iter().find(|f| f.start <= at && at < f.end);
            let stop = match inside {
                Some(f) => {
                    at = f.end.max(at + 1);
                    continue;
                }
                None => figures.iter().map(|f| f.start).filter(|s| *s > at).min().map_or(to, |s| s.min(to)),
            };
            let stretch = &chars[at..stop];
            self.0.extend(words(stretch).map(|t| (t, WORD * weight)));
            let content = |k: usize| stretch.get(k).is_some_and(|c| is_cjk(*c) && !is_function(*c));
            for (k, c) in stretch.iter().enumerate().filter(|(k, _)| content(*k)) {
                // 男不早于…，女不早于…; 拒不改正的…: a word of one character opens the clause and tells it from the others.
                let opens = at + k == from && !content(k + 1);
                self.0.push((character_term(*c), if opens { OPENING } else { CHARACTER } * weight));
            }
            at = stop;
        }
    }

    /// Sorted, each term once with its best weight.
    fn done(mut self) -> Vec<(Term, f32)> {
        self.0.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        self.0.dedup_by_key(|t| t.0);
        self.0
    }
}

/// The binding of `figures[i]` in folded `chars`. Only what stands before `right` is looked at.
#[must_use]
pub fn bind(chars: &[char], figures: &[Figure], i: usize, right: usize) -> Binding {
    let figure = &figures[i];
    let right = right.min(chars.len()).max(figure.end);
    let clause_start = chars[..figure.start].iter().rposition(|c| ends_clause(*c)).map_or(0, |p| p + 1);
    let clause_end = chars[figure.end..right].iter().position(|c| ends_clause(*c)).map_or(right, |p| figure.end + p);
    let sentence_start = chars[..figure.start].iter().rposition(|c| ends_sentence(*c)).map_or(0, |p| p + 1);

    let mut terms = Terms(Vec::new());
    own_clause(&mut terms, chars, figures, i, (clause_start, clause_end));
    earlier_clauses(&mut terms, chars, figures, i, (sentence_start, clause_start));
    // 三日以内的，由村民委员会批准: a condition is bound to what follows.
    let last =
        figures.iter().filter(|f| f.start >= figure.start && f.end <= clause_end).map(|f| f.end).max().unwrap_or(figure.end);
    let rest = tail(&chars[last..clause_end]);
    if clause_end < right && matches!(chars[clause_end], '，' | ',') && !rest.iter().any(|c| is_cjk(*c) && !is_function(*c)) {
        let next_end = chars[clause_end + 1..right].iter().position(|c| ends_clause(*c)).map_or(right, |p| clause_end + 1 + p);
        if !figures.iter().any(|f| f.start > clause_end && f.end <= next_end && f.kind == figure.kind) {
            terms.add(chars, figures, clause_end + 1, next_end, 0.7);
        }
    }
    // 打12119（森林火警）: a remark right behind a figure says what it is.
    if figure.end == clause_end && matches!(chars.get(clause_end), Some('（' | '(')) && clause_end < right {
        let close = chars[clause_end..right].iter().position(|c| matches!(c, '）' | ')')).map_or(right, |p| clause_end + p);
        if !figures.iter().any(|f| f.start > clause_end && f.end <= close) {
            terms.add(chars, figures, clause_end + 1, close, 1.0);
        }
    }
    let left =
        figures.iter().filter(|f| f.end <= figure.start && f.end > clause_start).map(|f| f.end).max().unwrap_or(clause_start);
    let next = figures.iter().filter(|f| f.start >= figure.end).map(|f| f.start).min().map_or(clause_end, |s| s.min(clause_end));
    let (before, after) = (&chars[left..figure.start], &chars[figure.end..next]);
    Binding {
        terms: terms.done(),
        head: head(after),
        bound: bound(figure, before, after),
        rates: rates(before, after)
            .or_else(|| rate_of_figure_before(chars, figures, left, clause_start))
            .or_else(|| inherited_rate(figure, &chars[sentence_start..clause_start]))
            .unwrap_or_default(),
        law: if figure.kind == Kind::Clause { law_before(&chars[sentence_start..figure.start]) } else { None },
        negative: is_negative(&chars[clause_start..clause_end]) || is_undone(after),
    }
}

/// What was said before in the sentence: the subject that a clause without one takes over, and conditions (满5年的，…).
fn earlier_clauses(
    terms: &mut Terms,
    chars: &[char],
    figures: &[Figure],
    i: usize,
    (sentence_start, clause_start): (usize, usize),
) {
    let figure = &figures[i];
    let first = figures
        .iter()
        .find(|f| f.start >= clause_start && f.kind == figure.kind)
        .map_or(figure.start, |f| f.start.min(figure.start));
    let has_subject = names_something(&chars[clause_start..first]);
    let (mut subject, mut rest, mut condition) = if has_subject { (0.3, 0.3, 0.8) } else { (0.6, 0.4, 0.8) };
    let mut end = clause_start.saturating_sub(1);
    let mut clauses = 0;
    let mut crossed = false;
    while end > sentence_start && clauses < 8 {
        clauses += 1;
        if chars.get(end).is_some_and(|c| matches!(c, '；' | ';')) {
            (subject, rest, condition) = (subject * 0.4, rest * 0.4, condition * 0.2);
            crossed = true;
        }
        let start =
            chars[sentence_start..end].iter().rposition(|c| ends_clause(*c)).map_or(sentence_start, |p| sentence_start + p + 1);
        let rival = figures.iter().find(|f| f.start >= start && f.end <= end && f.kind == figure.kind);
        match rival {
            Some(rival) => {
                terms.add(chars, figures, start, rival.start, if has_subject { subject * 0.5 } else { subject });
                terms.add(chars, figures, rival.end, end, rest * 0.4);
            }
            // …的，由村委会批准；: what another figure's clause leads to is not handed on.
            None if crossed && follows_rival(chars, figures, figure, start) => {}
            None => terms.add(chars, figures, start, end, subject.max(rest)),
        }
        for other in figures.iter().filter(|f| f.start >= start && f.end <= end) {
            terms.0.extend(figure_terms(chars, other).map(|t| (t, FIGURE * condition)));
        }
        (subject, rest, condition) = ((subject * 0.6).max(0.1), rest * 0.6, condition * 0.4);
        end = start.saturating_sub(1);
    }
}

fn follows_rival(chars: &[char], figures: &[Figure], figure: &Figure, at: usize) -> bool {
    let part = chars[..at].iter().rposition(|c| ends_sentence(*c) || matches!(c, '；' | ';')).map_or(0, |p| p + 1);
    figures.iter().any(|f| f.kind == figure.kind && f.start >= part && f.end <= at)
}

/// Whether words stand here that name what a figure is about, beyond 最长 or 每月.
fn names_something(chars: &[char]) -> bool {
    const MEASURES: &str = "最长最多最高最低最少至少不超过不少于低高每月每年每人每户每日可以期限满未足";
    chars.iter().any(|c| is_cjk(*c) && !is_function(*c) && !MEASURES.contains(*c))
}

fn own_clause(terms: &mut Terms, chars: &[char], figures: &[Figure], i: usize, (start, end): (usize, usize)) {
    let figure = &figures[i];
    let rivals: Vec<&Figure> = figures.iter().filter(|f| f.kind == figure.kind && f.start >= start && f.end <= end).collect();
    let me = rivals.iter().position(|f| f.start == figure.start).unwrap_or(0);
    // 五百元以上二千元以下 is bound as one.
    let joined = |a: &Figure, b: &Figure| {
        let gap: String = chars[a.end..b.start].iter().filter(|c| **c != ' ').collect();
        matches!(
            gap.as_str(),
            "" | "以上"
                | "至"
                | "到"
                | "-"
                | "~"
                | "以上至"
                | "不满"
                | "以上不满"
                | "以上不足"
                | "不足"
                | "以下"
                | "或者"
                | "或"
        )
    };
    let (mut first, mut last) = (me, me);
    while first > 0 && joined(rivals[first - 1], rivals[first]) {
        first -= 1;
    }
    while last + 1 < rivals.len() && joined(rivals[last], rivals[last + 1]) {
        last += 1;
    }
    let (group_start, group_end) = (rivals[first].start, rivals[last].end);
    if let Some(item) = respective(chars, &rivals, me, start) {
        terms.add(chars, figures, item.0, item.1, 1.5);
        terms.add(chars, figures, group_end, rivals.get(last + 1).map_or(end, |f| f.start), 0.3);
    } else {
        let leading = chars[start..rivals[0].start].iter().any(|c| is_cjk(*c) && !is_function(*c));
        let trailing = tail(&chars[rivals[rivals.len() - 1].end..end]).iter().any(|c| is_cjk(*c) && !is_function(*c));
        let (to_left, to_right) = match (leading, trailing) {
            (true, false) => (1.0, 0.3),
            (false, true) => (0.3, 1.0),
            _ => (0.7, 0.7),
        };
        if first == 0 {
            terms.add(chars, figures, start, group_start, 1.0);
        } else {
            between(terms, chars, figures, rivals[first - 1].end, group_start, (to_left, false));
            terms.add(chars, figures, start, rivals[first - 1].start, 0.3);
        }
        if last + 1 == rivals.len() {
            terms.add(chars, figures, group_end, end, 1.0);
        } else {
            between(terms, chars, figures, group_end, rivals[last + 1].start, (to_right, true));
            terms.add(chars, figures, rivals[last + 1].end, end, 0.3);
        }
    }
    for other in figures.iter().filter(|f| f.start >= start && f.end <= end && (f.end <= group_start || f.start >= group_end)) {
        // 不满六个月给半个月: what it depends on tells a figure from its neighbours, whatever its kind.
        let near = other.kind != figure.kind || is_condition(chars, other);
        terms.0.extend(figure_terms(chars, other).map(|t| (t, if near { FIGURE } else { FIGURE * 0.5 })));
    }
}

/// The words between two figures of one clause: a 、 parts them, else both sides may claim them.
fn between(terms: &mut Terms, chars: &[char], figures: &[Figure], from: usize, to: usize, (share, left_part): (f32, bool)) {
    match chars[from..to].iter().rposition(|c| matches!(c, '、' | '和' | '与' | '及' | '或')) {
        Some(p) if left_part => terms.add(chars, figures, from, from + p, 1.0),
        Some(p) => terms.add(chars, figures, from + p + 1, to, 1.0),
        None => terms.add(chars, figures, from, to, share),
    }
}

/// 单位和个人分别缴纳16%、8%: the item that belongs to the figure, as a span.
fn respective(chars: &[char], rivals: &[&Figure], me: usize, clause_start: usize) -> Option<(usize, usize)> {
    let head = &chars[clause_start..rivals[0].start];
    let word = head.windows(2).rposition(|w| w == ['分', '别'] || w == ['各', '为'])?;
    let listed = &head[..word];
    let mut items: Vec<(usize, usize)> = Vec::new();
    let mut from = 0;
    for (k, c) in listed.iter().enumerate() {
        if matches!(c, '、' | '和' | '与' | '及') {
            items.push((from, k));
            from = k + 1;
        }
    }
    items.push((from, listed.len()));
    if items.len() < 2 || items.len() < rivals.len() {
        return None;
    }
    // Counted from the first: of an answer that is still being written the last figures are not known.
    let (a, b) = *items.get(me)?;
    let a = if me == 0 { a.max(b.saturating_sub(4)) } else { a };
    Some((clause_start + a, clause_start + b.min(a + 4)))
}

/// The text behind a figure without 内, 以上 and the like.
fn tail(after: &[char]) -> &[char] {
    let mut rest = after;
    for word in [
        "（含本数）",
        "及以上",
        "及以下",
        "以上",
        "以下",
        "以内",
        "之内",
        "内",
        "以后",
        "之后",
        "以前",
        "之前",
        "前",
        "后",
        "左右",
        "整",
    ] {
        let length = word.chars().count();
        if rest.len() >= length && word.chars().eq(rest[..length].iter().copied()) {
            rest = &rest[length..];
            break;
        }
    }
    rest
}

fn head(after: &[char]) -> Option<Term> {
    let rest = tail(after);
    if rest.len() == after.len() {
        return None;
    }
    words(rest).next()
}

fn bound(figure: &Figure, before: &[char], after: &[char]) -> Bound {
    let right: String = after.iter().filter(|c| **c != ' ').take(4).collect();
    let right = right.trim_start_matches("（含）").trim_start_matches("(含)");
    let moment = matches!(figure.kind, Kind::Date | Kind::Clock);
    for (words, meant) in [
        (&["以上", "及以上", "（含）以上", "之上", "或以上", "起步"][..], Bound::AtLeast),
        (&["以下", "及以下", "以内", "之内", "内", "为限", "封顶", "或以下"][..], Bound::AtMost),
        (&["以后", "之后", "后"][..], Bound::AtLeast),
    ] {
        if words.iter().any(|w| right.starts_with(w)) {
            return meant;
        }
    }
    if moment && ["前", "以前", "之前", "止"].iter().any(|w| right.starts_with(w)) {
        return Bound::AtMost;
    }
    if moment && right.starts_with('起') {
        return Bound::AtLeast;
    }
    let near: String = before[before.len().saturating_sub(9)..].iter().collect();
    // 不低于同岗位最低档工资或者约定工资的百分之八十: a comparison governs what it opens.
    let far: String = before.iter().collect();
    let mut best: Option<(usize, usize, Bound)> = None;
    for (words, meant) in [
        (
            &[
                "不少于",
                "不低于",
                "不得少于",
                "不得低于",
                "不小于",
                "不应少于",
                "不应低于",
                "不早于",
                "不得早于",
                "至少",
                "最少",
                "最低",
                "起码",
                "最短",
            ][..],
            Bound::AtLeast,
        ),
        (
            &[
                "不超过",
                "不得超过",
                "不超",
                "不多于",
                "不高于",
                "不得高于",
                "不得多于",
                "不大于",
                "不晚于",
                "不迟于",
                "至多",
                "最多",
                "最高",
                "最长",
                "最大",
                "最迟",
                "最晚",
                "未超过",
                "不应超过",
                "不能超过",
            ][..],
            Bound::AtMost,
        ),
        (&["超过", "高于", "大于", "多于", "超出", "满", "年满", "晚于"][..], Bound::Beyond),
        (&["不足", "未满", "不满", "少于", "低于", "小于", "未达到", "不到", "未达"][..], Bound::Short),
    ] {
        for word in words {
            if let Some(at) = near.rfind(word) {
                let end = at + word.len();
                if best.is_none_or(|(e, l, _)| end > e || (end == e && word.len() > l)) {
                    best = Some((end, word.len(), meant));
                }
            }
        }
    }
    best.map_or_else(|| governed(&far), |(_, _, b)| b)
}

/// The last comparison of a clause that stands too far before the figure to be taken for a word beside it.
fn governed(before: &str) -> Bound {
    let last = |words: [&str; 4]| words.iter().filter_map(|w| before.rfind(w)).max();
    match (last(["不低于", "不少于", "不得低于", "不得少于"]), last(["不高于", "不超过", "不得高于", "不得超过"]))
    {
        (Some(least), most) if most.is_none_or(|most| most < least) => Bound::AtLeast,
        (_, Some(_)) => Bound::AtMost,
        _ => Bound::Open,
    }
}

/// 每两年至少检查一次: the rate is a figure of its own.
fn rate_of_figure_before(chars: &[char], figures: &[Figure], end: usize, clause_start: usize) -> Option<Vec<(char, i64)>> {
    let figure = figures.iter().find(|f| f.end == end && f.start > clause_start && f.kind == Kind::Duration)?;
    (chars[figure.start - 1] == '每').then(|| rate(&chars[figure.start..end]).into_iter().collect())
}

/// 每学期两次，幼儿园三次: a clause without a rate of its own goes on with the one before.
fn inherited_rate(figure: &Figure, earlier: &[char]) -> Option<Vec<(char, i64)>> {
    let counts = matches!(figure.kind, Kind::Count | Kind::Money);
    let last = earlier.iter().rposition(|c| *c == '每').filter(|_| counts)?;
    rate(&earlier[last + 1..]).map(|rate| vec![rate])
}

fn rates(before: &[char], after: &[char]) -> Option<Vec<(char, i64)>> {
    let mut out = Vec::new();
    let mut scan = |text: &[char], signs: &str| {
        for (k, _) in text.iter().enumerate().filter(|(_, c)| signs.contains(**c)) {
            out.extend(rate(&text[k + 1..]));
        }
    };
    scan(before, "每");
    scan(after, "每/");
    (!out.is_empty()).then_some(out)
}

/// What stands behind 每: 年, 两年, 三个月, 季度, 学期, 户.
fn rate(text: &[char]) -> Option<(char, i64)> {
    let mut c = Cursor::new(text, 0);
    let half = c.eat("半");
    let number = rewind(&mut c, read).and_then(|n| n.value.to_whole()).unwrap_or(1);
    while matches!(c.peek(0), '个' | ' ') {
        c.at += 1;
    }
    Some(match c.peek(0) {
        '年' if half => ('月', 6),
        '年' => ('月', 12 * number),
        '季' => ('月', 3 * number),
        '月' => ('月', number),
        '周' | '星' => ('天', 7 * number),
        '日' | '天' => ('天', number),
        '小' | '时' => ('时', number),
        '学' if c.peek(1) == '期' => ('期', number),
        '学' if c.peek(1) == '年' => ('学', number),
        '平' | '㎡' => ('平', number),
        person @ ('人' | '户' | '次') => (person, number),
        _ => return None,
    })
}

/// 《消防法》第二十八条, 消防法第二十八条: the law named last before the number.
fn law_before(text: &[char]) -> Option<String> {
    if let Some(close) = text.iter().rposition(|c| *c == '》')
        && let Some(open) = text[..close].iter().rposition(|c| *c == '《')
    {
        return Some(short_law(&text[open + 1..close].iter().collect::<String>()));
    }
    let start = text.iter().rposition(|c| !is_cjk(*c)).map_or(0, |p| p + 1);
    let run: String = text[start..].iter().collect();
    let named = ["法", "法典", "条例"].iter().any(|e| run.ends_with(e))
        && !["本法", "该法", "本条例", "该条例"].iter().any(|e| run.ends_with(e));
    if !named {
        return None;
    }
    let skip = [
        "根据", "依据", "按照", "依照", "参照", "违反", "遵照", "符合", "适用", "触犯", "实施", "执行", "参见", "按", "依", "由",
        "与", "和", "及", "是", "见", "看",
    ]
    .iter()
    .filter_map(|w| run.rfind(w).map(|p| p + w.len()))
    .max()
    .unwrap_or(0);
    Some(short_law(&run[skip..]))
}

/// A law's name without 中华人民共和国.
#[must_use]
pub fn short_law(name: &str) -> String {
    name.trim().trim_start_matches("中华人民共和国").to_owned()
}

/// 超过24小时未处理, 超过一年没签: what did not happen in the time.
fn is_undone(after: &[char]) -> bool {
    let right: String = tail(after).iter().filter(|c| **c != ' ').take(3).collect();
    ["未", "仍", "没", "还没", "还未", "的"].iter().any(|w| right.starts_with(w))
}

fn is_negative(clause: &[char]) -> bool {
    let text: String = clause.iter().collect();
    [
        "不能",
        "不可",
        "不予",
        "不得申",
        "无法",
        "不符合",
        "不给",
        "不享受",
        "禁止",
        "不准",
        "不允许",
        "无权",
        "不再",
        "逾期",
        "超期",
        "督办",
        "不受",
    ]
    .iter()
    .any(|w| text.contains(w))
}
