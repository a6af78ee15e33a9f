//! Hashes the sources of this crate and of those it is made of into an environment variable, for the key of saved deployments.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

fn main() {
    let mut hasher = DefaultHasher::new();
    for sources in ["src", "../environment/src", "../pattern/src", "../policy/src", "../logfilter/src"] {
        println!("cargo::rerun-if-changed={sources}");
        hash(Path::new(sources), &mut hasher);
    }
    println!("cargo::rustc-env=ROOTWATCH_CLOUD_FINGERPRINT={:016x}", hasher.finish());
}

fn hash(path: &Path, hasher: &mut DefaultHasher) {
    if path.is_dir() {
        let mut children: Vec<_> =
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        children.sort();
        children.iter().for_each(|child| hash(child, hasher));
    } else if let Ok(bytes) = std::fs::read(path) {
        path.hash(hasher);
        bytes.hash(hasher);
    }
}
