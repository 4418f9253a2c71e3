//! What is known of paths, for questions that mostly come in the order of paths.

/// A value for each of many paths.
pub(crate) struct ByPath<'a, T> {
    /// Sorted by path, each once.
    entries: Vec<(&'a str, T)>,
    /// Where the next question is answered, if it is about the path after the last one.
    next: usize,
}

impl<'a, T: Copy> ByPath<'a, T> {
    /// Takes values; of several for one path the first stays.
    pub(crate) fn new(mut entries: Vec<(&'a str, T)>) -> Self {
        // Stable: the first keeps the path.
        entries.sort_by_key(|(path, _)| *path);
        entries.dedup_by_key(|(path, _)| *path);
        Self { entries, next: 0 }
    }

    /// The value of a path.
    pub(crate) fn get(&mut self, path: &str) -> Option<T> {
        if self.entries.get(self.next).is_none_or(|(next, _)| *next != path) {
            self.next = self.entries.binary_search_by_key(&path, |(path, _)| *path).ok()?;
        }
        let (_, value) = self.entries.get(self.next)?;
        self.next += 1;
        Some(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_of_questions_is_answered() {
        // pass: in order, again, backwards; fail: a path that nothing is known of
        let mut known = ByPath::new(vec![("b", 2), ("a", 1), ("b", 3), ("c", 4)]);
        let answers: Vec<Option<i32>> = ["a", "b", "c", "c", "b", "x", "a", "bb"].map(|path| known.get(path)).to_vec();
        assert_eq!(answers, [Some(1), Some(2), Some(4), Some(4), Some(2), None, Some(1), None]);
    }
}
