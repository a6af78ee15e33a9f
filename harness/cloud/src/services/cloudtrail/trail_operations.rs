//! The API of trails. [D] API_CreateTrail, API_UpdateTrail, API_DescribeTrails

use serde::Deserialize;
use serde_json::{Value, json};

use super::inject::group_of;
use super::trail::{self, Settings, Trail};
use super::{bucket, log_group};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::services::iam;
use crate::services::tag::Tag;

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(rename = "S3BucketName")]
    bucket: Option<String>,
    #[serde(rename = "S3KeyPrefix")]
    prefix: Option<String>,
    #[serde(rename = "SnsTopicName")]
    topic: Option<String>,
    #[serde(rename = "IncludeGlobalServiceEvents")]
    global_events: Option<bool>,
    #[serde(rename = "IsMultiRegionTrail")]
    multi_region: Option<bool>,
    #[serde(rename = "IsOrganizationTrail")]
    organization: Option<bool>,
    #[serde(rename = "EnableLogFileValidation")]
    validation: Option<bool>,
    #[serde(rename = "CloudWatchLogsLogGroupArn")]
    log_group: Option<String>,
    #[serde(rename = "CloudWatchLogsRoleArn")]
    log_role: Option<String>,
    #[serde(rename = "KmsKeyId")]
    kms_key: Option<String>,
    #[serde(rename = "TagsList", default)]
    tags: Vec<Tag>,
}

impl Input {
    /// What is not given stays; an empty text takes a setting away.
    fn apply(&self, settings: &mut Settings) {
        let text = |given: &Option<String>, setting: &mut Option<String>| {
            if let Some(given) = given {
                *setting = Some(given.clone()).filter(|given| !given.is_empty());
            }
        };
        if let Some(bucket) = &self.bucket {
            settings.bucket.clone_from(bucket);
        }
        text(&self.prefix, &mut settings.prefix);
        text(&self.kms_key, &mut settings.kms_key);
        text(&self.log_group, &mut settings.log_group);
        text(&self.log_role, &mut settings.log_role);
        settings.global_events = self.global_events.unwrap_or(settings.global_events);
        settings.multi_region = self.multi_region.unwrap_or(settings.multi_region);
        settings.organization = self.organization.unwrap_or(settings.organization);
        settings.validation = self.validation.unwrap_or(settings.validation);
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("Name").unwrap_or_default().to_owned();
    let input: Input = call.input()?;
    let arn = trail::arn_of(&call.account, &call.region, &name);
    call.authorise("cloudtrail:CreateTrail", &arn)?;
    check_name(&name)?;
    // Global service events are included unless it is said otherwise. [D]
    let mut settings = Settings { global_events: true, ..Settings::default() };
    input.apply(&mut settings);
    if settings.bucket.is_empty() {
        return Err(ApiError::new("InvalidS3BucketNameException", "Bucket name cannot be blank!"));
    }
    if call.state.cloudtrail.trails.contains(&arn) {
        return Err(ApiError::new(
            "TrailAlreadyExistsException",
            format!("Trail {name} already exists for customer: {}", call.account),
        ));
    }
    check(call, &arn, &input, &settings)?;
    let tags = Tag::map(input.tags);
    let made = Trail::new(arn.clone(), settings, tags);
    let answer = made.settings();
    call.state.cloudtrail.trails.insert(arn, made);
    Ok(answer.into())
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let trail = call.home_trail_mut("cloudtrail:UpdateTrail", "Name")?;
    let (arn, mut settings) = (trail.arn.clone(), trail.settings.clone());
    input.apply(&mut settings);
    check(call, &arn, &input, &settings)?;
    let trail = call.home_trail_mut("cloudtrail:UpdateTrail", "Name")?;
    trail.settings = settings;
    Ok(trail.settings().into())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = call.home_trail_mut("cloudtrail:DeleteTrail", "Name")?.arn.clone();
    call.state.cloudtrail.trails.remove(&arn);
    Ok(Reply::empty())
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let trail = call.trail_mut("cloudtrail:GetTrail", "Name")?;
    Ok(json!({ "Trail": trail.describe() }).into())
}

/// Trails of other Regions are shown where they log. [D] includeShadowTrails
pub(super) fn describe(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    struct Input {
        #[serde(rename = "trailNameList", default)]
        names: Vec<String>,
        #[serde(rename = "includeShadowTrails")]
        shadows: Option<bool>,
    }
    let input: Input = call.input()?;
    let every = call.arn("trail/*");
    call.authorise("cloudtrail:DescribeTrails", &every)?;
    let shadows = input.shadows.unwrap_or(true);
    let trails: Vec<Value> = call
        .state
        .cloudtrail
        .trails
        .values()
        .filter(|trail| trail.arn.account() == call.account)
        .filter(|trail| {
            let home = trail.arn.region() == call.region;
            match input.names.is_empty() {
                true => home || (shadows && trail.settings.multi_region),
                false => {
                    input.names.iter().any(|name| *name == trail.arn.as_str() || (home && *name == trail.arn.name()))
                }
            }
        })
        .map(Trail::describe)
        .collect();
    Ok(json!({ "trailList": trails }).into())
}

/// [D] API_CreateTrail: letters, digits, `.`, `_`, `-`; 3 to 128 characters; starts and ends with a letter or digit
fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = (3..=128).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    match fits {
        true => Ok(()),
        false => Err(ApiError::new(
            "InvalidTrailNameException",
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), \
             and underscores (_), between 3 and 128 characters.",
        )),
    }
}

