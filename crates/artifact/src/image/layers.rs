//! The layers of one image, several at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;

use super::facts::LayerFacts;
use super::fault::ImageFault;
use super::layer::{self, Expected, LayerRead};
use super::place::Place;
use crate::cache::{self, CacheKey, FactsCache, LayerKey};
use crate::collect::held_by;
use crate::error::ArtifactError;
use crate::held::Held;
use crate::inflated;
use crate::inside::{Counts, Opening};
use crate::meter::{Meter, Progress};
use crate::note::ReaderNote;

/// What one layer yields, shared by all images that have it.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) facts: Arc<LayerFacts>,
    pub(super) notes: Arc<[ReaderNote]>,
    /// Under what its facts may be kept: its bytes lay there before and after they were read, or its facts were kept so.
    pub(super) key: Option<LayerKey>,
}

/// Where a layer lies, and what is stated of it.
pub(super) struct Wanted<'e> {
    pub(super) member: Vec<u8>,
    pub(super) expected: Expected<'e>,
}

/// Layers by member and diff id: each is read once.
#[derive(Default)]
pub(super) struct Read<'c> {
    known: BTreeMap<(Vec<u8>, Sha256), Shared>,
    counts: Counts,
    /// Bytes of the entries of all layers so far.
    pub(super) held: Held,
    pub(super) opening: Opening,
    /// Where facts of layers are kept.
    pub(super) cache: Option<&'c dyn FactsCache>,
}

/// What all layers of one reading share.
#[derive(Clone, Copy)]
struct Shares<'s, 'p> {
    place: &'s Place<'s>,
    limits: &'s Limits,
    progress: &'s Progress<'p>,
    opening: Opening,
    counts: &'s Counts,
    cache: Option<&'s dyn FactsCache>,
}

/// One layer to read.
struct Job<'w, 'e> {
    wanted: &'w Wanted<'e>,
    size: u64,
    /// Set when a lower layer could not be read.
    stop: AtomicBool,
}

impl Read<'_> {
    /// Reads the layers of one image, lowest first; what was read before is not read again.
    ///
    /// Cost: as many threads as there are cores, the largest layer first; one layer that is most of the image is decoded on a
    /// thread of its own.
    ///
    /// # Errors
    /// That of the lowest layer that cannot be read.
    pub(super) fn all(
        &mut self,
        place: &Place<'_>,
        wanted: &[Wanted<'_>],
        limits: &Limits,
        progress: &Progress<'_>,
    ) -> Result<Vec<Shared>, ArtifactError> {
        let mut jobs: Vec<Job<'_, '_>> = Vec::new();
        for layer in wanted {
            let is_new = !self.known.contains_key(&key(layer));
            if is_new && !jobs.iter().any(|job| key(job.wanted) == key(layer)) {
                let size = place.size(&layer.member)?;
                let size = size.ok_or_else(|| missing(place, layer))?;
                self.counts.together.store(size);
                jobs.push(Job { wanted: layer, size, stop: AtomicBool::new(false) });
            }
        }
        let shares =
            Shares { place, limits, progress, opening: self.opening, counts: &self.counts, cache: self.cache() };
        for (job, (read, key)) in run(shares, &jobs)? {
            self.held.add(&read.facts.records);
            let shared = Shared { facts: Arc::new(read.facts), notes: read.notes.into(), key };
            self.known.insert(self::key(job.wanted), shared);
        }
        wanted.iter().map(|layer| self.take(place, layer)).collect()
    }

    /// Where facts are kept. What archives inside hold is not.
    pub(super) fn cache(&self) -> Option<&dyn FactsCache> {
        self.cache.filter(|_| self.opening == Opening::Closed)
    }

    /// A layer that was read, under what this manifest states of it.
    fn take(&self, place: &Place<'_>, wanted: &Wanted<'_>) -> Result<Shared, ArtifactError> {
        let mut shared = self.known.get(&key(wanted)).cloned().ok_or_else(|| missing(place, wanted))?;
        layer::check(&wanted.expected, &shared.facts)?;
        if let Some(stated) = wanted.expected.media_type.filter(|stated| *stated != shared.facts.media_type) {
            let facts = LayerFacts::clone(&shared.facts);
            shared.facts = Arc::new(LayerFacts { media_type: stated.to_owned(), ..facts });
        }
        Ok(shared)
    }
}

fn key(wanted: &Wanted<'_>) -> (Vec<u8>, Sha256) {
    (wanted.member.clone(), wanted.expected.diff_id)
}

