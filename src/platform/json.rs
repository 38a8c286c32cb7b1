//! The JSON adapter: `POST {base}/api/v1/incidents`, below it `/{key}/events` and `/{key}/attachments` for what comes later, and
//! the question `GET ?idempotency_key=`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use reqwest::{Response, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::attachments::{AttachmentSource, Kept, NotReadable, file_name};
use super::callback::PlatformStatus;
use super::outbox::{Message, Parcel};
use super::settings::{PlatformSettings, seconds};
use super::signature::Signer;
use super::visibility::{ReporterField, Visibility};
use super::worker::{Asked, Platform, Sent, Standing};
use crate::core::clock::Clock;
use crate::core::ids::Ids;
use crate::incident::ticket::Ticket;
use crate::incident::update::Update;

/// The body of a push when no other template is configured.
pub const DEFAULT_TEMPLATE: &str = include_str!("templates/default.json.j2");
/// The body of an update when no other template is configured.
pub const DEFAULT_UPDATE_TEMPLATE: &str = include_str!("templates/update.json.j2");

/// A template may run this many instructions: far more than a ticket needs, far less than a loop gone wild.
const FUEL: u64 = 200_000;
/// Optional fields of a ticket. They are there as none, so that a strict template may name every field of the contract.
const OPTIONAL: &[(&str, &[&str])] = &[
    ("", &["occurred_at", "people_affected", "duplicate_of", "ledger", "standard", "note", "rating"]),
    ("/place", &["community", "grid", "grid_code", "micro_grid", "estate", "building", "unit", "room", "point"]),
    ("/reporter", &["name", "phone"]),
];
/// Why a recording is not pushed when its receiver may not see who reports.
const SOUND_WITHHELD: &str = "反映人的身份对该平台保密，含声音的附件没有推送，请人工核实后转交";
/// What stands for what people do not get to see in a preview.
const COVERED: &str = "（不显示）";
/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 256 * 1024;

/// Why the adapter cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// The section does not name a platform.
    #[error("没有配置 platform.base_url 和 platform.secret")]
    NotConfigured,
    /// The secret is unusable.
    #[error("platform.secret 无效：{0}")]
    Secret(#[from] super::signature::SignatureError),
    /// The bearer cannot stand in a header, or the HTTP client cannot be built.
    #[error("HTTP 客户端无法建立：{0}")]
    Client(String),
    /// The template file cannot be read.
    #[error("无法读取推送模板 {path}：{why}")]
    TemplateFile {
        /// The file as configured.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The template is wrong.
    #[error("推送模板有误：{0}")]
    Template(String),
}

/// A platform that speaks the JSON contract.
pub struct JsonPlatform {
    http: reqwest::Client,
    incidents: Url,
    signer: Signer,
    bearer: Option<SecretString>,
    visibility: Visibility,
    template: Environment<'static>,
    attachments: Arc<dyn AttachmentSource>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl std::fmt::Debug for JsonPlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonPlatform").field("incidents", &self.incidents.as_str()).finish_non_exhaustive()
    }
}

/// What the platform says it has. Other districts call the number otherwise.
#[derive(Debug, Deserialize)]
struct Receipt {
    #[serde(alias = "externalNo", alias = "incident_no", alias = "id")]
    external_no: serde_json::Value,
    #[serde(default)]
    status: Option<serde_json::Value>,
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default)]
    handler: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

impl Receipt {
    /// Where it stands, when the platform uses our words and says since when.
    fn standing(&self) -> Option<Standing> {
        let word = self.status.as_ref()?.as_str()?;
        let status = PlatformStatus::ALL.into_iter().find(|s| s.word() == word)?;
        Some(Standing { status, at: self.at?, handler: self.handler.clone(), note: self.note.clone() })
    }

    fn number(self) -> Option<String> {
        match self.external_no {
            serde_json::Value::String(s) if !s.trim().is_empty() => Some(s),
            serde_json::Value::Number(n) => Some(n.to_string()),
            _ => None,
        }
    }
}

