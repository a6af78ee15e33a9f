//! Account Management, as far as Regions go: which of the Regions that an account opts into it has.
//! [D] Account Management reference guide, manage-acct-regions; API_EnableRegion and its siblings

mod operations;
mod region;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::api::{ApiError, Call, Operation, Protocol, Service};
use crate::id::{AccountId, Region};
use crate::services::lambda::Route;
use crate::table::Table;

/// State of the service. A new account of AWS has none of the Regions that it can opt into; here it has them all, so that
/// whoever does not ask for their absence need not enable them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    disabled: Table<AccountId, BTreeSet<Region>>,
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted("DisableRegion", operations::disable, "at once; what is in the Region goes on working"),
    Operation::noted("EnableRegion", operations::enable, "at once"),
    Operation::new("GetRegionOptStatus", operations::get_status),
    Operation::new("ListRegions", operations::list),
];

/// The operations by method and path.
pub const ROUTES: &[Route] = &[
    Route { method: "POST", path: "/disableRegion", operation: "DisableRegion" },
    Route { method: "POST", path: "/enableRegion", operation: "EnableRegion" },
    Route { method: "POST", path: "/getRegionOptStatus", operation: "GetRegionOptStatus" },
    Route { method: "POST", path: "/listRegions", operation: "ListRegions" },
];

impl State {
    /// Whether the account has the Region.
    pub fn has(&self, account: &str, region: &Region) -> bool {
        self.disabled.get(account).is_none_or(|disabled| !disabled.contains(region))
    }
}

/// Credentials mean nothing in a Region that their account has not: the services say so as they say it of any others.
/// [T] STS: remotion-dev/github-unwrapped-2022 34; EventBridge: mozilla/guardduty-multi-account-manager 42; of the other
/// services by their protocols. [?]
pub(crate) fn refuse_disabled(call: &Call<'_>) -> Result<(), ApiError> {
    if call.state.account.has(call.account.as_str(), &call.region) {
        return Ok(());
    }
    let code = match (call.protocol, call.service) {
        (Protocol::RestXml, _) => "InvalidAccessKeyId",
        (Protocol::Query, _) | (_, Service::Sqs | Service::CloudWatch) => "InvalidClientTokenId",
        _ => "UnrecognizedClientException",
    };
    let status = match call.protocol {
        Protocol::Json10 | Protocol::Json11 => 400,
        Protocol::Query | Protocol::RestJson | Protocol::RestXml | Protocol::Cbor => 403,
    };
    Err(ApiError::new(code, "The security token included in the request is invalid.").status(status))
}
