//! 「一起反映」 and 「这不是同一件事」: what is answered to a ticket that was shown, recognised by code.

use crate::incident::reading::{plain, small_number};

/// What a short answer to the shown tickets means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SameWord {
    /// It is the same; which one, when it was said.
    Join(Which),
    /// It is another matter.
    Other,
}

/// Which of the shown tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Not said.
    Unsaid,
    /// By its place in the list, from 1.
    Place(usize),
    /// By its number.
    Number(String),
}

const JOIN: [&str; 20] = [
    "一起反映",
    "我也一起反映",
    "我要一起反映",
    "一起反应",
    "一起报",
    "一起上报",
    "是同一件",
    "是同一件事",
    "就是同一件",
    "就是同一件事",
    "同一件",
    "同一件事",
    "同一个事",
    "是同一个事",
    "就是这件",
    "就是这件事",
    "就是这个事",
    "是这件事",
    "我也是这件事",
    "我也反映这个",
];
const OTHER: [&str; 12] = [
    "这不是同一件事",
    "不是同一件事",
    "不是同一件",
    "不是一件事",
    "不是一回事",
    "不是这件事",
    "不是这件",
    "不是这个事",
    "不一样的事",
    "是另外一件事",
    "另外一件事",
    "单独报",
];

impl SameWord {
    /// The meaning of a whole message; `None` when it says anything beyond such words.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let folded = plain(text);
        if folded.trim_end().ends_with(['?', '？']) {
            return None;
        }
        let word: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        let word = word.trim_end_matches(['吧', '啊', '哈', '嘛', '呀', '哦', '噻', '嘞', '的', '了']);
        if OTHER.contains(&word) {
            return Some(Self::Other);
        }
        if JOIN.contains(&word) {
            return Some(Self::Join(Which::Unsaid));
        }
        // 「一起反映 WG20260609000001」, 「第二个是同一件」, 「一起反映1」
        let rest = JOIN.iter().filter_map(|j| word.strip_prefix(j).or_else(|| word.strip_suffix(j))).min_by_key(|r| r.len())?;
        if rest.starts_with("wg") && rest[2..].bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self::Join(Which::Number(rest.to_uppercase())));
        }
        let place = rest.trim_start_matches(['第', '跟', '和', '与']).trim_end_matches(['个', '件', '条']);
        let place = small_number(place).and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=super::open::MOST).contains(n))?;
        Some(Self::Join(Which::Place(place)))
    }
}
