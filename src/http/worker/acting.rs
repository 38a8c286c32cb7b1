//! For whom somebody acts on a ticket: a stand-in's deeds name both, the one who did it and the one who was away.

use serde_json::{Value, json};

use crate::http::problem::Problem;
use crate::http::state::Api;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::identity::duties::StandIn;
use crate::incident::ticket::Ticket;

/// For whom the caller acts on this ticket; `None` when it is its own.
pub fn for_whom<'a>(api: &Api, caller: &'a Caller, ticket: &Ticket) -> Option<&'a StandIn> {
    if caller.stands_in.is_empty() {
        return None;
    }
    let (community, grid) = (ticket.place.community.as_deref(), ticket.place.grid_code.as_deref());
    let posts = posts(api, ticket);
    let posts: Vec<&str> = posts.iter().map(String::as_str).collect();
    caller.acts_for(community.unwrap_or_default(), grid.unwrap_or_default(), &posts)
}

/// The posts whose matter a ticket is: who handles it, who stays responsible, and the grid's own.
pub fn posts(api: &Api, ticket: &Ticket) -> Vec<String> {
    let rules = api.rules.load();
    let grid = ticket.place.grid_code.as_deref().and_then(|code| rules.places.gazetteer().grid(code));
    let mut posts = vec![ticket.route.post.clone(), ticket.route.first_receiver.clone()];
    posts.extend(grid.map(|g| g.handler_post.clone()));
    posts
}

/// The detail of an audit row about a ticket, with who was away.
pub async fn noted(api: &Api, caller: &Caller, number: &str, mut detail: Value) -> Result<Value, Problem> {
    if caller.stands_in.is_empty() {
        return Ok(detail);
    }
    let ticket = api.tickets.matter(number).await.map_err(refusal)?;
    if let (Some(away), Value::Object(fields)) = (ticket.and_then(|t| for_whom(api, caller, &t)), &mut detail) {
        fields.insert("for".to_owned(), json!({ "account": away.account_id, "name": away.name }));
    }
    Ok(detail)
}
