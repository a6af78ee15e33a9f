//! The paths of Lambda's REST API. [D] Lambda API reference, "Request Syntax" of each operation

/// Which method and path mean which operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path; `{Name}` is a segment that becomes the member `Name`.
    pub path: &'static str,
    /// AWS's name of the operation.
    pub operation: &'static str,
}

const fn route(method: &'static str, path: &'static str, operation: &'static str) -> Route {
    Route { method, path, operation }
}

/// The operations by method and path, those that this cloud refuses by name among them.
pub const ROUTES: &[Route] = &[
    route("POST", "/2015-03-31/functions", "CreateFunction"),
    route("GET", "/2015-03-31/functions", "ListFunctions"),
    route("GET", "/2015-03-31/functions/{FunctionName}", "GetFunction"),
    route("DELETE", "/2015-03-31/functions/{FunctionName}", "DeleteFunction"),
    route("GET", "/2015-03-31/functions/{FunctionName}/configuration", "GetFunctionConfiguration"),
    route("PUT", "/2015-03-31/functions/{FunctionName}/configuration", "UpdateFunctionConfiguration"),
    route("PUT", "/2015-03-31/functions/{FunctionName}/code", "UpdateFunctionCode"),
    route("GET", "/2015-03-31/functions/{FunctionName}/versions", "ListVersionsByFunction"),
    route("POST", "/2015-03-31/functions/{FunctionName}/versions", "PublishVersion"),
    route("POST", "/2015-03-31/functions/{FunctionName}/invocations", "Invoke"),
    route("GET", "/2019-09-30/functions/{FunctionName}/concurrency", "GetFunctionConcurrency"),
    route("PUT", "/2017-10-31/functions/{FunctionName}/concurrency", "PutFunctionConcurrency"),
    route("DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", "DeleteFunctionConcurrency"),
    route("GET", "/2020-06-30/functions/{FunctionName}/code-signing-config", "GetFunctionCodeSigningConfig"),
    route("GET", "/2021-07-20/functions/{FunctionName}/runtime-management-config", "GetRuntimeManagementConfig"),
    route("GET", "/2015-03-31/functions/{FunctionName}/policy", "GetPolicy"),
    route("POST", "/2015-03-31/functions/{FunctionName}/policy", "AddPermission"),
    route("DELETE", "/2015-03-31/functions/{FunctionName}/policy/{StatementId}", "RemovePermission"),
    route("POST", "/2015-03-31/event-source-mappings", "CreateEventSourceMapping"),
    route("GET", "/2015-03-31/event-source-mappings", "ListEventSourceMappings"),
    route("GET", "/2015-03-31/event-source-mappings/{UUID}", "GetEventSourceMapping"),
    route("PUT", "/2015-03-31/event-source-mappings/{UUID}", "UpdateEventSourceMapping"),
    route("DELETE", "/2015-03-31/event-source-mappings/{UUID}", "DeleteEventSourceMapping"),
    route("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "GetFunctionEventInvokeConfig"),
    route("PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "PutFunctionEventInvokeConfig"),
    route("POST", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "UpdateFunctionEventInvokeConfig"),
    route("DELETE", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "DeleteFunctionEventInvokeConfig"),
    route("GET", "/2017-03-31/tags/{Resource}", "ListTags"),
    route("POST", "/2017-03-31/tags/{Resource}", "TagResource"),
    route("DELETE", "/2017-03-31/tags/{Resource}", "UntagResource"),
    // Known, so that the refusal names the operation and not a path.
    route("GET", "/2016-08-19/account-settings", "GetAccountSettings"),
    route("POST", "/2015-03-31/functions/{FunctionName}/aliases", "CreateAlias"),
    route("GET", "/2015-03-31/functions/{FunctionName}/aliases", "ListAliases"),
    route("GET", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "GetAlias"),
    route("PUT", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "UpdateAlias"),
    route("DELETE", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "DeleteAlias"),
    route("POST", "/2021-10-31/functions/{FunctionName}/url", "CreateFunctionUrlConfig"),
    route("GET", "/2021-10-31/functions/{FunctionName}/url", "GetFunctionUrlConfig"),
    route("GET", "/2024-08-31/functions/{FunctionName}/recursion-config", "GetFunctionRecursionConfig"),
    route("PUT", "/2024-08-31/functions/{FunctionName}/recursion-config", "PutFunctionRecursionConfig"),
    route("PUT", "/2021-07-20/functions/{FunctionName}/runtime-management-config", "PutRuntimeManagementConfig"),
    route("PUT", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency", "PutProvisionedConcurrencyConfig"),
    route("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config/list", "ListFunctionEventInvokeConfigs"),
    route("GET", "/2018-10-31/layers", "ListLayers"),
];
