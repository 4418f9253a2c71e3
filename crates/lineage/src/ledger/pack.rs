//! The ledger as bytes, to go on later.

use std::collections::BTreeSet;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::history::{ObjectKey, Version};
use lasthand_model::pack::{Packer, Unpacker};
use lasthand_model::wire::facts::Actor;
use rustc_hash::FxHashSet;

use super::{Approval, Ledger, Row, Standing, Touch, narrow};

impl Ledger {
    /// Everything it knows, in few bytes. Equal ledgers give equal bytes.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        packer.number(u64::from(self.anchored));
        packer.option(self.tree, |packer, tree| tree.pack(packer));
        keys(&mut packer, &self.landings);
        packer.count(self.people.len());
        self.people.iter().for_each(|people| write_people(&mut packer, people));
        packer.count(self.approvals.len());
        self.approvals.iter().for_each(|approvals| write_approvals(&mut packer, approvals));
        packer.count(self.rows.len());
        self.rows.iter().for_each(|row| write_row(&mut packer, row));
        keys(&mut packer, &self.anchors);
        for set in [&self.whole, &self.started] {
            keys(&mut packer, &set.iter().copied().collect::<BTreeSet<_>>());
        }
        let versions: BTreeSet<(u32, Version)> = self.versions.iter().copied().collect();
        packer.count(versions.len());
        for (row, version) in versions {
            packer.number(row.into());
            write_version(&mut packer, version);
        }
        packer.count(self.moved.len());
        self.moved.iter().for_each(|row| packer.number((*row).into()));
        packer.count(self.used.len());
        self.used.iter().for_each(|digest| packer.bytes(digest.0.as_bytes()));
        packer.finish()
    }

    /// Reads what [`pack`](Self::pack) wrote; `None` when it is damaged.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker::new(bytes);
        let mut ledger = Self { anchored: from.number()? == 1, ..Self::default() };
        ledger.tree = from.option(ObjectKey::unpack)?;
        ledger.landings = from.list(ObjectKey::unpack)?;
        ledger.people = from.list(read_people)?;
        ledger.approvals = from.list(read_approvals)?;
        ledger.rows = from.list(read_row)?;
        ledger.anchors = from.list(ObjectKey::unpack)?.into_iter().collect();
        ledger.whole = from.list(ObjectKey::unpack)?.into_iter().collect::<FxHashSet<_>>();
        ledger.started = from.list(ObjectKey::unpack)?.into_iter().collect::<FxHashSet<_>>();
        ledger.versions = from.list(|from| Some((from.small()?, read_version(from)?)))?.into_iter().collect();
        ledger.moved = from.list(Unpacker::small)?.into_iter().collect();
        ledger.used = from.list(read_digest)?.into_iter().collect();
        let numbered = |at: usize| narrow(at);
        ledger.at = ledger.rows.iter().enumerate().map(|(at, row)| (row.path.clone(), numbered(at))).collect();
        ledger.people_at = ledger.people.iter().enumerate().map(|(at, p)| (format!("{p:?}"), numbered(at))).collect();
        ledger.approvals_at =
            ledger.approvals.iter().enumerate().map(|(at, set)| (set.clone(), numbered(at))).collect();
        ledger.uncovered = ledger.rows.iter().filter(|row| matches!(row.standing, Standing::Open(_))).count();
        (from.is_empty() && ledger.is_sound()).then_some(ledger)
    }

    /// Every index leads somewhere, and no path has two rows.
    fn is_sound(&self) -> bool {
        let within = |at: u32, len: usize| usize::try_from(at).is_ok_and(|at| at < len);
        let landing = |at: u32| within(at, self.landings.len());
        let standing = |row: &Row| match row.standing {
            Standing::Open(None) | Standing::Onboarded => true,
            Standing::Open(Some(at)) | Standing::Returned { landing: at } => landing(at),
            Standing::Reviewed { landing: at, approvals } | Standing::WholeReviewed { landing: at, approvals } => {
                landing(at) && within(approvals, self.approvals.len())
            }
        };
        self.at.len() == self.rows.len()
            && self.rows.iter().all(standing)
            && self.rows.iter().filter_map(|row| row.last).all(|last| within(last.people, self.people.len()))
            && self.versions.iter().map(|(row, _)| row).chain(&self.moved).all(|row| within(*row, self.rows.len()))
    }
}

