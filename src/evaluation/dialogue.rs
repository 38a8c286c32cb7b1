//! Scripted conversations: played over HTTP against an instance of their own, with the bundled platform.
//!
//! A case is a TOML file:
//!
//! ```toml
//! title = "外墙瓷砖，从上报到办结"
//!
//! [[step]]
//! say = "铂金云鼎1栋出入平台掉瓷砖"     # or: confirm | cancel | patch | platform | progress
//! route = "report"                       # everything below is checked, each line only when it is there
//! card = "draft"
//! missing = []
//! fields = { "place.grid" = "第七网格", "urgency" = "紧急" }
//! contains = ["紧急"]
//! ```
//!
//! `platform = "accept"` presses a button of the platform's board for the last ticket and waits for the news.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::Instance;
use crate::app::wiring::Wiring;
use crate::config::{Engine, Settings};
use crate::core::clock::Clock;
use crate::core::ids::{Ids as _, RandomIds};

/// News of a pressed button must be told within this time.
const NEWS_WITHIN: Duration = Duration::from_secs(10);

/// A scripted conversation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub title: String,
    /// `resident` (default) or `gridworker`.
    #[serde(default)]
    pub audience: Option<String>,
    /// Its steps, in order.
    pub step: Vec<Step>,
}

/// One step: an act and what must come of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
pub struct Step {
    /// A message.
    pub say: Option<String>,
    /// From here on somebody else speaks, in a conversation of their own.
    pub another: bool,
    /// Said again, after giving the draft up, until these words are in the reply: for what the service learns in the background.
    pub until: Option<String>,
    /// The same message is sent twice under the same id, as a tap that trembles; both answers must be the same turn.
    pub twice: bool,
    /// The confirm button; with `twice` pressed twice at once.
    pub confirm: bool,
    /// The cancel button.
    pub cancel: bool,
    /// A change of fields.
    pub patch: Option<toml::Value>,
    /// A button of the platform's board: accept, assign, start, resolve, close, return, extend.
    pub platform: Option<String>,
    /// Words that go with the button.
    pub note: Option<String>,
    /// A rating: `{ solved = true, stars = 5 }`.
    pub rate: Option<toml::Value>,

    /// HTTP status.
    pub status: Option<u16>,
    /// Route of the turn.
    pub route: Option<String>,
    /// How it ended.
    pub finish: Option<String>,
    /// Kind of the card; `"none"` = no card.
    pub card: Option<String>,
    /// Exactly these names block confirming.
    pub missing: Option<Vec<String>>,
    /// The field that is asked for.
    pub asking: Option<String>,
    /// Values in the draft or the ticket, by dotted name; `"*"` = anything but null, `"-"` = nothing.
    pub fields: toml::Table,
    /// Must be in the words (or in the news).
    pub contains: Vec<String>,
    /// Must not be in the words.
    pub lacks: Vec<String>,
    /// The first citation's document.
    pub cites: Option<String>,
    /// No citation at all.
    pub uncited: bool,
    /// State of the ticket afterwards.
    pub state: Option<String>,
    /// Tickets of the conversation afterwards.
    pub tickets: Option<usize>,
    /// Among the choices that can be tapped (a part of the label is enough).
    pub options: Vec<String>,
}

/// What became of a case.
#[derive(Debug)]
pub struct Played {
    /// File name.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// Steps played.
    pub steps: usize,
    /// What was not as written: step number (from 1) and words.
    pub failures: Vec<(usize, String)>,
    /// What was said and shown, a line or paragraph each.
    pub transcript: Vec<String>,
}

