//! The platform calls back: every stored callback is sent until it is answered with 2xx.

use std::time::Duration;

use futures::StreamExt as _;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::store::Waiting;

/// How many callbacks are on their way at once; they belong to different incidents.
const AT_ONCE: usize = 8;
/// How often it looks for due callbacks when nothing wakes it.
const POLL: Duration = Duration::from_millis(500);
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
    let Waiting { seq, webhook_id, body, tries } = callback;
    let now = inner.clock.now();
    let Some(signature) = inner.signer.sign(&webhook_id, now, body.as_bytes()) else {
        tracing::error!(webhook_id, "演示平台无法签名回调");
        return;
    };
    let sent = inner
        .http
        .post(url.clone())
        .header("content-type", "application/json")
        .header("webhook-id", &webhook_id)
        .header("webhook-timestamp", now.as_second().to_string())
        .header("webhook-signature", signature)
        .body(body)
        .send()
        .await;
    let why = match sent {
        Ok(answer) if answer.status().is_success() => None,
        Ok(answer) => Some(format!("HTTP {}", answer.status().as_u16())),
        Err(error) => Some(error.without_url().to_string()),
    };
    let recorded = match why {
        None => inner.store.told(seq, inner.clock.now()).await,
        Some(why) => {
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
