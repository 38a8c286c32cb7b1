//! 事件: from what a resident says to a ticket that a street can act on.
//!
//! `ticket` is the finished thing and its legal moves; the other files lead to it:
//! `intent` decides the route of a message (`urgency` and `channels` first, they are duties), `slots` reads a message,
//! `draft` keeps what is known until the resident confirms, `place`, `taxonomy`, `dispatch` and `clocks` look things up
//! in the street's own tables (`rules` reads them). A category's `questions` are read by `answers`, its `standards` set the
//! deadline, `ticket_clock` follows it (`clock_store` is its port, `escalation` says who is told). `progress` puts a ticket's
//! moves into words, `store` is the port to a database.

pub mod additions;
pub mod address;
pub mod answers;
pub mod bell;
pub mod calendar;
pub mod card;
pub mod channels;
pub mod clock_store;
pub mod clocks;
pub mod code_changes;
pub mod confirm;
pub mod coordinates;
pub mod destinations;
pub mod dispatch;
pub mod dispute;
pub mod draft;
pub mod duplicates;
pub mod escalation;
pub mod evidence;
pub mod finish;
pub mod gazetteer;
pub mod intent;
pub mod keep_up;
pub mod labels;
pub mod learned;
pub mod ledger;
pub mod likeness;
pub mod micro_grids;
pub mod names;
pub mod news;
pub mod news_texts;
pub mod patch;
pub mod pauses;
pub mod place;
pub mod polygons;
pub mod position;
pub mod progress;
pub mod questions;
pub mod reading;
pub mod relations;
pub mod rules;
pub mod scan;
pub mod settle;
pub mod slots;
pub mod standards;
pub mod stars;
pub mod store;
pub mod street;
pub mod table;
pub mod taxonomy;
pub mod ticket;
pub mod ticket_clock;
pub mod unlisted;
pub mod update;
pub mod urgency;
pub mod validity;
pub mod when;
