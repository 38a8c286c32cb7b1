//! Texts whose clauses stand for themselves: a law is cut by article, a handbook by heading, long prose by paragraphs.

use super::blocks::{self, Block};
use super::numbering;
use super::pack::pack;
use super::{Section, first_words};

/// Articles from which on a text is a law.
const ARTICLES: usize = 3;
/// Headings from which on a text is a handbook of many matters.
const HEADINGS: usize = 30;
/// Characters from which on a text is no longer one matter.
const LONG: usize = 8000;
/// What stands before the first clause of a law: who passed it, and when.
pub const NOTE: &str = "题注";

/// Has the text articles (第X条) at the start of its lines?
#[must_use]
pub fn is_law(markdown: &str) -> bool {
    let mut expected = 1;
    let mut found = 0;
    for line in markdown.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if let Some(article) = numbering::article(line, Some(expected)) {
            found += 1;
            expected = article.number.saturating_add(1);
            if found >= ARTICLES {
                return true;
            }
        }
    }
    false
}

/// Should each clause be found by itself, instead of the text as a whole?
#[must_use]
pub fn stands_alone(markdown: &str) -> bool {
    is_law(markdown)
        || markdown.lines().filter(|l| l.starts_with("##") && l.trim_start_matches('#').starts_with(' ')).count() >= HEADINGS
        || (markdown.chars().filter(|c| !c.is_whitespace()).take(LONG).count() >= LONG && !is_list(markdown))
}

/// Is it a list of matters, one a line, each called by the words before its colon? However long, its lines have nothing to do with
/// each other and are not packed into common pieces.
fn is_list(text: &str) -> bool {
    let (mut lines, mut called) = (0usize, 0usize);
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        lines += 1;
        called += usize::from(line[first_words(line).len()..].starts_with([':', '：']));
    }
    called * 10 >= lines * 9
}

/// A heading above the clauses that follow.
#[derive(Debug)]
struct Head {
    /// 编 1 … 节 4; another heading 10 + its level; an annex 0.
    rank: u8,
    /// Its level in Markdown, when it is a heading there.
    level: Option<u8>,
    text: String,
}

#[derive(Debug, Default)]
struct Cutter {
    out: Vec<Section>,
    path: Vec<Head>,
    /// The article that is being read.
    article: Option<String>,
    expected: Option<u32>,
    blocks: Vec<Block>,
    law: bool,
}

/// Cuts Markdown into clauses. The path of a clause is every heading above it, the outermost first.
/// The first heading of level 1 is the title and no clause; a table of contents is left out.
#[must_use]
pub fn clauses(markdown: &str) -> Vec<Section> {
    let mut cutter = Cutter { law: is_law(markdown), expected: Some(1), ..Cutter::default() };
    let mut contents: Option<Contents> = None;
    for (at, block) in blocks::read(markdown).into_iter().enumerate() {
        if let Some(list) = &mut contents {
            if list.takes(&block) {
                continue;
            }
            contents = None;
        }
        match block {
            Block::Heading { level: 1, .. } if at == 0 => {}
            Block::Heading { text, .. } if is_contents(&text) => contents = Some(Contents::default()),
            Block::Line(text) if is_contents(&text) => contents = Some(Contents::default()),
            Block::Heading { level, text } => cutter.heading(Some(level), text),
            Block::Line(text) => cutter.line(text),
            Block::Table(_) => cutter.blocks.push(block),
        }
    }
    cutter.close();
    cutter.out
}

impl Cutter {
    fn heading(&mut self, level: Option<u8>, text: String) {
        if self.begins_article(&text) {
            return;
        }
        self.close();
        self.article = None;
        let rank = match numbering::structure(&text) {
            Some(rank) => rank,
            None if is_annex(&text) => 0,
            None => 10 + level.unwrap_or(6),
        };
        let covers = |head: &Head| match (head.level, level) {
            (Some(above), Some(level)) => above >= level,
            _ => head.rank >= rank,
        };
        while self.path.last().is_some_and(covers) {
            self.path.pop();
        }
        if rank == 0 {
            self.expected = Some(1);
        }
        self.path.push(Head { rank, level, text });
    }

    fn line(&mut self, text: String) {
        if numbering::structure(&text).is_some() || (self.law && self.article.is_some() && is_annex(&text)) {
            self.heading(None, text);
        } else if !self.begins_article(&text) {
            self.blocks.push(Block::Line(text));
        }
    }

    fn begins_article(&mut self, text: &str) -> bool {
        if !self.law {
            return false;
        }
        let Some(article) = numbering::article(text, self.expected) else { return false };
        let (name, rest, number) = (article.name, article.rest.to_owned(), article.number);
        self.close();
        self.article = Some(name);
        self.expected = number.checked_add(1);
        if !rest.is_empty() {
            self.blocks.push(Block::Line(rest));
        }
        true
    }

    /// Ends the clause that is being read.
    fn close(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        let above = |heads: &[Head]| heads.iter().map(|h| h.text.as_str()).collect::<Vec<_>>().join(" › ");
        for packed in pack(&blocks) {
            let (heading, path) = match (&self.article, self.path.split_last()) {
                (Some(article), _) => (article.clone(), above(&self.path)),
                (None, Some((own, others))) => (own.text.clone(), above(others)),
                (None, None) if self.law => (NOTE.to_owned(), String::new()),
                (None, None) => (first_words(&packed.text[packed.repeated..]).to_owned(), String::new()),
            };
            self.out.push(Section { heading, text: packed.text, path, repeated: packed.repeated });
        }
    }
}

fn is_annex(text: &str) -> bool {
    let Some(rest) = ["附件", "附录", "附表"].iter().find_map(|word| text.trim().strip_prefix(word)) else { return false };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c));
    text.chars().count() <= 40 && !text.contains('。') && (rest.is_empty() || rest.starts_with(['：', ':', ' ', '\u{3000}']))
}

fn is_contents(text: &str) -> bool {
    text.chars().filter(|c| !c.is_whitespace()).eq("目录".chars())
}

/// A table of contents while it is being passed over.
#[derive(Debug, Default)]
struct Contents {
    seen: Vec<String>,
}

impl Contents {
    /// Is the block one of its lines? It ends with the first line that is no heading, or the first heading that comes again.
    fn takes(&mut self, block: &Block) -> bool {
        let (Block::Heading { text, .. } | Block::Line(text)) = block else { return false };
        let leader = |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '.' | '…' | '·' | '-' | '—' | '\u{3000}');
        let bare = text.trim_end_matches(leader);
        let has_page = text.len() > bare.len() && text.ends_with(|c: char| c.is_ascii_digit());
        let short: String = bare.chars().filter(|c| !c.is_whitespace()).collect();
        let lists =
            has_page || numbering::structure(bare).is_some() || matches!(short.as_str(), "附则" | "总则") || is_annex(bare);
        if !lists || short.is_empty() || self.seen.contains(&short) || self.seen.len() > 2000 {
            return false;
        }
        self.seen.push(short);
        true
    }
}
