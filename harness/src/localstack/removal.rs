//! Removing what a run left: its containers, those of its functions, its network, and the images it pulled from its own
//! registry.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;

use futures_util::TryStreamExt;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::ContainerSummary;
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
};

use super::image::{BUILT, KEPT_BASE};
use super::owner::{self, Fate, ROLE, RUN};
use super::{Engine, LocalStackError};

/// What a container is in its run.
pub(super) const LOCALSTACK: &str = "localstack";
pub(super) const FUNCTION: &str = "function";
pub(super) const REGISTRY: &str = "registry";

const ATTEMPTS: u32 = 50;

/// Removes everything of a run. What is gone already is as good as removed.
pub(super) async fn remove_run(engine: &Engine, run_id: &str) -> Result<(), LocalStackError> {
    let label = format!("{RUN}={run_id}");
    // More than once: a function may have been starting, and another process may be removing the same.
    for attempt in 0.. {
        let mut containers = containers(engine, &label).await?;
        if containers.is_empty() {
            break;
        }
        if attempt == ATTEMPTS {
            return Err(LocalStackError::Stuck { label });
        }
        // LocalStack first: as long as it lives it starts containers of functions.
        containers.sort_by_key(|container| role(container) != LOCALSTACK);
        for id in containers.into_iter().filter_map(|container| container.id) {
            let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
            let removed = engine.docker.remove_container(&id, Some(options)).await;
            // 409: somebody else removes it at this moment.
            tolerate(removed, &[404, 409], || format!("remove the container {id}"))?;
        }
    }
    let options = ListNetworksOptionsBuilder::new().filters(&filter("label", &label)).build();
    let networks = engine.docker.list_networks(Some(options)).await;
    for id in networks.map_err(LocalStackError::engine("list its networks"))?.into_iter().filter_map(|it| it.id) {
        tolerate(engine.docker.remove_network(&id).await, &[404], || format!("remove the network {id}"))?;
    }
    remove_pulled(engine).await
}

/// Removes what runs left whose process has ended, and says which these were.
pub(super) async fn sweep(engine: &Engine) -> Result<Vec<String>, LocalStackError> {
    let options = ListNetworksOptionsBuilder::new().filters(&filter("label", RUN)).build();
    let networks = engine.docker.list_networks(Some(options)).await;
    let networks = networks.map_err(LocalStackError::engine("list its networks"))?;
    let containers = containers(engine, RUN).await?;
    let labels =
        networks.into_iter().filter_map(|it| it.labels).chain(containers.into_iter().filter_map(|it| it.labels));
    let mut gone: Vec<String> = labels
        .filter(|labels| owner::fate(labels) == Fate::Gone)
        .filter_map(|labels| labels.get(RUN).cloned())
        .collect();
    gone.sort();
    gone.dedup();
    for run_id in &gone {
        remove_run(engine, run_id).await?;
    }
    Ok(gone)
}

/// All containers with a label, ended ones too.
pub(super) async fn containers(engine: &Engine, label: &str) -> Result<Vec<ContainerSummary>, LocalStackError> {
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filter("label", label)).build();
    let listed = engine.docker.list_containers(Some(options)).await;
    listed.map_err(LocalStackError::engine("list its containers"))
}

/// Writes the log of LocalStack and of the functions into a file; `false` if there is none.
pub(super) async fn save_log(engine: &Engine, run_id: &str, path: &Path) -> Result<bool, LocalStackError> {
    let containers = containers(engine, &format!("{RUN}={run_id}")).await?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(LocalStackError::file(folder))?;
    }
    let mut file = std::fs::File::create(path).map_err(LocalStackError::file(path))?;
    for container in &containers {
        let (Some(id), name) = (&container.id, name(container)) else { continue };
        writeln!(file, "==== {name}").map_err(LocalStackError::file(path))?;
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
        let mut lines = engine.docker.logs(id, Some(options));
        // A container that goes at this moment has no log to give.
        while let Ok(Some(line)) = lines.try_next().await {
            file.write_all(&line.into_bytes()).map_err(LocalStackError::file(path))?;
        }
    }
    Ok(!containers.is_empty())
}

