//! Driving Terraform in a scratch copy of the tree.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rootwatch_cloud::runtime::ending_with_parent;

use super::{Binary, Mirror, NEWEST, Stop, TerraformError, provider_version};

/// A scratch copy: `tree/` is the Terraform under test with its overlay, `root/` the configuration that is applied.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder.
    pub path: PathBuf,
    /// The configuration that is applied, below the folder.
    root: PathBuf,
    /// Variables by their names, as `TF_VAR_…`: what the configuration does not declare is ignored.
    variables: Vec<(String, String)>,
    /// Files of variables, which weigh more.
    var_files: Vec<PathBuf>,
    /// What may end it before its time.
    stop: Stop,
}

/// How Terraform is run there.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// Which binary.
    pub binary: &'a Binary,
    /// Where the provider comes from, if not from the registry.
    pub mirror: Option<&'a Mirror>,
    /// The cloud.
    pub endpoint: &'a str,
    /// The account whose administrator applies.
    pub account: &'a str,
}

/// A resource that a plan changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlannedChange {
    /// The address of the resource.
    pub address: String,
    /// Terraform's actions, for example `update`, or `delete, create`.
    pub actions: String,
    /// The attributes that differ, each as `name: before → after`.
    pub attributes: Vec<String>,
}

/// A fresh queue waits 25 s for six stable reads in the provider: all of them at once. [M]
const APPLY: [&str; 5] = ["apply", "-input=false", "-no-color", "-auto-approve", "-parallelism=64"];

impl Workspace {
    /// Copies the tree; nothing is ever initialised in the source tree, which may be read-only.
    pub fn create(path: &Path, tree: &Path) -> Result<Self, TerraformError> {
        copy_tree(tree, &path.join("tree"))
            .and_then(|()| std::fs::create_dir_all(path.join("root")))
            .map_err(|source| TerraformError::Workspace { path: path.to_path_buf(), source })?;
        Ok(Self::at(path, path.join("root")))
    }

    /// A workspace over a tree that the caller has copied to `tree/`, with a configuration of it as what is applied.
    pub fn over(path: &Path, directory: &Path) -> Self {
        Self::at(path, path.join("tree").join(directory))
    }

    fn at(path: &Path, root: PathBuf) -> Self {
        let (variables, var_files, stop) = (Vec::new(), Vec::new(), Stop::default());
        Self { path: path.to_path_buf(), root, variables, var_files, stop }
    }

    /// The same, with variables.
    pub fn with_variables(self, variables: Vec<(String, String)>, var_files: Vec<PathBuf>) -> Self {
        Self { variables, var_files, ..self }
    }

    /// The same, ended when its cloud is gone.
    pub fn with_stop(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// The same copy, with one of the tree's own configurations as what is applied: `""` is the root module.
    pub fn of_tree(self, directory: &str) -> Self {
        Self { root: self.tree().join(directory), ..self }
    }

    /// The copied tree.
    pub fn tree(&self) -> PathBuf {
        self.path.join("tree")
    }

    /// The configuration that is applied.
    pub fn root(&self) -> PathBuf {
        self.root.clone()
    }

    /// Where the output of a stage is kept.
    pub fn log(&self, stage: &str) -> PathBuf {
        self.path.join(format!("{stage}.log"))
    }

    /// Writes a file of the configuration that is applied.
    pub fn write(&self, name: &str, text: &str) -> Result<(), TerraformError> {
        let path = self.root().join(name);
        std::fs::write(&path, text).map_err(|source| TerraformError::Workspace { path, source })
    }

    /// Reads a file of the configuration that is applied.
    pub fn read(&self, name: &str) -> Result<String, TerraformError> {
        let path = self.root().join(name);
        std::fs::read_to_string(&path).map_err(|source| TerraformError::Workspace { path, source })
    }

    /// `init`, with the provider pinned by a lock file and taken from the mirror where there is one.
    pub fn init(&self, run: &Run<'_>) -> Result<(), TerraformError> {
        self.pin(run)?;
        self.init_as_pinned(run)
    }

    /// Pins the provider, unless the newest is wanted.
    pub fn pin(&self, run: &Run<'_>) -> Result<(), TerraformError> {
        let version = provider_version();
        if version == NEWEST {
            return Ok(());
        }
        if version.split('.').count() != 3 || !version.split('.').all(|part| part.parse::<u32>().is_ok()) {
            return Err(TerraformError::ProviderVersion { found: version });
        }
        // A lock entry without hashes is accepted and completed. [M]
        self.write(
            ".terraform.lock.hcl",
            &format!("provider \"{}/hashicorp/aws\" {{\n  version = \"{version}\"\n}}\n", run.binary.registry()),
        )
    }

    /// Prepares a composition of this crate's, which needs the AWS provider only and no backend.
    ///
    /// `init` hashes the provider (700 MB, 2 CPU-seconds), and so does each later command if the lock file has hashes. A provider
    /// that a mirror has unpacked is linked instead, as `init` does after hashing. [M] Terraform 1.11
    pub fn install(&self, run: &Run<'_>) -> Result<(), TerraformError> {
        let Some(mirror) = run.mirror.filter(|_| !run.binary.is_tofu) else { return self.init(run) };
        self.pin(run)?;
        self.write_cli_config(run)?;
        let package = mirror.package(run.binary);
        let link = self.root().join(".terraform/providers").join(Mirror::relative(run.binary));
        link.parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::os::unix::fs::symlink(package, &link))
            .map_err(|source| TerraformError::Workspace { path: link, source })?;
        self.run(run, "get", &["get", "-no-color"]).map(drop)
    }

