//! `GET /api/v1/admin/insight/today`: what needs the caller now.

use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::today as day_of_today;
use crate::http::problem::Problem;
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::http::worker::clocks::within;
use crate::identity::{Caller, Permission};
use crate::incident::store::TicketQuery;
use crate::incident::ticket::Status;

/// At most so many are counted of what is read as a list; more is "many".
const MOST: u32 = 500;

/// How pressing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Somebody waits beyond a promise.
    Urgent,
    /// Work of today.
    Work,
    /// To keep in view.
    Watch,
}

/// One thing that waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingItem {
    /// For programs.
    pub key: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What to do about it, in words.
    pub todo: &'static str,
    /// How many.
    pub count: u64,
    /// There are more than were counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// How pressing.
    pub level: Level,
}

/// What needs the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Today {
    /// When it was looked.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Only what the caller may do something about or look into; also those with nothing waiting.
    pub items: Vec<WaitingItem>,
    /// What is wrong with the service itself, in words; only for those who may see its state.
    pub troubles: Vec<String>,
}

/// What waits for the caller now: by what the account may see, in its own part of the street.
#[utoipa::path(get, path = "/api/v1/admin/insight/today", tag = "统计", security(("session" = []), ("key" = [])),
    responses((status = 200, body = Today)))]
pub async fn get_today(State(api): State<ApiState>, Extension(caller): Extension<Caller>) -> Result<Json<Today>, Problem> {
    use Level::{Urgent, Watch, Work};
    use Permission as P;
    let (now, today) = (api.clock.now(), day_of_today(&api));
    let mut items = Vec::new();
    let mut add = |key, title, todo, level, (count, more): (u64, bool)| {
        items.push(WaitingItem { key, title, todo, count, more, level });
    };
    if caller.may(P::TicketRead) {
        let open = Status::ALL.into_iter().filter(|s| !s.is_final() && *s != Status::已办结).collect();
        let grids = (!caller.scope.is_everything()).then(|| {
            let rules = api.rules.load();
            let all = rules.places.gazetteer().grids();
            all.iter().filter(|g| caller.scope.covers(&g.community, &g.grid_code)).map(|g| g.grid_code.clone()).collect()
        });
        let query = TicketQuery { statuses: open, grids, overdue_at: Some(now), limit: MOST, ..TicketQuery::default() };
        let late = api.tickets.search(&query).await.map_err(refusal)?.len();
        add("overdue", "超时工单", "过了受理或办结时限，先办这些", Urgent, counted(late));
        let alerts = api.clocks.alerts(&*within(&caller), MOST as usize).await.map_err(refusal)?.len();
        add("alerts", "催办督办", "时限提醒没有人认领，点进去认领", Urgent, counted(alerts));
    }
    if caller.may(P::TicketDispatch) {
        let mut disputes = 0;
        for dispute in api.disputes.disputes(true, MOST).await.map_err(refusal)? {
            let own = caller.scope.is_everything() || {
                let place = api.tickets.matter(&dispute.number).await.map_err(refusal)?.map(|t| t.place).unwrap_or_default();
                caller.scope.covers(&place.community.unwrap_or_default(), &place.grid_code.unwrap_or_default())
            };
            disputes += usize::from(own);
        }
        add("disputes", "派单异议", "岗位说不归自己管，要换一个人来定", Work, counted(disputes));
    }
    let waiting = api.insight.waiting(now, today).await.map_err(|e| Problem::unavailable(&e))?;
    let all = |count: u64| (count, false);
    if caller.may(P::OutboxRead) {
        add("dead_letters", "推送失败", "平台拒收，改正后重推，或者转人工录入", Urgent, all(waiting.dead_letters));
        add("late_pushes", "推送积压", "等了十分钟以上还没送到，看平台是否正常", Watch, all(waiting.late_pushes));
        add("paused", "暂停的平台", "有人按了暂停，工单都在等", Watch, all(waiting.paused_destinations));
    }
    if caller.may(P::DocumentReview) {
        add("in_review", "待审资料", "别人写好的资料等审核", Work, all(waiting.in_review));
    }
    if caller.may(P::CuratedPublish) {
        add("curated_drafts", "待发布固定答复", "写好了还没有生效", Work, all(waiting.curated_drafts));
    }
    if caller.may(P::GapRead) {
        add("open_gaps", "知识缺口", "答不上来的问题还没有人接", Work, all(waiting.open_gaps));
        add("late_gaps", "逾期缺口", "过了约定的日子还没补上", Urgent, all(waiting.late_gaps));
    }
    if caller.may(P::DocumentRead) {
        add("expired", "已失效资料", "过了有效期又没有新版本，居民会问不到", Urgent, all(waiting.expired));
        add("review_due", "待复核资料", "到了该复核的日子", Work, all(waiting.review_due));
        add("expiring", "快到期资料", "三十天内失效，准备新版本", Watch, all(waiting.expiring));
    }
    if caller.may(P::ImportRun) {
        add("failed_imports", "导入出错", "七天内的导入里有文件没有导进来", Work, all(waiting.failed_imports));
    }
    items.sort_by_key(|item| (item.count == 0, item.level));
    let mut troubles = Vec::new();
    if caller.may(P::SystemRead) {
        troubles.extend(api.street.fault().map(|fault| fault.words()));
        for (name, wellbeing) in &api.delivery.wellbeing {
            if wellbeing.lock().left_alone_until.is_some_and(|until| until > now) {
                troubles.push(format!("平台 {name} 连续失败，过一会儿自动再试"));
            }
        }
    }
    Ok(Json(Today { at: now, items, troubles }))
}

fn counted(rows: usize) -> (u64, bool) {
    (rows as u64, rows >= MOST as usize)
}
