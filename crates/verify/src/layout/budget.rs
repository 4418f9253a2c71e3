//! What rules may cost.

/// More was compared than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OverBudget;

/// Bytes that may still be compared.
// LIMIT: rules times artifacts times their lengths is what a layout and its links control.
#[derive(Debug)]
pub(super) struct Budget(u64);

impl Budget {
    /// So many bytes.
    pub(super) const fn of(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Pays for some.
    ///
    /// # Errors
    /// [`OverBudget`] when they are not there.
    pub(super) fn pay(&mut self, bytes: usize) -> Result<(), OverBudget> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.0 = self.0.checked_sub(bytes).ok_or(OverBudget)?;
        Ok(())
    }
}
