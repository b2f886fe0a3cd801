//! A time-stamp in the seal, at issue (B-T): if one is to be had in time.
//!
//! A time-stamp authority that is slow, down, lying or wrong never stops an issue: the license is then issued
//! without (B-B), and the keeper brings it up later.

use std::sync::Arc;
use std::time::Duration;

use crate::crypto::Digest;
use crate::domain::Moment;
use crate::pki::{TimestampToken, signature_to_stamp, timestamp_room, with_signature_timestamp};

use super::ports::TimestampSource;

/// Puts time-stamps into seals.
pub struct Stamping {
    /// Where time-stamps come from.
    pub source: Arc<dyn TimestampSource>,
    /// How long a license waits for one, whoever is asked.
    pub deadline: Duration,
}

impl Stamping {
    /// The room to leave in a gap for a time-stamp besides the seal, in bytes; none where none is to be had.
    ///
    /// How long time-stamps are is known from the first, so before it one is asked for that goes nowhere.
    async fn room(&self) -> usize {
        if self.source.longest_token().is_none()
            && let Err((code, detail)) = self.ask(&Digest::of(b"")).await
        {
            tracing::warn!(code, detail, "no time-stamp was to be had");
        }
        self.source.longest_token().map_or(0, timestamp_room)
    }

    /// The same where there may be no source at all, and then no room is needed.
    pub async fn room_of(stamping: Option<&Self>) -> usize {
        match stamping {
            Some(stamping) => stamping.room().await,
            None => 0,
        }
    }

    /// The seal with a time-stamp in it, and when that was made; the seal as it is where none was to be had.
    /// The two together take at most `limit_bytes`.
    pub async fn stamp(&self, seal: Vec<u8>, limit_bytes: usize) -> (Vec<u8>, Option<Moment>) {
        match self.try_to_stamp(&seal, limit_bytes).await {
            Ok((stamped, at)) => (stamped, Some(at)),
            Err((code, detail)) => {
                tracing::warn!(code, detail, "a seal stays without a time-stamp");
                (seal, None)
            }
        }
    }

    /// A time-stamp over this digest, in DER, where one is to be had in time.
    pub async fn over(&self, digest: &Digest) -> Option<Vec<u8>> {
        match self.ask(digest).await {
            Ok(token) => Some(token.der().to_owned()),
            Err((code, detail)) => {
                tracing::warn!(code, detail, "a receipt is given without a time-stamp");
                None
            }
        }
    }

    async fn ask(&self, digest: &Digest) -> Result<TimestampToken, (&'static str, String)> {
        // The source keeps the time by itself, and so knows whom it waited for in vain.
        let stamped = self.source.stamp(digest, Some(self.deadline)).await;
        stamped.map_err(|fault| (fault.code(), fault.to_string()))
    }

    async fn try_to_stamp(
        &self,
        seal: &[u8],
        limit_bytes: usize,
    ) -> Result<(Vec<u8>, Moment), (&'static str, String)> {
        let digest =
            signature_to_stamp(seal).map_err(|error| ("stamping.seal", error.to_string()))?;
        let token = self.ask(&digest).await?;
        let stamped = with_signature_timestamp(seal, token.der())
            .map_err(|error| ("stamping.seal", error.to_string()))?;
        if stamped.len() > limit_bytes {
            // The next gap is larger: the source knows now how long its tokens are.
            let detail = format!("{} bytes where {limit_bytes} are kept free", stamped.len());
            return Err(("stamping.no_room", detail));
        }
        Ok((stamped, token.gen_time()))
    }
}
