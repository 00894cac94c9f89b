use super::*;

#[test]
fn a_complaint_is_told_without_the_path_that_the_record_has() {
    let complaint = |errors: &str| {
        let answer = Answer {
            output: Vec::new(),
            errors: errors.to_owned(),
        };
        answer.complaint(Path::new("/photos/a - b.bmp"))
    };
    assert_eq!(
        complaint(
            "Warning: x\nError: Writing of BMP files is not yet supported - /photos/a - b.bmp\n"
        ),
        "Writing of BMP files is not yet supported (leave out --embed to write a sidecar)"
    );
    assert_eq!(complaint(""), "exiftool did not change it");
    assert_eq!(
        complaint("Error: Error writing output file - /photos/a - b.bmp\n"),
        "Error writing output file (is the disk full, or may nothing be written to the folder?)"
    );
}

#[test]
fn a_warning_is_no_error() {
    let error = |errors: &str| {
        let answer = Answer {
            output: Vec::new(),
            errors: errors.to_owned(),
        };
        answer.error().map(str::to_owned)
    };
    assert_eq!(error(""), None);
    assert_eq!(error("Warning: Error inflating iCCP - /a.png\n"), None);
    let minor = "Warning: [minor] Trailer data after PNG IEND chunk - /a.png\n";
    assert_eq!(error(minor), None);
    let both = format!("{minor}Error: File is empty - /a.png\n");
    assert_eq!(
        error(&both).as_deref(),
        Some("Error: File is empty - /a.png")
    );
}

#[test]
fn an_exiftool_that_ended_on_a_photo_ends_no_run() {
    let mut ended = ExifTool {
        process: None,
        backup: Backup::Kept,
        unfinished: UnfinishedFiles::default(),
    };
    // Only the next photo would start another process.
    ended.check().unwrap();
    assert!(ended.process.is_none());
}

#[test]
fn a_packet_is_looked_for_without_its_frame() {
    let content = b"<x:xmpmeta><?xml?></x:xmpmeta>";
    for packet in [
        &content[..],
        b"<?xpacket begin='' id='x'?>\n<x:xmpmeta><?xml?></x:xmpmeta>\n<?xpacket end='w'?>",
        b"\n<x:xmpmeta><?xml?></x:xmpmeta>   <?xpacket end='r'?>\n",
    ] {
        assert_eq!(unframed(packet), content);
    }
    assert_eq!(unframed(b"<?xpacket"), b"");
}

#[test]
fn the_number_of_photos_that_were_written_is_found_on_either_stream() {
    let updated = |output: &str, errors: &str| {
        let answer = Answer {
            output: output.into(),
            errors: errors.to_owned(),
        };
        answer.updated()
    };
    assert_eq!(updated("    1 image files updated\n", ""), Some(1));
    let some =
        "Error: x - /a.bmp\n  127 image files updated\n    1 files weren't updated due to errors\n";
    assert_eq!(updated("", some), Some(127));
    assert_eq!(updated("", "    1 image files unchanged\n"), None);
    assert_eq!(updated("", "Error: x - / 3 image files updated of\n"), None);
}

#[test]
fn names_that_exiftool_could_take_for_others_are_not_imported() {
    let name = |name: &'static str| import_name(Path::new(name));
    assert_eq!(name("/a/\u{e9} \"%d*.jpg"), Some("/a/\u{e9} \"%d*.jpg"));
    assert_eq!(name("/a\n.jpg"), None);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(name("/a\\b.jpg"), None);
        assert_eq!(
            import_name(Path::new(OsStr::from_bytes(b"/\xff.jpg"))),
            None
        );
    }
}

#[test]
fn a_name_with_a_line_break_would_be_two_arguments() {
    assert_eq!(
        lines(["-j", "/a b"].map(OsStr::new)).unwrap(),
        b"-j\n/a b\n"
    );
    lines(["/a\n-XMP:all="].map(OsStr::new)).unwrap_err();
    lines(["/a\r"].map(OsStr::new)).unwrap_err();
}
