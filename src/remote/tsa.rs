//! Asking time-stamp authorities (时间戳服务机构), in order, over HTTP.
//!
//! Source: RFC 3161, section 3.4.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::crypto::{Digest, Random};
use crate::pki::{
    Purpose, TimestampError, TimestampRequest, TimestampToken, TrustStore, read_response,
    verify_path_for,
};
use crate::service::ports::{Clock, Later, RemoteFault, RemoteFaultKind, TimestampSource};

use super::address::Address;
use super::breaker::Breaker;
use super::http::{Ask, Http, HttpLimits};

/// Longest answer, in bytes; `pki` reads no longer ones.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// How much longer than the longest so far the next token may be: its numbers vary. Our own bound.
const MARGIN: usize = 64;

/// Whom to ask, and how patiently.
#[derive(Clone, Debug)]
pub struct TsaSettings {
    /// The authorities, the preferred one first.
    pub authorities: Vec<Address>,
    /// How long each may take at most.
    pub deadline: Duration,
    /// How long one that failed is first left alone.
    pub rest: Duration,
}

/// Asks time-stamp authorities.
pub struct TsaClient {
    authorities: Vec<(Address, Breaker)>,
    deadline: Duration,
    http: Http,
    trust: Arc<TrustStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    longest: AtomicUsize,
}

impl TsaClient {
    /// Over these authorities; `trust` says which of them count.
    pub fn new(
        settings: TsaSettings,
        http: Http,
        trust: Arc<TrustStore>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let TsaSettings { authorities, deadline, rest } = settings;
        let authorities = authorities.into_iter().map(|address| (address, Breaker::new(rest)));
        Self {
            authorities: authorities.collect(),
            deadline,
            http,
            trust,
            clock,
            random,
            longest: AtomicUsize::new(0),
        }
    }

    async fn first_that_answers(
        &self,
        digest: &Digest,
        within: Option<Duration>,
    ) -> Result<TimestampToken, RemoteFault> {
        let ends = within.map(|within| Instant::now() + within);
        let mut last = RemoteFault::new(
            RemoteFaultKind::Unconfigured,
            "time-stamp authorities",
            "none is set up under [timestamps]",
        );
        for (place, (address, breaker)) in self.authorities.iter().enumerate() {
            if !breaker.may_ask(Instant::now()) {
                // What another has just failed with says more than that this one rests.
                if last.kind == RemoteFaultKind::Unconfigured {
                    let detail = "it failed a short while ago and is left alone for now";
                    last = RemoteFault::new(RemoteFaultKind::Resting, address.to_string(), detail);
                }
                continue;
            }
            // Of what is left each that may still be asked has an equal part.
            let still = self.authorities.iter().skip(place + 1);
            let still = still.filter(|(_, breaker)| breaker.is_well(Instant::now())).count();
            let share = ends.map_or(self.deadline, |ends| {
                let left = ends.saturating_duration_since(Instant::now());
                self.deadline.min(left / u32::try_from(still + 1).unwrap_or(u32::MAX))
            });
            match self.ask(address, digest, share).await {
                Ok(token) => {
                    breaker.succeeded();
                    self.longest.fetch_max(token.der().len(), Ordering::Relaxed);
                    return Ok(token);
                }
                Err(fault) => {
                    breaker.failed(Instant::now());
                    tracing::warn!(
                        code = fault.code(),
                        from = fault.from,
                        detail = fault.detail,
                        "a time-stamp authority gave no time-stamp"
                    );
                    last = fault;
                }
            }
        }
        Err(last)
    }

    async fn ask(
        &self,
        address: &Address,
        digest: &Digest,
        deadline: Duration,
    ) -> Result<TimestampToken, RemoteFault> {
        let from = || address.to_string();
        let mut nonce = [0; 16];
        self.random.fill(&mut nonce);
        let request = TimestampRequest::new(digest, &nonce)
            .map_err(|error| RemoteFault::new(RemoteFaultKind::Garbage, from(), error))?;
        let ask = Ask {
            to: address,
            body: Some(("application/timestamp-query", request.to_der())),
            accept: "application/timestamp-reply",
        };
        let limits = HttpLimits { deadline, answer_bytes: MAX_ANSWER_BYTES };
        let answer = self.http.ask(ask, limits).await?;
        let token = read_response(&answer, &request, self.clock.now())
            .map_err(|error| RemoteFault::new(kind_of(&error), from(), error))?;
        let path = verify_path_for(
            Purpose::TimeStamping,
            token.signer(),
            token.certificates(),
            &self.trust,
            &[],
            token.gen_time(),
        )
        .map_err(|error| RemoteFault::new(RemoteFaultKind::Certificate, from(), error))?;
        // No more goes into a file than is needed: what a signature does not cover, anybody can change.
        token
            .tidied(path.intermediates())
            .map_err(|error| RemoteFault::new(kind_of(&error), from(), error))
    }
}

impl TimestampSource for TsaClient {
    fn stamp<'a>(
        &'a self,
        digest: &'a Digest,
        within: Option<Duration>,
    ) -> Later<'a, Result<TimestampToken, RemoteFault>> {
        Box::pin(self.first_that_answers(digest, within))
    }

    fn longest_token(&self) -> Option<usize> {
        let longest = self.longest.load(Ordering::Relaxed);
        (longest > 0).then_some(longest + MARGIN)
    }
}

fn kind_of(error: &TimestampError) -> RemoteFaultKind {
    match error {
        TimestampError::ClockOff { .. } => RemoteFaultKind::ClockOff,
        TimestampError::NotGranted { .. } => RemoteFaultKind::NotGranted,
        TimestampError::OtherDigest => RemoteFaultKind::WrongDigest,
        TimestampError::OtherNonce => RemoteFaultKind::WrongNonce,
        TimestampError::OtherSigningCertificate
        | TimestampError::NoSigningCertificate
        | TimestampError::Purpose
        | TimestampError::SignerMissing => RemoteFaultKind::Certificate,
        TimestampError::TooLong { .. } => RemoteFaultKind::TooLarge,
        _ => RemoteFaultKind::Garbage,
    }
}
