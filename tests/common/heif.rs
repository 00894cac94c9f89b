//! HEIC files that other programs do not write: turned and mirrored, composed of tiles, with
//! several images and with metadata. The pictures in them come from ordinary HEIC files.

/// A coded picture.
pub(crate) struct Coded {
    config: Vec<u8>,
    data: Vec<u8>,
    pub(crate) size: (u32, u32),
}

/// A HEIC file to be written.
pub(crate) struct Heif<'a> {
    pub(crate) tile: &'a Coded,
    /// Columns, rows, width and height of a picture that repeats the tile.
    pub(crate) grid: Option<(u8, u8, u16, u16)>,
    /// Properties of the primary image, as whole boxes.
    pub(crate) properties: Vec<Vec<u8>>,
    /// Orientation in EXIF metadata.
    pub(crate) exif: Option<u8>,
    pub(crate) xmp: Option<&'a [u8]>,
    /// Another image before the primary one, as in a burst.
    pub(crate) other: Option<&'a Coded>,
}

impl<'a> Heif<'a> {
    pub(crate) fn of(tile: &'a Coded) -> Self {
        Self {
            tile,
            grid: None,
            properties: Vec::new(),
            exif: None,
            xmp: None,
            other: None,
        }
    }

    /// Turns the picture as the EXIF orientation `number` says, by `irot` and `imir`, and also
    /// writes the number, as iPhones do.
    pub(crate) fn turned(mut self, number: u8) -> Self {
        let (quarters, axis) = match number {
            2 => (0, Some(1)),
            3 => (2, None),
            4 => (0, Some(0)),
            5 => (3, Some(1)),
            6 => (3, None),
            7 => (1, Some(1)),
            8 => (1, None),
            _ => (0, None),
        };
        self.properties.push(part(b"irot", &[quarters]));
        self.properties
            .extend(axis.map(|axis| part(b"imir", &[axis])));
        self.exif = Some(number);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        // All data is in `idat`, where its place does not depend on what is before it.
        let mut idat = Vec::new();
        let (mut infos, mut locations) = (Vec::new(), Vec::new());
        let mut count = 0_u16;
        let mut add = |kind: &[u8; 4], more: &[u8], data: &[u8]| {
            count += 1;
            let info = [&count.to_be_bytes()[..], &[0; 2], kind, b"\0", more].concat();
            let mut info = full_part(b"infe", 2, &info);
            // Tiles are hidden.
            info[11] = u8::from(kind == b"hvc1" && self.grid.is_some());
            infos.extend(info);
            locations.extend(count.to_be_bytes());
            // In `idat`, in this file, in one part.
            locations.extend([0, 1, 0, 0, 0, 1]);
            locations.extend(u32::try_from(idat.len()).unwrap().to_be_bytes());
            locations.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
            idat.extend(data);
            count
        };
        let mut references = Vec::new();
        let mut refer = |kind: &[u8; 4], from: u16, to: &[u16]| {
            let length = u16::try_from(to.len()).unwrap();
            let to: Vec<u8> = to.iter().flat_map(|id| id.to_be_bytes()).collect();
            let content = [&from.to_be_bytes()[..], &length.to_be_bytes(), &to].concat();
            references.extend(part(kind, &content));
        };
        let mut properties = Vec::new();
        let mut associations = Vec::new();
        let mut describe = |id: u16, boxes: &[Vec<u8>]| {
            let first = properties.len() as u8 + 1;
            properties.extend_from_slice(boxes);
            associations.push((id, (first..).take(boxes.len()).collect::<Vec<_>>()));
        };
        if let Some(other) = self.other {
            let id = add(b"hvc1", b"", &other.data);
            describe(id, &other.properties());
        }
        let tile = add(b"hvc1", b"", &self.tile.data);
        let mut own = self.tile.properties();
        let mut primary = tile;
        if let Some((columns, rows, width, height)) = self.grid {
            let [[a, b], [c, d]] = [width, height].map(u16::to_be_bytes);
            primary = add(b"grid", b"", &[0, 0, rows - 1, columns - 1, a, b, c, d]);
            let tiles = vec![tile; usize::from(columns) * usize::from(rows)];
            refer(b"dimg", primary, &tiles);
            describe(tile, &own);
            own = vec![extent((width.into(), height.into()))];
        }
        own.extend(self.properties.clone());
        describe(primary, &own);
        if let Some(number) = self.exif {
            let block = [
                b"\0\0\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
                &[number, 0, 0, 0, 0, 0, 0, 0],
            ];
            let exif = add(b"Exif", b"", &block.concat());
            refer(b"cdsc", exif, &[primary]);
        }
        if let Some(xmp) = self.xmp {
            let item = add(b"mime", b"application/rdf+xml\0", xmp);
            refer(b"cdsc", item, &[primary]);
        }
        let handler = [&[0; 4][..], b"pict", &[0; 13]].concat();
        let mut associated = u32::try_from(associations.len())
            .unwrap()
            .to_be_bytes()
            .to_vec();
        for (id, numbers) in associations {
            associated.extend(id.to_be_bytes());
            associated.push(numbers.len() as u8);
            associated.extend(numbers);
        }
        let properties = part(b"ipco", &properties.concat());
        let meta = [
            full_part(b"hdlr", 0, &handler),
            full_part(b"pitm", 0, &primary.to_be_bytes()),
            full_part(b"iinf", 0, &[&count.to_be_bytes()[..], &infos].concat()),
            full_part(b"iref", 0, &references),
            part(
                b"iprp",
                &[properties, full_part(b"ipma", 0, &associated)].concat(),
            ),
            // Offsets and lengths of four bytes.
            full_part(
                b"iloc",
                1,
                &[&[0x44, 0], &count.to_be_bytes()[..], &locations].concat(),
            ),
            part(b"idat", &idat),
        ];
        [
            part(b"ftyp", b"heic\0\0\0\0mif1heic"),
            full_part(b"meta", 0, &meta.concat()),
        ]
        .concat()
    }
}

impl Coded {
    fn properties(&self) -> Vec<Vec<u8>> {
        vec![part(b"hvcC", &self.config), extent(self.size)]
    }
}

/// Returns the picture in `file`, uncropped. It is a HEIC with one picture, as heif-enc
/// writes it.
pub(crate) fn coded(file: &[u8]) -> Coded {
    let content = |kind: &[u8; 4]| {
        let at = file.windows(4).position(|bytes| bytes == kind).unwrap();
        let length = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
        &file[at + 4..at - 4 + length]
    };
    let side = |at| u32::from_be_bytes(content(b"ispe")[at..at + 4].try_into().unwrap());
    Coded {
        config: content(b"hvcC").to_vec(),
        data: content(b"mdat").to_vec(),
        size: (side(4), side(8)),
    }
}

/// Returns a box.
pub(crate) fn part(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes(), &kind[..], content].concat()
}

fn full_part(kind: &[u8; 4], version: u8, content: &[u8]) -> Vec<u8> {
    part(kind, &[&[version, 0, 0, 0], content].concat())
}

/// Returns the property with the size of a picture.
pub(crate) fn extent((width, height): (u32, u32)) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    full_part(b"ispe", 0, &size)
}
