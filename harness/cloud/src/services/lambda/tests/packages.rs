//! Names, and packages that could not start on Amazon Linux 2023.

use super::*;

#[test]
fn names_of_functions() {
    // [D] API_GetFunction, "Name formats"
    let other = "arn:aws:lambda:us-east-1:111122223333:function:f";
    for (text, wanted) in [
        ("f", Some((FUNCTION, None))),
        ("f:1", Some((FUNCTION, Some("1")))),
        ("f:$LATEST", Some((FUNCTION, Some("$LATEST")))),
        ("function:f", Some((FUNCTION, None))),
        ("111122223333:function:f", Some((other, None))),
        (FUNCTION, Some((FUNCTION, None))),
        ("arn:aws:lambda:us-east-1:999988887777:function:f:prod", Some((FUNCTION, Some("prod")))),
        ("", None),
        ("f g", None),
        ("1234:function:f", None),
        ("arn:aws:sqs:us-east-1:999988887777:f", None),
    ] {
        let found = Name::parse(text, &"us-east-1".into(), &HUB.into());
        let wanted =
            wanted.map(|(arn, qualifier)| Name { function: Arn::new(arn), qualifier: qualifier.map(str::to_owned) });
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn packages_that_could_not_start_are_refused() {
    let check = |zip: &[u8], wanted: Option<&str>| {
        let found = package::check(zip, "provided.al2023", "x86_64").map(|_| ()).map_err(|error| error.to_string());
        match wanted {
            None => assert_eq!(found, Ok(())),
            Some(part) => assert!(found.as_ref().is_err_and(|text| text.contains(part)), "{found:?} lacks {part}"),
        }
    };
    check(&zip_of("bootstrap", b"#!/bin/sh\n", 0o755), None);
    check(b"no zip", Some("Could not unzip uploaded file."));
    check(&zip_of("main", b"#!/bin/sh\n", 0o755), Some("no file `bootstrap` at its root"));
    check(&zip_of("main", b"#!/bin/sh\n", 0o755), Some("it has main"));
    check(&zip_of("bin/bootstrap", b"#!/bin/sh\n", 0o755), Some("no file `bootstrap` at its root"));
    check(&zip_of("bootstrap", b"#!/bin/sh\n", 0o644), Some("not executable (mode 0644)"));
    check(&zip_of("bootstrap", b"MZ\x90", 0o755), Some("neither a 64-bit little-endian ELF program nor a script"));
}

/// An ELF file with nothing but a section of version needs: libc.so.6 with these versions.
fn elf_file(machine: u16, versions: &[&str]) -> Vec<u8> {
    let mut strings = b"\0libc.so.6\0".to_vec();
    let mut needs = Vec::new();
    needs.extend(1u16.to_le_bytes());
    needs.extend((versions.len() as u16).to_le_bytes());
    for word in [1u32, 16, 0] {
        needs.extend(word.to_le_bytes());
    }
    for (n, version) in versions.iter().enumerate() {
        needs.extend([0; 8]);
        needs.extend((strings.len() as u32).to_le_bytes());
        needs.extend((if n + 1 == versions.len() { 0u32 } else { 16 }).to_le_bytes());
        strings.extend(version.bytes());
        strings.push(0);
    }
    let (needs_at, strings_at) = (64, 64 + needs.len());
    let table_at = strings_at + strings.len();
    let mut file = b"\x7fELF\x02\x01".to_vec();
    file.resize(64, 0);
    file[0x12..0x14].copy_from_slice(&machine.to_le_bytes());
    file[0x28..0x30].copy_from_slice(&(table_at as u64).to_le_bytes());
    file[0x3a..0x3c].copy_from_slice(&64u16.to_le_bytes());
    file[0x3c..0x3e].copy_from_slice(&2u16.to_le_bytes());
    file.extend(&needs);
    file.extend(&strings);
    for (kind, at, link, info) in [(3u32, strings_at, 0u32, 0u32), (0x6fff_fffe, needs_at, 0, 1)] {
        let mut header = [0u8; 64];
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[0x18..0x20].copy_from_slice(&(at as u64).to_le_bytes());
        header[0x28..0x2c].copy_from_slice(&link.to_le_bytes());
        header[0x2c..0x30].copy_from_slice(&info.to_le_bytes());
        file.extend(header);
    }
    file
}

#[test]
fn programs_of_another_machine_or_newer_glibc_are_refused() {
    let check = |runtime: &str, architecture: &str, program: &[u8], wanted: Option<&str>| {
        let found = package::check(&zip_of("bootstrap", program, 0o755), runtime, architecture);
        let found = found.map(|_| ()).map_err(|error| error.to_string());
        match wanted {
            None => assert_eq!(found, Ok(())),
            Some(part) => assert!(found.as_ref().is_err_and(|text| text.contains(part)), "{found:?} lacks {part}"),
        }
    };
    let (al2023, al2) = ("provided.al2023", "provided.al2");
    check(al2023, "x86_64", &elf_file(62, &["GLIBC_2.2.5", "GLIBC_2.34"]), None);
    check(al2023, "arm64", &elf_file(183, &["GLIBC_2.17"]), None);
    check(al2023, "x86_64", &elf_file(62, &[]), None);
    check(al2023, "x86_64", &elf_file(62, &["GLIBC_PRIVATE"]), None);
    check(al2023, "arm64", &elf_file(62, &[]), Some("built for x86_64, but Architectures says arm64"));
    check(al2023, "x86_64", &elf_file(183, &[]), Some("built for arm64, but Architectures says x86_64"));
    check(al2023, "x86_64", &elf_file(8, &[]), Some("a machine that Lambda does not have"));
    // Not the order of the list, and not the order of the text: 2.35 is newer than 2.4.
    check(al2023, "x86_64", &elf_file(62, &["GLIBC_2.35", "GLIBC_2.4"]), Some("needs symbols of glibc 2.35"));
    check(al2, "x86_64", &elf_file(62, &["GLIBC_2.34"]), Some("but provided.al2 has glibc 2.26"));
}

#[test]
fn a_real_program_tells_its_needs() {
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let needs = elf::read(&program).unwrap();
    assert_eq!(needs.machine, Some(if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }));
    assert!(needs.glibc.is_some_and(|glibc| (2, 2) < glibc && glibc < (3, 0)), "{needs:?}");
    // Damage anywhere must not panic.
    for cut in (0..program.len()).step_by(program.len() / 500 + 1) {
        elf::read(&program[..cut]);
    }
}
