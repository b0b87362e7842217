//! Addresses.

use core::net::{IpAddr, Ipv4Addr};

/// Reads an address as Kubernetes does (apimachinery: `ParseIPSloppy`): an IPv4 address may have leading zeros, which are decimal
/// nevertheless, and one that is written as IPv6 counts as IPv4. `None` for what is no address.
pub(crate) fn parse(text: &str) -> Option<IpAddr> {
    match text.parse() {
        Ok(address) => Some(IpAddr::to_canonical(&address)),
        Err(_) => with_leading_zeros(text).map(IpAddr::V4),
    }
}

fn with_leading_zeros(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("10.1.2.3", Some("10.1.2.3")),
            ("010.001.02.3", Some("10.1.2.3")),
            ("fd00:0::1", Some("fd00::1")),
            ("::ffff:10.1.2.3", Some("10.1.2.3")),
            ("", None),
            ("None", None),
            ("10.1.2", None),
            ("10.1.2.3.4", None),
            ("010.1.2.+3", None),
            ("010.1.2.256", None),
            ("010..2.3", None),
            ("10.1.2.3/8", None),
            ("fd00::1%eth0", None),
        ] {
            assert_eq!(parse(text).map(|address| address.to_string()).as_deref(), expected, "{text}");
        }
    }
}
