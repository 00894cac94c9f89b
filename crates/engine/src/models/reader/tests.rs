use proptest::prelude::*;

use super::*;

fn float_of(bytes: &[u8]) -> Result<f32, Damage> {
    let mut reader = Reader::new(bytes);
    let value = reader.finite_float("a number")?;
    reader.finish()?;
    Ok(value)
}

#[test]
fn reads_the_numbers_that_dlib_writes() {
    for (bytes, expected) in [
        (&[1, 0][..], 0),
        (&[1, 42], 42),
        (&[2, 0xf4, 1], 500),
        (&[0x81, 10], -10),
        (&[2, 1, 0], 1),
        (&[8, 255, 255, 255, 255, 255, 255, 255, 127], i64::MAX),
    ] {
        let mut reader = Reader::new(bytes);
        assert_eq!(reader.integer(8, "n"), Ok(expected));
        assert_eq!(reader.position(), bytes.len());
        assert_eq!(reader.finish(), Ok(()));
    }
}

#[test]
fn refuses_what_is_no_number() {
    for bytes in [
        &[][..],
        &[0],
        &[1],
        &[3, 1, 2],
        &[9, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        &[0x31, 1],
        b"12 ",
        &[8, 0, 0, 0, 0, 0, 0, 0, 128],
    ] {
        assert!(Reader::new(bytes).integer(8, "n").is_err(), "{bytes:?}");
    }
    assert!(Reader::new(&[3, 1, 0, 0]).integer(2, "n").is_err());
}

#[test]
fn says_at_which_byte_and_what_was_expected() {
    let mut reader = Reader::new(&[1, 1, 3, 7]);
    reader.index("the version").unwrap();
    assert_eq!(
        reader.index("the number of trees").unwrap_err().to_string(),
        "damaged at byte 4: the file ends where the number of trees was expected"
    );
    assert_eq!(
        Reader::new(b"hello")
            .index("the version")
            .unwrap_err()
            .to_string(),
        "damaged at byte 0: expected the version (a number), found the byte 0x68"
    );
}

#[test]
fn a_negative_count_is_refused() {
    let damage = Reader::new(&[0x81, 3, 0, 0, 0])
        .count(1, "the count")
        .unwrap_err();
    assert_eq!(damage, Damage::new(0, "the count is negative"));
    // Minus zero, which dlib never writes.
    assert!(Reader::new(&[0x81, 0]).count(1, "the count").is_err());
}

#[test]
fn a_count_has_room_in_what_follows() {
    assert_eq!(Reader::new(&[1, 2, 0, 0, 0, 0]).count(2, "n"), Ok(2));
    assert!(Reader::new(&[1, 3, 0, 0, 0, 0]).count(2, "n").is_err());
    let most = [8, 255, 255, 255, 255, 255, 255, 255, 255];
    assert!(Reader::new(&most).count(2, "n").is_err());
}

#[test]
fn matrix_sizes_are_written_negative() {
    let mut bytes = vec![0x81, 2, 0x81, 3];
    bytes.extend([1, 0, 1, 0].repeat(6));
    assert_eq!(Reader::new(&bytes).matrix_size("m"), Ok((2, 3)));
    bytes.pop();
    assert!(Reader::new(&bytes).matrix_size("m").is_err());
    assert_eq!(Reader::new(&[1, 0, 1, 0]).matrix_size("m"), Ok((0, 0)));
    assert!(Reader::new(&[1, 2, 1, 0]).matrix_size("m").is_err());
    let huge = [0x88, 255, 255, 255, 255, 255, 255, 255, 127];
    assert!(Reader::new(&huge.repeat(2)).matrix_size("m").is_err());
}

#[test]
fn floats_are_a_mantissa_and_an_exponent() {
    assert_eq!(float_of(&[3, 0x0a, 0xd7, 0xa3, 0x81, 0x1c]), Ok(0.04));
    assert_eq!(float_of(&[1, 0, 1, 0]), Ok(0.0));
    assert_eq!(float_of(&[0x81, 3, 0x81, 1]), Ok(-1.5));
    assert_eq!(float_of(&[1, 1, 2, 0x2c, 1]).unwrap_err().at, 0);
}

#[test]
fn special_floats_are_not_finite() {
    for exponent in [32000_i16, 32001, 32002, 32767] {
        let [low, high] = exponent.to_le_bytes();
        assert!(float_of(&[1, 1, 2, low, high]).is_err());
    }
    assert!(float_of(&[1, 1, 2, 0, 0x80]).is_err());
    assert!(float_of(b"0.5 ").is_err());
}

#[test]
fn floats_survive_the_way_through_dlibs_form() {
    for value in [
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        f32::from_bits(1),
        f32::from_bits(0x007f_ffff),
        -std::f32::consts::PI,
    ] {
        let bits = value.to_bits();
        let fraction = i64::from(bits & 0x007f_ffff);
        let biased = i16::try_from((bits >> 23) & 0xff).unwrap();
        let (mantissa, exponent) = match biased {
            0 => (fraction, -149),
            _ => (fraction | 0x0080_0000, biased - 150),
        };
        let signed = if value < 0.0 { -mantissa } else { mantissa };
        assert_eq!(float(signed, exponent), value);
    }
    assert_eq!(float(1, -32000), 0.0);
    assert_eq!(float(0, 31999), 0.0);
    assert_eq!(float(-1, 31999), f32::NEG_INFINITY);
    assert_eq!(float(i64::MAX, -100), 2.0_f32.powi(-37));
}

#[test]
fn doubles_keep_more_digits_and_a_wider_range() {
    for (mantissa, exponent, expected) in [
        (0x0015_a650_f254_6a8c, -54, 0.338_276_135_110_995_5),
        (0, 11, 0.0),
        (1, -1074, f64::from_bits(1)),
        (-(1 << 62), -1136, -f64::from_bits(1)),
        (1 << 62, 961, 2.0_f64.powi(1023)),
        (1, 1023, 2.0_f64.powi(1023)),
        (1, 1024, f64::INFINITY),
        (-1, 31999, f64::NEG_INFINITY),
        (1, -32000, 0.0),
    ] {
        assert_eq!(
            double(mantissa, exponent),
            expected,
            "{mantissa}, {exponent}"
        );
    }
    let mut reader = Reader::new(&[1, 3, 0x81, 1, 1, 0, 2, 0, 0x7d]);
    assert_eq!(reader.finite_double("a number"), Ok(1.5));
    let damage = reader.finite_double("a number").unwrap_err();
    assert_eq!(
        damage,
        Damage::new(4, "a number is no finite number but inf")
    );
}

#[test]
fn booleans_are_characters() {
    let mut reader = Reader::new(b"10\x01");
    assert_eq!(reader.boolean("a"), Ok(true));
    assert_eq!(reader.boolean("b"), Ok(false));
    assert_eq!(
        reader.boolean("the flag").unwrap_err().to_string(),
        "damaged at byte 2: expected the flag (the character 0 or 1), found the byte 0x01"
    );
    assert!(Reader::new(&[]).boolean("the flag").is_err());
}

#[test]
fn texts_and_numbers_are_as_expected_or_refused() {
    let bytes = b"\x01\x05relu_\x01\x07";
    let mut reader = Reader::new(bytes);
    assert_eq!(reader.expect_text("relu_"), Ok(()));
    assert_eq!(
        reader.expect(8, "the width").unwrap_err().to_string(),
        "damaged at byte 7: expected 8 for the width, found 7"
    );
    assert_eq!(
        Reader::new(bytes)
            .expect_text("con_4")
            .unwrap_err()
            .to_string(),
        "damaged at byte 0: expected the text \"con_4\", found \"relu_\""
    );
    assert!(Reader::new(&bytes[..6]).expect_text("relu_").is_err());
    let long = [&[1, 200][..], &[0; 200]].concat();
    let damage = Reader::new(&long).expect_text("relu_").unwrap_err();
    assert!(damage.what.len() < 250, "{damage}");
}

/// Returns a tensor as dlib writes it, with sides below 256.
fn tensor_bytes(sides: [u8; 4], numbers: &[f32]) -> Vec<u8> {
    let mut bytes = vec![1, 2];
    bytes.extend(sides.iter().flat_map(|&side| [1, side]));
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

#[test]
fn tensors_have_the_expected_size_and_finite_numbers() {
    let numbers = [0.5, -0.0, f32::MAX, f32::from_bits(1), -3.0, 7.0];
    let bytes = tensor_bytes([1, 3, 1, 2], &numbers);
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.tensor([1, 3, 1, 2], "t"), Ok(numbers.to_vec()));
    assert_eq!(reader.finish(), Ok(()));
    assert_eq!(
        Reader::new(&bytes)
            .tensor([1, 3, 2, 1], "the weights")
            .unwrap_err()
            .to_string(),
        "damaged at byte 6: expected 2 for the rows of the weights, found 1"
    );
    let cut = &bytes[..bytes.len() - 1];
    assert_eq!(
        Reader::new(cut).tensor([1, 3, 1, 2], "t").unwrap_err().at,
        cut.len()
    );
    let infinite = tensor_bytes([2, 1, 1, 1], &[1.0, f32::INFINITY]);
    let damage = Reader::new(&infinite)
        .tensor([2, 1, 1, 1], "t")
        .unwrap_err();
    assert_eq!(damage, Damage::new(14, "a number of t is not finite"));
    let empty = tensor_bytes([0; 4], &[]);
    assert_eq!(Reader::new(&empty).tensor([0; 4], "t"), Ok(Vec::new()));
}

#[test]
fn a_tensor_too_large_for_the_file_claims_no_memory() {
    let mut bytes = vec![1, 2];
    bytes.extend([8, 0, 0, 0, 0, 0, 0, 0, 16].repeat(4));
    let side = 16 << 56;
    assert!(Reader::new(&bytes).tensor([side; 4], "t").is_err());
    let mut bytes = vec![1, 2, 6, 0, 0, 0, 0, 0, 1];
    bytes.extend([1, 1, 1, 1, 1, 1]);
    assert!(Reader::new(&bytes).tensor([1 << 40, 1, 1, 1], "t").is_err());
}

#[test]
fn alias_tensors_are_only_a_size() {
    let bytes = [1, 1, 1, 4, 1, 3, 1, 2, 1, 2];
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.alias_tensor([4, 3, 2, 2], "t"), Ok(()));
    assert_eq!(reader.finish(), Ok(()));
    assert!(Reader::new(&bytes).alias_tensor([4, 3, 2, 1], "t").is_err());
    assert!(
        Reader::new(&bytes[2..])
            .alias_tensor([4, 3, 2, 2], "t")
            .is_err()
    );
}

