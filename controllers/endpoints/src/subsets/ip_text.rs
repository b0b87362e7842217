//! The text of an address, without memory of its own: thousands are made to be put in order, and a few are kept.

use core::net::IpAddr;
use std::fmt::Write;

/// The longest text of an IPv6 address has 45 letters.
const LONGEST: usize = 45;

/// The text of an address. The order is that of the texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct IpText {
    /// Zeros follow, which come before every letter as the end of a text does.
    letters: [u8; LONGEST],
    length: u8,
}

impl IpText {
    /// The text, as the standard library prints it.
    pub(super) fn of(address: IpAddr) -> IpText {
        let mut text = IpText { letters: [0; LONGEST], length: 0 };
        match address {
            IpAddr::V4(address) => {
                for (position, octet) in address.octets().into_iter().enumerate() {
                    if position > 0 {
                        text.push(b'.');
                    }
                    if octet >= 100 {
                        text.push(b'0' + octet / 100);
                    }
                    if octet >= 10 {
                        text.push(b'0' + octet / 10 % 10);
                    }
                    text.push(b'0' + octet % 10);
                }
            }
            // There is room for the longest one.
            IpAddr::V6(address) => drop(write!(text, "{address}")),
        }
        text
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        let letters = self.letters.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(letters).unwrap_or_default()
    }

    fn push(&mut self, letter: u8) {
        if let Some(place) = self.letters.get_mut(usize::from(self.length)) {
            *place = letter;
            self.length += 1;
        }
    }
}

impl Write for IpText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        text.bytes().for_each(|letter| self.push(letter));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_standard_library_and_so_is_the_order() {
        let addresses: Vec<IpAddr> = [
            "10.0.0.1",
            "10.0.0.10",
            "10.0.0.2",
            "10.0.0.100",
            "10.0.10.1",
            "255.255.255.255",
            "0.0.0.0",
            "::1",
            "2001:db8::1",
            "2001:db8:1:2:3:4:5:6",
            "::ffff:255.255.255.255",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
        for left in &addresses {
            assert_eq!(IpText::of(*left).as_str(), left.to_string());
            for right in &addresses {
                let (texts, own) =
                    (left.to_string().cmp(&right.to_string()), IpText::of(*left).cmp(&IpText::of(*right)));
                assert_eq!(texts, own, "{left} {right}");
            }
        }
    }
}
