//! What a function holds in memory, and what it may: what holds more is killed, as the kernel does it on Lambda.
//! [D] configuration-function-memory; troubleshooting-invocation, "Runtime exited with error: signal: killed"

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often it is looked. A limit of the kernel would need a control group, which not everybody may make.
const LOOKS: Duration = Duration::from_millis(50);

/// The limit of a process, the clock by which it is looked at, and what was seen.
#[derive(Debug)]
pub(crate) struct Memory {
    most_kib: Option<u64>,
    looks: Interval,
    /// The most that was seen, for a process that has ended by the time it is asked for.
    seen_kib: Option<u64>,
}

impl Memory {
    /// The limit that AWS gives a function, MB; none where a process has none.
    pub(crate) fn of(variables: &[(String, String)]) -> Self {
        let size = variables.iter().find(|(name, _)| name == "AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
        let most_kib = size.and_then(|(_, size)| size.parse::<u64>().ok()).map(|mb| mb.saturating_mul(1024));
        let mut looks = interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { most_kib, looks, seen_kib: None }
    }

    pub(crate) fn no_limit(&mut self) {
        self.most_kib = None;
    }

    /// Waits until a process holds more than it may: for ever without a limit, and where the system does not report what a
    /// process holds. Nothing is lost when this is dropped.
    pub(crate) async fn outgrown(&mut self, process: Option<u32>) {
        let (Some(most), Some(process)) = (self.most_kib, process) else { return std::future::pending().await };
        loop {
            self.looks.tick().await;
            let Some((resident, peak)) = kib(process) else { continue };
            self.seen_kib = self.seen_kib.max(Some(peak));
            if resident > most {
                return;
            }
        }
    }

    /// The most that a process has held, MB, begun ones counted.
    pub(crate) fn peak_mb(&mut self, process: Option<u32>) -> Option<u64> {
        let now = process.and_then(kib).map(|(_, peak)| peak);
        self.seen_kib = self.seen_kib.max(now);
        self.seen_kib.map(|kib| kib.div_ceil(1024))
    }
}

/// What a process holds in memory, and the most it has held: proc_pid_status(5). Of one that has ended, neither.
fn kib(process: u32) -> Option<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}
