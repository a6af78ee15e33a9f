//! What a function may hold in memory: what holds more is killed, as the kernel does it on Lambda.
//! [D] configuration-function-memory; troubleshooting-invocation, "Runtime exited with error: signal: killed"

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often it is looked. A limit of the kernel would need a control group, which not everybody may make.
const LOOKS: Duration = Duration::from_millis(50);

/// The limit of a process, and the clock by which it is looked at.
#[derive(Debug)]
pub(crate) struct Memory {
    most_kib: u64,
    looks: Interval,
}

impl Memory {
    /// The limit that AWS tells a function itself, MB; none where a process is told none.
    pub(crate) fn of(variables: &[(String, String)]) -> Option<Self> {
        let (_, size) = variables.iter().find(|(name, _)| name == "AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?;
        let mut looks = interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Some(Self { most_kib: size.parse::<u64>().ok()?.saturating_mul(1024), looks })
    }
}

/// Waits until a process holds more than it may: for ever without a limit, and where the system does not tell what a
/// process holds. Nothing is lost when this is dropped.
pub(crate) async fn outgrown(memory: &mut Option<Memory>, process: Option<u32>) {
    let (Some(memory), Some(process)) = (memory, process) else { return std::future::pending().await };
    loop {
        memory.looks.tick().await;
        if resident_kib(process).is_some_and(|resident| resident > memory.most_kib) {
            return;
        }
    }
}

/// What a process holds in memory: proc_pid_status(5).
fn resident_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
