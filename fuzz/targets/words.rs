//! Reading ids, codes, numbers, days and moments; what is understood comes back as it is written.

#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use zhengku::domain::{
    CitizenNumber, CreditCode, Day, DivisionCode, FoodLicenseNumber, LicenseId, LicenseTypeCode,
    Moment, OrganizationCode, VersionNo,
};
use zhengku::http::verification::parse_pasted;

fn comes_back<T: FromStr + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string().parse().ok(), Some(value));
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    comes_back::<LicenseId>(text);
    comes_back::<LicenseTypeCode>(text);
    comes_back::<VersionNo>(text);
    comes_back::<Day>(text);
    comes_back::<Moment>(text);
    comes_back::<DivisionCode>(text);
    comes_back::<CreditCode>(text);
    comes_back::<OrganizationCode>(text);
    comes_back::<FoodLicenseNumber>(text);
    let _ = text.parse::<CitizenNumber>();
    let _ = parse_pasted(text);
});
