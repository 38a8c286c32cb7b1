//! Tables: xlsx, xls, ods and csv. A list of questions and answers is recognised by its columns.

use std::io::Cursor;

use calamine::{Data, Dimensions, Ods, Range, Reader as _, Xls, Xlsx};

use super::outline::{Block, Outline, one_line, tidy};
use super::sniff::Format;
use super::text;

const QUESTION: [&str; 11] =
    ["问题", "提问", "问", "标准问题", "标准问", "问法", "居民问题", "常见问题", "question", "q", "问题描述"];
const ANSWER: [&str; 12] =
    ["答案", "回答", "答复", "答", "标准答案", "标准回答", "解答", "回复", "答复内容", "answer", "a", "答案内容"];
const SIMILAR: [&str; 7] = ["相似问题", "相似问", "相似问法", "扩展问", "扩展问题", "其他问法", "similar"];
/// Cells of a table at most; what has more is data, not knowledge.
const MAX_CELLS: usize = 400_000;

/// Reads a workbook: a part a sheet.
///
/// # Errors
/// In Chinese: it is broken, has a password, or holds nothing.
pub fn workbook(format: Format, bytes: &[u8]) -> Result<Outline, String> {
    let cursor = Cursor::new(bytes.to_vec());
    let broken = |e: &dyn std::fmt::Display| explain(&e.to_string());
    let mut sheets: Vec<(String, Range<Data>, Vec<Dimensions>)> = Vec::new();
    match format {
        Format::Xls => {
            let mut book = Xls::new(cursor).map_err(|e| broken(&e))?;
            sheets.extend(book.worksheets().into_iter().map(|(name, range)| (name, range, Vec::new())));
        }
        Format::Ods => {
            let mut book = Ods::new(cursor).map_err(|e| broken(&e))?;
            sheets.extend(book.worksheets().into_iter().map(|(name, range)| (name, range, Vec::new())));
        }
        _ => {
            let mut book = Xlsx::new(cursor).map_err(|e| broken(&e))?;
            for name in book.sheet_names() {
                let range = book.worksheet_range(&name).map_err(|e| broken(&e))?;
                // Without them a merged cell is empty but for its first place; worth having, not worth failing for.
                let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
                sheets.push((name, range, merged));
            }
        }
    }
    let mut outline = Outline::default();
    let mut filled = 0;
    for (name, range, merged) in sheets {
        let rows = cells(&range, &merged)?;
        let blocks = table(rows)?;
        if blocks.is_empty() {
            continue;
        }
        filled += 1;
        outline.blocks.push(Block::Heading { level: 2, text: one_line(&name) });
        outline.blocks.extend(blocks);
    }
    if filled == 1 && matches!(outline.blocks.first(), Some(Block::Heading { text, .. }) if is_default_name(text)) {
        outline.blocks.remove(0);
    }
    finish(outline)
}

/// Reads comma-, semicolon- or tab-separated values.
///
/// # Errors
/// In Chinese: it is not text or holds nothing.
pub fn csv(bytes: &[u8]) -> Result<Outline, String> {
    let text = text::decode(bytes).ok_or("文字编码无法识别，请另存为 UTF-8 编码的 csv 后再上传")?;
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    let count = |mark: char| first.matches(mark).count();
    let delimiter = [',', '\t', ';', '，'].into_iter().max_by_key(|m| (count(*m), *m == ',')).unwrap_or(',');
    let mut rows: Vec<Vec<String>> = Vec::new();
    if delimiter == '，' {
        rows.extend(text.lines().map(|l| l.split('，').map(tidy).collect()));
    } else {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter as u8).from_reader(text.as_bytes());
        let mut total = 0;
        for record in reader.records() {
            let record = record.map_err(|e| format!("表格无法读取：{e}"))?;
            total += record.len();
            if total > MAX_CELLS {
                return Err(too_large());
            }
            rows.push(record.iter().map(tidy).collect());
        }
    }
    finish(Outline { title: None, blocks: table(rows)? })
}

fn finish(outline: Outline) -> Result<Outline, String> {
    if outline.is_empty() {
        return Err("表格里没有内容".to_owned());
    }
    Ok(outline)
}

fn too_large() -> String {
    format!("表格有 {MAX_CELLS} 个以上的格子，请删去空白区域或拆成几个文件后再上传")
}

fn explain(error: &str) -> String {
    if error.to_lowercase().contains("password") || error.to_lowercase().contains("encrypt") {
        "文件加了密码，请去掉密码后再上传".to_owned()
    } else {
        "表格文件已损坏，请用 Excel 或 WPS 重新另存为 xlsx 后再上传".to_owned()
    }
}

fn is_default_name(name: &str) -> bool {
    let digits = name.trim_start_matches("Sheet").trim_start_matches("sheet").trim_start_matches("工作表");
    digits.len() < name.len() && digits.chars().all(|c| c.is_ascii_digit())
}

