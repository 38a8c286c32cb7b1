//! `/api/v1/documents`, `/api/v1/taxonomy`: what citations and pickers point to.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::access;
use super::problem::{Code, Problem, ProblemBody};
use super::state::ApiState;
use crate::conversation::outcome::LawSource;
use crate::knowledge::asof;
use crate::knowledge::document::Audience;
use crate::knowledge::life::service::LifeError;

/// A document as cited.
#[derive(Debug, Serialize, ToSchema)]
pub struct CitedDocument {
    /// Stable id.
    pub id: String,
    /// In everyday words.
    pub title: String,
    /// Grows when the text changes.
    pub version: u32,
    /// Who answers for it.
    pub issuer: String,
    /// Document number; a guide of our own has none.
    pub doc_no: Option<String>,
    /// Valid from.
    #[schema(value_type = String, format = Date)]
    pub effective_from: Date,
    /// Valid before.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// The articles it rests on.
    pub sources: Vec<LawSource>,
    /// False when it is no longer the rule: what an old answer cited stays readable, and says so.
    pub in_force: bool,
    /// What is to be shown with it when it is no longer the rule.
    pub notice: Option<String>,
}

/// A part of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// Plain text.
    pub text: String,
}

/// A document with its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentText {
    /// What it is.
    pub document: CitedDocument,
    /// What it says.
    pub sections: Vec<Section>,
}

/// The original behind a citation. Gridworkers' documents need a session, an API key with `procedure_ask`, or the configured key.
#[utoipa::path(get, path = "/api/v1/documents/{id}/versions/{version}", tag = "知识",
    params(("id" = String, Path), ("version" = u32, Path)),
    responses((status = 200, body = DocumentText), (status = 404, body = ProblemBody)))]
pub async fn get_document_version(
    State(api): State<ApiState>,
    Path((id, version)): Path<(String, u32)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Json<DocumentText>, Problem> {
    let found = api.knowledge.store().document(&id, Some(version)).await.map_err(|e| Problem::unavailable(&e))?;
    let document = match found {
        Some(d) if d.meta.audience == Audience::Gridworker && !access::opens_procedures(&api, peer, &headers).await? => None,
        found => found,
    };
    let today = api.life.today();
    // What begins later is nobody's knowledge yet, what holds elsewhere nobody's here. What has ended was cited once.
    let document = document.filter(|d| d.meta.effective_from <= today && api.life.areas().holds(&d.meta.area));
    let document = document.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这份资料，可能已经更新或下架"))?;
    let file = api.life.file(&id).await.map_err(|e| match e {
        LifeError::Store(e) => Problem::unavailable(&e),
        _ => Problem::new(Code::NotFound),
    })?;
    let window = file.windows().into_iter().find(|(v, _)| *v == version).map(|(_, w)| w);
    let in_force = window.is_some_and(|w| w.holds(today));
    let notice = (!in_force).then(|| match window.and_then(|w| w.until) {
        Some(until) => format!("这一版已于{}失效，不再作为答复依据", asof::in_words(until)),
        None => "这一版已被更新或下架，不再作为答复依据".to_owned(),
    });
    let sources = document.meta.sources.iter();
    let cited = CitedDocument {
        id: document.meta.id.clone(),
        title: document.meta.title.clone(),
        version: document.version,
        issuer: document.meta.issuer.clone(),
        doc_no: document.meta.doc_no.clone(),
        effective_from: document.meta.effective_from,
        expires_on: document.meta.expires_on,
        sources: sources
            .map(|s| LawSource { law: s.law.clone(), article: s.article.clone(), version: s.version.clone() })
            .collect(),
        in_force,
        notice,
    };
    let sections = document.passages.into_iter().map(|p| Section { heading: p.heading, text: p.text }).collect();
    Ok(Json(DocumentText { document: cited, sections }))
}

/// A category to pick.
#[derive(Debug, Serialize, ToSchema)]
pub struct PickableCategory {
    /// Code of the leaf.
    pub code: String,
    /// Plain name.
    pub name: String,
    /// From the first level to the leaf.
    pub path: Vec<String>,
}

/// Categories under one of the five plain heads.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryGroup {
    /// The head.
    pub name: String,
    /// Its leaves.
    pub categories: Vec<PickableCategory>,
}

/// All categories.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxonomyView {
    /// Five plain heads.
    pub groups: Vec<CategoryGroup>,
}

/// The categories of the street, for the picker.
#[utoipa::path(get, path = "/api/v1/taxonomy", tag = "工单", responses((status = 200, body = TaxonomyView)))]
pub async fn get_taxonomy(State(api): State<ApiState>) -> Json<TaxonomyView> {
    let rules = api.rules.load();
    let groups = rules.taxonomy.groups().into_iter().map(|(name, leaves)| CategoryGroup {
        name: name.to_owned(),
        categories: leaves
            .into_iter()
            .map(|l| PickableCategory { code: l.code.clone(), name: l.name.clone(), path: l.category().path })
            .collect(),
    });
    Json(TaxonomyView { groups: groups.collect() })
}
