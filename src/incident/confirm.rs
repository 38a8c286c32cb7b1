//! 「是的」 and 「算了」: the words that close a draft, recognised by code.

use super::reading::plain;

/// What a short answer to the card means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmWord {
    /// Submit it.
    Yes,
    /// Drop the draft.
    Cancel,
}

const YES: [&str; 57] = [
    "报",
    "交",
    "报上去",
    "要的",
    "可以报",
    "是",
    "是的",
    "是啊",
    "是呀",
    "对",
    "对的",
    "对头",
    "对对",
    "对对对",
    "对啊",
    "没错",
    "没有错",
    "确认",
    "确认提交",
    "我确认",
    "确认无误",
    "提交",
    "提交吧",
    "请提交",
    "可以",
    "可以的",
    "可以提交",
    "好",
    "好的",
    "好的提交吧",
    "好提交",
    "好的提交",
    "好吧",
    "行",
    "行的",
    "行吧",
    "要得",
    "没问题",
    "没有问题",
    "无误",
    "嗯",
    "嗯嗯",
    "嗯对",
    "ok",
    "yes",
    "就这样",
    "就这样吧",
    "就这么办",
    "报吧",
    "上报吧",
    "上报",
    "发吧",
    "确定",
    "是的确认",
    "是的提交",
    "对提交吧",
    "同意",
];
const CANCEL: [&str; 30] = [
    "算了",
    "算了吧",
    "不报了",
    "不报",
    "取消",
    "取消吧",
    "我要取消",
    "不用了",
    "不要了",
    "不提交",
    "不提交了",
    "别报了",
    "别提交",
    "放弃",
    "撤销",
    "撤回",
    "不上报了",
    "不上报",
    "不反映了",
    "不投诉了",
    "不举报了",
    "不用报了",
    "不用上报了",
    "先不报了",
    "先不报",
    "不弄了",
    "删掉",
    "删除",
    "退出",
    "暂时不报",
];

impl ConfirmWord {
    /// The meaning of a whole message; `None` when it says anything beyond such a word.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let folded = plain(text);
        let mut word: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        for tail in ["谢谢", "谢谢你", "谢谢您", "麻烦了", "麻烦你了", "辛苦了"] {
            if let Some(short) = word.strip_suffix(tail).filter(|s| !s.is_empty()) {
                word = short.to_owned();
            }
        }
        if folded.trim_end().ends_with(['?', '？']) {
            return None;
        }
        let has = |list: &[&str], word: &str| list.contains(&word);
        let parts: Vec<String> = folded
            .split([',', '，', '。', '!', '！', ' '])
            .map(|p| p.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
            .filter(|p| !p.is_empty())
            .collect();
        // 「算了，已经弄好了」: the reason after it changes nothing, unless it takes it back.
        let gives_up = parts.len() > 1 && has(&CANCEL, &parts[0]) && word.chars().count() <= 16;
        if gives_up && !["还是", "报吧", "提交", "确认"].iter().any(|w| word.contains(w)) {
            return Some(Self::Cancel);
        }
        if has(&CANCEL, &word) || ["算了", "取消"].iter().any(|p| word.strip_prefix(p).is_some_and(|rest| has(&CANCEL, rest)))
        {
            return Some(Self::Cancel);
        }
        let trimmed = word.trim_end_matches(['吧', '啊', '哈', '嘛', '呀', '哦', '噻', '嘞', '了']);
        if has(&YES, &word) || has(&YES, trimmed) {
            return Some(Self::Yes);
        }
        // Two of them in a row: 「没错，提交吧」.
        let yes = |p: &String| has(&YES, p) || has(&YES, p.trim_end_matches(['吧', '啊', '哈', '嘛', '嘞', '噻', '了']));
        (parts.len() > 1 && parts.iter().all(yes)).then_some(Self::Yes)
    }
}
