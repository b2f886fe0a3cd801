//! What to do about an observation, for the rows that need nothing filled in.
//!
//! A finding without a next step leaves a clerk alone with a fact; so every check that failed or could not be
//! made says here what helps, in words of both languages.

use super::finding::Text2;
use super::observed::Observed;
use super::words::{ASK_AUTHORITY, CHECK_STANDING, FETCH_AGAIN, REFUSE};

impl Observed {
    /// What to do about rows without anything filled in.
    pub(super) fn next_step(&self) -> Option<Text2> {
        match self {
            Self::BytesChanged
            | Self::ContentDiffers
            | Self::CoverageBroken
            | Self::DisclosuresBroken
            | Self::EcertMissing
            | Self::EcertSignatureBad
            | Self::IdBroken
            | Self::SealBroken
            | Self::SealSignatureBad => Some(FETCH_AGAIN),
            Self::VaultOther => Some(REFUSE),
            Self::VaultMissing => Some(ASK_AUTHORITY),
            Self::Encrypted => Some(Text2::fixed(
                "请持证人提供未加密的原件",
                "Ask the holder for the original without a password",
            )),
            Self::KindUnknown => Some(Text2::fixed(
                "请提交 PDF 原件或结构化电子证照文件，不要用截图或照片",
                "Hand in the PDF original or the e-certificate file, not a picture of it",
            )),
            Self::SealAbsent => Some(Text2::fixed(
                "请持证人提供带电子签章的原件，打印件的扫描件不是原件",
                "Ask the holder for the sealed original; a scan of a print is not one",
            )),
            Self::SealForeign => Some(ASK_AUTHORITY),
            Self::StandingNotChecked | Self::StandingUnknownNow => Some(CHECK_STANDING),
            _ => None,
        }
    }
}
