//! The companion (伴随密钥) of an RSA sealing key: a P-256 key of the same authority for its e-certificates.
//!
//! An RSA signature costs a hundred times one on P-256, and a license needs three. With a companion the RSA key
//! makes only the one in the PDF.

use std::path::Path;

use rcgen::{Issuer, KeyPair};

use crate::crypto::Suite;
use crate::domain::{AuthorityCode, Moment};
use crate::pki::Certificate;

use super::{
    DevKeysError, DevKeysReport, Files, YEAR, make_seal, new_year, refuse_foreign_root,
    seal_params, services,
};

/// Makes the companion of one authority.
pub(super) fn make(
    files: &mut Files<'_>,
    (code, name): (&AuthorityCode, &str),
    (ca, ca_certificate): (&Issuer<'_, KeyPair>, &str),
    term: (Moment, Moment),
) -> Result<(), DevKeysError> {
    let key = KeyPair::generate()?;
    let seal = seal_params(code, name, "数据签名", term)?.signed_by(&key, ca)?.pem();
    files.write(&format!("seals/{code}.data.key.pem"), &key.serialize_pem())?;
    files.write(&format!("seals/{code}.data.chain.pem"), &format!("{seal}{ca_certificate}"))
}

/// Makes the sealing keys, companions and services that a folder lacks, under the CA that stands there; nothing there is
/// changed.
pub(super) fn add_missing(
    out: &Path,
    authorities: &[(AuthorityCode, String)],
    now: Moment,
) -> Result<DevKeysReport, DevKeysError> {
    refuse_foreign_root(out)?;
    let read = |name: &str| {
        let path = out.join(name);
        std::fs::read_to_string(&path).map_err(|error| DevKeysError::File { path, error })
    };
    let mut files = Files { out, written: Vec::new() };
    let ca_certificate = read("issuing-ca.pem")?;
    let ca_key = KeyPair::from_pem(&read("ca/issuing-ca.key.pem")?)?;
    let ca = Issuer::from_ca_cert_pem(&ca_certificate, ca_key)?;
    let mut made = 0;
    for (code, name) in authorities {
        if out.join(format!("seals/{code}.data.key.pem")).exists() {
            continue;
        }
        if !out.join(format!("seals/{code}.chain.pem")).exists() {
            let term = (new_year(now), now.plus_seconds(5 * YEAR));
            make_seal(
                &mut files,
                (code, name),
                KeyPair::generate()?,
                (&ca, &ca_certificate),
                term,
            )?;
            made += 1;
            continue;
        }
        let chain = Certificate::all_from_pem(&read(&format!("seals/{code}.chain.pem"))?)
            .map_err(|_| DevKeysError::Minting)?;
        let Some(seal) = chain.first().filter(|seal| seal.suite() == Some(Suite::RsaPkcs1Sha256))
        else {
            continue;
        };
        let term = (seal.not_before(), now.plus_seconds(5 * YEAR));
        make(&mut files, (code, name), (&ca, &ca_certificate), term)?;
        made += 1;
    }
    services::make(&mut files, true, (&ca, &ca_certificate), (new_year(now), now))?;
    Ok(DevKeysReport { authorities: made, files: files.written })
}
