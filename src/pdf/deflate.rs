//! Compression of streams, and its careful reverse.
//!
//! What is written once per template is compressed as well as we can; what is written for every document, as
//! fast as we can, but for the e-certificate and for the font of a page with very many characters. Reading takes a bound: a few kilobytes of a hostile file can unpack to gigabytes.
//!
//! Source: RFC 1950; ISO 32000-1:2008, 7.4.4 (`FlateDecode`).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Fonts longer than this, in bytes, are compressed thoroughly. Our own bound: a page of ordinary length stays
/// below it; above it, half a millisecond more makes the file a tenth smaller.
const LARGE_FONT_BYTES: usize = 45 * 1024;

/// Compresses the streams of one document, reusing its tables.
pub(super) struct Deflater {
    level: Compression,
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
        Self { level, state: Compress::new(level, true) }
    }

    /// A font as a zlib stream, small where it is large.
    pub(super) fn compress_font(&mut self, font: &[u8]) -> Vec<u8> {
        if font.len() > LARGE_FONT_BYTES { self.compress_small(font) } else { self.compress(font) }
    }

    /// `data` as a zlib stream, smaller and two to three times as slowly as [`compress`](Self::compress) for
    /// every document.
    pub(super) fn compress_small(&mut self, data: &[u8]) -> Vec<u8> {
        if self.level.level() >= Compression::default().level() {
            return self.compress(data);
        }
        self.set_level(Compression::default());
        let packed = self.compress(data);
        self.set_level(self.level);
        packed
    }

    fn set_level(&mut self, level: Compression) {
        self.state.reset();
        // With nothing written yet there is nothing to flush; were it refused, the level would stay as it was.
        drop(self.state.set_level(level));
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

/// Appends `data` as deflate blocks that end on a whole byte, none of them the last: packed or, where that is no
/// shorter, stored.
pub(super) fn pack_block(data: &[u8], out: &mut Vec<u8>) {
    let mut state = Compress::new(Compression::best(), false);
    let mut packed = Vec::with_capacity(data.len() + 64);
    let status = state.compress_vec(data, &mut packed, FlushCompress::Sync);
    let whole = usize::try_from(state.total_in()) == Ok(data.len());
    let ended = packed.len() < packed.capacity() && packed.ends_with(&[0, 0, 0xff, 0xff]);
    if status.is_ok() && whole && ended && packed.len() < data.len() + 5 {
        out.extend_from_slice(&packed);
    } else {
        stored_block(data, out);
    }
}

/// Appends `data` as stored blocks, none of them the last (RFC 1951, 3.2.4).
pub(super) fn stored_block(data: &[u8], out: &mut Vec<u8>) {
    for part in data.chunks(65_535) {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        out.push(0);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(part);
    }
}

/// The checksum of a zlib stream (RFC 1950, 8.2), which can be joined from those of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Adler {
    sum: u64,
    sums: u64,
}

impl Default for Adler {
    fn default() -> Self {
        Self { sum: 1, sums: 0 }
    }
}

impl Adler {
    const MODULUS: u64 = 65_521;

    pub(super) fn of(data: &[u8]) -> Self {
        let mut all = Self::default();
        for part in data.chunks(4096) {
            for byte in part {
                all.sum += u64::from(*byte);
                all.sums += all.sum;
            }
            all.sum %= Self::MODULUS;
            all.sums %= Self::MODULUS;
        }
        all
    }

    /// The checksum of what `self` is of, followed by `length` bytes that `next` is of.
    pub(super) fn joined(self, next: Self, length: usize) -> Self {
        let length = u64::try_from(length).unwrap_or_default() % Self::MODULUS;
        // The second checksum was begun with 1, which the first has counted already.
        let before = self.sum + Self::MODULUS - 1;
        Self {
            sum: (before + next.sum) % Self::MODULUS,
            sums: (self.sums + next.sums + length * (before % Self::MODULUS)) % Self::MODULUS,
        }
    }

    pub(super) fn to_be_bytes(self) -> [u8; 4] {
        let half = |sum| u16::try_from(sum).unwrap_or_default().to_be_bytes();
        let ([a, b], [c, d]) = (half(self.sums), half(self.sum));
        [a, b, c, d]
    }
}

/// Unpacks a zlib stream of at most `limit_bytes`, or `None` where it is damaged, longer, or followed by more.
pub(super) fn inflate(data: &[u8], limit_bytes: usize) -> Option<Vec<u8>> {
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
                let all = usize::try_from(state.total_in()).ok()? == data.len();
                return all.then_some(out);
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
                let small = deflater.compress_small(data);
                assert_eq!(inflate(&small, data.len()).as_deref(), Some(data));
                assert_eq!(deflater.compress(data), packed);
                assert_eq!(inflate(&packed, data.len()).as_deref(), Some(data));
            }
        }
    }

    #[test]
    fn a_stream_can_be_joined_from_blocks_packed_apart() {
        let parts: [&[u8]; 4] = [b"license", &[0; 300], b"", &[b'x'; 70_000]];
        let mut stream = vec![0x78, 0x01];
        let mut adler = Adler::default();
        for part in parts {
            pack_block(part, &mut stream);
            stored_block(part, &mut stream);
            adler = adler.joined(Adler::of(part), part.len());
            adler = adler.joined(Adler::of(part), part.len());
        }
        stream.extend([1, 0, 0, 0xff, 0xff]);
        stream.extend(adler.to_be_bytes());
        let whole: Vec<u8> = parts.iter().flat_map(|part| [*part, *part].concat()).collect();
        assert_eq!(inflate(&stream, whole.len()), Some(whole));
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
