use facematch::engine::ENCODING_LEN;
use facematch_image_files::ImageFileError;
use insta::assert_snapshot;

use super::*;
use crate::cli::report::test_records;

/// The newline of a photo was once written with the next photo, so readers of lines had to
/// wait.
#[test]
fn a_line_ends_with_its_record() {
    let error = PhotoError::from(ImageFileError::UnknownFormat {
        path: "notes.txt".into(),
    });
    let people = Subject::People {
        candidates: 1,
        people: 1,
    };
    let mut report = JsonReport::lines(Vec::new(), people).unwrap();
    for number in 1..=3 {
        report.error(Path::new("notes.txt"), &error).unwrap();
        let told = String::from_utf8_lossy(&report.records.out);
        assert!(told.ends_with("}\n"), "{told}");
        assert_eq!(told.lines().count(), number);
    }
}

#[test]
fn lines_hold_one_record_each() {
    let mut out = Vec::new();
    let people = Subject::People {
        candidates: 2,
        people: 3,
    };
    test_records::write_people(&mut JsonReport::lines(&mut out, people).unwrap());
    assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
    {"type":"image","schema":"facematch/1","path":"unknown/two, people.jpg","width":1126,"height":661,"orientation":6,"faces":[{"box":{"x":236,"y":49,"w":166,"h":167},"score":1.93,"quality":0.8125,"outcome":"match","name":"obama","distance":0.336412,"stranger_rate":0.000055,"candidates":[{"name":"obama","distance":0.336412,"source":"known/obama.jpg"}]},{"box":{"x":500,"y":49,"w":166,"h":167},"score":null,"quality":0.8125,"outcome":"unknown","name":null,"distance":0.75,"stranger_rate":0.075085,"candidates":[{"name":"biden","distance":0.75,"source":"known/biden.jpg"}]}]}
    {"type":"error","schema":"facematch/1","path":"unknown/broken.jpg","kind":"decode","message":"unknown/broken.jpg: cannot decode: the file is empty"}
    {"type":"image","schema":"facematch/1","path":"unknown/cat.jpg","width":1126,"height":661,"orientation":6,"faces":[]}
    {"type":"image","schema":"facematch/1","path":"unknown/zoë.jpg","width":1126,"height":661,"orientation":6,"faces":[{"box":{"x":0,"y":49,"w":166,"h":167},"score":null,"quality":0.8125,"outcome":"match","name":"Zoë \"Z\", jr.","distance":0.0,"stranger_rate":1e-6,"candidates":[{"name":"Zoë \"Z\", jr.","distance":0.0,"source":"known/Zoë \"Z\", jr..jpg"}]}]}
    {"type":"summary","schema":"facematch/1","image_count":3,"face_count":3,"matched":2,"ambiguous":0,"unknown":1,"not_compared":0,"errors":1,"skipped":[{"extension":"heic","count":2},{"extension":"nef","count":1}],"known_people":3,"threshold":0.6,"engine":"fake","detector":"hog"}
    "#);
}

#[test]
fn a_document_is_one_array_of_the_same_records() {
    let subject = Subject::Landmarks(test_records::LANDMARK_NAMES);
    let (mut document, mut lines) = (Vec::new(), Vec::new());
    test_records::write_landmarks(&mut JsonReport::document(&mut document, subject).unwrap());
    test_records::write_landmarks(&mut JsonReport::lines(&mut lines, subject).unwrap());
    let document: Vec<serde_json::Value> = serde_json::from_slice(&document).unwrap();
    let lines: Vec<serde_json::Value> = String::from_utf8(lines)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(document, lines);
    assert_snapshot!(serde_json::to_string(&lines[0]).unwrap(), @r#"{"faces":[{"box":{"h":167,"w":166,"x":236,"y":49},"landmarks":{"left_eye":{"x":250.0,"y":100.0},"nose":{"x":0.0,"y":120.5}},"quality":0.8125,"score":1.5}],"height":661,"orientation":6,"path":"a.jpg","schema":"facematch/1","type":"image","width":1126}"#);
}

#[test]
fn an_encoding_comes_out_to_the_last_bit() {
    let mut numbers = [0.1_f32; ENCODING_LEN];
    numbers[1] = -1.0 / 3.0;
    numbers[2] = 1e-9;
    let encoding = Encoding::new(numbers);
    let json = optional_numbers(&Some(&encoding), serde_json::value::Serializer).unwrap();
    let found: Vec<f32> = serde_json::from_str(&json.to_string()).unwrap();
    assert_eq!(found, numbers);
    let foreign = Encoding::new([f32::NAN; ENCODING_LEN]);
    assert!(optional_numbers(&Some(&foreign), serde_json::value::Serializer).is_err());
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf_8_keeps_its_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let path = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9.jpg"));
    assert_eq!(path_bytes(path).as_deref(), Some("Y2Fm6S5qcGc="));
    assert_eq!(path_bytes(Path::new("café.jpg")), None);
}