/// Returns an integer of `length` digits as dlib writes it, including leading zeros.
fn integer_bytes(negative: bool, length: u8, digits: u64) -> Vec<u8> {
    let mut bytes = vec![length | if negative { NEGATIVE } else { 0 }];
    bytes.extend(&digits.to_le_bytes()[..usize::from(length)]);
    bytes
}

/// Reads the number at the start of `bytes` byte by byte; returns it and its size in bytes.
fn integer_bytewise(bytes: &[u8]) -> Option<(i64, usize)> {
    let (&control, rest) = bytes.split_first()?;
    let length = usize::from(control & 0x0f);
    let digits = rest.get(..length)?.iter().rev();
    let magnitude = digits.fold(0_u64, |value, &digit| (value << 8) | u64::from(digit));
    let value = i64::try_from(magnitude).ok()?;
    let is_number = control & RESERVED == 0 && (1..=8).contains(&length);
    let signed = if control & NEGATIVE == 0 {
        value
    } else {
        -value
    };
    is_number.then_some((signed, 1 + length))
}

/// Reads the finite float at the start of `bytes` byte by byte; returns it and its size in bytes.
fn float_bytewise(bytes: &[u8]) -> Option<(f32, usize)> {
    let (mantissa, length) = integer_bytewise(bytes)?;
    let (exponent, exponent_length) = integer_bytewise(&bytes[length..])?;
    let value = float(mantissa, i16::try_from(exponent).ok()?);
    let is_float = exponent_length <= 3 && value.is_finite();
    is_float.then_some((value, length + exponent_length))
}

