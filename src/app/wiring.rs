//! From settings to parts.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::shipped::Shipped;
use crate::config::{Engine, Settings};
use crate::conversation::figures;
use crate::conversation::speech::Speech;
use crate::core::clock::{Clock, SystemClock};
use crate::core::ids::{Ids, RandomIds};
use crate::incident::intent::classify_intent;
use crate::incident::ledger;
use crate::incident::ledger::store::{EntryQuery, LedgerStore as _};
use crate::incident::rules::Rules;
use crate::knowledge::curation::{Curation, CurationParts};
use crate::knowledge::document::{Audience, ImportDefaults, ParsedDocument};
use crate::knowledge::import::extractor::{Extractor, Limits};
use crate::knowledge::lexicon::Lexicon;
use crate::knowledge::question_sets::{NewVersion, SetQuestion};
use crate::knowledge::search::Knowledge;
use crate::knowledge::vector::VectorStore;
use crate::llm::embed::OpenAiEmbedder;
use crate::llm::port::{ChatModel, Embedder, Transcriber};
use crate::llm::rerank::HttpReranker;
use crate::llm::transcribe::HttpTranscriber;
use crate::storage::index::edge::EdgeStore;
use crate::storage::index::memory::MemoryStore;
use crate::storage::index::server::{ServerSettings, ServerStore};
use crate::storage::sqlite::Sqlite;

/// Told how far the first import is: files done, files in all.
pub type Progress = Box<dyn Fn(usize, usize) + Send + Sync>;

/// From what an instance is made.
pub struct Wiring {
    /// The configuration.
    pub settings: Settings,
    /// Also starts the bundled platform and pushes to it.
    pub demo: bool,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub ids: Arc<dyn Ids>,
    /// A model in place of the configured one, for tests.
    pub model: Option<Arc<dyn ChatModel>>,
    /// Numbers for `/metrics`.
    pub metrics: Option<PrometheusHandle>,
    /// Told how far the first import is.
    pub progress: Option<Progress>,
    /// Starts the parsers of imported files.
    pub extractor: Extractor,
}

impl std::fmt::Debug for Wiring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wiring").field("demo", &self.demo).finish_non_exhaustive()
    }
}

impl Wiring {
    /// The real thing: the machine's clock, random ids, the configured model.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            demo: false,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            model: None,
            metrics: None,
            progress: None,
            extractor: extractor(),
        }
    }
}

/// Points the outbox at the bundled platform, under a secret that only this data folder knows.
pub fn point_at_sandbox(settings: &mut Settings, address: SocketAddr, ids: &dyn Ids) -> anyhow::Result<()> {
    let folder = settings.data_dir();
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("sandbox.secret");
    let secret = match std::fs::read_to_string(&file) {
        Ok(secret) if !secret.trim().is_empty() => secret.trim().to_owned(),
        _ => {
            let secret = ids.secret();
            std::fs::write(&file, &secret)?;
            secret
        }
    };
    settings.platform.base_url = Some(Url::parse(&format!("http://{address}/platform"))?);
    settings.platform.secret = Some(SecretString::from(secret));
    settings.platform.callback_secret = None;
    settings.platform.attachments = true;
    Ok(())
}

/// The knowledge room over the configured engine.
pub async fn knowledge(settings: &Settings, data: &Path, db: &Sqlite, shipped: &Shipped) -> anyhow::Result<Knowledge> {
    let vectors: Arc<dyn VectorStore> = match settings.knowledge.engine {
        Engine::Edge => Arc::new(EdgeStore::open(data.join("index")).await?),
        Engine::Memory => Arc::new(MemoryStore::new()),
        Engine::Server => {
            let server = ServerSettings {
                url: settings.knowledge.server_url.clone(),
                alias: settings.knowledge.collection.clone(),
                timeout: Duration::from_secs(5),
            };
            let key = settings.knowledge.server_api_key.expose_secret();
            Arc::new(ServerStore::connect(&server, (!key.is_empty()).then(|| key.to_owned()))?)
        }
    };
    let embedder: Option<Arc<dyn Embedder>> = match settings.embedder.base_url.as_deref().map(str::trim) {
        Some(url) if !url.is_empty() => Some(Arc::new(OpenAiEmbedder::new(&settings.embedder)?)),
        _ => None,
    };
    let lexicon = shipped.street_file("lexicon.csv").map_err(|e| e.to_string()).and_then(|csv| Lexicon::parse(csv.as_bytes()));
    let lexicon = lexicon.map_err(|why| anyhow::anyhow!("knowledge/street/lexicon.csv: {why}"))?;
    let mut knowledge = Knowledge::new(Arc::new(db.clone()), vectors, embedder, lexicon);
    if settings.reranker.endpoint().is_some() {
        knowledge = knowledge.with_reranker(Arc::new(HttpReranker::new(&settings.reranker)?));
    }
    Ok(knowledge.with_book(Arc::new(db.clone()), Arc::new(SystemClock)))
}

