//! Texts: compared by code point, taken literally, and never taken for anything else.

use portolan_kernel::{Error, PageRequest, Query, Sort, Specification};
use serde_json::json;

use super::algebra::select;
use crate::specimen::random::{TEXTS, id};
use crate::specimen::{Random, Specimen, SpecimenId, specimen};
use crate::{ReadSubject, Verdict, ensure, ensure_eq};

/// R5: text compares by code point, case-sensitively; wildcards and regex characters in values are literal.
pub async fn r05_text_compares_by_code_point_and_literally(subject: &mut ReadSubject) -> Verdict {
    subject.collect(rows_with(&TEXTS)).await?;
    for sought in TEXTS.into_iter().chain(["%", "_", "\\", "*", ".", "[a-z]", "^", "$", "'", "\"", "\u{301}"])
    {
        type Holds = fn(&str, &str) -> bool;
        let asked: [(Specification<Specimen>, Holds, &str); 8] = [
            (specimen::title().eq(sought), |text, sought| text == sought, "="),
            (specimen::title().neq(sought), |text, sought| text != sought, "!="),
            (specimen::title().lt(sought), |text, sought| text.chars().lt(sought.chars()), "<"),
            (specimen::title().gte(sought), |text, sought| text.chars().ge(sought.chars()), ">="),
            (specimen::title().contains(sought), |text, sought| text.contains(sought), "contains"),
            (specimen::title().starts_with(sought), |text, sought| text.starts_with(sought), "starts with"),
            (specimen::title().ends_with(sought), |text, sought| text.ends_with(sought), "ends with"),
            (specimen::tags().contains(sought), |text, sought| text == sought, "contains, of a collection"),
        ];
        for (specification, holds, operator) in asked {
            let expected: Vec<SpecimenId> = (0..)
                .zip(TEXTS)
                .filter(|(_, text)| holds(text, sought))
                .map(|(number, _)| id(number))
                .collect();
            ensure_eq!(select(subject, &specification).await?, expected, "{operator} {sought:?}");
        }
    }
    let sort = Sort::by(specimen::title(), portolan_kernel::Direction::Ascending)?;
    let query = Query::new(Specification::everything()).sort(sort).page(PageRequest::everything());
    let page = subject.specimens.repository.find(&query).await?;
    let sorted: Vec<&str> = page.rows.iter().map(|row| row.view.title.as_str()).collect();
    let mut expected = TEXTS;
    expected.sort_by(|left, right| left.chars().cmp(right.chars()));
    ensure_eq!(sorted, expected, "the order of texts");
    Ok(())
}

/// Texts that mean something in one query language or another.
const HOSTILE: [&str; 12] = [
    "' or '1'='1",
    "'; drop table specimens; --",
    "\\'; drop table specimens; #",
    "\" or \"\"=\"",
    "*) or (1=1",
    "{\"$ne\": null}",
    "${jndi:ldap://x}",
    "%' escape '\\",
    "?1",
    ":title",
    "$1",
    "/* */ or true",
];

/// R6: injection strings, in values and in field names, are data or `Invalid`.
pub async fn r06_hostile_values_and_names_are_data_or_invalid(subject: &mut ReadSubject) -> Verdict {
    subject.collect(rows_with(&HOSTILE)).await?;
    for (number, hostile) in HOSTILE.into_iter().enumerate() {
        let asked = [
            specimen::title().eq(hostile),
            specimen::title().is_in([hostile]),
            specimen::title().contains(hostile),
            specimen::title().starts_with(hostile),
            specimen::title().ends_with(hostile),
            specimen::tags().contains(hostile),
            !specimen::title().neq(hostile),
        ];
        for specification in asked {
            ensure_eq!(select(subject, &specification).await?, [id(number)], "`{specification}`");
        }
        let named = json!({ "op": "eq", "field": hostile, "value": "x" });
        let parsed = Specification::<Specimen>::from_json(&named);
        ensure!(parsed.is_err(), "the field name {hostile:?} is taken for {parsed:?}");
        let parsed = Specification::<Specimen>::parse(&format!("{hostile} = 1"));
        ensure!(parsed.is_err(), "the text `{hostile} = 1` is taken for {parsed:?}");
        let sort = Sort::<Specimen>::parse(hostile);
        ensure!(matches!(sort, Err(Error::Invalid(_))), "the sort {hostile:?} is taken for {sort:?}");
    }
    // No store has to know this character, so no row has it.
    let nul = specimen::title().contains("\u{0}") | specimen::title().eq("\u{0}");
    ensure_eq!(select(subject, &nul).await?, [], "the rows with U+0000");
    let left = subject.specimens.repository.count(&Specification::everything()).await?;
    ensure_eq!(left, HOSTILE.len() as u64, "the rows after all that");
    Ok(())
}

/// A row for each text, which is its title and its one tag.
fn rows_with(texts: &[&str]) -> Vec<Specimen> {
    let mut random = Random::new(5);
    let rows = texts.iter().enumerate().map(|(number, text)| Specimen {
        title: (*text).to_owned(),
        tags: vec![(*text).to_owned()],
        ..random.specimen(id(number))
    });
    rows.collect()
}
