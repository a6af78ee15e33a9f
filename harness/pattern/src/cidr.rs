//! IP addresses: the `cidr` operator, and literals that are addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::compile::Compiler;
use super::{PatternError, alternative::Alternative, reader::Token};

/// A block of addresses of one family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    address: IpAddr,
    mask_bits: u32,
}

impl Block {
    /// Host bits may be set. A block of one address is refused; the bare address says that. [R] CIDR.java
    pub(super) fn parse(text: &str) -> Result<Block, String> {
        // Java's split drops what is empty at the end, so "10.0.0.0/" has one part and "10.0.0.0/8/" has two.
        let [address, mask] = text.trim_end_matches('/').split('/').collect::<Vec<_>>()[..] else {
            return Err("Malformed CIDR, one '/' required".into());
        };
        let mask: i32 = mask.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
        let mask_bits = u32::try_from(mask).map_err(|_| "Malformed CIDR, mask bits must not be negative".to_owned())?;
        let address = match classify(address) {
            Spelling::Address(address) => address,
            Spelling::Impossible => return Err(format!("Invalid IP address: {address}")),
            Spelling::Other => return Err(format!("Nonstandard IP address: {address}")),
        };
        match address {
            IpAddr::V4(_) if mask_bits > 31 => Err("IPv4 mask bits must be < 32".into()),
            IpAddr::V6(_) if mask_bits > 127 => Err("IPv6 mask bits must be < 128".into()),
            _ => Ok(Block { address, mask_bits }),
        }
    }

    pub(super) fn contains(&self, value: &str) -> bool {
        let (this, other, width) = match (self.address, address(value)) {
            (IpAddr::V4(this), Some(IpAddr::V4(other))) => {
                (u128::from(this.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(this), Some(IpAddr::V6(other))) => (this.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        // A mask of 0 leaves no bits to compare; for IPv6 that is a shift by the whole width.
        (this ^ other).checked_shr(width - self.mask_bits).unwrap_or(0) == 0
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an address in {}/{}", self.address, self.mask_bits)
    }
}

/// The address a text spells, if it does: four decimal numbers, or hexadecimal groups with colons and no dots. An
/// IPv4 address mapped into IPv6 is the IPv4 address, as in Java.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    match classify(text) {
        Spelling::Address(address) => Some(address),
        _ => None,
    }
}

enum Spelling {
    Address(IpAddr),
    /// It has the form of an address, but is none: 10.0.0.256.
    Impossible,
    Other,
}

fn classify(text: &str) -> Spelling {
    let bytes = text.as_bytes();
    let spelled = if bytes.contains(&b':') {
        if !bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b':') {
            return Spelling::Other;
        }
        text.parse::<Ipv6Addr>().ok().map(|v6| v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4))
    } else {
        let parts: Vec<&str> = match bytes.first() {
            Some(byte) if byte.is_ascii_digit() => text.split('.').collect(),
            _ => return Spelling::Other,
        };
        if parts.len() != 4 || !parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) {
            return Spelling::Other;
        }
        // Leading zeros are decimal, not octal.
        let octets: Vec<u8> = parts.iter().map_while(|part| part.parse().ok()).collect();
        <[u8; 4]>::try_from(octets).ok().map(|octets| IpAddr::V4(Ipv4Addr::from(octets)))
    };
    spelled.map_or(Spelling::Impossible, Spelling::Address)
}

impl Compiler<'_> {
    /// After `{"cidr":`. That the text speaks of a prefix is AWS's. [V] content_ip_address_type_EXC
    pub(super) fn cidr(&mut self) -> Result<Alternative, PatternError> {
        if self.next()? != Token::Text {
            return Err(self.refuse("prefix match pattern must be a string"));
        }
        let text = self.text()?;
        let block = Block::parse(&text).map_err(|reason| self.refuse_operand(reason))?;
        self.expect_end("Only one key allowed in match expression")?;
        Ok(Alternative::Block(block))
    }
}
