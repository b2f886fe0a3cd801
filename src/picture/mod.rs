//! Pictures of licenses (证照图片): a photograph, a scan or a screenshot, and the squares in it.
//!
//! A picture proves nothing; what it is good for is the square on it, which names a license. [`squares`] reads those out
//! of a PNG or a JPEG. Everything is bounded: bytes by whoever takes them in, pixels, scans and attempts here.
//!
//! The decoders are packages: `png`, `zune-jpeg` and `rxing`. What they do with hostile bytes is fuzzed; a decoder of
//! squares that gives up in the middle of a picture found none in it.

mod busy;
mod gray;
mod square;

pub use gray::PictureError;
pub use square::squares;

/// Whether bytes begin as a PNG or a JPEG does.
pub fn looks_like_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.starts_with(b"\xff\xd8\xff")
}
