//! Wycheproof: every algorithm by which a document or a license is accepted, against vectors made to break verifiers.
//!
//! `valid` must verify and `invalid` must not. `acceptable` may do either; those that do not verify are counted by set.

use wycheproof::{HashFunction, TestResult};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};
use zhengku::crypto::{
    DocumentHash, ForeignFault, HashAlgorithm, Strength, Suite, verify_der, verify_document,
    verify_raw,
};

/// The `AlgorithmIdentifier` of a key, and its bits.
fn taken_apart(info: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (_, parsed) = SubjectPublicKeyInfo::from_der(info).expect("a key");
    let bits = parsed.subject_public_key.data.to_vec();
    // SEQUENCE with a long or a short length, and the algorithm as its first element.
    let head = if info[1] < 0x80 { 2 } else { 2 + usize::from(info[1] & 0x7f) };
    let length = 2 + usize::from(info[head + 1]);
    (info[head..head + length].to_vec(), bits)
}

fn hash_of(of: HashFunction) -> HashAlgorithm {
    match of {
        HashFunction::Sha2_256 => HashAlgorithm::Sha256,
        HashFunction::Sha2_384 => HashAlgorithm::Sha384,
        HashFunction::Sha2_512 => HashAlgorithm::Sha512,
        other => panic!("{other:?} is not in these sets"),
    }
}

fn hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).expect("hex"), 16);
    pairs.map(|two| byte(two).expect("hex")).collect()
}

fn ecdsa(hash: HashAlgorithm) -> Vec<u8> {
    let last = match hash {
        HashAlgorithm::Sha256 => "02",
        HashAlgorithm::Sha384 => "03",
        HashAlgorithm::Sha512 => "04",
    };
    hex(&format!("300a06082a8648ce3d0403{last}"))
}

/// rsaEncryption, as CMS names RSA PKCS#1 beside a digest of its own.
fn rsa() -> Vec<u8> {
    hex("300d06092a864886f70d0101010500")
}

fn pss(hash: HashAlgorithm, salt: usize) -> Vec<u8> {
    let named = match hash {
        HashAlgorithm::Sha256 => "300d06096086480165030402010500",
        HashAlgorithm::Sha384 => "300d06096086480165030402020500",
        HashAlgorithm::Sha512 => "300d06096086480165030402030500",
    };
    hex(&format!(
        "304106092a864886f70d01010a3034a00f{named}a11c301a06092a864886f70d010108{named}a2030201{salt:02x}"
    ))
}

/// Holds answers against what the vectors say; how many there were.
#[derive(Default)]
struct Score {
    valid: u32,
    invalid: u32,
    acceptable: u32,
    wrong: Vec<String>,
}

impl Score {
    fn take(&mut self, name: &str, id: usize, expected: TestResult, verified: bool) {
        let right = match expected {
            TestResult::Valid => {
                self.valid += 1;
                verified
            }
            TestResult::Invalid => {
                self.invalid += 1;
                !verified
            }
            TestResult::Acceptable => {
                self.acceptable += 1;
                true
            }
        };
        if !right {
            self.wrong.push(format!("{name} {id}: {expected:?}, and verified: {verified}"));
        }
    }

    fn assert(self, at_least: u32) {
        let Self { valid, invalid, acceptable, wrong } = self;
        println!("valid {valid}, invalid {invalid}, acceptable {acceptable}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(valid + invalid >= at_least, "only {} vectors were there", valid + invalid);
    }
}

fn document(
    algorithm: &[u8],
    hash: HashAlgorithm,
    info: &[u8],
    (message, signature): (&[u8], &[u8]),
) -> Result<Strength, ForeignFault> {
    let (key, bits) = taken_apart(info);
    let hash = DocumentHash::Sound(hash);
    verify_document((algorithm, hash), (&key, &bits), message, signature)
}

#[test]
fn ecdsa_of_documents() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut score = Score::default();
    for name in [
        TestName::EcdsaSecp256r1Sha256,
        TestName::EcdsaSecp256r1Sha512,
        TestName::EcdsaSecp384r1Sha256,
        TestName::EcdsaSecp384r1Sha384,
        TestName::EcdsaSecp384r1Sha512,
        TestName::EcdsaSecp521r1Sha512,
    ] {
        for group in TestSet::load(name).expect("vectors").test_groups {
            let hash = hash_of(group.hash);
            for test in &group.tests {
                let said = document(&ecdsa(hash), hash, &group.der, (&test.msg, &test.sig));
                score.take(
                    &format!("{name:?}"),
                    test.tc_id,
                    test.result,
                    said == Ok(Strength::Sound),
                );
            }
        }
    }
    score.assert(2_000);
}

