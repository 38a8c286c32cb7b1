//! The books of both sides, read from their own files, compared with what the residents were promised.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use super::processes::Scene;
use super::residents::{Promise, Street};

/// Both files, opened for reading while their owners run.
#[derive(Debug)]
pub struct Books {
    ours: SqlitePool,
    theirs: SqlitePool,
}

impl Books {
    pub async fn open(scene: &Scene) -> Self {
        Self { ours: read_only(&scene.service_rows()).await, theirs: read_only(&scene.platform_rows()).await }
    }

    /// Waits until nothing is to be pushed or told any more, with the faults still on.
    pub async fn settle(&self, deadline: Instant) {
        const OPEN: [(&str, &str); 3] = [
            ("rows of the outbox that are not delivered", "SELECT COUNT(*) FROM outbox WHERE state <> 'delivered'"),
            ("moves that their residents were not told", "SELECT COUNT(*) FROM ticket_events WHERE told_at IS NULL"),
            ("turns that still run", "SELECT COUNT(*) FROM turns WHERE state <> 'done'"),
        ];
        loop {
            let mut open = Vec::new();
            for (what, sql) in OPEN {
                let count = self.count(sql).await;
                if count > 0 {
                    open.push(format!("{count} {what}"));
                }
            }
            if open.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "left until the end of the run: {}", open.join(", "));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Fails with the first difference.
    pub async fn compare(&self, street: &Street, promises: &[Promise]) {
        let expected = i64::try_from(promises.len()).expect("a small number");
        let promised: BTreeMap<&str, &Promise> = promises.iter().map(|p| (p.number.as_str(), p)).collect();
        assert_eq!(promised.len(), promises.len(), "no two residents hold the same number");

        let rows: Vec<(String, String, String, String, String)> = all(
            &self.ours,
            "SELECT t.number, t.id, t.conversation_id, t.status, x.external_no FROM tickets AS t \
             JOIN ticket_externals AS x ON x.ticket_id = t.id ORDER BY t.number",
        )
        .await;
        let numbers: BTreeSet<&str> = rows.iter().map(|r| r.0.as_str()).collect();
        assert_eq!(numbers, promised.keys().copied().collect(), "the tickets are those that were promised, no more and no fewer");
        assert_eq!(self.count("SELECT COUNT(*) FROM tickets").await, expected, "each promise has one ticket");
        assert_eq!(self.count("SELECT COUNT(DISTINCT draft_id) FROM tickets").await, expected, "no draft made two tickets");
        assert_eq!(
            self.count("SELECT COUNT(DISTINCT ticket_id) FROM outbox WHERE state = 'delivered'").await,
            expected,
            "each ticket was delivered"
        );
        assert_eq!(self.count("SELECT COUNT(*) FROM outbox").await, expected, "each ticket was to be delivered once");
        let story = "SELECT COUNT(*) FROM (SELECT ticket_id, group_concat(to_status, '→') AS story FROM \
                     (SELECT * FROM ticket_events ORDER BY id) GROUP BY ticket_id) WHERE story = '已提交→已送达平台'";
        assert_eq!(self.count(story).await, expected, "each ticket was made once and arrived once");

        let theirs: Vec<(String, String, String)> =
            all(&self.theirs, "SELECT idempotency_key, external_no, body FROM incident ORDER BY external_no").await;
        let by_key: BTreeMap<&str, (&str, &str)> =
            theirs.iter().map(|(k, no, body)| (k.as_str(), (no.as_str(), body.as_str()))).collect();
        assert_eq!(theirs.len(), promises.len(), "the platform has as many incidents as were promised");
        assert_eq!(by_key.len(), promises.len(), "no incident is there twice");
        for (number, id, conversation, status, external_no) in &rows {
            let promise = promised[number.as_str()];
            assert_eq!(
                (id, conversation),
                (&promise.ticket_id, &promise.conversation),
                "{number} is the ticket that was shown to this resident"
            );
            assert_eq!(status, "已送达平台", "{number} has arrived");
            let (no, body) = by_key.get(id.as_str()).unwrap_or_else(|| panic!("{number} is not at the platform"));
            assert_eq!(no, external_no, "{number} bears the platform's own number");
            let body: Value = serde_json::from_str(body).expect("the platform stores JSON");
            assert_eq!(body["number"], json!(number), "what was pushed under the key of {number} is {number}");
            let asked = street.client.get(format!("{}/api/v1/incidents?idempotency_key={id}", street.platform)).send().await;
            let answer: Value = asked.expect("the platform answers").json().await.expect("JSON");
            assert_eq!(answer["external_no"], json!(external_no), "asked for {number}, the platform says so too: {answer}");
        }
        self.turns().await;
    }

    /// Every message is answered once; what a crash broke off is closed as cut.
    async fn turns(&self) {
        for (what, sql) in [
            (
                "turns without exactly one message and one reply",
                "SELECT COUNT(*) FROM turns AS t WHERE \
                 (SELECT COUNT(*) FROM messages AS m WHERE m.turn_id = t.id AND m.role = 'resident') <> 1 \
                 OR (SELECT COUNT(*) FROM messages AS m WHERE m.turn_id = t.id AND m.role = 'assistant') <> 1",
            ),
            (
                "turns whose log does not end with exactly one `done`",
                "SELECT COUNT(*) FROM turns AS t WHERE \
                 (SELECT COUNT(*) FROM turn_events AS e WHERE e.turn_id = t.id AND e.event = 'done') <> 1 \
                 OR (SELECT event FROM turn_events AS e WHERE e.turn_id = t.id ORDER BY id DESC LIMIT 1) <> 'done'",
            ),
            (
                "messages that were taken twice under one client_message_id",
                "SELECT COUNT(*) FROM (SELECT 1 FROM messages WHERE client_message_id IS NOT NULL \
                 GROUP BY conversation_id, client_message_id HAVING COUNT(*) > 1)",
            ),
        ] {
            assert_eq!(self.count(sql).await, 0, "there are {what}");
        }
    }

    /// What the deliveries went through.
    pub async fn summary(&self) -> String {
        let ours = async |sql| self.count(sql).await;
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM callback WHERE delivered_at IS NULL")
            .fetch_one(&self.theirs)
            .await
            .expect("readable");
        format!(
            "deliveries: {} attempts recorded ({} pushes, {} questions), {} failed and tried again; \
             duplicates refused: {} by 409, {} by asking first\n\
             turns: {}; callbacks taken {}, still waiting at the platform {waiting}",
            ours("SELECT COUNT(*) FROM outbox_attempts").await,
            ours("SELECT COUNT(*) FROM outbox_attempts WHERE act <> 'asked'").await,
            ours("SELECT COUNT(*) FROM outbox_attempts WHERE act <> 'sent'").await,
            ours("SELECT COUNT(*) FROM outbox_attempts WHERE outcome = 'retry'").await,
            ours("SELECT COUNT(*) FROM outbox_attempts WHERE http_status = 409").await,
            ours("SELECT COUNT(*) FROM outbox_attempts WHERE act = 'asked' AND outcome = 'delivered'").await,
            ours("SELECT COUNT(*) FROM turns").await,
            ours("SELECT COUNT(*) FROM platform_callbacks").await,
        )
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.ours).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
    }
}

async fn all<R>(pool: &SqlitePool, sql: &'static str) -> Vec<R>
where
    R: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
{
    sqlx::query_as(sql).fetch_all(pool).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

async fn read_only(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(Duration::from_secs(10));
    SqlitePoolOptions::new().max_connections(2).connect_with(options).await.unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}
