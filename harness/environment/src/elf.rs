//! What an executable needs in order to start: its machine, and the newest glibc symbol version that it asks for.

/// What an ELF file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// `x86_64` or `arm64`, where it is one of Lambda's.
    pub machine: Option<&'static str>,
    /// The highest `GLIBC_x.y` among the versions that it needs; none in a static program.
    pub glibc: Option<(u32, u32)>,
}

const SECTION_VERSION_NEEDS: u32 = 0x6fff_fffe;

/// Reads a 64-bit little-endian ELF file; `None` for anything else.
pub fn read(file: &[u8]) -> Option<Needs> {
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let machine = match short(file, 0x12)? {
        62 => Some("x86_64"),
        183 => Some("arm64"),
        _ => None,
    };
    Some(Needs { machine, glibc: newest_glibc(file).unwrap_or_default() })
}

/// The outer `None`: the section headers are damaged or gone, so nothing can be said.
fn newest_glibc(file: &[u8]) -> Option<Option<(u32, u32)>> {
    let (table, size, count) = (long(file, 0x28)?, usize::from(short(file, 0x3a)?), usize::from(short(file, 0x3c)?));
    let section = |n: usize| (n < count).then(|| table + n * size);
    let mut newest = None;
    for header in (0..count).filter_map(section) {
        if word(file, header + 4)? != SECTION_VERSION_NEEDS {
            continue;
        }
        let start = long(file, header + 0x18)?;
        let strings = long(file, section(word(file, header + 0x28)? as usize)? + 0x18)?;
        let mut need = start;
        // Lists linked by offsets. No program needs this many libraries or versions: a damaged file ends here.
        for _ in 0..word(file, header + 0x2c)?.min(256) {
            let mut version = need + word(file, need + 8)? as usize;
            for _ in 0..short(file, need + 2)?.min(256) {
                let name = text(file, strings + word(file, version + 8)? as usize)?;
                newest = newest.max(name.strip_prefix("GLIBC_").and_then(parse));
                version += word(file, version + 12)? as usize;
            }
            need += word(file, need + 12)? as usize;
        }
    }
    Some(newest)
}

/// `2.34` or `2.2.5`; `PRIVATE` is no version.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn bytes<const N: usize>(file: &[u8], at: usize) -> Option<[u8; N]> {
    file.get(at..at.checked_add(N)?)?.try_into().ok()
}
fn short(file: &[u8], at: usize) -> Option<u16> {
    bytes(file, at).map(u16::from_le_bytes)
}
fn word(file: &[u8], at: usize) -> Option<u32> {
    bytes(file, at).map(u32::from_le_bytes)
}
fn long(file: &[u8], at: usize) -> Option<usize> {
    // An offset beyond the file is refused by the next read; this keeps sums from overflowing.
    bytes(file, at).map(u64::from_le_bytes).and_then(|value| u32::try_from(value).ok()).map(|value| value as usize)
}
fn text(file: &[u8], at: usize) -> Option<&str> {
    let rest = file.get(at..)?;
    std::str::from_utf8(rest.get(..rest.iter().position(|byte| *byte == 0)?)?).ok()
}
