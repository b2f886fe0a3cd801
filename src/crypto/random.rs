//! Randomness, which comes in as an argument.
//!
//! Rooms that need random bytes take a [`Random`]. The server hands in [`SystemRandom`]; tests, benches and
//! the making of fixtures hand in [`SeededRandom`], whose bytes are the same on every run and therefore no
//! secret at all.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::rand::SecureRandom;

use super::digest::Digest;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes`, whatever its length.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Clone, Debug)]
pub struct SystemRandom(ring::rand::SystemRandom);

impl SystemRandom {
    /// The operating system's randomness.
    pub fn new() -> Self {
        Self(ring_source())
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for SystemRandom {
    /// Fills `bytes` from the kernel.
    ///
    /// # Panics
    ///
    /// If the kernel has no randomness to give. Nothing secret can be made then, and going on with bytes
    /// that are not random would be worse than stopping.
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("a running system gives randomness");
    }
}

/// Bytes that follow from a seed: for tests, benches and fixtures only.
///
/// Block *n* is the SHA-256 of the seed and *n*. Every call begins a new block, so the bytes depend on the
/// order of the calls and not on their threads' timing as long as one thread makes them.
pub struct SeededRandom {
    seed: [u8; 32],
    block: AtomicU64,
}

impl SeededRandom {
    /// The source that follows from `seed`.
    pub fn new(seed: u64) -> Self {
        let seed = Digest::of_parts(&[b"seeded random", &seed.to_be_bytes()]);
        Self { seed: *seed.as_bytes(), block: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(Digest::LEN) {
            let block = self.block.fetch_add(1, Ordering::Relaxed);
            let digest = Digest::of_parts(&[&self.seed, &block.to_be_bytes()]);
            for (byte, random) in chunk.iter_mut().zip(digest.as_bytes()) {
                *byte = *random;
            }
        }
    }
}

impl fmt::Debug for SeededRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededRandom(…)")
    }
}

/// The library's own source, which its signing functions insist on.
#[expect(clippy::disallowed_methods, reason = "this is the room the ban points to")]
pub(super) fn ring_source() -> ring::rand::SystemRandom {
    ring::rand::SystemRandom::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(source: &impl Random, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        source.fill(&mut bytes);
        bytes
    }

    #[test]
    fn one_seed_gives_the_same_bytes_on_every_run_and_another_seed_others() {
        let (first, second) = (SeededRandom::new(1), SeededRandom::new(1));
        assert_eq!(draw(&first, 100), draw(&second, 100));
        assert_eq!(draw(&first, 7), draw(&second, 7));
        assert_ne!(draw(&first, 32), draw(&first, 32));
        assert_ne!(draw(&SeededRandom::new(1), 32), draw(&SeededRandom::new(2), 32));
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        let source = SystemRandom::new();
        assert_ne!(draw(&source, 32), draw(&source, 32));
    }
}
