//! What a document must say before it may be submitted.

use jiff::civil::Date;

use crate::knowledge::document::ParsedDocument;

/// Endings of a section's or post's name. An owner is a post: people come and go.
const POSTS: [&str; 18] =
    ["岗", "板块", "科", "室", "办", "所", "中心", "局", "委", "站", "队", "组", "街道", "社区", "窗口", "部", "镇", "网格"];

/// A field that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Name of the field, as in front matter; `body` for the text.
    pub field: &'static str,
    /// In Chinese.
    pub message: String,
}

/// What stands in the way of submitting, on `today`.
#[must_use]
pub fn faults(document: &ParsedDocument, today: Date) -> Vec<Fault> {
    let meta = &document.meta;
    let mut out = Vec::new();
    let mut say = |field: &'static str, message: &str| out.push(Fault { field, message: message.to_owned() });
    for (field, value, name) in [
        ("title", &meta.title, "标题"),
        ("area", &meta.area, "适用区域"),
        ("issuer", &meta.issuer, "发布单位"),
        ("owner", &meta.owner, "责任单位"),
    ] {
        if value.trim().is_empty() {
            say(field, &format!("缺少{name}"));
        }
        if value.contains('\n') {
            say(field, &format!("{name}只能是一行"));
        }
    }
    if !meta.owner.trim().is_empty() && !POSTS.iter().any(|p| meta.owner.trim().ends_with(p)) {
        say("owner", "责任单位写板块和岗位，不写个人姓名");
    }
    if meta.expires_on.is_some_and(|end| end <= meta.effective_from) {
        say("expires_on", "失效日期要晚于施行日期");
    } else if meta.expires_on.is_some_and(|end| end <= today) {
        say("expires_on", "已经失效，不能再发布");
    }
    match meta.review_by {
        None => say("review_by", "缺少复核日期"),
        Some(day) if day <= today => say("review_by", "复核日期已过"),
        Some(_) => {}
    }
    if meta.superseded_by.as_deref() == Some(meta.id.as_str()) {
        say("superseded_by", "接替的资料不能是它自己");
    }
    if document.passages(1).is_empty() {
        say("body", "没有可以引用的正文");
    }
    out
}
