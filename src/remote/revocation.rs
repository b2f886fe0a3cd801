//! Asking whether certificates were revoked: OCSP responders first, then published lists, then the lists of our
//! own folder.
//!
//! What was asked for one license serves for the others that are under the same certificates: an answer is kept
//! for a few minutes, and only for those who may use one that was asked for so early.
//!
//! Sources: RFC 6960, appendix A; RFC 5280, section 4.2.1.13.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::crypto::{Digest, Random};
use crate::domain::Moment;
use crate::pki::{
    Certificate, Crl, OcspError, OcspRequest, OcspStatus, TrustStore, read_ocsp_response,
};
use crate::service::ports::{
    Clock, Evidence, Later, RemoteFault, RemoteFaultKind, RevocationSource,
};

use super::address::Address;
use super::breaker::Breaker;
use super::http::{Ask, Http, HttpLimits};

/// Longest OCSP answer, in bytes; `pki` reads no longer ones.
const MAX_OCSP_BYTES: usize = 64 * 1024;
/// Longest list, in bytes. Our own bound: it goes into every file.
const MAX_CRL_BYTES: usize = 4 * 1024 * 1024;
/// How long an answer serves for other licenses, in seconds. Our own bound.
const KEPT_SECONDS: i64 = 600;
/// Most answers kept; a city has some dozen certificates. Our own bound.
const MAX_KEPT: usize = 1_024;

/// Whom to ask, and how patiently.
#[derive(Clone, Debug)]
pub struct RevocationSettings {
    /// OCSP responders, asked about certificates of every issuer.
    pub ocsp: Vec<Address>,
    /// Where lists are published.
    pub crls: Vec<Address>,
    /// Whether the addresses in the certificates themselves are visited. They are only ever those of our own
    /// sealing and time-stamp certificates, which lead to an anchor of ours.
    pub addresses_in_certificates: bool,
    /// How long each may take.
    pub deadline: Duration,
    /// How long one that failed is first left alone.
    pub rest: Duration,
}

/// Asks responders and fetches lists.
pub struct Revocations {
    settings: RevocationSettings,
    http: Http,
    trust: Arc<TrustStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    breakers: Mutex<HashMap<Address, Arc<Breaker>>>,
    kept: Mutex<HashMap<Digest, (Moment, Evidence)>>,
}

impl Revocations {
    /// Over these addresses, and the lists in `trust`.
    pub fn new(
        settings: RevocationSettings,
        http: Http,
        trust: Arc<TrustStore>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let (breakers, kept) = Default::default();
        Self { settings, http, trust, clock, random, breakers, kept }
    }

    async fn find(
        &self,
        subject: &Certificate,
        issuer: &Certificate,
        since: Moment,
    ) -> Result<Evidence, RemoteFault> {
        let now = self.clock.now();
        let key = Digest::of_parts(&[subject.digest().as_bytes(), issuer.digest().as_bytes()]);
        // A moment is a second long: what was asked for in the same one may have been asked for before.
        let later_than = since.max(now.plus_seconds(-KEPT_SECONDS));
        if let Some((asked, evidence)) = locked(&self.kept).get(&key)
            && *asked > later_than
        {
            return Ok(evidence.clone());
        }
        let evidence = self.ask_all(subject, issuer, now).await?;
        let mut kept = locked(&self.kept);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(key, (now, evidence.clone()));
        Ok(evidence)
    }

    async fn ask_all(
        &self,
        subject: &Certificate,
        issuer: &Certificate,
        now: Moment,
    ) -> Result<Evidence, RemoteFault> {
        let mut last = RemoteFault::new(
            RemoteFaultKind::Unconfigured,
            "revocation",
            "no responder and no current list is known for a certificate of the path",
        );
        for address in self.addresses(&self.settings.ocsp, subject.ocsp_urls()) {
            match self.guarded(&address, self.ocsp(&address, subject, issuer, now)).await {
                Ok(der) => return Ok(Evidence::Ocsp(der)),
                Err(fault) => last = fault,
            }
        }
        for address in self.addresses(&self.settings.crls, subject.crl_urls()) {
            match self.guarded(&address, self.crl(&address, issuer, now)).await {
                Ok(der) => return Ok(Evidence::Crl(der)),
                Err(fault) => last = fault,
            }
        }
        let ours = self.trust.crls().iter().find(|crl| is_current(crl, issuer, now));
        ours.map(|crl| Evidence::Crl(crl.der().to_vec())).ok_or(last)
    }

    fn addresses(&self, set_up: &[Address], in_certificate: &[String]) -> Vec<Address> {
        let own = in_certificate.iter().filter_map(|url| url.parse().ok());
        let own = own.take_while(|_| self.settings.addresses_in_certificates);
        let mut all: Vec<Address> = set_up.iter().cloned().chain(own).collect();
        all.dedup();
        all
    }

