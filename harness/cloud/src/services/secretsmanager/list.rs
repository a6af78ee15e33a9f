//! ListSecrets: its filters and pages.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Secret;
use super::describe::shape;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

/// A filter of ListSecrets.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    key: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(default)]
    include_planned_deletion: bool,
    #[serde(default)]
    max_results: Option<usize>,
    #[serde(default)]
    next_token: Option<String>,
    #[serde(default)]
    sort_order: Option<String>,
}

/// Whether each word of the filter begins a word of the text, whatever the case.
fn words(wanted: &str, text: &str) -> bool {
    let split = |text: &str| -> Vec<String> {
        text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    let text = split(text);
    split(wanted).iter().all(|wanted| text.iter().any(|word| word.starts_with(wanted.as_str())))
}

impl Filter {
    /// One value of it; `!` in front turns it round. [D] API_Filter; [V] LS:secretsmanager::test_list_secrets_filtering
    fn value_fits(&self, value: &str, secret: &Secret, arn: &Arn) -> bool {
        if let Some(value) = value.strip_prefix('!') {
            return !self.value_fits(value, secret, arn);
        }
        let tags = || secret.tags.iter().flatten();
        match self.key.as_str() {
            "name" => secret.name.starts_with(value),
            "description" => words(value, &secret.description),
            "tag-key" => tags().any(|(key, _)| key.starts_with(value)),
            "tag-value" => tags().any(|(_, text)| text.starts_with(value)),
            "primary-region" => arn.region().as_str().starts_with(value),
            "all" => {
                let all: Vec<&str> = [secret.name.as_str(), secret.description.as_str()]
                    .into_iter()
                    .chain(tags().flat_map(|(key, value)| [key.as_str(), value.as_str()]))
                    .collect();
                words(value, &all.join(" "))
            }
            // No secret here is owned by a service.
            _ => false,
        }
    }
}

pub(super) fn list_secrets(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("secret:*");
    call.authorise("secretsmanager:ListSecrets", &any)?;
    let input: Input = call.input()?;
    const KEYS: [&str; 7] = ["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"];
    if let Some(filter) = input.filters.iter().find(|filter| !KEYS.contains(&filter.key.as_str())) {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{}' at 'filters.1.member.key' failed to satisfy constraint: Member must \
             satisfy enum value set: [all, name, tag-key, description, tag-value]",
            filter.key
        )));
    }
    let fits = |arn: &Arn, secret: &Secret| {
        input.filters.iter().all(|filter| filter.values.iter().any(|value| filter.value_fits(value, secret, arn)))
    };
    let mut own: Vec<(&Arn, &Secret)> = call
        .state
        .secrets
        .secrets
        .iter()
        .filter(|(arn, secret)| {
            arn.is_in(&call.account, &call.region)
                && (input.include_planned_deletion || secret.deleted.is_none())
                && fits(arn, secret)
        })
        .collect();
    if input.sort_order.as_deref() == Some("desc") {
        own.reverse();
    }
    let list = own.into_iter().map(|(arn, secret)| {
        let mut shape = shape(arn, secret);
        // The list has another word for it. [V] LS:secretsmanager::test_call_lists_secrets_multiple_times
        if let Some(members) = shape.as_object_mut()
            && let Some(stages) = members.shift_remove("VersionIdsToStages")
        {
            members.insert("SecretVersionsToStages".into(), stages);
        }
        shape
    });
    page("SecretList", list.collect(), input.max_results, input.next_token.as_deref())
}

/// A page of a list; the token is the place it goes on from.
pub(super) fn page(
    member: &str,
    items: Vec<Value>,
    size: Option<usize>,
    token: Option<&str>,
) -> Result<Reply, ApiError> {
    let invalid = || ApiError::new("InvalidNextTokenException", "The NextToken value is invalid.");
    let from: usize = token.map_or(Ok(0), |token| token.parse().map_err(|_| invalid()))?;
    let size = size.unwrap_or(100);
    let more = items.len() > from.saturating_add(size);
    let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    let mut answer = json!({member: items});
    if more {
        answer["NextToken"] = json!((from + size).to_string());
    }
    Ok(answer.into())
}
