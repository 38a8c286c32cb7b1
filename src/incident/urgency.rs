//! Emergencies first, in microseconds and without a model; then how urgent the rest is, with the reason in words.

use serde::{Deserialize, Serialize};

use super::{
    reading::plain,
    scan::WordScan,
    standards::Standard,
    table::{self, DataError},
    taxonomy::Leaf,
    ticket::Urgency,
};

/// Name of the file.
pub const FILE: &str = "emergencies.csv";

/// A number to ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hotline {
    /// What answers there: `火警`.
    pub label: String,
    /// The number.
    pub tel: String,
}

/// An emergency that the words of a message show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    /// Id of the rule.
    pub id: String,
    /// Numbers to ring, the first one first.
    pub numbers: Vec<Hotline>,
    /// What to do until help comes.
    pub advice: String,
    /// The words that showed it, for the reason.
    pub why: String,
    /// Category of the ticket that follows it.
    pub category_code: String,
    /// 特急 or 紧急.
    pub urgency: Urgency,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    words: String,
    #[serde(default)]
    exclude_words: String,
    label: String,
    tel: String,
    advice: String,
    #[serde(default)]
    category_code: String,
    #[serde(default)]
    urgency: String,
}

#[derive(Debug)]
struct Rule {
    emergency: Emergency,
    exclude: Vec<String>,
}

/// The rules of emergencies.csv.
#[derive(Debug)]
pub struct Emergencies {
    rules: Vec<Rule>,
    words: WordScan,
    apart: Vec<Apart>,
}

/// Two words that mean it together, with others between them: `电梯…困到` for 「电梯把我妈困到里头了」.
#[derive(Debug)]
struct Apart {
    first: Vec<char>,
    then: Vec<char>,
    rule: usize,
}

/// What [`plain`] makes of `…`.
const GAP: &str = "...";
/// So many characters may stand in the gap.
const WIDEST: usize = 8;

/// Before the word, in the same clause: it is denied, imagined, past, or only talked about.
const NOT_NOW: [&str; 36] = [
    "没有",
    "没",
    "不是",
    "并非",
    "未发生",
    "未",
    "无",
    "不会",
    "会不会",
    "以前",
    "曾经",
    "曾",
    "之前",
    "上次",
    "去年",
    "前年",
    "上个月",
    "前几年",
    "小时候",
    "如果",
    "万一",
    "要是",
    "假如",
    "假设",
    "一旦",
    "怕",
    "担心",
    "预防",
    "防止",
    "避免",
    "谨防",
    "防",
    "演练",
    "演习",
    "怎样算",
    "什么叫",
];
/// After the word: a drill, prevention, or a hypothesis.
const ONLY_TALK: [&str; 14] = [
    "演练",
    "演习",
    "怎么预防",
    "如何预防",
    "的话怎么",
    "的话要",
    "的新闻",
    "是什么意思",
    "的风险",
    "的隐患",
    "隐患",
    "怎么防",
    "会怎么处罚",
    "怎么处罚",
];
/// What makes a clause a matter of this minute, whatever stands before it.
const RIGHT_NOW: [&str; 11] = ["现在", "正在", "刚才", "刚刚", "快来", "救命", "赶紧", "马上", "快点", "又", "此刻"];
/// Parts of exclusions that speak of another time.
const PAST: [&str; 10] = ["以前", "去年", "前年", "上次", "上个月", "上周", "那次", "曾经", "昨天", "之前"];
/// Parts of exclusions that speak of talk, hypothesis, denial or what is over.
const TALK: [&str; 32] = [
    "演练",
    "演习",
    "培训",
    "预案",
    "怎么",
    "如何",
    "会不会",
    "会怎样",
    "如果",
    "要是",
    "万一",
    "假如",
    "新闻",
    "视频",
    "电影",
    "电视",
    "听说",
    "保险",
    "理赔",
    "赔",
    "已经",
    "避免",
    "注意",
    "风险",
    "怕",
    "容易",
    "担心",
    "不",
    "没",
    "游戏",
    "开玩笑",
    "预防",
];