/// The images that LocalStack pulled from a registry which is gone: each run's has a port of its own.
async fn remove_pulled(engine: &Engine) -> Result<(), LocalStackError> {
    let registries = containers(engine, &format!("{ROLE}={REGISTRY}")).await?;
    let served: HashSet<u16> = registries
        .iter()
        .flat_map(|container| container.ports.iter().flatten())
        .filter_map(|port| port.public_port)
        .collect();
    let options = ListImagesOptionsBuilder::new().filters(&filter("reference", "localhost:*/rootwatch/*")).build();
    let images = engine.docker.list_images(Some(options)).await.map_err(LocalStackError::engine("list its images"))?;
    for tag in images.into_iter().flat_map(|image| image.repo_tags) {
        let port = tag.strip_prefix("localhost:").and_then(|rest| rest.split_once('/')).map(|(port, _)| port.parse());
        if let Some(Ok(port)) = port
            && !served.contains(&port)
        {
            let removed = engine.docker.remove_image(&tag, Some(RemoveImageOptionsBuilder::new().build()), None).await;
            tolerate(removed, &[404, 409], || format!("remove the image {tag}"))?;
        }
    }
    Ok(())
}

/// Removes the images of our own names that are of another lock file or recipe, and says which these were.
pub(super) async fn prune(engine: &Engine, current: &str) -> Result<Vec<String>, LocalStackError> {
    let mut pruned = Vec::new();
    for name in [BUILT, KEPT_BASE] {
        let options = ListImagesOptionsBuilder::new().filters(&filter("reference", name)).build();
        let images = engine.docker.list_images(Some(options)).await;
        let images = images.map_err(LocalStackError::engine("list its images"))?;
        for tag in images.into_iter().flat_map(|image| image.repo_tags).filter(|tag| is_outdated(tag, current)) {
            let removed = engine.docker.remove_image(&tag, Some(RemoveImageOptionsBuilder::new().build()), None).await;
            match removed {
                Ok(_) => pruned.push(tag),
                // 409: a container of a run that is still going on has it; the next build removes it.
                error => tolerate(error, &[404, 409], || format!("remove the image {tag}"))?,
            }
        }
    }
    Ok(pruned)
}

/// Whether an image has one of our names, and not the tag that is built now.
fn is_outdated(image: &str, current: &str) -> bool {
    let tag_of = |image: &str| image.rsplit_once(':').map(|(name, tag)| (name.to_owned(), tag.to_owned()));
    let (Some((name, tag)), Some((_, current))) = (tag_of(image), tag_of(current)) else { return false };
    [BUILT, KEPT_BASE].contains(&name.as_str()) && tag != current
}

fn name(container: &ContainerSummary) -> &str {
    container.names.iter().flatten().next().map_or("a container", |name| name.trim_start_matches('/'))
}

fn role(container: &ContainerSummary) -> &str {
    container.labels.as_ref().and_then(|labels| labels.get(ROLE)).map_or("", String::as_str)
}

fn filter(name: &str, value: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([(name.to_owned(), vec![value.to_owned()])])
}

fn tolerate<T>(result: Result<T, Error>, codes: &[u16], what: impl FnOnce() -> String) -> Result<(), LocalStackError> {
    match result {
        Ok(_) => Ok(()),
        Err(Error::DockerResponseServerError { status_code, .. }) if codes.contains(&status_code) => Ok(()),
        Err(error) => Err(LocalStackError::engine(what())(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_outdated;

    #[test]
    fn only_images_of_our_names_and_other_tags_are_outdated() {
        let current = "rootwatch/localstack:4.14.0-b";
        let cases = [
            ("rootwatch/localstack:4.14.0-b", false),
            ("rootwatch/localstack:4.14.0-a", true),
            ("rootwatch/lambda-provided:4.14.0-b", false),
            ("rootwatch/lambda-provided:4.14.0-a", true),
            ("localstack/localstack:4.14.0", false),
            ("rootwatch/half-made:4.14.0-a", false),
            ("localhost:5000/rootwatch/localstack:4.14.0-a", false),
            ("<none>:<none>", false),
        ];
        for (image, outdated) in cases {
            assert_eq!(is_outdated(image, current), outdated, "{image}");
        }
    }
}
