//! The models outside the house as an operator sees them: where they are, whether they are asked now, and a real call to each.
//!
//! To add a kind: a variant of [`Kind`] with its words, its line in [`Endpoints::list`], its call in [`Endpoints::test`].

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::speech::Speech;
use crate::knowledge::search::Knowledge;
use crate::llm::breaker::Circuit;
use crate::llm::error::{LlmError, Wait};
use crate::llm::port::{ChatModel, ChatRequest, Message, Recording};
use crate::llm::settings::{EmbedderSettings, LlmSettings, RerankerSettings, TranscriberSettings};

/// How long an operator waits for a test.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an endpoint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = EndpointKind)]
pub enum Kind {
    /// Words answers and follow-ups, proposes what a report is about.
    Chat,
    /// The optional dense leg of the search.
    Embedder,
    /// Puts the best passages in order.
    Reranker,
    /// Writes down what a resident says.
    Transcriber,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Embedder, Self::Reranker, Self::Transcriber];

    /// The word in addresses and in the configuration's own section.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embedder => "embedder",
            Self::Reranker => "reranker",
            Self::Transcriber => "transcriber",
        }
    }

    /// The kind behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }

    /// What people read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Chat => "对话模型",
            Self::Embedder => "向量模型",
            Self::Reranker => "重排模型",
            Self::Transcriber => "语音转写",
        }
    }

    /// What it does, and what happens without it.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Chat => "组织答复、改写追问、整理上报；没有它时直接给出资料原文，上报按规则整理",
            Self::Embedder => "检索时多一路语义查找；没有它时用本机学得的查找",
            Self::Reranker => "给检索结果重新排序；没有它时按检索得分排序",
            Self::Transcriber => "把居民说的话写成字，给本人看过再发；没有它时不出现说话按钮，录音仍可作附件",
        }
    }
}

/// Whether it is asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EndpointState)]
pub enum State {
    /// None is configured.
    Absent,
    /// It is asked.
    Asked,
    /// It failed too often just now and is left alone.
    LeftAlone,
    /// One request tries whether it is back.
    Trying,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What it is for.
    pub kind: Kind,
    /// Scheme, host, port and path: nothing of a key.
    pub address: Option<String>,
    /// The model's name there.
    pub model: String,
    /// Whether a key is sent. The key itself is told to nobody.
    pub has_key: bool,
    /// Whether it is asked now.
    pub state: State,
    /// When it is tried again.
    pub tries_again_at: Option<Timestamp>,
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// It answered as it should.
    pub ok: bool,
    /// `ok`, or the failure's stable label.
    pub outcome: &'static str,
    /// Milliseconds.
    pub took_ms: u64,
    /// For people: what came, or what is wrong and what to look at.
    pub words: String,
}

/// No test is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTested {
    /// None is configured.
    Absent,
    /// Another test of it has not ended.
    Busy,
}

struct Configured {
    address: Option<String>,
    model: String,
    has_key: bool,
}

/// The endpoints of this service.
pub struct Endpoints {
    model: Option<Arc<dyn ChatModel>>,
    knowledge: Arc<Knowledge>,
    speech: Speech,
    configured: [Configured; Kind::ALL.len()],
    testing: [tokio::sync::Mutex<()>; Kind::ALL.len()],
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoints").finish_non_exhaustive()
    }
}

impl Endpoints {
    /// Over the parts that ask them.
    #[must_use]
    pub fn new(
        model: Option<Arc<dyn ChatModel>>,
        knowledge: Arc<Knowledge>,
        speech: Speech,
        (llm, embedder): (&LlmSettings, &EmbedderSettings),
        (reranker, transcriber): (&RerankerSettings, &TranscriberSettings),
    ) -> Self {
        let one = |url: Option<&str>, model: &str, has_key: bool| Configured {
            address: url.map(plain),
            model: model.to_owned(),
            has_key,
        };
        Self {
            model,
            knowledge,
            speech,
            configured: [
                one(llm.endpoint(), &llm.model, llm.api_key.is_some()),
                one(embedder.endpoint(), &embedder.model, embedder.api_key.is_some()),
                one(reranker.endpoint(), &reranker.model, reranker.api_key.is_some()),
                one(transcriber.endpoint(), &transcriber.model, transcriber.api_key.is_some()),
            ],
            testing: Default::default(),
        }
    }

    /// Every kind, also those that are not configured.
    #[must_use]
    pub fn list(&self) -> Vec<Endpoint> {
        Kind::ALL.into_iter().zip(&self.configured).map(|(kind, configured)| self.one(kind, configured)).collect()
    }

    fn one(&self, kind: Kind, Configured { address, model, has_key }: &Configured) -> Endpoint {
        let mut tries_again_at = None;
        let state = match kind {
            Kind::Chat => match &self.model {
                None => State::Absent,
                // A model that was put there by hand has no breaker.
                Some(model) if model.name().is_empty() => State::Absent,
                Some(model) => match model.circuit() {
                    None => State::Asked,
                    Some(now) => {
                        tries_again_at = now.tries_again_at;
                        match now.circuit {
                            Circuit::Closed => State::Asked,
                            Circuit::Open => State::LeftAlone,
                            Circuit::HalfOpen => State::Trying,
                        }
                    }
                },
            },
            Kind::Embedder if self.knowledge.embedder().is_none() => State::Absent,
            Kind::Embedder => State::Asked,
            Kind::Reranker => match self.knowledge.reranker() {
                None => State::Absent,
                Some((_, true)) => State::LeftAlone,
                Some((_, false)) => State::Asked,
            },
            Kind::Transcriber if !self.speech.offered() => State::Absent,
            Kind::Transcriber => State::Asked,
        };
        Endpoint { kind, address: address.clone(), model: model.clone(), has_key: *has_key, state, tries_again_at }
    }