/// Returns the bytes of a float, mostly in the form that is read at once.
fn float_bytes() -> impl Strategy<Value = Vec<u8>> {
    let mantissa = (
        any::<bool>(),
        prop_oneof![9 => Just(3_u8), 1 => 1..=8_u8],
        any::<u64>(),
    );
    let exponent = (
        any::<bool>(),
        prop_oneof![9 => Just(1_u8), 1 => Just(2_u8)],
        prop_oneof![9 => 0..100_u64, 1 => any::<u64>()],
    );
    (mantissa, exponent).prop_map(|((minus, length, digits), (down, short, power))| {
        let mut bytes = integer_bytes(minus, length, digits);
        bytes.extend(integer_bytes(down, short, power));
        bytes
    })
}

#[test]
fn a_list_with_an_uncommon_float_is_read_too() {
    let common = [0x83, 1, 2, 3, 0x81, 10];
    for uncommon in [
        &[1, 7, 1, 0][..],
        &[3, 1, 2, 3, 2, 0, 0],
        &[8, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1],
    ] {
        let bytes = [&common[..], uncommon, &common].concat();
        let mut reader = Reader::new(&bytes);
        let mut numbers = [0.0; 3];
        assert_eq!(reader.finite_floats(&mut numbers, "n"), Ok(()));
        assert_eq!(reader.finish(), Ok(()));
        let expected = float(-0x0003_0201, -10);
        assert_eq!(numbers, [expected, float_of(uncommon).unwrap(), expected]);
    }
    // 2^130 is not a float.
    let infinite = [&common[..], &[3, 0, 0, 1, 1, 114]].concat();
    let damage = Reader::new(&infinite)
        .finite_floats(&mut [0.0; 2], "n")
        .unwrap_err();
    assert_eq!(damage, Damage::new(6, "n is no finite number but inf"));
}