    /// `init`, with the lock file that is there.
    pub fn init_as_pinned(&self, run: &Run<'_>) -> Result<(), TerraformError> {
        self.write_cli_config(run)?;
        self.run(run, "init", &["init", "-input=false", "-no-color"]).map(drop)
    }

    fn write_cli_config(&self, run: &Run<'_>) -> Result<(), TerraformError> {
        let Some(mirror) = run.mirror else { return Ok(()) };
        let path = self.path.join("cli.tfrc");
        std::fs::write(&path, mirror.cli_config(run.binary))
            .map_err(|source| TerraformError::Workspace { path, source })
    }

    /// `apply`, without asking.
    pub fn apply(&self, run: &Run<'_>) -> Result<(), TerraformError> {
        self.run(run, "apply", &APPLY).map(drop)
    }

    /// The same where nobody but this state's Terraform has changed anything since: the resources are not read again.
    pub fn apply_difference(&self, run: &Run<'_>) -> Result<(), TerraformError> {
        let arguments = [APPLY.as_slice(), &["-refresh=false"]].concat();
        self.run(run, "apply", &arguments).map(drop)
    }

    /// `destroy`, without asking.
    pub fn destroy(&self, run: &Run<'_>) -> Result<(), TerraformError> {
        let arguments = ["destroy", "-input=false", "-no-color", "-auto-approve", "-parallelism=64"];
        self.run(run, "destroy", &arguments).map(drop)
    }

    /// Whether a plan finds nothing to do; otherwise its text.
    pub fn plan_is_empty(&self, run: &Run<'_>) -> Result<Result<(), String>, TerraformError> {
        let arguments = ["plan", "-input=false", "-no-color", "-detailed-exitcode", "-parallelism=64"];
        match self.try_run(run, "plan", &arguments)? {
            (Some(0), _) => Ok(Ok(())),
            (Some(2), output) => Ok(Err(output)),
            (_, output) => Err(self.failed(run, "plan", &output)),
        }
    }

    /// The resources that a plan changes, in the order of their addresses.
    ///
    /// # Errors
    /// When Terraform fails, or its plan cannot be read.
    pub fn planned_changes(&self, run: &Run<'_>) -> Result<Vec<PlannedChange>, TerraformError> {
        let arguments = ["plan", "-input=false", "-no-color", "-parallelism=64", "-out=changes.tfplan"];
        self.run(run, "plan", &arguments)?;
        let output = self.run(run, "show", &["show", "-json", "-no-color", "changes.tfplan"])?;
        let start = output.find('{').unwrap_or(0);
        let plan: serde_json::Value = serde_json::from_str(&output[start..])
            .map_err(|error| self.failed(run, "show", &format!("{error}: {output}")))?;
        let mut changes = Vec::new();
        for change in plan["resource_changes"].as_array().into_iter().flatten() {
            let actions = change["change"]["actions"].as_array().into_iter().flatten().filter_map(|it| it.as_str());
            let actions = actions.collect::<Vec<_>>().join(", ");
            if !["no-op", "read"].contains(&actions.as_str()) {
                let address = change["address"].as_str().unwrap_or_default().to_owned();
                let (before, after) = (&change["change"]["before"], &change["change"]["after"]);
                let names = after.as_object().into_iter().flatten().filter(|(name, value)| before[name] != **value);
                let attributes = names.map(|(name, value)| format!("{name}: {} → {value}", before[name])).collect();
                changes.push(PlannedChange { address, actions, attributes });
            }
        }
        changes.sort();
        Ok(changes)
    }

    /// What an expression is, before anything is applied.
    pub fn evaluate(&self, run: &Run<'_>, expression: &str) -> Result<String, TerraformError> {
        let path = self.path.join("expression");
        let failed = |source| TerraformError::Workspace { path: path.clone(), source };
        std::fs::write(&path, format!("{expression}\n")).map_err(failed)?;
        let input = File::open(&path).map_err(failed)?;
        match self.try_run_with(run, "console", &["console"], input.into())? {
            (Some(0), output) => Ok(output),
            (_, output) => Err(self.failed(run, "console", &output)),
        }
    }

    /// `output -json`.
    pub fn outputs(&self, run: &Run<'_>) -> Result<serde_json::Value, TerraformError> {
        let output = self.run(run, "output", &["output", "-json", "-no-color"])?;
        let start = output.find('{').unwrap_or(0);
        serde_json::from_str(&output[start..]).map_err(|error| self.failed(run, "output", &error.to_string()))
    }

