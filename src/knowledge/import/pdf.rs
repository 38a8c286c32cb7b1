//! PDF with a text layer: characters by place, put together to lines and paragraphs.
//!
//! The parser panics on fonts that it does not know; that is one of the reasons why this runs in a process of its own.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pdf_extract::{Document, MediaBox, OutputDev, OutputError, Transform};

use super::outline::{Block, Outline, tidy};
use crate::knowledge::split::numbering;

/// Pages of one file at most.
const MAX_PAGES: usize = 3000;
/// Characters on a page below which it counts as a picture of text.
const FEW: usize = 8;

const SCAN: &str = "这是扫描件，没有文字层，请上传 docx，或可以复制文字的 pdf（可先用 OCR 软件识别）";
const FONTS: &str = "这个 pdf 的字体编码读不出来，请上传 docx 版本，或用 Word/WPS 重新导出 pdf";

/// Reads the text layer.
///
/// # Errors
/// In Chinese: broken, locked, scanned, or with fonts that cannot be read; and what to do.
pub fn read(bytes: &[u8]) -> Result<Outline, String> {
    let mut document = match catch_unwind(AssertUnwindSafe(|| Document::load_mem(bytes))) {
        Ok(Ok(document)) => document,
        Ok(Err(e)) if e.to_string().to_lowercase().contains("crypt") || e.to_string().to_lowercase().contains("password") => {
            return Err(locked());
        }
        Ok(Err(_)) | Err(_) => return Err("pdf 已损坏，请重新导出或重新下载后再上传".to_owned()),
    };
    if document.is_encrypted() {
        // Most locked files only forbid printing and open with an empty password.
        match catch_unwind(AssertUnwindSafe(|| document.decrypt(""))) {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(locked()),
        }
    }
    let pages = catch_unwind(AssertUnwindSafe(|| document.get_pages())).unwrap_or_default();
    if pages.is_empty() {
        return Err("pdf 里没有页面，文件可能已损坏，请重新导出后再上传".to_owned());
    }
    if pages.len() > MAX_PAGES {
        return Err(format!("pdf 有 {} 页，超过 {MAX_PAGES} 页的上限，请拆分后上传", pages.len()));
    }
    let mut lines: Vec<Vec<Line>> = Vec::new();
    let mut unread = Vec::new();
    for number in pages.keys() {
        let mut page = Page::default();
        match catch_unwind(AssertUnwindSafe(|| pdf_extract::output_doc_page(&document, &mut page, *number))) {
            Ok(Ok(())) => lines.push(page.lines()),
            Ok(Err(_)) | Err(_) => unread.push(*number),
        }
    }
    if unread.len() == pages.len() {
        return Err(FONTS.to_owned());
    }
    if !unread.is_empty() {
        let some: Vec<String> = unread.iter().take(5).map(ToString::to_string).collect();
        return Err(format!("第 {} 页等 {} 页读不出来，为免缺页没有导入；{FONTS}", some.join("、"), unread.len()));
    }
    let all: Vec<char> = lines.iter().flatten().flat_map(|l| l.text.chars()).filter(|c| !c.is_whitespace()).collect();
    let blank = lines.iter().filter(|page| page.iter().map(|l| l.text.chars().count()).sum::<usize>() < FEW).count();
    if all.is_empty() || blank == lines.len() {
        return Err(SCAN.to_owned());
    }
    let odd = all.iter().filter(|c| matches!(**c, '\u{FFFD}' | '\u{E000}'..='\u{F8FF}' | '\0'..='\u{1f}')).count();
    if odd * 10 > all.len() {
        return Err(FONTS.to_owned());
    }
    // Some scanned pages between typed ones: what they say would be missing without anybody knowing.
    if blank * 3 > lines.len() && lines.len() > 2 {
        return Err(format!(
            "{} 页里有 {blank} 页没有文字（可能是扫描页），为免缺页没有导入，请上传 docx 或完整的文字版 pdf",
            lines.len()
        ));
    }
    drop_margins(&mut lines);
    let mut outline = Outline { title: None, blocks: paragraphs(&lines) };
    outline.title = title(&lines);
    outline.find_headings();
    if outline.is_empty() {
        return Err(SCAN.to_owned());
    }
    Ok(outline)
}

fn locked() -> String {
    "pdf 加了密码，请去掉密码后再上传".to_owned()
}

/// A line of a page.
#[derive(Debug, Clone, Default)]
struct Line {
    text: String,
    left: f64,
    right: f64,
    y: f64,
    size: f64,
}

/// Characters as the parser hands them out, in the order of the page's own text.
#[derive(Debug, Default)]
struct Page {
    lines: Vec<Line>,
}

