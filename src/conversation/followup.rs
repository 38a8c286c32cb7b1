//! Is a question a follow-up of the one before, or a matter of its own?
//!
//! A short question is read both ways. The joint reading finds the old guide again whatever the new words are, so it
//! holds only if the guide speaks of what is new in the question; else an answer about the last matter would stand under a
//! question about another one.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::core::text::{for_matching, pairs, pattern};
use crate::knowledge::lexicon;

/// Up to this many characters a question like 「那要多久」 may lean on the one before.
const SHORT_QUESTION: usize = 9;
/// Up to this many it may, when the guide before speaks of what it names: 「儿子在外面打工算不算」.
const LONGER_QUESTION: usize = 12;

/// Words that ask and name no matter, longer ones first.
const ASKING: [&str; 100] = [
    "什么时候",
    "多长时间",
    "能不能",
    "可不可以",
    "要不要",
    "行不行",
    "可以吗",
    "怎么办理",
    "怎么申请",
    "怎么办",
    "怎么领",
    "怎么报",
    "怎么弄",
    "怎么整",
    "怎么处置",
    "怎么处理",
    "怎么做",
    "做什么",
    "干什么",
    "下一步",
    "怎么",
    "如何",
    "多少钱",
    "多少",
    "多久",
    "几天",
    "哪里",
    "哪儿",
    "哪些",
    "哪个",
    "在哪",
    "去哪",
    "找谁",
    "什么",
    "需要",
    "可以",
    "材料",
    "条件",
    "东西",
    "手续",
    "流程",
    "申请",
    "办理",
    "登记",
    "本人",
    "自己",
    "一定",
    "电话",
    "标准",
    "家里人",
    "家人",
    "儿子",
    "女儿",
    "子女",
    "老伴",
    "别人",
    "帮我",
    "帮忙",
    "代办",
    "还是",
    "或者",
    "如果",
    "要是",
    "请问",
    "有没有",
    "就是",
    "那个",
    "这个",
    "处置步骤",
    "步骤",
    "规程",
    "立案",
    "结案",
    "时限",
    "办结",
    "一个月",
    "每个月",
    "每月",
    "一年",
    "每年",
    "一次",
    "带",
    "办",
    "拿",
    "发",
    "给",
    "领",
    "交",
    "要",
    "那",
    "去",
    "吗",
    "呢",
    "的",
    "了",
    "我",
    "是",
    "有",
    "能",
    "钱",
];

/// Words that ask for a way or a place and make a question of its own when a matter stands before them.
const WHOLE: [&str; 9] = ["怎么", "如何", "多少钱", "在哪", "哪里", "去哪", "找谁", "什么条件", "什么材料"];

/// True when a question cannot be understood without the one before it, or may not be.
#[must_use]
pub fn leans_on_before(question: &str) -> bool {
    leans_by_word(question) || question.chars().count() <= LONGER_QUESTION
}

/// True when it is so short that much may be left out.
#[must_use]
pub fn is_short(question: &str) -> bool {
    question.chars().count() <= SHORT_QUESTION
}

/// True when it is about the matter before, whatever it names: 「没有房产证可以不」 speaks of what the last answer asked for,
/// 「她在外地住院不能来」 of who asked, 「和低保能一起领吗」 of both.
#[must_use]
pub fn goes_on(question: &str) -> bool {
    const MAY: [&str; 8] = ["可以", "行不", "行吗", "能", "怎么办", "咋办", "要紧", "算不算"];
    let question = question.trim();
    let starts = |words: &[&str]| words.iter().any(|w| question.starts_with(w));
    let lacks =
        starts(&["没", "不是"]) && question.chars().count() <= LONGER_QUESTION && MAY.iter().any(|w| question.contains(w));
    let beside = starts(&["和", "跟"]) && ["一起", "同时"].iter().any(|w| question.contains(w));
    lacks || beside || starts(&["她", "他"]) && tells_of_person(question)
}

/// True when it names another paper or benefit in the place of the one before: 「那身份证呢」.
#[must_use]
pub fn names_another(question: &str) -> bool {
    const ENDS: [&str; 9] = ["证", "卡", "户口本", "金", "医保", "社保", "低保", "保险", "津贴"];
    let named = question.trim().trim_start_matches('那').trim_end_matches(['呢', '？', '?', '。']);
    named.chars().count() <= 6 && ENDS.iter().any(|w| named.ends_with(w)) && !goes_on(question)
}

/// Signs of what is no mere telling.
const VIOLENCE: [char; 7] = ['打', '骂', '抢', '偷', '咬', '骗', '砸'];

