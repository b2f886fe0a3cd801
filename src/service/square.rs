//! What a license says in the square on its face.
//!
//! It is signed after the intention is recorded, as every use of a key is, so the face is planned before and painted
//! after. The bytes differ from license to license and take the same room on the face.

use crate::crypto::Digest;
use crate::domain::{LicenseId, Moment, Submission};
use crate::ecert::Statement;

use super::error::Fault;
use super::sealing::{LicenseKeys, sign_fault};

/// What stands behind the `#` of its address: a signed statement, or the license id where no key here is for ES256.
pub(super) fn fragment(
    id: &LicenseId,
    submission: &Submission<'_>,
    content_digest: Digest,
    keys: &LicenseKeys,
    now: Moment,
) -> Result<String, Fault> {
    let Some((signer, certificate)) = keys.statement() else { return Ok(id.to_string()) };
    let mut content = [0; 16];
    content.iter_mut().zip(content_digest.as_bytes()).for_each(|(to, byte)| *to = *byte);
    let holder = submission.holders.first().map_or_else(String::new, |one| one.name().to_owned());
    let statement = Statement {
        license_id: id.clone(),
        issued_on: submission.issued_on,
        validity: submission.validity,
        content,
        holder,
        license_number: submission.license_number.clone(),
        signed_at: now,
    };
    let signed = statement.sign(certificate.der(), signer);
    signed.map_err(|fault| sign_fault("seal.statement", fault))
}
