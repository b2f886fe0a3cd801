//! Certificate policies along a path.
//!
//! The valid policies are kept as a graph, level by level, in which a policy stands once however many ways lead to it:
//! as a tree it could be made to grow without bound. The rest is the standard's own procedure.
//!
//! Source: RFC 5280, 6.1.2 to 6.1.5, and 6.1.3 (d) to (f), 6.1.4 (a) to (j), 6.1.5 (a), (b), (g).

use std::collections::{BTreeMap, BTreeSet};

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::X509Certificate;

use super::path_error::PathError;

/// anyPolicy, 2.5.29.32.0, as the content of a DER object identifier.
const ANY: &[u8] = &[0x55, 0x1d, 0x20, 0x00];
/// Most policies, and most mappings, in one certificate; our own bound.
const MAX_POLICIES: usize = 64;

/// A policy: the content of a DER object identifier.
pub type Policy = Vec<u8>;

/// What whoever asks wants of the policies of a path (6.1.1 (c), (e), (f), (g)). By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyQuestion {
    /// The policies that will do; none: any.
    pub acceptable: Option<BTreeSet<Policy>>,
    /// Whether one of them must hold along the whole path.
    pub explicit: bool,
    /// Whether policies may not be mapped.
    pub no_mapping: bool,
    /// Whether anyPolicy counts for nothing.
    pub no_any: bool,
}

/// A policy that is valid at a level.
#[derive(Default)]
struct Node {
    /// What a certificate below may name to count as this one.
    expected: BTreeSet<Policy>,
    /// The policies of the level above that it follows from.
    parents: BTreeSet<Policy>,
}

/// The valid policies of one level, each once.
type Level = BTreeMap<Policy, Node>;

/// What a certificate says of policies.
#[derive(Default)]
struct Said {
    policies: Option<BTreeSet<Policy>>,
    mappings: Vec<(Policy, Policy)>,
    require_explicit: Option<u32>,
    inhibit_mapping: Option<u32>,
    inhibit_any: Option<u32>,
}

impl Said {
    fn read(certificate: &X509Certificate<'_>) -> Result<Self, PathError> {
        let mut said = Self::default();
        let policy = |oid: &x509_parser::oid_registry::Oid<'_>| oid.as_bytes().to_vec();
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::CertificatePolicies(list) => {
                    let policies: BTreeSet<Policy> =
                        list.iter().map(|one| policy(&one.policy_id)).collect();
                    // Each policy is named once (4.2.1.4).
                    if policies.len() != list.len() || list.len() > MAX_POLICIES {
                        return Err(PathError::Malformed);
                    }
                    said.policies = Some(policies);
                }
                ParsedExtension::PolicyMappings(list) => {
                    let mappings = list.mappings.iter();
                    said.mappings = mappings
                        .map(|one| {
                            (policy(&one.issuer_domain_policy), policy(&one.subject_domain_policy))
                        })
                        .collect();
                    let any = |one: &(Policy, Policy)| one.0 == ANY || one.1 == ANY;
                    if said.mappings.iter().any(any) || said.mappings.len() > MAX_POLICIES {
                        return Err(PathError::Constraint);
                    }
                }
                ParsedExtension::PolicyConstraints(constraints) => {
                    said.require_explicit = constraints.require_explicit_policy;
                    said.inhibit_mapping = constraints.inhibit_policy_mapping;
                }
                ParsedExtension::InhibitAnyPolicy(inhibit) => {
                    said.inhibit_any = Some(inhibit.skip_certs);
                }
                _ => {}
            }
        }
        Ok(said)
    }
}

/// How many more certificates may do what these limit.
struct Counters {
    explicit: u32,
    mapping: u32,
    any: u32,
}

