//! Candidates: what a specification is asked about. A type declares its fields once, with
//! [`candidate!`](crate::candidate).

use super::field::{Path, Schema};
use super::select::Chosen;
use super::tree::Test;
use super::value::ValueRef;

/// A type with declared fields. Implemented by [`candidate!`](crate::candidate).
pub trait Candidate: Send + Sync + 'static {
    /// The declaration.
    fn schema() -> &'static Schema
    where
        Self: Sized;

    /// What this candidate holds in the field with this [`index`](super::Field::index): borrowed, without an
    /// allocation. [`ValueRef::Null`] for an index that was not declared.
    fn value(&self, field: u16) -> ValueRef<'_>;

    /// Those of the chosen candidates of a block whose field at `path` passes the test; `candidate` gives the one at a
    /// place. A declaration brings a loop for each field, so that the field is looked for once and not once a candidate.
    fn select<'a>(
        test: &Test,
        path: Path,
        chosen: Chosen,
        candidate: impl Fn(usize) -> Option<&'a Self> + Copy,
    ) -> Chosen
    where
        Self: Sized,
    {
        let read = |candidate: &'a Self| candidate.value(path.field.index);
        test.select(path, chosen, |place| candidate(place).map_or(ValueRef::Null, read))
    }
}

/// A collection of candidates of their own, like the lines of an order.
pub trait Elements: Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// The one at this place.
    fn get(&self, index: usize) -> Option<&dyn Candidate>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A collection of plain values, like the tags of an article.
pub trait Scalars: Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// The one at this place; null past the end.
    fn get(&self, index: usize) -> ValueRef<'_>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Declares the fields of a type: its [`Candidate`] implementation, and a module with a typed handle for each
