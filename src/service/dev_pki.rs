//! A time-stamp authority and an OCSP responder for development, over toy keys.
//!
//! With them a development server shows the whole way of a license without any service on the network. They are
//! nobody to rely on: their keys are published, and a server that is not in development mode has neither.

use std::sync::Arc;

use crate::crypto::{KeySigner, Random};
use crate::pki::{Certificate, Crl, OcspIssuer, OcspStatus, TimestampIssuer, TrustStore};

use super::error::Fault;
use super::ports::Clock;

/// How long an answer of the responder is current, in seconds. Our own choice.
const CURRENT_SECONDS: i64 = 3_600;

/// What the two seal with.
pub struct DevPkiKeys {
    /// The authority's certificate and those above it, without the root; and its key.
    pub tsa: (Vec<Certificate>, KeySigner),
    /// The responder's certificate, the one that issued it and the sealing certificates; and its key.
    pub ocsp: (Certificate, Certificate, KeySigner),
}

/// The two services.
pub struct DevPki {
    tsa: TimestampIssuer,
    tsa_key: KeySigner,
    ocsp: OcspIssuer,
    ocsp_key: KeySigner,
    issuer: Certificate,
    trust: Arc<TrustStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl DevPki {
    /// Services over these keys; the responder knows what the lists in `trust` say.
    pub fn new(
        keys: DevPkiKeys,
        trust: Arc<TrustStore>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Fault> {
        let (chain, tsa_key) = keys.tsa;
        let (responder, issuer, ocsp_key) = keys.ocsp;
        let tsa = TimestampIssuer::new(chain).map_err(|error| Fault::new("dev_pki.tsa", error))?;
        let ocsp = OcspIssuer::new(issuer.clone(), responder);
        Ok(Self { tsa, tsa_key, ocsp, ocsp_key, issuer, trust, clock, random })
    }

    /// Answers a `TimeStampReq` with a `TimeStampResp`.
    pub fn stamp(&self, request: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut serial = [0; 16];
        self.random.fill(&mut serial);
        self.tsa
            .answer(&self.tsa_key, request, &serial, self.clock.now())
            .map_err(|error| Fault::new("dev_pki.stamp", error))
    }

    /// Answers an `OCSPRequest` with an `OCSPResponse`.
    pub fn ocsp(&self, request: &[u8]) -> Result<Vec<u8>, Fault> {
        self.ocsp
            .answer(
                &self.ocsp_key,
                request,
                &|serial| self.status(serial),
                self.clock.now(),
                CURRENT_SECONDS,
            )
            .map_err(|error| Fault::new("dev_pki.ocsp", error))
    }

    /// What the lists of the issuer say; whom they do not name was never revoked.
    fn status(&self, serial: &[u8]) -> OcspStatus {
        let of_issuer = |crl: &&Crl| crl.is_signed_by(&self.issuer);
        let entry = self.trust.crls().iter().filter(of_issuer).find_map(|crl| crl.entry(serial));
        entry.map_or(OcspStatus::Good, OcspStatus::Revoked)
    }
}
