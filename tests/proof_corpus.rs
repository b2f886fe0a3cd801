//! Time-stamps and OCSP answers that we did not make: what their authors say of each is what we say.
//!
//! The cases lie beside the project and are not part of it; where they are not there, the tests say so and pass.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zhengku::domain::Moment;
use zhengku::pki::{
    Certificate, OcspError, OcspResponse, OcspStatus, Purpose, TimestampError, TimestampRequest,
    TimestampToken, TrustStore, read_response, verify_path_for,
};

fn corpora() -> PathBuf {
    // `make corpora CORPORA=DIR` says where they are; beside the checkout otherwise.
    match option_env!("ZHENGKU_CORPORA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
    }
}

fn moment(text: &str) -> Moment {
    text.parse().expect("a moment")
}

#[test]
fn each_time_stamp_is_taken_for_its_own_request_alone() {
    let folder = corpora().join("rfc3161");
    let read = |name: &str| fs::read(folder.join(name));
    let Ok(request) = read("request.der") else {
        println!("left out: the time-stamps are not at {}", folder.display());
        return;
    };
    let bytes = |name: &str| read(name).unwrap_or_else(|why| panic!("{name}: {why}"));
    let request = TimestampRequest::read(&request).expect("a request");
    let other = TimestampRequest::read(&bytes("other_request.der")).expect("a request");
    let (honest, injected) = (bytes("response.tsr"), bytes("response-injected-certs.tsr"));
    let made = moment("2024-10-08T15:40:32Z");
    let token = read_response(&honest, &request, made).expect("a time-stamp");
    assert_eq!(token.gen_time(), made);
    assert_eq!(read_response(&honest, &other, made), Err(TimestampError::OtherNonce));
    // The two files were not made for each other: its authors' case of another nonce.
    let stranger = bytes("other_response.tsr");
    for request in [&request, &other] {
        let at = moment("2024-10-31T13:31:44Z");
        assert_eq!(read_response(&stranger, request, at), Err(TimestampError::OtherNonce));
    }
    let late = read_response(&honest, &request, made.plus_seconds(3_600));
    assert!(matches!(late, Err(TimestampError::ClockOff { .. })));

    let spoofed = read_response(&injected, &request, made).expect("a time-stamp");
    assert_eq!(spoofed.signer(), token.signer(), "not the certificate that was slipped in");
    assert!(spoofed.certificates().len() > token.certificates().len());
    assert_eq!(spoofed.tidied(&[]), token.tidied(&[]));

    let chain = String::from_utf8(bytes("ts_chain.pem")).expect("PEM");
    let chain = Certificate::all_from_pem(&chain).expect("certificates");
    let root = chain.iter().find(|certificate| certificate.is_self_issued()).expect("a root");
    let store = TrustStore::builder().add_anchor(root.clone()).build().expect("a store");
    let path = |token: &TimestampToken| {
        let stamping = Purpose::TimeStamping;
        verify_path_for(stamping, token.signer(), &chain, &store, &[], token.gen_time())
    };
    for token in [&token, &spoofed] {
        assert_eq!(path(token).expect("a path").anchor(), root);
    }
    let sealing = Purpose::DocumentSigning;
    assert!(verify_path_for(sealing, token.signer(), &chain, &store, &[], made).is_err());
}

/// What its authors say is wrong, in the words of ours.
fn refusals(name: &str, message: &str) -> &'static [OcspError] {
    // A responder is named by its key or by its name; under another key it is unknown, or did not sign.
    if name == "delegated_with_intermediate_invalid_wrong_key_in_signing_cert" {
        return &[OcspError::ResponderUnknown];
    }
    let rows: [(&str, &[OcspError]); 6] = [
        ("verify OCSP response signature", &[OcspError::BadSignature]),
        ("could not be located", &[OcspError::ResponderUnknown]),
        ("could not be validated", &[OcspError::ResponderNotEntitled]),
        ("issuer name hash does not match", &[OcspError::OtherCertificate]),
        ("issuer key hash does not match", &[OcspError::OtherCertificate]),
        ("not recent enough", &[OcspError::Stale]),
    ];
    let row = rows.iter().find(|(words, _)| message.ends_with(words));
    row.unwrap_or_else(|| panic!("{message}")).1
}

#[test]
fn each_ocsp_answer_is_taken_or_refused_as_its_authors_say() {
    let folder = corpora().join("x509/openssl-ocsp");
    let Ok(cases) = fs::read_to_string(folder.join("openssl-ocsp.json")) else {
        println!("left out: the OCSP cases are not at {}", folder.display());
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&cases).expect("cases");
    let text = |name: &str| {
        fs::read_to_string(folder.join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    };
    let certificate = |name: &Value| {
        let mut found = Certificate::all_from_pem(&text(name.as_str().expect("a name")));
        found.as_mut().expect("certificates").remove(0)
    };
    let (mut taken, mut refused) = (0, 0);
    for case in &cases {
        let name = case["name"].as_str().expect("a name");
        let at = moment(case["moment"].as_str().expect("a moment"));
        let between = case["other_certs"].as_array().into_iter().flatten();
        let mut path = vec![certificate(&case["cert"])];
        path.extend(between.map(certificate));
        path.push(certificate(&case["root"]));
        let mut faults = Vec::new();
        let answers = case["ocsps"].as_array().expect("answers");
        for (answer, link) in answers.iter().zip(path.windows(2)) {
            let base64: String =
                text(answer.as_str().expect("a name")).split_whitespace().collect();
            let der = STANDARD.decode(base64).expect("base64");
            let checked =
                OcspResponse::from_der(&der).and_then(|read| read.check(&link[0], &link[1], at));
            match checked {
                Ok(answer) if !answer.is_current_at(at) => faults.push(OcspError::Stale),
                Ok(answer) => assert_eq!(answer.status, OcspStatus::Good, "{name}"),
                Err(why) => faults.push(why),
            }
        }
        match case["error"]["msg_regex"].as_str() {
            None => {
                assert_eq!(faults, [], "{name}");
                taken += 1;
            }
            Some(message) => {
                assert_eq!(faults, refusals(name, message), "{name}");
                refused += 1;
            }
        }
    }
    println!("{taken} cases taken, {refused} refused, each for the reason its authors give");
    assert_eq!((taken, refused), (4, 25));
}
