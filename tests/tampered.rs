//! Every file of `fixtures/tampered`, one trick a file, meets its finding and is never believed.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use std::collections::BTreeMap;
use std::fs;

use zhengku::judge::{FindingOutcome, Outcome, Overall, VaultFact};

use support::{NOW, judging, moment, root, trust};

#[test]
fn every_trick_meets_its_finding() {
    let folder = root().join("fixtures/tampered");
    let index = fs::read(folder.join("index.json")).unwrap();
    let index: BTreeMap<String, String> = serde_json::from_slice(&index).unwrap();
    let files = fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, index.len() + 1, "a file without its line, or a line without its file");
    let (judging, at) = (judging(trust()), moment(NOW));
    for (trick, code) in index {
        let file = fs::read(folder.join(format!("{trick}.pdf"))).unwrap();
        let verdict = judging.examine(&file, at).conclude(VaultFact::NotAsked, at);
        assert_ne!(verdict.integrity, Outcome::Passed, "{trick}");
        let believed = [Overall::Valid, Overall::ValidCopy, Overall::ValidWithLaterChanges];
        assert!(!believed.contains(&verdict.overall), "{trick}");
        assert!(verdict.license.is_none(), "{trick}: nothing in it is to be believed");
        let finding = verdict.finding(&code).map(|finding| finding.outcome);
        assert!(
            matches!(finding, Some(FindingOutcome::Failed | FindingOutcome::CouldNotBeMade)),
            "{trick}: {:?}",
            verdict.findings
        );
    }
}
