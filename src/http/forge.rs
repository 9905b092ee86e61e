//! What Forge itself calls: schedules and lifecycle events. No route here opens anything to a user, and no body is believed: it is not
//! signed.

use axum::response::Response;

use super::parse;
use super::visit::{Done, Failure, Visit};

/// Where the manifest sends schedules and lifecycle events.
pub(super) const TRIGGER: &str = "/forge/remote/trigger";

/// `POST /forge/remote/trigger`.
pub(super) async fn trigger(mut visit: Visit) -> Response {
    let result = heard(&mut visit).await;
    visit.finish(result).await
}

async fn heard(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let presented = parse::credential(&visit.parts.headers);
    visit
        .manage_by(&presented, async |gateway, by, trail| {
            gateway.hear(by.presented, trail).await
        })
        .await?;
    // Read after the token, and only so that the connection can go on.
    let _unsigned = visit.body().await?;
    Ok(Done::Empty)
}
