//! `rootwatch bench`: the same scenarios on the embedded cloud and on LocalStack, one after another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::{Exit, complain, print};
use crate::cloud::{Cloud, Embedded, OnLocalStack, RunOptions};
use crate::layout::Layout;
use crate::localstack::{Availability, availability};
use crate::packages::{init_program, prepare_for_containers};
use crate::report::Progress;
use crate::runner::{Session, Status, chain};
use crate::scenario::{DeploymentChange, Loaded, find};

/// Options of `bench`.
#[derive(Debug, Args)]
#[command(after_help = "\
It prints the machine, the profile and the load. It builds everything first, deploys afresh to both clouds, and runs each scenario alone. Without LocalStack it exits with 3.\n\n\
Examples:
  rootwatch bench                 ten scenarios, taken evenly
  rootwatch bench --sample 40     more of them
  rootwatch bench --markdown      the table for a document")]
pub(super) struct Bench {
    /// How many scenarios; they are taken evenly from those on the default deployment without faults
    #[arg(long, default_value_t = 10)]
    sample: usize,
    /// Print a Markdown table
    #[arg(long)]
    markdown: bool,
}

/// What was measured of a cloud.
struct Measured {
    cloud: String,
    start: Duration,
    apply: Duration,
    /// Each scenario alone, in ascending order.
    scenarios: Vec<Duration>,
    memory: u64,
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

impl Bench {
    pub(super) async fn execute(self, layout: Layout) -> Exit {
        let progress = Progress::stderr();
        let measured = self.measure(layout, &progress).await;
        progress.finish();
        match measured {
            Ok(clouds) => {
                print(&format!("{}\n\n{}", machine(), table(&clouds, self.markdown)));
                Exit::Success
            }
            Err(error) => {
                complain(&error);
                Exit::Environment
            }
        }
    }

    async fn measure(&self, layout: Layout, progress: &Progress) -> Result<[Measured; 2], String> {
        let all = find(&layout.scenarios()).map_err(|error| error.to_string())?;
        let sample = sample(&all, self.sample);
        let glibc = match availability().await {
            Availability::Ready(image) => image.glibc(),
            Availability::NoImage(reason) | Availability::NoDocker(reason) => return Err(reason),
        };
        // Builds are of neither cloud.
        prepare_for_containers(&layout, glibc, progress).await.map_err(|error| chain(&error))?;
        init_program(&layout, glibc, progress).await.map_err(|error| chain(&error))?;
        let embedded = embedded(&layout, &sample, progress).await?;
        let localstack = on_localstack(layout, &sample, progress).await?;
        Ok([embedded, localstack])
    }
}

/// Evenly taken from the scenarios that both clouds run on the default deployment.
fn sample(all: &[Loaded], count: usize) -> Vec<Loaded> {
    let plain = |loaded: &&Loaded| {
        loaded.scenario.as_ref().is_ok_and(|scenario| {
            scenario.deployment == DeploymentChange::default()
                && scenario.faults.is_empty()
                && scenario.expect.is_some()
        })
    };
    let plain: Vec<&Loaded> = all.iter().filter(plain).collect();
    let count = count.clamp(1, plain.len().max(1));
    (0..count).filter_map(|n| plain.get(n * plain.len() / count)).map(|loaded| (*loaded).clone()).collect()
}

async fn embedded(layout: &Layout, sample: &[Loaded], progress: &Progress) -> Result<Measured, String> {
    // A cache of its own: nothing is deployed there.
    let fresh = tempfile::tempdir().map_err(|error| error.to_string())?;
    let fresh = Layout { cache: fresh.path().to_path_buf(), ..layout.clone() };
    let started = now();
    let session = Session::start(fresh, sample, progress.clone()).await.map_err(|error| chain(&error))?;
    let cloud = Embedded::new(Arc::new(session), None, progress.clone());
    let start = started.elapsed();
    let (apply, scenarios) = run(&cloud, sample, progress).await?;
    Ok(Measured { cloud: cloud.name().to_owned(), start, apply, scenarios, memory: own_memory() })
}

async fn on_localstack(layout: Layout, sample: &[Loaded], progress: &Progress) -> Result<Measured, String> {
    let program = std::env::current_exe().map_err(|error| format!("this program does not know itself: {error}"))?;
    let started = now();
    let cloud = OnLocalStack::start(layout, &program, sample, progress).await?;
    let start = started.elapsed();
    let ran = run(&cloud, sample, progress).await;
    let memory = cloud.memory().await.unwrap_or_default();
    let name = cloud.name().to_owned();
    cloud.close().await?;
    let (apply, scenarios) = ran?;
    Ok(Measured { cloud: name, start, apply, scenarios, memory })
}

/// Deploys, then runs each scenario alone.
async fn run(cloud: &impl Cloud, sample: &[Loaded], progress: &Progress) -> Result<(Duration, Vec<Duration>), String> {
    let started = now();
    cloud.deploy().await?;
    let apply = started.elapsed();
    let mut scenarios = Vec::new();
    for loaded in sample {
        progress.stage(&format!("{}: {}", cloud.name(), loaded.name));
        let started = now();
        let outcomes = cloud.run(vec![loaded.clone()], RunOptions { jobs: Some(1), ..RunOptions::default() }).await;
        let took = started.elapsed();
        match outcomes.first().map(|outcome| outcome.status) {
            Some(Status::Passed) => scenarios.push(took),
            // What is not run costs nothing; it would lower the median.
            status => progress.line(&format!("{} on {}: {status:?}; left out", loaded.name, cloud.name())),
        }
    }
    scenarios.sort_unstable();
    Ok((apply, scenarios))
}

/// The machine, the profile and the load that the numbers belong to.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let load = read("/proc/loadavg").split_whitespace().next().unwrap_or("unknown").to_owned();
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    format!("{} cores of {model}, profile {profile}, load {load} at the end", crate::cores())
}

