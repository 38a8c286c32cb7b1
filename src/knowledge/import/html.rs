//! A page of the web: its text without menus and scripts, by way of Markdown.

use htmd::HtmlToMarkdownBuilder;

use super::outline::{Block, Outline, one_line, tidy};
use super::text;
use crate::knowledge::split::blocks;

/// What is never part of what a page says.
const SKIPPED: [&str; 16] = [
    "script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "iframe", "svg", "img", "button",
    "select", "object", "head",
];

/// Reads a page.
///
/// # Errors
/// In Chinese: it is not text, or holds none.
pub fn read(bytes: &[u8]) -> Result<Outline, String> {
    let label = charset(bytes);
    let page = text::decode_labelled(bytes, label.as_deref())
        .ok_or("网页的文字编码无法识别，请另存为 UTF-8 编码的网页或 docx 后再上传")?;
    if is_too_deep(&page) {
        return Err("网页的结构套得太深，不像给人看的，请把正文存为 docx 或 txt 后再上传".to_owned());
    }
    let title = title(&page);
    let markdown = HtmlToMarkdownBuilder::new()
        .skip_tags(SKIPPED.to_vec())
        .build()
        .convert(&with_heads(&page))
        .map_err(|e| format!("网页无法解析：{e}"))?;
    let mut outline = Outline { title, blocks: Vec::new() };
    for block in blocks::read(&markdown) {
        outline.blocks.push(match block {
            blocks::Block::Heading { level, text } => Block::Heading { level, text: one_line(&text) },
            blocks::Block::Line(line) => match line.strip_prefix("· ") {
                Some(item) => Block::Item { text: tidy(item) },
                None if line.chars().all(|c| matches!(c, '-' | '*' | '_' | ' ')) => continue,
                None => Block::Paragraph { text: tidy(&line) },
            },
            blocks::Block::Table(table) => {
                let rows = table.rows.into_iter().map(|row| row.iter().map(|c| tidy(c)).collect()).collect();
                Block::Table { caption: None, header: table.header.iter().map(|c| tidy(c)).collect(), rows }
            }
        });
    }
    outline.blocks.retain(
        |b| !matches!(b, Block::Paragraph { text } | Block::Item { text } | Block::Heading { text, .. } if text.is_empty()),
    );
    // A page's own heading says better what it is about than the name of the window.
    if let Some(Block::Heading { text, .. }) = outline.blocks.iter().find(|b| matches!(b, Block::Heading { level: 1, .. })) {
        outline.title = Some(text.clone());
    }
    outline.find_headings();
    if outline.is_empty() {
        return Err("网页里没有文字（内容可能由脚本生成），请把正文存为 docx 或 txt 后再上传".to_owned());
    }
    Ok(outline)
}

/// The first row of a table that names no heads becomes its head: without one the converter takes the table apart.
fn with_heads(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let last = lower.rfind("</table").unwrap_or(0);
    let mut out = String::with_capacity(page.len() + 64);
    let mut at = 0;
    while let Some(found) = lower[at..].find("<table") {
        let table = at + found;
        let row = lower[table..].find("<tr").map(|n| table + n);
        let Some((row, end)) = row.and_then(|row| Some((row, row + lower[row..].find("</tr")?))) else { break };
        let has_head =
            table < last && lower[table..lower[table..].find("</table").map_or(lower.len(), |n| table + n)].contains("<th");
        // A table within the first row is a layout.
        let plain = !has_head && !lower[row..end].contains("<table");
        out.push_str(&page[at..row]);
        if plain {
            out.push_str(
                &page[row..end].replace("<td", "<th").replace("<TD", "<th").replace("</td", "</th").replace("</TD", "</th"),
            );
        } else {
            out.push_str(&page[row..end]);
        }
        at = end;
    }
    out.push_str(&page[at..]);
    out
}

/// Elements within each other that no page needs; the parser's time grows with the square of it.
const MAX_NESTING: i64 = 2000;

fn is_too_deep(page: &str) -> bool {
    let mut depth = 0i64;
    let mut deepest = 0i64;
    for part in page.split('<').skip(1) {
        match part.as_bytes().first() {
            Some(b'/') => depth -= 1,
            Some(c) if c.is_ascii_alphabetic() => depth += 1,
            _ => {}
        }
        // What closes by itself lets the count drift upwards; paragraphs and items bring it back within a page.
        let name: String = part.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        if matches!(
            name.as_str(),
            "br" | "img" | "hr" | "input" | "meta" | "link" | "p" | "li" | "td" | "tr" | "th" | "col" | "option" | "dt" | "dd"
        ) {
            depth -= 1;
        }
        depth = depth.max(0);
        deepest = deepest.max(depth);
    }
    deepest > MAX_NESTING
}

/// `<meta charset="gbk">` in the first bytes.
fn charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_lowercase();
    let after = &head[head.find("charset=")? + "charset=".len()..];
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
        .collect();
    (!label.is_empty()).then_some(label)
}

/// The text of `<title>`, before the site's name.
fn title(page: &str) -> Option<String> {
    let lower: String = page.chars().take(20_000).map(|c| c.to_ascii_lowercase()).collect();
    let start = lower.find("<title")?;
    let open = start + lower[start..].find('>')? + 1;
    let end = open + lower[open..].find("</title")?;
    // ASCII lower case keeps every byte where it was.
    let text = one_line(page.get(open..end)?);
    let text = text.split(['_', '|']).next().unwrap_or_default().trim().to_owned();
    (!text.is_empty() && !text.contains('<')).then_some(text)
}