impl Emergencies {
    /// Reads the table.
    ///
    /// # Errors
    /// A rule without words, without advice, or with other counts of labels and numbers.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut rules = Vec::new();
        let mut pairs = Vec::new();
        let mut apart = Vec::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let bad = |message: &str| DataError::row(FILE, line, message);
            let words = table::list(&row.words);
            if words.is_empty() {
                return Err(bad("没有触发词"));
            }
            if row.advice.is_empty() {
                return Err(bad("没有写明先做什么"));
            }
            let (labels, tels) = (table::list(&row.label), table::list(&row.tel));
            if labels.len() != tels.len() || labels.is_empty() {
                return Err(bad("号码与名称的个数不一致"));
            }
            if let Some(wrong) = tels.iter().find(|t| !t.chars().all(|c| c.is_ascii_digit() || c == '-')) {
                return Err(bad(&format!("号码「{wrong}」不是数字")));
            }
            let urgency = match row.urgency.as_str() {
                "" | "特急" => Urgency::特急,
                "紧急" => Urgency::紧急,
                other => return Err(bad(&format!("紧急程度「{other}」应为 特急 或 紧急"))),
            };
            for word in words.iter().map(|w| plain(w)) {
                if let Some((first, then)) = word.split_once(GAP) {
                    if first.is_empty() || then.is_empty() {
                        return Err(bad(&format!("「{word}」的省略号前后都要有字")));
                    }
                    apart.push(Apart { first: first.chars().collect(), then: then.chars().collect(), rule: rules.len() });
                    continue;
                }
                // 「著火」 is how traditional writing has it, and no table of characters turns it into 着火.
                if word.contains('着') {
                    pairs.push((word.replace('着', "著"), rules.len()));
                }
                pairs.push((word, rules.len()));
            }
            rules.push(Rule {
                emergency: Emergency {
                    id: row.id,
                    numbers: labels.into_iter().zip(tels).map(|(label, tel)| Hotline { label, tel }).collect(),
                    advice: row.advice,
                    why: String::new(),
                    category_code: row.category_code,
                    urgency,
                },
                exclude: table::list(&row.exclude_words).iter().map(|w| plain(w)).collect(),
            });
        }
        if rules.is_empty() {
            return Err(DataError::file(FILE, "没有任何紧急情形"));
        }
        Ok(Self { rules, words: WordScan::new(pairs), apart })
    }

    /// Codes of the categories that the rules point to, for checking them against the taxonomy.
    pub fn category_codes(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|r| r.emergency.category_code.as_str()).filter(|c| !c.is_empty())
    }

    /// The emergency that is happening now according to `text`, the gravest first.
    #[must_use]
    pub fn detect(&self, text: &str) -> Option<Emergency> {
        let folded = plain(text);
        let chars: Vec<char> = folded.chars().collect();
        let mut best: Option<(usize, usize, usize)> = None;
        let whole = self.words.longest(&chars);
        let whole = whole.iter().flat_map(|hit| hit.ids.iter().map(|&rule| (hit.start, hit.end, rule)));
        for (start, end, rule) in whole.chain(self.apart(&chars)) {
            let (clause_start, clause_end) = clause_around(&chars, start, end);
            let before: String = chars[clause_start..start].iter().collect();
            let after: String = chars[end..clause_end].iter().collect();
            let clause: String = chars[clause_start..clause_end].iter().collect();
            let previous = previous_clause(&chars, clause_start);
            let legal = asks_about_consequences(&sentence_around(&chars, start, end));
            let word: String = chars[start..end].iter().collect();
            if legal || self.rules[rule].is_excluded(&word, &clause, &previous) || is_not_now(&before, &after, &clause, &previous)
            {
                continue;
            }
            let better = best.is_none_or(|(r, ..)| self.rank(rule) < self.rank(r));
            if better {
                best = Some((rule, start, end));
            }
        }
        best.map(|(rule, start, end)| {
            let words: String = chars[start..end].iter().collect();
            let mut emergency = self.rules[rule].emergency.clone();
            emergency.why = format!("您提到「{words}」");
            emergency
        })
    }

    /// Where two words stand in one clause with little between them: start, end, rule.
    fn apart(&self, chars: &[char]) -> impl Iterator<Item = (usize, usize, usize)> {
        // 「电梯坏了，后来电梯把我妈困住了」: any of the first words may be the one.
        self.apart.iter().filter_map(|Apart { first, then, rule }| {
            let mut starts = chars.windows(first.len()).enumerate().filter(|(_, w)| *w == first.as_slice());
            starts.find_map(|(start, _)| {
                let rest = &chars[start + first.len()..];
                let gap = rest.windows(then.len()).take(WIDEST + 1).position(|w| w == then.as_slice())?;
                let between: String = rest[..gap].iter().collect();
                // 「电梯没有困住人」「电梯差点把人困住」
                let denied = NOT_NOW.iter().chain(&["差点", "险些", "会"]).any(|w| between.contains(w));
                (!denied && !between.contains(is_mark)).then_some((start, start + first.len() + gap + then.len(), *rule))
            })
        })
    }

    /// Graver first; among equals the order of the file.
    fn rank(&self, rule: usize) -> (bool, usize) {
        (self.rules[rule].emergency.urgency != Urgency::特急, rule)
    }
}

