//! A running cloud: a state, an endpoint, a clock and the processes of its functions.

mod control;
mod in_process;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::api::{self, ApiError, Call, Protocol, Reply, Service};
use crate::id::{AccountId, Region};
use crate::runtime::{self, CodeStore, Completion, Effect, Host, HostOptions, Invocation, InvocationResult, Post};
use crate::services::{lambda, sns, sts};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};
use crate::wire::{self, Answer, CredentialScope, Decoded, HttpRequest};
use crate::{AccountId as Account, server};
use rootwatch_policy::Principal;

pub use in_process::{Endpoint, InProcess};

/// Who moves the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It follows the wall clock: for Terraform and for people.
    Wall,
    /// The test moves it; what is due at once happens at once.
    Owned,
}

/// How to start a cloud.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who moves the time.
    pub clock: Clock,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where the unpacked packages of functions are.
    pub code: Arc<CodeStore>,
    /// Environment variables that every function's process gets from its host, in addition to AWS's and its own: e.g. the
    /// sink's certificate authority. The authorities of `SSL_CERT_FILE` are also those that topics trust when they call
    /// HTTPS endpoints.
    pub host_variables: Vec<(String, String)>,
}

/// Why a cloud did not start.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// The port cannot be had.
    #[error("cannot listen on {address}: choose another port, or stop what listens there")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// The endpoint of a cloud without a socket. [D] RFC 6761: `.invalid` never resolves.
const NO_SOCKET: &str = "http://cloud.invalid";

/// A running cloud. Dropping it ends its endpoint and its processes.
#[derive(Debug)]
pub struct Cloud {
    inner: Arc<Inner>,
    endpoint: String,
    background: Vec<JoinHandle<()>>,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        for task in &self.background {
            task.abort();
        }
    }
}

/// What the endpoint and the background tasks share.
#[derive(Debug)]
pub(crate) struct Inner {
    state: Mutex<State>,
    clock: Clock,
    /// A moment of both clocks: the start, or when the clock was last moved.
    started: Mutex<(Instant, Time)>,
    /// Raised when the state is replaced: results of runs for an earlier one are dropped.
    epoch: AtomicU64,
    /// How often the state may have changed.
    changes: AtomicU64,
    /// Something changed: a task ran, an invocation ended, a call was made.
    changed: Notify,
    in_flight: AtomicUsize,
    waiting: Mutex<HashMap<String, oneshot::Sender<Completion>>>,
    host: Host,
    /// `http://127.0.0.1:PORT`
    endpoint: String,
    /// Certificate authorities of HTTPS endpoints.
    trusted: Option<PathBuf>,
    /// Runs the functions instead of the host.
    in_process: Option<Arc<dyn InProcess>>,
}

impl Cloud {
    /// Starts a cloud over a state.
    pub async fn start(state: State, options: Options) -> Result<Self, CloudError> {
        let listener = server::bind(options.port).await?;
        let address = listener
            .local_addr()
            .map_err(|source| CloudError::Bind { address: SocketAddr::from(([127, 0, 0, 1], options.port)), source })?;
        let mut cloud = Self::over(state, options, format!("http://{address}"), None);
        let served = server::serve(listener, Arc::downgrade(&cloud.inner), server::Patience::default());
        cloud.background.push(tokio::spawn(served));
        Ok(cloud)
    }

    /// Starts a cloud whose functions run in this process. Such a cloud has no socket: clients reach it through
    /// [`Cloud::local`].
    pub fn start_in_process(state: State, options: Options, functions: Arc<dyn InProcess>) -> Self {
        Self::over(state, options, NO_SOCKET.to_owned(), Some(functions))
    }

    fn over(state: State, options: Options, endpoint: String, in_process: Option<Arc<dyn InProcess>>) -> Self {
        let mut extra_variables = vec![("AWS_ENDPOINT_URL".to_owned(), endpoint.clone())];
        let trusted = options.host_variables.iter().find(|(name, _)| name == "SSL_CERT_FILE");
        let trusted = trusted.map(|(_, path)| PathBuf::from(path));
        extra_variables.extend(options.host_variables);
        let inner = Arc::new(Inner {
            clock: options.clock,
            started: Mutex::new((real_time(), state.now)),
            epoch: AtomicU64::new(0),
            state: Mutex::new(state),
            changes: AtomicU64::new(0),
            changed: Notify::new(),
            in_flight: AtomicUsize::new(0),
            waiting: Mutex::default(),
            host: Host::new(HostOptions { code: options.code, extra_variables }),
            endpoint: endpoint.clone(),
            trusted,
            in_process,
        });
        let mut background = Vec::new();
        if options.clock == Clock::Wall {
            background.push(tokio::spawn(follow_wall_clock(Arc::downgrade(&inner))));
        }
        inner.pump();
        Self { inner, endpoint, background }
    }