/// Plays every `.toml` of a folder against an instance over `settings` with a data folder of its own.
///
/// # Errors
/// The folder or a case cannot be read, or the instance does not start.
pub async fn play(
    folder: &Path,
    mut settings: Settings,
    data: &Path,
    clock: Option<Arc<dyn Clock>>,
) -> anyhow::Result<Vec<Played>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.into_iter().map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let mut cases = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file)?;
        let case: Case = toml::from_str(&text).map_err(|e| anyhow::anyhow!("{}: {e}", file.display()))?;
        cases.push((file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default(), case));
    }
    let worker_key = RandomIds.secret();
    settings.storage.data_dir = data.to_string_lossy().into_owned();
    settings.knowledge.engine = Engine::Edge;
    settings.identity.worker_key = worker_key.clone().into();
    settings.platform.poll_s = 0.2;
    let mut wiring = Wiring::new(settings);
    wiring.demo = true;
    if let Some(clock) = clock {
        wiring.clock = clock;
    }
    crate::llm::install_tls();
    let instance = Instance::start(TcpListener::bind("127.0.0.1:0").await?, wiring).await?;
    let http = reqwest::Client::builder().timeout(Duration::from_mins(1)).no_proxy().build()?;
    let base = format!("http://{}", instance.address);
    let mut played = Vec::new();
    for (name, case) in cases {
        let mut player = Player::open(&http, &base, &case, &worker_key).await?;
        let mut failures = Vec::new();
        for (number, step) in case.step.iter().enumerate() {
            if let Err(why) = player.step(step).await {
                failures.push((number + 1, format!("{why:#}")));
            }
        }
        played.push(Played { name, title: case.title, steps: case.step.len(), failures, transcript: player.transcript });
    }
    instance.stop().await;
    Ok(played)
}

/// The outcome as a table, a line per case and one per failure; with `show` also every word that was said.
#[must_use]
pub fn table(played: &[Played], show: bool) -> String {
    let mut text = String::new();
    for case in played {
        let mark = if case.failures.is_empty() { "通过" } else { "失败" };
        text.push_str(&format!("{mark}  {:<28} {:>2} 步  {}\n", case.name, case.steps, case.title));
        if show {
            for said in &case.transcript {
                text.push_str(said);
                text.push('\n');
            }
        }
        for (step, why) in &case.failures {
            text.push_str(&format!("        第{step}步：{why}\n"));
        }
    }
    let failed = played.iter().filter(|c| !c.failures.is_empty()).count();
    text.push_str(&format!("{} passed, {failed} failed\n", played.len() - failed));
    text
}

/// Opens a conversation, of a gridworker with the key; its id and token.
async fn open(http: &reqwest::Client, base: &str, worker_key: Option<&str>) -> anyhow::Result<(String, String)> {
    let request = http.post(format!("{base}/api/v1/conversations"));
    let request = match worker_key {
        Some(key) => request.bearer_auth(key).json(&json!({ "audience": "gridworker", "channel": "worker" })),
        None => request.json(&json!({})),
    };
    let opened: Value = request.send().await?.error_for_status()?.json().await?;
    let text = |name: &str| opened[name].as_str().unwrap_or_default().to_owned();
    Ok((text("conversation_id"), text("token")))
}

struct Player<'a> {
    http: &'a reqwest::Client,
    base: &'a str,
    /// The key that conversations are opened with.
    opening: Option<String>,
    conversation: String,
    token: String,
    messages: u32,
    /// The last ticket that a receipt showed.
    ticket: Option<Value>,
    transcript: Vec<String>,
}

/// What a step is checked against.
#[derive(Default)]
struct Seen {
    status: u16,
    body: Value,
    words: String,
    card: Value,
}

impl<'a> Player<'a> {
    async fn open(http: &'a reqwest::Client, base: &'a str, case: &Case, worker_key: &str) -> anyhow::Result<Self> {
        let opening = (case.audience.as_deref() == Some("gridworker")).then(|| worker_key.to_owned());
        let (conversation, token) = open(http, base, opening.as_deref()).await?;
        Ok(Self { http, base, opening, conversation, token, messages: 0, ticket: None, transcript: Vec::new() })
    }

