//! The structured e-certificate (结构化电子证照): the data of a license as a sealed file for programs.
//!
//! It is an SD-JWT VC: a signed payload that names the license and holds salted digests, and behind it one
//! disclosure for every value on the face. Whole, it is the full data; with disclosures left out, it still
//! verifies and shows only the rest. The rooms: `schema` lays down what is in it and computes the content
//! digest that binds all forms of a version; `envelope` signs it; `sd_jwt`, `disclose` and `read` take it
//! apart again, out of bytes that nobody has believed yet. Whom to believe is left to `judge`.
//!
//! Sources: RFC 9901 (SD-JWT), draft-ietf-oauth-sd-jwt-vc (media type `dc+sd-jwt`), RFC 7515 (JWS).

pub mod disclose;
pub mod envelope;
pub mod json;
pub mod jws;
pub mod read;
pub mod receipt;
pub mod schema;
pub mod sd_jwt;
pub mod standing_list;
pub mod statement;

#[cfg(test)]
pub(crate) mod testing;
pub mod trust_pack;

pub use envelope::{Places, SealedHeader, issue};
pub use json::Json;
pub use read::{EcertFacts, SchemaError, looks_like_ecert};
pub use schema::{Content, ContentInput};
pub use sd_jwt::{ReadError, SdJwt};
pub use statement::{SealedStatement, Statement};
