//! Reading a list of revoked certificates out of DER.

#![no_main]

use zhengku::pki::Crl;

libfuzzer_sys::fuzz_target!(|der: &[u8]| {
    if let Ok(list) = Crl::from_der(der) {
        assert_eq!(list.der(), der);
        let _ = list.entry(&[1]);
    }
});
