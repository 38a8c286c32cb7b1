//! `POST /api/v1/worker/tickets/{number}/dispute/decision`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{own, problem, reason};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, FieldProblem, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::worker::acting;
use crate::identity::Caller;
use crate::incident::dispute::{Dispute, NewRoute, Verdict, new_route};

/// What becomes of a dispute.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideDispute {
    /// The post was right: then `route` says who has the ticket from now on. Else it goes back to where it was.
    pub upheld: bool,
    /// Why, 1 to 500 characters; for staff, the resident does not see them.
    pub reason: String,
    /// The new route, exactly when upheld.
    #[serde(default)]
    pub route: Option<NewRoute>,
}

/// Decides the dispute that waits; never by the person who raised it (403 `own_dispute`). The resident is told who has it.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/dispute/decision", tag = "派单异议", security(("session" = [])),
    params(("number" = String, Path)), request_body = DecideDispute,
    responses((status = 200, body = Dispute), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn decide_dispute(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(decided): JsonBody<DecideDispute>,
) -> Result<Json<Dispute>, Problem> {
    let DecideDispute { upheld, reason: words, route } = decided;
    let words = reason(&words)?;
    let ticket = own(&api, &caller, &number).await?;
    let route = match (upheld, route) {
        (true, Some(wish)) => Some(new_route(&ticket, wish, &api.rules.load()).map_err(|wrong| {
            let mut problem = Problem::new(Code::InvalidBody).detail("新的承办岗位填写得不对");
            let field = |(field, message): (&str, String)| FieldProblem { field: field.to_owned(), message };
            problem.errors = wrong.into_iter().map(field).collect();
            problem
        })?),
        (false, None) => None,
        (true, None) => return Err(Problem::new(Code::InvalidBody).detail("异议成立要写明改派到哪个岗位（route）")),
        (false, Some(_)) => return Err(Problem::new(Code::InvalidBody).detail("异议不成立，工单回到原岗位，不能同时改派")),
    };
    let verdict = Verdict {
        id: api.ids.uuid(),
        number: ticket.number,
        by: caller.account_id.to_string(),
        by_name: caller.name.clone(),
        words,
        route,
        at: api.clock.now(),
    };
    let dispute = api.disputes.decide(&verdict).await.map_err(problem)?;
    let to = dispute.decided.as_ref().and_then(|d| d.route.as_ref());
    let detail = json!({
        "dispute": dispute.id,
        "upheld": upheld,
        "from": { "section": dispute.route.section, "post": dispute.route.post, "first_receiver": dispute.route.first_receiver },
        "to": to.map(|r| json!({ "section": r.section, "post": r.post, "first_receiver": r.first_receiver })),
    });
    let detail = acting::noted(&api, &caller, &dispute.number, detail).await?;
    let traced = api.audit.record(&caller, "ticket.dispute_decision", ("ticket", &dispute.number), detail).await;
    traced.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(dispute))
}
