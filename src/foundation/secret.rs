//! Secret material: wiped when dropped, never shown.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that is overwritten when dropped and prints as `[secret]`.
///
/// It has neither `Clone` nor `PartialEq` nor `Serialize`: whoever needs one of them argues for it
/// where it is needed, on the value that [`Secret::expose`] gives.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes charge of `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one computation that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, to be filled in place so that no copy is left behind.
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
    fn debug_shows_nothing_of_the_value() {
        assert_eq!(format!("{:?}", Secret::new(vec![42_u8; 3])), "[secret]");
    }

    #[test]
    fn zeroize_wipes_the_value() {
        let mut secret = Secret::new([42_u8; 3]);
        secret.zeroize();
        assert_eq!(secret.expose(), &[0; 3]);
    }
}
