//! Chains for the tests of this floor, minted fresh each time with keys of their own.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
};

use super::anchors::TrustStore;
use super::certificate::{Certificate, OCSP_SIGNING, TIME_STAMPING};
use super::crl::Crl;
use super::der::{element, tag};
use crate::crypto::{KeySigner, pem};
use crate::domain::Moment;

/// The type of an instant in rcgen's parameters belongs to a package we do not name, hence a macro.
macro_rules! instant {
    ($moment:expr) => {
        rcgen::date_time_ymd(1970, 1, 1)
            + Duration::from_secs(u64::try_from($moment.unix_seconds()).unwrap())
    };
}

/// The authority the sealing certificate speaks for.
pub(crate) const AUTHORITY: &str = "11990000MD1000077R";

pub(crate) struct TestChain {
    root: Certificate,
    root_issuer: Issuer<'static, KeyPair>,
    ca: Certificate,
    ca_issuer: Issuer<'static, KeyPair>,
    seal: Certificate,
    seal_key: KeyPair,
}

pub(crate) fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

/// A certificate of somebody who gives his word for others, and its key.
pub(crate) struct Minted {
    pub(crate) certificate: Certificate,
    key: KeyPair,
}

impl Minted {
    pub(crate) fn signer(&self) -> KeySigner {
        KeySigner::from_pkcs8_der(self.key.serialized_der()).unwrap()
    }
}

/// What to mint for somebody who gives his word for others.
#[derive(Clone)]
pub(crate) struct Word<'w> {
    pub(crate) name: &'w str,
    /// The purposes, each as the content of a DER object identifier.
    pub(crate) purposes: &'w [&'w [u8]],
    pub(crate) critical: bool,
    pub(crate) no_check: bool,
    pub(crate) life: (&'w str, &'w str),
}

impl Word<'_> {
    /// An honest time-stamp authority.
    pub(crate) const TSA: Word<'static> = Word {
        name: "DEV Time-Stamps",
        purposes: &[TIME_STAMPING],
        critical: true,
        no_check: false,
        life: ("2026-01-01T00:00:00Z", "2031-01-01T00:00:00Z"),
    };
    /// An honest OCSP responder.
    pub(crate) const OCSP: Word<'static> = Word {
        name: "DEV OCSP",
        purposes: &[OCSP_SIGNING],
        critical: false,
        no_check: true,
        ..Self::TSA
    };
}

