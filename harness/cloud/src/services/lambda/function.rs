//! A function, its configuration, and how the API shows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::environment::Prepared;
use super::event_invoke_config::EventInvokeConfig;
use super::fault;
use super::mapping::Mapping;
use super::run::Running;
use crate::api::ApiError;
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::table::Table;
use crate::time::Time;

/// State of the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(super) functions: Table<Arn, Function>,
    /// By UUID.
    pub(super) mappings: Table<String, Mapping>,
    /// The UUIDs of the mappings that read a queue.
    pub(super) readers: Table<Arn, Vec<String>>,
    /// What runs now, by request id.
    pub(super) running: Table<String, Running>,
}

impl State {
    /// The dead-letter queues and topics of asynchronous invocations.
    pub(crate) fn dead_letter_queues(&self) -> impl Iterator<Item = Arn> {
        self.functions.values().filter_map(|function| function.latest.dead_letter.clone())
    }

    /// Whether there is such a function (unqualified ARN).
    pub fn exists(&self, function: &Arn) -> bool {
        self.functions.contains(function)
    }

    /// The ARNs of all functions, of every account and Region.
    pub fn functions(&self) -> impl Iterator<Item = &Arn> {
        self.functions.keys()
    }

    /// The packages of all functions: SHA-256 (hex) of the zip.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.functions.values().map(|function| function.latest.code.sha256.as_str())
    }

    /// The function's resource policy, if it has one.
    pub fn policy(&self, function: &Arn) -> Option<&PolicyText> {
        self.functions.get(function).and_then(|function| function.policy.as_ref())
    }

    /// Forgets what runs and what is about to be read.
    pub(crate) fn come_to_rest(&mut self) {
        self.running = Table::default();
        let mappings: Vec<String> = self.mappings.keys().cloned().collect();
        for id in mappings {
            if let Some(mapping) = self.mappings.get_mut(&id) {
                (mapping.poll, mapping.open, mapping.denials) = (None, None, 0);
                mapping.gathered.clear();
            }
        }
    }

    pub(super) fn function(&self, arn: &Arn) -> Result<&Function, ApiError> {
        self.functions.get(arn).ok_or_else(|| fault::no_function(arn))
    }

    pub(super) fn function_mut(&mut self, arn: &Arn) -> Result<&mut Function, ApiError> {
        self.functions.get_mut(arn).ok_or_else(|| fault::no_function(arn))
    }
}

/// A function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Function {
    pub(super) latest: Configuration,
    /// In the order of their numbers.
    pub(super) versions: Vec<Configuration>,
    pub(super) policy: Option<PolicyText>,
    pub(super) policy_revision: String,
    pub(super) reserved_concurrency: Option<u32>,
    pub(super) event_invoke: Option<EventInvokeConfig>,
    pub(super) tags: BTreeMap<String, String>,
    /// What its processes are started with, until it changes or the credentials grow old.
    pub(super) prepared: Option<Prepared>,
}

/// A version of a function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Configuration {
    /// `$LATEST` or a number.
    pub(super) version: String,
    pub(super) description: String,
    pub(super) role: Arn,
    pub(super) runtime: String,
    pub(super) handler: String,
    pub(super) architecture: String,
    /// Seconds.
    pub(super) timeout: u32,
    /// MiB.
    pub(super) memory: u32,
    pub(super) variables: BTreeMap<String, String>,
    /// The key of the environment variables; kept and shown, not used.
    pub(super) kms_key: Option<String>,
    pub(super) dead_letter: Option<Arn>,
    pub(super) tracing: String,
    /// MiB.
    pub(super) ephemeral_storage: u32,
    pub(super) logging: Logging,
    pub(super) code: Code,
    pub(super) last_modified: Time,
    pub(super) revision: String,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Code {
    /// Hexadecimal: the name in the code store.
    pub(super) sha256: String,
    /// As the API shows it.
    pub(super) sha256_base64: String,
    /// Bytes of the zip.
    pub(super) size: usize,
}

