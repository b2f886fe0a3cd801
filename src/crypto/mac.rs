//! Keyed digests, and comparing without telling.
//!
//! A [`BlindIndexKey`] turns a holder code or a license number into 32 bytes by which the vault can look it
//! up and from which nobody without the key can get it back or even test a guess. The kind of the value
//! is part of what is hashed, so equal texts of two kinds have nothing in common in the index.
//!
//! Source: RFC 2104 (HMAC) with SHA-256.

use std::hint::black_box;

use ring::hmac;

use super::random::Random;
use super::secret::Secret;

/// The key of a blind index. Changing it makes every entry of the index unfindable.
pub struct BlindIndexKey(hmac::Key);

impl BlindIndexKey {
    /// Length of the key in bytes.
    pub const KEY_LEN: usize = 32;

    /// The index under this key.
    pub fn new(key: &Secret<[u8; Self::KEY_LEN]>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
    }

    /// A fresh key, for the first start of a vault.
    pub fn draw(random: &dyn Random) -> Secret<[u8; Self::KEY_LEN]> {
        let mut key = [0; Self::KEY_LEN];
        random.fill(&mut key);
        Secret::new(key)
    }

    /// Where `value` of this `kind` (a fixed word, such as `holder_code`) stands in the index.
    pub fn index(&self, kind: &str, value: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        // The zero byte cannot stand in a kind, so no kind and value run together to another pair.
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(value.as_bytes());
        let tag = context.sign();
        let mut index = [0; 32];
        for (byte, tag) in index.iter_mut().zip(tag.as_ref()) {
            *byte = *tag;
        }
        index
    }
}

/// Whether two byte strings are the same, in a time that depends on their lengths alone.
///
/// For tokens and codes that a caller sends and we hold: a comparison that stops at the first difference
/// would let them be guessed byte by byte.
pub fn same_bytes(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let difference =
        one.iter().zip(other).fold(0_u8, |sum, (left, right)| black_box(sum | (left ^ right)));
    black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SeededRandom;

    #[test]
    fn a_value_is_found_again_under_its_key_and_kind_only() {
        let random = SeededRandom::new(7);
        let key = BlindIndexKey::new(&BlindIndexKey::draw(&random));
        let other_key = BlindIndexKey::new(&BlindIndexKey::draw(&random));
        let index = key.index("holder_code", "11990000MD0000008F");
        assert_eq!(index, key.index("holder_code", "11990000MD0000008F"));
        assert_ne!(index, key.index("license_number", "11990000MD0000008F"));
        assert_ne!(index, key.index("holder_code", "11990000MD0000008G"));
        assert_ne!(index, other_key.index("holder_code", "11990000MD0000008F"));
    }

    #[test]
    fn the_mac_is_the_standards_own() {
        // RFC 4231, test case 1, has the key 0x0b twenty times; a key is padded with zeros to a block, so
        // the same key written with trailing zeros gives the same tag.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let key = BlindIndexKey::new(&Secret::new(key));
        let mut context = hmac::Context::with_key(&key.0);
        context.update(b"Hi There");
        assert_eq!(context.sign().as_ref()[..4], [0xb0, 0x34, 0x4c, 0x61]);
    }

    #[test]
    fn equality_holds_for_equal_bytes_alone() {
        for (one, other, same) in [
            (&b""[..], &b""[..], true),
            (b"token", b"token", true),
            (b"token", b"tokeN", false),
            (b"token", b"token1", false),
        ] {
            assert_eq!(same_bytes(one, other), same);
        }
    }
}
