//! What an annotated copy (加注件) says of itself in its metadata.
//!
//! A copy is told from an original by elements that no original has, and it lacks the two by which an original
//! names itself: a reader that knows nothing of copies finds no license id in one and refuses it. [`CopyFacts`]
//! are read only if every element is there and in form and the content digest of the copy agrees with all the
//! others; a packet with only some of them is [`CopyClaim::Broken`], never an original.
//!
//! The **content digest of a copy** is SHA-256 over the content digest of its original and everything the copy
//! says, each field behind its length in bytes (8, big-endian), the first field being
//! `zhengku annotated copy 1`. Whether a seal stands behind all this is for `judge` to say.
//!
//! Sources: ISO 16684-1 (XMP); the metadata JZJZZSJ, JZJZZZ, JZJZZSY, JZJYXQJZSJ of GB/T 36903-2018.

use super::xmp::{self, Property};
use crate::crypto::{Digest, Hasher};
use crate::domain::annotated_copy::{AnnotatedCopy, CopyMaker};
use crate::domain::time::{Day, Moment};

/// The reason in the signature dictionary of every copy, and of nothing else.
pub const COPY_REASON: &str = "制作加注件";

/// A copy, and the content of the original it is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyFacts {
    /// The copy.
    pub copy: AnnotatedCopy,
    /// The content digest of the version it is drawn from.
    pub original_digest: Digest,
}

/// What a packet says of copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyClaim {
    /// It has some of the elements of a copy, or they do not hold together.
    Broken,
    /// It says nothing of a copy.
    None,
    /// It is the packet of a copy.
    Whole(Box<CopyFacts>),
}

/// Names and descriptions, in the order in which they are written.
const PROPERTIES: [(&str, &str); 9] = [
    ("originalId", "Identifier of the version this is an annotated copy of, GB/T 36904-2018"),
    ("originalContentDigest", "SHA-256 of the content of the original, in hexadecimal"),
    ("copyNumber", "Number of the annotated copy"),
    ("copyCreationTime", "When the annotated copy was made (JZJZZSJ, GB/T 36903-2018)"),
    ("copyCreator", "Who had it made: holder or issuing_authority (JZJZZZ)"),
    ("copyCause", "What it is for, and nothing else (JZJZZSY)"),
    ("copyRecipient", "Whom it is for, and nobody else"),
    ("copyExpiringTime", "The last day on which it may be used (JZJYXQJZSJ)"),
    ("contentDigest", "SHA-256 over the original's content digest and all of the above"),
];

impl CopyFacts {
    /// What binds the copy to its original and to its own words.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        let mut field = |bytes: &[u8]| {
            hasher.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(bytes);
        };
        field(b"zhengku annotated copy 1");
        field(self.original_digest.as_bytes());
        for value in self.words() {
            field(value.as_bytes());
        }
        hasher.finish()
    }

    /// Every element of the metadata that is a copy's own.
    pub(super) fn properties(&self) -> Vec<Property<'static>> {
        let [original, number, made_at, maker, purpose, recipient, last_day] = self.words();
        let content = self.original_digest.to_string();
        let own = self.digest().to_string();
        PROPERTIES
            .into_iter()
            .zip([original, content, number, made_at, maker, purpose, recipient, last_day, own])
            .map(|((name, description), value)| Property { name, value: value.into(), description })
            .collect()
    }

    /// What the copy says, in the order of [`PROPERTIES`].
    fn words(&self) -> [String; 7] {
        let AnnotatedCopy { original, number, request, maker, made_at } = &self.copy;
        [
            original.to_string(),
            number.to_string(),
            made_at.to_string(),
            maker.word().to_owned(),
            request.purpose().to_owned(),
            request.recipient().to_owned(),
            request.last_day().to_string(),
        ]
    }
}

impl CopyClaim {
    /// Reads what `packet` says of copies.
    pub(super) fn read(packet: &str) -> Self {
        // A value cannot hold these: what opens an element in one is escaped.
        if !packet.contains("<zk:copy") && !packet.contains("<zk:original") {
            return Self::None;
        }
        match whole(packet) {
            Some(facts) => Self::Whole(Box::new(facts)),
            None => Self::Broken,
        }
    }
}

