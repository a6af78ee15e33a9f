//! The trail that an account under test has.

use std::collections::BTreeMap;

use super::selectors::{AdvancedEventSelector, FieldSelector, Selectors};
use super::trail::{Settings, Trail, arn_of};
use crate::id::{AccountId, Arn, Region};
use crate::state::State;

/// Gives an account a trail that logs everything in every Region: management events, every data event, network activity
/// and Insights. Returns its ARN. A trail of that name is replaced.
pub fn seed_trail(state: &mut State, account: &AccountId, home: &Region, name: &str) -> Arn {
    let arn = arn_of(account, home, name);
    let category = |category: &str| AdvancedEventSelector {
        name: None,
        field_selectors: vec![FieldSelector {
            field: "eventCategory".into(),
            equals: vec![category.to_owned()],
            ..FieldSelector::default()
        }],
    };
    let settings = Settings {
        bucket: format!("cloudtrail-{account}"),
        global_events: true,
        multi_region: true,
        ..Settings::default()
    };
    let selectors = Selectors {
        basic: Vec::new(),
        advanced: ["Management", "Data", "NetworkActivity"].map(category).into(),
        insights: true,
        insight_types: vec!["ApiCallRateInsight".to_owned()],
    };
    let now = state.now;
    let trail =
        Trail { selectors, logging: true, started: Some(now), ..Trail::new(arn.clone(), settings, BTreeMap::new()) };
    state.cloudtrail.trails.insert(arn.clone(), trail);
    arn
}
