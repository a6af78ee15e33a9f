//! The kinds of changes.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! operators {
    ($($(#[$doc:meta])* $group:literal $variant:ident $name:literal,)*) => {
        /// A kind of change. Names follow the fault models for access-control policies of Martin and Xie (WWW 2007), with
        /// those of event routing, queues, functions and alarms added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operator {
            $($(#[$doc])* $variant,)*
        }

        impl Operator {
            /// Every operator, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name on the command line and in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The kind of resource that it changes.
            pub fn group(self) -> &'static str {
                match self { $(Self::$variant => $group),* }
            }
        }
    };
}

operators! {
    /// A statement is removed.
    "policy" StatementRemoved "statement-removed",
    /// One of several actions is removed.
    "policy" ActionRemoved "action-removed",
    /// All actions of the service are allowed.
    "policy" ActionWidened "action-widened",
    /// One of several principals is removed.
    "policy" PrincipalRemoved "principal-removed",
    /// The statement names everyone.
    "policy" PrincipalWidened "principal-widened",
    /// `Allow` becomes `Deny`, and the other way round.
    "policy" EffectFlipped "effect-flipped",
    /// A resource is removed, or the only one is replaced by another.
    "policy" ResourceNarrowed "resource-narrowed",
    /// A resource is replaced by `*`.
    "policy" ResourceWidened "resource-widened",
    /// A condition is removed.
    "policy" ConditionRemoved "condition-removed",
    /// A value of a condition is removed, or the only one is replaced by another.
    "policy" ConditionNarrowed "condition-narrowed",
    /// A policy of a role is removed.
    "policy" RolePolicyDetached "role-policy-detached",
    /// A condition names another organization.
    "accounts" OtherOrganization "other-organization",
    /// A condition no longer names an account.
    "accounts" AccountMissing "account-missing",
    /// A target is in another Region.
    "accounts" OtherRegion "other-region",
    /// The rule is disabled.
    "rule" RuleDisabled "rule-disabled",
    /// The rule no longer receives read-only management events.
    "rule" RuleStateChanged "rule-state-changed",
    /// A field of the pattern is removed: more events match.
    "rule" PatternFieldRemoved "pattern-field-removed",
    /// A value or an alternative of the pattern is removed: fewer events match.
    "rule" PatternValueRemoved "pattern-value-removed",
    /// The only value of a field is replaced by another.
    "rule" PatternValueAltered "pattern-value-altered",
    /// The target is removed.
    "target" TargetRemoved "target-removed",
    /// The target is another resource of the same kind.
    "target" TargetRedirected "target-redirected",
    /// The target has no role.
    "target" TargetRoleRemoved "target-role-removed",
    /// The target has no dead-letter queue.
    "target" DeadLetterQueueRemoved "dead-letter-queue-removed",
    /// The target is tried once.
    "target" RetriesRemoved "retries-removed",
    /// A variable of the input transformer reads another field.
    "target" InputPathAltered "input-path-altered",
    /// The event is delivered as it is.
    "target" InputTransformerRemoved "input-transformer-removed",
    /// The subscription is removed.
    "topic" SubscriptionRemoved "subscription-removed",
    /// The filter policy is removed.
    "topic" FilterPolicyRemoved "filter-policy-removed",
    /// A value of the filter policy is removed or replaced.
    "topic" FilterPolicyAltered "filter-policy-altered",
    /// The message is wrapped by SNS, or no longer is.
    "topic" RawDeliveryChanged "raw-delivery-changed",
    /// The subscription has no dead-letter queue.
    "topic" SubscriptionRedriveRemoved "subscription-redrive-removed",
    /// The queue has no dead-letter queue.
    "queue" RedriveRemoved "redrive-removed",
    /// A message is dead-lettered after its first receive.
    "queue" ReceiveLimitLowered "receive-limit-lowered",
    /// Messages expire after a minute.
    "queue" RetentionShortened "retention-shortened",
    /// Messages are visible again at once.
    "queue" VisibilityShortened "visibility-shortened",
    /// The event source mapping is disabled.
    "function" MappingDisabled "mapping-disabled",
    /// A failed message fails its whole batch.
    "function" PartialResponsesRemoved "partial-responses-removed",
    /// The function may not run.
    "function" ConcurrencyZero "concurrency-zero",
    /// The function has one second.
    "function" TimeoutShortened "timeout-shortened",
    /// An environment variable is removed.
    "function" VariableRemoved "variable-removed",
    /// An environment variable has another value.
    "function" VariableAltered "variable-altered",
    /// The alarm is removed.
    "alarm" AlarmRemoved "alarm-removed",
    /// The alarm watches another metric.
    "alarm" AlarmMetricChanged "alarm-metric-changed",
    /// The alarm watches another resource.
    "alarm" AlarmDimensionChanged "alarm-dimension-changed",
    /// The alarm's threshold is out of reach.
    "alarm" AlarmThresholdRaised "alarm-threshold-raised",
    /// Missing data counts as a breach.
    "alarm" AlarmMissingDataChanged "alarm-missing-data-changed",
    /// The alarm notifies nobody.
    "alarm" AlarmActionRemoved "alarm-action-removed",
    /// The return to OK notifies nobody.
    "alarm" OkActionRemoved "ok-action-removed",
    /// The metric filter is removed.
    "metric filter" MetricFilterRemoved "metric-filter-removed",
    /// The metric filter looks for another text.
    "metric filter" MetricFilterPatternAltered "metric-filter-pattern-altered",
    /// The metric filter writes another metric.
    "metric filter" MetricFilterMetricChanged "metric-filter-metric-changed",
    /// The key is disabled.
    "storage" KeyDisabled "key-disabled",
    /// The table is removed.
    "storage" TableRemoved "table-removed",
}

impl Operator {
    /// The operator of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operator| operator.name() == name)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Operator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