fn cells(range: &Range<Data>, merged: &[Dimensions]) -> Result<Vec<Vec<String>>, String> {
    let (height, width) = range.get_size();
    if height.saturating_mul(width) > MAX_CELLS {
        return Err(too_large());
    }
    let mut rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(show).collect()).collect();
    let (top, left) = range.start().unwrap_or_default();
    let mut budget = MAX_CELLS;
    for area in merged {
        let inside = |at: (u32, u32)| {
            Some((usize::try_from(at.0.checked_sub(top)?).ok()?, usize::try_from(at.1.checked_sub(left)?).ok()?))
        };
        let (Some(from), Some(to)) = (inside(area.start), inside(area.end)) else { continue };
        let Some(value) = rows.get(from.0).and_then(|r| r.get(from.1)).cloned().filter(|v| !v.is_empty()) else { continue };
        for row in rows.iter_mut().take(to.0.saturating_add(1)).skip(from.0) {
            for cell in row.iter_mut().take(to.1.saturating_add(1)).skip(from.1) {
                budget = budget.checked_sub(1).ok_or_else(too_large)?;
                if cell.is_empty() {
                    cell.clone_from(&value);
                }
            }
        }
    }
    Ok(rows)
}

fn show(cell: &Data) -> String {
    match cell {
        Data::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => format!("{f:.0}"),
        // 0.1 + 0.2 is shown as people wrote it.
        Data::Float(f) => {
            let short = format!("{f:.10}");
            short.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Data::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let clock = if (hour, minute, second) == (0, 0, 0) { String::new() } else { format!(" {hour:02}:{minute:02}") };
            if at.as_f64() < 1.0 { format!("{hour:02}:{minute:02}") } else { format!("{year}年{month}月{day}日{clock}") }
        }
        Data::Bool(yes) => if *yes { "是" } else { "否" }.to_owned(),
        Data::Error(_) | Data::Empty => String::new(),
        other => tidy(&other.to_string()),
    }
}

/// Rows → a caption, a header and rows; or questions and answers.
fn table(rows: Vec<Vec<String>>) -> Result<Vec<Block>, String> {
    let mut rows: Vec<Vec<String>> = rows.into_iter().filter(|r| r.iter().any(|c| !c.trim().is_empty())).collect();
    let width = rows.iter().map(|r| r.iter().rposition(|c| !c.trim().is_empty()).map_or(0, |n| n + 1)).max().unwrap_or(0);
    // One long row among many short ones would make a large table of nothing.
    if width.saturating_mul(rows.len()) > MAX_CELLS {
        return Err(too_large());
    }
    for row in &mut rows {
        row.resize(width, String::new());
    }
    let mut out = Vec::new();
    let mut rows = rows.into_iter().peekable();
    // Rows that say one thing (perhaps across merged cells) before the header: what the table is called, its unit.
    let mut captions: Vec<String> = Vec::new();
    while width > 1
        && let Some(row) = rows.next_if(|row| distinct(row).len() <= 1)
    {
        captions.extend(distinct(&row).into_iter().map(one_line));
        if captions.len() > 4 {
            break;
        }
    }
    let Some(header) = rows.next() else {
        out.extend(captions.into_iter().map(|text| Block::Paragraph { text }));
        return Ok(out);
    };
    let column = |names: &[&str]| {
        header.iter().position(|h| {
            let name: String = h.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
            names.contains(&name.as_str())
        })
    };
    if let (Some(question), Some(answer)) = (column(&QUESTION), column(&ANSWER)) {
        let similar = column(&SIMILAR);
        for row in rows {
            let cell = |at: usize| row.get(at).map(|c| c.trim().to_owned()).unwrap_or_default();
            if cell(question).is_empty() || cell(answer).is_empty() {
                continue;
            }
            let similar =
                similar.map(|at| cell(at).split(['\n', '；', ';', '|']).map(one_line).filter(|s| !s.is_empty()).collect());
            out.push(Block::Question {
                question: one_line(&cell(question)),
                similar: similar.unwrap_or_default(),
                answer: cell(answer),
            });
        }
        return Ok(out);
    }
    if width == 1 {
        out.extend(std::iter::once(header).chain(rows).flatten().map(|text| Block::Paragraph { text }));
        return Ok(out);
    }
    let caption = (!captions.is_empty()).then(|| captions.join("　"));
    out.push(Block::Table { caption, header, rows: rows.collect() });
    Ok(out)
}

/// What a row says, each thing once; two are enough to know that it is no caption.
fn distinct(row: &[String]) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    for cell in row.iter().map(|c| c.trim()).filter(|c| !c.is_empty()) {
        if !out.contains(&cell) {
            out.push(cell);
        }
        if out.len() > 1 {
            break;
        }
    }
    out
}
