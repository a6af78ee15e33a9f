//! Passes the digest of the handlers' sources to the crate: functions run in process only while the checkout still has them.

use std::path::Path;

#[path = "src/packages/source.rs"]
mod source;

fn main() -> std::io::Result<()> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let manifest = Path::new(&manifest);
    let project = manifest.parent().unwrap_or(manifest);
    for input in source::inputs(project)? {
        // Relative to this crate: a build folder that moves with the checkout must not look at the old one.
        println!("cargo::rerun-if-changed=../{}", input.strip_prefix(project).unwrap_or(&input).display());
    }
    println!("cargo::rustc-env=ROOTWATCH_HANDLERS_DIGEST={}", source::digest(project)?);
    Ok(())
}
