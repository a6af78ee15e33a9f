//! The configuration that is applied: the untouched modules, once per account and Region.
//!
//! Terraform cannot iterate over providers, so several Regions and spokes need one block each; generating them is what
//! a team with many accounts does from a pipeline. The plain root module is tested as a deployment of its own.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::deployment::{Accounts, Coverage};

/// The directory of files for the generated root module, among files for the modules that it calls.
pub const GENERATED_ROOT: &str = "root";

/// A generated root module.
#[derive(Clone, Debug, PartialEq)]
pub struct Composition {
    /// `main.tf.json`
    pub main: Value,
}

/// The inputs of the hub.
#[derive(Clone, Debug)]
pub struct HubInputs<'a> {
    /// Variables of the hub module; `source` and `providers` are added.
    pub variables: Map<String, Value>,
    /// The log group of the spoke's trail, which the log alarm watches.
    pub log_group: Option<&'a str>,
}

fn alias(account: &str, region: &str) -> String {
    format!("{account}_{}", region.replace('-', "_"))
}

fn in_account(accounts: &Accounts, account: &str, alias: &str, region: &str) -> Value {
    json!({
        "alias": alias, "region": region, "allowed_account_ids": [account],
        "assume_role": [{"role_arn": accounts.deploy_role_in(account), "external_id": accounts.external_id}],
    })
}

/// What the harness observes.
fn outputs() -> Map<String, Value> {
    let names = ["topic_arns", "queue_arns", "email_topic_arns", "kms_key_arn", "coverage_table_name"];
    names.map(|name| (name.to_owned(), json!({"value": format!("${{module.hub.{name}}}")}))).into_iter().collect()
}

/// Composes hub, spokes and log alarm. The modules are found at `../tree/modules`.
pub fn composition(accounts: &Accounts, coverage: &Coverage, inputs: HubInputs<'_>) -> Composition {
    let mut providers = Vec::new();
    let mut modules = Map::new();
    let hub_regions: BTreeSet<&String> = coverage.hub.iter().chain([&accounts.hub_region]).collect();
    for region in &hub_regions {
        providers.push(json!({
            "alias": alias("hub", region), "region": region, "allowed_account_ids": [accounts.hub],
        }));
    }
    for region in &coverage.spoke {
        providers.push(in_account(accounts, &accounts.spoke, &alias("spoke", region), region));
    }
    // An id begins with a digit, which no name in Terraform may.
    let mut further = Vec::new();
    for (account, region) in
        accounts.further().flat_map(|account| coverage.further.iter().map(move |region| (account, region)))
    {
        let name = alias(&format!("account_{account}"), region);
        providers.push(in_account(accounts, account, &name, region));
        further.push(name);
    }
    // Variables that hub and spokes have in common; the hub has no `alarms`.
    let shared =
        ["alarms", "heartbeat", "name_prefix", "permissions_boundary", "read_only_events", "role_path", "tags"];
    let shared: Map<String, Value> =
        inputs.variables.clone().into_iter().filter(|(name, _)| shared.contains(&name.as_str())).collect();
    let mut hub = inputs.variables;
    hub.shift_remove("alarms");
    hub.insert("source".into(), "../tree/modules/hub".into());
    hub.insert("providers".into(), json!({"aws": format!("aws.{}", alias("hub", &accounts.hub_region))}));
    modules.insert("hub".into(), Value::Object(hub));
    let regional = [("hub", &coverage.hub), ("spoke", &coverage.spoke)];
    let regional =
        regional.into_iter().flat_map(|(account, regions)| regions.iter().map(move |region| alias(account, region)));
    for name in regional.chain(further) {
        let mut spoke = shared.clone();
        spoke.insert("source".into(), "../tree/modules/spoke".into());
        spoke.insert("providers".into(), json!({"aws": format!("aws.{name}")}));
        spoke.insert("hub_event_bus_arn".into(), "${module.hub.event_bus_arn}".into());
        // As in the root modules: where an alarm can act on the topic itself, the hub's bus is not needed.
        if name == alias("hub", &accounts.hub_region) {
            spoke.insert("forward_alarms".into(), false.into());
            spoke.insert("health_topic_arn".into(), "${module.hub.topic_arns.health}".into());
        }
        modules.insert(format!("deliver_{name}"), Value::Object(spoke));
    }
    if let (Some(log_group), Some(region)) =
        (inputs.log_group, coverage.spoke.contains(&accounts.hub_region).then_some(&accounts.hub_region))
    {
        modules.insert(
            "log_alarm".into(),
            json!({
                "source": "../tree/modules/log-alarm",
                "providers": {"aws": format!("aws.{}", alias("spoke", region))},
                "hub_event_bus_arn": "${module.hub.event_bus_arn}",
                "log_group_name": log_group,
            }),
        );
    }
    Composition {
        main: json!({
            "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
            "provider": {"aws": providers},
            "module": modules,
            "output": outputs(),
        }),
    }
}
