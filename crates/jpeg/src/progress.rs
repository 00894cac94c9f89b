//! The record of which coefficients the scans of a JPEG have contained so far.

use super::error::JpegError;
use super::header::Scan;

/// The coefficients decoded so far.
pub(super) struct Progress {
    /// Lowest bit decoded so far, for each component and each place of the zigzag order.
    lowest_bits: Vec<[Option<u32>; 64]>,
}

impl Progress {
    /// Returns a record of no coefficients, for `components` components.
    pub(super) fn new(components: usize) -> Self {
        Self {
            lowest_bits: vec![[None; 64]; components],
        }
    }

    /// Adds the coefficients of `scan`.
    pub(super) fn add(&mut self, scan: &Scan, is_progressive: bool) -> Result<(), JpegError> {
        let (band, lowest_bit) = if is_progressive {
            (scan.band, scan.shift)
        } else {
            ((0, 63), 0)
        };
        for component in &scan.components {
            let bits = self.lowest_bits.get_mut(component.index);
            let bits = bits.and_then(|bits| bits.get_mut(band.0..=band.1));
            let bits = bits.ok_or(JpegError::Damaged("a scan header is not valid"))?;
            if !is_progressive && bits.contains(&Some(0)) {
                return Err(JpegError::Damaged("a component has two scans"));
            }
            bits.fill(Some(lowest_bit));
        }
        Ok(())
    }

    /// Returns whether all coefficients have all of their bits.
    pub(super) fn is_complete(&self) -> bool {
        let mut bits = self.lowest_bits.iter().flatten();
        bits.all(|bit| *bit == Some(0))
    }

    /// Checks that every component has occurred in a scan.
    pub(super) fn check_components(&self) -> Result<(), JpegError> {
        if self.lowest_bits.iter().all(|bits| bits[0].is_some()) {
            return Ok(());
        }
        Err(JpegError::Damaged("the scan of a component is missing"))
    }
}
