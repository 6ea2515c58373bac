//! What a program is built for, by the first bytes of its file: the header of
//! [ELF](https://man7.org/linux/man-pages/man5/elf.5.html).

/// How many bytes of a file are looked at.
pub(super) const LOOKED_AT: usize = 20;

/// Where the numbers stand: of the order of bytes, and of the machine.
const DATA: usize = 5;
const MACHINE: usize = 18;

/// The machines for which there are releases of k3s, and what these call them.
const MACHINES: [(u16, &str); 4] = [(62, "amd64"), (183, "arm64"), (40, "arm"), (22, "s390x")];

/// What the file of a program is built for, as k3s' releases name it; nothing if it is none, or for none of these.
pub(super) fn architecture(beginning: &[u8]) -> Option<&'static str> {
    if !beginning.starts_with(b"\x7fELF") {
        return None;
    }
    let bytes: [u8; 2] = beginning.get(MACHINE..MACHINE + 2)?.try_into().ok()?;
    let machine = match beginning.get(DATA)? {
        1 => u16::from_le_bytes(bytes),
        2 => u16::from_be_bytes(bytes),
        _ => return None,
    };
    let known = MACHINES.iter().find(|(number, _)| *number == machine)?;
    Some(known.1)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The first bytes of a program for a machine.
    pub(in crate::k3s::program) fn header(order: u8, machine: [u8; 2]) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02".to_vec();
        bytes.push(order);
        bytes.resize(MACHINE, 0);
        bytes.extend(machine);
        bytes
    }

    #[test]
    fn a_program_says_what_it_is_built_for_in_its_own_order_of_bytes() {
        for (bytes, is) in [
            (header(1, [62, 0]), Some("amd64")),
            (header(1, [183, 0]), Some("arm64")),
            (header(1, [40, 0]), Some("arm")),
            (header(2, [0, 22]), Some("s390x")),
            (header(2, [62, 0]), None),
            (header(1, [243, 0]), None),
            (b"#!/bin/sh\necho k3s\n\n\n\n".to_vec(), None),
            (b"\x7fELF".to_vec(), None),
        ] {
            assert_eq!(architecture(&bytes), is, "{bytes:?}");
        }
    }
}
