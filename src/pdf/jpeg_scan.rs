//! The frame and the scans of a JPEG: how many blocks there must be, and that they are all there.
//!
//! A block is read as far as its length: codes are looked up, the bits behind them passed over. Nothing is computed from
//! them.
//!
//! Source: ITU-T T.81, A.2 "Order of source image data encoding", F.2.2 "Baseline Huffman decoding procedures".

use super::portrait::PortraitFault;

/// What the header of a picture says.
pub(super) struct Frame {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
}

/// One color of a picture.
pub(super) struct Component {
    id: u8,
    across: u16,
    down: u16,
    /// Whether a scan has brought it.
    seen: bool,
}

impl Frame {
    pub(super) fn read(body: &[u8], progressive: bool) -> Result<Self, PortraitFault> {
        let damaged = PortraitFault::Damaged;
        let [bits, h1, h2, w1, w2, count, rest @ ..] = body else { return Err(damaged) };
        if *bits != 8 {
            return Err(PortraitFault::Depth);
        }
        match count {
            1 | 3 => {}
            4 => return Err(PortraitFault::FourColors),
            _ => return Err(damaged),
        }
        if rest.len() != usize::from(*count) * 3 {
            return Err(damaged);
        }
        let mut components: Vec<Component> = Vec::with_capacity(3);
        for part in rest.chunks_exact(3) {
            let (across, down) = (u16::from(part[1] >> 4), u16::from(part[1] & 15));
            let id = part[0];
            let known = components.iter().any(|known| known.id == id);
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) || known {
                return Err(damaged);
            }
            components.push(Component { id, across, down, seen: false });
        }
        let height = u16::from_be_bytes([*h1, *h2]);
        let width = u16::from_be_bytes([*w1, *w2]);
        Ok(Self { width, height, progressive, components })
    }

    /// Whether every color was brought by a scan.
    pub(super) fn complete(&self) -> bool {
        self.components.iter().all(|component| component.seen)
    }
}

/// The codes of one table.
#[derive(Clone, Debug)]
pub(super) struct HuffmanTable {
    /// For each length: the largest code, and what to add to a code for its place among the values.
    ends: [Option<(u32, usize)>; 17],
    firsts: [u32; 17],
    values: Vec<u8>,
}

impl HuffmanTable {
    /// Reads every table of a segment into its place: class 0 or 1, and one of four.
    pub(super) fn read_all(mut body: &[u8], tables: &mut [[Option<Self>; 4]; 2]) -> Option<()> {
        while let [place, rest @ ..] = body {
            let counts = rest.get(..16)?;
            let count: usize = counts.iter().map(|count| usize::from(*count)).sum();
            let values = rest.get(16..16 + count).filter(|values| values.len() <= 256)?;
            let slot = tables.get_mut(usize::from(place >> 4))?.get_mut(usize::from(place & 15))?;
            *slot = Some(Self::new(counts, values)?);
            body = rest.get(16 + count..)?;
        }
        Some(())
    }

    fn new(counts: &[u8], values: &[u8]) -> Option<Self> {
        let (mut ends, mut firsts) = ([None; 17], [0; 17]);
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, count) in (1..).zip(counts) {
            let count = u32::from(*count);
            // No more codes than the length has room for.
            if code + count > 1_u32.checked_shl(length)? {
                return None;
            }
            let at = usize::try_from(length).ok()?;
            if count > 0 {
                *firsts.get_mut(at)? = code;
                *ends.get_mut(at)? = Some((code + count - 1, place));
            }
            place += usize::try_from(count).ok()?;
            code = (code + count) << 1;
        }
        Some(Self { ends, firsts, values: values.to_vec() })
    }
}

/// One scan: which colors it brings, with which tables.
pub(super) struct Scan {
    /// For each color: its place in the frame, the tables of its two classes, and its blocks in a unit.
    parts: Vec<(usize, usize, usize, usize)>,
    units: usize,
}

