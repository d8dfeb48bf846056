//! Ids are UUIDs in newtypes, one for each kind of thing, so that a bidder is never passed for a listing.
//!
//! Ids made here are version 7; any version is accepted from outside; an id that must come out the same
//! again is derived (version 5).

use uuid::Uuid;

/// Where new ids come from: a port, because kernel and domain know no random source.
pub trait IdSource: Send + Sync + 'static {
    /// A new, never repeated UUID (version 7: they sort by the time they were made).
    fn next_id(&self) -> Uuid;
}

/// What the id of an aggregate or a row can do.
pub trait Id:
    Copy + Eq + Ord + std::hash::Hash + std::fmt::Debug + std::fmt::Display + Send + Sync + 'static
{
    /// The id of this kind that has this UUID.
    fn from_uuid(uuid: Uuid) -> Self;

    /// The UUID inside.
    fn uuid(self) -> Uuid;
}

/// Declares id newtypes with everything an id needs: ordering, text, serde as a plain UUID string.
///
/// ```
/// portolan_kernel::id_type! {
///     /// One parcel.
///     pub struct ParcelId;
/// }
/// use portolan_kernel::Id;
/// let id = ParcelId::derived(uuid::Uuid::nil(), "first");
/// assert_eq!(id, ParcelId::derived(uuid::Uuid::nil(), "first"));
/// assert_eq!(id.to_string().parse::<ParcelId>().unwrap(), id);
/// ```
#[macro_export]
macro_rules! id_type {
    ($($(#[$meta:meta])* $visibility:vis struct $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::reexport::serde::Serialize, $crate::reexport::serde::Deserialize,
        )]
        #[serde(crate = "portolan_kernel::reexport::serde", transparent)]
        $visibility struct $name($crate::reexport::Uuid);

        impl $name {
            /// The id that is always the same for this namespace and name (UUID version 5).
            #[must_use]
            pub fn derived(namespace: $crate::reexport::Uuid, name: &str) -> Self {
                Self($crate::reexport::Uuid::new_v5(&namespace, name.as_bytes()))
            }
        }

        impl $crate::Id for $name {
            fn from_uuid(uuid: $crate::reexport::Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> $crate::reexport::Uuid {
                self.0
            }
        }

        impl ::std::convert::From<$crate::reexport::Uuid> for $name {
            fn from(uuid: $crate::reexport::Uuid) -> Self {
                Self(uuid)
            }
        }

        impl ::std::convert::From<$name> for $crate::reexport::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::reexport::UuidError;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::write!(formatter, "{}({})", ::std::stringify!($name), self.0)
            }
        }
    )+};
}

/// Declares counting newtypes over `u64`.
macro_rules! counter_type {
    ($($(#[$meta:meta])* $name:ident)+) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// Before the first.
            pub const ZERO: Self = Self(0);

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one that is `count` later; stays at the end of the numbers rather than starting over.
            #[must_use]
            pub const fn plus(self, count: u64) -> Self {
                Self(self.0.saturating_add(count))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, formatter)
            }
        }
    )+};
}

counter_type! {
    /// How many events an aggregate has had: its first event makes it version 1. Also the ETag of a row.
    Version
    /// The place of an event in the journal: dense, from 1, rising in the order of commits.
    /// It is also the consistency token that a caller may ask a read model for.
    Position
    /// Counts the owners that a shared subscription has had; 0: none yet. What a former owner writes is refused.
    Epoch
}