/// Where the logs go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Logging {
    /// `Text` or `JSON`; the platform's own lines are text in any case.
    pub(super) format: Option<String>,
    /// By default `/aws/lambda/<function>`.
    pub(super) group: Option<String>,
    /// Levels, with the JSON format only.
    pub(super) application_level: Option<String>,
    pub(super) system_level: Option<String>,
}

impl Logging {
    /// The name of the log group.
    pub(super) fn group(&self, function: &Arn) -> String {
        self.group.clone().unwrap_or_else(|| format!("/aws/lambda/{}", function.name()))
    }

    fn shown(&self, function: &Arn) -> Value {
        let json = self.format.as_deref() == Some("JSON");
        let mut shown = json!({"LogFormat": if json { "JSON" } else { "Text" }, "LogGroup": self.group(function)});
        if json {
            shown["ApplicationLogLevel"] = json!(self.application_level.as_deref().unwrap_or("INFO"));
            shown["SystemLogLevel"] = json!(self.system_level.as_deref().unwrap_or("INFO"));
        }
        shown
    }
}

/// Which state an answer shows: a function is ready from the moment after the call that made or changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The answer of CreateFunction.
    Creating,
    /// The answer of an update.
    Updating,
    /// Every later answer.
    Ready,
}

impl Configuration {
    /// The members that are always present, and the others where they are set. [V] LS:lambda_/test_lambda_api
    pub(super) fn shown(&self, function: &Arn, qualified: bool, phase: Phase) -> Value {
        let arn = if qualified { format!("{function}:{}", self.version) } else { function.to_string() };
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| {
            shown.insert(name.to_owned(), value);
        };
        put("FunctionName", json!(function.name()));
        put("FunctionArn", json!(arn));
        put("Runtime", json!(self.runtime));
        put("Role", json!(self.role.as_str()));
        put("Handler", json!(self.handler));
        put("CodeSize", json!(self.code.size));
        put("Description", json!(self.description));
        put("Timeout", json!(self.timeout));
        put("MemorySize", json!(self.memory));
        put("LastModified", json!(self.last_modified.iso_offset()));
        put("CodeSha256", json!(self.code.sha256_base64));
        put("Version", json!(self.version));
        if let Some(target) = &self.dead_letter {
            put("DeadLetterConfig", json!({"TargetArn": target.as_str()}));
        }
        if !self.variables.is_empty() {
            put("Environment", json!({"Variables": self.variables}));
        }
        if let Some(key) = &self.kms_key {
            put("KMSKeyArn", json!(key));
        }
        put("TracingConfig", json!({"Mode": self.tracing}));
        put("RevisionId", json!(self.revision));
        if phase == Phase::Creating {
            put("State", json!("Pending"));
            put("StateReason", json!("The function is being created."));
            put("StateReasonCode", json!("Creating"));
        } else {
            put("State", json!("Active"));
        }
        match phase {
            Phase::Creating => {}
            Phase::Updating => {
                put("LastUpdateStatus", json!("InProgress"));
                put("LastUpdateStatusReason", json!("The function is being created."));
                put("LastUpdateStatusReasonCode", json!("Creating"));
            }
            Phase::Ready => put("LastUpdateStatus", json!("Successful")),
        }
        put("PackageType", json!("Zip"));
        put("Architectures", json!([self.architecture]));
        put("EphemeralStorage", json!({"Size": self.ephemeral_storage}));
        put("SnapStart", json!({"ApplyOn": "None", "OptimizationStatus": "Off"}));
        put("RuntimeVersionConfig", json!({"RuntimeVersionArn": runtime_version_arn(function, &self.runtime)}));
        put("LoggingConfig", self.logging.shown(function));
        Value::Object(shown)
    }
}

/// The name of a runtime's build: any stable text of this form.
pub(super) fn runtime_version_arn(function: &Arn, runtime: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest: String = Sha256::digest(runtime.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("arn:{}:lambda:{}::runtime:{digest}", function.partition(), function.region())
}
