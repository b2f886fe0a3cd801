//! Values that are never printed and do not outlive their use.
//!
//! A [`Secret`] has no `Debug`, no `Display` and no serde, so it cannot slip into a log line by way of the
//! struct that holds it, and its memory is overwritten when it goes.

use zeroize::Zeroize;

/// A value that must not be printed; overwritten with zeros when dropped.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes a value into keeping. Copies of it made before are the caller's to clear.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Witness(Arc<Mutex<bool>>);

    impl Zeroize for Witness {
        fn zeroize(&mut self) {
            *self.0.lock().unwrap() = true;
        }
    }

    #[test]
    fn a_secret_is_overwritten_when_it_goes() {
        let cleared = Arc::new(Mutex::new(false));
        let secret = Secret::new(Witness(Arc::clone(&cleared)));
        assert!(!*secret.expose().0.lock().unwrap());
        drop(secret);
        assert!(*cleared.lock().unwrap());
    }
}
