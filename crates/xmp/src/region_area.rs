//! Area of a region. Input: the area as other programs write it. Output: an [`Area`], or the reason
//! why there is none.
//!
//! Some programs write numbers with a decimal comma if the user's language has one. Circles become
//! the squares around them.

use super::Area;
use super::xmp::Property;
use super::xmp::tree::Element;

pub(super) const DIMENSIONS: Property = Property::new("mwg-rs", "AppliedToDimensions");

/// Reason why the region of a named person is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum AreaFault {
    /// The region has a name but no area.
    #[error("no area")]
    None,
    /// The area is a point.
    #[error("no size")]
    NoSize,
    /// A number is not valid, or there are too few numbers.
    #[error("unreadable numbers")]
    Numbers,
    /// The unit is neither `normalized` nor `pixel`.
    #[error("unknown unit")]
    Unit,
    /// The area is in pixels of an image whose size is not given.
    #[error("pixels of an image of unknown size")]
    NoDimensions,
    /// The centre lies outside the image, or the area is larger than the image.
    #[error("outside of the image")]
    Outside,
    /// The type is not one defined by the Metadata Working Group.
    #[error("unknown type")]
    Type,
}

/// Returns the size of the image that the regions in `mwg-rs:Regions` were made for: width and
/// height, both more than 0.
pub(super) fn dimensions(regions: &Element) -> Option<(f64, f64)> {
    let size = regions.field(DIMENSIONS)?;
    let side = |name| {
        let side: f64 = size
            .field_text(Property::new("stDim", name))?
            .trim()
            .parse()
            .ok()?;
        (side.is_finite() && side > 0.0).then_some(side)
    };
    Some((side("w")?, side("h")?))
}

/// Returns the area in `mwg-rs:Area`: a centre with a size or a diameter, in fractions of the image
/// or in pixels of an image of `dimensions`.
pub(super) fn working_group_area(
    area: &Element,
    dimensions: Option<(f64, f64)>,
) -> Result<Area, AreaFault> {
    let text = |name| area.field_text(Property::new("stArea", name));
    let unit = text("unit").map_or("", str::trim).to_lowercase();
    let is_pixels = match &*unit {
        "" | "normalized" => false,
        "pixel" | "pixels" => true,
        _ => return Err(AreaFault::Unit),
    };
    let (width, height) = match (is_pixels, dimensions) {
        (false, _) => (1.0, 1.0),
        (true, Some(size)) => size,
        (true, None) => return Err(AreaFault::NoDimensions),
    };
    // In pixels, a comma may separate thousands.
    let read = |text: &str| match is_pixels {
        true => finite(text),
        false => decimal(text),
    };
    let number = |name| {
        let number = text(name).map(|text| read(text).ok_or(AreaFault::Numbers));
        number.transpose()
    };
    let centre = [number("x")?, number("y")?];
    let (w, h) = match (number("w")?, number("h")?, number("d")?) {
        (Some(w), Some(h), _) => (w, h),
        (_, _, Some(diameter)) => circle(diameter, is_pixels, dimensions),
        _ => return Err(AreaFault::NoSize),
    };
    let [Some(x), Some(y)] = centre else {
        return Err(AreaFault::Numbers);
    };
    Ok(Area {
        x: x / width,
        y: y / height,
        w: w / width,
        h: h / height,
    })
}

/// Returns the width and the height of a circle. A diameter in fractions of the image refers to its
/// shorter side; an image without known dimensions is assumed to be square.
fn circle(diameter: f64, is_pixels: bool, dimensions: Option<(f64, f64)>) -> (f64, f64) {
    match dimensions.filter(|_| !is_pixels) {
        Some((width, height)) => {
            let shorter = width.min(height);
            (diameter * shorter / width, diameter * shorter / height)
        }
        None => (diameter, diameter),
    }
}

/// Returns the area in "x, y, w, h" of Microsoft's regions: the upper left corner and the size, in
/// fractions of the image.
pub(super) fn microsoft_area(rectangle: &str) -> Result<Area, AreaFault> {
    let [left, top, w, h] = four_numbers(rectangle).ok_or(AreaFault::Numbers)?;
    Ok(Area {
        x: left + w / 2.0,
        y: top + h / 2.0,
        w,
        h,
    })
}

/// Returns the numbers of a list separated by commas, even if they have decimal commas: "0,1, 0,2,
/// 0,3, 0,4", "0,1;0,2;0,3;0,4".
fn four_numbers(list: &str) -> Option<[f64; 4]> {
    let of = |parts: Vec<String>| -> Option<[f64; 4]> {
        let numbers: Option<Vec<f64>> = parts.iter().map(|part| decimal(part)).collect();
        numbers?.try_into().ok()
    };
    let fields: Vec<&str> = list.split(',').collect();
    if list.contains(';') {
        return of(list.split(';').map(str::to_owned).collect());
    }
    // A comma before a space separates numbers.
    let mut spaced: Vec<String> = Vec::new();
    for field in &fields {
        match spaced.last_mut() {
            Some(number) if !field.starts_with(char::is_whitespace) => {
                *number = format!("{number},{field}");
            }
            _ => spaced.push((*field).to_owned()),
        }
    }
    match (spaced.len(), fields.len()) {
        (4, _) => of(spaced),
        (_, 4) => of(fields.into_iter().map(str::to_owned).collect()),
        (_, 8) => of(fields.chunks(2).map(|pair| pair.join(",")).collect()),
        _ => None,
    }
}

/// Parses a number with a decimal point or a decimal comma.
fn decimal(text: &str) -> Option<f64> {
    match text.split_once(',') {
        Some((whole, part)) => finite(&format!("{whole}.{part}")),
        None => finite(text),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_commas_are_told_from_those_that_separate() {
        for list in [
            "0.1, 0.25, 0.5, 1",
            "0.1,0.25,0.5,1",
            " 0.1 ,0.25, 0.5,1 ",
            "0,1, 0,25, 0,5, 1",
            "0,1,0,25,0,5,1,0",
            "0,1;0,25;0,5;1",
            "0.1; 0.25; 0.5; 1",
            "0,1,\n0,25,\t0,5,\u{a0}1,00",
        ] {
            assert_eq!(four_numbers(list), Some([0.1, 0.25, 0.5, 1.0]), "{list}");
        }
        assert_eq!(four_numbers("0, 0,25, 0,5, 1"), Some([0.0, 0.25, 0.5, 1.0]));
        for list in [
            "",
            "0.1",
            "0.1, 0.2, 0.3",
            "0.1, 0.2, 0.3, 0.4, 0.5",
            "0.1 0.2 0.3 0.4",
            "0,1,0,2,0,3",
            "0,1.5, 0,2, 0,3, 0,4",
            "0,1,5, 0,2, 0,3, 0,4",
            "nan, 0.2, 0.3, 0.4",
            "0.1, inf, 0.3, 0.4",
            "a, b, c, d",
        ] {
            assert_eq!(four_numbers(list), None, "{list}");
        }
    }
}
