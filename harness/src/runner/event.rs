//! Events of a run. The runner and the clouds emit them as they happen; reporters (`report`) consume them.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::Outcome;
use crate::scenario::{DeploymentChange, Loaded};

/// An event of a run.
#[derive(Clone, Copy, Debug)]
pub enum RunEvent<'a> {
    /// The scenarios are known, and with them the deployments.
    Planned(&'a Plan),
    /// A stage of the run, or of one deployment, begins.
    Stage(Option<&'a Label>, &'a str),
    /// A remark that stays on the screen.
    Note(&'a str),
    /// A deployment is ready, or will never be.
    Deployed(&'a Label, Deployed),
    /// A scenario has ended.
    Scenario(&'a Outcome),
    /// All scenarios have ended.
    Finished(&'a Finished<'a>),
}

/// How a deployment was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployed {
    /// An earlier run saved it.
    Reused,
    /// Terraform needed so long.
    Applied(Duration),
    /// Terraform failed, or refused as the scenario expects.
    Failed,
}

/// A whole run, with its outcomes in the order of the scenarios' names.
#[derive(Clone, Debug)]
pub struct Finished<'a> {
    /// The cloud's name.
    pub cloud: &'a str,
    /// The outcomes of all scenarios.
    pub outcomes: &'a [Outcome],
    /// Real time from the start of the command.
    pub elapsed: Duration,
    /// The command that repeats the run.
    pub command: &'a str,
}

impl<'a> Finished<'a> {
    /// A run on the embedded cloud, without a time and a command.
    pub fn of(outcomes: &'a [Outcome]) -> Self {
        Self { cloud: "embedded", outcomes, elapsed: Duration::ZERO, command: "" }
    }
}

/// The scenarios and deployments of a run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The scenarios' names.
    pub scenarios: Vec<String>,
    /// The deployments other than the default one, by [`DeploymentChange::key`].
    variants: HashMap<String, Label>,
}

impl Plan {
    /// The plan of a run of these scenarios.
    pub fn of(scenarios: &[Loaded]) -> Self {
        let mut variants: Vec<(String, Label)> = Vec::new();
        for loaded in scenarios {
            let Ok(scenario) = &loaded.scenario else { continue };
            if scenario.deployment == DeploymentChange::default() {
                continue;
            }
            let key = scenario.deployment.key();
            match variants.iter_mut().find(|(of, _)| *of == key) {
                Some((_, label)) => label.scenarios += 1,
                None => variants.push((key, Label::of(&loaded.name, &scenario.deployment))),
            }
        }
        let of = variants.len();
        for (place, (_, label)) in variants.iter_mut().enumerate() {
            label.number = Some((place + 1, of));
        }
        Self { variants: variants.into_iter().collect(), ..Self::named(scenarios) }
    }

    /// The plan of a run on one deployment, whatever the scenarios say of deployments.
    pub fn named(scenarios: &[Loaded]) -> Self {
        Self { scenarios: scenarios.iter().map(|loaded| loaded.name.clone()).collect(), variants: HashMap::new() }
    }

    /// The number of deployments other than the default one.
    pub fn variants(&self) -> usize {
        self.variants.len()
    }

    /// The label of a deployment.
    pub fn label(&self, change: &DeploymentChange) -> Label {
        if change == &DeploymentChange::default() {
            return Label::default();
        }
        self.variants.get(&change.key()).cloned().unwrap_or_else(|| Label::of("", change))
    }
}

/// Names a deployment and says why it is needed. The default is the default deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Its number, and how many variants there are.
    number: Option<(usize, usize)>,
    /// The first scenario that needs it. Of the default deployment: the Regions, where it is not the hub's only.
    scenario: String,
    /// How many need it.
    scenarios: usize,
    /// The difference from the default deployment.
    change: String,
}

impl Label {
    fn of(scenario: &str, change: &DeploymentChange) -> Self {
        let list = |what: &str, items: Vec<&str>| match items.is_empty() {
            true => None,
            false => Some(format!("{what} {}", items.join(", "))),
        };
        let parts = [
            list("overlay", change.overlay.keys().map(String::as_str).collect()),
            list("variables", change.variables.keys().map(String::as_str).collect()),
            change.log_alarm.then(|| "log alarm".to_owned()),
            list("spokes", change.spokes.iter().map(|account| account.as_str()).collect()),
            list("outsiders", change.outsiders.iter().map(|account| account.as_str()).collect()),
        ];
        let change = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        Self { number: None, scenario: scenario.to_owned(), scenarios: 1, change }
    }

    /// The default deployment in every Region that a scenario names.
    pub fn in_every_region() -> Self {
        Self { scenario: "every Region".to_owned(), ..Self::default() }
    }

    /// Whether it is another deployment than the default one.
    pub fn is_variant(&self) -> bool {
        !self.change.is_empty()
    }

    /// The label without the reason.
    pub fn short(&self) -> String {
        match self.number {
            _ if !self.is_variant() && self.scenario.is_empty() => "default deployment".to_owned(),
            _ if !self.is_variant() => format!("default deployment in {}", self.scenario),
            Some((number, of)) => format!("variant {number}/{of}: {}", self.scenario),
            None => format!("variant with {}", self.change),
        }
    }
}

impl Display for Label {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.short())?;
        if self.scenarios > 1 {
            write!(f, " and {} more", self.scenarios - 1)?;
        }
        match self.number {
            Some(_) => write!(f, " ({})", self.change),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::events_of;
    use serde_json::json;

    #[test]
    fn a_plan_numbers_each_variant_once() {
        let scenario = |name: &str, deployment: serde_json::Value| {
            let path = std::path::PathBuf::from(format!("{name}.json"));
            let text = json!({"title": "t", "records": [{"eventName": "a"}], "deployment": deployment}).to_string();
            Loaded { name: name.to_owned(), scenario: events_of(&path, &text), path }
        };
        let plan = [
            scenario("a", json!({})),
            scenario("b", json!({"variables": {"slack": {}}})),
            scenario("c", json!({"variables": {"slack": {}}})),
            scenario("d", json!({"log_alarm": true, "spokes": ["444455556666"]})),
        ];
        let plan_of = Plan::of(&plan);
        let labels: Vec<String> = plan
            .iter()
            .filter_map(|loaded| Some(plan_of.label(&loaded.scenario.as_ref().ok()?.deployment).to_string()))
            .collect();
        assert_eq!(
            labels,
            [
                "default deployment",
                "variant 1/2: b and 1 more (variables slack)",
                "variant 1/2: b and 1 more (variables slack)",
                "variant 2/2: d (log alarm; spokes 444455556666)",
            ]
        );
        assert_eq!((plan_of.scenarios.len(), plan_of.variants()), (4, 2));
    }
}
