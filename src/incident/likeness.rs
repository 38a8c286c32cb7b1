//! Names that are written wrong: characters that sound or look alike, and finding a name by them.
//!
//! People type by sound and let the phone choose the character, speak to it in the accent of Chongqing (n and l, z and zh,
//! in and ing are one), or pick a character that looks right. A name is taken for another spelling only when every
//! different character sounds or looks alike, and only so many of them; anything less alike is a question.

use std::collections::HashMap;

use pinyin::ToPinyinMulti as _;

/// Characters that are mistaken for each other by their looks: they share the part that carries the sound, or nearly all strokes.
const SHAPES: [&str; 75] = [
    "柏铂珀泊伯帕拍怕迫舶",
    "鼎顶",
    "凤风",
    "鸣呜",
    "苑宛菀怨",
    "园圆元完院",
    "晖辉挥浑珲",
    "渝愉喻榆瑜俞",
    "栖西洒晒",
    "湾弯",
    "蓝篮监",
    "杏否吞",
    "葵揆",
    "郡群君",
    "庭廷挺",
    "桂佳挂娃",
    "岛鸟乌",
    "锦绵棉帛",
    "悦说锐脱税",
    "滨宾缤",
    "润闰",
    "幸辛",
    "城成诚",
    "都郁部",
    "筑竹巩",
    "湖胡糊",
    "丹舟",
    "府付附俯",
    "阳阴杨扬汤",
    "向响问",
    "梧吾悟语",
    "桐铜洞筒",
    "里理埋",
    "春舂",
    "晨辰震",
    "华化哗",
    "翠萃粹",
    "绣秀锈",
    "雅稚",
    "居届屈",
    "景影",
    "天夭夫",
    "名各",
    "金全",
    "银根很",
    "村材林",
    "平苹坪评",
    "未末",
    "土士",
    "己已巳",
    "大太犬",
    "日曰目",
    "人入",
    "千干于",
    "古右占",
    "渡度镀",
    "色邑",
    "福富幅",
    "港巷",
    "话活",
    "栋拣冻",
    "江汪",
    "新斩",
    "明朋",
    "南楠",
    "龙尤",
    "泰秦",
    "东车",
    "安按",
    "海悔梅",
    "河何",
    "湘相",
    "苹萍",
    "桥侨轿",
    "馨磬",
];

/// The sound of a syllable without tone, with what is one sound in Chongqing folded together.
fn sound(syllable: &str) -> u64 {
    let s = syllable.replace('ü', "v");
    let s = match s.as_str() {
        "hu" => "fu".to_owned(),
        other => match (other.strip_prefix("zh"), other.strip_prefix("ch"), other.strip_prefix("sh"), other.strip_prefix('l')) {
            (Some(rest), ..) => format!("z{rest}"),
            (_, Some(rest), ..) => format!("c{rest}"),
            (_, _, Some(rest), _) => format!("s{rest}"),
            (_, _, _, Some(rest)) => format!("n{rest}"),
            _ => other.to_owned(),
        },
    };
    let s = match s.strip_suffix("ing").or_else(|| s.strip_suffix("eng")) {
        Some(_) => s.trim_end_matches('g').to_owned(),
        None => s,
    };
    s.bytes().take(8).fold(0, |packed, byte| packed << 8 | u64::from(byte))
}

/// The sounds that a character may have; its own code for what has none.
fn sounds(c: char) -> impl Iterator<Item = u64> {
    let read = c.to_pinyin_multi();
    let own = read.is_none().then(|| u64::from(c) | 1 << 63);
    read.into_iter().flatten().map(|p| sound(p.plain())).chain(own)
}

/// The most usual sound of a character.
fn first_sound(c: char) -> u64 {
    sounds(c).next().unwrap_or(u64::from(c))
}

/// The two sound alike in some reading, or look alike.
#[must_use]
pub fn alike(a: char, b: char) -> bool {
    a == b || sounds(a).any(|s| sounds(b).any(|t| s == t)) || SHAPES.iter().any(|group| group.contains(a) && group.contains(b))
}

/// How near a stretch of text is to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Other characters that sound or look alike; so many.
    Alike(usize),
    /// One character is another one, missing or too many: worth a question, no more.
    Doubtful,
}

/// Most wrong characters that still are a spelling of a name of `n` characters.
const fn bound(n: usize) -> usize {
    match n {
        0..=2 => 0,
        3 => 1,
        _ => 2,
    }
}

