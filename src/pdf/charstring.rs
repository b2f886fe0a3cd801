//! Making the outline program of a CFF glyph stand by itself.
//!
//! In a font file such a program calls subroutines that it shares with other glyphs, and carries hints for
//! coarse screens. [`flatten`] puts each called part in its place and leaves the hints out: what is drawn stays the
//! same to the last bit, takes a quarter less room, and can be copied into any font without a look at what else is
//! in it. The width becomes the one that the caller names.
//!
//! What our fonts do not use (arithmetic, random numbers, accents put together by `endchar`) is refused.
//!
//! Source: Adobe Technical Note 5177, The Type 2 Charstring Format.

use super::cff::Index;

/// Deepest nesting of subroutines (Technical Note 5177, appendix B).
const MAX_DEPTH: u8 = 10;
/// Most numbers before an operator (the same place).
const MAX_STACK: usize = 48;
/// Longest program and most operators run. Our own bound; the longest glyphs of Han fonts have some 2 000 bytes.
const MAX_BYTES: usize = 60_000;
const MAX_STEPS: u32 = 100_000;

/// One of the fixed numbers of a program: 16 bits before and 16 behind the point.
type Number = i32;

/// The program of a glyph without calls and hints. `width` is written into it unless it is `None`, which stands
/// for the width that the font takes for granted.
///
/// `None` is a program that is damaged or uses what we do not know.
pub(super) fn flatten(
    program: &[u8],
    global: &Index<'_>,
    local: &Index<'_>,
    width: Option<u16>,
) -> Option<Vec<u8>> {
    let mut flat = Flat {
        global,
        local,
        width,
        out: Vec::with_capacity(program.len() + 64),
        stack: Vec::with_capacity(MAX_STACK),
        stems: 0,
        width_passed: false,
        width_written: false,
        steps: 0,
    };
    flat.run(program, 0)?.then_some(flat.out)
}

/// The width that a program without calls and hints states.
#[cfg(test)]
pub(super) fn stated_width(program: &[u8]) -> Option<u32> {
    let none = Index::EMPTY;
    let mut flat = Flat {
        global: &none,
        local: &none,
        width: None,
        out: Vec::new(),
        stack: Vec::new(),
        stems: 0,
        width_passed: false,
        width_written: false,
        steps: 0,
    };
    let mut rest = program;
    while let (byte @ (op::SHORTINT | 32..), behind) = rest.split_first().map(|(b, r)| (*b, r))? {
        rest = flat.number(byte, behind)?;
    }
    let states = match rest.first()? {
        &op::RMOVETO => flat.stack.len() == 3,
        &op::HMOVETO | &op::VMOVETO => flat.stack.len() == 2,
        _ => flat.stack.len() == 1,
    };
    u32::try_from(flat.stack.first()? >> 16).ok().filter(|_| states)
}

struct Flat<'r, 'f> {
    global: &'r Index<'f>,
    local: &'r Index<'f>,
    width: Option<u16>,
    out: Vec<u8>,
    stack: Vec<Number>,
    stems: usize,
    /// The place where the program may state its width lies behind us.
    width_passed: bool,
    width_written: bool,
    steps: u32,
}

mod op {
    pub(super) const HSTEM: u8 = 1;
    pub(super) const VSTEM: u8 = 3;
    pub(super) const VMOVETO: u8 = 4;
    pub(super) const RLINETO: u8 = 5;
    pub(super) const HLINETO: u8 = 6;
    pub(super) const VLINETO: u8 = 7;
    pub(super) const RRCURVETO: u8 = 8;
    pub(super) const CALLSUBR: u8 = 10;
    pub(super) const RETURN: u8 = 11;
    pub(super) const ESCAPE: u8 = 12;
    pub(super) const ENDCHAR: u8 = 14;
    pub(super) const HSTEMHM: u8 = 18;
    pub(super) const HINTMASK: u8 = 19;
    pub(super) const CNTRMASK: u8 = 20;
    pub(super) const RMOVETO: u8 = 21;
    pub(super) const HMOVETO: u8 = 22;
    pub(super) const VSTEMHM: u8 = 23;
    pub(super) const RCURVELINE: u8 = 24;
    pub(super) const RLINECURVE: u8 = 25;
    pub(super) const VVCURVETO: u8 = 26;
    pub(super) const HHCURVETO: u8 = 27;
    pub(super) const SHORTINT: u8 = 28;
    pub(super) const CALLGSUBR: u8 = 29;
    pub(super) const VHCURVETO: u8 = 30;
    pub(super) const HVCURVETO: u8 = 31;
    /// Behind [`ESCAPE`].
    pub(super) const HFLEX: u8 = 34;
    pub(super) const FLEX1: u8 = 37;
}

