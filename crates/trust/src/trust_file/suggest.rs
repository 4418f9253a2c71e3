//! The nearest known word to a mistyped one.

/// Finds the known word that differs least from `got`; absent when none is near.
///
/// Near: at most one edit in three letters. Case and the difference of `-` and `_` count as one edit in all.
pub(super) fn nearest<'k>(got: &str, known: &[&'k str]) -> Option<&'k str> {
    // LIMIT: a word longer than this is no typing error of ours.
    if got.chars().count() > 40 {
        return None;
    }
    let folded = |word: &str| word.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|word| (distance(&folded(got), &folded(word)), *word))
        .filter(|(distance, word)| *distance <= (word.chars().count().max(3)) / 3)
        .min()
        .map(|(_, word)| word)
}

/// Levenshtein distance in characters, a swap of neighbours counting as one.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (i, from) in a.chars().enumerate() {
        let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
        let mut next = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let substitute = at(&row, j) + usize::from(from != *to);
            let mut best = substitute.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            if j > 0 && last_a == Some(*to) && b.get(j - 1) == Some(&from) {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        last_a = Some(from);
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        // pass: one letter, a swap, a dash; fail: another word
        let known = ["build", "publish", "actors_complete", "kind"];
        assert_eq!(nearest("biuld", &known), Some("build"));
        assert_eq!(nearest("Publish", &known), Some("publish"));
        assert_eq!(nearest("actors-complete", &known), Some("actors_complete"));
        assert_eq!(nearest("kin", &known), Some("kind"));
        assert_eq!(nearest("deploy", &known), None);
    }
}
