//! `PATCH /api/v1/admin/gaps/{id}`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::knowledge::gaps::{Cluster, ClusterChange, ClusterState};

/// What is to be different; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeGap {
    /// The next state. `drafted` and `answered` follow from a draft and from publishing it.
    #[serde(default)]
    pub state: Option<ClusterState>,
    /// The account or post; null = nobody.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub owner: Option<Option<String>>,
    /// Until when; null = no day.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = Date)]
    pub due: Option<Option<Date>>,
    /// Why; needed for closing.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Tells null from absent.
#[expect(clippy::option_option, reason = "absent, null and a value are three things here")]
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(value).map(Some)
}

/// Assigns, sets a day, closes, opens again.
#[utoipa::path(patch, path = "/api/v1/admin/gaps/{id}", tag = "知识缺口", security(("session" = []), ("key" = [])), request_body = ChangeGap,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Cluster), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change_gap(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<ChangeGap>,
) -> Result<Json<Cluster>, Problem> {
    let group = super::cluster(&api, &id).await?;
    let owner = wish.owner.map(|o| o.map(|o| o.trim().chars().take(100).collect::<String>()).filter(|o| !o.is_empty()));
    // Who is given the work has it.
    let state = wish.state.or_else(|| {
        let assigned = matches!(owner, Some(Some(_))) && group.state == ClusterState::Open;
        assigned.then_some(ClusterState::Assigned)
    });
    if let Some(next) = state {
        if !group.state.may_become(next) {
            let said = format!("“{}”的缺口不能直接变为“{}”", group.state.word(), next.word());
            return Err(Problem::new(Code::Conflict).detail(said));
        }
        let closing = matches!(next, ClusterState::Closed | ClusterState::NotOurDuty);
        if closing && wish.reason.as_deref().is_none_or(|r| r.trim().is_empty()) {
            return Err(Problem::new(Code::InvalidBody).detail("关闭要写明原因"));
        }
        let nobody = matches!(owner, Some(None)) || (owner.is_none() && group.owner.is_none());
        if next == ClusterState::Assigned && nobody {
            return Err(Problem::new(Code::InvalidBody).detail("请写明交给哪个账号或岗位"));
        }
    }
    let reason = wish.reason.map(|r| r.trim().chars().take(500).collect());
    let detail = json!({
        "before": group.state, "after": state.unwrap_or(group.state), "owner": owner, "due": wish.due, "reason": reason,
    });
    let change = ClusterChange { state, owner, due: wish.due, reason, ..ClusterChange::default() };
    let changed = api.curation.gaps().change_cluster(group.id, group.state, &change, api.clock.now()).await;
    if !changed.map_err(|e| Problem::unavailable(&e))? {
        return Err(Problem::new(Code::Conflict).detail("这个缺口刚刚被别人处理过，请重新查看"));
    }
    super::audit(&api, &caller, "gap.change", group.id, detail).await?;
    Ok(Json(super::cluster(&api, &id).await?))
}
