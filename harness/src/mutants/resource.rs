//! The deployed resources, as Terraform's state lists them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A deployed resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The Terraform address, for example `module.hub.aws_sns_topic.this["login"]`.
    pub address: String,
    /// The Terraform type.
    pub kind: String,
    /// The names of the modules that contain it, outermost first, without instance keys.
    pub modules: Vec<String>,
    /// The name within its module.
    pub name: String,
    /// The ARN; of what has none (targets, policies) the ARN of the resource that it belongs to.
    pub arn: String,
    /// The account.
    pub account: String,
    /// The Region; of IAM's resources that of their provider.
    pub region: String,
    /// Arguments and attributes.
    pub attributes: Map<String, Value>,
}

impl Resource {
    /// A text attribute; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A member of the first block of a name.
    pub fn block(&self, name: &str) -> Option<&Map<String, Value>> {
        self.attributes.get(name)?.as_array()?.first()?.as_object()
    }
}

#[derive(Deserialize)]
struct TerraformState {
    #[serde(default)]
    resources: Vec<InState>,
}

#[derive(Deserialize)]
struct InState {
    #[serde(default)]
    module: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    provider: String,
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(default)]
    index_key: Value,
    #[serde(default)]
    attributes: Map<String, Value>,
}

/// Reads Terraform's state (format 4). Resources are in the order of their addresses.
///
/// # Errors
/// When the text is no such state.
pub fn resources(terraform_state: &str) -> Result<Vec<Resource>, serde_json::Error> {
    let state: TerraformState = serde_json::from_str(terraform_state)?;
    let managed: Vec<InState> = state.resources.into_iter().filter(|resource| resource.mode == "managed").collect();
    let places = places(&managed);
    let mut resources = Vec::new();
    for InState { module, kind, name, provider, instances, .. } in managed {
        let (account, region) = places.get(&provider).cloned().unwrap_or_default();
        for Instance { index_key, attributes } in instances {
            let key = match &index_key {
                Value::Null => String::new(),
                key => format!("[{key}]"),
            };
            let dot = if module.is_empty() { "" } else { "." };
            let mut resource = Resource {
                address: format!("{module}{dot}{kind}.{name}{key}"),
                kind: kind.clone(),
                modules: module_names(&module),
                name: name.clone(),
                arn: String::new(),
                account: account.clone(),
                region: region.clone(),
                attributes,
            };
            resource.arn = arn(&resource);
            resources.push(resource);
        }
    }
    resources.sort_by(|one, other| one.address.cmp(&other.address));
    Ok(resources)
}

/// Account and Region of each provider configuration, from the ARNs of what it made.
fn places(resources: &[InState]) -> BTreeMap<String, (String, String)> {
    let mut places: BTreeMap<String, (String, String)> = BTreeMap::new();
    for resource in resources {
        // Their ARNs are those of other resources, which may be elsewhere.
        if matches!(resource.kind.as_str(), "aws_cloudwatch_event_target" | "aws_sns_topic_policy") {
            continue;
        }
        for instance in &resource.instances {
            let Some(arn) = instance.attributes.get("arn").and_then(Value::as_str) else { continue };
            let parts: Vec<&str> = arn.splitn(6, ':').collect();
            let [_, _, _, region, account, _] = parts.as_slice() else { continue };
            let place = places.entry(resource.provider.clone()).or_default();
            if place.0.is_empty() {
                place.0 = (*account).to_owned();
            }
            if place.1.is_empty() {
                place.1 = (*region).to_owned();
            }
        }
    }
    places
}

/// `module.hub.module.slack["main"]` → `hub`, `slack`.
fn module_names(module: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = module;
    while let Some(start) = rest.find("module.") {
        rest = &rest[start + "module.".len()..];
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        names.push(rest[..end].to_owned());
        rest = &rest[end..];
        if rest.starts_with('[') {
            rest = rest.find("]").map_or("", |end| &rest[end + 1..]);
        }
    }
    names
}

fn arn(resource: &Resource) -> String {
    let Resource { account, region, .. } = resource;
    let bus = || resource.text("event_bus_name").filter(|bus| *bus != "default");
    match resource.kind.as_str() {
        "aws_cloudwatch_event_bus_policy" => {
            format!("arn:aws:events:{region}:{account}:event-bus/{}", bus().unwrap_or("default"))
        }
        "aws_cloudwatch_event_target" => {
            let bus = bus().map(|bus| format!("{bus}/")).unwrap_or_default();
            format!("arn:aws:events:{region}:{account}:rule/{bus}{}", resource.text("rule").unwrap_or_default())
        }
        "aws_iam_role_policy" | "aws_iam_role_policy_attachment" => {
            format!("arn:aws:iam::{account}:role/{}", resource.text("role").unwrap_or_default())
        }
        "aws_sqs_queue_policy" => {
            let name = resource.text("queue_url").and_then(|url| url.rsplit('/').next()).unwrap_or_default();
            format!("arn:aws:sqs:{region}:{account}:{name}")
        }
        "aws_cloudwatch_log_metric_filter" => {
            format!("arn:aws:logs:{region}:{account}:log-group:{}", resource.text("log_group_name").unwrap_or_default())
        }
        _ => resource.text("arn").unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_and_arns_of_instances() {
        let state = json!({"version": 4, "resources": [
            {"mode": "data", "type": "aws_partition", "name": "x", "provider": "p", "instances": [{}]},
            {"module": "module.hub.module.slack[\"main\"].module.function", "mode": "managed", "type": "aws_sqs_queue",
             "name": "this", "provider": "p.hub", "instances": [{"attributes": {
                "arn": "arn:aws:sqs:eu-west-1:999988887777:rootwatch-slack-main", "name": "rootwatch-slack-main"}}]},
            {"module": "module.hub", "mode": "managed", "type": "aws_cloudwatch_event_target", "name": "t",
             "provider": "p.hub", "instances": [{"index_key": "raised", "attributes": {
                "arn": "arn:aws:sns:us-east-1:111122223333:x", "rule": "r", "event_bus_name": "b"}}]},
        ]});
        let found = resources(&state.to_string()).unwrap();
        let shown: Vec<(&str, &str)> = found.iter().map(|it| (it.address.as_str(), it.arn.as_str())).collect();
        assert_eq!(
            shown,
            [
                (
                    "module.hub.aws_cloudwatch_event_target.t[\"raised\"]",
                    "arn:aws:events:eu-west-1:999988887777:rule/b/r"
                ),
                (
                    "module.hub.module.slack[\"main\"].module.function.aws_sqs_queue.this",
                    "arn:aws:sqs:eu-west-1:999988887777:rootwatch-slack-main"
                ),
            ]
        );
        assert_eq!(found[1].modules, ["hub", "slack", "function"]);
    }
}
