//! `POST /api/v1/tickets/{number}/rating`: 回访. "Not solved" reopens the ticket.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{TicketStory, own_ticket, refusal, story};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, FieldProblem, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::incident::store::Rating;

/// What the resident thinks of the result.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewRating {
    /// False reopens the ticket.
    pub solved: bool,
    /// 1..=5.
    pub stars: u8,
    /// Own words.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Rates a closed ticket.
#[utoipa::path(post, path = "/api/v1/tickets/{number}/rating", tag = "工单", request_body = NewRating,
    params(("number" = String, Path)), security(("conversation" = [])),
    responses((status = 200, body = TicketStory), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn post_rating(
    State(api): State<ApiState>,
    Path(number): Path<String>,
    headers: HeaderMap,
    JsonBody(rating): JsonBody<NewRating>,
) -> Result<Json<TicketStory>, Problem> {
    let ticket = own_ticket(&api, &headers, &number).await?;
    if !(1..=5).contains(&rating.stars) {
        let mut problem = Problem::new(Code::InvalidBody).detail("评分须为1到5星");
        problem.errors.push(FieldProblem { field: "stars".to_owned(), message: "须为1到5".to_owned() });
        return Err(problem);
    }
    let comment = rating.comment.map(|c| c.chars().take(500).collect());
    let rating = Rating { solved: rating.solved, stars: rating.stars, comment, at: api.clock.now() };
    let ticket = api.tickets.rate(&ticket.number, rating).await.map_err(refusal)?;
    api.delivery.bell.ring();
    Ok(Json(story(&api, ticket).await?))
}
