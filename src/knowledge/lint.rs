//! What a careful editor would object to in the knowledge files, found by machine.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::knowledge::document::{Audience, DocumentMeta, ImportDefaults, ParsedDocument};
use crate::knowledge::law_index::LawIndex;

/// A section longer than this is an error (characters).
pub const SECTION_LIMIT: usize = 700;
/// A section longer than this is worth a look (characters).
pub const SECTION_AIM: usize = 500;

/// Questions that a guide should bring: fewer are not found, more blur what it is about.
pub const QUESTIONS: std::ops::RangeInclusive<usize> = 4..=40;

static CITATION: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| {
    Regex::new(
        r"《([^》]+)》((?:[、和及]?第[一二三四五六七八九十百千零]+条(?:之[一二三四五])?(?:第[一二三四五六七八九十]+[款项])*)+)",
    )
});
static ARTICLE: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new(r"第[一二三四五六七八九十百千零]+条(?:之[一二三四五])?"));

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Must be mended before it is used.
    Error,
}

/// One objection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// 1-based line; 1 when it is about the file as a whole.
    pub line: usize,
    /// How bad it is.
    pub severity: Severity,
    /// In Chinese.
    pub message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = match self.severity {
            Severity::Warning => "提醒",
            Severity::Error => "错误",
        };
        write!(f, "{}:{} {word} {}", self.file.display(), self.line, self.message)
    }
}

/// Looks at every file against the law index, as of `day`.
#[must_use]
pub fn lint(files: &[PathBuf], laws: &LawIndex, day: Date) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut documents: Vec<(PathBuf, String, ParsedDocument)> = Vec::new();
    let defaults = ImportDefaults { audience: Audience::Resident, area: "全国".to_owned(), effective_from: day };
    for file in files {
        let mut error = |line, message| {
            out.push(Finding { file: file.clone(), line, severity: Severity::Error, message });
        };
        match std::fs::read_to_string(file) {
            Err(e) => error(1, format!("无法读取：{e}")),
            Ok(text) if !text.starts_with("+++\n") => error(1, "没有 “+++” 文首信息".to_owned()),
            Ok(text) => match ParsedDocument::parse(file, &text, &defaults) {
                Err(e) => error(e.line, e.reason),
                Ok(document) => documents.push((file.clone(), text, document)),
            },
        }
    }
    let ids: HashSet<String> = documents.iter().map(|(_, _, d)| d.meta.id.clone()).collect();
    let mut first_of: HashMap<String, PathBuf> = HashMap::new();
    let mut asked: HashMap<String, PathBuf> = HashMap::new();
    for (file, text, document) in &documents {
        let mut page = Page { file, text, out: &mut out };
        if let Some(first) = first_of.insert(document.meta.id.clone(), file.clone()) {
            page.error("id =", format!("编号“{}”与 {} 重复", document.meta.id, first.display()));
        }
        for question in &document.meta.questions {
            if let Some(first) = asked.insert(question.clone(), file.clone()) {
                page.error(question, format!("问法“{question}”在 {} 里已有", first.display()));
            }
        }
        page.meta(&document.meta, day, &ids);
        page.sources(&document.meta, laws);
        page.body(document);
    }
    out.sort_by(|a, b| (&a.file, a.line, &a.message).cmp(&(&b.file, b.line, &b.message)));
    out
}

struct Page<'a> {
    file: &'a Path,
    text: &'a str,
    out: &'a mut Vec<Finding>,
}

