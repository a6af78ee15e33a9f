//! Override files laid over a copy of the Terraform tree, to break or vary one thing without touching the modules.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde_json::Value;

use super::TerraformError;

/// Writes each entry (a path below `terraform/`, e.g. `modules/spoke/break_override.tf.json`) into the copied tree.
/// A text is written as it is, anything else as JSON.
pub fn apply_overlay(tree: &Path, overlay: &BTreeMap<String, Value>) -> Result<(), TerraformError> {
    for (path, content) in overlay {
        let relative = Path::new(path);
        if relative.as_os_str().is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(TerraformError::Overlay { path: path.clone() });
        }
        let file = tree.join(relative);
        let text = match content {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let failed = |source| TerraformError::Workspace { path: file.clone(), source };
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::write(&file, text).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn overlays_stay_below_the_tree() {
        let tree = tempfile::tempdir().unwrap();
        let check = |path: &str| apply_overlay(tree.path(), &BTreeMap::from([(path.to_owned(), json!({"a": 1}))]));
        check("modules/spoke/x_override.tf.json").unwrap();
        assert_eq!(std::fs::read_to_string(tree.path().join("modules/spoke/x_override.tf.json")).unwrap(), "{\"a\":1}");
        for bad in ["../x", "/etc/x", "", "a/../../x"] {
            assert!(matches!(check(bad), Err(TerraformError::Overlay { .. })), "{bad}");
        }
    }
}
