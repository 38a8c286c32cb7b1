//! `kill -9` of the service, and of the platform, while residents confirm tickets.
//!
//! The real binary runs twice, as the service and as the platform with its faults switched on. Residents report and
//! confirm over HTTP and say the same thing again when a connection breaks, as the window does. A killer ends the
//! service at random moments, some of them aimed at a confirmation on its way. Afterwards the books of both sides and
//! what every resident was promised are compared.
//!
//! `fleet` does the same with three platforms that handle what they get, tell twice and out of order, and are restarted.
//!
//! `KILLS`, `TICKETS` and `SEED` set the length and the draws. A seed repeats what is drawn (moments, pauses, who taps
//! twice), not what the scheduler makes of it.

mod between;
mod books;
mod fleet;
mod processes;
mod residents;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use processes::{Platform, Scene, Service};
use residents::{Promise, Street};

/// Residents that talk at the same time.
const AT_ONCE: usize = 12;
/// A kill comes within this time after the start or after the service is ready.
const LONGEST_LIFE: Duration = Duration::from_millis(1_100);

/// Draws that a seed repeats (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Draws of their own for part `n` of the same run.
    pub fn of(seed: u64, n: u64) -> Self {
        let mut dice = Self(seed ^ n.wrapping_mul(0xd134_2543_de82_ef95));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0..n
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// True once in `n` draws.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// From zero up to `most`.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(most.as_micros()).unwrap_or(u64::MAX)))
    }
}

#[expect(clippy::disallowed_methods, reason = "the length of a test is no setting of the service")]
pub fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().filter(|v| !v.is_empty()).map(|v| v.parse().expect("KILLS, TICKETS and SEED are numbers"))
}

/// A seed that differs from run to run.
fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::hash::RandomState::new().build_hasher().finish()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_every_confirmed_ticket_is_at_the_platform_once() {
    let kills = given("KILLS").unwrap_or(5);
    let tickets = given("TICKETS").unwrap_or(40);
    let seed = given("SEED").unwrap_or_else(fresh_seed);
    let begun = Instant::now();
    let mut dice = Dice::of(seed, 0);
    let scene = Scene::new(seed, kills, tickets, &mut dice);
    let mut platform = Platform::start(&scene).await;
    let mut service = Service::start(&scene);
    service.ready().await;

    let street = Street::new(&scene, begun + Duration::from_secs(60 + 6 * kills + tickets));
    let (people, all_released) = send_residents(&street, seed, tickets, kills);
    let mut platform_kills = 0;
    let mut in_talk = 0;
    for n in 0..kills {
        moment(&mut dice, &mut service, &street).await;
        in_talk += u64::from(street.in_talk.load(Ordering::Relaxed) > 0);
        service.kill().await;
        if dice.one_in(4) || n + 1 == kills.div_ceil(2) {
            platform.kill().await;
            platform_kills += 1;
            tokio::time::sleep(dice.up_to(Duration::from_millis(300))).await;
            platform = Platform::start(&scene).await;
        }
        tokio::time::sleep(dice.up_to(Duration::from_millis(150))).await;
        service = Service::start(&scene);
        all_released.release(n + 1);
    }
    service.ready().await;
    let promises = people.all().await;
    let confirmed_after = begun.elapsed();

    let books = books::Books::open(&scene).await;
    books.settle(street.deadline).await;
    let settled_after = begun.elapsed();
    platform.stop_faults(&street).await;
    books.compare(&street, &promises).await;
    for promise in &promises {
        promise.holds(&street).await;
    }

    let summary = books.summary().await;
    eprintln!(
        "kill -9 of the service: {kills} times ({in_talk} while residents were talking, {starting} before it was ready); \
         of the platform: {platform_kills} times; seed {seed}\n\
         tickets confirmed: {tickets}, all at the platform once\n\
         residents: {}\n{summary}\n\
         last receipt after {:.1} s, outbox empty after {:.1} s, all checked after {:.1} s",
        street.told(),
        confirmed_after.as_secs_f64(),
        settled_after.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        starting = scene.killed_before_ready.load(Ordering::Relaxed),
    );
    service.kill().await;
    platform.kill().await;
}

/// The moment of a kill: during the start, at work, or when a confirmation is on its way.
pub async fn moment(dice: &mut Dice, service: &mut Service<'_>, street: &Street) {
    let (kind, any, aim) = (dice.below(4), dice.up_to(LONGEST_LIFE), dice.up_to(Duration::from_millis(12)));
    if kind == 0 {
        tokio::time::sleep(any / 4).await;
        return;
    }
    service.ready().await;
    if kind > 1 {
        tokio::time::sleep(any).await;
        return;
    }
    let patience = Instant::now() + LONGEST_LIFE * 2;
    while street.confirming.load(Ordering::Relaxed) == 0 && Instant::now() < patience {
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    tokio::time::sleep(aim).await;
}

/// Residents come in portions, one after each kill, so that somebody is talking at every one of them.
pub struct Portions {
    door: Arc<Semaphore>,
    tickets: u64,
    kills: u64,
}

impl Portions {
    /// Lets those in that come after `kills_done` kills.
    pub fn release(&self, kills_done: u64) {
        let upto = |done: u64| self.tickets * (done + 1) / (self.kills + 1);
        let before = if kills_done == 0 { 0 } else { upto(kills_done - 1) };
        self.door.add_permits(usize::try_from(upto(kills_done) - before).expect("a small number"));
    }
}

pub struct People(JoinSet<Promise>);

impl People {
    pub async fn all(mut self) -> Vec<Promise> {
        let mut promises = Vec::new();
        while let Some(ended) = self.0.join_next().await {
            match ended {
                Ok(promise) => promises.push(promise),
                // The resident's own complaint is the failure to be read.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        }
        promises
    }
}

pub fn send_residents(street: &Arc<Street>, seed: u64, tickets: u64, kills: u64) -> (People, Portions) {
    let door = Arc::new(Semaphore::new(0));
    let seats = Arc::new(Semaphore::new(AT_ONCE));
    let mut people = JoinSet::new();
    for n in 0..tickets {
        let (street, door, seats) = (Arc::clone(street), Arc::clone(&door), Arc::clone(&seats));
        people.spawn(async move {
            door.acquire().await.expect("the door is never closed").forget();
            let _seat = seats.acquire_owned().await.expect("the seats are never closed");
            residents::report(&street, n, Dice::of(seed, n + 1)).await
        });
    }
    let portions = Portions { door, tickets, kills };
    portions.release(0);
    (People(people), portions)
}
