use super::*;

/// Returns a safetensors file with this head, which JSON describes, and the numbers after it.
fn file(head: &str, numbers: &[f32]) -> Vec<u8> {
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.extend(head.as_bytes());
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// A convolution of 2 filters with windows of one pixel and one channel.
const POINTWISE: LayerShape = LayerShape {
    filters: 2,
    channels: 1,
    window: 1,
    stride: 1,
    padding: 0,
};

const HEAD: &str = r#"{"a.weight":{"dtype":"F32","shape":[2,1,1,1],"data_offsets":[0,8]},"a.bias":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#;

const NUMBERS: [f32; 4] = [1.0, -2.0, 0.5, 3.0];

/// Reads the convolution `a`, the only one of a file.
fn read(bytes: &[u8]) -> Result<Convolution, String> {
    let mut tensors = Tensors::of_bytes(bytes)?;
    let convolution = tensors.convolution("a", POINTWISE, Some(0.1))?;
    tensors.finish()?;
    Ok(convolution)
}

#[test]
fn a_convolution_is_read() {
    let found = read(&file(HEAD, &NUMBERS)).unwrap();
    let expected = Convolution {
        filters: 2,
        channels: 1,
        rows: 1,
        columns: 1,
        stride: 1,
        padding: 0,
        weights: vec![1.0, -2.0],
        bias: vec![0.5, 3.0],
        slopes: vec![0.1, 0.1],
    };
    assert_eq!(found, expected);
}

#[test]
fn a_wrong_tensor_is_named_with_the_remedy() {
    let refusal = |was: &str, is: &str| {
        assert!(HEAD.contains(was), "{was}");
        read(&file(&HEAD.replace(was, is), &NUMBERS)).unwrap_err()
    };
    assert_eq!(
        refusal("a.bias", "b.bias"),
        "has no tensor a.bias; get the file again"
    );
    assert_eq!(
        refusal("[2,1,1,1]", "[1,2,1,1]"),
        "the tensor a.weight is F32 [1, 2, 1, 1] instead of F32 [2, 1, 1, 1]; get the file again"
    );
    assert_eq!(
        refusal(r#""F32","shape":[2]"#, r#""I32","shape":[2]"#),
        "the tensor a.bias is I32 [2] instead of F32 [2]; get the file again"
    );
    let half = r#""F16","shape":[4,1,1,1]"#;
    assert_eq!(
        refusal(r#""F32","shape":[2,1,1,1]"#, half),
        "the tensor a.weight is F16 [4, 1, 1, 1] instead of F32 [2, 1, 1, 1]; get the file again"
    );
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut numbers = NUMBERS;
        numbers[3] = number;
        assert_eq!(
            read(&file(HEAD, &numbers)).unwrap_err(),
            "the tensor a.bias has a number that is not finite; get the file again"
        );
    }
    let more = r#"[8,16]},"c":{"dtype":"F32","shape":[0],"data_offsets":[16,16]}}"#;
    assert_eq!(
        refusal("[8,16]}}", more),
        "has 3 tensors instead of 2; get the file again"
    );
}

#[test]
fn heads_that_do_not_describe_the_file_are_refused() {
    let head = |weight: &str, bias: &str| format!(r#"{{"a.weight":{weight},"a.bias":{bias}}}"#);
    let tensor = |shape: &str, offsets: &str| {
        format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}"#)
    };
    let (weight, bias) = (tensor("[2,1,1,1]", "[0,8]"), tensor("[2]", "[8,16]"));
    assert!(read(&file(&head(&weight, &bias), &NUMBERS)).is_ok());
    let heads = [
        // The same bytes twice, bytes between the tensors, and bytes after the end of the file.
        head(&weight, &tensor("[2]", "[0,8]")),
        head(&weight, &tensor("[2]", "[4,12]")),
        head(&tensor("[1,1,1,1]", "[0,4]"), &bias),
        head(&weight, &tensor("[4]", "[8,24]")),
        head(&weight, &tensor("[2]", "[16,8]")),
        // Shapes whose size wraps around, and a negative one.
        head(&tensor("[18446744073709551615,2,1,1]", "[0,8]"), &bias),
        head(&tensor("[4611686018427387904,4,1,1]", "[0,8]"), &bias),
        head(&weight, &tensor("[-2]", "[8,16]")),
        // No JSON, and JSON of something else.
        "{".repeat(1000),
        "[".repeat(1000),
        r#"{"a.weight":1}"#.to_owned(),
        String::new(),
    ];
    let mut files: Vec<Vec<u8>> = heads.iter().map(|head| file(head, &NUMBERS)).collect();
    files.push(u64::MAX.to_le_bytes().to_vec());
    let whole = file(HEAD, &NUMBERS);
    files.extend((1..whole.len()).map(|length| whole[..length].to_vec()));
    files.push([&whole[..], &[0]].concat());
    for bytes in files {
        let sentence = read(&bytes).unwrap_err();
        let is_told = sentence.starts_with("is not a safetensors file: ")
            && sentence.ends_with("; get the file again");
        assert!(is_told, "{sentence}");
    }
}
