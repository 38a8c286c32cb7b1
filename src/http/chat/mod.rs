//! `/api/v1/conversations`: the resident's conversation.

pub mod attachments;
pub mod channel;
pub mod create;
pub mod delete;
pub mod feedback;
pub mod live_events;
pub mod messages;
pub mod post_message;
pub mod transcriptions;
pub mod turn_events;