fn keys<'k>(packer: &mut Packer, keys: impl IntoIterator<Item = &'k ObjectKey, IntoIter: ExactSizeIterator>) {
    let keys = keys.into_iter();
    packer.count(keys.len());
    keys.for_each(|key| key.pack(packer));
}

fn write_people(packer: &mut Packer, people: &[Actor]) {
    packer.count(people.len());
    for actor in people {
        for text in [actor.role.as_str(), &actor.principal, actor.kind.as_str(), &actor.method] {
            packer.text(text);
        }
        packer.option(actor.sponsor.as_deref(), Packer::text);
    }
}

fn read_people(from: &mut Unpacker<'_>) -> Option<Vec<Actor>> {
    from.list(|from| {
        Some(Actor {
            role: Role::parse(from.text()?)?,
            principal: from.text()?.to_owned(),
            kind: ActorKind::parse(from.text()?)?,
            method: from.text()?.to_owned(),
            sponsor: from.option(|from| from.text().map(str::to_owned))?,
        })
    })
}

fn write_approvals(packer: &mut Packer, approvals: &[Approval]) {
    packer.count(approvals.len());
    for approval in approvals {
        packer.bytes(approval.statement.0.as_bytes());
        packer.text(&approval.reviewer);
    }
}

fn read_approvals(from: &mut Unpacker<'_>) -> Option<Vec<Approval>> {
    from.list(|from| Some(Approval { statement: read_digest(from)?, reviewer: from.text()?.to_owned() }))
}

fn read_digest(from: &mut Unpacker<'_>) -> Option<StatementDigest> {
    Some(StatementDigest(Sha256::from_bytes(from.bytes()?.try_into().ok()?)))
}

fn write_version(packer: &mut Packer, version: Version) {
    packer.number(version.mode.into());
    version.id.pack(packer);
}

fn read_version(from: &mut Unpacker<'_>) -> Option<Version> {
    Some(Version { mode: from.small()?, id: ObjectKey::unpack(from)? })
}

fn write_row(packer: &mut Packer, row: &Row) {
    packer.text(&row.path);
    packer.option(row.version, write_version);
    packer.option(row.last, |packer, last| {
        last.commit.pack(packer);
        packer.number(last.people.into());
    });
    let (word, numbers) = match row.standing {
        Standing::Open(None) => (0, [None; 2]),
        Standing::Open(Some(at)) => (1, [Some(at), None]),
        Standing::Reviewed { landing, approvals } => (2, [Some(landing), Some(approvals)]),
        Standing::Onboarded => (3, [None; 2]),
        Standing::WholeReviewed { landing, approvals } => (4, [Some(landing), Some(approvals)]),
        Standing::Returned { landing } => (5, [Some(landing), None]),
    };
    packer.number(word);
    numbers.iter().flatten().for_each(|number| packer.number((*number).into()));
}

fn read_row(from: &mut Unpacker<'_>) -> Option<Row> {
    let path = from.text()?.into();
    let version = from.option(read_version)?;
    let last = from.option(|from| Some(Touch { commit: ObjectKey::unpack(from)?, people: from.small()? }))?;
    let standing = match from.number()? {
        0 => Standing::Open(None),
        1 => Standing::Open(Some(from.small()?)),
        2 => Standing::Reviewed { landing: from.small()?, approvals: from.small()? },
        3 => Standing::Onboarded,
        4 => Standing::WholeReviewed { landing: from.small()?, approvals: from.small()? },
        5 => Standing::Returned { landing: from.small()? },
        _ => return None,
    };
    Some(Row { path, version, last, standing })
}
