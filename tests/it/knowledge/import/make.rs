//! Files made by program: the smallest that an office program would still open.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

/// A zip of these files.
pub fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        out.start_file(*name, SimpleFileOptions::default()).expect("a file");
        out.write_all(bytes).expect("its bytes");
    }
    out.finish().expect("the end").into_inner()
}

/// A zip whose names are in GBK without the mark for UTF-8: what Windows writes.
pub fn zip_gbk(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    // Names of the same length in ASCII are written, then replaced in both places.
    let names: Vec<Vec<u8>> = files.iter().map(|(name, _)| encoding_rs::GBK.encode(name).0.into_owned()).collect();
    let placeholders: Vec<String> =
        names.iter().enumerate().map(|(n, name)| format!("{n:0>width$}", width = name.len())).collect();
    let plain: Vec<(&str, Vec<u8>)> = placeholders.iter().zip(files).map(|(p, (_, bytes))| (p.as_str(), bytes.clone())).collect();
    let mut out = zip(&plain);
    for (placeholder, name) in placeholders.iter().zip(&names) {
        let mut at = 0;
        while let Some(found) = out[at..].windows(name.len()).position(|w| w == placeholder.as_bytes()) {
            at += found;
            out[at..at + name.len()].copy_from_slice(name);
        }
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A paragraph of Word with properties (`<w:pPr>` inner XML, may be empty).
pub fn p(properties: &str, text: &str) -> String {
    format!("<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>", escaped(text))
}

/// A table of Word.
pub fn tbl(rows: &[&[&str]]) -> String {
    let mut out = String::from("<w:tbl>");
    for row in rows {
        out.push_str("<w:tr>");
        for cell in *row {
            let _ = write!(out, "<w:tc><w:tcPr/>{}</w:tc>", p("", cell));
        }
        out.push_str("</w:tr>");
    }
    out.push_str("</w:tbl>");
    out
}

pub const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><w:styles xmlns:w="urn:w">
<w:style w:type="paragraph" w:styleId="a3"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="2"><w:name w:val="heading 2"/><w:basedOn w:val="1"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style></w:styles>"#;

pub const NUMBERING: &str = r#"<?xml version="1.0" encoding="UTF-8"?><w:numbering xmlns:w="urn:w">
<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="第%1条"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="（%2）"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>"#;

/// A Word file with this body (inner XML of `<w:body>`).
pub fn docx(body: &str) -> Vec<u8> {
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"urn:w\" xmlns:mc=\"urn:mc\"><w:body>{body}<w:sectPr/></w:body></w:document>"
    );
    zip(&[
        ("[Content_Types].xml", b"<Types/>".to_vec()),
        ("_rels/.rels", b"<Relationships/>".to_vec()),
        ("word/document.xml", document.into_bytes()),
        ("word/styles.xml", STYLES.as_bytes().to_vec()),
        ("word/numbering.xml", NUMBERING.as_bytes().to_vec()),
    ])
}

/// A name, rows of texts, merged areas.
pub type Sheet<'a> = (&'a str, &'a [&'a [&'a str]], &'a [&'a str]);

/// A workbook: sheets with rows of texts; merged areas as `A1:B1`.
pub fn xlsx(sheets: &[Sheet<'_>]) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let (mut list, mut rels, mut types) = (String::new(), String::new(), String::new());
    for (n, (name, rows, merged)) in sheets.iter().enumerate() {
        let n = n + 1;
        let _ = write!(list, "<sheet name=\"{}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>", escaped(name));
        let _ = write!(
            rels,
            "<Relationship Id=\"rId{n}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
        );
        let _ = write!(
            types,
            "<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>"
        );
        let mut data = String::new();
        for (r, row) in rows.iter().enumerate() {
            let _ = write!(data, "<row r=\"{}\">", r + 1);
            for (c, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let at = format!("{}{}", char::from(b'A' + u8::try_from(c).expect("few columns")), r + 1);
                if cell.parse::<f64>().is_ok() {
                    let _ = write!(data, "<c r=\"{at}\"><v>{cell}</v></c>");
                } else {
                    let _ = write!(data, "<c r=\"{at}\" t=\"inlineStr\"><is><t>{}</t></is></c>", escaped(cell));
                }
            }
            data.push_str("</row>");
        }
        let areas: String = merged.iter().map(|area| format!("<mergeCell ref=\"{area}\"/>")).collect::<Vec<_>>().concat();
        let areas = if areas.is_empty() { areas } else { format!("<mergeCells count=\"{}\">{areas}</mergeCells>", merged.len()) };
        files.push((
            format!("xl/worksheets/sheet{n}.xml"),
            format!("<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{data}</sheetData>{areas}</worksheet>").into_bytes(),
        ));
    }
    files.push(("[Content_Types].xml".into(), format!("<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>{types}</Types>").into_bytes()));
    files.push(("_rels/.rels".into(), b"<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>".to_vec()));
    files.push(("xl/workbook.xml".into(), format!("<?xml version=\"1.0\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>{list}</sheets></workbook>").into_bytes()));
    files.push(("xl/_rels/workbook.xml.rels".into(), format!("<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{rels}</Relationships>").into_bytes()));
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    zip(&files)
}

/// A PDF of pages of lines `(x, y, size, text)`. `encoding` is that of the font: `Identity-H` with a table back to Unicode,
/// or another that asks for a table of its own.
pub fn pdf(pages: &[&[(f64, f64, f64, &str)]], encoding: &str) -> Vec<u8> {
    let mut codes: Vec<char> = pages.iter().flat_map(|page| page.iter()).flat_map(|(_, _, _, text)| text.chars()).collect();
    codes.sort_unstable();
    codes.dedup();
    let code = |c: char| codes.iter().position(|x| *x == c).expect("a known character") + 1;
    let mut map = String::from(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
    );
    for chunk in codes.chunks(100) {
        let _ = writeln!(map, "{} beginbfchar", chunk.len());
        for c in chunk {
            let mut units = [0u16; 2];
            let unicode: String = c.encode_utf16(&mut units).iter().map(|u| format!("{u:04X}")).collect::<Vec<_>>().concat();
            let _ = writeln!(map, "<{:04X}> <{unicode}>", code(*c));
        }
        map.push_str("endbfchar\n");
    }
    map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    let mut objects: Vec<String> = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        String::new(),
        format!("<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /{encoding} /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>"),
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 /FontDescriptor 6 0 R >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{map}\nendstream", map.len()),
        "<< /Type /FontDescriptor /FontName /Song /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>".to_owned(),
    ];
    let mut kids = String::new();
    for page in pages {
        let mut content = String::from("BT\n");
        for (x, y, size, text) in *page {
            let hex: String = text.chars().map(|c| format!("{:04X}", code(c))).collect::<Vec<_>>().concat();
            let _ = writeln!(content, "/F1 {size} Tf 1 0 0 1 {x} {y} Tm <{hex}> Tj");
        }
        content.push_str("ET\n");
        let stream = objects.len() + 1;
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {stream} 0 R >>"
        ));
        let _ = write!(kids, "{} 0 R ", objects.len());
    }
    objects[1] = format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", pages.len());
    let mut out = b"%PDF-1.5\n".to_vec();
    let mut offsets = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.extend(format!("{} 0 obj\n{object}\nendobj\n", n + 1).bytes());
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        out.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    out.extend(format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1).bytes());
    out
}

/// The start of a picture.
pub fn png() -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0".to_vec();
    out.extend([0x90, 0x77, 0x53, 0xde, 0, 0, 0, 0]);
    out
}
