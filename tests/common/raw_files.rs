//! Camera raw files, built from a JPEG in the place where each format stores it. They contain no
//! sensor data but some bytes that look like it.

/// Types of TIFF values (TIFF 6.0, section 2).
const BYTE: u16 = 1;
const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const UNDEFINED: u16 = 7;

/// Extensions of the formats that [`raw_file`] makes.
pub(crate) const RAW_FORMATS: [&str; 10] = [
    "arw", "cr2", "cr3", "dng", "nef", "orf", "pef", "raf", "rw2", "srw",
];

type Entry = (u16, u16, Vec<u8>);

fn short(tag: u16, number: u16) -> Entry {
    (tag, SHORT, number.to_le_bytes().to_vec())
}

fn long(tag: u16, number: usize) -> Entry {
    (
        tag,
        LONG,
        u32::try_from(number).unwrap().to_le_bytes().to_vec(),
    )
}

fn text(tag: u16, text: &str) -> Entry {
    (tag, ASCII, [text.as_bytes(), b"\0"].concat())
}

/// Bytes of a file like a TIFF. Offsets count from `start`.
struct File {
    bytes: Vec<u8>,
    start: usize,
}

impl File {
    /// Appends `bytes` and returns their offset.
    fn add(&mut self, bytes: &[u8]) -> usize {
        self.bytes.resize(self.bytes.len().next_multiple_of(2), 0);
        let offset = self.bytes.len() - self.start;
        self.bytes.extend(bytes);
        offset
    }

    /// Appends a directory and returns its offset. `next` is the offset of the one after it, or 0.
    fn directory(&mut self, entries: &[Entry], next: usize) -> usize {
        let mut sorted = entries.to_vec();
        sorted.sort_by_key(|(tag, ..)| *tag);
        let mut directory = u16::try_from(sorted.len()).unwrap().to_le_bytes().to_vec();
        for (tag, kind, value) in &sorted {
            let size = match *kind {
                SHORT => 2,
                LONG => 4,
                _ => 1,
            };
            let mut place = value.clone();
            if value.len() > 4 {
                place = u32::try_from(self.add(value))
                    .unwrap()
                    .to_le_bytes()
                    .to_vec();
            }
            place.resize(4, 0);
            directory.extend(tag.to_le_bytes());
            directory.extend(kind.to_le_bytes());
            directory.extend(u32::try_from(value.len() / size).unwrap().to_le_bytes());
            directory.extend(place);
        }
        directory.extend(u32::try_from(next).unwrap().to_le_bytes());
        self.add(&directory)
    }
}

/// Returns a file in the format with the extension `format`, with `jpeg` as its largest JPEG and
/// `small` as another one where the format has room for it. `orientation` is that of the photo
/// (EXIF, 1 to 8); an RAF has none but that of `jpeg`.
pub(crate) fn raw_file(format: &str, jpeg: &[u8], small: &[u8], orientation: u16) -> Vec<u8> {
    match format {
        "raf" => raf(jpeg),
        "cr3" => cr3(jpeg, small, orientation),
        _ => like_tiff(format, jpeg, small, orientation),
    }
}

