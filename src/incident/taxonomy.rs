//! The street's categories (taxonomy.csv) and the choice of one from everyday words.
//!
//! A category is only ever picked from this list; a code that is not in it does not exist.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use serde::Deserialize;

use super::{
    learned::Learned,
    questions::{self, OwnQuestion, Questions, Stop},
    reading::plain,
    scan::WordScan,
    standards,
    table::{self, DataError},
    ticket::{Category, Kind, Urgency},
};

/// Name of the file.
pub const FILE: &str = "taxonomy.csv";

/// The five plain groups that a resident chooses from.
pub const GROUPS: [&str; 5] = ["房屋与公共设施", "环境与卫生", "安全与消防", "邻里与治安", "民生与服务"];

/// One leaf category.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the file")]
pub struct Leaf {
    /// Six digits, two per level.
    pub code: String,
    /// Name of the first level.
    pub level1: String,
    /// Name of the second level.
    pub level2: String,
    /// Plain name.
    pub name: String,
    /// One of [`GROUPS`].
    pub group: String,
    /// What a report of this category is unless the resident says otherwise.
    pub kind: Kind,
    /// Everyday and official words.
    pub words: Vec<String>,
    /// Sentences as residents say them.
    pub examples: Vec<String>,
    /// Words that speak against it.
    pub negative_words: Vec<String>,
    /// Its own questions; see [`Taxonomy::with_questions`].
    pub questions: Vec<OwnQuestion>,
    /// What the resident should know before confirming, or empty.
    pub notice: String,
    /// Whoever handles it does not learn who reported it (保密).
    pub confidential: bool,
    /// A photo helps: asked for once, never waited for.
    pub photo_wanted: bool,
    /// Nothing can be done without ringing back.
    pub required_phone: bool,
    /// May be reported without a name.
    pub anonymous_allowed: bool,
    /// Section (板块).
    pub section: String,
    /// Post (岗).
    pub post: String,
    /// `社区` or `街道`.
    pub first_receiver: String,
    /// Whether it is a community's duty at all (四清单).
    pub community_duty: bool,
    /// Urgency without further signs.
    pub urgency: Urgency,
    /// Words that make it urgent.
    pub urgent_words: Vec<String>,
    /// Id in clocks.csv.
    pub clock: String,
    /// Class code of GB/T 30428, empty when unsure.
    pub gb30428: String,
    /// Code in the 12345 scheme, empty when unknown.
    pub code12345: String,
    /// Service code towards Open311, empty for [`Self::code`].
    pub open311: String,
    /// When not empty: the right channel, in words; no draft is made.
    pub stopper: String,
    /// Articles it rests on, or empty.
    pub legal_basis: String,
    /// Another report within so many metres may be the same; 0 = not looked for.
    pub duplicate_radius_m: u32,
    /// And within so many hours; 0 = not looked for.
    pub duplicate_window_h: u32,
}

/// Metres, where the table does not say.
const DUPLICATE_RADIUS_M: u32 = 300;
/// Hours, where the table does not say: thirty days.
const DUPLICATE_WINDOW_H: u32 = 720;

impl Leaf {
    /// The category as it stands in a ticket.
    #[must_use]
    pub fn category(&self) -> Category {
        let mut standard_codes = BTreeMap::new();
        for (scheme, code) in [("gbt30428", &self.gb30428), ("12345", &self.code12345), ("open311", &self.open311)] {
            if !code.is_empty() {
                standard_codes.insert(scheme.to_owned(), code.clone());
            }
        }
        Category {
            code: self.code.clone(),
            name: self.name.clone(),
            path: vec![self.level1.clone(), self.level2.clone(), self.name.clone()],
            section: self.section.clone(),
            standard_codes,
        }
    }

    /// Its code for programs that speak Open311.
    #[must_use]
    pub fn service_code(&self) -> &str {
        if self.open311.is_empty() { &self.code } else { &self.open311 }
    }

