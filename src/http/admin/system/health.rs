//! `GET /api/v1/admin/system/health`: how the service is, part by part, in words for whoever runs it.

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::Surroundings;
use crate::conversation::endpoints;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::knowledge::generation::State as GenerationState;
use crate::knowledge::import::store::JobState;
use crate::platform::desk::DestinationState;

/// Below this many bytes somebody should look.
const DISK_BYTES: u64 = 5 << 30;
/// Rows that nobody can write any more.
const DISK_LAST: u64 = 256 << 20;
/// An older backup is worth a word.
const BACKUP_AGE: SignedDuration = SignedDuration::from_hours(48);
/// A delivery that waits longer is no queue but a fault.
const WAITING: SignedDuration = SignedDuration::from_mins(30);

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PartState)]
pub enum How {
    /// As it should be.
    Ok,
    /// Nobody knows, or it is not in use.
    Unknown,
    /// It works, and somebody should look.
    Warn,
    /// It does not work.
    Bad,
}

/// A part of the service.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthPart {
    /// Stable.
    pub name: String,
    /// What people read.
    pub title: String,
    /// How it is.
    pub state: How,
    /// In words.
    pub words: String,
}

/// The service.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemHealth {
    /// The worst of the parts.
    pub state: How,
    /// The program's.
    pub version: &'static str,
    /// Since when this process serves.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When this was looked at.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Bytes of memory that the process holds.
    pub memory_bytes: Option<u64>,
    /// Bytes of the rows.
    pub rows_bytes: Option<u64>,
    /// Bytes left where the data folder is.
    pub disk_free_bytes: Option<u64>,
    /// Bytes there in all.
    pub disk_total_bytes: Option<u64>,
    /// When the backup said last that it was done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub backed_up_at: Option<Timestamp>,
    /// Part by part.
    pub parts: Vec<HealthPart>,
}

