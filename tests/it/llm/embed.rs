//! Embeddings and re-ranking over the wire.

use gridworker::llm::embed::OpenAiEmbedder;
use gridworker::llm::rerank::HttpReranker;
use gridworker::llm::settings::{EmbedderSettings, RerankShape, RerankerSettings};
use gridworker::llm::{Embedder, LlmError, Reranker};
use serde_json::{Value, json};

use crate::support::fake_model::{FakeModel, Reply};

fn embedder(fake: &FakeModel, dim: Option<usize>) -> OpenAiEmbedder {
    let settings = EmbedderSettings {
        base_url: Some(fake.base_url()),
        model: "vec".to_owned(),
        dim,
        batch: 2,
        retries: 0,
        ..EmbedderSettings::default()
    };
    OpenAiEmbedder::new(&settings).expect("valid settings")
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn data(vectors: &Value) -> Reply {
    Reply::json(200, &json!({"object": "list", "data": vectors}))
}

#[tokio::test]
async fn texts_go_out_in_batches_and_vectors_come_back_in_their_order() {
    let fake = FakeModel::with([
        data(&json!([{"index": 1, "embedding": [0.0, 2.0]}, {"index": 0, "embedding": [1.0, 0.0]}])),
        data(&json!([{"embedding": [3.0, 3.0]}])),
    ])
    .await;
    let embedder = embedder(&fake, None);
    assert_eq!(embedder.dim(), None, "nothing is known before the first use");
    let vectors = embedder.embed(&texts(&["甲", "乙", "丙"])).await;
    assert_eq!(vectors, Ok(vec![vec![1.0, 0.0], vec![0.0, 2.0], vec![3.0, 3.0]]));
    assert_eq!((embedder.dim(), embedder.id()), (Some(2), "openai:vec"));
    assert_eq!(
        fake.bodies(),
        [
            json!({"model": "vec", "input": ["甲", "乙"], "encoding_format": "float"}),
            json!({"model": "vec", "input": ["丙"], "encoding_format": "float"})
        ]
    );
    assert_eq!(fake.requests()[0].path, "/v1/embeddings");
    assert_eq!(embedder.embed(&[]).await, Ok(vec![]));
}

#[tokio::test]
async fn vectors_that_do_not_belong_together_are_garbage() {
    let cases = [
        ("too few", json!([{"index": 0, "embedding": [1.0, 2.0]}])),
        ("too many", json!([{"embedding": [1.0, 2.0]}, {"embedding": [1.0, 2.0]}, {"embedding": [1.0, 2.0]}])),
        ("one twice", json!([{"index": 0, "embedding": [1.0, 2.0]}, {"index": 0, "embedding": [1.0, 2.0]}])),
        ("a place that was not asked for", json!([{"index": 0, "embedding": [1.0, 2.0]}, {"index": 7, "embedding": [1.0, 2.0]}])),
        ("another length", json!([{"embedding": [1.0, 2.0]}, {"embedding": [1.0]}])),
        ("too large for a float", json!([{"embedding": [1.0, 1e300]}, {"embedding": [1.0, 2.0]}])),
        ("no vectors", json!([{"embedding": []}, {"embedding": []}])),
        ("none", Value::Null),
        ("words", json!("none")),
    ];
    for (name, vectors) in cases {
        let fake = FakeModel::with([data(&vectors)]).await;
        assert_eq!(embedder(&fake, Some(2)).embed(&texts(&["甲", "乙"])).await, Err(LlmError::Garbage), "{name}");
    }
}

#[tokio::test]
async fn a_refusal_of_embeddings_is_judged_like_any_other() {
    let fake = FakeModel::with([Reply::html(401)]).await;
    assert_eq!(embedder(&fake, None).embed(&texts(&["甲"])).await, Err(LlmError::Auth));
}

#[tokio::test]
async fn fields_that_change_the_vectors_change_the_id() {
    let mut settings = EmbedderSettings {
        base_url: Some("http://127.0.0.1:1/v1".to_owned()),
        model: "vec".to_owned(),
        ..EmbedderSettings::default()
    };
    settings.extra.insert("dimensions".to_owned(), json!(512));
    assert_eq!(OpenAiEmbedder::new(&settings).expect("valid settings").id(), r#"openai:vec:{"dimensions":512}"#);
}

fn reranker(fake: &FakeModel, shape: RerankShape) -> HttpReranker {
    let settings = RerankerSettings {
        base_url: Some(fake.base_url()),
        model: "rank".to_owned(),
        shape,
        timeout_ms: 15_000,
        ..RerankerSettings::default()
    };
    HttpReranker::new(&settings).expect("valid settings")
}

#[tokio::test]
async fn scores_come_back_in_the_order_of_the_passages_in_both_shapes() {
    let passages = texts(&["甲", "乙"]);
    let fake = FakeModel::with([
        Reply::json(200, &json!({"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]})),
        Reply::json(200, &json!([{"index": 1, "score": 0.8}, {"index": 0, "score": 0.2}])),
    ])
    .await;
    assert_eq!(reranker(&fake, RerankShape::Jina).rerank("问", &passages).await, Ok(vec![0.1, 0.9]));
    assert_eq!(reranker(&fake, RerankShape::Tei).rerank("问", &passages).await, Ok(vec![0.2, 0.8]));
    assert_eq!(fake.requests()[0].path, "/v1/rerank");
    assert_eq!(
        fake.bodies(),
        [
            json!({"model": "rank", "query": "问", "documents": ["甲", "乙"], "top_n": 2, "return_documents": false}),
            json!({"query": "问", "texts": ["甲", "乙"], "truncate": true}),
        ]
    );
    assert_eq!(reranker(&fake, RerankShape::Tei).rerank("问", &[]).await, Ok(vec![]));
}

#[tokio::test]
async fn a_re_ranker_that_talks_nonsense_is_ignored_with_a_reason() {
    let cases = [
        (Reply::json(200, &json!({"results": [{"index": 0, "relevance_score": 0.9}]})), LlmError::Garbage),
        (
            Reply::json(200, &json!({"results": [{"index": 5, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.9}]})),
            LlmError::Garbage,
        ),
        (Reply::html(200), LlmError::Garbage),
        (Reply::json(503, &json!({})), LlmError::Transient { retry_after: None }),
    ];
    for (reply, expected) in cases {
        let name = format!("{reply:?}");
        let fake = FakeModel::with([reply]).await;
        assert_eq!(reranker(&fake, RerankShape::Jina).rerank("问", &texts(&["甲", "乙"])).await, Err(expected), "{name}");
    }
}
