//! `rootwatch run` on clouds that are not in this process.

use std::net::IpAddr;

use crate::cloud::{Cloud, OnLocalStack, Remote, RemoteOptions, RunOptions};
use crate::layout::Layout;
use crate::packages::prepare;
use crate::report::Progress;
use crate::runner::{Outcome, Status, chain};
use crate::scenario::Loaded;

/// On LocalStack, which is started for it and removed after it. `all` says which Regions are covered.
pub(super) async fn on_localstack(
    layout: Layout,
    all: &[Loaded],
    loaded: Vec<Loaded>,
    options: RunOptions,
    progress: &Progress,
) -> Result<Vec<Outcome>, String> {
    let program = std::env::current_exe().map_err(|error| format!("this program does not know itself: {error}"))?;
    let cloud = OnLocalStack::start(layout, &program, all, progress).await?;
    let outcomes = on(&cloud, loaded, options, progress).await;
    let well = outcomes
        .as_ref()
        .is_ok_and(|outcomes| outcomes.iter().all(|outcome| !matches!(outcome.status, Status::Failed | Status::Error)));
    let ailment = if well { None } else { cloud.ailment().await };
    let log = if well { None } else { cloud.keep_log().await };
    if let Some(log) = &log {
        progress.line(&format!("the log of LocalStack is kept: {}", log.display()));
    }
    if let Err(error) = cloud.close().await {
        progress.line(&format!("LocalStack could not be removed: {error}"));
    }
    match (outcomes, ailment) {
        // What the scenarios came to says nothing then.
        (Ok(_), Some(ailment)) => Err(format!("{ailment}, in the middle of the run")),
        (outcomes, _) => outcomes,
    }
}

/// On a cloud at an address.
pub(super) async fn on_endpoint(
    layout: Layout,
    endpoint: &str,
    sink_address: Option<IpAddr>,
    all: &[Loaded],
    loaded: Vec<Loaded>,
    options: RunOptions,
    progress: &Progress,
) -> Result<Vec<Outcome>, String> {
    let mut at = RemoteOptions::endpoint(&layout, endpoint);
    at.sink_address = sink_address.unwrap_or(at.sink_address);
    progress.stage("building the handlers");
    let packages = tokio::task::block_in_place(|| prepare(&layout)).map_err(|error| chain(&error))?;
    let cloud = Remote::start(layout, at, packages, all, progress.clone()).await.map_err(|error| chain(&error))?;
    on(&cloud, loaded, options, progress).await
}

async fn on(
    cloud: &impl Cloud,
    loaded: Vec<Loaded>,
    options: RunOptions,
    progress: &Progress,
) -> Result<Vec<Outcome>, String> {
    progress.line(&cloud.deploy().await?);
    let outcomes = cloud.run(loaded, options).await;
    for remark in cloud.remarks() {
        progress.line(&remark);
    }
    Ok(outcomes)
}
