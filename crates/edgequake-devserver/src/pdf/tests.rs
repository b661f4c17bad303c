use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::stop::Stop;

#[path = "../../tests/api/pdf_file.rs"]
#[allow(unreachable_pub, reason = "it is a part of the tests of the API as well")]
mod pdf_file;

use pdf_file::PdfFile;

fn read_with(bytes: impl Into<Bytes>, max_pages: u64) -> Result<PdfText, Unreadable> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (stop, on_page) = (Stop::default(), Arc::new(|_, _| {}));
    runtime.block_on(Readers::default().read(Job { bytes: bytes.into(), max_pages, stop, on_page }))
}

fn markdown(file: &PdfFile) -> Result<String, Unreadable> {
    read_with(file.bytes(), MAX_PAGES).map(|text| text.markdown())
}

#[test]
fn the_text_of_all_pages() {
    let file = PdfFile::of_lines(&[&["The bridge opened", "in 1931."], &[], &["It is made of steel."]]);
    let text = read_with(file.bytes(), MAX_PAGES).unwrap();
    assert_eq!(text.markdown(), "The bridge opened\nin 1931.\n\nIt is made of steel.");
    let size = PageSize { width: 595.0, height: 842.0, rotation: 0 };
    assert!(text.pages.len() == 3 && text.pages.iter().all(|page| page.size == size));
}

#[test]
fn strings_in_every_form() {
    for (content, expected) in [
        ("BT /F1 12 Tf 20 700 Td [(Sle) 20 (ep) -300 (well)] TJ ET", "Sleep well"),
        ("BT /F1 12 Tf 14 TL 20 700 Td (one) Tj (two) ' 1 2 (three) \" ET", "one\ntwo\nthree"),
        ("BT /F1 12 Tf 20 700 TD (one) Tj 0 -14 TD (two) Tj T* (three) Tj ET", "one\ntwo\nthree"),
        ("BT /F1 1 Tf 12 0 0 12 20 700 Tm <6F6E65> Tj ET BT 12 0 0 12 90 700 Tm (two) Tj ET", "one two"),
        ("BT /F1 12 Tf (\\(a\\) \\344) Tj ET", "(a) ä"),
        ("(no font) Tj BT /F9 12 Tf (unknown font) Tj /F1 12 Tf (shown) Tj ET", "shown"),
    ] {
        assert_eq!(markdown(&PdfFile::of_contents(&[content])).as_deref(), Ok(expected), "{content}");
    }
}

#[test]
fn files_without_a_text() {
    let blank = PdfFile::of_contents(&["0 0 100 100 re f"]);
    assert_eq!(markdown(&blank), Err(Unreadable::NoText));
    assert_eq!(markdown(&PdfFile::of_lines(&[])), Err(Unreadable::NoPages));
    let lines: &[&str] = &["text"];
    let long = PdfFile::of_lines(&[lines; 5]).bytes();
    let refused = read_with(long.clone(), 4).unwrap_err();
    assert_eq!(refused, Unreadable::Pages { pages: 5, limit: 4 });
    assert_eq!(read_with(long, 5).unwrap().pages.len(), 5);
    for bytes in ["", "%PDF-1.7", "%PDF-1.7\nstartxref\n5\n%%EOF", "plain text"] {
        assert_eq!(read_with(bytes, MAX_PAGES).unwrap_err(), Unreadable::Damaged, "{bytes}");
    }
    let handler = "/Filter /Standard /V 2 /R 3 /Length 128 /P -4";
    let key = "0".repeat(64);
    let locked = PdfFile::of_lines(&[lines]);
    let locked = locked.trailer(&format!("/Encrypt << {handler} /O <{key}> /U <{key}> >> /ID [<00> <00>]"));
    assert_eq!(markdown(&locked), Err(Unreadable::Encrypted));
}

#[test]
fn what_unpacks_to_too_much_is_left_out() {
    // Each two bytes are 128 blanks.
    let bomb = [129, b' '].repeat(40_000);
    let mut file = PdfFile::of_lines(&[&["text"]]);
    file.push("<< /Type /Page /Parent 2 0 R /Contents 7 0 R >>");
    file.stream("/Filter /RunLengthDecode", &bomb);
    let text = String::from_utf8_lossy(&file.bytes()).replace("[4 0 R]", "[6 0 R]").into_bytes();
    assert!(read_with(text, MAX_PAGES).is_err());
}

