//! What was noticed of the security keys that signed, as findings.

use std::collections::BTreeMap;

use lasthand_lineage::{Finding, FindingId, Place, Severity};
use lasthand_model::digest::StatementDigest;
use lasthand_model::glob;
use lasthand_model::wire::facts::{IdentityRow, SignerMethod};
use lasthand_trust::ssh::{SshFinding, SshNotice};

/// LIMIT: keys that get a finding each, for each thing noticed.
const MAX_KEYS: usize = 100;

/// One notice, and the statement that was signed.
pub(crate) type Noticed = (SshNotice, StatementDigest);

/// One warning for each key and thing noticed, at its first statement by digest. Keys of principals without a row are passed over: what they
/// sign is ignored altogether.
///
/// The level was lowered already when the signature was verified; these findings only say why.
pub(crate) fn findings(noticed: &[Noticed], rows: &[IdentityRow]) -> Vec<Finding> {
    let known = |principal: &str| {
        let of_device = |row: &&IdentityRow| row.method == SignerMethod::SshSk;
        rows.iter().filter(of_device).any(|row| glob::matches(&row.principal, principal))
    };
    let mut first: BTreeMap<(FindingId, &str), &Noticed> = BTreeMap::new();
    for one in noticed.iter().filter(|(notice, _)| known(&notice.principal)) {
        let key = (id(&one.0), one.0.fingerprint.as_str());
        let known = first.entry(key).or_insert(one);
        if one.1 < known.1 {
            *known = one;
        }
    }
    let finding = |((id, _), (notice, digest)): ((FindingId, &str), &Noticed)| Finding {
        severity: Severity::Warning,
        id,
        place: Place { evidence: Some(*digest), actor: Some(notice.principal.clone()), ..Place::default() },
        message: message(notice),
    };
    first.into_iter().take(2 * MAX_KEYS).map(finding).collect()
}

const fn id(notice: &SshNotice) -> FindingId {
    match notice.finding {
        SshFinding::CounterNotAbove { .. } => FindingId::DeviceCount,
        _ => FindingId::Untouched,
    }
}

fn message(notice: &SshNotice) -> String {
    let whose = format!("security key {} of `{}`", notice.fingerprint, notice.principal);
    match notice.finding {
        SshFinding::CounterNotAbove { last, got } => {
            format!("{whose} counts {got}, not above {last} as the trust file asks: a copy of it may exist")
        }
        _ => format!("{whose} signed without being touched, so its signature counts as that of a key in a file"),
    }
}
