//! Reading an OCSP answer.

#![no_main]

use std::sync::LazyLock;

use zhengku::domain::Moment;
use zhengku::pki::{Certificate, OcspResponse};

static CA: LazyLock<Certificate> = LazyLock::new(|| {
    let text = include_str!("../../keys-dev/issuing-ca.pem");
    Certificate::all_from_pem(text).expect("a certificate").remove(0)
});

libfuzzer_sys::fuzz_target!(|der: &[u8]| {
    if let Ok(answer) = OcspResponse::from_der(der) {
        assert_eq!(answer.der(), der);
        for subject in answer.certificates().iter().chain([&*CA]) {
            let _ = answer.check(subject, &CA, Moment::from_unix_seconds(1_790_000_000));
        }
    }
});
