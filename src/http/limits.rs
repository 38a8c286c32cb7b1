//! Rates: per conversation, per channel, and for opening conversations and signing in per client address. A channel may have rates
//! of its own, which the desk changes while the service runs.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::http::HeaderMap;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use parking_lot::Mutex;
use uuid::Uuid;

use super::problem::{Code, Problem};
use crate::config::LimitSettings;
use crate::conversation::channels::Channel;

/// What a channel's own rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    Messages,
    Conversations,
}

/// A rate with its limiter.
type Rate = (u32, Arc<DefaultDirectRateLimiter>);

/// Who speaks into a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// Whoever holds the key of a conversation.
    Conversation(Uuid),
    /// Somebody who has said nothing yet.
    Address(IpAddr),
}

/// The limiters.
#[derive(Debug)]
pub struct Limits {
    conversation: DefaultKeyedRateLimiter<Uuid>,
    channel: DefaultKeyedRateLimiter<String>,
    /// Of channels that have rates of their own; another rate begins anew.
    own: Mutex<HashMap<(String, Counted), Rate>>,
    address: DefaultKeyedRateLimiter<IpAddr>,
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    speech: DefaultKeyedRateLimiter<Speaker>,
    loopback_exempt: bool,
    trust_forwarded_for: bool,
}

fn per_minute(rate: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN))
}

impl Limits {
    /// From the configuration; a rate of 0 means 1.
    #[must_use]
    pub fn new(settings: &LimitSettings, trust_forwarded_for: bool) -> Self {
        Self {
            conversation: RateLimiter::keyed(per_minute(settings.messages_per_minute)),
            channel: RateLimiter::keyed(per_minute(settings.channel_messages_per_minute)),
            own: Mutex::default(),
            address: RateLimiter::keyed(per_minute(settings.conversations_per_minute)),
            sign_in: RateLimiter::keyed(per_minute(settings.sign_ins_per_minute)),
            speech: RateLimiter::keyed(per_minute(settings.transcriptions_per_minute)),
            loopback_exempt: settings.loopback_exempt,
            trust_forwarded_for,
        }
    }

    /// The caller's address; behind a trusted proxy the one that the proxy saw.
    pub fn caller(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        if self.trust_forwarded_for {
            // The last entry was written by the proxy next to us; earlier ones can be made up by the client.
            let forwarded = headers.get("x-forwarded-for").and_then(|v| v.to_str().ok()).and_then(|v| v.rsplit(',').next());
            if let Some(address) = forwarded.and_then(|a| a.trim().parse().ok()) {
                return address;
            }
        }
        peer.ip()
    }

    /// May this message be sent?
    pub fn message(&self, caller: IpAddr, conversation: Uuid, id: &str, channel: Option<&Channel>) -> Result<(), Problem> {
        if self.exempt(caller) {
            return Ok(());
        }
        check(self.conversation.check_key(&conversation))?;
        match channel.map_or(0, |c| c.settings.messages_per_minute) {
            0 => check(self.channel.check_key(&id.to_owned())),
            rate => check(self.own(id, Counted::Messages, rate).check()),
        }
    }

    /// May a recording be written down?
    pub fn speak(&self, caller: IpAddr, speaker: Speaker, channel: &str) -> Result<(), Problem> {
        if self.exempt(caller) {
            return Ok(());
        }
        check(self.speech.check_key(&speaker))?;
        check(self.channel.check_key(&channel.to_owned()))
    }

    /// May a conversation be opened in this channel?
    pub fn open(&self, caller: IpAddr, channel: &Channel) -> Result<(), Problem> {
        if self.exempt(caller) {
            return Ok(());
        }
        check(self.address.check_key(&caller))?;
        match channel.settings.conversations_per_minute {
            0 => Ok(()),
            rate => check(self.own(&channel.id, Counted::Conversations, rate).check()),
        }
    }

    /// The limiter of a channel's own rate. There are as many as the desk has made channels.
    fn own(&self, id: &str, counted: Counted, rate: u32) -> Arc<DefaultDirectRateLimiter> {
        let mut own = self.own.lock();
        let fresh = || (rate, Arc::new(RateLimiter::direct(per_minute(rate))));
        let known = own.entry((id.to_owned(), counted)).or_insert_with(fresh);
        if known.0 != rate {
            *known = fresh();
        }
        Arc::clone(&known.1)
    }

    /// May somebody try to sign in?
    pub fn sign_in(&self, caller: IpAddr) -> Result<(), Problem> {
        if self.exempt(caller) {
            return Ok(());
        }
        check(self.sign_in.check_key(&caller))
    }

    /// Forgets callers that have been quiet; called now and then.
    pub fn sweep(&self) {
        self.conversation.retain_recent();
        self.channel.retain_recent();
        self.address.retain_recent();
        self.sign_in.retain_recent();
        self.speech.retain_recent();
    }

    /// True for callers that are not limited.
    pub const fn exempt(&self, caller: IpAddr) -> bool {
        self.loopback_exempt && caller.is_loopback()
    }
}

fn check(result: Result<(), NotUntil<<DefaultClock as governor::clock::Clock>::Instant>>) -> Result<(), Problem> {
    result.map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        Problem::new(Code::RateLimited).retry_after(wait.as_secs() + 1)
    })
}