fn like_tiff(format: &str, jpeg: &[u8], small: &[u8], orientation: u16) -> Vec<u8> {
    let (header, make, model): (&[u8], _, _) = match format {
        "cr2" => (b"II*\0\0\0\0\0CR\x02\0\0\0\0\0", "Canon", "Canon EOS 6D"),
        "orf" => (b"IIRO\0\0\0\0", "OLYMPUS CORPORATION", "E-M5MarkII"),
        "rw2" => (b"IIU\0\0\0\0\0", "Panasonic", "DMC-GX8"),
        "nef" => (b"II*\0\0\0\0\0", "NIKON CORPORATION", "NIKON D750"),
        "arw" => (b"II*\0\0\0\0\0", "SONY", "ILCE-7M3"),
        "pef" => (b"II*\0\0\0\0\0", "PENTAX", "PENTAX K-3"),
        "srw" => (b"II*\0\0\0\0\0", "SAMSUNG", "NX500"),
        "dng" => (b"II*\0\0\0\0\0", "Google", "Pixel 8"),
        _ => panic!("{format} has no directories"),
    };
    let mut file = File {
        bytes: header.to_vec(),
        start: 0,
    };
    let jpeg_at = file.add(jpeg);
    let small_at = file.add(small);
    let sensor_at = file.add(&[
        0xFF, 0xD8, 0xFF, 0xC3, 0, 11, 14, 0, 64, 0, 64, 1, 0x11, 0, 0,
    ]);
    let whole = |at, bytes: &[u8]| vec![long(513, at), long(514, bytes.len())];
    let strip = |at, bytes: &[u8]| vec![long(273, at), long(279, bytes.len())];
    // A lossless JPEG, whose filters of single colours have no meaning for a viewer.
    let sensor = [
        vec![long(254, 0), short(259, 7), short(262, 32_803)],
        vec![long(256, 6000), long(257, 4000)],
        strip(sensor_at, &[0; 15]),
    ];
    let sensor = file.directory(&sensor.concat(), 0);
    let mut first = vec![text(271, make), text(272, model), short(274, orientation)];
    let inside = |offsets: &[usize]| {
        let offsets = offsets
            .iter()
            .map(|&at| u32::try_from(at).unwrap().to_le_bytes());
        (330, LONG, offsets.flatten().collect::<Vec<u8>>())
    };
    let preview = [vec![long(254, 1), short(259, 6)], whole(jpeg_at, jpeg)].concat();
    let mut next = 0;
    match format {
        "cr2" => {
            first.extend([short(259, 6)]);
            first.extend(strip(jpeg_at, jpeg));
            let raw = file.directory(
                &[vec![short(259, 6)], strip(sensor_at, &[0; 15])].concat(),
                0,
            );
            next = file.directory(&whole(small_at, small), raw);
        }
        "nef" | "srw" => {
            let preview = file.directory(&preview, 0);
            first.push(inside(&[preview, sensor]));
            next = file.directory(&whole(small_at, small), 0);
        }
        "arw" => {
            first.push(inside(&[sensor]));
            first.extend(whole(small_at, small));
            let third = file.directory(&preview, 0);
            next = file.directory(&whole(small_at, small), third);
        }
        "pef" => {
            first.extend([short(259, 1), short(262, 32_803)]);
            let third = file.directory(&preview, 0);
            next = file.directory(&whole(small_at, small), third);
        }
        "dng" => {
            let preview = [
                vec![long(254, 1), short(259, 7), short(262, 6), short(277, 3)],
                strip(jpeg_at, jpeg),
            ];
            let preview = file.directory(&preview.concat(), 0);
            first.push((50_706, BYTE, vec![1, 4, 0, 0]));
            first.push(inside(&[sensor, preview]));
        }
        "rw2" => first.push((0x2E, UNDEFINED, jpeg.to_vec())),
        _ => first.push(long(0x8769, olympus_exif(&mut file, jpeg))),
    }
    let start = file.directory(&first, next);
    file.bytes[4..8].copy_from_slice(&u32::try_from(start).unwrap().to_le_bytes());
    file.bytes
}

/// Appends EXIF metadata with Olympus' notes and returns its offset. The offsets in the notes count
/// from their start.
fn olympus_exif(file: &mut File, jpeg: &[u8]) -> usize {
    let mut note = File {
        bytes: b"OLYMPUS\0II\x03\0".to_vec(),
        start: 0,
    };
    // The directory comes first, then the settings, then the JPEG.
    let directory = 2 + 12 + 4;
    let settings_at = 12 + directory;
    let jpeg_at = settings_at + 2 + 3 * 12 + 4;
    note.directory(
        &[(
            0x2020,
            13,
            u32::try_from(settings_at).unwrap().to_le_bytes().to_vec(),
        )],
        0,
    );
    // A value of one LONG, of type IFD.
    note.bytes[18..22].copy_from_slice(&1_u32.to_le_bytes());
    let settings = [
        long(0x100, 1),
        long(0x101, jpeg_at),
        long(0x102, jpeg.len()),
    ];
    assert_eq!(note.directory(&settings, 0), settings_at);
    assert_eq!(note.add(jpeg), jpeg_at);
    file.directory(&[(0x927C, UNDEFINED, note.bytes)], 0)
}

