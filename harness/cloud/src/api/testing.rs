//! A call of an operation as the endpoint makes it, for the services' own tests.

use serde_json::Value;

use super::{ApiError, Call, Protocol, Reply, Service, dispatch};
use crate::state::State;
use rootwatch_policy::Principal;

/// The administrator of an account.
pub(crate) fn administrator(account: &str) -> Principal {
    Principal::Administrator { account: account.into(), arn: format!("arn:aws:iam::{account}:user/administrator") }
}

/// Calls an operation in an account and a Region. Of a bare answer the body is what is answered, as text.
pub(crate) fn call(
    state: &mut State,
    caller: Principal,
    (account, region): (&str, &str),
    (service, protocol): (Service, Protocol),
    operation: &str,
    params: Value,
) -> Result<Value, ApiError> {
    let reply = dispatch(&mut Call {
        state,
        service,
        operation: operation.into(),
        protocol,
        caller,
        account: account.into(),
        region: region.into(),
        params,
        request_id: "request".into(),
    })?;
    match reply {
        Reply::Value(value) => Ok(value),
        Reply::Raw { body, .. } => Ok(String::from_utf8_lossy(&body).into()),
        other => panic!("{other:?}"),
    }
}
