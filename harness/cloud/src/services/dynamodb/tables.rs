//! Tables: made, described, changed, deleted.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Table;
use super::error::{no_table, service, validation};
use super::items::{may_use, named};
use super::query::left_out;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::services::kms;

/// What DynamoDB does with a table's key. [D] encryption.usagenotes
const KEY_ACTIONS: [&str; 6] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey", "kms:CreateGrant"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyElement {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Throughput {
    read_capacity_units: u64,
    write_capacity_units: u64,
}

#[derive(Deserialize)]
struct Encryption {
    #[serde(rename = "Enabled", default)]
    enabled: bool,
    #[serde(rename = "KMSMasterKeyId", default)]
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    attribute_definitions: Vec<Definition>,
    #[serde(default)]
    key_schema: Vec<KeyElement>,
    #[serde(default)]
    billing_mode: Option<String>,
    #[serde(default)]
    provisioned_throughput: Option<Throughput>,
    #[serde(rename = "SSESpecification", default)]
    encryption: Option<Encryption>,
    #[serde(default)]
    table_class: Option<String>,
    #[serde(default)]
    deletion_protection_enabled: Option<bool>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    global_secondary_indexes: Vec<Value>,
    #[serde(default)]
    local_secondary_indexes: Vec<Value>,
}

/// What is not modelled is refused by name.
fn refuse_members(call: &Call<'_>) -> Result<(), ApiError> {
    const MEMBERS: [&str; 4] = ["GlobalSecondaryIndexUpdates", "ReplicaUpdates", "ResourcePolicy", "WarmThroughput"];
    let given = |member: &str| call.params.get(member).is_some_and(|value| !value.is_null() && *value != json!([]));
    if let Some(member) = MEMBERS.iter().find(|member| given(member)) {
        return Err(left_out(member));
    }
    if call.params.pointer("/StreamSpecification/StreamEnabled") == Some(&json!(true)) {
        return Err(left_out("StreamSpecification"));
    }
    Ok(())
}

/// The key of a specification, as its ARN.
fn key(call: &mut Call<'_>, table: &Arn, encryption: Option<&Encryption>) -> Result<Option<String>, ApiError> {
    let Some(encryption) = encryption.filter(|encryption| encryption.enabled) else { return Ok(None) };
    let Some(id) = encryption.key.clone().filter(|key| !key.ends_with("alias/aws/dynamodb")) else {
        return Ok(Some(call.arn("alias/aws/dynamodb").as_str().replacen(":dynamodb:", ":kms:", 1)));
    };
    let (account, region) = (call.account.clone(), call.region.clone());
    let arn = kms::resolve(call.state, &id, &account, &region)
        .ok_or_else(|| validation(format!("KMS key {id} is not accessible: Key does not exist")))?;
    may_use(call, table, arn.as_str(), &KEY_ACTIONS)
        .map_err(|error| service("AccessDeniedException", error.message))?;
    Ok(Some(arn.to_string()))
}