    /// The other way that every matter of the category goes, if there is one.
    #[must_use]
    pub fn stop(&self) -> Option<Stop> {
        let words = Some(self.stopper.clone()).filter(|s| !s.is_empty())?;
        Some(Stop { option: String::new(), words, tel: String::new(), body: String::new() })
    }
}

#[derive(Debug, Deserialize)]
struct Row {
    code: String,
    level1: String,
    level2: String,
    name: String,
    group: String,
    kind: String,
    words: String,
    examples: String,
    #[serde(default)]
    negative_words: String,
    /// Where questions stood before they had a table of their own.
    #[serde(default)]
    questions: String,
    #[serde(default)]
    required_phone: String,
    #[serde(default)]
    anonymous_allowed: String,
    section: String,
    post: String,
    first_receiver: String,
    #[serde(default)]
    community_duty: String,
    urgency: String,
    #[serde(default)]
    urgent_words: String,
    clock: String,
    #[serde(default)]
    gb30428: String,
    #[serde(default)]
    code12345: String,
    #[serde(default)]
    stopper: String,
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    notice: String,
    #[serde(default)]
    confidentiality: String,
    #[serde(default)]
    photo_wanted: String,
    #[serde(default)]
    open311: String,
    #[serde(default)]
    duplicate_radius_m: String,
    #[serde(default)]
    duplicate_window_h: String,
}

/// A category with its score for one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Code of the leaf.
    pub code: String,
    /// 0..1, comparable within one message.
    pub score: f32,
    /// The words of the message that spoke for it.
    pub matched_words: Vec<String>,
}

/// The outcome of [`Taxonomy::decide`].
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Best first; equal scores by code.
    pub ranked: Vec<Scored>,
    /// True when the first is good by itself and clearly ahead of the second.
    pub sure: bool,
}

/// What two texts are compared by; see [`Taxonomy::gist`].
#[derive(Debug, Clone)]
pub struct Gist {
    grams: HashSet<[char; 2]>,
    norm: f32,
}

/// All categories of the street.
#[derive(Debug)]
pub struct Taxonomy {
    leaves: Vec<Leaf>,
    by_code: HashMap<String, usize>,
    /// Codes of the past and what stands for them now.
    replaced: HashMap<String, String>,
    words: WordScan,
    negatives: WordScan,
    /// Inverse leaf frequency of a word, by the word.
    word_weight: HashMap<String, f32>,
    /// Example sentences as weighted sets of bigrams: leaf, bigrams, norm.
    examples: Vec<(usize, HashSet<[char; 2]>, f32)>,
    bigram_weight: HashMap<[char; 2], f32>,
    /// How much each leaf's words and examples together say by each bigram: gram → leaf and saturated frequency.
    postings: HashMap<[char; 2], Vec<(usize, f32)>>,
    rare: f32,
    /// What confirmed tickets and corrections have taught since; swapped whole while messages are read.
    learned: ArcSwapOption<Learned>,
}

/// From this score on words are of a category.
pub const OF_A_CATEGORY: f32 = 0.2;
/// Below this score nothing is said about the category.
const FLOOR: f32 = 0.12;
/// A first place from here on can be sure.
const GOOD: f32 = 0.3;
/// The second must be below this share of the first.
const MARGIN: f32 = 0.85;
/// Shares of the listed words, of the most similar example, and of all words and examples together.
const SHARES: [f32; 3] = [0.35, 0.25, 0.4];

