//! Three platforms for every ticket, each with faults of its own; they handle what they get, tell it twice and out of order,
//! and are restarted, while the service is killed. In the end every ticket is at each of them once, the states agree, and
//! nothing is left in the outbox.
//!
//! `FLEET_KILLS`, `FLEET_TICKETS`, `FLEET_RESTARTS` and `SEED` set the length and the draws.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use super::processes::{Platform, Scene, Service};
use super::residents::{Promise, Street};
use super::{Dice, fresh_seed, given, moment, send_residents};

const PLATFORMS: usize = 3;
/// Of a hundred pushes twenty fail before anything is stored, five are stored and never answered; callbacks come twice, late and
/// in the wrong order.
const FAULTS: [&str; 5] = [
    "error_rate=0.2",
    "timeout_after_store=0.05",
    "callback_duplicates=0.2",
    "callback_shuffle=0.2",
    "callback_stale_signature=0.05",
];
const AUTOPILOT: &str = "min_ms=200,max_ms=1500,returns=0,extensions=0.1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_ticket_is_once_at_each_of_three_platforms_and_the_states_agree() {
    let kills = given("FLEET_KILLS").unwrap_or(3);
    let tickets = given("FLEET_TICKETS").unwrap_or(30);
    let restarts = given("FLEET_RESTARTS").unwrap_or(2);
    let seed = given("SEED").unwrap_or_else(fresh_seed);
    let begun = Instant::now();
    let mut dice = Dice::of(seed, 0);
    let scene = Scene::with_platforms(PLATFORMS, seed, kills, tickets, &mut dice);
    let mut platforms = Vec::new();
    for n in 0..PLATFORMS {
        platforms.push(Some(Platform::start_nth(&scene, n, &FAULTS, Some(AUTOPILOT)).await));
    }
    let mut service = Service::start(&scene);
    service.ready().await;
    let street = Street::new(&scene, begun + Duration::from_secs(180 + 10 * kills + 2 * tickets));
    let (people, portions) = send_residents(&street, seed, tickets, kills);
    let mut restarted = 0;
    for n in 0..kills {
        // The kills are spread over the whole of the work, not all at its beginning.
        street.receipts_reach(tickets * n / (kills + 1)).await;
        moment(&mut dice, &mut service, &street).await;
        service.kill().await;
        // So that the restarts are spread over the kills.
        while restarted < restarts * (n + 1) / kills {
            let which = usize::try_from(dice.below(PLATFORMS as u64)).expect("a small number");
            platforms[which].take().expect("it runs").kill().await;
            tokio::time::sleep(dice.up_to(Duration::from_millis(300))).await;
            platforms[which] = Some(Platform::start_nth(&scene, which, &FAULTS, Some(AUTOPILOT)).await);
            restarted += 1;
        }
        tokio::time::sleep(dice.up_to(Duration::from_millis(150))).await;
        service = Service::start(&scene);
        portions.release(n + 1);
    }
    service.ready().await;
    let promises = people.all().await;
    let confirmed_after = begun.elapsed();

    let books = Books::open(&scene).await;
    books.settle(&street).await;
    books.compare(&promises).await;
    eprintln!(
        "kill -9 of the service: {kills} times, of a platform: {restarted} times; seed {seed}\n\
         tickets: {tickets}, each once at {PLATFORMS} platforms; residents: {}\n{}\n\
         last receipt after {:.1} s, all settled after {:.1} s",
        street.told(),
        books.summary().await,
        confirmed_after.as_secs_f64(),
        begun.elapsed().as_secs_f64()
    );
    service.kill().await;
    for platform in platforms.into_iter().flatten() {
        platform.kill().await;
    }
}

struct Books {
    ours: SqlitePool,
    theirs: Vec<SqlitePool>,
}

impl Books {
    async fn open(scene: &Scene) -> Self {
        let mut theirs = Vec::new();
        for n in 0..PLATFORMS {
            theirs.push(read_only(&scene.rows_of_platform(n)).await);
        }
        Self { ours: read_only(&scene.service_rows()).await, theirs }
    }