pub(super) fn create_table(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call)?;
    call.authorise("dynamodb:CreateTable", &arn)?;
    refuse_members(call)?;
    let input: Input = call.input()?;
    let billing = input.billing_mode.clone().unwrap_or_else(|| "PROVISIONED".to_owned());
    let throughput = match (billing.as_str(), &input.provisioned_throughput) {
        ("PAY_PER_REQUEST", None) => (0, 0),
        // [D] API_CreateTable; texts [T]
        ("PAY_PER_REQUEST", Some(_)) => {
            return Err(validation(
                "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified \
                 when BillingMode is PAY_PER_REQUEST",
            ));
        }
        ("PROVISIONED", Some(units)) => (units.read_capacity_units, units.write_capacity_units),
        ("PROVISIONED", None) => {
            return Err(validation(
                "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified \
                 when BillingMode is PROVISIONED",
            ));
        }
        (other, _) => return Err(validation(format!("Unknown billing mode: {other}"))),
    };
    let element = |kind: &str| -> Result<Option<(String, String)>, ApiError> {
        let Some(element) = input.key_schema.iter().find(|element| element.key_type == kind) else { return Ok(None) };
        let definition =
            input.attribute_definitions.iter().find(|other| other.attribute_name == element.attribute_name);
        let definition = definition.ok_or_else(|| {
            validation(
                "One or more parameter values were invalid: Some index key attributes are not defined in \
                 AttributeDefinitions.",
            )
        })?;
        if !["S", "N", "B"].contains(&definition.attribute_type.as_str()) {
            return Err(validation("Member must satisfy enum value set: [B, N, S]"));
        }
        Ok(Some((definition.attribute_name.clone(), definition.attribute_type.clone())))
    };
    let partition = element("HASH")?
        .ok_or_else(|| validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"))?;
    let sort = element("RANGE")?;
    let indexes = input.global_secondary_indexes.iter().chain(&input.local_secondary_indexes);
    let of_indexes = indexes.flat_map(|index| index["KeySchema"].as_array().into_iter().flatten());
    let of_indexes = of_indexes.filter_map(|element| element["AttributeName"].as_str());
    let used: BTreeSet<&str> =
        input.key_schema.iter().map(|key| key.attribute_name.as_str()).chain(of_indexes).collect();
    let defined: BTreeSet<&str> =
        input.attribute_definitions.iter().map(|definition| definition.attribute_name.as_str()).collect();
    if !used.is_subset(&defined) {
        return Err(validation(
            "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions.",
        ));
    }
    if used != defined {
        return Err(validation(
            "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of \
             attributes defined in AttributeDefinitions",
        ));
    }
    if call.state.dynamodb.tables.contains(&arn) {
        let name = arn.resource().trim_start_matches("table/");
        return Err(service("ResourceInUseException", format!("Table already exists: {name}")));
    }
    let table = Table {
        name: arn.resource().trim_start_matches("table/").to_owned(),
        id: call.state.uuid(),
        partition,
        sort,
        billing,
        throughput,
        kms_key: key(call, &arn, input.encryption.as_ref())?,
        class: input.table_class,
        protected: input.deletion_protection_enabled.unwrap_or(false),
        recovery: None,
        expiry: None,
        tags: input.tags.into_iter().map(|tag| (tag.key, tag.value)).collect::<BTreeMap<_, _>>(),
        created: call.state.now,
        definitions: input
            .attribute_definitions
            .into_iter()
            .map(|definition| (definition.attribute_name, definition.attribute_type))
            .collect(),
        global_indexes: input.global_secondary_indexes,
        local_indexes: input.local_secondary_indexes,
        items: Default::default(),
    };
    // It is there at once; the first answer says otherwise, as AWS's does.
    let shape = shape(&arn, &table, "CREATING");
    call.state.dynamodb.tables.insert(arn, table);
    Ok(json!({"TableDescription": shape}).into())
}

/// The table that a call names, if it is there and the caller may.
pub(super) fn existing(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = named(call)?;
    call.authorise(action, &arn)?;
    if call.state.dynamodb.tables.contains(&arn) {
        return Ok(arn);
    }
    let name = arn.resource().trim_start_matches("table/");
    Err(service("ResourceNotFoundException", format!("Requested resource not found: Table: {name} not found")))
}