proptest! {
    /// All ways of reading (one by one, as a list, byte by byte) give the same floats to the last
    /// bit, the same end and the same errors.
    #[test]
    fn floats_are_the_same_in_every_way_of_reading(
        floats in prop::collection::vec(float_bytes(), 0..24),
        change in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let count = floats.len();
        let mut bytes = floats.concat();
        if let Some((place, value)) = change && !bytes.is_empty() {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        let mut list = vec![0.0; count];
        let mut list_reader = Reader::new(&bytes);
        let outcome = list_reader.finite_floats(&mut list, "n");

        let mut reader = Reader::new(&bytes);
        let singles: Result<Vec<f32>, Damage> = (0..count)
            .map(|_| {
                let bytewise = float_bytewise(&bytes[reader.position()..]);
                let start = reader.position();
                let value = reader.finite_float("n");
                assert_eq!(
                    value.as_ref().ok().map(|value| (value.to_bits(), reader.position() - start)),
                    bytewise.map(|(value, length)| (value.to_bits(), length)),
                );
                value
            })
            .collect();
        prop_assert_eq!(outcome.err(), singles.as_ref().err().cloned());
        if let Ok(singles) = singles {
            let bits = |numbers: &[f32]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&list), bits(&singles));
            prop_assert_eq!(list_reader.position(), reader.position());
        }
    }

    #[test]
    fn whole_numbers_are_the_same_at_the_end_and_before_it(
        negative in any::<bool>(), length in 1..=8_u8, digits in any::<u64>(),
        behind in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let bytes = [integer_bytes(negative, length, digits), behind].concat();
        let expected = integer_bytewise(&bytes);
        let mut reader = Reader::new(&bytes);
        let found = reader.integer(8, "n");
        prop_assert_eq!(found.as_ref().ok().copied(), expected.map(|(value, _)| value));
        if let Some((_, read)) = expected {
            prop_assert_eq!(reader.position(), read);
        }
    }

    /// Every call on any bytes succeeds or fails; none moves past the end or loses count.
    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        calls in prop::collection::vec(0..10, 1..12),
    ) {
        let mut reader = Reader::new(&bytes);
        for call in calls {
            let _ = match call {
                0 => reader.integer(8, "n").map(drop),
                1 => reader.index("n").map(drop),
                2 => reader.count(3, "n").map(drop),
                3 => reader.matrix_size("n").map(drop),
                4 => reader.finite_float("n").map(|value| assert!(value.is_finite())),
                5 => reader.finite_double("n").map(|value| assert!(value.is_finite())),
                6 => reader.boolean("n").map(drop),
                7 => reader.expect_text("relu_"),
                8 => reader.tensor([1, 2, 1, 1], "n").map(drop),
                _ => reader.alias_tensor([1, 2, 1, 1], "n"),
            };
            prop_assert!(reader.position() <= bytes.len());
            prop_assert_eq!(reader.position() + reader.rest.len(), bytes.len());
        }
    }

    #[test]
    fn tensors_come_back_as_they_were_written(
        numbers in prop::collection::vec(
            prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO,
            0..250,
        ),
    ) {
        let count = u8::try_from(numbers.len()).unwrap();
        let bytes = tensor_bytes([count, 1, 1, 1], &numbers);
        let read = Reader::new(&bytes).tensor([numbers.len(), 1, 1, 1], "t").unwrap();
        let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read), bits(&numbers));
    }

    #[test]
    fn doubles_come_back_as_they_were_written(
        value in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL,
    ) {
        let bits = value.to_bits();
        let fraction = i64::try_from(bits & ((1 << 52) - 1)).unwrap();
        let biased = i16::try_from((bits >> 52) & 0x7ff).unwrap();
        let (mantissa, exponent) = match biased {
            0 => (fraction, -1074),
            _ => (fraction | (1 << 52), biased - 1075),
        };
        let signed = if value < 0.0 { -mantissa } else { mantissa };
        prop_assert_eq!(double(signed, exponent), value);
    }
}
