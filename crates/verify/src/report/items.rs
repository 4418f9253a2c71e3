//! What became of each piece of evidence, and of each input.

use std::collections::BTreeMap;

use lasthand_lineage::{InputAnswer, Outcome};
use lasthand_model::digest::StatementDigest;
use lasthand_model::timestamp;
use lasthand_model::wire::facts::Body;
use lasthand_model::wire::report::{EvidenceStatus, ReportEvidence, ReportInput, ReportTime};
use lasthand_trust::Clock;

use crate::facts::{Gathered, Item};
use crate::people::People;

/// One entry for each piece, in the order in which they were found.
pub(super) fn evidence(gathered: &Gathered, outcome: &Outcome) -> Vec<ReportEvidence> {
    let people = People::new(&gathered.facts.trust);
    let mut unused: BTreeMap<StatementDigest, &str> = BTreeMap::new();
    for statement in &gathered.facts.statements {
        if let Body::Other(_) = statement.body {
            unused.insert(statement.digest, "statements of this type prove nothing here");
        }
    }
    unused.extend(outcome.unused.iter().map(|(digest, reason)| (*digest, reason.as_str())));
    gathered.items.iter().map(|item| entry(item, people, &unused)).collect()
}

fn entry(item: &Item, people: People<'_>, unused: &BTreeMap<StatementDigest, &str>) -> ReportEvidence {
    let reason = item.digest.and_then(|digest| unused.get(&digest)).filter(|_| item.status == EvidenceStatus::Verified);
    let stranger = reason.and_then(|_| people.stranger(&item.signers));
    let clock = item.clock.map_or("signature", Clock::as_str);
    let time = item.signers.iter().find_map(|signer| signer.time);
    ReportEvidence {
        digest: item.digest,
        source: item.source.clone(),
        predicate_type: item.predicate_type.clone(),
        signer: people.signer(&item.signers),
        time: time.map(|time| ReportTime { value: timestamp::format(time), source: clock.to_owned() }),
        status: if reason.is_some() { EvidenceStatus::Unused } else { item.status },
        reason: stranger.or_else(|| reason.map(|reason| (*reason).to_owned())).or_else(|| item.reason.clone()),
    }
}

/// One input of a step.
pub(super) fn input(input: &InputAnswer) -> ReportInput {
    ReportInput {
        step: input.step,
        name: input.name.clone(),
        digest: input.digest,
        verdict: super::file_verdict(input.verdict),
        rule: input.rule.to_owned(),
        pinned_by: input.pinned_by.clone(),
        gives_layers: input.gives_layers,
    }
}
