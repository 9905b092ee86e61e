//! What was probably meant by a name that nobody knows. May be used by `policy` and everything below it. What must never happen
//! here: something is done with the guess but to tell it.

/// How far a name may be from another to be taken for a slip of the hand.
const SLIP_MAX: usize = 2;

/// The known name that is nearest to `word`, at most `distance_max` letters away.
pub(crate) fn nearest<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    distance_max: usize,
) -> Option<&'a str> {
    let measured = known.into_iter().map(|name| (distance(word, name), name));
    let (found, name) = measured.min_by_key(|(found, _)| *found)?;
    (found <= distance_max).then_some(name)
}

/// The known name that was meant, if `word` is a slip of the hand away from it.
pub(in crate::policy) fn slip<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    nearest(word, known, SLIP_MAX).filter(|name| *name != word)
}

/// Levenshtein's distance: how many letters to add, drop or change.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_two_letters_and_no_more() {
        let known = ["guarantees", "tenants"];
        assert_eq!(nearest("guarantes", known, 2), Some("guarantees"));
        assert_eq!(nearest("garantes", known, 2), Some("guarantees"));
        assert_eq!(nearest("garant", known, 2), None);
        assert_eq!(slip("tenant", known), Some("tenants"));
        assert_eq!(slip("tenants", known), None);
    }
}
