//! Styles: which ones are headings, titles, lines of a table of contents, or numbered.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{attribute, local};

/// What a style means for its paragraphs.
#[derive(Debug, Clone, Default)]
pub(super) struct Style {
    /// A heading of this level.
    pub level: Option<u8>,
    pub is_title: bool,
    pub is_contents: bool,
    /// Number of the list, level.
    pub list: Option<(String, u8)>,
    based_on: Option<String>,
}

/// The styles of a document by their ids.
#[derive(Debug, Default)]
pub(super) struct Styles(HashMap<String, Style>);

impl Styles {
    pub fn read(xml: &str) -> Self {
        let mut out = HashMap::new();
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        let mut open: Option<(String, Style)> = None;
        loop {
            match reader.read_event() {
                Ok(Event::Start(e) | Event::Empty(e)) => {
                    let name = e.name();
                    let value = || attribute(&e, "val");
                    match (local(name.as_ref()).1, &mut open) {
                        ("style", open) => {
                            out.extend(open.take());
                            *open = attribute(&e, "styleId").map(|id| (id, Style::default()));
                        }
                        ("name", Some((_, style))) => named(style, &value().unwrap_or_default()),
                        ("basedOn", Some((_, style))) => style.based_on = value(),
                        ("outlineLvl", Some((_, style))) => {
                            style.level =
                                value().and_then(|v| v.parse::<u8>().ok()).filter(|l| *l < 9).map(|l| l + 1).or(style.level);
                        }
                        ("numId", Some((_, style))) => {
                            let level = style.list.as_ref().map_or(0, |l| l.1);
                            style.list = value().map(|id| (id, level));
                        }
                        ("ilvl", Some((_, style))) => {
                            let level = value().and_then(|v| v.parse().ok()).unwrap_or(0);
                            let id = style.list.take().map(|l| l.0).unwrap_or_default();
                            style.list = Some((id, level));
                        }
                        _ => {}
                    }
                }
                // What cannot be read of the styles costs headings, never text.
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        out.extend(open);
        Self(out)
    }

    /// A style with what it takes from those it is based on.
    pub fn get(&self, id: &str) -> Style {
        let mut out = self.0.get(id).cloned().unwrap_or_else(|| {
            let mut style = Style::default();
            named(&mut style, id);
            style
        });
        let mut base = out.based_on.clone();
        for _ in 0..16 {
            let Some(style) = base.as_deref().and_then(|id| self.0.get(id)) else { break };
            out.level = out.level.or(style.level);
            out.list = out.list.or_else(|| style.list.clone());
            base.clone_from(&style.based_on);
        }
        out.list = out.list.filter(|(id, _)| !id.is_empty());
        out
    }
}

fn named(style: &mut Style, name: &str) {
    let name: String = name.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let number = |prefix: &str| name.strip_prefix(prefix).and_then(|n| n.parse::<u8>().ok()).filter(|n| (1..=9).contains(n));
    if let Some(level) = number("heading").or_else(|| number("标题")) {
        style.level = Some(level);
    }
    style.is_title |= name == "title" || name == "标题";
    style.is_contents |= number("toc").is_some() || number("目录").is_some();
}