/// Asserts that the policies of a path hold; `path` begins under the anchor and ends with the leaf.
pub(super) fn check(
    path: &[(&X509Certificate<'_>, bool)],
    question: &PolicyQuestion,
) -> Result<(), PathError> {
    let length = u32::try_from(path.len()).map_err(|_| PathError::TooComplex)?;
    let unless = |limited: bool| if limited { 0 } else { length + 1 };
    let mut counters = Counters {
        explicit: unless(question.explicit),
        mapping: unless(question.no_mapping),
        any: unless(question.no_any),
    };
    let root = Node { expected: BTreeSet::from([ANY.to_vec()]), parents: BTreeSet::new() };
    let mut levels: Vec<Level> = vec![BTreeMap::from([(ANY.to_vec(), root)])];
    for (index, (certificate, is_self_issued)) in path.iter().enumerate() {
        let said = Said::read(certificate)?;
        let is_last = index + 1 == path.len();
        let above = levels.last().ok_or(PathError::Malformed)?;
        let any_counts = counters.any > 0 || !is_last && *is_self_issued;
        let mut level = match &said.policies {
            Some(policies) => named(above, policies, any_counts),
            None => Level::new(),
        };
        if counters.explicit == 0 && level.is_empty() {
            return Err(PathError::Policy);
        }
        if is_last {
            levels.push(level);
            if !is_self_issued {
                counters.explicit = counters.explicit.saturating_sub(1);
            }
            if said.require_explicit == Some(0) {
                counters.explicit = 0;
            }
            break;
        }
        map(&mut level, &said.mappings, counters.mapping > 0);
        levels.push(level);
        if !is_self_issued {
            counters.explicit = counters.explicit.saturating_sub(1);
            counters.mapping = counters.mapping.saturating_sub(1);
            counters.any = counters.any.saturating_sub(1);
        }
        let least =
            |counter: u32, said: Option<u32>| said.map_or(counter, |said| counter.min(said));
        counters.explicit = least(counters.explicit, said.require_explicit);
        counters.mapping = least(counters.mapping, said.inhibit_mapping);
        counters.any = least(counters.any, said.inhibit_any);
    }
    if counters.explicit > 0 || is_acceptable(&levels, question) {
        Ok(())
    } else {
        Err(PathError::Policy)
    }
}

/// The level below `above` for a certificate that names these policies (6.1.3 (d)).
fn named(above: &Level, policies: &BTreeSet<Policy>, any_counts: bool) -> Level {
    let mut level = Level::new();
    let mut add = |policy: &Policy, parents: BTreeSet<Policy>| {
        let expected = BTreeSet::from([policy.clone()]);
        level.insert(policy.clone(), Node { expected, parents });
    };
    for policy in policies.iter().filter(|policy| *policy != ANY) {
        let expecting = above.iter().filter(|(_, node)| node.expected.contains(policy));
        let mut parents: BTreeSet<Policy> = expecting.map(|(parent, _)| parent.clone()).collect();
        if parents.is_empty() && above.contains_key(ANY) {
            parents.insert(ANY.to_vec());
        }
        if !parents.is_empty() {
            add(policy, parents);
        }
    }
    if policies.contains(ANY) && any_counts {
        let mut open: BTreeMap<Policy, BTreeSet<Policy>> = BTreeMap::new();
        for (parent, node) in above {
            for expected in node.expected.iter().filter(|policy| !policies.contains(*policy)) {
                open.entry(expected.clone()).or_default().insert(parent.clone());
            }
        }
        if above.contains_key(ANY) {
            open.entry(ANY.to_vec()).or_default().insert(ANY.to_vec());
        }
        for (policy, parents) in open {
            add(&policy, parents);
        }
    }
    level
}

/// Applies the mappings of a certificate to its own level (6.1.4 (b)).
fn map(level: &mut Level, mappings: &[(Policy, Policy)], allowed: bool) {
    let mut mapped: BTreeMap<&Policy, BTreeSet<Policy>> = BTreeMap::new();
    for (from, to) in mappings {
        mapped.entry(from).or_default().insert(to.clone());
    }
    let of_any = level.get(ANY).map(|any| any.parents.clone());
    for (from, to) in mapped {
        if !allowed {
            level.remove(from);
        } else if let Some(node) = level.get_mut(from) {
            node.expected = to;
        } else if let Some(parents) = &of_any {
            level.insert(from.clone(), Node { expected: to, parents: parents.clone() });
        }
    }
}

/// Whether a valid policy of the last level follows from one that will do (6.1.5 (g)).
fn is_acceptable(levels: &[Level], question: &PolicyQuestion) -> bool {
    let Some(last) = levels.last() else { return false };
    let Some(acceptable) = &question.acceptable else { return !last.is_empty() };
    let depth = levels.len() - 1;
    last.keys().any(|policy| follows(levels, depth, policy, acceptable))
}

/// Whether this policy follows from one that will do: what counts is where it left anyPolicy.
fn follows(levels: &[Level], depth: usize, policy: &Policy, acceptable: &BTreeSet<Policy>) -> bool {
    // anyPolicy to the end is whatever was asked for.
    if policy == ANY || acceptable.contains(ANY) {
        return true;
    }
    let node = levels.get(depth).and_then(|level| level.get(policy));
    let (Some(node), Some(above)) = (node, depth.checked_sub(1)) else { return false };
    node.parents.iter().any(|parent| match parent == ANY {
        true => acceptable.contains(policy),
        false => follows(levels, above, parent, acceptable),
    })
}