impl Rule {
    /// An exclusion that speaks of the past or of talk (以前, 演练, 怕起火) holds for the clause and the one before it,
    /// unless the clause says that it is now. One that names a thing (烧烤, 烟囱) explains smoke; it does not undo 「着火了」.
    fn is_excluded(&self, word: &str, clause: &str, previous: &str) -> bool {
        let now = RIGHT_NOW.iter().any(|w| clause.contains(w));
        let done = word.ends_with(['了', '啦']);
        self.exclude.iter().any(|w| {
            let talk = TALK.iter().any(|t| w.contains(t));
            let past = PAST.iter().any(|t| w.contains(t));
            let applies = if past { !now } else { talk || !done };
            applies && (clause.contains(w.as_str()) || (!now && previous.contains(w.as_str())))
        })
    }
}

/// From the last mark before the word to the next one after it.
fn clause_around(chars: &[char], start: usize, end: usize) -> (usize, usize) {
    let from = chars[..start].iter().rposition(|c| is_mark(*c)).map_or(0, |i| i + 1);
    let to = chars[end..].iter().position(|c| is_mark(*c)).map_or(chars.len(), |i| end + i + 1);
    (from, to)
}

/// From the last full stop before the word to the next one after it.
fn sentence_around(chars: &[char], start: usize, end: usize) -> String {
    let stop = |c: &char| matches!(c, '。' | '!' | '！' | '?' | '？' | ';' | '；' | '\n');
    let from = chars[..start].iter().rposition(stop).map_or(0, |i| i + 1);
    let to = chars[end..].iter().position(stop).map_or(chars.len(), |i| end + i + 1);
    chars[from..to].iter().collect()
}

/// 「被砸伤了，应该找谁赔偿」 asks what follows in law, after the fact.
fn asks_about_consequences(sentence: &str) -> bool {
    let law = [
        "赔偿",
        "责任",
        "犯罪",
        "判几年",
        "判多少",
        "怎么判",
        "判刑",
        "违法吗",
        "区别",
        "抓起来",
        "继承",
        "保险",
        "工伤",
        "免责",
        "立案标准",
        "算谁",
        "算哪个",
        "谁赔",
        "哪个赔",
        "谁出钱",
    ];
    let asks = ["吗", "谁", "哪个", "怎么", "如何", "是否", "什么", "哪", "多少", "?", "？", "能不能", "可以", "会不会"];
    let now = RIGHT_NOW.iter().any(|w| sentence.contains(w));
    !now && law.iter().any(|w| sentence.contains(w)) && asks.iter().any(|w| sentence.contains(w))
}

/// The clause before, when only a comma separates it.
fn previous_clause(chars: &[char], start: usize) -> String {
    if start == 0 || !matches!(chars[start - 1], ',' | '，' | '、') {
        return String::new();
    }
    let from = chars[..start - 1].iter().rposition(|c| is_mark(*c)).map_or(0, |i| i + 1);
    chars[from..start].iter().collect()
}

