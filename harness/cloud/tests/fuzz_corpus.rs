//! Every input that the fuzzer was given or has found (`fuzz/corpus`), by an ordinary test: what was found stays mended.

mod fuzz;

use std::path::Path;

use fuzz::TARGETS;

#[test]
fn kept_inputs_end_without_a_panic() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in TARGETS {
        let mut seen = 0;
        for entry in std::fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            if let Err(panic) = std::panic::catch_unwind(|| target(&data)) {
                eprintln!("with {}", path.display());
                std::panic::resume_unwind(panic);
            }
            // A cut anywhere is an input too.
            for end in [data.len() / 3, data.len() / 2, data.len().saturating_sub(1)] {
                target(&data[..end]);
            }
            seen += 1;
        }
        assert!(seen > 0, "no inputs for {name}");
    }
}

#[test]
fn every_target_has_its_program() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let manifest = std::fs::read_to_string(programs.with_file_name("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(programs.join(format!("{name}.rs")).exists(), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