#[test]
fn what_is_nested_deeply_does_no_harm() {
    for (open, close) in [("[", "]"), ("<<", ">>"), ("<< /A ", " >>"), ("(", ")")] {
        let nested = format!("{}{}", open.repeat(50_000), close.repeat(50_000));
        let shown = PdfFile::of_contents(&[format!("BT /F1 12 Tf {nested} TJ (text) Tj ET")]);
        let _ = markdown(&shown);
        let mut object = PdfFile::of_lines(&[&["text"]]);
        object.push(nested);
        let _ = markdown(&object);
    }
    // Pages that are among the pages below them, and parents without an end.
    let mut endless = PdfFile::default();
    endless.push("<< /Type /Catalog /Pages 2 0 R >>");
    endless.push("<< /Type /Pages /Kids [2 0 R 3 0 R 3 0 R] /Parent 2 0 R /Count 3 >>");
    endless.push("<< /Type /Page /Parent 2 0 R /MediaBox 3 0 R /Contents [3 0 R 3 0 R] >>");
    assert!(markdown(&endless).is_err());
}

/// A file that shows a string in a font, whose codes stand for other letters.
fn with_codes(content: &str, ranges: &str, codes: &str) -> PdfFile {
    let mut file = PdfFile::default();
    file.push("<< /Type /Catalog /Pages 2 0 R >>");
    file.push("<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    file.push("<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 4 0 R >> >> /Contents 6 0 R >>");
    file.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 5 0 R >>");
    let map = format!(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def \
         {ranges} {codes} endcmap CMapName currentdict /CMap defineresource pop end end\n"
    );
    file.stream("", map.as_bytes());
    file.stream("", content.as_bytes());
    file
}

#[test]
fn letters_that_one_byte_stands_for_are_bounded() {
    let many = "4E2D".repeat(256);
    let ranges = "1 begincodespacerange <41> <41> endcodespacerange";
    let codes = format!("1 beginbfchar <41> <{many}> endbfchar");
    let shown = |string: &str| {
        let content = format!("BT /F1 12 Tf 20 700 Td {string} ET");
        markdown(&with_codes(&content, ranges, &codes))
    };
    assert_eq!(shown("(AAA) Tj"), Ok("\u{4e2d}".repeat(3 * 256)));
    let long = "A".repeat(600_000);
    assert_eq!(shown(&format!("({long}) Tj")), Err(Unreadable::Text));
    assert_eq!(shown(&format!("[{}] TJ", "(AAAAAAAAAA)".repeat(60_000))), Err(Unreadable::Text));
    // It is decoded slice by slice.
    let document = with_codes("", ranges, &codes).bytes();
    let document = lopdf::Document::load_mem(&document).unwrap();
    let font = document.get_dictionary((4, 0)).unwrap();
    let encoding = font.get_font_encoding(&document).unwrap();
    let mut shown = super::shown::Shown::new(&encoding, long.as_bytes());
    for room in [4_000_000, 100_000, 0] {
        let text = shown.next(room).unwrap();
        assert!(!text.is_empty() && text.len() <= room.max(120 * 768), "{room}: {}", text.len());
    }
}

#[test]
fn slices_end_between_codes() {
    let ranges = "2 begincodespacerange <41> <41> <8140> <817E> endcodespacerange";
    let codes = "2 beginbfchar <41> <0061> <8141> <4E2D> endbfchar";
    // Whatever the codes before it, some slice would end within one of two bytes.
    let codes_of = |ones: usize| format!("<{}{}>", "41".repeat(ones), "8141".repeat(7_000_000 / 512));
    for ones in [0, 1, 2] {
        let content = format!("BT /F1 12 Tf 20 700 Td {} Tj ET", codes_of(ones));
        let text = markdown(&with_codes(&content, ranges, codes)).unwrap();
        assert_eq!(text, "a".repeat(ones) + &"\u{4e2d}".repeat(7_000_000 / 512));
    }
}

#[test]
fn a_stopped_file_is_not_read() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let stop = Stop::default();
    stop.stop();
    let bytes = PdfFile::of_lines(&[&["text"]]).bytes().into();
    let job = Job { bytes, max_pages: MAX_PAGES, stop, on_page: Arc::new(|_, _| {}) };
    assert_eq!(runtime.block_on(Readers::default().read(job)).unwrap_err(), Unreadable::Stopped);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Whatever a file is, it is read, or it is told why not.
    #[test]
    fn damage_is_told(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = PdfFile::of_lines(&[&["The bridge opened", "in 1931."], &["It is old."]]).bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            let length = cut.index(bytes.len());
            bytes.truncate(length);
        }
        match read_with(bytes, MAX_PAGES) {
            Ok(text) => prop_assert!(!text.markdown().is_empty()),
            Err(error) => prop_assert!(error != Unreadable::Time && error != Unreadable::Stopped),
        }
    }
}
