//! Reading a submission against the types of the source.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use zhengku::domain::{Catalogue, Submission, WireValue};
use zhengku::service::catalogue::read_registry;
use zhengku::vault::TemplateFolder;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
    read_registry(&TemplateFolder::new(&templates)).expect("the templates of the source")
});

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    if let Ok(sent) = serde_json::from_slice::<WireValue>(body) {
        let today = "2026-12-01".parse().expect("a day");
        let _ = Submission::read(&sent, &CATALOGUE, today);
    }
});