/// How the service is.
#[utoipa::path(get, path = "/api/v1/admin/system/health", tag = "系统", security(("session" = []), ("key" = [])),
    responses((status = 200, body = SystemHealth), (status = 403, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub async fn get_system_health(State(api): State<ApiState>) -> Result<Json<SystemHealth>, Problem> {
    let at = api.clock.now();
    let machine = api.system.machine.look();
    let mut parts = vec![street(&api), index(&api).await?, imports(&api).await?];
    let mut destinations = api.delivery.desk.destinations().await.map_err(|e| Problem::unavailable(&e))?;
    for name in api.delivery.wellbeing.keys() {
        if !destinations.iter().any(|d| d.name == *name) {
            destinations.push(DestinationState { name: name.clone(), ..DestinationState::default() });
        }
    }
    parts.extend(destinations.into_iter().map(|d| delivery(&api, d, at)));
    parts.extend(api.system.endpoints.list().into_iter().map(|e| model(&e)));
    parts.push(disk(&machine));
    parts.push(backup(&machine, at));
    let worst = parts.iter().map(|p| p.state).filter(|s| *s != How::Unknown).max();
    let Surroundings { disk_free, disk_total, rows_bytes, memory_bytes, backed_up_at } = machine;
    Ok(Json(SystemHealth {
        state: worst.unwrap_or(How::Ok),
        version: env!("CARGO_PKG_VERSION"),
        started_at: api.system.started_at,
        at,
        memory_bytes,
        rows_bytes,
        disk_free_bytes: disk_free,
        disk_total_bytes: disk_total,
        backed_up_at,
        parts,
    }))
}

fn part(name: &str, title: &str, state: How, words: impl Into<String>) -> HealthPart {
    HealthPart { name: name.to_owned(), title: title.to_owned(), state, words: words.into() }
}

fn street(api: &Api) -> HealthPart {
    match api.street.fault() {
        Some(fault) => part("street", "街道数据", How::Warn, fault.words()),
        None => part("street", "街道数据", How::Ok, "正在使用的版本没有问题"),
    }
}

async fn index(api: &Api) -> Result<HealthPart, Problem> {
    let records = api.knowledge.generations().await.map_err(|e| Problem::unavailable(&e))?;
    let engine = api.knowledge.engine();
    let Some(live) = api.knowledge.snapshot() else {
        return Ok(part("index", "知识索引", How::Bad, "还没有可用的索引，暂时答不了问题"));
    };
    let number = live.generation.0;
    let passages = records.iter().find(|r| r.generation == live.generation).map_or(0, |r| r.passages);
    let words = format!("第{number}代，{passages}段，引擎 {engine}");
    if let Some(progress) = api.knowledge.progress() {
        let words = format!("{words}；正在{}（{}/{}）", progress.stage.title(), progress.done, progress.all);
        return Ok(part("index", "知识索引", How::Ok, words));
    }
    let newest = records.iter().max_by_key(|r| r.generation.0);
    let failed = newest
        .filter(|r| r.generation != live.generation && matches!(r.state, GenerationState::Failed | GenerationState::Refused));
    Ok(match failed {
        Some(record) => part("index", "知识索引", How::Warn, format!("{words}；第{}代没有建成，仍用旧的", record.generation.0)),
        None => part("index", "知识索引", How::Ok, words),
    })
}

async fn imports(api: &Api) -> Result<HealthPart, Problem> {
    let jobs = api.imports.importer().store().jobs(None, 100).await.map_err(|e| Problem::unavailable(&e))?;
    let count = |state| jobs.iter().filter(|j| j.state == state).count();
    let (waiting, running) = (count(JobState::Queued), count(JobState::Running));
    let words = match (waiting, running) {
        (0, 0) => "没有等待的导入".to_owned(),
        _ => format!("正在导入{running}批，等待{waiting}批"),
    };
    Ok(part("imports", "资料导入", How::Ok, words))
}

fn delivery(api: &Api, destination: DestinationState, at: Timestamp) -> HealthPart {
    let DestinationState { name, pending, delivered, dead, oldest_pending_at, paused } = destination;
    let wellbeing = api.delivery.wellbeing.get(&name).map(|w| w.lock().clone());
    let alone = wellbeing.as_ref().and_then(|w| w.left_alone_until).filter(|until| *until > at);
    let late = oldest_pending_at.is_some_and(|since| at.duration_since(since) > WAITING);
    let mut words = format!("待推送{pending}件，已送达{delivered}件");
    let mut state = How::Ok;
    if dead > 0 {
        state = How::Warn;
        words.push_str(&format!("，{dead}件被拒收，要人处理"));
    }
    if late || alone.is_some() {
        state = How::Warn;
        words.push_str(if alone.is_some() {
            "；平台连续失败，稍后自动再试"
        } else {
            "；最早的一件已等了半小时以上"
        });
    }
    if let Some(pause) = paused {
        state = How::Warn;
        words.push_str(&format!("；已由{}暂停：{}", pause.by, pause.reason));
    }
    part(&format!("delivery:{name}"), &format!("推送到 {name}"), state, words)
}

fn model(endpoint: &endpoints::Endpoint) -> HealthPart {
    let (state, words) = match endpoint.state {
        endpoints::State::Absent => (How::Unknown, "没有配置".to_owned()),
        endpoints::State::Asked => (How::Ok, format!("{}，最近没有连续失败", endpoint.model)),
        endpoints::State::LeftAlone => (How::Warn, format!("{}，刚才连续失败，暂时不用它，稍后自动再试", endpoint.model)),
        endpoints::State::Trying => (How::Warn, format!("{}，正在试它是否恢复", endpoint.model)),
    };
    part(endpoint.kind.word(), endpoint.kind.title(), state, words)
}

fn disk(machine: &Surroundings) -> HealthPart {
    let (Some(free), Some(total)) = (machine.disk_free, machine.disk_total) else {
        return part("disk", "磁盘", How::Unknown, "看不到数据目录所在磁盘的大小");
    };
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / f64::from(1 << 30));
    let words = format!("还有{}可用，共{}", gigabytes(free), gigabytes(total));
    match free {
        _ if free < DISK_LAST => part("disk", "磁盘", How::Bad, format!("{words}：很快就写不进新内容了，请立即清理")),
        _ if free < DISK_BYTES => part("disk", "磁盘", How::Warn, format!("{words}：请清理或扩容")),
        _ => part("disk", "磁盘", How::Ok, words),
    }
}

fn backup(machine: &Surroundings, at: Timestamp) -> HealthPart {
    match machine.backed_up_at {
        None => {
            part("backup", "备份", How::Unknown, "不知道上次备份的时间：备份脚本做完后在数据目录更新 last-backup 文件即可显示")
        }
        Some(when) => {
            let age = at.duration_since(when);
            let hours = age.as_hours().max(0);
            let words =
                if hours < 48 { format!("{hours}小时前备份过") } else { format!("上次备份在{}天前", hours / 24) };
            part("backup", "备份", if age > BACKUP_AGE { How::Warn } else { How::Ok }, words)
        }
    }
}
