//! Names that come close to a misspelt one.

/// How much of a wrong name is looked at; nobody's field is longer.
const LONGEST: usize = 64;

/// How many names are proposed.
const MOST: usize = 3;

/// The known names that are near `name`, the closest first; equally close ones in the order given.
pub(super) fn names(name: &str, known: impl Iterator<Item = String>) -> Vec<String> {
    let wanted: Vec<char> = name.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut near: Vec<(usize, String)> = known
        .filter_map(|candidate| {
            let distance = distance(&wanted, &candidate.chars().collect::<Vec<_>>());
            let last = candidate.rsplit('.').next().unwrap_or(&candidate);
            let part_of_it = last.chars().eq(wanted.iter().copied())
                || (wanted.len() >= 3 && candidate.chars().collect::<Vec<_>>().starts_with(&wanted));
            (distance <= 1 + wanted.len() / 4 || part_of_it).then_some((distance, candidate))
        })
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.truncate(MOST);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// How many letters must be added, left out or replaced, or neighbours swapped, to make one of the other.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(from != to);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *from == right[column - 1] && left[row - 1] == *to {
                let swapped: &Vec<usize> = &before_last;
                best = best.min(swapped[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_comes_first_and_strangers_are_left_out() {
        let fields =
            || ["id", "title", "status", "price", "price.amount", "asking"].map(String::from).into_iter();
        assert_eq!(names("titel", fields()), ["title"]);
        assert_eq!(names("Price", fields()), ["price", "price.amount"]);
        assert_eq!(names("amount", fields()), ["price.amount"]);
        assert!(names("zzzzzz", fields()).is_empty());
        assert!(names("", fields()).is_empty());
        assert!(names(&"x".repeat(1_000_000), fields()).is_empty());
    }
}