/// The suite of our own seals and e-certificates, in both spellings of a signature.
#[test]
fn ecdsa_of_licenses() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut score = Score::default();
    let suite = Suite::EcdsaP256Sha256;
    for (name, raw) in
        [(TestName::EcdsaSecp256r1Sha256, false), (TestName::EcdsaSecp256r1Sha256P1363, true)]
    {
        for group in TestSet::load(name).expect("vectors").test_groups {
            let (_, key) = taken_apart(&group.der);
            for test in &group.tests {
                let verified = match raw {
                    true => verify_raw(suite, &key, &test.msg, &test.sig).is_ok(),
                    false => verify_der(suite, &key, &test.msg, &test.sig).is_ok(),
                };
                score.take(&format!("{name:?}"), test.tc_id, test.result, verified);
            }
        }
    }
    score.assert(600);
}

#[test]
fn rsa_of_documents() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    let mut score = Score::default();
    for name in [
        TestName::Rsa2048Sha256,
        TestName::Rsa2048Sha384,
        TestName::Rsa2048Sha512,
        TestName::Rsa3072Sha256,
        TestName::Rsa3072Sha384,
        TestName::Rsa3072Sha512,
        TestName::Rsa4096Sha256,
        TestName::Rsa4096Sha384,
        TestName::Rsa4096Sha512,
        TestName::Rsa8192Sha256,
    ] {
        for group in TestSet::load(name).expect("vectors").test_groups {
            let hash = hash_of(group.hash);
            for test in &group.tests {
                let said = document(&rsa(), hash, &group.der, (&test.msg, &test.sig));
                score.take(
                    &format!("{name:?}"),
                    test.tc_id,
                    test.result,
                    said == Ok(Strength::Sound),
                );
            }
        }
    }
    score.assert(2_000);
}

#[test]
fn rsa_pss_of_documents() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let mut score = Score::default();
    for name in [
        TestName::RsaPss2048Sha256Mgf1SaltLen0,
        TestName::RsaPss2048Sha256Mgf1SaltLen32,
        TestName::RsaPss2048Sha384Mgf1SaltLen48,
        TestName::RsaPss3072Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha384Mgf1SaltLen48,
        TestName::RsaPss4096Sha512Mgf1SaltLen32,
        TestName::RsaPss4096Sha512Mgf1SaltLen64,
    ] {
        for group in TestSet::load(name).expect("vectors").test_groups {
            let hash = hash_of(group.hash);
            for test in &group.tests {
                let algorithm = pss(hash, group.salt_size);
                let said = document(&algorithm, hash, &group.der, (&test.msg, &test.sig));
                score.take(
                    &format!("{name:?}"),
                    test.tc_id,
                    test.result,
                    said == Ok(Strength::Sound),
                );
            }
        }
    }
    score.assert(500);
}

#[test]
fn ed25519_of_documents() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut score = Score::default();
    for group in TestSet::load(TestName::Ed25519).expect("vectors").test_groups {
        for test in &group.tests {
            let algorithm = hex("300506032b6570");
            let hash = HashAlgorithm::Sha512;
            let said = document(&algorithm, hash, &group.der, (&test.msg, &test.sig));
            score.take("Ed25519", test.tc_id, test.result, said == Ok(Strength::Sound));
        }
    }
    score.assert(100);
}
