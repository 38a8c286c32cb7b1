//! 对话: one turn after another, each to its end.
//!
//! `service` is the room's door; `turn` decides the way of a message, `answer` and `intake` walk it; `live` keeps the
//! log of a turn for whoever reads it; `figures` and `redact` are the gates for what comes out and what goes out.
//!
//! To add a route: a variant in [`outcome::Route`], its rule in `incident::intent`, its words here, a dialogue in
//! `tests/dialogues/`.

pub mod afterwards;
pub mod answer;
pub mod channels;
pub mod draft_ops;
pub mod endpoints;
pub mod evidence;
pub mod facets;
pub mod figures;
pub mod fixed;
pub mod followup;
pub mod intake;
pub mod joining;
pub mod live;
pub mod log;
pub mod media;
pub mod memory;
pub mod message;
pub mod names;
pub mod news;
pub mod order;
pub mod outcome;
pub mod prompts;
pub mod rating;
pub mod redact;
pub mod service;
mod smalltalk;
pub mod speech;
pub mod standing;
pub mod store;
pub mod street;
pub mod supplement;
pub mod turn;
pub mod urgent;

/// The `error` event of a turn that failed: RFC 9457, as every refusal of the service.
fn failure_problem() -> serde_json::Value {
    serde_json::json!({
        "type": "urn:gridworker:problem:internal", "title": "服务出错了", "status": 500, "code": "internal",
        "detail": "这条消息没有处理成功，请稍后再试",
    })
}
