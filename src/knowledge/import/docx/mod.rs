//! Word, 2007 and later: paragraphs with their styles, numbers that Word writes by itself (第X条, （一）), tables.
//!
//! Read here and not by a general converter, because those throw the text of automatic numbers away, and a law without its
//! article numbers cannot be cited.

mod numbering;
mod styles;

use std::io::{Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use self::numbering::Numbering;
use self::styles::Styles;
use super::outline::{Block, Outline, one_line, tidy};

/// Bytes of one part (unpacked) at most.
const MAX_PART: u64 = 96 * 1024 * 1024;
/// Blocks of one file at most.
const MAX_BLOCKS: usize = 200_000;
/// Nesting of elements at most.
const MAX_DEPTH: usize = 2000;

const BROKEN: &str = "docx 已损坏，请用 Word 或 WPS 打开后重新另存为 docx 再上传";

/// Reads a document.
///
/// # Errors
/// In Chinese: broken, too large, or without text.
pub fn read(bytes: &[u8]) -> Result<Outline, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| BROKEN.to_owned())?;
    let mut part = |name: &str| -> Result<Option<String>, String> {
        let Ok(file) = archive.by_name(name) else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(MAX_PART + 1).read_to_end(&mut bytes).map_err(|_| BROKEN.to_owned())?;
        if bytes.len() as u64 > MAX_PART {
            return Err("文档解开后太大，请拆分后上传".to_owned());
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    };
    let body = part("word/document.xml")?.or(part("word/document2.xml")?).ok_or(BROKEN)?;
    let styles = part("word/styles.xml")?.map(|xml| Styles::read(&xml)).unwrap_or_default();
    let numbering = part("word/numbering.xml")?.map(|xml| Numbering::read(&xml)).unwrap_or_default();
    let mut reading = Reading { styles, numbering, ..Reading::default() };
    reading.document(&body)?;
    let pictures = reading.pictures;
    let mut outline = reading.outline;
    outline.find_headings();
    if outline.is_empty() {
        return Err(if pictures > 0 {
            format!("文档里只有图片（{pictures} 张），没有文字，请把图片里的文字录入后再上传")
        } else {
            "文档里没有文字".to_owned()
        });
    }
    Ok(outline)
}

/// The value of an attribute; its name is compared without the prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element.attributes().flatten().find_map(|a| {
        let key: &str = a.key.as_ref();
        let local = key.rsplit(':').next().unwrap_or(key);
        (local == name)
            .then(|| quick_xml::escape::unescape(&a.value).map_or_else(|_| a.value.to_string(), std::borrow::Cow::into_owned))
    })
}

/// The name of an element without its prefix, and the prefix.
pub(super) fn local(name: &str) -> (&str, &str) {
    name.split_once(':').map_or(("", name), |(prefix, local)| (prefix, local))
}

#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    list: Option<(String, u8)>,
    level: Option<u8>,
}

#[derive(Debug, Default)]
struct Cell {
    text: String,
    span: usize,
    /// Part of the cell above it.
    continues: bool,
}

#[derive(Debug, Default)]
struct TableFrame {
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Default)]
struct Reading {
    styles: Styles,
    numbering: Numbering,
    outline: Outline,
    paragraphs: Vec<Paragraph>,
    tables: Vec<TableFrame>,
    pictures: usize,
}