    /// The endpoint without a socket, for clients in this process.
    pub fn local(&self) -> Endpoint {
        Endpoint::of(&self.inner)
    }

    /// `http://127.0.0.1:PORT`, or an address that nothing answers if the cloud has no socket.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    #[cfg(test)]
    pub(crate) fn weak(&self) -> std::sync::Weak<Inner> {
        Arc::downgrade(&self.inner)
    }

    /// A copy of the state as it is now: the fork.
    pub fn snapshot(&self) -> State {
        self.inner.lock().clone()
    }

    /// A number that grows whenever the state may have changed, but for its clock: whoever keeps copies need not make
    /// one that is like the last.
    pub fn changes(&self) -> u64 {
        self.inner.changes.load(Ordering::SeqCst)
    }

    /// Reads or changes the state directly, then carries out what follows from it.
    pub fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let result = f(&mut self.inner.lock());
        self.inner.changes.fetch_add(1, Ordering::SeqCst);
        self.inner.pump();
        result
    }

    /// Calls an operation as the administrator of an account, without HTTP: for seeding.
    pub fn api(
        &self,
        account: &str,
        region: &str,
        service: Service,
        operation: &str,
        params: Value,
    ) -> Result<Value, ApiError> {
        // Values of the Query protocol are texts; JSON members are taken as they are.
        let protocol = match service {
            Service::Sns | Service::Iam | Service::Sts | Service::CloudWatch => Protocol::Query,
            Service::Account | Service::Lambda => Protocol::RestJson,
            Service::S3 => Protocol::RestXml,
            _ => Protocol::Json11,
        };
        let decoded = Decoded { service, operation: operation.to_owned(), protocol, params };
        let scope = CredentialScope {
            access_key: account.to_owned(),
            region: region.to_owned(),
            service: service.name().to_owned(),
        };
        let (result, _, _) = self.inner.call(&decoded, Some(&scope));
        self.inner.pump();
        match result? {
            Reply::Value(value) | Reply::Wait { otherwise: value, .. } => Ok(value),
            Reply::Raw { .. } | Reply::Invocation(_) => Ok(Value::Null),
        }
    }

    /// Waits until nothing is left to do at this moment of virtual time: no task due, no function running.
    pub async fn settle(&self) {
        self.inner.settle().await;
    }

    /// Lets virtual time pass: everything that falls due happens, in order. Only where the test owns the clock.
    pub async fn advance(&self, duration: Duration) {
        let target = self.inner.lock().now + duration;
        self.advance_while(target, State::next_due).await;
        self.inner.lock().now = target;
        self.settle().await;
    }

    /// Lets virtual time pass until no message is on its way any more, at most `limit`. Returns whether that is so.
    pub async fn advance_until_delivered(&self, limit: Duration) -> bool {
        let target = self.inner.lock().now + limit;
        loop {
            self.settle().await;
            let due = self.inner.lock().next_delivery_due();
            match due {
                None => return true,
                Some(due) if due > target => return false,
                Some(due) => self.advance_while(due, State::next_due).await,
            }
        }
    }

    async fn advance_while(&self, target: Time, next: impl Fn(&State) -> Option<Time>) {
        loop {
            self.settle().await;
            let mut state = self.inner.lock();
            match next(&state) {
                Some(due) if due <= target => state.now = state.now.max(due),
                _ => return,
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the wall clock is one of the two clocks")]
fn real_time() -> Instant {
    Instant::now()
}

async fn follow_wall_clock(cloud: std::sync::Weak<Inner>) {
    loop {
        let Some(cloud) = cloud.upgrade() else { return };
        let changed = cloud.changed.notified();
        cloud.pump();
        let (now, due) = {
            let state = cloud.lock();
            (state.now, state.next_due())
        };
        let wait =
            due.map_or(Duration::from_secs(1), |due| due - now).clamp(Duration::from_millis(1), Duration::from_secs(1));
        // Not a sleep for luck: the timer of the next task, cut short by any change.
        let _ = tokio::time::timeout(wait, changed).await;
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.clock == Clock::Wall {
            let (real, time) = *self.started.lock().unwrap_or_else(PoisonError::into_inner);
            state.now = state.now.max(time + real.elapsed());
        }
        state
    }

    async fn settle(self: &Arc<Self>) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            self.pump();
            if self.in_flight.load(Ordering::SeqCst) == 0 {
                return;
            }
            changed.await;
        }
    }

    /// Runs what is due and starts what the state asks for.
    fn pump(self: &Arc<Self>) {
        let (effects, epoch) = {
            let mut state = self.lock();
            let mut worked = false;
            while state.step() {
                worked = true;
            }
            let effects = state.take_effects();
            if worked || !effects.is_empty() {
                self.changes.fetch_add(1, Ordering::SeqCst);
                self.changed.notify_waiters();
            }
            // Counted under the lock, so that nobody sees a quiet moment between the two.
            let running = effects.iter().filter(|effect| matches!(effect, Effect::Invoke(_) | Effect::Post(_))).count();
            self.in_flight.fetch_add(running, Ordering::SeqCst);
            (effects, self.epoch.load(Ordering::SeqCst))
        };
        for effect in effects {
            match effect {
                Effect::Invoke(invocation) => {
                    tokio::spawn(Arc::clone(self).invoke(*invocation, epoch));
                }
                Effect::Post(post) => {
                    tokio::spawn(Arc::clone(self).post(*post, epoch));
                }
                other => self.host.apply(other),
            }
        }
    }

    async fn invoke(self: Arc<Self>, invocation: Invocation, epoch: u64) {
        let completion = match &self.in_process {
            Some(functions) => Arc::clone(functions).invoke(invocation.clone(), Endpoint::of(&self)).await,
            None => self.host.invoke(invocation.clone()).await,
        };
        let waiter = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&invocation.request_id);
        if let Some(waiter) = waiter {
            // Whoever asked may have gone away.
            let _ = waiter.send(completion.clone());
        }
        {
            let mut state = self.lock();
            if self.epoch.load(Ordering::SeqCst) == epoch {
                lambda::completed(&mut state, invocation, completion);
            }
        }
        // What follows is started before this run stops counting.
        self.pump();
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    async fn post(self: Arc<Self>, post: Post, epoch: u64) {
        let answer = runtime::post(&post, &self.endpoint, self.trusted.as_deref()).await;
        {
            let mut state = self.lock();
            if self.epoch.load(Ordering::SeqCst) == epoch {
                sns::posted(&mut state, post.purpose, answer);
            }
        }
        // As with a function's run.
        self.pump();
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// Answers a request.
    pub(crate) async fn answer(self: &Arc<Self>, request: &HttpRequest) -> Answer {
        let scope = CredentialScope::of(request);
        let decoded = match wire::decode(request, scope.as_ref()) {
            Ok(decoded) => decoded,
            Err(error) => return wire::error(None, request.protocol(), &error, &self.lock().uuid()),
        };
        // Every try would count the wait from its own moment; the first one's end holds.
        let mut end = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let (result, request_id, waiter) = self.call(&decoded, scope.as_ref());
            self.pump();
            let answer =
                |value: &Value| wire::reply(decoded.service, decoded.protocol, &decoded.operation, value, &request_id);
            return match result {
                Ok(Reply::Value(value)) => answer(&value),
                Ok(Reply::Raw { status, mut headers, body }) => {
                    headers.push(("x-amzn-requestid", request_id));
                    Answer { status, headers, body }
                }
                Ok(Reply::Wait { until, otherwise }) => {
                    let now = self.lock().now;
                    let until = *end.get_or_insert(until);
                    // Where the test owns the clock, time does not pass while a client waits.
                    if self.clock == Clock::Owned || now >= until {
                        return answer(&otherwise);
                    }
                    let _ = tokio::time::timeout(until - now, changed).await;
                    continue;
                }
                Ok(Reply::Invocation(_)) => match waiter {
                    Some(waiter) => invocation_answer(waiter.await.ok(), request_id),
                    None => answer(&Value::Null),
                },
                Err(error) => wire::error(Some(decoded.service), decoded.protocol, &error, &request_id),
            };
        }
    }

    fn call(
        &self,
        decoded: &Decoded,
        scope: Option<&CredentialScope>,
    ) -> (Result<Reply, ApiError>, String, Option<oneshot::Receiver<Completion>>) {
        let mut state = self.lock();
        self.changes.fetch_add(1, Ordering::SeqCst);
        let request_id = state.uuid();
        let (caller, account) = match caller(&state, scope) {
            Ok(caller) => caller,
            Err(error) => return (Err(error), request_id, None),
        };
        let region = scope.map_or_else(|| Region::new("us-east-1"), |scope| Region::new(&scope.region));
        let mut call = Call {
            state: &mut state,
            service: decoded.service,
            operation: decoded.operation.clone(),
            protocol: decoded.protocol,
            caller: caller.clone(),
            account,
            region,
            params: decoded.params.clone(),
            request_id: request_id.clone(),
        };
        let result = guarded(&mut call);
        if let Err(error) = &result {
            trace_failure(&mut state, decoded, &caller, error);
        }
        let waiter = match &result {
            Ok(Reply::Invocation(id)) => {
                let (sender, receiver) = oneshot::channel();
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sender);
                Some(receiver)
            }
            _ => None,
        };
        (result, request_id, waiter)
    }
}