/// field.
///
/// A field is declared with its Rust type; its kind, and whether it may be null (`Option`), follow from that
/// ([`FieldType`](crate::specification::FieldType)). In brackets stands whether rows may be sorted by it and
/// whether it answers `search`. `as "a.b"` gives it another name in text and JSON than its handle has;
/// `= |candidate| ..` computes it instead of reading the struct's field of that name. The declaration stands in a
/// module, not in a function, and sees what its surroundings see.
///
/// ```
/// use portolan_kernel::Candidate;
///
/// pub struct Parcel {
///     pub weight: i64,
///     pub label: Option<String>,
///     pub stops: Vec<Stop>,
/// }
///
/// pub struct Stop {
///     pub city: String,
/// }
///
/// portolan_kernel::candidate! {
///     /// The fields of a [`Parcel`].
///     pub mod parcel: Parcel {
///         weight: i64 [sortable],
///         label: Option<String> [sortable, searchable],
///         first_city as "first.city": Option<String> [] = |parcel| parcel.stops.first().map(|stop| &*stop.city),
///         stops: Vec<Stop> [],
///     }
/// }
/// portolan_kernel::candidate! {
///     /// The fields of a [`Stop`].
///     pub mod stop: Stop {
///         city: String [],
///     }
/// }
///
/// # fn main() {
/// let heavy_to_turku = parcel::weight().gt(20) & parcel::stops().any(stop::city().eq("Turku"));
/// let stops = vec![Stop { city: "Turku".to_owned() }];
/// assert!(heavy_to_turku.is_satisfied_by(&Parcel { weight: 21, label: None, stops }));
/// assert_eq!(heavy_to_turku.to_string(), r#"weight > 20 and stops any (city = "Turku")"#);
/// assert_eq!(Parcel::schema().fields[2].name, "first.city");
/// # }
/// ```
#[macro_export]
macro_rules! candidate {
    (
        $(#[$meta:meta])*
        $visibility:vis mod $module:ident: $candidate:ty {
            $(
                $(#[$field_meta:meta])*
                $field:ident $(as $name:literal)?: $field_type:ty [$($flag:ident),*] $(= $compute:expr)?
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $visibility mod $module {
            #[expect(unused_imports, reason = "not every candidate names types of its surroundings")]
            use super::*;

            #[allow(non_camel_case_types, reason = "these count the fields, under the names that the fields have")]
            #[allow(clippy::allow_attributes, reason = "some fields are one letter, and then nothing is unusual")]
            #[repr(u16)]
            enum Index {
                $($field),+
            }

            static SCHEMA: $crate::specification::Schema = $crate::specification::Schema {
                name: ::std::stringify!($candidate),
                fields: &[$(
                    $crate::specification::Field {
                        name: $crate::candidate!(@name $field $($name)?),
                        index: Index::$field as u16,
                        field_type: <
                            <$field_type as $crate::specification::FieldType>::Kind
                            as $crate::specification::Kind
                        >::TYPE,
                        nullable: <$field_type as $crate::specification::FieldType>::NULLABLE,
                        sortable: $crate::candidate!(@is sortable $($flag)*),
                        searchable: $crate::candidate!(@is searchable $($flag)*),
                    }
                ),+],
            };

            mod read {
                use super::*;

                $(
                    #[inline]
                    pub(super) fn $field(candidate: &$candidate) -> $crate::specification::ValueRef<'_> {
                        $crate::candidate!(@read candidate $field $field_type $(= $compute)?)
                    }
                )+
            }

            impl $crate::specification::Candidate for $candidate {
                fn schema() -> &'static $crate::specification::Schema {
                    &SCHEMA
                }

                #[inline]
                fn value(&self, field: u16) -> $crate::specification::ValueRef<'_> {
                    $(
                        if field == Index::$field as u16 {
                            return read::$field(self);
                        }
                    )+
                    $crate::specification::ValueRef::Null
                }

                fn select<'a>(
                    test: &$crate::specification::Test,
                    path: $crate::specification::Path,
                    chosen: $crate::specification::Chosen,
                    candidate: impl Fn(usize) -> Option<&'a Self> + Copy,
                ) -> $crate::specification::Chosen {
                    $(
                        if path.field.index == Index::$field as u16 {
                            return test.select(path, chosen, |place| match candidate(place) {
                                Some(candidate) => read::$field(candidate),
                                None => $crate::specification::ValueRef::Null,
                            });
                        }
                    )+
                    test.select(path, chosen, |_| $crate::specification::ValueRef::Null)
                }
            }

            $(
                #[doc = ::std::concat!("The field `", $crate::candidate!(@name $field $($name)?), "`.")]
                $(#[$field_meta])*
                #[must_use]
                pub fn $field() -> $crate::specification::TypedField<
                    $candidate,
                    $crate::candidate!(@kind $field_type; $($flag)*),
                > {
                    $crate::specification::TypedField::new(&SCHEMA.fields[Index::$field as usize])
                }
            )+
        }
    };

    (@name $field:ident) => { ::std::stringify!($field) };
    (@name $field:ident $name:literal) => { $name };

    (@is sortable) => { false };
    (@is searchable) => { false };
    (@is sortable sortable $($rest:ident)*) => { true };
    (@is searchable searchable $($rest:ident)*) => { true };
    (@is sortable searchable $($rest:ident)*) => { $crate::candidate!(@is sortable $($rest)*) };
    (@is searchable sortable $($rest:ident)*) => { $crate::candidate!(@is searchable $($rest)*) };

    (@kind $field_type:ty;) => { <$field_type as $crate::specification::FieldType>::Kind };
    (@kind $field_type:ty; sortable) => { <$field_type as $crate::specification::FieldType>::Kind };
    (@kind $field_type:ty; $($flag:ident)+) => {
        $crate::specification::Searchable<<$field_type as $crate::specification::FieldType>::Kind>
    };

    (@read $candidate:ident $field:ident $field_type:ty) => {
        <$field_type as $crate::specification::FieldType>::value(&$candidate.$field)
    };
    (@read $candidate:ident $field:ident $field_type:ty = $compute:expr) => {
        $crate::specification::computed::<$field_type, _, _>($candidate, $compute)
    };
}
