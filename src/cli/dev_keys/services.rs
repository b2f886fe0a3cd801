//! The toy time-stamp authority (时间戳服务机构) and OCSP responder, which a development server serves.
//!
//! Sources: RFC 3161, section 2.3 (its purpose stands alone and is critical, which rcgen does not write by itself);
//! RFC 6960, section 4.2.2.2.

use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::domain::Moment;

use super::{DevKeysError, Files, YEAR, named};

/// Where they stand, within the folder.
pub(super) const TSA: &str = "services/tsa";
/// See above.
pub(super) const OCSP: &str = "services/ocsp";
/// extKeyUsage.
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
/// A list of id-kp-timeStamping alone, in DER.
const TIME_STAMPING_ALONE: &[u8] =
    &[0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
/// id-pkix-ocsp-nocheck, whose value is NULL.
const OCSP_NO_CHECK: (&[u64], &[u8]) = (&[1, 3, 6, 1, 5, 5, 7, 48, 1, 5], &[0x05, 0x00]);
/// The authority outlives the seals it stamps: what it says is renewed once in a decade.
const TSA_YEARS: i64 = 10;
const OCSP_YEARS: i64 = 5;

/// Makes the two; with `missing` only those that the folder lacks.
pub(super) fn make(
    files: &mut Files<'_>,
    missing: bool,
    (ca, ca_certificate): (&Issuer<'_, KeyPair>, &str),
    (first, now): (Moment, Moment),
) -> Result<(), DevKeysError> {
    let mut tsa = params("示例市时间戳服务", (first, now.plus_seconds(TSA_YEARS * YEAR)))?;
    let mut alone =
        CustomExtension::from_oid_content(EXTENDED_KEY_USAGE, TIME_STAMPING_ALONE.to_vec());
    alone.set_criticality(true);
    tsa.custom_extensions = vec![alone];

    let mut ocsp = params("示例市证书状态查询", (first, now.plus_seconds(OCSP_YEARS * YEAR)))?;
    ocsp.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    let (oid, null) = OCSP_NO_CHECK;
    ocsp.custom_extensions = vec![CustomExtension::from_oid_content(oid, null.to_vec())];

    for (name, params) in [(TSA, tsa), (OCSP, ocsp)] {
        if missing && files.out.join(format!("{name}.key.pem")).exists() {
            continue;
        }
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, ca)?.pem();
        files.write(&format!("{name}.key.pem"), &key.serialize_pem())?;
        files.write(&format!("{name}.chain.pem"), &format!("{certificate}{ca_certificate}"))?;
    }
    Ok(())
}

fn params(what: &str, (first, last): (Moment, Moment)) -> Result<CertificateParams, DevKeysError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(what, "示例市电子证照开发环境")?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_before = instant!(first);
    params.not_after = instant!(last);
    Ok(params)
}