impl OutputDev for Page {
    fn begin_page(&mut self, _: u32, _: &MediaBox, _: Option<(f64, f64, f64, f64)>) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(&mut self, at: &Transform, width: f64, _: f64, font_size: f64, text: &str) -> Result<(), OutputError> {
        let scale = (at.m11 * at.m22 - at.m12 * at.m21).abs().sqrt();
        let size = font_size.abs() * if scale.is_finite() && scale > 0.0 { scale } else { 1.0 };
        let (x, y, end) = (at.m31, at.m32, at.m31 + width.abs() * size);
        if let Some(line) = self.lines.last_mut()
            && (line.y - y).abs() <= size.max(line.size) * 0.5
            && x >= line.left - size * 0.5
            && (x + size).partial_cmp(&line.right) != Some(std::cmp::Ordering::Less)
        {
            // Chinese lines are stretched to the edge of the page: only a gap of most of a character is a space.
            let wide = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
            let least = if wide(line.text.chars().last()) && wide(text.chars().next()) { 0.7 } else { 0.25 };
            if x - line.right > size * least && !line.text.ends_with(' ') {
                line.text.push(' ');
            }
            line.text.push_str(text);
            line.right = line.right.max(end);
            line.size = line.size.max(size);
            return Ok(());
        }
        if self.lines.len() < 100_000 {
            self.lines.push(Line { text: text.to_owned(), left: x, right: end, y, size });
        }
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

impl Page {
    /// Lines from top to bottom when the page's own order jumps about.
    fn lines(self) -> Vec<Line> {
        let mut lines = self.lines;
        for line in &mut lines {
            line.text = tidy(&line.text);
        }
        lines.retain(|l| !l.text.is_empty() && l.y.is_finite() && l.left.is_finite());
        let jumps = lines.windows(2).filter(|w| w[1].y > w[0].y + w[0].size).count();
        if jumps * 4 > lines.len() {
            lines.sort_by(|a, b| b.y.total_cmp(&a.y).then(a.left.total_cmp(&b.left)));
        }
        lines
    }
}

/// Page numbers, and what stands at the edge of most pages.
fn drop_margins(pages: &mut [Vec<Line>]) {
    let bare = |text: &str| -> String { text.chars().filter(|c| !c.is_ascii_digit() && !c.is_whitespace()).collect() };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for page in pages.iter() {
        for line in edge(page) {
            *seen.entry(bare(&line.text)).or_default() += 1;
        }
    }
    let often = (pages.len() * 6).div_ceil(10).max(3);
    for page in pages.iter_mut() {
        let len = page.len();
        let mut at = 0;
        page.retain(|line| {
            let edge = at < 2 || at + 2 >= len;
            at += 1;
            !(edge && (is_page_number(&line.text) || seen.get(&bare(&line.text)).is_some_and(|n| *n >= often)))
        });
    }
}

fn edge(page: &[Line]) -> impl Iterator<Item = &Line> {
    let len = page.len();
    page.iter().enumerate().filter(move |(at, _)| *at < 2 || *at + 2 >= len).map(|(_, line)| line)
}

fn is_page_number(text: &str) -> bool {
    let inner: String = text.chars().filter(|c| !c.is_whitespace() && !"-—–－第页共/·•".contains(*c)).collect();
    !inner.is_empty() && inner.len() <= 8 && inner.chars().all(|c| c.is_ascii_digit())
}

/// Joins lines that a paragraph was wrapped to.
fn paragraphs(pages: &[Vec<Line>]) -> Vec<Block> {
    let mut out: Vec<String> = Vec::new();
    let mut open: Option<Line> = None;
    for page in pages {
        let right = page.iter().map(|l| l.right).fold(f64::MIN, f64::max);
        let left = page.iter().map(|l| l.left).fold(f64::MAX, f64::min);
        for line in page {
            // Ends short of the right edge: its paragraph ends there. Begins indented, or with a number: another begins.
            let goes_on = open.as_ref().is_some_and(|above: &Line| {
                let full = above.right >= right - above.size * 2.5;
                let indented = line.left > left + line.size * 1.2 && line.left > above.left + line.size * 0.8;
                let same = (line.size - above.size).abs() <= above.size * 0.2;
                full && !indented && same && !begins(&line.text) && !ends(&above.text, full, line)
            });
            match out.last_mut() {
                Some(last) if goes_on => {
                    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
                    if latin(last.chars().last()) && latin(line.text.chars().next()) {
                        last.push(' ');
                    }
                    last.push_str(&line.text);
                }
                _ => out.push(line.text.clone()),
            }
            open = Some(line.clone());
        }
    }
    out.into_iter().map(|text| Block::Paragraph { text }).collect()
}

fn begins(text: &str) -> bool {
    numbering::is_item(text)
        || numbering::structure(text).is_some()
        || numbering::article(text, None).is_some()
        || numbering::notice_heading(text).is_some()
}

/// A full stop at the very edge may end a paragraph or not; the indent of the next line decides, so only marks of lists do.
fn ends(text: &str, full: bool, next: &Line) -> bool {
    text.ends_with(['：', ':'])
        || (text.ends_with(['；', ';']) && numbering::is_item(&next.text))
        || (!full && text.ends_with('。'))
}

/// The largest letters in the upper part of the first page.
fn title(pages: &[Vec<Line>]) -> Option<String> {
    let page = pages.first()?;
    let head = &page[..page.len().min(12)];
    let mut sizes: Vec<f64> = pages.iter().flatten().map(|l| l.size).collect();
    sizes.sort_by(f64::total_cmp);
    let usual = *sizes.get(sizes.len() / 2)?;
    let largest = head.iter().map(|l| l.size).fold(0.0, f64::max);
    if largest < usual * 1.15 {
        return None;
    }
    let title: String = head
        .iter()
        .skip_while(|l| l.size < largest * 0.95)
        .take_while(|l| l.size >= largest * 0.95)
        .take(3)
        .map(|l| l.text.as_str())
        .collect();
    ((2..=80).contains(&title.chars().count())).then_some(title)
}