impl Taxonomy {
    /// Reads the table.
    ///
    /// # Errors
    /// The first line that breaks a rule: a code that is not six digits or appears twice, an unknown group or kind,
    /// a receiver other than 社区/街道, a community as receiver of what is no community's duty, no word or example,
    /// questions in a cell, articles that are not written `《law》第…条`, an Open311 code twice.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut leaves = Vec::new();
        let mut by_code = HashMap::new();
        let mut services = HashSet::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let leaf = leaf(line, row)?;
            if !services.insert(leaf.service_code().to_owned()) {
                return Err(DataError::row(FILE, line, format!("open311 代码 {} 重复", leaf.service_code())));
            }
            if by_code.insert(leaf.code.clone(), leaves.len()).is_some() {
                return Err(DataError::row(FILE, line, format!("代码 {} 重复", leaf.code)));
            }
            leaves.push(leaf);
        }
        if leaves.is_empty() {
            return Err(DataError::file(FILE, "没有任何类别"));
        }
        Ok(Self::index(leaves, by_code))
    }

    /// The same categories with their own questions.
    ///
    /// # Errors
    /// Questions of a category that does not exist; a category with two questions of one code or one text.
    pub fn with_questions(mut self, questions: &Questions) -> Result<Self, DataError> {
        let bad = |message: String| DataError::file(questions::FILE, message);
        for prefix in questions.prefixes() {
            if !self.leaves.iter().any(|l| l.code.starts_with(prefix)) {
                return Err(bad(format!("类别代码 {prefix} 不在 {FILE} 中")));
            }
        }
        for leaf in &mut self.leaves {
            leaf.questions = questions.of(&leaf.code);
            let mut taken = HashSet::new();
            for question in &leaf.questions {
                if !taken.insert(question.code.clone()) || !taken.insert(plain(&question.text)) {
                    return Err(bad(format!("类别 {}（{}）的问题「{}」重复", leaf.code, leaf.name, question.text)));
                }
            }
        }
        Ok(self)
    }

    fn index(leaves: Vec<Leaf>, by_code: HashMap<String, usize>) -> Self {
        let mut pairs: Vec<(String, usize)> = Vec::new();
        let mut negative_pairs = Vec::new();
        let mut df: HashMap<String, HashSet<usize>> = HashMap::new();
        let mut examples = Vec::new();
        let mut bigram_df: HashMap<[char; 2], HashSet<usize>> = HashMap::new();
        let mut frequency: HashMap<([char; 2], usize), f32> = HashMap::new();
        for (i, leaf) in leaves.iter().enumerate() {
            for word in leaf.words.iter().chain([&leaf.name]) {
                let word = plain(word);
                if word.is_empty() {
                    continue;
                }
                df.entry(word.clone()).or_default().insert(i);
                pairs.push((word, i));
            }
            negative_pairs.extend(leaf.negative_words.iter().map(|w| (plain(w), i)));
            for example in leaf.examples.iter().chain(&leaf.words).chain([&leaf.name]) {
                let grams = bigrams(example);
                for gram in &grams {
                    bigram_df.entry(*gram).or_default().insert(i);
                    *frequency.entry((*gram, i)).or_default() += 1.0;
                }
                examples.push((i, grams, 0.0));
            }
        }
        let total = count(leaves.len());
        let weigh = |n: usize| ((total + 1.0) / (count(n) + 0.5)).ln().max(0.1);
        let word_weight = df.into_iter().map(|(word, set)| (word, weigh(set.len()))).collect();
        let bigram_weight: HashMap<_, _> = bigram_df.into_iter().map(|(gram, set)| (gram, weigh(set.len()))).collect();
        let rare = weigh(0);
        let mut postings: HashMap<[char; 2], Vec<(usize, f32)>> = HashMap::new();
        for ((gram, leaf), n) in frequency {
            // Saturates: the fifth mention adds little to the third.
            postings.entry(gram).or_default().push((leaf, n / (n + 1.0)));
        }
        for (_, grams, norm) in &mut examples {
            *norm = sorted_sum(grams.iter().map(|g| bigram_weight.get(g).copied().unwrap_or(rare)));
        }
        Self {
            leaves,
            by_code,
            replaced: HashMap::new(),
            words: WordScan::new(pairs),
            negatives: WordScan::new(negative_pairs),
            word_weight,
            examples,
            bigram_weight,
            postings,
            rare,
            learned: ArcSwapOption::empty(),
        }
    }

    /// The same categories without those example sentences (by their number in the leaf) for which `drop` holds:
    /// for measuring what the table says about a sentence that it does not hold.
    #[must_use]
    pub fn without_examples(&self, drop: impl Fn(usize) -> bool) -> Self {
        let mut leaves = self.leaves.clone();
        for leaf in &mut leaves {
            let mut number = 0;
            leaf.examples.retain(|_| {
                number += 1;
                !drop(number - 1)
            });
        }
        Self::index(leaves, self.by_code.clone())
    }

    /// The same categories, which also answer to codes of the past (old code → code of today).
    #[must_use]
    pub fn with_replaced(mut self, replaced: HashMap<String, String>) -> Self {
        self.replaced = replaced;
        self
    }

    /// Takes what has been learnt into use at once; `None` goes back to the table alone.
    pub fn learn(&self, learned: Option<Arc<Learned>>) {
        self.learned.store(learned);
    }

    /// What is in use of what has been learnt.
    #[must_use]
    pub fn learned(&self) -> Option<Arc<Learned>> {
        self.learned.load_full()
    }

    /// The leaf with this code, or the one that replaced it.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Leaf> {
        let known = |code: &str| self.by_code.get(code).map(|i| &self.leaves[*i]);
        known(code).or_else(|| known(self.replaced.get(code)?))
    }

    /// The leaf whose plain name this is.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Leaf> {
        let name = plain(name);
        self.leaves.iter().find(|l| plain(&l.name) == name)
    }

    /// All leaves, in the order of the file.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The five groups with their leaves, in the order of [`GROUPS`].
    #[must_use]
    pub fn groups(&self) -> Vec<(&'static str, Vec<&Leaf>)> {
        GROUPS.iter().map(|g| (*g, self.leaves.iter().filter(|l| l.group == *g).collect())).collect()
    }

    /// Whether the words of `text` speak for a category at all.
    #[must_use]
    pub fn knows(&self, text: &str) -> bool {
        self.classify(text).first().is_some_and(|best| best.score >= OF_A_CATEGORY)
    }

    /// Categories that the words of `text` speak for, best first.
    #[must_use]
    pub fn classify(&self, text: &str) -> Vec<Scored> {
        let folded = plain(text);
        let chars: Vec<char> = folded.chars().collect();
        let mut evidence = vec![0.0f32; self.leaves.len()];
        let mut matched: Vec<Vec<String>> = vec![Vec::new(); self.leaves.len()];

        // A leaf counts each stretch of text once, with its longest word for that stretch.
        let mut covered: Vec<usize> = vec![0; self.leaves.len()];
        for hit in self.words.all(&chars) {
            let word: String = chars[hit.start..hit.end].iter().collect();
            let weight = self.word_weight.get(&word).copied().unwrap_or(0.1);
            for &leaf in hit.ids {
                if covered[leaf] > hit.start || matched[leaf].contains(&word) {
                    continue;
                }
                covered[leaf] = hit.end;
                // What stands in the name is what the category is about.
                let central = if self.leaves[leaf].name.contains(&word) { 1.5 } else { 1.0 };
                evidence[leaf] += weight * length_factor(hit.end - hit.start) * central;
                matched[leaf].push(word.clone());
            }
        }

        let said = bigrams(&folded);
        let said_norm = sorted_sum(said.iter().map(|g| self.bigram_weight.get(g).copied().unwrap_or(self.rare)));
        let mut likeness = vec![0.0f32; self.leaves.len()];
        for (leaf, grams, norm) in &self.examples {
            let shared = sorted_sum(said.intersection(grams).map(|g| self.bigram_weight.get(g).copied().unwrap_or(self.rare)));
            if shared > 0.0 {
                // Geometric mean of both shares: a long example does not win by its length alone.
                let value = shared / (said_norm * norm).sqrt();
                likeness[*leaf] = likeness[*leaf].max(value.min(1.0));
            }
        }

        let mut sorted: Vec<[char; 2]> = said.iter().copied().collect();
        sorted.sort_unstable();
        let mut together = vec![0.0f32; self.leaves.len()];
        for gram in &sorted {
            let weight = self.bigram_weight.get(gram).copied().unwrap_or(self.rare);
            for &(leaf, saturated) in self.postings.get(gram).into_iter().flatten() {
                together[leaf] += weight * saturated;
            }
        }

        let mut against = vec![false; self.leaves.len()];
        for hit in self.negatives.longest(&chars) {
            for &leaf in hit.ids {
                against[leaf] = true;
            }
        }

        let mut ranked: Vec<Scored> = (0..self.leaves.len())
            .filter_map(|i| {
                let by_words = 1.0 - (-evidence[i] / 6.0).exp();
                // Long messages tell more than the matter; the square root keeps them comparable with short ones.
                let by_all = (together[i] / (said_norm.max(1.0) * 12.0).sqrt()).min(1.0);
                let mut score = SHARES[0] * by_words + SHARES[1] * likeness[i] + SHARES[2] * by_all;
                if against[i] {
                    score *= 0.3;
                }
                (score >= FLOOR).then(|| Scored {
                    code: self.leaves[i].code.clone(),
                    score,
                    matched_words: std::mem::take(&mut matched[i]),
                })
            })
            .collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.code.cmp(&b.code)));
        ranked
    }

    /// The pairs of characters of a text with what the table's own sentences make each of them worth.
    #[must_use]
    pub fn gist(&self, text: &str) -> Gist {
        let grams = bigrams(&plain(text));
        let norm = sorted_sum(grams.iter().map(|g| self.bigram_weight.get(g).copied().unwrap_or(self.rare)));
        Gist { grams, norm }
    }

    /// How alike two texts are, 0..1: the geometric mean of the shares of both that they have in common.
    #[must_use]
    pub fn likeness(&self, a: &Gist, b: &Gist) -> f32 {
        let shared = a.grams.intersection(&b.grams).map(|g| self.bigram_weight.get(g).copied().unwrap_or(self.rare));
        let shared = sorted_sum(shared);
        if shared > 0.0 { (shared / (a.norm * b.norm).sqrt()).min(1.0) } else { 0.0 }
    }

    /// The categories of `text`, best first, and whether the first may be taken without asking: by the table, and where
    /// somebody has labelled a message like this one, by what was learnt from it.
    #[must_use]
    pub fn decide(&self, text: &str) -> Verdict {
        let by_words = self.decide_by_words(text);
        match self.learned.load().as_deref() {
            Some(learned) => learned.decide(self, text, by_words),
            None => by_words,
        }
    }

    /// [`Self::classify`], and whether the first place may be taken without asking.
    #[must_use]
    pub fn decide_by_words(&self, text: &str) -> Verdict {
        let ranked = self.classify(text);
        let sure = match ranked.as_slice() {
            [] => false,
            [only] => only.score >= GOOD,
            [first, second, ..] => first.score >= GOOD && second.score <= first.score * MARGIN,
        };
        Verdict { ranked, sure }
    }
}