impl Reading {
    fn document(&mut self, xml: &str) -> Result<(), String> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        let mut depth = 0usize;
        // Inside of what is shown elsewhere or was taken out: the depth at which it began.
        let mut skip: Option<usize> = None;
        let mut in_text = false;
        loop {
            let event = reader.read_event().map_err(|_| BROKEN.to_owned())?;
            match event {
                Event::Start(e) => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(BROKEN.to_owned());
                    }
                    let name = e.name();
                    let name: &str = name.as_ref();
                    if skip.is_none() {
                        if matches!(local(name).1, "Fallback" | "moveFrom" | "del") {
                            skip = Some(depth);
                        } else {
                            in_text = local(name).1 == "t";
                            self.start(&e);
                        }
                    }
                }
                Event::Empty(e) if skip.is_none() => {
                    self.start(&e);
                    let name = e.name();
                    self.end(local(name.as_ref()).1)?;
                }
                Event::End(e) => {
                    if skip.is_none() {
                        let name = e.name();
                        self.end(local(name.as_ref()).1)?;
                    }
                    in_text = false;
                    if skip.is_some_and(|at| at >= depth) {
                        skip = None;
                    }
                    depth = depth.saturating_sub(1);
                }
                Event::Text(text) if in_text && skip.is_none() => {
                    let text = text.xml10_content();
                    self.say(&text);
                }
                Event::GeneralRef(entity) if in_text && skip.is_none() => {
                    if let Ok(Some(c)) = entity.resolve_char_ref() {
                        self.say(c.encode_utf8(&mut [0; 4]));
                    } else if let Some(text) = quick_xml::escape::resolve_xml_entity(&entity) {
                        self.say(text);
                    }
                }
                Event::CData(text) if in_text && skip.is_none() => self.say(&text),
                Event::Eof => break,
                _ => {}
            }
        }
        // A file that was cut off in the middle: what is open is not lost.
        while !self.paragraphs.is_empty() {
            self.end("p")?;
        }
        while !self.tables.is_empty() {
            self.end("tbl")?;
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.text.push_str(text);
        }
    }

    fn start(&mut self, e: &BytesStart<'_>) {
        let name = e.name();
        let (prefix, name) = local(name.as_ref());
        let value = || attribute(e, "val");
        match name {
            "p" if prefix != "a" && prefix != "v" => self.paragraphs.push(Paragraph::default()),
            "tbl" => self.tables.push(TableFrame::default()),
            "tr" if prefix != "a" => {
                if let Some(table) = self.tables.last_mut() {
                    table.rows.push(Vec::new());
                }
            }
            "tc" if prefix != "a" => {
                if let Some(row) = self.tables.last_mut().and_then(|t| t.rows.last_mut()) {
                    row.push(Cell { span: 1, ..Cell::default() });
                }
            }
            "gridSpan" => {
                if let Some(cell) = self.cell() {
                    cell.span = value().and_then(|v| v.parse().ok()).unwrap_or(1).clamp(1, 64);
                }
            }
            "vMerge" => {
                if let Some(cell) = self.cell() {
                    cell.continues = value().is_none_or(|v| v != "restart");
                }
            }
            "drawing" | "pict" => self.pictures += 1,
            "tab" | "ptab" if !self.paragraphs.is_empty() => self.say(" "),
            "br" | "cr" => self.say("\n"),
            "noBreakHyphen" => self.say("-"),
            _ => {
                let Some(paragraph) = self.paragraphs.last_mut() else { return };
                match name {
                    "pStyle" => paragraph.style = value(),
                    "outlineLvl" => {
                        paragraph.level = value().and_then(|v| v.parse::<u8>().ok()).filter(|l| *l < 9).map(|l| l + 1);
                    }
                    "numId" => paragraph.list = value().map(|id| (id, paragraph.list.as_ref().map_or(0, |l| l.1))),
                    "ilvl" => {
                        let level = value().and_then(|v| v.parse::<u8>().ok()).unwrap_or(0);
                        let id = paragraph.list.take().map(|l| l.0).unwrap_or_default();
                        paragraph.list = Some((id, level));
                    }
                    _ => {}
                }
            }
        }
    }

    fn cell(&mut self) -> Option<&mut Cell> {
        self.tables.last_mut()?.rows.last_mut()?.last_mut()
    }

    fn end(&mut self, name: &str) -> Result<(), String> {
        match name {
            "p" => {
                if let Some(paragraph) = self.paragraphs.pop() {
                    self.paragraph(paragraph);
                }
            }
            "tbl" => {
                if let Some(frame) = self.tables.pop() {
                    self.table(frame);
                }
            }
            _ => {}
        }
        if self.outline.blocks.len() > MAX_BLOCKS {
            return Err("文档太长，请拆分后上传".to_owned());
        }
        Ok(())
    }

    fn paragraph(&mut self, paragraph: Paragraph) {
        let style = paragraph.style.as_deref().map(|id| self.styles.get(id)).unwrap_or_default();
        let list = paragraph.list.filter(|(id, _)| !id.is_empty()).or(style.list);
        let mut text: String = paragraph.text.lines().map(tidy).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n");
        if text.is_empty() || style.is_contents {
            return;
        }
        let mut bullet = false;
        if let Some((id, level)) = list {
            match self.numbering.next(&id, level) {
                Some(label) => text.insert_str(0, &label),
                None => bullet = self.numbering.is_list(&id),
            }
        }
        if let Some(cell) = self.cell() {
            if !cell.text.is_empty() {
                cell.text.push('\n');
            }
            cell.text.push_str(&text);
            return;
        }
        if style.is_title && self.outline.title.is_none() {
            self.outline.title = Some(one_line(&text));
            self.outline.blocks.push(Block::Heading { level: 1, text });
            return;
        }
        self.outline.blocks.push(match paragraph.level.or(style.level) {
            // A paragraph of a law under a heading style is still a paragraph.
            Some(level) if text.chars().count() <= 80 => Block::Heading { level: level.min(6), text: one_line(&text) },
            _ if bullet => Block::Item { text: one_line(&text) },
            _ => Block::Paragraph { text },
        });
    }

    fn table(&mut self, frame: TableFrame) {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for cells in frame.rows {
            let mut row: Vec<String> = Vec::new();
            for cell in cells {
                for _ in 0..cell.span {
                    if row.len() >= 256 {
                        break;
                    }
                    let above = rows.last().and_then(|above| above.get(row.len())).filter(|_| cell.continues);
                    row.push(above.cloned().unwrap_or_else(|| cell.text.clone()));
                }
            }
            if row.iter().any(|c| !c.trim().is_empty()) {
                rows.push(row);
            }
        }
        // A table in a cell becomes text of the cell.
        if let Some(cell) = self.cell() {
            for row in rows {
                if !cell.text.is_empty() {
                    cell.text.push('\n');
                }
                cell.text.push_str(&row.join("，"));
            }
            return;
        }
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        // A frame around text, not a table.
        if rows.len() <= 1 || width <= 1 {
            let cells = rows.into_iter().flatten().filter(|c| !c.trim().is_empty());
            self.outline.blocks.extend(cells.map(|text| Block::Paragraph { text }));
            return;
        }
        let mut rows = rows.into_iter().peekable();
        let same = |row: &Vec<String>| row.iter().all(|c| *c == row[0]) && !row[0].trim().is_empty();
        let caption = rows.next_if(|row| row.len() > 1 && same(row)).map(|row| one_line(&row[0]));
        let Some(header) = rows.next() else { return };
        self.outline.blocks.push(Block::Table { caption, header, rows: rows.collect() });
    }
}
