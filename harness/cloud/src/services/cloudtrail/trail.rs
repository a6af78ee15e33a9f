//! Trails.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::history::{History, Lookups};
use super::selectors::Selectors;
use crate::api::{ApiError, Call};
use crate::id::{AccountId, Arn, Region};
use crate::table::Table;
use crate::time::Time;

/// Trails of all accounts, and the records that were injected.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(super) trails: Table<Arn, Trail>,
    pub(super) history: History,
    pub(super) lookups: Lookups,
}

/// A trail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trail {
    pub(super) arn: Arn,
    pub(super) settings: Settings,
    pub(super) selectors: Selectors,
    pub(super) logging: bool,
    pub(super) started: Option<Time>,
    pub(super) stopped: Option<Time>,
    pub(super) latest_log_group_delivery: Option<Time>,
    pub(super) latest_log_group_error: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// What CreateTrail and UpdateTrail set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) bucket: String,
    pub(super) prefix: Option<String>,
    pub(super) kms_key: Option<String>,
    pub(super) global_events: bool,
    pub(super) multi_region: bool,
    pub(super) organization: bool,
    pub(super) validation: bool,
    /// As it is given: it ends with `:*`.
    pub(super) log_group: Option<String>,
    pub(super) log_role: Option<String>,
}

impl Trail {
    pub(super) fn new(arn: Arn, settings: Settings, tags: BTreeMap<String, String>) -> Self {
        Self {
            arn,
            settings,
            selectors: Selectors::default(),
            logging: false,
            started: None,
            stopped: None,
            latest_log_group_delivery: None,
            latest_log_group_error: None,
            tags,
        }
    }

    /// Whether events of the Region are its business.
    pub(super) fn covers(&self, region: &Region) -> bool {
        self.settings.multi_region || self.arn.region() == *region
    }

    /// Members that CreateTrail, UpdateTrail, GetTrail and DescribeTrails share. [D] API_Trail
    pub(super) fn settings(&self) -> Value {
        let settings = &self.settings;
        let mut answer = json!({
            "Name": self.arn.name(),
            "S3BucketName": settings.bucket,
            "IncludeGlobalServiceEvents": settings.global_events,
            "IsMultiRegionTrail": settings.multi_region,
            "TrailARN": self.arn,
            "LogFileValidationEnabled": settings.validation,
            "IsOrganizationTrail": settings.organization,
        });
        let optional = [
            ("S3KeyPrefix", &settings.prefix),
            ("KmsKeyId", &settings.kms_key),
            ("CloudWatchLogsLogGroupArn", &settings.log_group),
            ("CloudWatchLogsRoleArn", &settings.log_role),
        ];
        for (member, value) in optional {
            if let Some(value) = value {
                answer[member] = value.as_str().into();
            }
        }
        answer
    }

    /// With what only GetTrail and DescribeTrails add.
    pub(super) fn describe(&self) -> Value {
        let mut answer = self.settings();
        answer["HomeRegion"] = self.arn.region().as_str().into();
        answer["HasCustomEventSelectors"] = (!self.selectors.is_default()).into();
        answer["HasInsightSelectors"] = self.selectors.insights.into();
        answer
    }
}

impl State {
    /// The trails that log events of the account: its own, and those of its organization.
    pub(super) fn trails_of<'a>(
        &'a self,
        account: &'a AccountId,
        same_organization: impl Fn(&AccountId) -> bool + 'a,
    ) -> impl Iterator<Item = &'a Arc<Trail>> + 'a {
        self.trails.shared_values().filter(move |trail| {
            let owner = trail.arn.account();
            owner == *account || (trail.settings.organization && same_organization(&owner))
        })
    }
}

/// The ARN of a trail.
pub(super) fn arn_of(account: &AccountId, region: &Region, name: &str) -> Arn {
    Arn::of("cloudtrail", region, account, format_args!("trail/{name}"))
}

/// [T] AWS's text
fn unknown(call: &Call<'_>, named: &str) -> ApiError {
    ApiError::new("TrailNotFoundException", format!("Unknown trail: {named} for the user: {}", call.account))
}

/// The trail that a request names: by name in its home Region, by ARN anywhere.
pub(super) fn resolve(call: &Call<'_>, named: &str) -> Result<Arn, ApiError> {
    let arn = match named.starts_with("arn:") {
        true => Arn::parse(named)
            .filter(|arn| arn.service() == "cloudtrail" && arn.resource().starts_with("trail/"))
            .ok_or_else(|| ApiError::new("CloudTrailARNInvalidException", format!("Not a trail ARN: {named}")))?,
        false => arn_of(&call.account, &call.region, named),
    };
    Ok(arn)
}

impl Call<'_> {
    /// Allows the call and gives the trail named by a member, which must be there.
    pub(super) fn trail_mut(&mut self, action: &str, member: &str) -> Result<&mut Trail, ApiError> {
        let named = self
            .text(member)
            .map(str::to_owned)
            .ok_or_else(|| ApiError::new("InvalidTrailNameException", "Trail name cannot be blank!"))?;
        let arn = resolve(self, &named)?;
        self.authorise(action, &arn)?;
        if !self.state.cloudtrail.trails.contains(&arn) {
            return Err(unknown(self, &named));
        }
        let missing = unknown(self, &named);
        self.state.cloudtrail.trails.get_mut(&arn).ok_or(missing)
    }

    /// The same for calls that change the trail: only from its home Region. [D] API_UpdateTrail
    pub(super) fn home_trail_mut(&mut self, action: &str, member: &str) -> Result<&mut Trail, ApiError> {
        let here = self.region.clone();
        let trail = self.trail_mut(action, member)?;
        if trail.arn.region() != here {
            return Err(ApiError::new(
                "InvalidHomeRegionException",
                format!("Trail {} belongs to home region {}, not {here}.", trail.arn, trail.arn.region()),
            ));
        }
        Ok(trail)
    }
}
