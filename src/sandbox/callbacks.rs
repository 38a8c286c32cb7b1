//! The platform calls back: every stored callback is sent until it is answered with 2xx.

use std::time::Duration;

use futures::StreamExt as _;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::store::Waiting;
use super::{Inner, faults};

/// How many callbacks are on their way at once; they belong to different incidents.
const AT_ONCE: usize = 8;
/// How often it looks for due callbacks when nothing wakes it.
const POLL: Duration = Duration::from_millis(500);
/// The longest that a callback is held back so that later ones overtake it, in milliseconds.
const HOLD_MS: u64 = 5_000;
/// How old the time stamp of a stale signature is.
const STALE: SignedDuration = SignedDuration::from_mins(10);
/// Waiting times after a failure; the last one repeats for ever.
const SCHEDULE_MS: [i64; 7] = [250, 1_000, 2_000, 5_000, 15_000, 60_000, 300_000];

pub(super) async fn run(inner: &Inner, cancel: CancellationToken) {
    let Some(url) = inner.callback_url.clone() else {
        cancel.cancelled().await;
        return;
    };
    loop {
        let due = match inner.store.due(inner.clock.now(), 64).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "演示平台读取待回调失败");
                Vec::new()
            }
        };
        let idle = due.is_empty();
        let deliveries = futures::stream::iter(due).for_each_concurrent(AT_ONCE, |callback| deliver(inner, &url, callback));
        tokio::select! {
            () = cancel.cancelled() => return,
            () = deliveries => {}
        }
        if idle {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = inner.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}

async fn deliver(inner: &Inner, url: &url::Url, callback: Waiting) {
    let Waiting { seq, webhook_id, body, tries, held } = callback;
    let now = inner.clock.now();
    let faults = *inner.faults.read();
    let ids = inner.ids.as_ref();
    if tries == 0 && !held && faults::happens(faults.callback_shuffle, ids) {
        let wait = SignedDuration::from_millis(i64::try_from(faults::between(200, HOLD_MS, ids)).unwrap_or_default());
        if let Err(error) = inner.store.hold(seq, now.saturating_add(wait).unwrap_or(now)).await {
            tracing::error!(%error, webhook_id, "演示平台无法搁置回调");
        }
        return;
    }
    if faults::happens(faults.callback_stale_signature, ids) {
        // Whatever it is answered: the right one follows.
        let old = now.saturating_sub(STALE).unwrap_or(now);
        if send(inner, url, &webhook_id, &body, old).await.is_ok() {
            tracing::warn!(webhook_id, "过期签名的回调被接受了");
        }
    }
    let recorded = match send(inner, url, &webhook_id, &body, now).await {
        Ok(()) => {
            let recorded = inner.store.told(seq, inner.clock.now()).await;
            if faults::happens(faults.callback_duplicates, ids) {
                for _ in 0..faults::between(1, 3, ids) {
                    // Once too often already: what it is answered does not matter.
                    drop(send(inner, url, &webhook_id, &body, inner.clock.now()).await);
                }
            }
            recorded
        }
        Err(why) => {
            let step = usize::try_from(tries).unwrap_or(usize::MAX).min(SCHEDULE_MS.len() - 1);
            let wait = SignedDuration::from_millis(SCHEDULE_MS[step]);
            let again = inner.clock.now().saturating_add(wait).unwrap_or(now);
            inner.store.not_told(seq, again, &why).await
        }
    };
    if let Err(error) = recorded {
        tracing::error!(%error, webhook_id, "演示平台无法记录回调结果");
    }
}

/// One delivery, signed at `at`; the error says why it does not count.
async fn send(inner: &Inner, url: &url::Url, webhook_id: &str, body: &str, at: jiff::Timestamp) -> Result<(), String> {
    let signature = inner.signer.sign(webhook_id, at, body.as_bytes()).ok_or("无法签名")?;
    let sent = inner
        .http
        .post(url.clone())
        .header("content-type", "application/json")
        .header("webhook-id", webhook_id)
        .header("webhook-timestamp", at.as_second().to_string())
        .header("webhook-signature", signature)
        .body(body.to_owned())
        .send()
        .await;
    match sent {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("HTTP {}", answer.status().as_u16())),
        Err(error) => Err(error.without_url().to_string()),
    }
}
