//! Whether LocalStack can be had here, and if not, why and what fixes it.

use std::fmt;
use std::time::Duration;

use testcontainers::bollard::errors::Error;

use super::{Engine, Image, LocalStackError, OFFICIAL, built_tag};

/// The variable that makes the absence of LocalStack a failure.
const REQUIRE: &str = "ROOTWATCH_REQUIRE_LOCALSTACK";
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether LocalStack can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// With this image.
    Ready(Image),
    /// There is an engine, but none of the images. The words say how to get one.
    NoImage(String),
    /// There is no engine. The words say what is missing.
    NoDocker(String),
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(image) => write!(f, "image {}", image.reference()),
            Self::NoImage(reason) | Self::NoDocker(reason) => f.write_str(reason),
        }
    }
}

impl Availability {
    /// The image that is started.
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Ready(image) => Some(image),
            Self::NoImage(_) | Self::NoDocker(_) => None,
        }
    }

    /// Why it is not ready.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ready(_) => None,
            Self::NoImage(reason) | Self::NoDocker(reason) => Some(reason),
        }
    }
}

/// Looks for an engine and an image; starts, pulls and changes nothing.
pub async fn availability() -> Availability {
    match Engine::connect().await {
        Ok(engine) => look(&engine).await,
        Err(error) => Availability::NoDocker(crate::runner::chain(&error)),
    }
}

/// The same where no async runtime runs: while tests are listed.
pub fn availability_blocking() -> Availability {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(availability()),
        Err(error) => Availability::NoDocker(format!("tokio: {error}")),
    }
}

/// Whether the environment demands LocalStack: then its absence is a failure, not a reason to ignore tests.
pub fn required() -> bool {
    std::env::var_os(REQUIRE).is_some_and(|value| !value.is_empty() && value != "0")
}

pub(super) async fn look(engine: &Engine) -> Availability {
    let built = built_tag();
    let asked = async { (has(engine, &built).await, has(engine, OFFICIAL).await) };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok((Ok(has_built), Ok(has_official))) => choose(&built, has_built, has_official),
        Ok((Err(error), _) | (_, Err(error))) => Availability::NoDocker(crate::runner::chain(&error)),
        Err(_) => Availability::NoDocker(format!(
            "the Docker engine did not list its images within {} s; `systemctl restart docker`",
            PATIENCE.as_secs()
        )),
    }
}

/// The built image first: it is the one that was made on purpose.
fn choose(built: &str, has_built: bool, has_official: bool) -> Availability {
    if has_built {
        Availability::Ready(Image::Built(built.to_owned()))
    } else if has_official {
        Availability::Ready(Image::Official)
    } else {
        Availability::NoImage(format!(
            "no image of LocalStack: `docker pull {OFFICIAL}` where a registry can be reached, \
             `cargo run -- localstack build` where none can"
        ))
    }
}

async fn has(engine: &Engine, reference: &str) -> Result<bool, LocalStackError> {
    match engine.docker.inspect_image(reference).await {
        Ok(_) => Ok(true),
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
        Err(error) => Err(LocalStackError::engine(format!("say whether it has {reference}"))(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Availability, choose};
    use crate::localstack::Image;

    #[test]
    fn the_built_image_comes_first_and_absence_says_what_fixes_it() {
        let built = || Availability::Ready(Image::Built("rootwatch/localstack:x".to_owned()));
        let cases = [
            (true, true, Some(built())),
            (true, false, Some(built())),
            (false, true, Some(Availability::Ready(Image::Official))),
            (false, false, None),
        ];
        for (has_built, has_official, expected) in cases {
            let found = choose("rootwatch/localstack:x", has_built, has_official);
            match expected {
                Some(expected) => assert_eq!(found, expected),
                None => {
                    let reason = found.reason().unwrap();
                    assert!(reason.contains("docker pull localstack/localstack:4.14.0"), "{reason}");
                    assert!(reason.contains("localstack build"), "{reason}");
                }
            }
        }
    }

    #[test]
    fn the_built_image_never_has_the_official_name() {
        assert!(!super::built_tag().starts_with("localstack/"));
        assert!(super::built_tag().starts_with("rootwatch/localstack:4.14.0-"));
    }
}