    /// `validate` of the configuration that is applied; what it finds wrong, warnings included.
    pub fn validate(&self, run: &Run<'_>) -> Result<Vec<String>, TerraformError> {
        let (_, output) = self.try_run(run, "validate", &["validate", "-json", "-no-color"])?;
        let start = output.find('{').unwrap_or(0);
        let answer: serde_json::Value = serde_json::from_str(&output[start..])
            .map_err(|error| self.failed(run, "validate", &format!("{error}: {output}")))?;
        let found = answer["diagnostics"].as_array().into_iter().flatten().map(ToString::to_string).collect();
        Ok(found)
    }

    /// Runs the `terraform test` files of the configuration and returns what Terraform wrote.
    ///
    /// # Errors
    /// When a run of a test file fails.
    pub fn test(&self, run: &Run<'_>) -> Result<String, TerraformError> {
        match self.try_run(run, "test", &["test", "-no-color"])? {
            (Some(0), output) => Ok(output),
            // The failed runs come between those that pass, and an unexpected success has no error.
            (_, output) => Err(TerraformError::Failed {
                program: run.binary.name().to_owned(),
                stage: "test".to_owned(),
                output,
                log: self.log("test"),
            }),
        }
    }

    /// What Terraform wrote in a stage.
    pub fn said(&self, stage: &str) -> String {
        std::fs::read_to_string(self.log(stage)).unwrap_or_default()
    }

    fn run(&self, run: &Run<'_>, stage: &str, arguments: &[&str]) -> Result<String, TerraformError> {
        match self.try_run(run, stage, arguments)? {
            (Some(0), output) => Ok(output),
            (_, output) => Err(self.failed(run, stage, &output)),
        }
    }

    fn failed(&self, run: &Run<'_>, stage: &str, output: &str) -> TerraformError {
        // A plan that is printed before may speak of errors too.
        let begins = |line: &&str| line.trim_start_matches(['│', ' ']).starts_with("Error:");
        let errors: Vec<&str> = output.lines().skip_while(|line| !begins(line)).take(60).collect();
        let output = if errors.is_empty() { output.to_owned() } else { errors.join("\n") };
        TerraformError::Failed {
            program: run.binary.name().to_owned(),
            stage: stage.to_owned(),
            output,
            log: self.log(stage),
        }
    }

    fn try_run(&self, run: &Run<'_>, stage: &str, arguments: &[&str]) -> Result<(Option<i32>, String), TerraformError> {
        self.try_run_with(run, stage, arguments, Stdio::null())
    }

    fn try_run_with(
        &self,
        run: &Run<'_>,
        stage: &str,
        arguments: &[&str],
        input: Stdio,
    ) -> Result<(Option<i32>, String), TerraformError> {
        let log = self.log(stage);
        let failed = |source| TerraformError::Workspace { path: log.clone(), source };
        let file = File::create(&log).map_err(failed)?;
        let errors = file.try_clone().map_err(failed)?;
        // Terminated, not killed: it has to end its providers.
        let mut command = ending_with_parent(&run.binary.path, "TERM");
        command.args(arguments).current_dir(self.root()).stdin(input).stdout(file).stderr(errors);
        if ["apply", "plan", "destroy", "console"].contains(&stage) {
            for path in &self.var_files {
                let mut argument = std::ffi::OsString::from("-var-file=");
                argument.push(path);
                command.arg(argument);
            }
        }
        // Nothing of the user's AWS set-up may leak into a test, and nothing of the test may leave this machine.
        for (key, _) in std::env::vars_os() {
            let name = key.to_string_lossy();
            if name.starts_with("AWS_") || name.starts_with("TF_VAR_") || name.starts_with("TF_CLI_ARGS") {
                command.env_remove(&key);
            }
        }
        command
            .envs(self.variables.iter().map(|(name, value)| (format!("TF_VAR_{name}"), value)))
            .env("AWS_ENDPOINT_URL", run.endpoint)
            .env("AWS_ACCESS_KEY_ID", run.account)
            .env("AWS_SECRET_ACCESS_KEY", "any")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1");
        match run.mirror {
            Some(_) => drop(command.env("TF_CLI_CONFIG_FILE", self.path.join("cli.tfrc"))),
            // A variable that names a missing file stops Terraform before it looks at anything else.
            None => {
                if std::env::var_os("TF_CLI_CONFIG_FILE").is_some_and(|path| !Path::new(&path).exists()) {
                    command.env_remove("TF_CLI_CONFIG_FILE");
                }
            }
        }
        // A group of its own: Ctrl-C reaches rootwatch, which ends Terraform together with its providers.
        let mut child = command.process_group(0).spawn().map_err(failed)?;
        let status = {
            let _running = self.stop.running(child.id());
            child.wait().map_err(failed)?
        };
        let output = std::fs::read_to_string(&log).map_err(failed)?;
        Ok((status.code(), console::strip_ansi_codes(&output).into_owned()))
    }
}

/// Copies a folder without what Terraform leaves behind.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in walkdir::WalkDir::new(from).into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        name != ".terraform" && name != ".git" && !name.contains(".tfstate")
    }) {
        let entry = entry?;
        let Ok(relative) = entry.path().strip_prefix(from) else { continue };
        let target = to.join(relative);
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
