//! Compression of streams, and its careful reverse.
//!
//! What is written once per template is compressed as well as we can, pictures without compression of their own as
//! fast as we can. Other streams of documents do not come here: see [`glyph_code`](super::glyph_code) and
//! [`stream_code`](super::stream_code). Reading takes a bound: a few kilobytes of a hostile file can unpack to
//! gigabytes.
//!
//! Source: RFC 1950; ISO 32000-1:2008, 7.4.4 (`FlateDecode`).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Compresses the streams of one document, reusing its tables.
pub(super) struct Deflater {
    state: Compress,
}

impl Deflater {
    /// For streams made anew for every document.
    pub(super) fn fast() -> Self {
        Self::new(Compression::fast())
    }

    /// For streams made once per template.
    pub(super) fn best() -> Self {
        Self::new(Compression::best())
    }

    fn new(level: Compression) -> Self {
        Self { state: Compress::new(level, true) }
    }

    /// `data` as a zlib stream.
    pub(super) fn compress(&mut self, data: &[u8]) -> Vec<u8> {
        self.state.reset();
        // Enough for data that does not shrink: 5 bytes for each stored block, and head and tail.
        let mut out = Vec::with_capacity(data.len() + data.len() / 1024 + 128);
        loop {
            let read = usize::try_from(self.state.total_in()).unwrap_or(usize::MAX);
            let rest = data.get(read..).unwrap_or_default();
            match self.state.compress_vec(rest, &mut out, FlushCompress::Finish) {
                Ok(Status::StreamEnd) | Err(_) => return out,
                Ok(_) => out.reserve(1024 + data.len() / 8),
            }
        }
    }
}

/// `data` as a zlib stream, small rather than soon.
pub fn deflate(data: &[u8]) -> Vec<u8> {
    Deflater::best().compress(data)
}

/// Unpacks a zlib stream of at most `limit_bytes`, or `None` where it is damaged, longer, or followed by more.
pub fn inflate(data: &[u8], limit_bytes: usize) -> Option<Vec<u8>> {
    inflate_front(data, limit_bytes).filter(|(_, used)| *used == data.len()).map(|(out, _)| out)
}

/// The same of a stream that may be followed by more; also tells how many bytes it takes.
pub(super) fn inflate_front(data: &[u8], limit_bytes: usize) -> Option<(Vec<u8>, usize)> {
    let mut state = Decompress::new(true);
    let mut out = Vec::with_capacity(limit_bytes.min(data.len().saturating_mul(4)).max(64));
    loop {
        let read = usize::try_from(state.total_in()).ok()?;
        let before = out.len();
        let status =
            state.decompress_vec(data.get(read..)?, &mut out, FlushDecompress::Finish).ok();
        if out.len() > limit_bytes {
            return None;
        }
        match status? {
            Status::StreamEnd => {
                return Some((out, usize::try_from(state.total_in()).ok()?));
            }
            _ if out.len() < out.capacity() && out.len() == before => return None,
            _ => out.reserve(
                (out.len() / 2).max(1024).min(limit_bytes + 1 - out.len().min(limit_bytes)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back() {
        let noise: Vec<u8> = (0..70_000_u32)
            .flat_map(|n| n.wrapping_mul(n).wrapping_mul(2_654_435_761).to_be_bytes())
            .collect();
        for data in [&b""[..], b"a", &[7; 100_000], &noise] {
            for mut deflater in [Deflater::fast(), Deflater::best()] {
                let packed = deflater.compress(data);
                assert_eq!(deflater.compress(data), packed);
                assert_eq!(inflate(&packed, data.len()).as_deref(), Some(data));
            }
        }
    }

    #[test]
    fn a_stream_that_unpacks_to_too_much_is_refused() {
        let packed = Deflater::best().compress(&vec![0; 10_000_000]);
        assert!(packed.len() < 20_000);
        assert_eq!(inflate(&packed, 9_999_999), None);
        assert!(inflate(&packed, 10_000_000).is_some());
    }

    #[test]
    fn damaged_cut_and_lengthened_streams_are_refused() {
        let packed = Deflater::fast().compress(b"a license is a license is a license");
        for end in 0..packed.len() {
            assert_eq!(inflate(&packed[..end], 1000), None, "{end}");
        }
        assert_eq!(inflate(&[&packed[..], b"x"].concat(), 1000), None);
        assert_eq!(inflate(b"plain text", 1000), None);
    }
}