/// Who will not do what the answer before says: 「老师不管」「他不赔」.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuser<'a> {
    /// Somebody of whom was spoken.
    Known,
    /// Named now; the refusal goes on with the matter before only if that one has to do with it.
    Named(&'a str),
}

/// Who refuses, when a message only tells of a refusal.
#[must_use]
pub fn refuser(said: &str) -> Option<Refuser<'_>> {
    static REFUSAL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^(?:但是|可是|结果)?(?:(他们?|她|对方)|(老师|学校|物业|公司|老板|房东|单位|邻居|楼上|社区|医院|商家|店家|平台|法院|派出所|开发商|家长|主人|车主|业主|司机|租客|卖家))",
            r"(?:都|也|就|还是|根本|一直|又|就是)*(?:不管|不理|不认|不赔|不退|不给|不肯|不同意|不愿意?|不配合|不处理|不承认|不签字|不来|没反应|推脱|扯皮|跑了|搬走|找不到|联系不上|说)[^,，。]{0,8}$",
        ))
    });
    let told = REFUSAL.captures(said.trim()).filter(|_| !said.contains(VIOLENCE))?;
    Some(told.get(2).map_or(Refuser::Known, |named| Refuser::Named(named.as_str())))
}

/// True when it only tells how somebody is of whom the question before spoke: 「她在外地住院，不能来」.
#[must_use]
pub fn tells_of_person(said: &str) -> bool {
    static PERSON: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^(?:她|他|本人|人|老人家?|我?(?:妈妈?|爸爸?|老汉|婆婆|爷爷|奶奶|外婆|外公|老公|老婆|父亲|母亲|儿子|女儿)|我们?)(?:现在|一直|又|都|也|还)?",
            r"(?:在|不在|是|不是|没有?|没得|走不动|动不了|来不了|去不了|不能|不会|不方便|住|已经|有|瘫|卧床|病|生病|不识字)[^,，。]{0,14}(?:[,，][^,，。]{0,10})?$",
        ))
    });
    PERSON.is_match(&for_matching(said)) && !said.contains(VIOLENCE)
}

/// True when it says so itself.
#[must_use]
pub fn leans_by_word(question: &str) -> bool {
    const STARTS: [&str; 12] = ["那", "还有", "它", "这个", "这种", "这样", "刚才", "上面", "如果不", "要是不", "然后", "另外"];
    let question = question.trim();
    goes_on(question)
        || STARTS.iter().any(|s| question.starts_with(s))
        || question.trim_end_matches(['？', '?', '。']).ends_with('呢')
}

/// Words of asking in dialect. The lexicon of the search knows them as other readings of a question; here they have to go.
const SPOKEN: [(&str, &str); 9] = [
    ("啥子", "什么"),
    ("啥", "什么"),
    ("咋个", "怎么"),
    ("啷个", "怎么"),
    ("好多", "多少"),
    ("得行不", "可以吗"),
    ("行不", "可以吗"),
    ("哪点", "哪里"),
    ("咋办", "怎么办"),
];

fn standard(question: &str) -> String {
    SPOKEN.iter().fold(lexicon::standard(question), |text, (spoken, standard)| text.replace(spoken, standard))
}

/// Both questions as one, in the standard language: two halves in dialect hide what they ask for.
#[must_use]
pub fn joined(before: &str, question: &str) -> String {
    format!("{} {}", standard(before), standard(question))
}

/// How much of what is new in the question stands in `text`, 0..1.
#[must_use]
pub fn share(question: &str, text: &str) -> f64 {
    let own = own_words(question);
    let told = pairs(&for_matching(text));
    if own.is_empty() { 1.0 } else { own.iter().filter(|pair| told.contains(*pair)).count() as f64 / own.len() as f64 }
}

/// True when it names no matter at all: 「要带啥子」「我儿子帮我办得行不」.
#[must_use]
pub fn names_nothing(question: &str) -> bool {
    own_words(question).is_empty()
}

/// What is left of a question without the words of asking, in the standard language, as pairs of characters.
fn own_words(question: &str) -> HashSet<(char, char)> {
    let mut own = standard(&for_matching(question));
    for word in ASKING {
        own = own.replace(word, " ");
    }
    pairs(&own)
}

/// True when it asks for a way or a place: with a matter of its own it needs nothing before it.
#[must_use]
pub fn asks_wholly(question: &str) -> bool {
    WHOLE.iter().any(|w| question.contains(w))
}