impl JsonPlatform {
    /// Over the settings' address; the template is compiled here, so that a wrong one is found at the start.
    ///
    /// # Errors
    /// See [`AdapterError`].
    pub fn new(
        settings: &PlatformSettings,
        attachments: Arc<dyn AttachmentSource>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, AdapterError> {
        let (Some(base), Some(secret)) = (&settings.base_url, &settings.secret) else {
            return Err(AdapterError::NotConfigured);
        };
        let mut incidents = base.clone();
        incidents.path_segments_mut().map_err(|()| AdapterError::NotConfigured)?.pop_if_empty().extend([
            "api",
            "v1",
            "incidents",
        ]);
        let read = |path: &Option<std::path::PathBuf>, otherwise: &str| match path {
            None => Ok(otherwise.to_owned()),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|e| AdapterError::TemplateFile { path: path.display().to_string(), why: e.to_string() }),
        };
        let mut template = environment();
        template.add_template_owned("body", read(&settings.template, DEFAULT_TEMPLATE)?).map_err(told)?;
        template.add_template_owned("update", read(&settings.update_template, DEFAULT_UPDATE_TEMPLATE)?).map_err(told)?;
        let http = reqwest::Client::builder()
            .no_proxy()
            // A signed push never follows to another address.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(seconds(settings.connect_timeout_s))
            .timeout(seconds(settings.timeout_s))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|e| AdapterError::Client(e.to_string()))?;
        Ok(Self {
            http,
            incidents,
            signer: Signer::new(secret)?,
            bearer: settings.bearer.clone(),
            visibility: settings.visibility(),
            template,
            attachments,
            clock,
            ids,
        })
    }

    /// The exact body that is pushed for a ticket.
    ///
    /// # Errors
    /// When the template uses something that is not there, or does not make JSON.
    pub fn body(&self, ticket: &Ticket) -> Result<String, AdapterError> {
        let shown = self.visibility.of(ticket);
        let fields = every_field(&shown.ticket)?;
        let context = context! { ticket => Value::from(minijinja::value::Serde(&fields)), key => ticket.id.to_string() };
        self.render("body", context).map(|v| v.to_string())
    }

    /// The exact body of an update.
    ///
    /// # Errors
    /// As [`Self::body`].
    pub fn update_body(&self, ticket: &Ticket, update: &Update) -> Result<String, AdapterError> {
        let shown = self.visibility.of(ticket);
        let mut update = update.clone();
        update.note = update.note.map(|note| shown.words(&note));
        let (fields, update) = (every_field(&shown.ticket)?, every_field(&update)?);
        let context = context! {
            ticket => Value::from(minijinja::value::Serde(&fields)),
            update => Value::from(minijinja::value::Serde(&update)),
            key => ticket.id.to_string(),
        };
        self.render("update", context).map(|v| v.to_string())
    }

    fn render(&self, name: &str, context: Value) -> Result<serde_json::Value, AdapterError> {
        let text = self.template.get_template(name).map_err(told)?.render(context).map_err(told)?;
        // What is sent is compact, and proven to be JSON.
        serde_json::from_str(&text).map_err(|e| AdapterError::Template(e.to_string()))
    }

    /// Where a parcel goes, under which key, and what is in it; `Err` is for good, `Ok(None)` is nothing to bring any more.
    async fn packed(&self, parcel: &Parcel) -> Result<Option<Packed>, Sent> {
        let for_good = |reason: String| Sent::Permanent { reason, http_status: None };
        let ticket = &parcel.ticket;
        let (below, key, body) = match &parcel.message {
            Message::Incident => (None, ticket.id, self.body(ticket).map_err(|e| for_good(e.to_string()))?),
            Message::Update(update) => {
                (Some("events"), update.id, self.update_body(ticket, update).map_err(|e| for_good(e.to_string()))?)
            }
            Message::Attachment { id, number } => {
                let kept = self.attachments.attachment(*id).await.map_err(|error| match error {
                    NotReadable::Later(why) => transient(why, None, None, false),
                    NotReadable::Never(why) => for_good(why),
                })?;
                let Some(kept) = kept else { return Ok(None) };
                // How somebody speaks names them as their own words do: a person decides about it.
                if kept.has_sound() && self.visibility.of(ticket).withheld.is_some() {
                    return Err(for_good(SOUND_WITHHELD.to_owned()));
                }
                (Some("attachments"), *id, attachment_body(ticket.id, *id, *number, &kept))
            }
        };
        let body = match &parcel.corrections {
            None => body,
            Some(patch) => {
                let mut value: serde_json::Value = serde_json::from_str(&body).map_err(|e| for_good(e.to_string()))?;
                merge(&mut value, patch);
                value.to_string()
            }
        };
        let mut url = self.incidents.clone();
        if let (Some(below), Ok(mut path)) = (below, url.path_segments_mut()) {
            path.extend([ticket.id.to_string().as_str(), below]);
        }
        Ok(Some(Packed { url, key, body }))
    }

    fn with_bearer(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer.expose_secret()),
            None => request,
        }
    }
}

