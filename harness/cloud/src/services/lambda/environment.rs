//! What a function's process is started with: AWS's environment variables, the function's own, and the credentials of
//! its role. [V] LS:lambda_/test_lambda_common::test_introspection_invoke[provided.al2023]

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::function::Configuration;
use super::package;
use crate::id::Arn;
use crate::runtime::{Environment, Language};
use crate::services::{iam, sts};
use crate::state::State;
use crate::time::Time;
use crate::trace::Hop;
use rootwatch_policy::{Context, Principal};

/// The service that assumes execution roles.
pub(super) const SERVICE: &str = "lambda.amazonaws.com";

/// How long an environment keeps its credentials. [?] AWS renews environments after some hours.
const LIFETIME: Duration = Duration::from_secs(6 * 3600);
/// How long the credentials are good for.
const SESSION_SECONDS: i64 = 12 * 3600;

/// An environment that processes were started with, and are started with until it is renewed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Prepared {
    pub(super) environment: Environment,
    /// The log stream of its processes.
    pub(super) stream: String,
    from: Time,
    until: Time,
}

/// The session of a function's execution role, if the role's trust policy lets Lambda assume it.
///
/// # Errors
/// The reason, in words.
pub(super) fn execution_role(state: &mut State, hop: Hop, function: &Arn, role: &Arn) -> Result<Principal, String> {
    iam::service_session(state, hop, SERVICE, role, function.name(), Context::new()).map_err(|error| error.message)
}

/// The environment of the function's processes, made anew when there is none or its credentials grow old.
pub(super) fn prepare(state: &mut State, function: &Arn) -> Option<Environment> {
    let now = state.now;
    let found = state.lambda.functions.get(function)?;
    if let Some(prepared) = found.prepared.as_ref().filter(|prepared| (prepared.from..prepared.until).contains(&now)) {
        return Some(prepared.environment.clone());
    }
    let configuration = found.latest.clone();
    let stream = format!("{}[$LATEST]{}", now.format("%Y/%m/%d/"), state.hex(32));
    let credentials = sts::issue(state, &configuration.role, function.name(), SESSION_SECONDS);
    let trace = format!("Root=1-{:08x}-{};Parent={};Sampled=0", now.seconds(), state.hex(24), state.hex(16));
    let mut variables = platform(function, &configuration, &stream, trace);
    variables.extend([
        ("AWS_ACCESS_KEY_ID".to_owned(), credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), credentials.secret_access_key),
        ("AWS_SESSION_TOKEN".to_owned(), credentials.session_token),
    ]);
    for (name, value) in &configuration.variables {
        // A few of AWS's own may be set, such as PATH and TZ.
        variables.retain(|(platform, _)| platform != name);
        variables.push((name.clone(), value.clone()));
    }
    let language = package::language(&configuration.runtime).unwrap_or(Language::Other);
    // OS-only runtimes do not have it. [D] configuration-envvars
    if language != Language::Bootstrap {
        variables.push(("AWS_EXECUTION_ENV".to_owned(), format!("AWS_Lambda_{}", configuration.runtime)));
    }
    let environment = Environment { code_sha256: configuration.code.sha256, language, variables };
    let prepared = Prepared { environment: environment.clone(), stream, from: now, until: now + LIFETIME };
    state.lambda.functions.get_mut(function)?.prepared = Some(prepared);
    Some(environment)
}

/// All but the credentials and `AWS_LAMBDA_RUNTIME_API`, which the host adds.
fn platform(function: &Arn, configuration: &Configuration, stream: &str, trace: String) -> Vec<(String, String)> {
    let region = function.region();
    let own = [
        ("AWS_DEFAULT_REGION", region.to_string()),
        ("AWS_REGION", region.to_string()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", configuration.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name().to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", configuration.version.clone()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", configuration.logging.group(function)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", stream.to_owned()),
        ("_HANDLER", configuration.handler.clone()),
        ("_X_AMZN_TRACE_ID", trace),
    ];
    let constant = [
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
        ("AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000"),
        ("_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1"),
        ("_AWS_XRAY_DAEMON_PORT", "2000"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LANG", "en_US.UTF-8"),
        (
            "LD_LIBRARY_PATH",
            "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        ),
        ("PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ("TZ", ":UTC"),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    own.chain(constant.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}
