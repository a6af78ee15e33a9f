//! The functions of one fork, as processes. A process belongs to one host and dies with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rootwatch_environment::{Completion, InvocationResult, Job, Process, Program, Ran, Spawner, exit};

use super::code::CodeStore;
use super::effect::{Effect, Environment, Invocation};
use crate::id::Arn;

/// What a host needs.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// Where the packages are.
    pub code: Arc<CodeStore>,
    /// Variables that every process gets in addition to AWS's and its function's, and before them: `AWS_ENDPOINT_URL`,
    /// `SSL_CERT_FILE`.
    pub extra_variables: Vec<(String, String)>,
}

/// The functions of one fork. Dropping it ends its processes.
#[derive(Debug)]
pub struct Host {
    code: Arc<CodeStore>,
    extra_variables: Vec<(String, String)>,
    functions: Mutex<HashMap<Arn, Functions>>,
    /// Made with the first process: most forks of a test never start one.
    spawner: OnceLock<Option<Spawner>>,
}

/// The processes of a function.
#[derive(Debug, Default)]
struct Functions {
    /// Raised when the function changes: a process of an earlier generation is not used again.
    generation: u64,
    idle: Vec<(Environment, Process)>,
}

impl Host {
    /// A host without processes.
    pub fn new(options: HostOptions) -> Self {
        Self {
            code: options.code,
            extra_variables: options.extra_variables,
            functions: Mutex::default(),
            spawner: OnceLock::new(),
        }
    }

    /// Carries out what needs no answer. [`Effect::Invoke`] does, see [`Host::invoke`]; so does [`Effect::Post`].
    pub fn apply(&self, effect: Effect) {
        match effect {
            Effect::Retire(function) => self.retire(&function),
            Effect::StoreCode { sha256, zip } => {
                if let Err(error) = self.code.store(&sha256, &zip) {
                    // The function then fails with Runtime.InvalidEntrypoint; this says why.
                    tracing::error!(error = &error as &dyn std::error::Error, "a function's package was not kept");
                }
            }
            Effect::Invoke(invocation) => {
                tracing::error!(function = %invocation.function, "an invocation must be awaited");
            }
            Effect::Post(post) => tracing::error!(url = post.url, "a request must be awaited"),
        }
    }

    /// Runs a function once, in an idle process of the same environment or a new one.
    pub async fn invoke(&self, invocation: Invocation) -> Completion {
        let (generation, idle) = self.take(&invocation);
        let process = match idle {
            Some(process) => process,
            None => match self.start(&invocation).await {
                Ok(process) => process,
                Err(result) => return Completion::without_process(result),
            },
        };
        let Ran { completion, reusable } = process.run(&job(&invocation)).await;
        if let Some(process) = reusable {
            let mut functions = self.lock();
            let functions = functions.entry(invocation.function).or_default();
            if functions.generation == generation {
                functions.idle.push((invocation.environment, process));
            }
        }
        completion
    }

    /// Ends the idle processes of a function; those that run end after their invocation.
    pub fn retire(&self, function: &Arn) {
        let idle = {
            let mut functions = self.lock();
            let functions = functions.entry(function.clone()).or_default();
            functions.generation += 1;
            std::mem::take(&mut functions.idle)
        };
        // Killed outside the lock.
        drop(idle);
    }

    /// Ends the idle processes of all functions; those that run end after their invocation.
    pub fn retire_all(&self) {
        let functions: Vec<Arn> = self.lock().keys().cloned().collect();
        for function in functions {
            self.retire(&function);
        }
    }

    async fn start(&self, invocation: &Invocation) -> Result<Process, InvocationResult> {
        let spawner = self.spawner.get_or_init(|| Spawner::new().ok()).as_ref().ok_or_else(|| {
            let reason = "rootwatch: the system has no thread left to start processes";
            exit::invalid_entrypoint(&invocation.request_id, reason)
        })?;
        let mut variables = invocation.environment.variables.clone();
        variables.extend(self.extra_variables.iter().cloned());
        let Environment { code_sha256, language, .. } = &invocation.environment;
        let program = Program { directory: self.code.directory(code_sha256), language: *language, variables };
        Process::start(spawner, program, &invocation.request_id).await
    }

    /// The function's generation, and an idle process of the same environment that is still there.
    fn take(&self, invocation: &Invocation) -> (u64, Option<Process>) {
        let mut functions = self.lock();
        let functions = functions.entry(invocation.function.clone()).or_default();
        // Older environments are never asked for again.
        functions.idle.retain(|(environment, _)| *environment == invocation.environment);
        while let Some((_, mut process)) = functions.idle.pop() {
            if process.is_alive() {
                return (functions.generation, Some(process));
            }
        }
        (functions.generation, None)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arn, Functions>> {
        self.functions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn job(invocation: &Invocation) -> Job {
    Job {
        request_id: invocation.request_id.clone(),
        function_arn: invocation.function.to_string(),
        payload: invocation.payload.clone(),
        deadline_ms: invocation.deadline_ms,
        timeout_seconds: invocation.timeout_seconds,
        trace_id: None,
    }
}
