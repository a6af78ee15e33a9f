//! Rotation of key material: what is asked for and shown; the material itself is no secret here.

use serde_json::{Value, json};

use super::check::{number, page};
use super::key::Rotation;
use super::operations::{key, named};
use super::usable;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::time::Time;

/// The key to rotate, which must be usable. [D] rotate-keys
fn rotating(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = named(call, "KeyId", action)?;
    usable(call, &arn)?;
    Ok(arn)
}

const DAY: i64 = 24 * 3600 * 1000;

pub(super) fn enable_key_rotation(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let days = number(call, "RotationPeriodInDays", 90, 2560)?;
    let arn = rotating(call, "kms:EnableKeyRotation")?;
    let now = call.state.now;
    let key = key(call, &arn)?;
    let days = days.or(key.rotation_days).unwrap_or(365);
    key.rotation_days = Some(days);
    key.next_rotation = Some(Time(now.0 + days * DAY));
    Ok(Reply::empty())
}

pub(super) fn disable_key_rotation(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = rotating(call, "kms:DisableKeyRotation")?;
    let key = key(call, &arn)?;
    (key.rotation_days, key.next_rotation) = (None, None);
    Ok(Reply::empty())
}

pub(super) fn get_key_rotation_status(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:GetKeyRotationStatus")?;
    let key = key(call, &arn)?;
    let mut answer = json!({"KeyId": arn.name(), "KeyRotationEnabled": key.rotation_days.is_some()});
    if let Some(days) = key.rotation_days {
        answer["RotationPeriodInDays"] = json!(days);
    }
    if let Some(next) = key.next_rotation {
        answer["NextRotationDate"] = json!(next.seconds_f64());
    }
    Ok(answer.into())
}

/// [D] API_RotateKeyOnDemand
pub(super) fn rotate_key_on_demand(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = rotating(call, "kms:RotateKeyOnDemand")?;
    let (now, material) = (call.state.now, call.state.hex(64));
    let key = key(call, &arn)?;
    // 25 rotations on demand. [D] rotating-keys-on-demand
    if key.rotations.len() >= 25 {
        let text = format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
             performed for this key: {arn}"
        );
        return Err(ApiError::new("LimitExceededException", text));
    }
    key.material.clone_from(&material);
    key.rotations.push(Rotation { at: now, material });
    Ok(json!({"KeyId": arn.name()}).into())
}

pub(super) fn list_key_rotations(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:ListKeyRotations")?;
    let key = key(call, &arn)?;
    let shown = |rotation: &Rotation| {
        let current = rotation.material == key.material;
        json!({
            "KeyId": arn.name(), "RotationDate": rotation.at.seconds_f64(), "RotationType": "ON_DEMAND",
            "KeyMaterialId": rotation.material, "KeyMaterialState": if current { "CURRENT" } else { "NON_CURRENT" },
        })
    };
    let rotations: Vec<Value> = key.rotations.iter().map(shown).collect();
    page(call, "Rotations", rotations, 100)
}