/// The most memory that this process had, bytes. [D] proc_pid_status(5)
fn own_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// The value below which this share of them lies (nearest rank).
fn percentile(ascending: &[Duration], percent: usize) -> Duration {
    let rank = (ascending.len() * percent).div_ceil(100).max(1);
    ascending.get(rank - 1).copied().unwrap_or_default()
}

fn table(clouds: &[Measured; 2], markdown: bool) -> String {
    let [embedded, other] = clouds;
    let seconds = |duration: Duration| match duration {
        short if short < Duration::from_secs(1) => format!("{:.1} ms", short.as_secs_f64() * 1000.0),
        long => format!("{:.1} s", long.as_secs_f64()),
    };
    let factor = |ours: Duration, theirs: Duration| match ours.is_zero() {
        true => "–".to_owned(),
        false => format!("{:.0}×", theirs.as_secs_f64() / ours.as_secs_f64()),
    };
    let time = |what: &str, of: &dyn Fn(&Measured) -> Duration| {
        [what.to_owned(), seconds(of(embedded)), seconds(of(other)), factor(of(embedded), of(other))]
    };
    let megabytes = |bytes: u64| format!("{} MB", bytes / 1_000_000);
    let rows = [
        ["".to_owned(), embedded.cloud.clone(), other.cloud.clone(), "factor".to_owned()],
        time("start", &|it| it.start),
        time("apply", &|it| it.apply),
        time("a scenario, median", &|it| percentile(&it.scenarios, 50)),
        time("a scenario, p95", &|it| percentile(&it.scenarios, 95)),
        [
            "scenarios".to_owned(),
            embedded.scenarios.len().to_string(),
            other.scenarios.len().to_string(),
            String::new(),
        ],
        ["memory".to_owned(), megabytes(embedded.memory), megabytes(other.memory), String::new()],
    ];
    let line = |row: &[String; 4]| match markdown {
        true => format!("| {} |", row.join(" | ")),
        false => format!("{:<20} {:>12} {:>12} {:>8}", row[0], row[1], row[2], row[3]),
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    if markdown {
        lines.insert(1, "| --- | ---: | ---: | ---: |".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::percentile;

    #[test]
    fn percentiles_are_measured_values() {
        let all: Vec<Duration> = (1..=20).map(Duration::from_millis).collect();
        assert_eq!(percentile(&all, 50), Duration::from_millis(10));
        assert_eq!(percentile(&all, 95), Duration::from_millis(19));
        assert_eq!(percentile(&all[..1], 95), Duration::from_millis(1));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
