//! The check characters of the trade's numbers.
//!
//! Each function takes the characters that are protected and gives the one that protects them, or `None`
//! where a character is outside the scheme's alphabet. What the numbers mean is left to the rooms that use
//! this one: `license_id` and `number`.
//!
//! Sources: ISO/IEC 7064 (hybrid systems MOD 37,36 and MOD 11,10); GB 32100-2015; GB 11714-1997;
//! GB 11643-1999; GB/T 17710-2008.

/// `0` to `9` and `A` to `Z`: the alphabet of MOD 37,36.
const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// The alphabet of the unified social credit code: no I, O, S, V, Z, which are misread.
const CREDIT: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// ISO 7064 MOD 37,36, which protects a license id (GB/T 36904-2018).
pub fn mod_37_36(protected: impl IntoIterator<Item = u8>) -> Option<char> {
    let mut product = 36;
    for byte in protected {
        let sum = (product + value(ALPHANUMERIC, byte)?) % 36;
        product = (if sum == 0 { 36 } else { sum }) * 2 % 37;
    }
    symbol(ALPHANUMERIC, (37 - product) % 36)
}

/// The variant of MOD 37,36 that one vendor writes in place of the standard's.
///
/// Ids with it are in circulation, so it is recognized in order to be *named*; it is never accepted as the
/// standard's character and never written. It gives letters the values 11 to 36 and, before the usual steps,
/// reduces a sum that grew past the modulus by 37 for a letter and by 36 for a digit.
pub fn vendor_variant(protected: impl IntoIterator<Item = u8>) -> Option<char> {
    let mut product = 36;
    for byte in protected {
        let letter = byte.is_ascii_uppercase();
        let number = value(ALPHANUMERIC, byte)? + usize::from(letter);
        let mut sum = product + number;
        if number > 10 && sum > 37 {
            sum %= 37;
        } else if number < 10 && sum > 36 {
            sum %= 36;
        }
        let rest = if sum.is_multiple_of(36) { 36 } else { sum % 36 };
        product = rest * 2 % 37;
    }
    symbol(ALPHANUMERIC, 36_usize.checked_sub(product)?)
}

/// MOD 11,10 over decimal digits, which protects a food-license number (GB/T 17710-2008).
pub fn mod_11_10(protected: impl IntoIterator<Item = u8>) -> Option<char> {
    let mut product = 10;
    for byte in protected {
        let sum = (product + value(&ALPHANUMERIC[..10], byte)?) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    symbol(&ALPHANUMERIC[..10], (11 - product) % 10)
}

/// The last character of a unified social credit code, over the 17 before it (GB 32100-2015, annex B).
pub fn credit_code(protected: &[u8]) -> Option<char> {
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let sum = weighted_sum(CREDIT, protected, &WEIGHTS)?;
    symbol(CREDIT, (31 - sum % 31) % 31)
}

/// The last character of an organization code, over the 8 before it (GB 11714-1997): a digit or `X`.
pub fn organization_code(protected: &[u8]) -> Option<char> {
    const WEIGHTS: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum = weighted_sum(ALPHANUMERIC, protected, &WEIGHTS)?;
    symbol(b"0123456789X", (11 - sum % 11) % 11)
}

/// The last character of a citizen number, over the 17 digits before it (GB 11643-1999): a digit or `X`.
pub fn citizen_number(protected: &[u8]) -> Option<char> {
    const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum = weighted_sum(&ALPHANUMERIC[..10], protected, &WEIGHTS)?;
    symbol(b"10X98765432", sum % 11)
}

fn weighted_sum(alphabet: &[u8], protected: &[u8], weights: &[usize]) -> Option<usize> {
    if protected.len() != weights.len() {
        return None;
    }
    protected
        .iter()
        .zip(weights)
        .try_fold(0, |sum, (byte, weight)| Some(sum + value(alphabet, *byte)? * weight))
}

fn value(alphabet: &[u8], byte: u8) -> Option<usize> {
    alphabet.iter().position(|known| *known == byte)
}

fn symbol(alphabet: &[u8], value: usize) -> Option<char> {
    alphabet.get(value).copied().map(char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids seen in the field, without root, full stops and check character, and what they end in.
    const FIELD_IDS: &[(&str, char)] = &[
        ("11100000000013338W01111430000006122244L20230000403001", 'U'),
        ("11100000MB03271699022340100000000016001", '9'),
        ("11100000000013338W00911330105002500287C2025052201002", '0'),
        ("11100000000013338W03211220000013544541J2430599001", 'F'),
    ];
    const VENDOR_ID: &str =
        "11100000000013661B006113700000045046442209FA4E88F9E4C878F3E9BED2CE7EA49001";

    #[test]
    fn ids_seen_in_the_field_carry_the_standard_check_character() {
        for (protected, expected) in FIELD_IDS {
            assert_eq!(mod_37_36(protected.bytes()), Some(*expected), "{protected}");
        }
        assert_eq!(mod_37_36(VENDOR_ID.bytes()), Some('D'));
    }

    #[test]
    fn the_known_vendor_variant_is_reproduced() {
        assert_eq!(vendor_variant(VENDOR_ID.bytes()), Some('M'));
    }

    #[test]
    fn characters_outside_the_alphabet_have_no_check_character() {
        assert_eq!(mod_37_36("12a".bytes()), None);
        assert_eq!(mod_11_10("12A".bytes()), None);
        assert_eq!(credit_code(b"9199000000000000I"), None);
        assert_eq!(citizen_number(b"1101051949123100"), None);
    }

    #[test]
    fn the_standards_own_samples_agree() {
        assert_eq!(citizen_number(b"11010519491231002"), Some('X'));
        assert_eq!(credit_code(b"11100000000013338"), Some('W'));
        assert_eq!(credit_code(b"11100000MB0327169"), Some('9'));
    }
}