    /// Asks unless the other side rests, and notes how it went.
    async fn guarded(
        &self,
        address: &Address,
        asking: impl Future<Output = Result<Vec<u8>, RemoteFault>>,
    ) -> Result<Vec<u8>, RemoteFault> {
        let breaker = Arc::clone(
            locked(&self.breakers)
                .entry(address.clone())
                .or_insert_with(|| Arc::new(Breaker::new(self.settings.rest))),
        );
        if !breaker.may_ask(Instant::now()) {
            let detail = "it failed a short while ago and is left alone for now";
            return Err(RemoteFault::new(RemoteFaultKind::Resting, address.to_string(), detail));
        }
        let answered = asking.await;
        match &answered {
            // It answers, if not about this certificate.
            Ok(_) | Err(RemoteFault { kind: RemoteFaultKind::NotGranted, .. }) => {
                breaker.succeeded();
            }
            Err(fault) => {
                breaker.failed(Instant::now());
                tracing::warn!(
                    code = fault.code(),
                    from = fault.from,
                    detail = fault.detail,
                    "nobody said whether a certificate was revoked"
                );
            }
        }
        answered
    }

    async fn ocsp(
        &self,
        address: &Address,
        subject: &Certificate,
        issuer: &Certificate,
        now: Moment,
    ) -> Result<Vec<u8>, RemoteFault> {
        let fault = |kind, error: &dyn std::fmt::Display| {
            RemoteFault::new(kind, address.to_string(), error)
        };
        let mut nonce = [0; 32];
        self.random.fill(&mut nonce);
        let request = OcspRequest::new(subject, issuer, nonce);
        let ask = Ask {
            to: address,
            body: Some(("application/ocsp-request", request.to_der())),
            accept: "application/ocsp-response",
        };
        let limits = HttpLimits { deadline: self.settings.deadline, answer_bytes: MAX_OCSP_BYTES };
        let der = self.http.ask(ask, limits).await?;
        let answer = read_ocsp_response(&der, &request, subject, issuer, now)
            .map_err(|error| fault(kind_of(&error), &error))?;
        if answer.status == OcspStatus::Unknown {
            return Err(fault(RemoteFaultKind::NotGranted, &"it does not know the certificate"));
        }
        Ok(der)
    }

    async fn crl(
        &self,
        address: &Address,
        issuer: &Certificate,
        now: Moment,
    ) -> Result<Vec<u8>, RemoteFault> {
        let fault = |kind, detail: &dyn std::fmt::Display| {
            RemoteFault::new(kind, address.to_string(), detail)
        };
        let ask = Ask { to: address, body: None, accept: "application/pkix-crl" };
        let limits = HttpLimits { deadline: self.settings.deadline, answer_bytes: MAX_CRL_BYTES };
        let der = self.http.ask(ask, limits).await?;
        let crl = Crl::from_der(&der).map_err(|error| fault(RemoteFaultKind::Garbage, &error))?;
        if crl.issuer() != issuer.subject() {
            return Err(fault(RemoteFaultKind::NotGranted, &"the list is of another issuer"));
        }
        if !crl.is_signed_by(issuer) {
            return Err(fault(
                RemoteFaultKind::Certificate,
                &"the list is not signed by its issuer",
            ));
        }
        if !is_current(&crl, issuer, now) {
            return Err(fault(RemoteFaultKind::ClockOff, &"the list is not current"));
        }
        Ok(der)
    }
}

impl RevocationSource for Revocations {
    fn evidence<'a>(
        &'a self,
        subject: &'a Certificate,
        issuer: &'a Certificate,
        since: Moment,
    ) -> Later<'a, Result<Evidence, RemoteFault>> {
        Box::pin(self.find(subject, issuer, since))
    }
}

fn is_current(crl: &Crl, issuer: &Certificate, now: Moment) -> bool {
    crl.issuer() == issuer.subject() && crl.this_update() <= now && now <= crl.next_update()
}

fn kind_of(error: &OcspError) -> RemoteFaultKind {
    match error {
        OcspError::BadSignature | OcspError::ResponderNotEntitled | OcspError::ResponderUnknown => {
            RemoteFaultKind::Certificate
        }
        OcspError::NotYet | OcspError::Stale => RemoteFaultKind::ClockOff,
        OcspError::NotSuccessful { .. } => RemoteFaultKind::NotGranted,
        OcspError::OtherCertificate => RemoteFaultKind::WrongDigest,
        OcspError::OtherNonce => RemoteFaultKind::WrongNonce,
        OcspError::TooLong { .. } => RemoteFaultKind::TooLarge,
        _ => RemoteFaultKind::Garbage,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
