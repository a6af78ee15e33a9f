//! Rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bus::{self, DEFAULT};
use super::schedule::Schedule;
use super::target::Target;
use crate::api::{ApiError, Call};
use crate::id::{AccountId, Arn};
use rootwatch_pattern::EventPattern;

/// A rule of a bus.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// The pattern of the events that it takes.
    #[serde(default)]
    pub pattern: Option<EventPattern>,
    /// When it fires by itself.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// Whether it is on, and for which CloudTrail events.
    pub state: RuleState,
    pub(super) description: Option<String>,
    /// Only echoed: targets have roles of their own.
    pub(super) role_arn: Option<String>,
    pub(super) created_by: AccountId,
    pub(super) tags: BTreeMap<String, String>,
    /// At most [`MOST_TARGETS`], in the order in which they were put.
    pub targets: Vec<Arc<Target>>,
}

/// [V] LS:events/test_events::test_add_exceed_fife_targets_per_rule
pub(super) const MOST_TARGETS: usize = 5;
/// [D] quotas: rules of one bus.
pub(super) const MOST_RULES: usize = 300;

/// A rule's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleState {
    /// Everything but read-only CloudTrail management events.
    #[default]
    Enabled,
    /// Nothing.
    Disabled,
    /// Everything.
    #[serde(rename = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")]
    EnabledWithAllCloudtrailManagementEvents,
}

impl RuleState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            RuleState::Enabled => "ENABLED",
            RuleState::Disabled => "DISABLED",
            RuleState::EnabledWithAllCloudtrailManagementEvents => "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
        }
    }
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        [RuleState::Enabled, RuleState::Disabled, RuleState::EnabledWithAllCloudtrailManagementEvents]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| {
                ApiError::validation(format!(
                    "1 validation error detected: Value '{text}' at 'state' failed to satisfy constraint: Member must \
                     satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]"
                ))
            })
    }
}

/// Parses a pattern; the error is AWS's. [V] LS:events/test_events_patterns::test_invalid_json_event_pattern
pub(super) fn parse_pattern(text: &str) -> Result<EventPattern, ApiError> {
    EventPattern::parse(text).map_err(|error| ApiError::new("InvalidEventPatternException", error.aws_message()))
}

/// Which rule: the bus, and the name on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleName {
    pub(super) bus: Arn,
    pub(super) name: String,
}

impl RuleName {
    /// The rule that a request names by `member` and `EventBusName`.
    pub(super) fn asked(call: &Call<'_>, member: &str) -> Result<Self, ApiError> {
        let name = super::page::required(call, member)?;
        super::page::check_name(&name, &member.to_ascii_lowercase(), 64)?;
        Ok(Self { bus: bus::resolve(call, call.text("EventBusName"))?, name })
    }

    /// From a rule's ARN.
    pub(super) fn of(arn: &Arn) -> Option<Self> {
        let path = arn.resource().strip_prefix("rule/")?;
        let (bus, name) = path.rsplit_once('/').unwrap_or((DEFAULT, path));
        Some(Self { bus: bus::arn_of(&arn.account(), &arn.region(), bus), name: name.to_owned() })
    }

    /// On the default bus without the bus's name. [V] LS:events/test_events::test_put_list_with_prefix_describe_delete_rule
    pub(super) fn arn(&self) -> Arn {
        let (account, region) = (self.bus.account(), self.bus.region());
        match bus::name_of(&self.bus) {
            DEFAULT => Arn::of("events", &region, &account, format_args!("rule/{}", self.name)),
            bus => Arn::of("events", &region, &account, format_args!("rule/{bus}/{}", self.name)),
        }
    }

    /// [V] LS:events/test_events::test_describe_nonexistent_rule
    pub(super) fn missing(&self) -> ApiError {
        ApiError::new(
            "ResourceNotFoundException",
            format!("Rule {} does not exist on EventBus {}.", self.name, bus::name_of(&self.bus)),
        )
    }
}

impl Call<'_> {
    /// The rule that must be there.
    pub(super) fn rule_mut(&mut self, name: &RuleName) -> Result<&mut Rule, ApiError> {
        self.bus_mut(&name.bus)?.rules.get_mut(&name.name).ok_or_else(|| name.missing())
    }
    /// The same, to look at.
    pub(super) fn rule(&mut self, name: &RuleName) -> Result<&Rule, ApiError> {
        self.bus(&name.bus)?.rules.get(&name.name).ok_or_else(|| name.missing())
    }
}
