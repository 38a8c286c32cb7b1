//! Is a question a follow-up of the one before, or a matter of its own?
//!
//! A short question is read both ways. The joint reading finds the old guide again whatever the new words are, so it
//! holds only if the guide speaks of what is new in the question; else an answer about the last matter would stand under a
//! question about another one.

use crate::core::text::{for_matching, pairs};

/// Up to this many characters a question like 「那要多久」 may lean on the one before.
const SHORT_QUESTION: usize = 9;

/// Words that ask and name no matter, longer ones first.
const ASKING: [&str; 62] = [
    "什么时候",
    "多长时间",
    "能不能",
    "可不可以",
    "要不要",
    "怎么办理",
    "怎么申请",
    "怎么办",
    "怎么领",
    "怎么报",
    "怎么弄",
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
    "还是",
    "或者",
    "如果",
    "要是",
    "请问",
    "有没有",
    "就是",
    "那个",
    "这个",
    "办",
    "领",
    "交",
    "要",
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
    leans_by_word(question) || question.chars().count() <= SHORT_QUESTION
}

/// True when it says so itself.
#[must_use]
pub fn leans_by_word(question: &str) -> bool {
    const STARTS: [&str; 12] = ["那", "还有", "它", "这个", "这种", "这样", "刚才", "上面", "如果不", "要是不", "然后", "另外"];
    let question = question.trim();
    STARTS.iter().any(|s| question.starts_with(s)) || question.trim_end_matches(['？', '?', '。']).ends_with('呢')
}

/// True when `guide`, the text that the joint reading found, speaks of what is new in the question, or nothing is new.
#[must_use]
pub fn speaks_of(question: &str, guide: &str) -> bool {
    let mut own = for_matching(question);
    for word in ASKING {
        own = own.replace(word, " ");
    }
    let own = pairs(&own);
    if own.is_empty() {
        return true;
    }
    let told = pairs(&for_matching(guide));
    own.iter().any(|pair| told.contains(pair))
}

/// True when it asks for a way or a place: with a matter of its own it needs nothing before it.
#[must_use]
pub fn asks_wholly(question: &str) -> bool {
    WHOLE.iter().any(|w| question.contains(w))
}