impl Flat<'_, '_> {
    /// Runs a program; whether it ended the glyph rather than returned.
    fn run(&mut self, program: &[u8], depth: u8) -> Option<bool> {
        let mut rest = program;
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            self.steps += 1;
            if self.steps > MAX_STEPS || self.out.len() > MAX_BYTES {
                return None;
            }
            match byte {
                op::SHORTINT | 32..=255 => rest = self.number(byte, rest)?,
                op::HSTEM | op::VSTEM | op::HSTEMHM | op::VSTEMHM => self.hints(),
                op::HINTMASK | op::CNTRMASK => {
                    self.hints();
                    rest = rest.get(self.stems.div_ceil(8)..)?;
                }
                op::RMOVETO => self.draw(&[byte], Some(2))?,
                op::HMOVETO | op::VMOVETO => self.draw(&[byte], Some(1))?,
                op::RLINETO
                | op::HLINETO
                | op::VLINETO
                | op::RRCURVETO
                | op::RCURVELINE
                | op::RLINECURVE
                | op::VVCURVETO
                | op::HHCURVETO
                | op::VHCURVETO
                | op::HVCURVETO => self.draw(&[byte], None)?,
                op::ESCAPE => {
                    let (&second, behind) = rest.split_first()?;
                    rest = behind;
                    if !(op::HFLEX..=op::FLEX1).contains(&second) {
                        return None;
                    }
                    self.draw(&[byte, second], None)?;
                }
                op::CALLSUBR | op::CALLGSUBR => {
                    let routines = if byte == op::CALLSUBR { self.local } else { self.global };
                    let number = (self.stack.pop()? >> 16).checked_add(bias(routines.len()))?;
                    let routine = routines.get(usize::try_from(number).ok()?)?;
                    if depth >= MAX_DEPTH {
                        return None;
                    }
                    if self.run(routine, depth + 1)? {
                        return Some(true);
                    }
                }
                op::RETURN if depth > 0 => return Some(false),
                op::ENDCHAR => {
                    self.draw(&[byte], Some(0))?;
                    return Some(true);
                }
                _ => return None,
            }
        }
        // A routine may end without saying so; a glyph may not.
        (depth > 0).then_some(false)
    }

    /// Takes the number that begins with `byte`, and gives what stands behind it.
    fn number<'p>(&mut self, byte: u8, rest: &'p [u8]) -> Option<&'p [u8]> {
        let (value, behind) = match (byte, rest) {
            (op::SHORTINT, [high, low, behind @ ..]) => {
                (i32::from(i16::from_be_bytes([*high, *low])) << 16, behind)
            }
            (32..=246, _) => ((i32::from(byte) - 139) << 16, rest),
            (247..=250, [low, behind @ ..]) => {
                (((i32::from(byte) - 247) * 256 + i32::from(*low) + 108) << 16, behind)
            }
            (251..=254, [low, behind @ ..]) => {
                ((-((i32::from(byte) - 251) * 256) - i32::from(*low) - 108) << 16, behind)
            }
            (255, [a, b, c, d, behind @ ..]) => (i32::from_be_bytes([*a, *b, *c, *d]), behind),
            _ => return None,
        };
        if self.stack.len() >= MAX_STACK {
            return None;
        }
        self.stack.push(value);
        Some(behind)
    }

    /// Passes over hints, counting the stems they name.
    fn hints(&mut self) {
        self.stems += self.stack.len() / 2;
        self.width_passed = true;
        self.stack.clear();
    }

    /// Writes an operator with its numbers. One that may come first takes `count` of them, and one more if
    /// the program states its width there.
    fn draw(&mut self, operator: &[u8], count: Option<usize>) -> Option<()> {
        if let Some(count) = count {
            if !self.width_passed && self.stack.len() == count + 1 {
                self.stack.remove(0);
            }
            if self.stack.len() != count {
                return None;
            }
            self.width_passed = true;
            if let Some(width) = self.width.filter(|_| !self.width_written) {
                write_number(&mut self.out, i32::from(width) << 16);
            }
            self.width_written = true;
        } else if !self.width_written {
            // Nothing is drawn before the pen is put down.
            return None;
        }
        for value in self.stack.drain(..) {
            write_number(&mut self.out, value);
        }
        self.out.extend_from_slice(operator);
        Some(())
    }
}

/// What is added to the number of a subroutine (Technical Note 5176, section 16).
fn bias(count: usize) -> i32 {
    match count {
        ..1240 => 107,
        1240..33_900 => 1131,
        _ => 32_768,
    }
}

