//! NIST PKITS: the path validation test suite, through the room that judges licenses.
//!
//! The cases lie beside the project and are not part of it; where they are not there, the test says so and passes. What
//! we answer otherwise than the suite stands in a list with its reason, and a case that leaves the list, or comes onto
//! it, fails the test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use zhengku::domain::Moment;
use zhengku::pki::{
    Certificate, Crl, PolicyQuestion, Purpose, Revocation, TrustStore, verify_path_under,
};

/// A moment within the life of the suite's certificates and lists.
const AT: &str = "2020-06-01T00:00:00Z";

/// What we refuse and the suite would accept, with the reason.
const REFUSED: [(&str, &str); 7] = [
    ("valid_dsa_signatures_test4", DSA),
    ("valid_dsa_parameter_inheritance_test5", DSA),
    ("valid_pathlenconstraint_test8", ISSUER),
    ("valid_pathlenconstraint_test14", ISSUER),
    ("overlapping_policies_test6", ISSUER),
    ("overlapping_policies_test6_with_testpol1", ISSUER),
    ("valid_onlycontainscacerts_crl_test13", ISSUER),
];
const DSA: &str = "DSA is on no list of ours";
const ISSUER: &str =
    "the certificate asked about issues certificates, and such a key seals no documents";

fn corpora() -> PathBuf {
    // `make corpora CORPORA=DIR` says where they are; beside the checkout otherwise.
    match option_env!("ZHENGKU_CORPORA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
    }
}

/// The content of the DER of an object identifier.
fn policy(text: &str) -> Vec<u8> {
    let numbers: Vec<u64> =
        text.split('.').map(|number| number.parse().expect("a number")).collect();
    let first = numbers[0] * 40 + numbers[1];
    let mut out = Vec::new();
    for number in [first].into_iter().chain(numbers.into_iter().skip(2)) {
        let mut groups = vec![];
        let mut rest = number;
        loop {
            groups.push(u8::try_from(rest & 0x7f).expect("seven bits"));
            rest >>= 7;
            if rest == 0 {
                break;
            }
        }
        let last = groups.len() - 1;
        let marked = groups.iter().rev().enumerate();
        out.extend(marked.map(|(index, group)| if index < last { group | 0x80 } else { *group }));
    }
    out
}

struct Suite {
    folder: PathBuf,
}

impl Suite {
    fn certificate(&self, name: &str) -> Result<Certificate, String> {
        let der = fs::read(self.folder.join("certs").join(name)).expect(name);
        Certificate::from_der(&der).map_err(|error| format!("{name}: {error}"))
    }

    /// What we answer; a list that cannot be read is refused when it is taken in.
    fn answer(&self, case: &Value) -> Result<(), String> {
        let names = |key: &str| -> Vec<&str> {
            case[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let wants = |key: &str| case["params"][key].as_bool().unwrap_or(false);
        let acceptable = case["params"]["user_initial_policy_set"].as_array();
        let texts = |all: &Vec<Value>| -> BTreeSet<Vec<u8>> {
            all.iter().filter_map(Value::as_str).map(policy).collect()
        };
        let question = PolicyQuestion {
            acceptable: acceptable.map(texts),
            explicit: wants("initial_explicit_policy"),
            no_mapping: wants("initial_policy_mapping_inhibit"),
            no_any: wants("initial_any_policy_inhibit"),
        };
        let leaf = self.certificate(case["cert"].as_str().expect("a name"))?;
        let mut store = TrustStore::builder();
        store = store.add_anchor(self.certificate("TrustAnchorRootCertificate.crt")?);
        for name in names("crls").into_iter().chain(["TrustAnchorRootCRL.crl"]) {
            let der = fs::read(self.folder.join("crls").join(name)).expect(name);
            store = store.add_crl(Crl::from_der(&der).map_err(|why| format!("{name}: {why}"))?);
        }
        let store = store.build().expect("a store");
        let others = names("other_certs").into_iter().map(|name| self.certificate(name));
        let others = others.collect::<Result<Vec<_>, _>>()?;
        let at: Moment = AT.parse().expect("a moment");
        let known = (&others[..], &store, &[][..]);
        let path = verify_path_under(&question, Purpose::Signature, &leaf, known, at);
        match path.map_err(|error| error.to_string())?.revocation(at) {
            Revocation::Good { .. } => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }
}

#[test]
fn every_case_is_answered_as_the_suite_says_or_stands_in_the_list() {
    let suite = Suite { folder: corpora().join("x509/pkits") };
    let Ok(cases) = fs::read(suite.folder.join("pkits.json")) else {
        println!("left out: PKITS is not at {}", suite.folder.display());
        return;
    };
    let cases: Vec<Value> = serde_json::from_slice(&cases).expect("JSON");
    let (mut wrong, mut listed) = (Vec::new(), BTreeSet::new());
    let (mut accepted, mut refused, mut of_policies) = ((0, 0), (0, 0), (0, 0));
    for case in &cases {
        let name = case["name"].as_str().expect("a name");
        let is_invalid = !case["error"].is_null();
        let answer = suite.answer(case);
        let right = answer.is_err() == is_invalid;
        let score = if is_invalid { &mut refused } else { &mut accepted };
        score.1 += 1;
        score.0 += u32::from(right);
        if !case["params"].is_null() {
            of_policies.1 += 1;
            of_policies.0 += u32::from(right);
        }
        let in_list = REFUSED.iter().any(|(known, _)| *known == name);
        if in_list {
            listed.insert(name);
        }
        if right == in_list {
            wrong.push(format!("{name}: {answer:?}, in the list: {in_list}"));
        }
    }
    println!(
        "valid accepted {} of {}, invalid refused {} of {}; of those with policy parameters {} of {}",
        accepted.0, accepted.1, refused.0, refused.1, of_policies.0, of_policies.1
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(listed.len(), REFUSED.len(), "a case of the list is not in the suite");
}