const fn is_mark(c: char) -> bool {
    matches!(c, '。' | '!' | '！' | '?' | '？' | ';' | '；' | ',' | '，' | '\n' | '、')
}

fn is_not_now(before: &str, after: &str, clause: &str, previous: &str) -> bool {
    // 「快来救命，没想到着火了」: the call for help decides.
    if ["救命", "快来", "正在", "现在"].iter().any(|w| clause.contains(w)) && !clause.contains("没有") {
        return false;
    }
    let near: String = {
        let count = before.chars().count();
        before.chars().skip(count.saturating_sub(9)).collect()
    };
    let near = ["没想到", "不知道怎么", "没多久", "没几分钟", "没人管", "无缘无故"]
        .iter()
        .fold(near, |text, phrase| text.replace(phrase, ""));
    if NOT_NOW.iter().any(|w| near.contains(w)) || ONLY_TALK.iter().any(|w| after.contains(w)) {
        return true;
    }
    // 「如果楼下起火，有人受伤怎么办」: the condition reaches over the comma.
    let now = RIGHT_NOW.iter().any(|w| clause.contains(w));
    !now && ["如果", "万一", "要是", "假如", "演练", "演习"].iter().any(|w| previous.contains(w))
}

/// Words that make any matter urgent, whatever its category says.
const HAZARD: [&str; 24] = [
    "有危险",
    "很危险",
    "太危险",
    "危险得很",
    "随时会掉",
    "随时可能",
    "要塌",
    "要倒",
    "快倒了",
    "垮塌",
    "坍塌",
    "砸到",
    "砸中",
    "差点砸",
    "差点伤",
    "漏电",
    "冒火花",
    "火花",
    "老人小孩都从",
    "掉下来",
    "掉落",
    "裂缝变大",
    "越来越大了",
    "滑坡",
];

/// How urgent a matter is, and why.
///
/// The order: an emergency, an urgent word of the category, a sign of danger in a matter of 安全与消防 or
/// 房屋与公共设施, the standard whose condition was told (with the urgency of its clock), then what the category says by itself.
#[must_use]
pub fn judge(
    text: &str,
    leaf: Option<&Leaf>,
    standard: Option<(&Standard, Urgency)>,
    emergency: Option<&Emergency>,
) -> (Urgency, String) {
    if let Some(e) = emergency {
        return (e.urgency, format!("{}，危及人身安全", e.why));
    }
    let folded = plain(text);
    if let Some(leaf) = leaf {
        let said = leaf.urgent_words.iter().map(|w| plain(w)).find(|w| asserted(&folded, w));
        if let Some(word) = said {
            return (leaf.urgency.max(Urgency::紧急), format!("「{}」类事项，且您提到「{word}」", leaf.name));
        }
        let dangerous_group = matches!(leaf.group.as_str(), "安全与消防" | "房屋与公共设施");
        if dangerous_group && let Some(word) = HAZARD.iter().find(|w| asserted(&folded, w)) {
            return (leaf.urgency.max(Urgency::紧急), format!("您提到「{word}」，可能伤人"));
        }
        if let Some((standard, urgency)) = standard.filter(|(s, _)| !s.is_default()) {
            return (urgency, format!("「{}」：{}，按{urgency:?}事项办理", leaf.name, standard.filing));
        }
        if leaf.urgency > Urgency::一般 {
            return (leaf.urgency, format!("「{}」属于紧急类事项", leaf.name));
        }
        return (Urgency::一般, format!("「{}」按一般事项办理", leaf.name));
    }
    match HAZARD.iter().find(|w| asserted(&folded, w)) {
        Some(word) => (Urgency::紧急, format!("您提到「{word}」，可能伤人")),
        None => (Urgency::一般, "没有提到紧急情形".to_owned()),
    }
}

/// The word stands there and is not denied right before.
pub(super) fn asserted(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = &text[..at];
        let denied = [
            "没有",
            "没",
            "不会",
            "未",
            "无",
            "不",
            "没有人",
            "没人",
            "无人",
            "没有人员",
            "有没有",
            "有没有人",
            "没有伤人",
            "并未",
            "不是",
            "不在",
        ];
        !denied.iter().any(|n| before.ends_with(n))
    })
}
