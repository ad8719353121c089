//! Secret values: wiped when dropped, never displayed.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that is overwritten when dropped and prints as `[secret]`.
///
/// It implements neither `Clone` nor `PartialEq` nor `Serialize`: code that needs one of them applies it to the value
/// that [`Secret::expose`] returns.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value, for the one computation that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the value for filling it in place, so that no copy remains.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_value() {
        assert_eq!(format!("{:?}", Secret::new(vec![42_u8; 3])), "[secret]");
    }

    #[test]
    fn zeroize_wipes_the_value() {
        let mut secret = Secret::new([42_u8; 3]);
        secret.zeroize();
        assert_eq!(secret.expose(), &[0; 3]);
    }
}
