//! A call of an operation as the endpoint makes it, for the services' own tests.

use serde_json::Value;

use super::{ApiError, Call, Protocol, Reply, Service, dispatch};
use crate::policy::Principal;
use crate::state::State;

/// The administrator of an account.
pub(crate) fn administrator(account: &str) -> Principal {
    Principal::Administrator { account: account.into(), arn: format!("arn:aws:iam::{account}:user/administrator") }
}

/// Calls an operation in an account and a Region.
pub(crate) fn call(
    state: &mut State,
    caller: Principal,
    place: (&str, &str),
    wire: (Service, Protocol),
    operation: &str,
    params: Value,
) -> Result<Value, ApiError> {
    match reply(state, caller, place, wire, operation, params)? {
        Reply::Value(value) => Ok(value),
        other => panic!("{other:?}"),
    }
}

/// The same where the answer may be bare: its body is text.
pub(crate) fn bare(
    state: &mut State,
    caller: Principal,
    place: (&str, &str),
    wire: (Service, Protocol),
    operation: &str,
    params: Value,
) -> Result<Value, ApiError> {
    match reply(state, caller, place, wire, operation, params)? {
        Reply::Value(value) => Ok(value),
        Reply::Raw { body, .. } => Ok(String::from_utf8(body).expect("a text").into()),
        other => panic!("{other:?}"),
    }
}

fn reply(
    state: &mut State,
    caller: Principal,
    (account, region): (&str, &str),
    (service, protocol): (Service, Protocol),
    operation: &str,
    params: Value,
) -> Result<Reply, ApiError> {
    dispatch(&mut Call {
        state,
        service,
        operation: operation.into(),
        protocol,
        caller,
        account: account.into(),
        region: region.into(),
        params,
        request_id: "request".into(),
    })
}
