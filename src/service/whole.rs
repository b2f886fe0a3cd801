//! A sealed PDF as it stands today: the sealed bytes, and what was appended to protect them.

use crate::crypto::Digest;

use super::error::Fault;
use super::ports::{Form, ProtectionRecord, SealProtection, Vault, VersionRecord};

/// The bytes of a version's sealed PDF with all its protections, and these.
///
/// # Errors
///
/// A fault if an object is missing, or if what was appended does not make the file it was made for.
pub async fn sealed_pdf(
    vault: &dyn Vault,
    record: &VersionRecord,
) -> Result<(Vec<u8>, Vec<ProtectionRecord>), Fault> {
    let sealed = record.forms.iter().find(|known| known.form == Form::SealedPdf);
    let sealed = sealed.ok_or_else(|| Fault::new("whole.form", "a version has no sealed PDF"))?;
    let missing = || Fault::new("whole.object", "an object named by a row is missing");
    let mut whole = vault.object(sealed).await?.ok_or_else(missing)?;
    let protections = vault.protections(&record.id).await?;
    for protection in &protections {
        whole.extend(vault.object(&protection.suffix).await?.ok_or_else(missing)?);
    }
    // Each part was held against its own digest; this holds that they belong together.
    if let Some(newest) = protections.last()
        && Digest::of(&whole) != newest.whole_digest
    {
        let cause = "what was appended to a sealed PDF was not made for it";
        return Err(Fault::new("whole.protection_foreign", cause));
    }
    Ok((whole, protections))
}

/// How well a version's sealed PDF is protected today, and which file is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protected {
    /// How well; `None` for one shelved by a release that did not write it down, which counts as B-B.
    pub seal: Option<SealProtection>,
    /// SHA-256 of the PDF as it is handed out.
    pub digest: Digest,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// What the rows say of a version's sealed PDF.
pub async fn protected(vault: &dyn Vault, record: &VersionRecord) -> Result<Protected, Fault> {
    if let Some(newest) = vault.protections(&record.id).await?.last() {
        let seal = Some(newest.protection());
        return Ok(Protected { seal, digest: newest.whole_digest, size_bytes: newest.whole_bytes });
    }
    let sealed = record.forms.iter().find(|known| known.form == Form::SealedPdf);
    let sealed = sealed.ok_or_else(|| Fault::new("whole.form", "a version has no sealed PDF"))?;
    let (digest, size_bytes) = (sealed.digest, sealed.size_bytes);
    Ok(Protected { seal: record.sealed, digest, size_bytes })
}