fn raf(jpeg: &[u8]) -> Vec<u8> {
    let mut bytes = b"FUJIFILMCCD-RAW 0201FF389501X-T3".to_vec();
    bytes.resize(84, 0);
    let start = 160_u32;
    bytes.extend(start.to_be_bytes());
    bytes.extend(u32::try_from(jpeg.len()).unwrap().to_be_bytes());
    bytes.resize(start as usize, 0);
    [&bytes, jpeg, &[0xFF, 0xD8, 0xFF, 0xDB]].concat()
}

/// Returns a box of the ISO base media file format.
fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + content.len()).unwrap();
    [&length.to_be_bytes(), &kind[..], content].concat()
}

/// Returns a CR3 (<https://github.com/lclevy/canon_cr3>).
fn cr3(jpeg: &[u8], small: &[u8], orientation: u16) -> Vec<u8> {
    let mut exif = File {
        bytes: b"II*\0\0\0\0\0".to_vec(),
        start: 0,
    };
    let entries = [
        text(271, "Canon"),
        text(272, "Canon EOS R6"),
        short(274, orientation),
    ];
    let first = exif.directory(&entries, 0);
    exif.bytes[4..8].copy_from_slice(&u32::try_from(first).unwrap().to_le_bytes());
    let metadata = b"\x85\xC0\xB6\x87\x82\x0F\x11\xE0\x81\x11\xF4\xCE\x46\x2B\x6A\x48";
    let metadata = [&metadata[..], &boxed(b"CMT1", &exif.bytes)].concat();
    let numbers = |numbers: &[u32]| -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect()
    };
    let track = |offset: usize, length: usize| {
        let [offset, length] = [offset, length].map(|number| u32::try_from(number).unwrap());
        let handler = boxed(
            b"hdlr",
            &[&numbers(&[0, 0]), &b"vide"[..], &[0; 13]].concat(),
        );
        // 82 bytes about the pictures of a video, then what the samples are.
        let kind = boxed(b"JPEG", &[0; 4]);
        let description = boxed(b"CRAW", &[&[0; 82][..], &kind].concat());
        let description = [&numbers(&[0, 1]), &description[..]].concat();
        let table = [
            boxed(b"stsd", &description),
            boxed(b"stsc", &numbers(&[0, 1, 1, 1, 1])),
            boxed(b"stsz", &numbers(&[0, length, 1])),
            boxed(b"co64", &numbers(&[0, 1, 0, offset])),
        ];
        let media = boxed(b"minf", &boxed(b"stbl", &table.concat()));
        boxed(b"trak", &boxed(b"mdia", &[handler, media].concat()))
    };
    let small_size = u32::try_from(small.len()).unwrap();
    let preview = [
        &numbers(&[0, 0x1_0000, 0x0001])[..],
        &numbers(&[small_size]),
        small,
    ]
    .concat();
    let preview = [
        &b"\xEA\xF4\x2B\x5E\x1C\x98\x4B\x88\xB9\xFB\xB7\xDC\x40\x6E\x4D\x16"[..],
        &[0; 8],
        &boxed(b"PRVW", &preview),
    ]
    .concat();
    let file = |jpeg_at: usize| {
        let tracks = track(jpeg_at, jpeg.len());
        let movie = [boxed(b"uuid", &metadata), tracks].concat();
        [
            boxed(b"ftyp", b"crx \0\0\0\x01crx isom"),
            boxed(b"moov", &movie),
            boxed(b"uuid", &preview),
            boxed(b"mdat", jpeg),
        ]
        .concat()
    };
    let jpeg_at = file(0).len() - jpeg.len();
    file(jpeg_at)
}