fn whole(packet: &str) -> Option<CopyFacts> {
    let [original, content, number, made_at, maker, purpose, recipient, last_day, own] =
        PROPERTIES.map(|(name, _)| xmp::element(packet, &format!("zk:{name}")));
    // An original names itself so, and nothing is both.
    if xmp::element(packet, xmp::LICENSE_ID_ELEMENT).is_some() {
        return None;
    }
    let last_day: Day = last_day?.parse().ok()?;
    let made_at: Moment = made_at?.parse().ok()?;
    let copy = AnnotatedCopy::recalled(
        original?.parse().ok()?,
        number?.parse().ok()?,
        (&purpose?, &recipient?, last_day),
        CopyMaker::from_word(&maker?)?,
        made_at,
    )?;
    let facts = CopyFacts { copy, original_digest: content?.parse().ok()? };
    (facts.digest().to_string() == own?).then_some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::testing;

    fn packet(facts: &CopyFacts) -> String {
        let element = |p: Property<'_>| format!("<zk:{0}>{1}</zk:{0}>", p.name, p.value);
        facts.properties().into_iter().map(element).collect()
    }

    #[test]
    fn what_a_copy_says_is_read_back_and_every_change_of_it_is_broken() {
        let facts = testing::copy_facts();
        let honest = packet(&facts);
        assert_eq!(CopyClaim::read(&honest), CopyClaim::Whole(Box::new(facts.clone())));
        let swaps = [
            ("办理贷款", "办理过户"),
            ("示例银行", "另一银行"),
            ("<zk:copyExpiringTime>2027", "<zk:copyExpiringTime>2028"),
            (">holder<", ">issuing_authority<"),
            ("T08:", "T09:"),
            ("2026ABCDEFGHJKMN", "2026ABCDEFGHJKMP"),
        ];
        for (from, to) in swaps {
            assert!(honest.contains(from), "{from}");
            assert_eq!(CopyClaim::read(&honest.replace(from, to)), CopyClaim::Broken, "{to}");
        }
        for property in facts.properties() {
            let name = property.name;
            let without = honest.replace(&format!("<zk:{name}>{}</zk:{name}>", property.value), "");
            assert_eq!(CopyClaim::read(&without), CopyClaim::Broken, "without {name}");
            let element = format!("<zk:{name}>{}</zk:{name}>", property.value);
            assert_eq!(
                CopyClaim::read(&format!("{honest}{element}")),
                CopyClaim::Broken,
                "{name} twice"
            );
        }
    }

    #[test]
    fn an_original_says_nothing_of_a_copy_and_nothing_is_both() {
        let id = format!("<zk:licenseId>{}</zk:licenseId>", testing::LICENSE_ID);
        assert_eq!(CopyClaim::read(&id), CopyClaim::None);
        let both = format!("{}{id}", packet(&testing::copy_facts()));
        assert_eq!(CopyClaim::read(&both), CopyClaim::Broken);
    }

    proptest::proptest! {
        #[test]
        fn no_packet_makes_the_reader_panic_and_noise_is_never_a_copy(
            noise in "(<zk:(copy|original)[A-Za-z]{0,14}>|</zk:copyCause>|[0-9A-Z:.<>&-]|汉){0,40}",
        ) {
            assert!(!matches!(CopyClaim::read(&noise), CopyClaim::Whole(_)));
        }

        #[test]
        fn a_changed_packet_is_never_read_as_the_copy_it_was(at in 0_usize..900, byte in 0x20_u8..0x7f) {
            let honest = packet(&testing::copy_facts());
            let mut changed = honest.clone().into_bytes();
            let at = at % changed.len();
            changed[at] = byte;
            if let Ok(changed) = String::from_utf8(changed) && changed != honest {
                assert!(!matches!(CopyClaim::read(&changed), CopyClaim::Whole(_)), "{changed}");
            }
        }
    }
}
