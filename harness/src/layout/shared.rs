//! Files in the cache that the processes of one test run share.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The folder of a run.
#[derive(Clone, Debug)]
pub(crate) struct Shared(PathBuf);

impl Shared {
    /// The run that `cargo nextest` names; none where a process is the whole run.
    pub(super) fn of_this_run(cache: &Path) -> Option<Self> {
        let run = std::env::var_os("NEXTEST_RUN_ID")?;
        Some(Self(cache.join("runs").join(run)))
    }

    /// What was found before under that name, or else what is found now. A file that cannot be read or written is none: it
    /// costs the time that it would have saved.
    pub(super) fn once<T, E>(&self, name: &str, find: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        let path = self.0.join(name);
        let known = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        if let Some(known) = known {
            return Ok(known);
        }
        let found = find()?;
        let _ = self.publish(&path, &found);
        Ok(found)
    }

    fn publish(&self, path: &Path, found: &impl Serialize) -> std::io::Result<()> {
        if !self.0.is_dir() {
            // Earlier runs have ended, or find out again what they need.
            let _ = self.0.parent().map(std::fs::remove_dir_all);
            std::fs::create_dir_all(&self.0)?;
        }
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        serde_json::to_writer(&mut file, found)?;
        file.persist(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_finds_out_once_and_another_anew() {
        let cache = tempfile::tempdir().unwrap();
        let run = |name: &str| Shared(cache.path().join("runs").join(name));
        let ask = |run: &Shared, found: Result<u32, String>| run.once("x", || found);
        let (first, second) = (run("1"), run("2"));
        assert_eq!(ask(&first, Err("no".to_owned())), Err("no".to_owned()), "a failure is not kept");
        assert_eq!(ask(&first, Ok(1)), Ok(1));
        assert_eq!(ask(&first, Ok(2)), Ok(1), "known");
        assert_eq!(ask(&second, Ok(3)), Ok(3), "another run");
        assert_eq!(std::fs::read_dir(cache.path().join("runs")).unwrap().count(), 1, "the first one's is removed");
        std::fs::write(second.0.join("x"), "{").unwrap();
        assert_eq!(ask(&second, Ok(4)), Ok(4), "unreadable");
    }
}
