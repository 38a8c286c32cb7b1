//! 事件: from what a resident says to a ticket that a street can act on.
//!
//! `ticket` is the finished thing and its legal moves; the other files lead to it:
//! `intent` decides the route of a message (`urgency` and `channels` first, they are duties), `slots` reads a message,
//! `draft` keeps what is known until the resident confirms, `place`, `taxonomy`, `dispatch` and `clocks` look things up
//! in the street's own tables (`rules` reads them), `progress` puts a ticket's moves into words, `store` is the port to a database.

pub mod address;
pub mod bell;
pub mod calendar;
pub mod card;
pub mod channels;
pub mod clocks;
pub mod confirm;
pub mod destinations;
pub mod dispatch;
pub mod draft;
pub mod evidence;
pub mod finish;
pub mod gazetteer;
pub mod intent;
pub mod labels;
pub mod learned;
pub mod news;
pub mod patch;
pub mod place;
pub mod progress;
pub mod reading;
pub mod rules;
pub mod scan;
pub mod slots;
pub mod store;
pub mod table;
pub mod taxonomy;
pub mod ticket;
pub mod update;
pub mod urgency;
pub mod when;