struct Packed {
    url: Url,
    key: Uuid,
    body: String,
}

#[async_trait]
impl Platform for JsonPlatform {
    fn carries(&self, parcel: &Parcel) -> Vec<ReporterField> {
        match parcel.message {
            Message::Incident => self.visibility.of(&parcel.ticket).carries,
            Message::Update(_) | Message::Attachment { .. } => Vec::new(),
        }
    }

    async fn preview(&self, parcel: &Parcel) -> Result<serde_json::Value, String> {
        let mut covered = parcel.clone();
        let mut identity = covered.ticket.take_identity();
        for value in [&mut identity.name, &mut identity.phone, &mut identity.room].into_iter().flatten() {
            COVERED.clone_into(value);
        }
        if !identity.original_words.is_empty() {
            COVERED.clone_into(&mut identity.original_words);
        }
        covered.ticket.put_identity(identity);
        let packed = match self.packed(&covered).await {
            Ok(Some(packed)) => packed,
            Ok(None) => return Err("附件已被居民删除".to_owned()),
            Err(Sent::Permanent { reason, .. } | Sent::Transient { reason, .. }) => return Err(reason),
            Err(Sent::Taken { .. }) => return Err("已经送达".to_owned()),
        };
        let mut body: serde_json::Value = serde_json::from_str(&packed.body).map_err(|e| e.to_string())?;
        if let Some(content) = body.get_mut("content") {
            *content = COVERED.into();
        }
        Ok(body)
    }

    async fn send(&self, parcel: &Parcel) -> Sent {
        let Packed { url, key, body } = match self.packed(parcel).await {
            Ok(Some(packed)) => packed,
            // The resident has deleted it: there is nothing that the platform could miss.
            Ok(None) => return Sent::Taken { external_no: String::new(), http_status: 410 },
            Err(sent) => return sent,
        };
        let (id, now) = (format!("msg_{}", self.ids.uuid().simple()), self.clock.now());
        let signature = match self.signer.sign(&id, now, body.as_bytes()) {
            Ok(signature) => signature,
            Err(error) => return Sent::Permanent { reason: error.to_string(), http_status: None },
        };
        let request = self
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header("idempotency-key", key.to_string())
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signature)
            .body(body);
        let answer = match self.with_bearer(request).send().await {
            Ok(answer) => answer,
            // Only a connection that was never made is sure not to have carried anything.
            Err(e) => return transient(none_reason(&e), None, None, !e.is_connect()),
        };
        let status = answer.status();
        let code = Some(status.as_u16());
        let after = retry_after(&answer, now);
        if status.is_success() || status == StatusCode::CONFLICT {
            return match receipt(answer).await.map(|r| r.and_then(Receipt::number)) {
                Ok(Some(external_no)) => Sent::Taken { external_no, http_status: status.as_u16() },
                // A conflict that does not name the incident is a refusal; a success that does not is asked about.
                Ok(None) if status == StatusCode::CONFLICT => {
                    Sent::Permanent { reason: "平台答复 409，但没有事件编号".to_owned(), http_status: code }
                }
                Ok(None) => transient("平台的答复里没有事件编号".to_owned(), code, None, true),
                Err(reason) => transient(reason, code, None, true),
            };
        }
        let reason = format!("平台答复 HTTP {}", status.as_u16());
        match status {
            StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => transient(reason, code, after, false),
            StatusCode::REQUEST_TIMEOUT => transient(reason, code, after, true),
            s if s.is_server_error() => transient(reason, code, after, true),
            _ => Sent::Permanent { reason, http_status: code },
        }
    }

    async fn ask(&self, key: Uuid) -> Asked {
        let now = self.clock.now();
        let request = self.http.get(self.incidents.clone()).query(&[("idempotency_key", key.to_string())]);
        let answer = match self.with_bearer(request).header(header::ACCEPT, "application/json").send().await {
            Ok(answer) => answer,
            Err(e) => return Asked::Unknown { reason: none_reason(&e), http_status: None, retry_after: None },
        };
        let status = answer.status();
        let code = Some(status.as_u16());
        let after = retry_after(&answer, now);
        match status {
            s if s.is_success() => match receipt(answer).await {
                Ok(Some(receipt)) => {
                    let standing = receipt.standing();
                    match receipt.number() {
                        Some(external_no) => Asked::Has { external_no, http_status: status.as_u16(), standing },
                        None => Asked::HasNot,
                    }
                }
                Ok(None) => Asked::HasNot,
                Err(reason) => Asked::Unknown { reason, http_status: code, retry_after: None },
            },
            // A platform that cannot be asked still knows the idempotency key.
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Asked::HasNot,
            _ => Asked::Unknown {
                reason: format!("询问平台时答复 HTTP {}", status.as_u16()),
                http_status: code,
                retry_after: after,
            },
        }
    }
}