/// Carries out a call. A panic is a mistake of ours, and must neither end the connection without a word nor pass for the
/// caller's: it is answered as AWS answers its own.
fn guarded(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let called = format!("{}:{}", call.service.name(), call.operation);
    // The state is whatever the operation had made of it by then; the clients' next calls find it so.
    panic::catch_unwind(AssertUnwindSafe(|| api::dispatch(call))).unwrap_or_else(|_| {
        let text = format!("rootwatch: {called} panicked: please report it with the message on standard error");
        Err(ApiError::new("InternalFailure", text).status(500))
    })
}

/// A call of a role's session that failed: on the monitor's way that is a function. Denials are traced where they are
/// decided.
fn trace_failure(state: &mut State, decoded: &Decoded, caller: &Principal, error: &ApiError) {
    if !matches!(caller, Principal::Role { .. }) || error.code.contains("AccessDenied") {
        return;
    }
    state.trace(Entry {
        at: state.now,
        hop: Hop::Api,
        resource: format!("{}:{}", decoded.service.name(), decoded.operation),
        outcome: Outcome::Failed,
        detail: format!("{}: {} (called by {})", error.code, error.message, caller.arn()),
        principal: None,
        decision: None,
    });
}

/// The principal of an access key: an account's administrator (12 digits) or a session.
fn caller(state: &State, scope: Option<&CredentialScope>) -> Result<(Principal, AccountId), ApiError> {
    let Some(scope) = scope else {
        return Ok((Principal::Anonymous, Account::new("anonymous")));
    };
    let region = Region::new(&scope.region);
    let principal = sts::principal_of(state, &scope.access_key, &region).ok_or_else(|| {
        ApiError::new(
            "InvalidClientTokenId",
            format!(
                "The security token included in the request is invalid. (rootwatch: access key `{}` is neither a \
                 12-digit account id, which is that account's administrator, nor an active key of a user or a session made here)",
                scope.access_key
            ),
        )
        .status(403)
    })?;
    let account = Account::new(principal.account().unwrap_or_default());
    Ok((principal, account))
}

/// What a synchronous Invoke answers. [D] API_Invoke
fn invocation_answer(completion: Option<Completion>, request_id: String) -> Answer {
    let mut headers = vec![("content-type", "application/json".to_owned()), ("x-amzn-requestid", request_id)];
    headers.push(("x-amz-executed-version", "$LATEST".to_owned()));
    let body = match completion.map(|completion| completion.result) {
        Some(InvocationResult::Response(body)) => body.into_bytes(),
        Some(InvocationResult::Error { error_type, message }) => {
            headers.push(("x-amz-function-error", "Unhandled".to_owned()));
            serde_json::json!({"errorMessage": message, "errorType": error_type}).to_string().into_bytes()
        }
        None => {
            headers.push(("x-amz-function-error", "Unhandled".to_owned()));
            br#"{"errorMessage":"the cloud ended during the invocation","errorType":"Runtime.Unknown"}"#.to_vec()
        }
    };
    Answer { status: 200, headers, body }
}