/// Voice input, when an endpoint is configured.
pub fn speech(settings: &Settings) -> anyhow::Result<Speech> {
    let transcriber: Option<Arc<dyn Transcriber>> = match settings.transcriber.endpoint() {
        Some(_) => Some(Arc::new(HttpTranscriber::new(&settings.transcriber)?)),
        None => None,
    };
    Ok(Speech::new(transcriber))
}

/// This very binary, as the parser of imported files.
#[must_use]
pub fn extractor() -> Extractor {
    // Without a name of its own nothing can be started, and every import says so.
    Extractor::new(std::env::current_exe().unwrap_or_default(), Limits::default())
}

/// The curators' work over a knowledge base.
pub fn curation(
    settings: &Settings,
    db: &Sqlite,
    knowledge: &Arc<Knowledge>,
    rules: &Rules,
    ids: &Arc<dyn Ids>,
) -> Arc<Curation> {
    let rules = rules.clone();
    Curation::new(CurationParts {
        knowledge: Arc::clone(knowledge),
        curated: Arc::new(db.clone()),
        gaps: Arc::new(db.clone()),
        sets: Arc::new(db.clone()),
        runs: Arc::new(db.clone()),
        confirmed: Arc::new(db.clone()),
        ids: Arc::clone(ids),
        figures: Arc::new(|answer, passages| {
            figures::check(answer, passages).figures.into_iter().filter(|f| !f.ok).map(|f| f.text).collect()
        }),
        route_of: Arc::new(move |text| classify_intent(&crate::core::text::normalize(text), &rules.load()).kind.word()),
        new_index: Arc::new(|| Arc::new(MemoryStore::new())),
        allowed_losses: settings.curation.allowed_losses,
    })
}

/// Who wrote the shipped question set; a set that somebody else has edited is left alone.
const SHIPPED: &str = "随程序提供";

/// Imports the shipped question set as the canonical one.
pub async fn seed_questions(curation: &Curation, shipped: &Shipped, clock: &dyn Clock) -> anyhow::Result<()> {
    let Ok(text) = shipped.text("questions/resident.jsonl") else { return Ok(()) };
    let lines = text.lines().filter(|l| !l.trim().is_empty());
    let questions: Vec<SetQuestion> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    let known = curation.sets().question_set("resident", None).await?;
    if known.as_ref().is_some_and(|set| set.author != SHIPPED) {
        return Ok(());
    }
    let canonical = match &known {
        Some(set) => set.canonical,
        None => curation.sets().canonical_set().await?.is_none(),
    };
    let version = NewVersion {
        id: "resident",
        title: "居民问法",
        canonical,
        questions: &questions,
        author: SHIPPED,
        note: None,
        at: clock.now(),
    };
    curation.sets().save_question_set(&version).await?;
    Ok(())
}

/// Sample ledgers, marked as such, while there are none.
pub async fn seed_ledgers(db: &Sqlite, shipped: &Shipped, rules: &Rules, clock: &dyn Clock) -> anyhow::Result<()> {
    let Ok(text) = shipped.street_file("ledgers_sample.csv") else { return Ok(()) };
    if !db.entries(&EntryQuery { limit: 1, ..EntryQuery::default() }).await?.is_empty() {
        return Ok(());
    }
    let rules = rules.load();
    let read = ledger::import::read(&text, rules.places.gazetteer(), rules.day(clock.now()), true);
    let entries = read.map_err(|wrong| {
        let words: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("knowledge/street/ledgers_sample.csv: {}", words.join("; "))
    })?;
    db.put(&entries, false).await?;
    Ok(())
}

/// What a file without front matter gets.
pub fn import_defaults(settings: &Settings, clock: &dyn Clock) -> anyhow::Result<ImportDefaults> {
    let zone = jiff::tz::TimeZone::get(&settings.street.timezone)?;
    let today = clock.now().to_zoned(zone).date();
    Ok(ImportDefaults { audience: Audience::Resident, area: "全国".to_owned(), effective_from: today })
}

/// Imports the shipped guides and procedures; unchanged ones cost a comparison.
pub async fn seed(
    knowledge: &Knowledge,
    shipped: &Shipped,
    clock: &dyn Clock,
    settings: &Settings,
    progress: Option<Progress>,
) -> anyhow::Result<()> {
    let defaults = import_defaults(settings, clock)?;
    let paths = shipped.documents()?;
    for (done, path) in paths.iter().enumerate() {
        match ParsedDocument::parse(Path::new(path), &shipped.text(path)?, &defaults) {
            Ok(document) if document.meta.status == "published" => {
                knowledge.store().put(&document, clock.now()).await?;
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "a shipped document was not imported"),
        }
        if let Some(progress) = &progress {
            progress(done + 1, paths.len());
        }
    }
    Ok(())
}