const fn transient(reason: String, http_status: Option<u16>, after: Option<SignedDuration>, unsure: bool) -> Sent {
    Sent::Transient { reason, http_status, retry_after: after, unsure }
}

/// Why there was no answer, without the address.
fn none_reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "平台没有及时答复".to_owned()
    } else if error.is_connect() {
        "无法连接平台".to_owned()
    } else {
        "与平台的连接中断".to_owned()
    }
}

/// The receipt in an answer; `Ok(None)` when it is complete and holds none.
async fn receipt(mut answer: Response) -> Result<Option<Receipt>, String> {
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= ANSWER_LIMIT => bytes.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err("平台的答复过长".to_owned()),
            Ok(None) => break,
            Err(_) => return Err("平台的答复中断".to_owned()),
        }
    }
    Ok(serde_json::from_slice::<Receipt>(&bytes).ok())
}

/// `Retry-After` in seconds or as a date.
fn retry_after(answer: &Response, now: Timestamp) -> Option<SignedDuration> {
    let text = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(s) = text.parse::<u32>() {
        return Some(SignedDuration::from_secs(i64::from(s)));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(at.duration_since(now).max(SignedDuration::ZERO))
}

/// A value as a strict template may name it: optional fields are there as none.
fn every_field<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, AdapterError> {
    let mut fields = serde_json::to_value(value).map_err(|e| AdapterError::Template(e.to_string()))?;
    for (parent, names) in OPTIONAL {
        let Some(object) = fields.pointer_mut(parent).and_then(serde_json::Value::as_object_mut) else { continue };
        for name in *names {
            object.entry(*name).or_insert(serde_json::Value::Null);
        }
    }
    Ok(fields)
}

fn attachment_body(ticket: Uuid, id: Uuid, number: u32, kept: &Kept) -> String {
    serde_json::json!({
        "attachment_id": id,
        "idempotency_key": ticket,
        "file_name": file_name(number, &kept.content_type),
        "content_type": kept.content_type,
        "bytes": kept.bytes.len(),
        "sha256": kept.sha256,
        "content": base64::engine::general_purpose::STANDARD.encode(&kept.bytes),
    })
    .to_string()
}

/// JSON merge patch (RFC 7396).
fn merge(value: &mut serde_json::Value, patch: &serde_json::Value) {
    let Some(fields) = patch.as_object() else {
        value.clone_from(patch);
        return;
    };
    if !value.is_object() {
        *value = serde_json::json!({});
    }
    let Some(object) = value.as_object_mut() else { return };
    for (name, part) in fields {
        if part.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(serde_json::Value::Null), part);
        }
    }
}

fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_fuel(Some(FUEL));
    env.add_filter("tojson", |value: Value| {
        // A filter sees what strictness would refuse when printed.
        if value.is_undefined() {
            return Err(minijinja::Error::from(minijinja::ErrorKind::UndefinedError));
        }
        serde_json::to_string(&value).map_err(|e| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, e.to_string()))
    });
    env
}

#[expect(clippy::needless_pass_by_value, reason = "given to `map_err`")]
fn told(error: minijinja::Error) -> AdapterError {
    AdapterError::Template(error.to_string())
}