impl Page<'_> {
    fn at(&mut self, line: usize, severity: Severity, message: String) {
        self.out.push(Finding { file: self.file.to_owned(), line, severity, message });
    }

    fn line_of(&self, needle: &str) -> usize {
        self.text.lines().position(|l| l.contains(needle)).map_or(1, |n| n + 1)
    }

    fn error(&mut self, needle: &str, message: String) {
        let line = self.line_of(needle);
        self.at(line, Severity::Error, message);
    }

    fn warning(&mut self, needle: &str, message: String) {
        let line = self.line_of(needle);
        self.at(line, Severity::Warning, message);
    }

    fn meta(&mut self, meta: &DocumentMeta, day: Date, ids: &HashSet<String>) {
        let stem = self.file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if meta.id != stem {
            self.error("id =", format!("编号“{}”与文件名“{stem}”不一致", meta.id));
        }
        if !matches!(meta.status.as_str(), "published" | "draft" | "retired") {
            self.error("status", format!("状态只能是 published、draft 或 retired，不是“{}”", meta.status));
        }
        for (field, value) in [
            ("title", &meta.title),
            ("area", &meta.area),
            ("category", &meta.category),
            ("issuer", &meta.issuer),
            ("owner", &meta.owner),
        ] {
            if value.trim().is_empty() {
                self.error(field, format!("{field} 是空的"));
            }
        }
        if meta.keywords.is_empty() {
            self.error("keywords", "没有关键词".to_owned());
        }
        if !QUESTIONS.contains(&meta.questions.len()) {
            self.warning(
                "questions",
                format!("问法有 {} 个，宜 {}–{} 个", meta.questions.len(), QUESTIONS.start(), QUESTIONS.end()),
            );
        }
        match meta.review_by {
            None => self.error("status", "没有复核日期 review_by".to_owned()),
            Some(review) if review < day => self.warning("review_by", format!("复核日期 {review} 已过")),
            Some(_) => {}
        }
        match meta.expires_on {
            Some(end) if end <= meta.effective_from => self.error("expires_on", "失效日期不晚于生效日期".to_owned()),
            Some(end) if end <= day => self.warning("expires_on", format!("已于 {end} 失效")),
            _ => {}
        }
        if let Some(next) = &meta.superseded_by
            && !ids.contains(next)
        {
            self.error("superseded_by", format!("替代文件“{next}”不存在"));
        }
    }

    fn sources(&mut self, meta: &DocumentMeta, laws: &LawIndex) {
        let mut seen = HashSet::new();
        for source in &meta.sources {
            let needle = format!("\"{}\"", source.article);
            if let Some(objection) = laws.objection(source) {
                self.error(&needle, objection);
            }
            if !seen.insert(source) {
                self.warning(&needle, format!("依据《{}》{}列了两次", source.law, source.article));
            }
        }
        if meta.sources.is_empty() {
            self.warning("sources", "没有列出依据".to_owned());
        }
    }

    fn body(&mut self, document: &ParsedDocument) {
        if let (Ok(citation), Ok(article)) = (CITATION.as_ref(), ARTICLE.as_ref()) {
            let listed: HashSet<(&str, &str)> =
                document.meta.sources.iter().map(|s| (s.law.as_str(), s.article.as_str())).collect();
            for (number, line) in document.body.lines().enumerate() {
                for found in citation.captures_iter(line) {
                    let law = found[1].replace("中华人民共和国", "");
                    for one in article.find_iter(&found[2]) {
                        if !listed.contains(&(law.as_str(), one.as_str())) {
                            let message = format!("正文引用的《{law}》{}没有列入 sources", one.as_str());
                            self.at(document.body_line + number, Severity::Error, message);
                        }
                    }
                }
            }
        }
        let mut heading: Option<(usize, String, usize)> = None;
        let mut sections = Vec::new();
        for (number, line) in document.body.lines().enumerate() {
            if let Some(title) = line.strip_prefix("## ") {
                sections.extend(heading.replace((document.body_line + number, title.to_owned(), 0)));
            }
            if let Some((_, _, length)) = &mut heading {
                *length += line.chars().count() + 1;
            }
        }
        sections.extend(heading);
        if sections.is_empty() {
            self.at(document.body_line, Severity::Error, "没有 “## ” 小节".to_owned());
        }
        if !document.body.trim_start().starts_with("**结论**") {
            self.at(document.body_line, Severity::Error, "正文没有以 “**结论**” 开头".to_owned());
        }
        for (line, title, length) in sections {
            if length > SECTION_LIMIT {
                self.at(line, Severity::Error, format!("小节“{title}”有 {length} 字，超过 {SECTION_LIMIT} 字"));
            } else if length > SECTION_AIM {
                self.at(line, Severity::Warning, format!("小节“{title}”有 {length} 字，宜在 {SECTION_AIM} 字以内"));
            }
        }
    }
}
