//! Terraform where there is none: a pinned version from its publisher, verified by the checksum that is written here.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::TerraformError;
use super::mirror::architecture;

/// The version that is fetched.
pub const TERRAFORM_VERSION: &str = "1.11.4";

/// SHA-256 of the zips, from the publisher's terraform_1.11.4_SHA256SUMS.
const CHECKSUMS: [(&str, &str); 4] = [
    ("linux_amd64", "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc"),
    ("linux_arm64", "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633"),
    ("darwin_amd64", "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b"),
    ("darwin_arm64", "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18"),
];

const PUBLISHER: &str = "https://releases.hashicorp.com/terraform";

/// A zip has some 27 MB; nothing near this size is one.
const LARGEST: u64 = 200 * 1024 * 1024;

/// A zip to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Where it is.
    pub url: String,
    /// Its SHA-256, in lower-case hexadecimal digits.
    pub sha256: String,
}

impl Release {
    /// For this machine, if it is one that a checksum is known for. `ROOTWATCH_TERRAFORM_URL` names a mirror with the
    /// publisher's layout; the checksum stays.
    pub fn pinned() -> Option<Self> {
        let platform =
            format!("{}_{}", if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS }, architecture());
        let (_, sha256) = CHECKSUMS.iter().find(|(name, _)| *name == platform)?;
        let base = std::env::var("ROOTWATCH_TERRAFORM_URL").ok().filter(|url| !url.is_empty());
        let base = base.as_deref().unwrap_or(PUBLISHER).trim_end_matches('/');
        let url = format!("{base}/{TERRAFORM_VERSION}/terraform_{TERRAFORM_VERSION}_{platform}.zip");
        Some(Self { url, sha256: (*sha256).to_owned() })
    }
}

/// The binary that an earlier run fetched, or will fetch: below the user's cache.
pub fn fetched_path() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = variable("XDG_CACHE_HOME").or_else(|| {
        let home = variable("HOME")?;
        Some(home.join(if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" }))
    })?;
    Some(cache.join("rootwatch").join(format!("terraform-{TERRAFORM_VERSION}")).join("terraform"))
}

/// Fetches a release to a path, unless another process has just done so. Nothing that was not verified is ever there.
///
/// # Errors
/// When the zip cannot be had, is not the one that is pinned, or cannot be unpacked.
pub fn fetch(release: &Release, to: &Path, say: impl Fn(&str)) -> Result<(), TerraformError> {
    let workspace = |source| TerraformError::FetchTo { path: to.to_path_buf(), source };
    let folder = to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(workspace)?;
    let lock = File::create(folder.join("lock")).map_err(workspace)?;
    lock.lock().map_err(workspace)?;
    if to.is_file() {
        return Ok(());
    }
    say(&format!("Terraform is not here: fetching {} into {}", release.url, folder.display()));
    let zip = download(&release.url)?;
    let found = crate::deployment::hex(Sha256::digest(&zip).as_slice());
    if found != release.sha256 {
        let (url, expected) = (release.url.clone(), release.sha256.clone());
        return Err(TerraformError::Checksum { url, expected, found });
    }
    let failed = |reason: String| TerraformError::Fetch { url: release.url.clone(), reason };
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).map_err(|error| failed(error.to_string()))?;
    let mut member = archive.by_name("terraform").map_err(|error| failed(format!("its member terraform: {error}")))?;
    let mut code = Vec::new();
    member.read_to_end(&mut code).map_err(|error| failed(format!("its member terraform: {error}")))?;
    let mut file = tempfile::Builder::new().permissions(executable()).tempfile_in(folder).map_err(workspace)?;
    file.write_all(&code).map_err(workspace)?;
    file.persist(to).map_err(|error| workspace(error.error))?;
    say(&format!("its SHA-256 is the one that is pinned: {found}"));
    Ok(())
}

fn executable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o755)
}

fn download(url: &str) -> Result<Vec<u8>, TerraformError> {
    let failed = |reason: String| TerraformError::Fetch { url: url.to_owned(), reason };
    let timeouts = ureq::Agent::config_builder()
        .timeout_connect(Some(std::time::Duration::from_secs(20)))
        .timeout_global(Some(std::time::Duration::from_secs(600)))
        .build();
    let mut answer =
        ureq::Agent::new_with_config(timeouts).get(url).call().map_err(|error| failed(error.to_string()))?;
    answer.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Cursor};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A server on loopback that answers every request so; the paths that were asked for.
    fn server(status: &'static str, body: Vec<u8>) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let paths = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                paths.lock().unwrap().extend(lines.next());
                lines.find(String::is_empty);
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                // A client that has seen enough may have gone.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            }
        });
        (url, asked)
    }

    fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
        archive.finish().unwrap().into_inner()
    }

    fn sha256(bytes: &[u8]) -> String {
        crate::deployment::hex(Sha256::digest(bytes).as_slice())
    }

    #[test]
    fn a_verified_release_is_fetched_once() {
        let zip = zip_of("terraform", b"#!/bin/sh\necho fetched\n");
        let (url, asked) = server("200 OK", zip.clone());
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("cache/terraform");
        let release = Release { url: format!("{url}/t.zip"), sha256: sha256(&zip) };
        let said = Mutex::new(String::new());
        for _ in 0..2 {
            fetch(&release, &to, |words| said.lock().unwrap().push_str(words)).unwrap();
        }
        let ran = std::process::Command::new(&to).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&ran.stdout), "fetched\n");
        assert_eq!(asked.lock().unwrap().as_slice(), ["GET /t.zip HTTP/1.1"], "the second time it is there");
        let said = said.into_inner().unwrap();
        assert!(said.contains(&release.url) && said.contains(&release.sha256), "{said}");
    }

    #[test]
    fn what_is_not_the_pinned_release_is_not_kept() {
        let zip = zip_of("terraform", b"something else");
        let good = sha256(&zip);
        let other = zip_of("tofu", b"");
        let cases = [
            ("200 OK", zip.clone(), "0".repeat(64), vec!["checksum", &good, "ROOTWATCH_TERRAFORM"]),
            ("404 Not Found", zip.clone(), good.clone(), vec!["404", "ROOTWATCH_TERRAFORM"]),
            ("200 OK", b"no zip".to_vec(), sha256(b"no zip"), vec!["ROOTWATCH_TERRAFORM"]),
            ("200 OK", other.clone(), sha256(&other), vec!["its member terraform"]),
        ];
        for (status, body, sha256, texts) in cases {
            let (url, _) = server(status, body);
            let folder = tempfile::tempdir().unwrap();
            let to = folder.path().join("terraform");
            let error = fetch(&Release { url: format!("{url}/t.zip"), sha256 }, &to, |_| ()).unwrap_err().to_string();
            for text in texts.iter().chain([&url.as_str()]) {
                assert!(error.contains(text), "{status}: `{text}` is not in: {error}");
            }
            let kept: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(kept, ["lock"], "{status}");
        }
        // Nobody listens.
        let folder = tempfile::tempdir().unwrap();
        let release = Release { url: "http://127.0.0.1:1/t.zip".to_owned(), sha256: "0".repeat(64) };
        let error = fetch(&release, &folder.path().join("terraform"), |_| ()).unwrap_err();
        assert!(matches!(error, TerraformError::Fetch { .. }), "{error}");
    }
}
