//! Files of a ZIP archive, taken out without unpacking. Used by the viewer, whose files come as one archive in the binary: what ZIP
//! packs and what `Content-Encoding: gzip` carries is the same DEFLATE stream, so a browser unpacks it and we never do.
//! Only for an archive that is built in: there is no bound here on what a foreign one could claim.

use bytes::Bytes;

/// APPNOTE.TXT 4.3.16: the record at the archive's end, before its comment.
const END: &[u8] = b"PK\x05\x06";
/// APPNOTE.TXT 4.3.12: an entry of the list of files.
const ENTRY: &[u8] = b"PK\x01\x02";
const DEFLATED: u16 = 8;
/// RFC 1952, 2.3: DEFLATE, no flags, no time, system unknown.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The file whose path ends so, as a gzip stream. None if there is no such file or it is not packed.
pub(super) fn gzip(archive: &[u8], path_end: &str) -> Option<Bytes> {
    let end = archive.windows(END.len()).rposition(|four| four == END)?;
    let count = number16(archive, end + 10)?;
    let mut at = number32(archive, end + 16)?;
    for _ in 0..count {
        let entry = archive.get(at..)?.strip_prefix(ENTRY).map(|_| at)?;
        let name = entry + 46..entry + 46 + usize::from(number16(archive, entry + 28)?);
        at = name.end
            + usize::from(number16(archive, entry + 30)?)
            + usize::from(number16(archive, entry + 32)?);
        if archive.get(name)?.ends_with(path_end.as_bytes()) {
            return packed(archive, entry);
        }
    }
    None
}

/// The stream of the entry, between gzip's header and its trailer: checksum and length, which both formats count alike.
fn packed(archive: &[u8], entry: usize) -> Option<Bytes> {
    if number16(archive, entry + 10)? != DEFLATED {
        return None;
    }
    let local = number32(archive, entry + 42)?;
    let start = local
        + 30
        + usize::from(number16(archive, local + 26)?)
        + usize::from(number16(archive, local + 28)?);
    let stream = archive.get(start..start + number32(archive, entry + 20)?)?;
    let (checksum, length) = (
        archive.get(entry + 16..entry + 20)?,
        archive.get(entry + 24..entry + 28)?,
    );
    Some(Bytes::from([&GZIP, stream, checksum, length].concat()))
}

fn number16(archive: &[u8], at: usize) -> Option<u16> {
    let bytes = archive.get(at..at + 2)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn number32(archive: &[u8], at: usize) -> Option<usize> {
    let bytes = archive.get(at..at + 4)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::gzip;

    #[test]
    fn what_is_no_archive_has_no_files() {
        for broken in [&b""[..], b"PK\x05\x06", b"PK\x05\x06\xff\xff\xff\xff"] {
            assert_eq!(gzip(broken, "a"), None);
        }
        let mut far = b"PK\x05\x06".to_vec();
        far.extend([0xff; 40]);
        assert_eq!(gzip(&far, "a"), None, "a list that lies behind the end");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_found() {
        let archive = utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
        assert_eq!(gzip(archive, "/dist/nothing.js"), None);
        let own = gzip(archive, "/dist/swagger-ui.css").unwrap();
        assert_eq!(own[..3], [0x1f, 0x8b, 8]);
    }
}