/// `text` as a spelling of `name`, both of whole characters; `None` when it is the name itself or nothing like it.
#[must_use]
pub fn nearness(text: &[char], name: &[char]) -> Option<Nearness> {
    let n = name.len();
    if text.len() == n {
        let mut wrong = 0;
        let mut strange = 0;
        for (a, b) in text.iter().zip(name) {
            if a != b {
                wrong += 1;
                if !alike(*a, *b) {
                    strange += 1;
                }
            }
        }
        return match (wrong, strange) {
            (1.., 0) if wrong <= bound(n) => Some(Nearness::Alike(wrong)),
            (1, 1) if n >= 4 => Some(Nearness::Doubtful),
            _ => None,
        };
    }
    let (long, short) = if text.len() > n { (text, name) } else { (name, text) };
    let one_apart = n >= 5 && long.len() == short.len() + 1;
    if !one_apart {
        return None;
    }
    let split = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    (long[split + 1..] == short[split..]).then_some(Nearness::Doubtful)
}

/// Names to be found by their sound, or with any one character of them different. Look-ups cost the same for ten names
/// and for a hundred thousand.
#[derive(Debug, Default)]
pub struct NearNames {
    names: Vec<(Vec<char>, usize)>,
    /// Hash of the sounds, with at most one place left out → names.
    by_sound: HashMap<u64, Vec<u32>>,
    longest: usize,
}

/// One place of a name that is left out of the key.
const ANY: u64 = u64::MAX;

impl NearNames {
    /// Builds the index; each name stands for a number.
    pub fn new(names: impl IntoIterator<Item = (Vec<char>, usize)>) -> Self {
        let mut out = Self::default();
        for (name, id) in names {
            let sounds: Vec<u64> = name.iter().map(|c| first_sound(*c)).collect();
            let Ok(at) = u32::try_from(out.names.len()) else { break };
            let mut keys = keys(&sounds);
            if name.len() >= 5 {
                keys.extend((0..sounds.len()).map(|i| key_without(&sounds, i)));
            }
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                out.by_sound.entry(key).or_default().push(at);
            }
            out.longest = out.longest.max(name.len());
            out.names.push((name, id));
        }
        out
    }

    /// Length of the longest name, in characters.
    #[must_use]
    pub const fn longest(&self) -> usize {
        self.longest
    }

    /// The sounds of a text, for [`Self::find`].
    #[must_use]
    pub fn sounds(text: &[char]) -> Vec<u64> {
        text.iter().map(|c| first_sound(*c)).collect()
    }

    /// The numbers of the names that `text` (with its `sounds`) may be another spelling of, with how near each is.
    /// `doubtful`: also what is only worth a question.
    #[must_use]
    pub fn find(&self, text: &[char], sounds: &[u64], doubtful: bool) -> Vec<(Nearness, usize)> {
        let mut seen: Vec<u32> = Vec::new();
        let mut keys = keys(sounds);
        if doubtful && text.len() >= 4 {
            // A character is missing: names are kept with one left out as well. One too many: leave one out here.
            keys.push(hash(sounds, 1));
            keys.extend((0..sounds.len()).map(|i| {
                let mut shorter = sounds.to_vec();
                shorter.remove(i);
                hash(&shorter, 0)
            }));
        }
        for key in keys {
            for at in self.by_sound.get(&key).into_iter().flatten() {
                if !seen.contains(at) {
                    seen.push(*at);
                }
            }
        }
        let mut found: Vec<(Nearness, usize)> = Vec::new();
        for at in seen {
            let Some((name, id)) = usize::try_from(at).ok().and_then(|i| self.names.get(i)) else { continue };
            match nearness(text, name) {
                Some(Nearness::Doubtful) if !doubtful => {}
                Some(near) => found.push((near, *id)),
                None => {}
            }
        }
        found.sort_unstable();
        found
    }
}

/// All keys of a stretch: its sounds, and each with one place open.
fn keys(sounds: &[u64]) -> Vec<u64> {
    let mut keys = Vec::with_capacity(sounds.len() + 1);
    keys.push(hash(sounds, 0));
    let mut open = sounds.to_vec();
    for i in 0..sounds.len() {
        let kept = std::mem::replace(&mut open[i], ANY);
        keys.push(hash(&open, 0));
        open[i] = kept;
    }
    keys
}

fn key_without(sounds: &[u64], i: usize) -> u64 {
    let mut shorter = sounds.to_vec();
    shorter.remove(i);
    hash(&shorter, 1)
}

/// Only spreads the keys; what they lead to is compared character by character.
fn hash(sounds: &[u64], kind: u64) -> u64 {
    sounds.iter().fold(kind.wrapping_add(sounds.len() as u64), |h, s| (h.rotate_left(23) ^ s).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}
