use facematch_image_files::mark_exif;

use super::*;

/// Returns a picture that begins with `signature` and has facematch's mark.
fn marked(signature: &[u8]) -> Vec<u8> {
    [signature, &mark_exif()].concat()
}

#[test]
fn the_content_of_a_file_is_known_by_its_beginning() {
    for (start, expected) in [
        (&b"a.jpg\tobama\t0.3000\n"[..], Content::Text),
        (b"Milk\nBread\n", Content::Text),
        (b"milk\t2\t1.29\n", Content::Text),
        (b"#!/bin/sh\n", Content::Text),
        (b"%PDF-1.4\n", Content::Text),
        (b"P3\n1 1\n255\n0 0 0\n", Content::Text),
        (b"redbreasts in the garden\n", Content::Text),
        (b"redb\x1a\x0a\xa9\x0d\x0a", Content::Cache),
        (b"\xFF\xD8\xFF\xE0", Content::Image),
        (b"\x89PNG\r\n\x1a\n", Content::Image),
        (b"\xFF\xD8\xFF\xE1\0\0Exif facematch\0", Content::Image),
        (&marked(b"\xFF\xD8\xFF"), Content::OwnPicture),
        (b"GIF89a", Content::Image),
        (b"RIFF\x04\0\0\0WEBPVP8 ", Content::Image),
        (b"\0\0\0\x18ftypheic", Content::Image),
        (b"\x1f\x8b\x08", Content::Binary),
        (b"t\0e\0x\0t\0", Content::Binary),
        (b"<svg xmlns='x'></svg>", Content::Image),
        (
            b"<svg>\n<title>facematch eval pairs</title></svg>",
            Content::Plot,
        ),
        (b"\xEF\xBB\xBF<?xml version='1.0'?>\n<svg/>", Content::Image),
        (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>", Content::Xml),
        (
            b"<!-- by a program --><x:xmpmeta xmlns:x='adobe:ns:meta/'>",
            Content::Xml,
        ),
        (b"<!-- Generator --><!DOCTYPE svg><svg/>", Content::Image),
        (b"<?xml version='1.0'?><html><svg/></html>", Content::Xml),
        (b"<gpx>", Content::Xml),
        (b".ds Aq '\n.TH facematch-tag 1\n", Content::ManPage),
        (b".ds Aq '\n.TH printf 1\n", Content::Text),
    ] {
        assert_eq!(Content::of_bytes(start), expected, "{start:?}");
    }
}

#[test]
fn a_file_is_overwritten_only_by_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let objection = |written: Written, content: &[u8]| {
        let path = folder.path().join("file");
        std::fs::write(&path, content).unwrap();
        written.objection(&path)
    };
    let header = "{\"__metadata__\":{\"format\":\"facematch-gallery/1\"},\
                  \"encodings\":{\"dtype\":\"F32\",\"shape\":[0,128],\"data_offsets\":[0,0]}}";
    let gallery = &[&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()[..];
    let network = "{\"weight\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}";
    let network = &[&(network.len() as u64).to_le_bytes(), network.as_bytes()].concat()[..];
    for (written, own) in [
        (Written::Results, &b"a.jpg\tno faces\n"[..]),
        (
            Written::Plot,
            b"<svg><title>facematch eval pairs</title></svg>",
        ),
        (Written::ManPage, b".ds Aq '\n.TH facematch 1\n"),
        (Written::Gallery { force: true }, gallery),
        (Written::Drawing, &marked(b"\xFF\xD8\xFF")),
        (Written::Crop, &marked(b"\x89PNG\r\n\x1a\n")),
    ] {
        assert_eq!(objection(written, own), None, "{written:?}");
        assert_eq!(objection(written, b""), None, "{written:?}");
        // A photo with the file name of a picture is not one.
        for other in [
            &b"\0\0"[..],
            b"GIF89a",
            b"\xFF\xD8\xFF",
            b"\x89PNG\r\n\x1a\n",
            b"<?xml?>",
            b"redb\x1a",
        ] {
            let told = objection(written, other).unwrap();
            assert!(told.ends_with(written.advice()), "{told}");
        }
    }
    assert_eq!(
        objection(Written::Gallery { force: true }, network).unwrap(),
        "it is a binary file; name another file with -o"
    );
    assert_eq!(
        objection(Written::Gallery { force: false }, gallery).unwrap(),
        "it is a gallery; add people with --add, or replace it with --force"
    );
    assert_eq!(
        objection(Written::Gallery { force: true }, b"notes").unwrap(),
        "it is a text file that facematch did not write; name another file with -o"
    );
}
