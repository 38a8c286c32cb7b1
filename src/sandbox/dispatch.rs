//! 流转调度: to which section and post an incident goes, and until when it must be accepted.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The four sections with their posts, in the order of the board. A sample of a street's post table.
pub(super) const SECTIONS: [(&str, &[&str]); 4] = [
    ("党的建设", &["组织宣传岗", "志愿服务岗"]),
    ("经济发展", &["企业服务岗", "城市更新岗"]),
    ("民生服务", &["综合受理岗", "社会保障岗", "养老助残岗", "市容环境岗", "物业协调岗"]),
    ("平安法治", &["综治维稳岗", "矛盾调解岗", "应急管理岗", "消防安全岗", "综合执法岗"]),
];

/// Words → section and post; the first hit wins, so what is dangerous stands first.
const RULES: [(&[&str], &str, &str); 14] = [
    (&["消防", "火", "充电", "飞线", "燃气", "烟花", "疏散通道"], "平安法治", "消防安全岗"),
    (&["挡墙", "坍塌", "滑坡", "塌", "裂缝", "危岩", "洪", "防汛", "溺水", "应急"], "平安法治", "应急管理岗"),
    (&["外墙", "瓷砖", "危房", "加装电梯", "旧改", "老旧小区", "城市更新", "房屋"], "经济发展", "城市更新岗"),
    (&["违建", "占道", "油烟", "噪声", "犬", "执法"], "平安法治", "综合执法岗"),
    (&["纠纷", "邻里", "调解", "欠薪", "劳动"], "平安法治", "矛盾调解岗"),
    (&["诈骗", "治安", "盗", "打架", "未成年"], "平安法治", "综治维稳岗"),
    (&["低保", "社保", "医保", "救助", "居住证"], "民生服务", "社会保障岗"),
    (&["老年", "养老", "残疾", "独居", "高龄"], "民生服务", "养老助残岗"),
    (&["垃圾", "环卫", "路灯", "井盖", "道路", "绿化", "积水", "排水"], "民生服务", "市容环境岗"),
    (&["物业", "维修资金", "电梯", "停车", "业委会", "漏水"], "民生服务", "物业协调岗"),
    (&["企业", "营商", "个体", "商户", "租赁"], "经济发展", "企业服务岗"),
    (&["志愿", "积分"], "党的建设", "志愿服务岗"),
    (&["党员", "党组织", "党建", "宣传"], "党的建设", "组织宣传岗"),
    (&["建议", "咨询"], "民生服务", "综合受理岗"),
];

/// Urgent incidents are accepted within five minutes.
const URGENT: SignedDuration = SignedDuration::from_mins(5);
/// The others within two hours when the report brings no deadline of its own.
const ORDINARY: SignedDuration = SignedDuration::from_hours(2);

/// Section and post for an incident. What the report names is kept; otherwise the words choose.
pub(super) fn dispatch(body: &Value) -> (&'static str, String) {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    // The street has routed it already: the post that the resident was told stays.
    let routed = SECTIONS.iter().find(|(name, _)| *name == text("/route/section"));
    if let (Some((section, _)), post) = (routed, text("/route/post").trim())
        && !post.is_empty()
    {
        return (section, post.chars().take(30).collect());
    }
    let named = [text("/category/section"), text("/route/section")];
    let section = SECTIONS.iter().find(|(name, _)| named.contains(name));
    let words = [text("/category/name"), text("/title"), text("/description")];
    // The category speaks before the title, the title before the description.
    let hit = words.iter().find_map(|w| {
        RULES.iter().find(|(keys, s, _)| section.is_none_or(|(name, _)| name == s) && keys.iter().any(|k| w.contains(k)))
    });
    match (hit, section) {
        (Some((_, s, post)), _) => (s, (*post).to_owned()),
        (None, Some((name, posts))) => (name, posts.first().copied().unwrap_or("综合受理岗").to_owned()),
        (None, None) => ("民生服务", "综合受理岗".to_owned()),
    }
}

/// The section of this name, when there is one.
pub(super) fn section(name: &str) -> Option<&'static str> {
    SECTIONS.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
}

/// Who answers for a post, as a title: its A holder, or B while A is away.
pub(super) fn holder(post: &str, a_is_away: bool) -> String {
    let side = if a_is_away { 'B' } else { 'A' };
    format!("{post}（{side}岗）")
}

/// True when the acceptance clock of five minutes runs.
pub(super) fn is_urgent(urgency: &str) -> bool {
    matches!(urgency, "紧急" | "特急")
}

/// Until when it must be resolved, when the report or event says so and the time is still to come.
pub(super) fn resolve_by(body: &Value, received: Timestamp) -> Option<Timestamp> {
    body.pointer("/clock/resolve_by").and_then(Value::as_str).and_then(|t| t.parse::<Timestamp>().ok()).filter(|t| *t > received)
}

/// Until when it must be accepted, by the `clock` of a report or of an event.
pub(super) fn accept_by(body: &Value, urgency: &str, received: Timestamp) -> Timestamp {
    if is_urgent(urgency) {
        return received.saturating_add(URGENT).unwrap_or(received);
    }
    body.pointer("/clock/accept_by")
        .and_then(Value::as_str)
        .and_then(|t| t.parse::<Timestamp>().ok())
        .filter(|t| *t > received)
        .unwrap_or_else(|| received.saturating_add(ORDINARY).unwrap_or(received))
}