    /// A real call with harmless words.
    ///
    /// # Errors
    /// There is nothing to call, or a test runs already.
    pub async fn test(&self, kind: Kind) -> Result<Tested, NotTested> {
        let running = self.testing[kind as usize].try_lock().map_err(|_| NotTested::Busy)?;
        let begun = Instant::now();
        let called = async {
            match kind {
                Kind::Chat => self.ask_chat().await,
                Kind::Embedder => self.ask_embedder().await,
                Kind::Reranker => self.ask_reranker().await,
                Kind::Transcriber => self.ask_transcriber().await,
            }
        };
        let result = match tokio::time::timeout(PATIENCE, called).await {
            Ok(Some(result)) => result,
            Ok(None) => return Err(NotTested::Absent),
            Err(_) => Err(LlmError::Timeout { which: Wait::Total }),
        };
        drop(running);
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(match result {
            Ok(words) => Tested { ok: true, outcome: "ok", took_ms, words },
            Err(error) => Tested { ok: false, outcome: error.label(), took_ms, words: words(&error) },
        })
    }

    async fn ask_chat(&self) -> Option<Result<String, LlmError>> {
        let model = self.model.as_ref().filter(|m| !m.name().is_empty())?;
        let mut request = ChatRequest::new("test", vec![Message::user("这是连通测试，请只回复一个字：好")]);
        // Room for models that think before they speak.
        request.max_tokens = Some(256);
        request.time_limit = Some(PATIENCE);
        Some(model.probe(request).await.map(|c| {
            let said: String = c.text.trim().chars().take(40).collect();
            format!("能正常答复，它说：“{said}”")
        }))
    }

    async fn ask_embedder(&self) -> Option<Result<String, LlmError>> {
        let embedder = self.knowledge.embedder()?;
        let result = embedder.embed(&["街道办事处".to_owned(), "社区居委会".to_owned()]).await;
        Some(result.map(|vectors| format!("能正常工作，向量{}维", vectors.first().map_or(0, Vec::len))))
    }

    async fn ask_reranker(&self) -> Option<Result<String, LlmError>> {
        let (reranker, _) = self.knowledge.reranker()?;
        let passages = ["路灯坏了由市政管理部门维修。", "低保由户主向户籍所在地街道提出申请。"].map(str::to_owned);
        Some(reranker.rerank("低保怎么申请", &passages).await.map(|scores| match scores[..] {
            [other, fitting] if fitting > other => "能正常工作，把相关的资料排在了前面".to_owned(),
            _ => "有答复，但把不相关的资料排在了前面：请看模型是否选对".to_owned(),
        }))
    }

    async fn ask_transcriber(&self) -> Option<Result<String, LlmError>> {
        let transcriber = self.speech.transcriber()?;
        let result = transcriber.transcribe(&silence()).await;
        // What a model hears in silence says nothing about it.
        Some(result.map(|_| "能正常转写（测试只送去半秒静音，不看它写了什么）".to_owned()))
    }
}

/// Half a second of nothing: 16 kHz, 16 bits, one channel.
fn silence() -> Recording {
    const RATE: u32 = 16_000;
    let samples = vec![0; RATE as usize]; // bytes, two of them a sample
    let size = RATE.to_le_bytes();
    let mut wav = Vec::with_capacity(44 + samples.len());
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(RATE + 36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&RATE.to_le_bytes());
    wav.extend_from_slice(&(RATE * 2).to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&size);
    wav.extend_from_slice(&samples);
    Recording { bytes: wav.into(), content_type: "audio/wav" }
}

/// An address without anything that could be a secret.
fn plain(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(url) => {
            let origin = url.origin().ascii_serialization();
            format!("{origin}{}", url.path().trim_end_matches('/'))
        }
        Err(_) => "（地址写得不对）".to_owned(),
    }
}

/// What is wrong and what to look at.
#[must_use]
pub fn words(error: &LlmError) -> String {
    match error {
        LlmError::Transient { retry_after: Some(wait) } => format!("对方正忙，请{}秒后再试", wait.as_secs().max(1)),
        LlmError::Transient { retry_after: None } => "连不上，或对方暂时出错：请检查地址、端口和网络，稍后再试".to_owned(),
        LlmError::Permanent { status: 402 | 429 } => "余额或额度用完了，请到模型服务商处充值或提高额度".to_owned(),
        LlmError::Permanent { status: 404 } => "地址或模型名称不对（404）：地址应写到版本为止，如 …/v1".to_owned(),
        LlmError::Permanent { status: 0 } => "请求发不出去，请检查地址的写法".to_owned(),
        LlmError::Permanent { status } => format!("请求被拒绝（{status}）：请检查模型名称和附加参数"),
        LlmError::ContextTooLong => "对方说内容太长，请检查模型的上下文长度设置".to_owned(),
        LlmError::Auth => "密钥不对，或没有使用这个模型的权限".to_owned(),
        LlmError::CutShort => "答到一半断开了，请检查网络和对方的服务".to_owned(),
        LlmError::Timeout { which: Wait::Connect } => "连接超时：请检查地址、端口和防火墙".to_owned(),
        LlmError::Timeout { which: Wait::Idle } => "连上了，但迟迟没有答复：模型可能正在加载，或负载过高".to_owned(),
        LlmError::Timeout { which: Wait::Total } => "等了太久没有答完：模型可能太慢，或负载过高".to_owned(),
        LlmError::Garbage => "收到的不是模型的答复：这个地址多半不是所要的接口".to_owned(),
        LlmError::CircuitOpen => "刚才连续失败，暂时不再询问，稍后会自动再试".to_owned(),
        LlmError::NoModel => "没有配置".to_owned(),
    }
}
