//! Reading a time-stamp: the answer, the token, and the request as the development authority gets it.

#![no_main]

use zhengku::crypto::Digest;
use zhengku::domain::Moment;
use zhengku::pki::{TimestampRequest, TimestampToken, read_response};

libfuzzer_sys::fuzz_target!(|der: &[u8]| {
    let now = Moment::from_unix_seconds(1_790_000_000);
    let request = TimestampRequest::new(&Digest::of(b"content"), &[7; 8]).expect("a nonce of 8 bytes");
    let _ = read_response(der, &request, now);
    if let Ok(request) = TimestampRequest::read(der) {
        assert_eq!(request.to_der(), der);
        let _ = read_response(der, &request, now);
    }
    // An answer begins with its status; what follows is the token.
    for token in [Some(der), der.get(9..)].into_iter().flatten() {
        if let Ok(token) = TimestampToken::read(token) {
            assert!(token.proves_before() >= token.gen_time());
            let tidy = token.tidied(&[]).expect("a token without what is not signed");
            assert!(tidy.is_whole());
            assert_eq!(tidy.signer(), token.signer());
        }
    }
});
