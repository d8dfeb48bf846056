//! Where an order goes.

use isocountry::CountryCode;

use crate::Invalid;

/// A shipping address. Inside an order it is a valid one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Who receives it.
    pub name: String,
    /// Street and number.
    pub street: String,
    /// Town.
    pub city: String,
    /// An ISO 3166-1 alpha-2 code, in capitals.
    pub country: String,
}

impl Address {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        Invalid::nul("address.name", &self.name)?;
        Invalid::nul("address.street", &self.street)?;
        Invalid::nul("address.city", &self.city)?;
        // The list also finds codes in small letters, which are not codes.
        let listed = CountryCode::for_alpha2(&self.country).is_ok_and(|found| found.alpha2() == self.country);
        if listed {
            return Ok(());
        }
        Err(Invalid::UnknownCountry {
            field: "address.country",
            country: self.country.chars().take(16).collect(),
        })
    }
}
