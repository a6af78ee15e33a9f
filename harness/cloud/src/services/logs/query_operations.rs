//! Saved queries.

use serde_json::{Value, json};

use super::group::QueryDefinition;
use crate::api::{ApiError, Call, Reply};

pub(super) fn put_query_definition(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let owner = call.arn("query-definition:*");
    call.authorise("logs:PutQueryDefinition", &owner)?;
    let id = match call.text("queryDefinitionId") {
        Some(id) => id.to_owned(),
        None => call.state.uuid(),
    };
    let groups = call.params.get("logGroupNames").and_then(Value::as_array).cloned().unwrap_or_default();
    let query = QueryDefinition {
        owner,
        name: call.text("name").unwrap_or_default().to_owned(),
        query: call.text("queryString").unwrap_or_default().to_owned(),
        groups: groups.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        modified: call.state.now,
    };
    call.state.logs.queries.insert(id.clone(), query);
    Ok(json!({"queryDefinitionId": id}).into())
}

pub(super) fn describe_query_definitions(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let owner = call.arn("query-definition:*");
    call.authorise("logs:DescribeQueryDefinitions", &owner)?;
    let prefix = call.text("queryDefinitionNamePrefix").unwrap_or_default();
    let own = call.state.logs.queries.iter();
    let own = own.filter(|(_, query)| query.owner == owner && query.name.starts_with(prefix));
    let queries: Vec<Value> = own
        .map(|(id, query)| {
            json!({
                "queryDefinitionId": id, "name": query.name, "queryString": query.query,
                "logGroupNames": query.groups, "lastModified": query.modified.0, "queryLanguage": "CWLI",
            })
        })
        .collect();
    Ok(json!({"queryDefinitions": queries}).into())
}

pub(super) fn delete_query_definition(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let owner = call.arn("query-definition:*");
    call.authorise("logs:DeleteQueryDefinition", &owner)?;
    let id = call.text("queryDefinitionId").unwrap_or_default().to_owned();
    match call.state.logs.queries.remove(&id) {
        Some(_) => Ok(json!({"success": true}).into()),
        None => Err(ApiError::new("ResourceNotFoundException", "The specified query definition does not exist.")),
    }
}
