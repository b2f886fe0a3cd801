//! Reading a certificate out of DER.

#![no_main]

use zhengku::pki::Certificate;

libfuzzer_sys::fuzz_target!(|der: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(der) {
        assert_eq!(certificate.der(), der);
    }
});