impl Scan {
    /// Reads the head of a scan.
    pub(super) fn begin(frame: &Frame, body: &[u8]) -> Result<Self, PortraitFault> {
        let damaged = PortraitFault::Damaged;
        let [count, rest @ ..] = body else { return Err(damaged) };
        let count = usize::from(*count);
        if count == 0 || count > frame.components.len() || rest.len() != count * 2 + 3 {
            return Err(damaged);
        }
        let most =
            |side: fn(&Component) -> u16| frame.components.iter().map(side).max().unwrap_or(1);
        let (most_across, most_down) = (most(|c| c.across), most(|c| c.down));
        let mut parts: Vec<(usize, usize, usize, usize)> = Vec::with_capacity(count);
        for named in rest.chunks_exact(2).take(count) {
            let place = frame.components.iter().position(|known| known.id == named[0]);
            let place = place.ok_or(damaged)?;
            if parts.iter().any(|(known, ..)| *known == place) {
                return Err(damaged);
            }
            let component = &frame.components[place];
            let blocks = usize::from(component.across * component.down);
            parts.push((place, usize::from(named[1] >> 4), usize::from(named[1] & 15), blocks));
        }
        let blocks = |side: u16, part: u16, most: u16| {
            // Samples of this color on the side, and blocks of eight of them.
            let samples = (u32::from(side) * u32::from(part)).div_ceil(u32::from(most));
            usize::try_from(samples.div_ceil(8)).unwrap_or(usize::MAX)
        };
        let units = match &mut parts[..] {
            // A color alone comes block by block, without those that only fill up the units.
            [(place, .., in_unit)] => {
                *in_unit = 1;
                let component = &frame.components[*place];
                blocks(frame.width, component.across, most_across).saturating_mul(blocks(
                    frame.height,
                    component.down,
                    most_down,
                ))
            }
            _ => {
                let across = u32::from(frame.width).div_ceil(8 * u32::from(most_across));
                let down = u32::from(frame.height).div_ceil(8 * u32::from(most_down));
                usize::try_from(across * down).unwrap_or(usize::MAX)
            }
        };
        Ok(Self { parts, units })
    }

    /// Reads every block of a sequential scan, and gives the length of its data.
    pub(super) fn walk(
        &self,
        data: &[u8],
        tables: &[[Option<HuffmanTable>; 4]; 2],
        restart: usize,
    ) -> Result<usize, PortraitFault> {
        let table = |class: usize, place: usize| {
            tables[class].get(place).and_then(Option::as_ref).ok_or(PortraitFault::Damaged)
        };
        let mut parts = Vec::with_capacity(self.parts.len());
        for (_, dc, ac, blocks) in &self.parts {
            parts.push((table(0, *dc)?, table(1, *ac)?, *blocks));
        }
        let mut bits = Bits { data, at: 0, held: 0, count: 0 };
        for unit in 0..self.units {
            if restart > 0 && unit > 0 && unit % restart == 0 {
                bits.restart()?;
            }
            for (dc, ac, blocks) in &parts {
                for _ in 0..*blocks {
                    bits.block(dc, ac)?;
                }
            }
        }
        Ok(bits.end())
    }

    /// Notes which colors have come.
    pub(super) fn end(&self, frame: &mut Frame) {
        for (place, ..) in &self.parts {
            if let Some(component) = frame.components.get_mut(*place) {
                component.seen = true;
            }
        }
    }
}

/// Coded data, bit by bit.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    held: u32,
    count: u32,
}

impl Bits<'_> {
    fn bit(&mut self) -> Result<u32, PortraitFault> {
        if self.count == 0 {
            let byte = *self.data.get(self.at).ok_or(PortraitFault::CutShort)?;
            self.at += 1;
            if byte == 0xff {
                // A zero is stuffed behind it; anything else is a marker, and the data has ended too early.
                if self.data.get(self.at) != Some(&0) {
                    return Err(PortraitFault::CutShort);
                }
                self.at += 1;
            }
            (self.held, self.count) = (u32::from(byte), 8);
        }
        self.count -= 1;
        Ok(self.held >> self.count & 1)
    }

    fn skip(&mut self, count: u8) -> Result<(), PortraitFault> {
        (0..count).try_for_each(|_| self.bit().map(drop))
    }

    fn value(&mut self, table: &HuffmanTable) -> Result<u8, PortraitFault> {
        let mut code = 0;
        for (end, first) in table.ends.iter().zip(&table.firsts).skip(1) {
            code = code << 1 | self.bit()?;
            if let Some((last, place)) = end
                && code <= *last
            {
                let along = usize::try_from(code.saturating_sub(*first)).unwrap_or(usize::MAX);
                let value = table.values.get(place.saturating_add(along));
                return value.copied().ok_or(PortraitFault::Damaged);
            }
        }
        Err(PortraitFault::Damaged)
    }

    fn block(&mut self, dc: &HuffmanTable, ac: &HuffmanTable) -> Result<(), PortraitFault> {
        let size = self.value(dc)?;
        if size > 15 {
            return Err(PortraitFault::Damaged);
        }
        self.skip(size)?;
        let mut place = 1;
        while place < 64 {
            let value = self.value(ac)?;
            let (run, size) = (value >> 4, value & 15);
            match (run, size) {
                (0, 0) => break,
                (15, 0) => place += 16,
                (_, 0) => return Err(PortraitFault::Damaged),
                _ => {
                    place += usize::from(run) + 1;
                    if place > 64 {
                        return Err(PortraitFault::Damaged);
                    }
                    self.skip(size)?;
                }
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), PortraitFault> {
        self.count = 0;
        match self.data.get(self.at..self.at + 2) {
            Some([0xff, 0xd0..=0xd7]) => {
                self.at += 2;
                Ok(())
            }
            _ => Err(PortraitFault::CutShort),
        }
    }

    fn end(&self) -> usize {
        self.at
    }
}
