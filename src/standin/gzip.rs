//! A small gzip file that grows: what a client that counts compressed bytes only is caught by. For the faults of this folder only.

/// A JSON string of `bytes` bytes, quotes included, about 160 times smaller (RFC 1951, RFC 1952).
pub(super) fn inflating(bytes: usize) -> Vec<u8> {
    let inner = bytes.max(3) - 2;
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut bits = Bits::default();
    // One last block with the fixed codes (RFC 1951, 3.2.6).
    bits.push(0b1, 1);
    bits.push(0b01, 2);
    bits.literal(b'"');
    bits.literal(b'x');
    for _ in 0..(inner - 1) / 258 {
        bits.repeat_258();
    }
    for _ in 0..(inner - 1) % 258 {
        bits.literal(b'x');
    }
    bits.literal(b'"');
    bits.code(0, 7);
    file.extend(bits.bytes());
    file.extend(checksum(inner).to_le_bytes());
    let length = u32::try_from(inner + 2).unwrap_or(u32::MAX);
    file.extend(length.to_le_bytes());
    file
}

/// Bits in the order of RFC 1951, 3.1.1: each byte is filled from its lowest bit.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    filled: u32,
    last: u8,
}

impl Bits {
    /// A number, lowest bit first.
    fn push(&mut self, value: u32, width: u32) {
        for bit in 0..width {
            if value >> bit & 1 == 1 {
                self.last |= 1 << self.filled;
            }
            self.filled += 1;
            if self.filled == 8 {
                self.bytes.push(std::mem::take(&mut self.last));
                self.filled = 0;
            }
        }
    }

    /// A Huffman code, highest bit first.
    fn code(&mut self, code: u32, width: u32) {
        self.push(code.reverse_bits() >> (32 - width), width);
    }

    fn literal(&mut self, byte: u8) {
        debug_assert!(byte < 144, "a code of eight bits");
        self.code(0x30 + u32::from(byte), 8);
    }

    /// The last byte, 258 times more: length code 285, distance code 0.
    fn repeat_258(&mut self) {
        self.code(0b1100_0101, 8);
        self.code(0, 5);
    }

    fn bytes(mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.bytes.push(self.last);
        }
        self.bytes
    }
}

/// CRC-32 of the string with `inner` bytes between its quotes (RFC 1952, 8).
fn checksum(inner: usize) -> u32 {
    let table = step_of_x();
    let mut crc = step(u32::MAX, b'"');
    for _ in 0..inner {
        crc = table[(crc & 0xff) as usize] ^ (crc >> 8);
    }
    !step(crc, b'"')
}

/// For each lowest byte of the register: what one more `x` makes of it.
fn step_of_x() -> [u32; 256] {
    let mut table = [0; 256];
    for (low, entry) in (0..).zip(&mut table) {
        *entry = step(low, b'x');
    }
    table
}

fn step(crc: u32, byte: u8) -> u32 {
    (0..8).fold(crc ^ u32::from(byte), |crc, _| {
        (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_says_how_it_grows() {
        let file = inflating(1_000_000);
        assert!(file.len() < 7_000, "{}", file.len());
        // The checksum of `"x"`, as any gzip writes it.
        assert_eq!(checksum(1), 0xf60e_f986);
        assert_eq!(file[file.len() - 4..], 1_000_000_u32.to_le_bytes());
    }
}
