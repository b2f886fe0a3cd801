//! What can be seen when a file is looked at, by name.
//!
//! Rooms that look at files name what they saw and write no sentence: the code, the outcome and the words of
//! each row stand in `texts`. Nothing from a face is in any of them.

use super::certificate_seen::CertificateSeen;
use super::copy::CopySeen;
use super::foreign_seen::ForeignSeen;
use super::pack_seen::PackSeen;
use super::receipt_seen::ReceiptSeen;
use super::square_seen::SquareSeen;
use super::stamp_seen::StampSeen;
use crate::domain::Standing;

/// Something that was seen when a file was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// Something of the certificate behind a seal.
    Certificate(CertificateSeen),
    /// All content digests agree.
    ContentAgrees,
    /// They do not.
    ContentDiffers,
    /// An e-certificate by itself that shows no value.
    NothingShown,
    /// Every disclosure belongs to a signed digest.
    DisclosuresHold {
        /// How many are shown.
        shown: usize,
        /// How many are withheld.
        withheld: usize,
    },
    /// A disclosure was changed or added.
    DisclosuresBroken,
    /// The e-certificate has its form.
    EcertForm,
    /// It does not.
    EcertBroken {
        /// Why, in English, for whoever mends it.
        why: String,
    },
    /// A sealed PDF without an e-certificate inside.
    EcertMissing,
    /// Its signature verifies.
    EcertSigned,
    /// It does not.
    EcertSignatureBad,
    /// The file is encrypted.
    Encrypted,
    /// It is a structured e-certificate.
    KindEcert,
    /// A license id alone was handed in.
    KindId,
    /// It is a PDF.
    KindPdf,
    /// It is neither.
    KindUnknown,
    /// The file is larger than we read.
    TooLarge {
        /// What we read, in megabytes.
        limit_mb: usize,
    },
    /// A license id that holds together.
    IdHolds,
    /// One that does not, or that differs between the parts of the file.
    IdBroken,
    /// Something about annotated copies.
    Copy(CopySeen),
    /// The seal covers the whole file.
    CoverageWhole,
    /// The seal covers the whole document, and what follows protects it and shows nothing.
    CoverageProtected,
    /// The seal covers all content, and somebody else added what may be added.
    CoverageExtended,
    /// Bytes follow behind what was sealed.
    CoverageLengthened {
        /// How many.
        bytes: usize,
    },
    /// The seal does not cover what it should.
    CoverageBroken,
    /// The bytes are those that were sealed.
    BytesAgree,
    /// They are not.
    BytesChanged,
    /// A seal is there.
    SealPresent,
    /// None is there.
    SealAbsent,
    /// The seal is made as it should be.
    SealForm,
    /// The file or its seal is damaged.
    SealBroken,
    /// The PDF is built in a way we do not know, so that we cannot say what is sealed in it.
    SealForeign,
    /// The seal's signature verifies.
    SealSigned,
    /// It does not.
    SealSignatureBad,
    /// Something about a trust pack.
    Pack(PackSeen),
    /// Something about a receipt.
    Receipt(ReceiptSeen),
    /// Something about a printed square.
    Square(SquareSeen),
    /// Something about time-stamps.
    Stamp(StampSeen),
    /// Something about a sealed PDF of others.
    Foreign(ForeignSeen),
    /// The vault holds this very file.
    VaultSame,
    /// The vault holds the same content.
    VaultSameContent,
    /// The vault holds something else under this id.
    VaultOther,
    /// The vault has no such version.
    VaultMissing,
    /// The vault was asked, or the sealed validity decides.
    Stands {
        /// Where it stands.
        standing: Standing,
        /// Whether this is known from the document alone.
        from_document: bool,
    },
    /// Nobody asked where it stands.
    StandingNotChecked,
    /// It could not be asked.
    StandingUnknownNow,
}