/// As DescribeTable shows it.
fn shape(arn: &Arn, table: &Table, status: &str) -> Value {
    let keys = [(&table.partition, "HASH")].into_iter().chain(table.sort.as_ref().map(|sort| (sort, "RANGE")));
    let keys: Vec<_> = keys.collect();
    let of_keys = keys.iter().map(|(key, _)| *key);
    let definitions: Vec<_> = match table.definitions.is_empty() {
        true => of_keys.collect(),
        false => table.definitions.iter().collect(),
    };
    let definitions: Vec<_> =
        definitions.iter().map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind})).collect();
    let schema: Vec<_> = keys.iter().map(|((name, _), role)| json!({"AttributeName": name, "KeyType": role})).collect();
    let mut shape = json!({
        "AttributeDefinitions": definitions,
        "TableName": table.name,
        "KeySchema": schema,
        "TableStatus": status,
        "CreationDateTime": table.created.seconds_f64(),
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": table.throughput.0,
            "WriteCapacityUnits": table.throughput.1,
        },
        "TableSizeBytes": 0,
        // AWS counts about every six hours. [D] API_DescribeTable
        "ItemCount": 0,
        "TableArn": arn.as_str(),
        "TableId": table.id,
        "DeletionProtectionEnabled": table.protected,
    });
    if table.billing == "PAY_PER_REQUEST" {
        shape["BillingModeSummary"] = json!({
            "BillingMode": table.billing, "LastUpdateToPayPerRequestDateTime": table.created.seconds_f64(),
        });
    }
    if let Some(key) = &table.kms_key {
        shape["SSEDescription"] = json!({"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key});
    }
    // [D] API_GlobalSecondaryIndexDescription, API_LocalSecondaryIndexDescription
    for (member, indexes) in
        [("GlobalSecondaryIndexes", &table.global_indexes), ("LocalSecondaryIndexes", &table.local_indexes)]
    {
        let shown = indexes.iter().map(|index| {
            let mut index = index.clone();
            let name = index["IndexName"].as_str().unwrap_or_default().to_owned();
            index["IndexArn"] = json!(format!("{arn}/index/{name}"));
            (index["IndexSizeBytes"], index["ItemCount"]) = (json!(0), json!(0));
            if member.starts_with("Global") {
                index["IndexStatus"] = json!("ACTIVE");
                let units = |name: &str| index["ProvisionedThroughput"][name].as_u64().unwrap_or(0);
                index["ProvisionedThroughput"] = json!({
                    "NumberOfDecreasesToday": 0,
                    "ReadCapacityUnits": units("ReadCapacityUnits"), "WriteCapacityUnits": units("WriteCapacityUnits"),
                });
            }
            index
        });
        if !indexes.is_empty() {
            shape[member] = shown.collect();
        }
    }
    if let Some(class) = &table.class {
        shape["TableClassSummary"] = json!({"TableClass": class});
    }
    shape
}

pub(super) fn describe_table(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = existing(call, "dynamodb:DescribeTable")?;
    let table = call.state.dynamodb.tables.get(&arn).ok_or_else(no_table)?;
    Ok(json!({"Table": shape(&arn, table, "ACTIVE")}).into())
}

pub(super) fn update_table(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = existing(call, "dynamodb:UpdateTable")?;
    refuse_members(call)?;
    let input: Input = call.input()?;
    let key = match &input.encryption {
        Some(encryption) => Some(key(call, &arn, Some(encryption))?),
        None => None,
    };
    let table = call.state.dynamodb.tables.get_mut(&arn).ok_or_else(no_table)?;
    if let Some(key) = key {
        table.kms_key = key;
    }
    if let Some(billing) = input.billing_mode {
        table.billing = billing;
    }
    if let Some(units) = input.provisioned_throughput {
        table.throughput = (units.read_capacity_units, units.write_capacity_units);
    }
    if let Some(class) = input.table_class {
        table.class = Some(class);
    }
    if let Some(protected) = input.deletion_protection_enabled {
        table.protected = protected;
    }
    Ok(json!({"TableDescription": shape(&arn, table, "UPDATING")}).into())
}

pub(super) fn delete_table(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = existing(call, "dynamodb:DeleteTable")?;
    let table = call.state.dynamodb.tables.get(&arn).cloned().ok_or_else(no_table)?;
    if table.protected {
        return Err(validation(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        ));
    }
    call.state.dynamodb.tables.remove(&arn);
    Ok(json!({"TableDescription": shape(&arn, &table, "DELETING")}).into())
}

pub(super) fn list_tables(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("dynamodb:ListTables", &call.arn("table/*"))?;
    let own = call.state.dynamodb.tables.iter().filter(|(arn, _)| arn.is_in(&call.account, &call.region));
    let names: Vec<&str> = own.map(|(_, table)| table.name.as_str()).collect();
    Ok(json!({"TableNames": names}).into())
}