fn check(call: &mut Call<'_>, trail: &Arn, input: &Input, settings: &Settings) -> Result<(), ApiError> {
    if input.topic.as_deref().is_some_and(|topic| !topic.is_empty()) {
        return Err(ApiError::not_implemented(call.service, &format!("{} with SnsTopicName", call.operation)));
    }
    if settings.multi_region && !settings.global_events {
        return Err(ApiError::new(
            "InvalidParameterCombinationException",
            "Multi-Region trail must include global service events.",
        ));
    }
    if settings.organization && call.state.organizations.organization_of(call.account.as_str()).is_none() {
        return Err(ApiError::new(
            "OrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ));
    }
    bucket::check(call, trail, settings)?;
    log_settings(call, trail, settings)
}

/// CloudTrail tries the log group and the role when they are set. The texts are [T].
fn log_settings(call: &mut Call<'_>, trail: &Arn, settings: &Settings) -> Result<(), ApiError> {
    let bad_group = |text: &str| Err(ApiError::new("InvalidCloudWatchLogsLogGroupArnException", text));
    let bad_role = |text: &str| Err(ApiError::new("InvalidCloudWatchLogsRoleArnException", text));
    let (group, role) = match (&settings.log_group, &settings.log_role) {
        (None, None) => return Ok(()),
        (Some(_), None) => return bad_role("You must specify a role ARN as well as a log group."),
        (None, Some(_)) => return bad_group("You must specify a log group as well as a role ARN."),
        (Some(group), Some(role)) => (group, role),
    };
    let Some(group) = group_of(group).filter(|group| group.region() == trail.region()) else {
        return bad_group("CloudTrail cannot validate the specified log group ARN.");
    };
    if !crate::services::logs::group_exists(call.state, &group) {
        return bad_group("CloudTrail cannot validate the specified log group ARN.");
    }
    let Some(role) = Arn::parse(role).filter(|role| role.service() == "iam") else {
        return bad_role("CloudTrail cannot validate the specified role ARN.");
    };
    iam::may_pass_role(call, &role, log_group::SERVICE)?;
    let organization = call.state.organizations.organization_of(trail.account().as_str());
    let organization = organization.filter(|_| settings.organization);
    let stream = log_group::stream_name(&trail.account(), &trail.region(), organization.as_deref());
    match log_group::admit(call.state, trail, &group, &role, &stream) {
        Ok(()) => Ok(()),
        Err(error) if error.code == "FAILED_TO_ASSUME_ROLE" => {
            bad_role("Access denied. Check the trust relationships for your role.")
        }
        Err(_) => bad_role("Access denied. Check the permissions for your role."),
    }
}
