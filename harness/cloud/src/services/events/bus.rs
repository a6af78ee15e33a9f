//! Event buses.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rule::Rule;
use super::rule_index::RuleIndex;
use crate::api::{ApiError, Call};
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn, Region};
use crate::table::Table;
use crate::time::Time;

/// The name of the bus that every account has in every Region.
pub(super) const DEFAULT: &str = "default";

/// Buses of all accounts and Regions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(super) buses: Table<Arn, EventBus>,
}

/// One bus with its rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventBus {
    pub(super) description: Option<String>,
    /// Who else may use the bus; its owner needs no policy. [D] eb-event-bus-perms
    pub(super) policy: Option<PolicyText>,
    /// Only echoed: it is used for events that a customer-managed key keeps from being matched.
    pub(super) dead_letter_config: Option<Value>,
    /// Only echoed.
    pub(super) log_config: Option<Value>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Time,
    pub(super) modified: Time,
    /// By name.
    pub(super) rules: Table<String, Rule>,
    /// Over the rules; made when it is first needed, and anew after the bus was open to change.
    #[serde(skip)]
    pub(super) index: OnceLock<Arc<RuleIndex>>,
}

impl EventBus {
    pub(super) fn new(now: Time) -> Self {
        Self {
            description: None,
            policy: None,
            dead_letter_config: None,
            log_config: None,
            tags: BTreeMap::new(),
            created: now,
            modified: now,
            rules: Table::default(),
            index: OnceLock::new(),
        }
    }
    pub(super) fn index(&self) -> Arc<RuleIndex> {
        Arc::clone(self.index.get_or_init(|| Arc::new(RuleIndex::new(&self.rules))))
    }
}

impl State {
    /// The dead-letter queues of the rules' targets.
    pub(crate) fn dead_letter_queues(&self) -> impl Iterator<Item = Arn> {
        let rules = self.buses.values().flat_map(|bus| bus.rules.values());
        rules.flat_map(|rule| &rule.targets).filter_map(|target| target.dead_letter_queue())
    }

    /// A bus. The default buses exist without having been created, from the first time that they are asked for.
    pub(super) fn bus(&mut self, arn: &Arn, now: Time) -> Option<&EventBus> {
        self.materialise(arn, now);
        self.buses.get(arn)
    }
    /// The same, to be changed.
    pub(super) fn bus_mut(&mut self, arn: &Arn, now: Time) -> Option<&mut EventBus> {
        self.materialise(arn, now);
        let bus = self.buses.get_mut(arn)?;
        bus.index = OnceLock::new();
        Some(bus)
    }
    fn materialise(&mut self, arn: &Arn, now: Time) {
        if is_default(arn) && !self.buses.contains(arn) {
            self.buses.insert(arn.clone(), EventBus::new(now));
        }
    }
    /// The policy of a bus, if there is such a bus and it has one.
    pub(super) fn policy(&self, arn: &Arn) -> Option<PolicyText> {
        self.buses.get(arn).and_then(|bus| bus.policy.clone())
    }
}

/// The ARN of an account's default bus.
pub fn default_bus(account: &AccountId, region: &Region) -> Arn {
    arn_of(account, region, DEFAULT)
}

/// The ARN of a bus.
pub(super) fn arn_of(account: &AccountId, region: &Region, name: &str) -> Arn {
    Arn::of("events", region, account, format_args!("event-bus/{name}"))
}

/// Whether the ARN is that of a bus.
pub(super) fn is_bus(arn: &Arn) -> bool {
    arn.service() == "events" && arn.resource().starts_with("event-bus/")
}

fn is_default(arn: &Arn) -> bool {
    arn.resource().strip_prefix("event-bus/") == Some(DEFAULT)
}

/// The name of a bus, which may contain slashes where a partner made it.
pub(super) fn name_of(arn: &Arn) -> &str {
    arn.resource().strip_prefix("event-bus/").unwrap_or(arn.resource())
}

/// How a policy of a bus is called in traces.
pub(super) fn policy_name(arn: &Arn) -> String {
    format!("policy of event bus {}", name_of(arn))
}

/// The bus that a request names by name, by ARN, or not at all (the default one).
pub(super) fn resolve(call: &Call<'_>, named: Option<&str>) -> Result<Arn, ApiError> {
    let named = named.unwrap_or(DEFAULT);
    if !named.starts_with("arn:") {
        return Ok(arn_of(&call.account, &call.region, named));
    }
    let arn = Arn::parse(named).filter(is_bus).ok_or_else(|| not_an_arn(named))?;
    if arn.region() != call.region {
        // [T] amazon-eventbridge-resource-policy-samples issue 10
        return Err(ApiError::validation("Cross-region API call is not allowed"));
    }
    Ok(arn)
}

/// [T] AWS's text for what should be an ARN.
pub(super) fn not_an_arn(text: &str) -> ApiError {
    ApiError::validation(format!("Parameter {text} is not valid. Reason: Provided Arn is not in correct format."))
}

/// [V] LS:events/test_events::TestEventBus::test_describe_delete_not_existing_event_bus
pub(super) fn no_such_bus(arn: &Arn) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Event bus {} does not exist.", name_of(arn)))
}

impl Call<'_> {
    /// The bus that must be there.
    pub(super) fn bus_mut(&mut self, arn: &Arn) -> Result<&mut EventBus, ApiError> {
        let now = self.state.now;
        self.state.events.bus_mut(arn, now).ok_or_else(|| no_such_bus(arn))
    }
    /// The same, to look at.
    pub(super) fn bus(&mut self, arn: &Arn) -> Result<&EventBus, ApiError> {
        let now = self.state.now;
        self.state.events.bus(arn, now).ok_or_else(|| no_such_bus(arn))
    }
    /// Allows a call on a bus or one of its rules, which the bus policy may allow to other accounts.
    pub(super) fn authorise_on_bus(&mut self, action: &str, resource: &Arn, bus: &Arn) -> Result<(), ApiError> {
        let context = rootwatch_policy::Context::new().with("events:creatorAccount", bus.account().as_str());
        let policy = self.state.events.policy(bus);
        let name = policy_name(bus);
        self.authorise_with(action, resource, context, policy.as_ref().map(|policy| (name.as_str(), policy)))
    }
}