fn leaf(line: u64, row: Row) -> Result<Leaf, DataError> {
    let bad = |message: String| DataError::row(FILE, line, message);
    if row.code.len() != 6 || !row.code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad(format!("代码「{}」应为6位数字", row.code)));
    }
    if row.name.is_empty() {
        return Err(bad("名称为空".to_owned()));
    }
    if !GROUPS.contains(&row.group.as_str()) {
        return Err(bad(format!("分组「{}」不在五个分组之内", row.group)));
    }
    let kind = kind_from_word(&row.kind).ok_or_else(|| bad(format!("诉求类型「{}」无法识别", row.kind)))?;
    let urgency = match row.urgency.as_str() {
        "" | "一般" => Urgency::一般,
        "紧急" => Urgency::紧急,
        "特急" => Urgency::特急,
        other => return Err(bad(format!("紧急程度「{other}」无法识别"))),
    };
    let yes_no = |column: &str, cell: &str, empty: bool| {
        table::flag(cell, empty).ok_or_else(|| bad(format!("{column}「{cell}」应为 true 或 false")))
    };
    let required_phone = yes_no("required_phone", &row.required_phone, false)?;
    let anonymous_allowed = yes_no("anonymous_allowed", &row.anonymous_allowed, true)?;
    let community_duty = yes_no("community_duty", &row.community_duty, false)?;
    if !matches!(row.first_receiver.as_str(), "社区" | "街道") {
        return Err(bad(format!("首接单位「{}」应为 社区 或 街道", row.first_receiver)));
    }
    if !community_duty && row.first_receiver == "社区" {
        return Err(bad("不属社区职责的事项，首接单位不能是社区（四清单）".to_owned()));
    }
    if row.clock.is_empty() {
        return Err(bad("没有时限编号".to_owned()));
    }
    let whole = |column: &str, cell: &str, default: u32| match cell.trim() {
        "" => Ok(default),
        cell => cell.parse::<u32>().map_err(|_| bad(format!("{column}「{cell}」应为不小于0的整数"))),
    };
    let duplicate_radius_m = whole("duplicate_radius_m", &row.duplicate_radius_m, DUPLICATE_RADIUS_M)?;
    let duplicate_window_h = whole("duplicate_window_h", &row.duplicate_window_h, DUPLICATE_WINDOW_H)?;
    let words = table::list(&row.words);
    let examples = table::list(&row.examples);
    if words.is_empty() || examples.is_empty() {
        return Err(bad("词语和例句都不能为空".to_owned()));
    }
    if !row.questions.is_empty() {
        return Err(bad(format!("questions 一列已改为 {} 中的行，请把问题移过去", questions::FILE)));
    }
    let confidential = match row.confidentiality.as_str() {
        "" | "普通" => false,
        "保密" => true,
        other => return Err(bad(format!("保密要求「{other}」应为 普通 或 保密"))),
    };
    let photo_wanted = yes_no("photo_wanted", &row.photo_wanted, false)?;
    standards::cited(&row.legal_basis).map_err(bad)?;
    Ok(Leaf {
        words,
        examples,
        negative_words: table::list(&row.negative_words),
        questions: Vec::new(),
        notice: row.notice,
        confidential,
        photo_wanted,
        open311: row.open311,
        kind,
        urgency,
        required_phone,
        anonymous_allowed,
        community_duty,
        urgent_words: table::list(&row.urgent_words),
        code: row.code,
        level1: row.level1,
        level2: row.level2,
        name: row.name,
        group: row.group,
        section: row.section,
        post: row.post,
        first_receiver: row.first_receiver,
        clock: row.clock,
        gb30428: row.gb30428,
        code12345: row.code12345,
        stopper: row.stopper,
        legal_basis: row.legal_basis,
        duplicate_radius_m,
        duplicate_window_h,
    })
}

/// The kind that a word names.
#[must_use]
pub fn kind_from_word(word: &str) -> Option<Kind> {
    Some(match word {
        "投诉" => Kind::投诉,
        "求助" => Kind::求助,
        "建议" => Kind::建议,
        "举报" => Kind::举报,
        "咨询" => Kind::咨询,
        _ => return None,
    })
}

/// Longer words say more; one character says nearly nothing.
fn length_factor(chars: usize) -> f32 {
    match chars {
        0 | 1 => 0.25,
        2 => 0.8,
        3 => 1.1,
        4 => 1.35,
        _ => 1.6,
    }
}

fn bigrams(text: &str) -> HashSet<[char; 2]> {
    let chars: Vec<char> = plain(text).chars().filter(|c| c.is_alphanumeric()).collect();
    chars.windows(2).map(|w| [w[0], w[1]]).collect()
}

/// Adds in a fixed order: the order of a hash set must not reach the last bit of a score.
fn sorted_sum(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.into_iter().sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts of categories, far below 2^24")]
fn count(n: usize) -> f32 {
    n as f32
}