    /// Waits until nothing is on its way any more: no push, no callback, no incident that the platforms still work on.
    async fn settle(&self, street: &Arc<Street>) {
        loop {
            let mut open = vec![
                (
                    count(&self.ours, "SELECT COUNT(*) FROM outbox WHERE state <> 'delivered'").await,
                    "rows of the outbox".to_owned(),
                ),
                (count(&self.ours, "SELECT COUNT(*) FROM ticket_events WHERE told_at IS NULL").await, "untold moves".to_owned()),
            ];
            for (n, pool) in self.theirs.iter().enumerate() {
                let working = "SELECT COUNT(*) FROM incident WHERE state NOT IN ('resolved', 'closed', 'merged')";
                open.push((count(pool, working).await, format!("incidents at work at platform {n}")));
                let waiting = "SELECT COUNT(*) FROM callback WHERE delivered_at IS NULL";
                open.push((count(pool, waiting).await, format!("callbacks of platform {n}")));
            }
            open.retain(|(n, _)| *n > 0);
            if open.is_empty() {
                return;
            }
            assert!(Instant::now() < street.deadline, "left until the end of the run: {open:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn compare(&self, promises: &[Promise]) {
        let expected = i64::try_from(promises.len()).expect("a small number");
        let mut numbers: Vec<&str> = promises.iter().map(|p| p.number.as_str()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), promises.len(), "no two residents hold the same number");
        assert_eq!(count(&self.ours, "SELECT COUNT(*) FROM tickets").await, expected, "each promise has one ticket");
        assert_eq!(
            count(&self.ours, "SELECT COUNT(*) FROM outbox WHERE kind = 'incident'").await,
            expected * i64::try_from(PLATFORMS).expect("small"),
            "one first push a ticket and platform"
        );
        let ours: BTreeMap<String, String> = rows(&self.ours, "SELECT id, status FROM tickets").await.into_iter().collect();
        for (n, pool) in self.theirs.iter().enumerate() {
            let name = if n == 0 { "platform".to_owned() } else { format!("platform-{n}") };
            let theirs = rows(pool, "SELECT idempotency_key, state FROM incident").await;
            assert_eq!(theirs.len(), promises.len(), "{name} has as many incidents as were promised");
            let states: BTreeMap<String, String> = theirs.into_iter().collect();
            assert_eq!(states.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "{name} has each ticket once");
            let told: BTreeMap<String, String> =
                sqlx::query_as("SELECT ticket_id, COALESCE(remote_status, '') FROM ticket_destinations WHERE destination = $1")
                    .bind(&name)
                    .fetch_all(&self.ours)
                    .await
                    .expect("readable")
                    .into_iter()
                    .collect();
            for (key, state) in &states {
                assert_eq!(told.get(key), Some(state), "what we know of {key} at {name} is what {name} says");
            }
            if n == 0 {
                for (key, state) in &states {
                    let wanted = if state == "merged" { "合并" } else { "已办结" };
                    assert_eq!(ours[key], wanted, "{key} stands where its leading platform says: {state}");
                }
            }
        }
        let story = "SELECT COUNT(*) FROM (SELECT ticket_id FROM ticket_events GROUP BY ticket_id, to_status HAVING COUNT(*) > 1 \
                     AND to_status IN ('已提交', '已送达平台', '已受理', '已办结'))";
        assert_eq!(count(&self.ours, story).await, 0, "no move was made twice");
    }

    async fn summary(&self) -> String {
        let ours = async |sql| count(&self.ours, sql).await;
        format!(
            "deliveries: {} attempts, {} failed and tried again, {} by 409, {} found by asking; callbacks taken {} (of them moved {})",
            ours("SELECT COUNT(*) FROM outbox_attempts").await,
            ours("SELECT COUNT(*) FROM outbox_attempts WHERE outcome = 'retry'").await,
            ours("SELECT COUNT(*) FROM outbox_attempts WHERE http_status = 409").await,
            ours("SELECT COUNT(*) FROM outbox_attempts WHERE act = 'asked' AND outcome = 'delivered'").await,
            ours("SELECT COUNT(*) FROM platform_callbacks").await,
            ours("SELECT COUNT(*) FROM platform_callbacks WHERE applied = 1").await,
        )
    }
}

async fn count(pool: &SqlitePool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

async fn rows(pool: &SqlitePool, sql: &'static str) -> Vec<(String, String)> {
    sqlx::query_as(sql).fetch_all(pool).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

async fn read_only(file: &std::path::Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(Duration::from_secs(10));
    SqlitePoolOptions::new().max_connections(2).connect_with(options).await.unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}
