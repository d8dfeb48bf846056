//! Texts on PostgreSQL, whose columns take every character but U+0000.
//!
//! So U+0000 is kept as two others, and so are those that stand for it, in such a way that nothing is lost: a text with any
//! of U+0000 to U+0005 has U+0001 or U+0004 in its place, and behind that U+0002, U+0003 or U+0005. None of these stands
//! anywhere else, so that parts, beginnings and ends of texts are found where they are, and the order of texts is as it was.
//! All other texts are kept as they are.

use std::borrow::Cow;

/// What the characters from U+0000 on are kept as.
const KEPT: [&str; 6] = ["\u{1}\u{2}", "\u{1}\u{3}", "\u{1}\u{5}", "\u{4}\u{2}", "\u{4}\u{3}", "\u{4}\u{5}"];

/// The text as a column has it.
pub(super) fn kept(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| usize::from(byte) >= KEPT.len()) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len() + KEPT.len());
    for character in text.chars() {
        match KEPT.get(character as usize) {
            Some(pair) => kept.push_str(pair),
            None => kept.push(character),
        }
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts() -> impl Strategy<Value = String> {
        let character = prop_oneof![6 => (0_u8..8).prop_map(char::from), 1 => any::<char>()];
        proptest::collection::vec(character, 0..6).prop_map(|characters| characters.into_iter().collect())
    }

    /// The text that a column has as this one.
    fn told(kept: &str) -> Cow<'_, str> {
        if kept.bytes().all(|byte| usize::from(byte) >= KEPT.len()) {
            return Cow::Borrowed(kept);
        }
        let mut text = String::with_capacity(kept.len());
        let mut rest = kept;
        while let Some(next) = rest.chars().next() {
            let pair = rest.get(..2).and_then(|pair| KEPT.iter().position(|kept| *kept == pair));
            match pair.and_then(|place| u8::try_from(place).ok()) {
                Some(place) => {
                    text.push(char::from(place));
                    rest = &rest[2..];
                }
                None => {
                    text.push(next);
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        Cow::Owned(text)
    }

    proptest! {
        #[test]
        fn kept_texts_are_told_again_and_compare_as_they_did(left in texts(), right in texts()) {
            let (a, b) = (kept(&left), kept(&right));
            prop_assert!(!a.contains('\0'));
            prop_assert_eq!(&*told(&a), left.as_str());
            prop_assert_eq!(a.cmp(&b), left.cmp(&right));
            prop_assert_eq!(a.contains(&*b), left.contains(&right));
            prop_assert_eq!(a.starts_with(&*b), left.starts_with(&right));
            prop_assert_eq!(a.ends_with(&*b), left.ends_with(&right));
        }
    }
}
