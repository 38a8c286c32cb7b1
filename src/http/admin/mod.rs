//! `/api/v1/admin`: what staff do. One folder per noun, one file per verb; who may call what stands in `access.rs`.

pub mod accounts;
pub mod answers;
pub mod audit;
pub mod channels;
pub mod curated;
pub mod destinations;
pub mod directory;
pub mod documents;
pub mod gaps;
pub mod generations;
pub mod hit_test;
pub mod imports;
pub mod insight;
pub mod keys;
pub mod leaves;
pub mod outbox;
pub mod people;
pub mod posts;
pub mod question_sets;
pub mod runs;
pub mod street;
pub mod system;
pub mod turns;

use jiff::civil::Date;

use super::state::Api;
use crate::identity::{Caller, caller::Via};
use crate::knowledge::life::record::Actor;

/// The day it is in the street.
fn today(api: &Api) -> Date {
    api.clock.now().to_zoned(api.conversations.street().zone.clone()).date()
}

/// Who acts, as the history shows it.
fn actor(caller: &Caller) -> Actor {
    match caller.via {
        Via::Console | Via::System => Actor::operator(),
        Via::Session(_) | Via::ApiKey(_) => Actor { id: caller.account_id.to_string(), name: caller.name.clone() },
    }
}