fn missing(place: &Place<'_>, wanted: &Wanted<'_>) -> ArtifactError {
    place.fault(ImageFault::Missing { blob: wanted.expected.blob.clone() })
}

/// A layer, and under what it may be kept.
type One = (LayerRead, Option<LayerKey>);

/// Runs the jobs and gives what they read, in their order.
fn run<'j, 'w, 'e>(
    shares: Shares<'_, '_>,
    jobs: &'j [Job<'w, 'e>],
) -> Result<Vec<(&'j Job<'w, 'e>, One)>, ArtifactError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let total: u64 = jobs.iter().map(|job| job.size).sum();
    let mut order: Vec<(usize, &Job<'_, '_>)> = jobs.iter().enumerate().collect();
    order.sort_by_key(|(_, job)| job.size);
    let queue = Mutex::new(order);
    let results: Mutex<BTreeMap<usize, Result<One, ArtifactError>>> = Mutex::default();
    let work = || {
        while let Some((number, job)) = queue.lock().ok().and_then(|mut queue| queue.pop()) {
            // Alone it would take longer than all others together on the other cores.
            let apart = inflated::worth_a_thread(job.size) && job.size.saturating_mul(cores as u64) > total;
            let result = one(shares, job, apart);
            if result.is_err() {
                jobs.iter().skip(number + 1).for_each(|higher| higher.stop.store(true, Ordering::Relaxed));
            }
            if let Ok(mut results) = results.lock() {
                results.insert(number, result);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..cores.min(jobs.len()) {
            scope.spawn(work);
        }
        work();
    });
    let results = results.into_inner().unwrap_or_default();
    jobs.iter().zip(results.into_values()).map(|(job, result)| Ok((job, result?))).collect()
}

fn one(shares: Shares<'_, '_>, job: &Job<'_, '_>, apart: bool) -> Result<One, ArtifactError> {
    let Shares { place, limits, progress, opening, counts, cache } = shares;
    let key = cache.and_then(|cache| Some((cache, key_of(place, job.wanted, limits)?)));
    if let Some(known) = key.and_then(|(cache, key)| kept(cache, &key)) {
        let (entries, held) = (known.facts.records.len(), held_by(&known.facts.records));
        let entries = counts.entries.fetch_add(entries, Ordering::Relaxed).saturating_add(entries);
        let held_bytes = counts.metadata.fetch_add(held, Ordering::Relaxed).saturating_add(held);
        // LIMIT: Limits::entries, Limits::metadata_bytes and what comes out, over all layers; the error is that of reading them.
        let is_within = entries <= limits.entries && held_bytes <= limits.metadata_bytes;
        if is_within && counts.together.output_again(known.facts.came_out, limits) {
            progress.add(job.size);
            return Ok((known, key.map(|(_, key)| key)));
        }
    }
    let opened = place.open(&job.wanted.member)?.ok_or_else(|| missing(place, job.wanted))?;
    let tell = |bytes| progress.add(bytes);
    let meter = Meter::new(limits, &tell).until(&job.stop).beside(&counts.turns, &counts.together);
    let read = layer::read(&job.wanted.expected, opened, limits, &meter, (opening, counts), apart)?;
    // SECURITY: what changed while it was read is not what was read.
    let Some((cache, key)) = key.filter(|(_, key)| key_of(place, job.wanted, limits).as_ref() == Some(key)) else {
        return Ok((read, None));
    };
    cache.store(&CacheKey::Layer(key.into()), &mut |out| cache::write(out, &read.facts, &read.notes));
    Ok((read, Some(key)))
}

/// The key of a layer whose digest a manifest states.
fn key_of(place: &Place<'_>, wanted: &Wanted<'_>, limits: &Limits) -> Option<LayerKey> {
    let (blob, diff_id) = (wanted.expected.digest?, wanted.expected.diff_id);
    let (typed, identity) = (wanted.expected.media_type.is_some(), place.identity(&wanted.member)?);
    Some(LayerKey { blob, diff_id, typed, identity, limits: *limits })
}

/// Facts that were kept, as long as they are about the blob that is asked for.
fn kept(cache: &dyn FactsCache, key: &LayerKey) -> Option<LayerRead> {
    let (facts, notes) = cache::read(&mut *cache.load(&CacheKey::Layer((*key).into()))?, &key.limits)?;
    ((facts.digest, facts.diff_id) == (key.blob, key.diff_id)).then_some(LayerRead { facts, notes })
}