    async fn say_until(&mut self, text: &str, words: &str) -> anyhow::Result<Seen> {
        let until = Instant::now() + NEWS_WITHIN;
        loop {
            let seen = self.say(text, false).await?;
            if seen.words.contains(words) || Instant::now() > until {
                return Ok(seen);
            }
            self.send(self.http.post(self.url("/draft/cancel")).json(&json!({}))).await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/conversations/{}{path}", self.base, self.conversation)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<(u16, Value)> {
        let response = request.bearer_auth(&self.token).send().await?;
        let status = response.status().as_u16();
        let body = response.text().await?;
        Ok((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
    }

    async fn step(&mut self, step: &Step) -> anyhow::Result<()> {
        if step.another {
            (self.conversation, self.token) = open(self.http, self.base, self.opening.as_deref()).await?;
            (self.messages, self.ticket) = (0, None);
        }
        let seen = if let Some(text) = &step.say {
            match &step.until {
                Some(words) => self.say_until(text, words).await?,
                None => self.say(text, step.twice).await?,
            }
        } else if step.confirm {
            self.confirm(step.twice).await?
        } else if step.cancel {
            let (status, body) = self.send(self.http.post(self.url("/draft/cancel")).json(&json!({}))).await?;
            Seen { status, words: self.told().await?, card: body["card"].clone(), body }
        } else if let Some(patch) = &step.patch {
            let (status, body) = self.send(self.http.patch(self.url("/draft")).json(patch)).await?;
            Seen { status, words: body["detail"].as_str().unwrap_or_default().to_owned(), card: body["card"].clone(), body }
        } else if let Some(button) = &step.platform {
            self.press(button, step.note.as_deref(), &step.contains).await?
        } else if let Some(rating) = &step.rate {
            let number = self.number()?;
            let (status, body) =
                self.send(self.http.post(format!("{}/api/v1/tickets/{number}/rating", self.base)).json(rating)).await?;
            Seen { status, body, ..Seen::default() }
        } else {
            anyhow::bail!("the step does nothing");
        };
        if seen.card["kind"] == "receipt" || seen.card["kind"] == "progress" {
            self.ticket = Some(seen.card["ticket"].clone());
        }
        self.transcript.push(line(step, &seen));
        let mut wrong = check(step, &seen);
        if let Some(state) = &step.state {
            let number = self.number()?;
            let (_, story) = self.send(self.http.get(format!("{}/api/v1/tickets/{number}", self.base))).await?;
            if story["ticket"]["status"] != json!(state) {
                wrong.push(format!("工单状态是 {}，应为 {state}", story["ticket"]["status"]));
            }
        }
        if let Some(expected) = step.tickets {
            let (_, history) = self.send(self.http.get(self.url("/messages"))).await?;
            let mut numbers: Vec<&str> = history["messages"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|m| m["card"]["kind"] == "receipt")
                .filter_map(|m| m["card"]["ticket"]["number"].as_str())
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            if numbers.len() != expected {
                wrong.push(format!("有 {} 张工单，应为 {expected}", numbers.len()));
            }
        }
        anyhow::ensure!(wrong.is_empty(), "{}｜回复：{}", wrong.join("；"), seen.words.chars().take(120).collect::<String>());
        Ok(())
    }

    async fn say(&mut self, text: &str, twice: bool) -> anyhow::Result<Seen> {
        self.messages += 1;
        let message = json!({ "client_message_id": format!("m{}", self.messages), "text": text });
        let post = || self.send(self.http.post(self.url("/messages")).json(&message));
        let (status, body) = if twice {
            let (first, second) = tokio::join!(post(), post());
            let (first, second) = (first?, second?);
            anyhow::ensure!(first.1["turn_id"] == second.1["turn_id"], "同一条消息发两次成了两轮");
            anyhow::ensure!(first.1["reply"]["text"] == second.1["reply"]["text"], "同一条消息得到两种回复");
            second
        } else {
            post().await?
        };
        let words = body["reply"]["text"].as_str().or(body["detail"].as_str()).unwrap_or_default().to_owned();
        Ok(Seen { status, words, card: body["card"].clone(), body })
    }

    async fn confirm(&mut self, twice: bool) -> anyhow::Result<Seen> {
        let key = RandomIds.uuid().to_string();
        let press = || self.send(self.http.post(self.url("/draft/confirm")).header("Idempotency-Key", &key).json(&json!({})));
        let (status, body) = if twice {
            let (first, second) = tokio::join!(press(), press());
            let (first, second) = (first?, second?);
            anyhow::ensure!(first.1["ticket"]["number"] == second.1["ticket"]["number"], "点两次确认得到两张工单");
            if first.0 == 201 { first } else { second }
        } else {
            press().await?
        };
        let words = match body["detail"].as_str() {
            Some(detail) => detail.to_owned(),
            None => self.told().await?,
        };
        Ok(Seen { status, words, card: body["card"].clone(), body })
    }

    /// What the service said since the last words of the resident: a button is answered in the history.
    async fn told(&self) -> anyhow::Result<String> {
        let (_, history) = self.send(self.http.get(self.url("/messages"))).await?;
        let messages = history["messages"].as_array().cloned().unwrap_or_default();
        let own = messages.iter().rposition(|m| m["role"] == "resident").map_or(0, |at| at + 2).min(messages.len());
        let texts: Vec<&str> = messages[own..].iter().filter_map(|m| m["text"].as_str()).collect();
        Ok(texts.join("\n"))
    }

    fn number(&self) -> anyhow::Result<String> {
        let number = self.ticket.as_ref().and_then(|t| t["number"].as_str());
        number.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("还没有工单"))
    }

    /// Presses a button of the platform's board and waits until the conversation was told.
    async fn press(&mut self, button: &str, note: Option<&str>, words: &[String]) -> anyhow::Result<Seen> {
        let number = self.number()?;
        let until = Instant::now() + NEWS_WITHIN;
        let external = loop {
            let board: Value = self.http.get(format!("{}/platform/board/incidents", self.base)).send().await?.json().await?;
            let rows = board.as_array().or_else(|| board["incidents"].as_array()).cloned().unwrap_or_default();
            if let Some(no) = rows.iter().find(|r| r["number"] == json!(number)).and_then(|r| r["external_no"].as_str()) {
                break no.to_owned();
            }
            anyhow::ensure!(Instant::now() < until, "平台没有收到工单");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let before = self.news().await?.len();
        let url = format!("{}/platform/board/incidents/{external}/{button}", self.base);
        let response = self.http.post(url).json(&json!({ "note": note })).send().await?;
        let status = response.status().as_u16();
        anyhow::ensure!(response.status().is_success(), "平台按钮 {button} 返回 {status}");
        loop {
            let news = self.news().await?;
            let told: String = news.iter().skip(before).cloned().collect::<Vec<_>>().join("\n");
            if !told.is_empty() && words.iter().all(|w| told.contains(w.as_str())) {
                return Ok(Seen { status, words: told, ..Seen::default() });
            }
            anyhow::ensure!(Instant::now() < until, "没有收到“{button}”的进展消息：{told}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn news(&self) -> anyhow::Result<Vec<String>> {
        let (_, history) = self.send(self.http.get(self.url("/messages"))).await?;
        let messages = history["messages"].as_array().cloned().unwrap_or_default();
        Ok(messages.iter().filter(|m| m["role"] == "news").filter_map(|m| m["text"].as_str().map(str::to_owned)).collect())
    }
}

/// One step as a reader sees it.
fn line(step: &Step, seen: &Seen) -> String {
    let act = match (&step.say, &step.patch, &step.platform, &step.rate) {
        (Some(text), ..) => text.clone(),
        (_, Some(patch), ..) => format!("［改］{patch}"),
        (_, _, Some(button), _) => format!("［平台：{button}］"),
        (.., Some(rating)) => format!("［评价］{rating}"),
        _ if step.cancel => "［取消］".to_owned(),
        _ => "［确认］".to_owned(),
    };
    let mut out = format!("◆ {act}\n  {}", seen.words.replace('\n', "\n  "));
    let route = seen.body["route"].as_str().unwrap_or_default();
    let kind = seen.card["kind"].as_str().unwrap_or("-");
    out.push_str(&format!("\n    〔{} {route} 卡片={kind}", seen.status));
    if let Some(draft) = seen.card.get("draft") {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        out.push_str(&format!(
            "｜{}｜{}｜{} {}｜{}｜缺{}",
            text(&draft["title"]),
            text(&draft["description"]),
            text(&draft["place"]["text"]),
            text(&draft["place"]["grid"]),
            text(&draft["urgency"]),
            seen.card["missing"],
        ));
    }
    if let Some(options) = seen.card["question"]["options"].as_array().filter(|o| !o.is_empty()) {
        out.push_str(&format!("｜选项{}", json!(options)));
    }
    out.push('〕');
    out
}

fn check(step: &Step, seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |what: &str, got: &Value, want: &Option<String>| {
        if let Some(want) = want
            && got.as_str() != Some(want)
        {
            wrong.push(format!("{what} 是 {got}，应为 {want}"));
        }
    };
    same("route", &seen.body["route"], &step.route);
    same("finish", &seen.body["finish"], &step.finish);
    same("asking", &seen.card["asking"], &step.asking);
    let kind = seen.card.get("kind").cloned().unwrap_or_else(|| json!("none"));
    same("card", &kind, &step.card);
    let expected = step.status.or_else(|| (step.say.is_some() || step.patch.is_some()).then_some(200));
    if let Some(status) = expected.filter(|s| *s != seen.status) {
        wrong.push(format!("HTTP {}，应为 {status}（{}）", seen.status, seen.body["code"]));
    }
    if let Some(missing) = &step.missing {
        let got = if seen.card.is_null() { &seen.body["missing"] } else { &seen.card["missing"] };
        if *got != json!(missing) {
            wrong.push(format!("missing 是 {got}，应为 {}", json!(missing)));
        }
    }
    let fields = if seen.card["draft"].is_object() { &seen.card["draft"] } else { &seen.card["ticket"] };
    for (name, want) in &step.fields {
        let got = name.split('.').fold(fields, |value, part| &value[part]);
        let want = serde_json::to_value(want).unwrap_or_default();
        let fits = match want.as_str() {
            Some("*") => !got.is_null(),
            Some("-") => got.is_null(),
            _ => *got == want,
        };
        if !fits {
            wrong.push(format!("{name} 是 {got}，应为 {want}"));
        }
    }
    wrong.extend(step.contains.iter().filter(|w| !seen.words.contains(w.as_str())).map(|w| format!("回复里没有“{w}”")));
    wrong.extend(step.lacks.iter().filter(|w| seen.words.contains(w.as_str())).map(|w| format!("回复里不该有“{w}”")));
    let choices = [&seen.card["question"]["options"], &seen.card["options"]];
    let choices = choices.into_iter().filter_map(Value::as_array).flatten().map(ToString::to_string).collect::<String>();
    wrong.extend(step.options.iter().filter(|o| !choices.contains(o.as_str())).map(|o| format!("选项里没有“{o}”：{choices}")));
    let citations = seen.body["reply"]["citations"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    if let Some(document) = &step.cites {
        let first = citations.first().map_or(Value::Null, |c| c["document_id"].clone());
        if first != json!(document) {
            wrong.push(format!("首个出处是 {first}，应为 {document}"));
        }
    }
    if step.uncited && !citations.is_empty() {
        wrong.push("不该有出处".to_owned());
    }
    wrong
}