impl TestChain {
    pub(crate) fn new() -> Self {
        let root_key = KeyPair::generate().unwrap();
        let root_params = issuer_params("DEV Root");
        let root = root_params.self_signed(&root_key).unwrap();
        let root_issuer = Issuer::new(root_params, root_key);
        let ca_key = KeyPair::generate().unwrap();
        let ca_params = issuer_params("DEV Issuing CA");
        let ca = ca_params.signed_by(&ca_key, &root_issuer).unwrap();
        let ca_issuer = Issuer::new(ca_params, ca_key);
        let seal_key = KeyPair::generate().unwrap();
        let seal = seal_params(
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment],
            vec![
                ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]),
                ExtendedKeyUsagePurpose::EmailProtection,
            ],
        );
        let seal = seal.signed_by(&seal_key, &ca_issuer).unwrap();
        Self {
            root: Certificate::from_der(root.der()).unwrap(),
            root_issuer,
            ca: Certificate::from_der(ca.der()).unwrap(),
            ca_issuer,
            seal: Certificate::from_der(seal.der()).unwrap(),
            seal_key,
        }
    }

    pub(crate) fn root(&self) -> &Certificate {
        &self.root
    }

    pub(crate) fn ca(&self) -> &Certificate {
        &self.ca
    }

    pub(crate) fn seal(&self) -> &Certificate {
        &self.seal
    }

    pub(crate) fn signer(&self) -> KeySigner {
        KeySigner::from_pkcs8_der(self.seal_key.serialized_der()).unwrap()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.seal_key.serialize_pem()
    }

    pub(crate) fn pem(&self, certificate: &Certificate) -> String {
        pem::write("CERTIFICATE", certificate.der())
    }

    pub(crate) fn seal_pem(&self) -> String {
        self.pem(&self.seal)
    }

    /// A store that trusts the root and has no lists.
    pub(crate) fn store(&self) -> TrustStore {
        TrustStore::builder().add_anchor(self.root.clone()).build().unwrap()
    }

    /// Another leaf of the issuing CA, with a key of its own.
    pub(crate) fn leaf(
        &self,
        usages: Vec<KeyUsagePurpose>,
        purposes: Vec<ExtendedKeyUsagePurpose>,
    ) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let leaf = seal_params(usages, purposes).signed_by(&key, &self.ca_issuer).unwrap();
        Certificate::from_der(leaf.der()).unwrap()
    }

    /// Somebody who gives his word for others, with a certificate of the issuing CA.
    pub(crate) fn mint(&self, word: &Word<'_>) -> Minted {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, word.name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let oids: Vec<Vec<u8>> =
            word.purposes.iter().map(|oid| element(tag::OID, &[oid])).collect();
        let purposes = element(tag::SEQUENCE, &[&oids.concat()]);
        let mut purposes = CustomExtension::from_oid_content(&[2, 5, 29, 37], purposes);
        purposes.set_criticality(word.critical);
        params.custom_extensions.push(purposes);
        if word.no_check {
            let oid = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
            params.custom_extensions.push(CustomExtension::from_oid_content(&oid, vec![5, 0]));
        }
        params.not_before = instant!(moment(word.life.0));
        params.not_after = instant!(moment(word.life.1));
        let minted = params.signed_by(&key, &self.ca_issuer).unwrap();
        Minted { certificate: Certificate::from_der(minted.der()).unwrap(), key }
    }

    /// The key of the issuing CA.
    pub(crate) fn ca_signer(&self) -> KeySigner {
        KeySigner::from_pkcs8_der(self.ca_issuer.key().serialized_der()).unwrap()
    }

    /// A list of the issuing CA that is current for thirty days; what is on it was superseded.
    pub(crate) fn crl(&self, made: Moment, revoked: &[(&Certificate, Moment)]) -> Crl {
        mint_crl(&self.ca_issuer, made, revoked, RevocationReason::Superseded)
    }

    /// The same with one entry, for a key that was stolen.
    pub(crate) fn stolen(&self, made: Moment, revoked: (&Certificate, Moment)) -> Crl {
        mint_crl(&self.ca_issuer, made, &[revoked], RevocationReason::KeyCompromise)
    }

    /// An empty list of the root that is current for thirty days.
    pub(crate) fn root_crl(&self, made: Moment) -> Crl {
        mint_crl(&self.root_issuer, made, &[], RevocationReason::Superseded)
    }
}

fn mint_crl(
    issuer: &Issuer<'static, KeyPair>,
    made: Moment,
    revoked: &[(&Certificate, Moment)],
    reason: RevocationReason,
) -> Crl {
    let entry = |(certificate, since): &(&Certificate, Moment)| RevokedCertParams {
        serial_number: SerialNumber::from_slice(certificate.serial()),
        revocation_time: instant!(*since),
        reason_code: Some(reason),
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: instant!(made),
        next_update: instant!(made.plus_seconds(30 * 86_400)),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Crl::from_der(params.signed_by(issuer).unwrap().der()).unwrap()
}

fn issuer_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2045, 1, 1);
    params
}

fn seal_params(
    usages: Vec<KeyUsagePurpose>,
    purposes: Vec<ExtendedKeyUsagePurpose>,
) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "示例市民政局");
    name.push(DnType::from_oid(&[2, 5, 4, 97]), AUTHORITY);
    name.push(DnType::CommonName, "DEV 示例市民政局 电子印章");
    params.distinguished_name = name;
    params.key_usages = usages;
    params.extended_key_usages = purposes;
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2031, 1, 1);
    params
}