/// Writes a number in its shortest form.
fn write_number(out: &mut Vec<u8>, value: Number) {
    let [a, b, c, d] = value.to_be_bytes();
    let whole = value >> 16;
    if (c, d) != (0, 0) {
        out.extend_from_slice(&[255, a, b, c, d]);
        return;
    }
    let short = |first: i32, rest: i32| match (u8::try_from(first), u8::try_from(rest)) {
        (Ok(first), Ok(rest)) => [first, rest],
        _ => [139, 139],
    };
    match whole {
        -107..=107 => out.extend(u8::try_from(whole + 139)),
        108..=1131 => {
            out.extend_from_slice(&short(247 + ((whole - 108) >> 8), (whole - 108) & 255));
        }
        -1131..=-108 => {
            out.extend_from_slice(&short(251 + ((-whole - 108) >> 8), (-whole - 108) & 255));
        }
        _ => out.extend_from_slice(&[op::SHORTINT, a, b]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(routines: &[&[u8]]) -> Vec<u8> {
        let mut bytes = u16::try_from(routines.len()).unwrap().to_be_bytes().to_vec();
        if routines.is_empty() {
            return bytes;
        }
        bytes.push(1);
        let mut at = 1_u8;
        bytes.push(at);
        for routine in routines {
            at += u8::try_from(routine.len()).unwrap();
            bytes.push(at);
        }
        bytes.extend(routines.concat());
        bytes
    }

    fn run(program: &[u8], routines: &[&[u8]], width: Option<u16>) -> Option<Vec<u8>> {
        let (local, global) = (index(routines), index(&[]));
        let (local, _) = Index::read(&local, 0).unwrap();
        let (global, _) = Index::read(&global, 0).unwrap();
        flatten(program, &global, &local, width)
    }

    #[test]
    fn numbers_of_every_length_come_out_as_they_went_in() {
        for value in [-32_768, -1132, -1131, -500, -108, -107, 0, 107, 108, 1131, 1132, 32_767] {
            let mut program = Vec::new();
            write_number(&mut program, value << 16);
            program.extend([op::HMOVETO, op::ENDCHAR]);
            assert_eq!(run(&program, &[], None), Some(program.clone()), "{value}");
        }
        let fraction = [255, 0, 1, 128, 0, op::HMOVETO, op::ENDCHAR];
        assert_eq!(run(&fraction, &[], None), Some(fraction.to_vec()));
    }

    #[test]
    fn called_parts_stand_in_place_and_hints_are_left_out() {
        // A width, two stems, a mask of one byte that looks like an operator, and a routine that draws.
        let program = [
            150,
            140,
            141,
            op::HSTEMHM,
            140,
            141,
            op::HINTMASK,
            op::ENDCHAR,
            145,
            146,
            op::RMOVETO,
            32,
            op::CALLSUBR,
        ];
        let routine = [149, op::HLINETO, op::ENDCHAR];
        let bare = [145, 146, op::RMOVETO, 149, op::HLINETO, op::ENDCHAR];
        assert_eq!(run(&program, &[&routine], None), Some(bare.to_vec()));
        let wide = [&[149][..], &bare].concat();
        assert_eq!(run(&program, &[&routine], Some(10)), Some(wide));
    }

    #[test]
    fn a_width_may_stand_before_the_first_move_or_the_end() {
        assert_eq!(run(&[150, op::ENDCHAR], &[], None), Some(vec![op::ENDCHAR]));
        assert_eq!(run(&[op::ENDCHAR], &[], Some(0)), Some(vec![139, op::ENDCHAR]));
        let moved = [150, 145, op::VMOVETO, op::ENDCHAR];
        assert_eq!(run(&moved, &[], None), Some(moved[1..].to_vec()));
    }

    #[test]
    fn programs_that_are_damaged_or_unknown_are_refused() {
        let rows: &[(&str, &[u8])] = &[
            ("no end", &[145, op::HMOVETO]),
            ("nothing", &[]),
            ("a line before a move", &[145, op::HLINETO, op::ENDCHAR]),
            ("a number cut short", &[247]),
            ("no such routine", &[139, op::CALLSUBR]),
            ("a routine without a number", &[op::CALLSUBR]),
            ("itself for ever", &[32, op::CALLSUBR]),
            ("a return from nowhere", &[op::RETURN]),
            ("an accent", &[139, 139, 139, 139, op::ENDCHAR]),
            ("arithmetic", &[139, 139, op::ESCAPE, 10, op::HMOVETO, op::ENDCHAR]),
            ("a mask cut short", &[140, 141, op::HINTMASK]),
        ];
        for (trick, program) in rows {
            assert_eq!(run(program, &[&[32, op::CALLSUBR]], None), None, "{trick}");
        }
        assert_eq!(run(&[139; 49], &[], None), None);
    }
}
