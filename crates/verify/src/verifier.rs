//! The one act: artifact, evidence and expectations to a verdict.

use std::borrow::Cow;

use lasthand_lineage::{Outcome, Verdict, solve};
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::{Facts, Preset};
use lasthand_model::wire::report::{MadeFiles, Report};

use crate::artifact::{self, ArtifactRef};
use crate::cache::InventoryCache;
use crate::devices;
use crate::error::VerifyError;
use crate::evidence::Evidence;
use crate::facts::{self, Question};
use crate::odd_people;
use crate::reading;
use crate::report::{self, Files};
use crate::trust::LoadedTrust;

/// What one call demands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Expectations {
    /// Name of the product; the only one of the trust file when absent.
    pub product: Option<String>,
    /// What is demanded.
    pub preset: Preset,
    /// The moment of the question, seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// Where the artifact is about to be used.
    pub target: Option<String>,
}

impl Expectations {
    /// A preset and a moment; no name and no target.
    #[must_use]
    pub const fn new(preset: Preset, now: i64) -> Self {
        Self { product: None, preset, now, target: None }
    }

    /// Asks for a product by name.
    #[must_use]
    pub fn with_product(self, product: impl Into<String>) -> Self {
        Self { product: Some(product.into()), ..self }
    }

    /// Asks for use at a target.
    #[must_use]
    pub fn with_target(self, target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..self }
    }
}

/// What was found, concluded and reported.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Verification {
    /// Everything the verdict was computed from.
    pub facts: Facts,
    /// The verdict, with proof or frontier.
    pub outcome: Outcome,
    /// Both, as the document for machines.
    pub report: Report<MadeFiles<Files>>,
}

impl Verification {
    /// The report without verdict and policy, for `inspect`, which asks for none.
    #[must_use]
    pub fn inspection(&self) -> Report<MadeFiles<Files>> {
        Report { verdict: None, policy: None, ..self.report.clone() }
    }
}

/// Verifies artifacts by one trust file.
#[derive(Debug, Clone)]
pub struct Verifier {
    trust: LoadedTrust,
    limits: Limits,
    cache: Option<InventoryCache>,
}

impl Verifier {
    /// Takes whom to believe, and the bounds of foreign input.
    #[must_use]
    pub const fn new(trust: LoadedTrust, limits: Limits) -> Self {
        Self { trust, limits, cache: None }
    }

    /// Keeps facts of layers between runs.
    #[must_use]
    pub fn with_cache(self, cache: Option<InventoryCache>) -> Self {
        Self { cache, ..self }
    }

    /// Whom it believes.
    #[must_use]
    pub const fn trust(&self) -> &LoadedTrust {
        &self.trust
    }

    /// Verifies one artifact.
    ///
    /// In: where it lies; `progress` is called with the bytes of it read so far. Evidence that lies in an image's own layout is added
    /// to `evidence`.
    /// Out: the verdict, whatever it is. Cost: the bytes of artifact and evidence are hashed once, those of layers twice; the rest is
    /// linear in their entries.
    ///
    /// # Errors
    /// [`VerifyError`] when no verdict could be formed; [`report_for_error`](crate::report_for_error) makes the document of it.
    pub fn verify(
        &self,
        artifact: impl Into<ArtifactRef>,
        evidence: &Evidence,
        expectations: &Expectations,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Verification, VerifyError> {
        let product = self.product(expectations)?;
        let mut opened = artifact::open(&artifact.into(), &self.limits, self.cache.as_ref(), progress)?;
        let referrers = std::mem::take(&mut opened.referrers);
        let mut all = Cow::Borrowed(evidence);
        if !referrers.is_empty() {
            all.to_mut().extend(referrers);
        }
        let question = Question { product, opened: &opened, expectations };
        let gathered = facts::gather(&question, &all, &self.trust, &self.limits)?;
        let mut noticed = reading::findings(&opened.notes);
        noticed.extend(devices::findings(&gathered.noticed, &gathered.facts.trust.identities));
        noticed.extend(odd_people::findings(&gathered.odd_people, &gathered.facts));
        let outcome = solve(&gathered.facts).with_reading(noticed);
        let report = report::build(&gathered, &outcome, &opened);
        Ok(Verification { facts: gathered.facts, outcome, report })
    }

    /// The product that is asked for: the one named, else the only one of the trust file.
    ///
    /// # Errors
    /// [`VerifyError::ProductNotNamed`].
    pub fn product(&self, expectations: &Expectations) -> Result<String, VerifyError> {
        if let Some(product) = &expectations.product {
            return Ok(product.clone());
        }
        match self.trust.file().facts.products.as_slice() {
            [only] => Ok(only.name.clone()),
            rows => Err(VerifyError::ProductNotNamed { products: rows.iter().map(|row| row.name.clone()).collect() }),
        }
    }
}

/// The exit code of a verdict: 0 accepted or exception, 1 refused, 3 undecided.
///
/// A preset with `report_only` changes nothing here: whether a refusal stops anything is the caller's.
#[must_use]
pub const fn exit_code(outcome: &Outcome) -> u8 {
    match outcome.verdict {
        Verdict::Accepted | Verdict::Exception => 0,
        Verdict::Refused => 1,
        Verdict::Undecided => 3,
    }
}
