//! Plans of a deployment: the changes that Terraform would make.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::deploy::{scratch, serve};
use super::{DeployError, Deployment, Specification, hub_variables, seed};
use crate::layout::Layout;
use crate::packages::Packages;
use crate::terraform::{self, GENERATED_ROOT, HubInputs, PlannedChange, Run, TerraformError, Workspace};

/// Plans a deployment again, as it is now, with files added to its configuration: those of the Terraform tree by their path
/// there, and those of the generated root module below [`GENERATED_ROOT`]. Every resource is read from the cloud.
///
/// # Errors
/// When Terraform fails.
pub async fn plan(
    layout: &Layout,
    packages: &Packages,
    specification: &Specification,
    deployment: &Deployment,
    files: &BTreeMap<PathBuf, String>,
) -> Result<Vec<PlannedChange>, DeployError> {
    let binary = tokio::task::block_in_place(|| terraform::obtain(layout, &crate::report::Progress::quiet()))?;
    let mirror = terraform::mirror_or_registry(layout, &binary)?;
    let cloud = serve(deployment.state.clone(), &deployment.code).await?;
    let facts = deployment.facts.clone();
    let secrets = seed::Secrets { slack: facts.slack_secret, pagerduty: facts.pagerduty_secret };
    let inputs = HubInputs {
        variables: hub_variables(&facts.accounts, packages, &secrets, &specification.variables),
        log_group: specification.log_alarm.then_some(seed::LOG_GROUP),
    };
    let composition = terraform::composition(&facts.accounts, &facts.coverage, inputs);
    let scratch = scratch(layout)?;
    let tree = layout.terraform();
    let workspace = Workspace::create(scratch.path(), &tree)?;
    workspace.write("main.tf.json", &composition.main.to_string())?;
    workspace.write("terraform.tfstate", &deployment.terraform_state)?;
    for (path, text) in files {
        let path = match path.strip_prefix(GENERATED_ROOT) {
            Ok(path) => workspace.root().join(path),
            Err(_) => workspace.tree().join(path.strip_prefix(&tree).unwrap_or(Path::new(path))),
        };
        std::fs::write(&path, text).map_err(|source| TerraformError::Workspace { path, source })?;
    }
    let run =
        Run { binary: &binary, mirror: mirror.as_ref(), endpoint: cloud.endpoint(), account: &facts.accounts.hub };
    let planned = tokio::task::block_in_place(|| {
        workspace.install(&run)?;
        workspace.planned_changes(&run)
    });
    if planned.is_err() && !terraform::is_ending() {
        // The log that the error names must outlive the run.
        let _ = scratch.keep();
    }
    Ok(planned?)
}
