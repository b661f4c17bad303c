//! PDFs: they are uploaded as such, and waited for until their documents are processed.

use crate::rig::Rig;

/// A PDF with one page that shows one line.
fn pdf(line: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [4 0 R] /Count 1 /MediaBox [0 0 595 842] >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(file.len());
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let (table, size) = (file.len(), places.len() + 1);
    file.push_str(&format!("xref\n0 {size}\n0000000000 65535 f \n"));
    for place in places {
        file.push_str(&format!("{place:010} 00000 n \n"));
    }
    file.push_str(&format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
    file.into_bytes()
}

#[tokio::test]
async fn pdfs_go_to_their_own_endpoint() {
    let mut rig = Rig::as_root().await;
    let home = rig.home.path().to_owned();
    std::fs::create_dir(home.join("book")).unwrap();
    std::fs::write(home.join("book/north.pdf"), pdf("The northern bridge opened in 1931.")).unwrap();
    std::fs::write(home.join("book/south.md"), "The southern bridge opened in 1977.\n").unwrap();
    let both = rig.cli(&["documents", "upload", "book", "--wait", "--json"]).await.succeeded().json_lines();
    let event = |event: &str, file: &str| {
        let found = both.iter().find(|line| line["event"] == event && line["file"] == file);
        found.unwrap_or_else(|| panic!("no {event} of {file} in {both:?}")).clone()
    };
    assert!(event("uploaded", "book/north.pdf")["pdf_id"].is_string());
    assert!(event("uploaded", "book/south.md")["pdf_id"].is_null());
    let document = event("processed", "book/north.pdf")["document"]["id"].as_str().unwrap().to_owned();
    let content = rig.cli(&["documents", "get", &document, "--content"]).await.succeeded();
    assert!(content.stdout.contains("The northern bridge opened in 1931."), "{}", content.stdout);
    // The server knows PDFs that it has.
    let again = rig.cli(&["documents", "upload", "book/north.pdf", "--wait"]).await.succeeded();
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);

    // Where the document of a PDF is named only once that is converted, its row follows then.
    std::fs::write(home.join("west.pdf"), pdf("The western bridge opened in 2004.")).unwrap();
    let west = rig.cli(&["documents", "upload", "west.pdf", "--wait"]).await.succeeded();
    let rows: Vec<Vec<&str>> =
        west.stdout.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((rows[0][0], rows[0][1], rows[1][1]), ("-", "uploaded", "processed"), "{}", west.stdout);
    let content = rig.cli(&["documents", "get", rows[1][0], "--content"]).await.succeeded();
    assert!(content.stdout.contains("The western bridge opened in 2004."), "{}", content.stdout);

    // A PDF from a pipe, and one that is none.
    let mut child = rig
        .command(&["documents", "upload", "-", "--name", "east.PDF", "--wait"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut pipe, &pdf("The eastern bridge opened in 2004.")).await.unwrap();
    drop(pipe);
    let piped = child.wait_with_output().await.unwrap();
    let stderr = String::from_utf8(piped.stderr).unwrap();
    assert!(piped.status.success() && stderr.contains("processed east.PDF: 1 chunk"), "{stderr}");
    std::fs::write(home.join("odd.pdf"), "No PDF at all.").unwrap();
    let odd = rig.cli(&["documents", "upload", "odd.pdf", "--wait"]).await;
    assert_eq!(odd.code, 1, "{}", odd.stderr);
    assert!(odd.stderr.contains("odd.pdf"), "{}", odd.stderr);
}
