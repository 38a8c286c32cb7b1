//! The street's files in versions, over the shipped files and the rows.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::shipped::Shipped;
use crate::core::clock::Clock;
use crate::incident::street::base::Base;
use crate::incident::street::desk::Desk;
use crate::incident::street::store::StreetStore;

/// How often it is looked whether another process has activated a version.
const EVERY: Duration = Duration::from_secs(2);

/// Opens with the version that is to be in use, or the last one before it that loads. `serves`: this process answers residents.
///
/// # Errors
/// The rows cannot be read, or the shipped files do not load either.
pub async fn open(
    shipped: &Shipped,
    store: Arc<dyn StreetStore>,
    clock: Arc<dyn Clock>,
    serves: bool,
) -> anyhow::Result<Arc<Desk>> {
    let shipped = shipped.clone();
    let base = Base::new(move |name| shipped.street_file(name));
    Ok(Arc::new(Desk::open(base, store, clock, serves).await??))
}

/// Brings the rules in step with the rows, until `stop`.
pub async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = desk.keep_in_step().await {
            tracing::warn!(%error, "the street's version was not looked up");
        }
    }
}
