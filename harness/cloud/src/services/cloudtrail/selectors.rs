//! Which events a trail logs. [D] awscloudtrail/latest/userguide: logging-management-events, logging-data-events,
//! logging-network-events, API_EventSelector, API_AdvancedFieldSelector

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::{Category, is_read_only, text};

/// What a trail logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Selectors {
    pub(super) basic: Vec<EventSelector>,
    /// Where there are some, the basic ones are empty.
    pub(super) advanced: Vec<AdvancedEventSelector>,
    /// Whether Insights events are logged, and of which types where PutInsightSelectors said so.
    pub(super) insights: bool,
    #[serde(default)]
    pub(super) insight_types: Vec<String>,
}

impl Default for Selectors {
    /// Management events, reads and writes; no data events, no network activity. [D]
    fn default() -> Self {
        Self { basic: vec![EventSelector::default()], advanced: Vec::new(), insights: false, insight_types: Vec::new() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct EventSelector {
    pub(super) read_write_type: ReadWriteType,
    pub(super) include_management_events: bool,
    pub(super) data_resources: Vec<DataResource>,
    pub(super) exclude_management_event_sources: Vec<String>,
}

impl Default for EventSelector {
    fn default() -> Self {
        Self {
            read_write_type: ReadWriteType::All,
            include_management_events: true,
            data_resources: Vec::new(),
            exclude_management_event_sources: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ReadWriteType {
    #[default]
    All,
    ReadOnly,
    WriteOnly,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DataResource {
    pub(super) r#type: String,
    /// Beginnings of ARNs.
    #[serde(default)]
    pub(super) values: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AdvancedEventSelector {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) field_selectors: Vec<FieldSelector>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct FieldSelector {
    pub(super) field: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) equals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) starts_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ends_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_equals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_starts_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) not_ends_with: Vec<String>,
}

impl Selectors {
    pub(super) fn is_default(&self) -> bool {
        let (insights, insight_types) = (self.insights, self.insight_types.clone());
        *self == Self { insights, insight_types, ..Self::default() }
    }

    /// Whether the record is logged.
    pub(super) fn select(&self, record: &Value) -> bool {
        let category = Category::of(record);
        if category == Category::Insight {
            return self.insights;
        }
        self.basic.iter().any(|selector| selector.selects(record, category))
            || self.advanced.iter().any(|selector| selector.selects(record))
    }
}

impl EventSelector {
    fn selects(&self, record: &Value, category: Category) -> bool {
        let right_kind = match self.read_write_type {
            ReadWriteType::All => true,
            ReadWriteType::ReadOnly => is_read_only(record),
            ReadWriteType::WriteOnly => !is_read_only(record),
        };
        right_kind
            && match category {
                Category::Management => {
                    let source = text(record, "eventSource");
                    self.include_management_events
                        && !self.exclude_management_event_sources.iter().any(|excluded| excluded == source)
                }
                Category::Data => self.data_resources.iter().any(|selected| selected.selects(record)),
                Category::NetworkActivity | Category::Insight => false,
            }
    }
}

impl DataResource {
    fn selects(&self, record: &Value) -> bool {
        resources(record).any(|resource| {
            let arn = resource["ARN"].as_str().unwrap_or_default();
            resource["type"] == self.r#type.as_str() && self.values.iter().any(|value| arn.starts_with(value.as_str()))
        })
    }
}

fn resources(record: &Value) -> impl Iterator<Item = &Value> {
    record.get("resources").and_then(Value::as_array).into_iter().flatten()
}

impl AdvancedEventSelector {
    fn selects(&self, record: &Value) -> bool {
        self.field_selectors.iter().all(|selector| selector.selects(record))
    }
}

impl FieldSelector {
    /// Any of the positive conditions, and none of the negative ones. [D] API_AdvancedFieldSelector
    fn selects(&self, record: &Value) -> bool {
        let values = self.values(record);
        let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|value| test(value));
        let wanted = self.equals.len() + self.starts_with.len() + self.ends_with.len() > 0;
        let found = any(&|value| {
            self.equals.iter().any(|wanted| wanted == value)
                || self.starts_with.iter().any(|start| value.starts_with(start.as_str()))
                || self.ends_with.iter().any(|end| value.ends_with(end.as_str()))
        });
        let excluded = any(&|value| {
            self.not_equals.iter().any(|unwanted| unwanted == value)
                || self.not_starts_with.iter().any(|start| value.starts_with(start.as_str()))
                || self.not_ends_with.iter().any(|end| value.ends_with(end.as_str()))
        });
        (found || !wanted) && !excluded
    }

    fn values(&self, record: &Value) -> Vec<String> {
        let of_resources = |member: &str| {
            resources(record).filter_map(|resource| resource[member].as_str()).map(str::to_owned).collect()
        };
        match self.field.as_str() {
            "eventCategory" => vec![Category::of(record).name().to_owned()],
            "readOnly" => vec![is_read_only(record).to_string()],
            "resources.type" => of_resources("type"),
            "resources.ARN" => of_resources("ARN"),
            path => {
                let value = path.split('.').try_fold(record, |value, name| value.get(name));
                value.and_then(Value::as_str).map(str::to_owned).into_iter().collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn basic(selectors: Value) -> Selectors {
        Selectors {
            basic: serde_json::from_value(selectors).unwrap(),
            advanced: Vec::new(),
            insights: false,
            insight_types: Vec::new(),
        }
    }

    fn advanced(fields: Value) -> Selectors {
        let selector = serde_json::from_value(json!({ "FieldSelectors": fields })).unwrap();
        Selectors { basic: Vec::new(), advanced: vec![selector], insights: false, insight_types: Vec::new() }
    }

    #[test]
    fn selection() {
        let write = json!({"eventCategory": "Management", "readOnly": false, "eventSource": "iam.amazonaws.com"});
        let read = json!({"eventCategory": "Management", "readOnly": true, "eventSource": "kms.amazonaws.com"});
        let object = json!({"eventCategory": "Data", "readOnly": true, "eventName": "GetObject",
            "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/k"}]});
        let network = json!({"eventCategory": "NetworkActivity", "eventSource": "s3.amazonaws.com", "errorCode": "VpceAccessDenied"});
        let insight = json!({"eventCategory": "Insight"});
        let all = [&write, &read, &object, &network, &insight];
        let cases = [
            // [D] logging-management-events: the default
            (Selectors::default(), [true, true, false, false, false]),
            (basic(json!([{"ReadWriteType": "WriteOnly"}])), [true, false, false, false, false]),
            (basic(json!([{"ReadWriteType": "ReadOnly"}])), [false, true, false, false, false]),
            (
                basic(json!([{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}])),
                [true, false, false, false, false],
            ),
            // [D] API_DataResource
            (
                basic(
                    json!([{"IncludeManagementEvents": false, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]),
                ),
                [false, false, true, false, false],
            ),
            (
                basic(
                    json!([{"IncludeManagementEvents": false, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::other/"]}]}]),
                ),
                [false, false, false, false, false],
            ),
            // [D] API_AdvancedFieldSelector
            (
                advanced(json!([{"Field": "eventCategory", "Equals": ["Management"]}])),
                [true, true, false, false, false],
            ),
            (
                advanced(
                    json!([{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["false"]}]),
                ),
                [true, false, false, false, false],
            ),
            (
                advanced(
                    json!([{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}]),
                ),
                [true, false, false, false, false],
            ),
            (
                advanced(
                    json!([{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::b/"]}]),
                ),
                [false, false, true, false, false],
            ),
            (
                advanced(
                    json!([{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.ARN", "NotStartsWith": ["arn:aws:s3:::b/"]}]),
                ),
                [false, false, false, false, false],
            ),
            (
                advanced(
                    json!([{"Field": "eventCategory", "Equals": ["NetworkActivity"]}, {"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}]),
                ),
                [false, false, false, true, false],
            ),
            (Selectors { insights: true, ..Selectors::default() }, [true, true, false, false, true]),
        ];
        for (selectors, expected) in cases {
            let selected = all.map(|record| selectors.select(record));
            assert_eq!(selected, expected, "{selectors:?}");
        }
    }

    #[test]
    fn the_default_is_known_as_such() {
        assert!(Selectors::default().is_default());
        assert!(basic(json!([{"ReadWriteType": "All", "IncludeManagementEvents": true}])).is_default());
        assert!(!basic(json!([{"ReadWriteType": "WriteOnly"}])).is_default());
    }
}
