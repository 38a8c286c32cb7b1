//! Which part of a guide a question is after: how, how long, how much, who may, what to bring, whom to ask.
//!
//! A guide is found as a whole; this picks the sections that are shown of it. No score of the index is needed: the
//! sections of one guide are few, and what tells them apart is the kind of the question.

use crate::core::text::{for_matching, pairs};

/// One kind of question: words of the question, words of a heading, words of a text that answer it.
struct Facet {
    asks: &'static [&'static str],
    heading: &'static [&'static str],
    text: &'static [&'static str],
}

const FACETS: [Facet; 9] = [
    Facet {
        asks: &[
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
            "来得及",
            "过期",
        ],
        heading: &["多久", "期限", "时限", "时间", "什么时候"],
        text: &["日内", "个月", "工作日", "小时", "之日起", "年内", "分钟"],
    },
    Facet {
        asks: &[
            "多少钱",
            "好多钱",
            "收费",
            "费用",
            "要钱",
            "花钱",
            "补多少",
            "领多少",
            "发多少",
            "赔多少",
            "几块",
            "利息",
            "标准是多少",
        ],
        heading: &["多少", "钱", "费", "补偿", "待遇"],
        text: &["元", "百分之", "差额", "标准", "免费", "不收"],
    },
    Facet {
        asks: &[
            "条件",
            "资格",
            "能不能",
            "可不可以",
            "可以吗",
            "能吗",
            "哪些人",
            "什么人",
            "符合",
            "够不够",
            "算不算",
            "得行不",
            "得不得",
        ],
        heading: &["条件", "哪些人", "谁能", "谁可以", "能不能", "资格", "哪些", "不能"],
        text: &["可以", "应当符合", "不能", "不得"],
    },
    Facet {
        asks: &[
            "代办",
            "帮我办",
            "帮他办",
            "帮她办",
            "帮忙办",
            "替我",
            "替他",
            "委托别人",
            "本人去",
            "本人来",
            "亲自",
            "儿子帮",
            "女儿帮",
            "家人帮",
            "家里人帮",
            "别人帮",
            "子女帮",
            "老伴帮",
        ],
        heading: &["代办", "委托", "怎么申请", "怎么办", "怎么领"],
        text: &["代办", "代为", "委托", "上门帮忙", "本人亲自"],
    },
    Facet {
        asks: &["材料", "带什么", "带啥", "要什么", "要啥子", "证件", "哪些东西", "手续"],
        heading: &["材料", "带什么", "怎么申请", "怎么办", "手续", "怎么报名"],
        text: &["身份证", "户口簿", "复印件", "申请书", "证明", "材料"],
    },
    Facet {
        asks: &[
            "找谁",
            "找哪个",
            "哪里",
            "哪儿",
            "哪点",
            "哪个部门",
            "电话",
            "去哪",
            "归谁管",
            "哪个管",
            "谁管",
            "投诉",
            "举报",
            "报给",
        ],
        heading: &["找谁", "投诉", "举报", "谁管", "去哪"],
        text: &["12345", "拨打", "窗口", "部门"],
    },
    Facet {
        asks: &["罚", "后果", "违法", "处罚", "犯法", "会怎样", "坐牢"],
        heading: &["处理", "违反", "罚", "后果", "不能做", "法律怎么说"],
        text: &["罚款", "处罚", "责令", "警告"],
    },
    Facet {
        asks: &["谁赔", "谁负责", "哪个赔", "哪个负责", "责任", "谁出钱", "哪个出钱", "赔偿", "赔不赔"],
        heading: &["谁赔", "谁负责", "谁来", "责任", "谁出钱", "谁修", "赔"],
        text: &["赔偿", "责任", "承担", "侵权"],
    },
    Facet {
        asks: &["怎么", "咋", "如何", "啷个", "流程", "步骤", "办理", "怎样"],
        heading: &["怎么", "办", "步骤", "流程", "马上", "申请", "先"],
        text: &["1. ", "先", "再"],
    },
];

/// How well a section fits a question; only compared within one guide.
///
/// Words that the guide's `title` already has tell its sections nothing apart and count little.
#[must_use]
pub fn fit(question: &str, title: &str, heading: &str, text: &str) -> f32 {
    let question = for_matching(question);
    let (title, heading, text) = (for_matching(title), for_matching(heading), for_matching(text));
    let (titled, headed, told) = (pairs(&title), pairs(&heading), pairs(&text));
    let mut score = 0.0;
    for pair in pairs(&question) {
        let weight = if titled.contains(&pair) { 0.2 } else { 1.0 };
        if headed.contains(&pair) {
            score += 1.5 * weight;
        } else if told.contains(&pair) {
            score += weight;
        }
    }
    for facet in &FACETS {
        if !facet.asks.iter().any(|w| question.contains(w)) {
            continue;
        }
        if facet.heading.iter().any(|w| heading.contains(w)) {
            score += 3.0;
        }
        let held = facet.text.iter().filter(|w| text.contains(*w)).count();
        score += 0.5 * held.min(3) as f32;
    }
    score
}
