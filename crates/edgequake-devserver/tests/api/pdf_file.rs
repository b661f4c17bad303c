//! Writes small PDF files, part by part as the format has them (ISO 32000).

/// A file that is being written: its objects, numbered from 1 in their order.
#[derive(Default)]
pub struct PdfFile {
    objects: Vec<Vec<u8>>,
    trailer: String,
}

impl PdfFile {
    /// A file of pages with a font each; `content` is what their operators are.
    pub fn of_contents<C: AsRef<[u8]>>(contents: &[C]) -> Self {
        let mut file = Self::default();
        let kids: Vec<String> = (0..contents.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
        file.push("<< /Type /Catalog /Pages 2 0 R >>");
        let box_ = "/MediaBox [0 0 595 842]";
        file.push(format!("<< /Type /Pages /Kids [{}] /Count {} {box_} >>", kids.join(" "), contents.len()));
        file.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
        for content in contents {
            let resources = "/Resources << /Font << /F1 3 0 R >> >>";
            let stream = file.objects.len() + 2;
            file.push(format!("<< /Type /Page /Parent 2 0 R {resources} /Contents {stream} 0 R >>"));
            file.stream("", content.as_ref());
        }
        file
    }

    /// A file whose pages show these lines.
    pub fn of_lines(pages: &[&[&str]]) -> Self {
        let content = |lines: &&[&str]| {
            let shown: Vec<String> = lines.iter().map(|line| format!("({line}) Tj 0 -14 Td")).collect();
            format!("BT /F1 12 Tf 72 720 Td {} ET", shown.join("\n"))
        };
        Self::of_contents(&pages.iter().map(content).collect::<Vec<_>>())
    }

    /// Adds an object.
    pub fn push(&mut self, object: impl AsRef<[u8]>) {
        self.objects.push(object.as_ref().to_vec());
    }

    /// Adds a stream, with more entries for its dictionary.
    pub fn stream(&mut self, entries: &str, content: &[u8]) {
        let head = format!("<< /Length {} {entries} >>\nstream\n", content.len());
        self.objects.push([head.as_bytes(), content, b"\nendstream"].concat());
    }

    /// Adds entries to the trailer.
    pub fn trailer(mut self, entries: &str) -> Self {
        self.trailer.push_str(entries);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let mut places = Vec::new();
        for (object, number) in self.objects.iter().zip(1..) {
            places.push(bytes.len());
            bytes.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
        }
        let table = bytes.len();
        let size = places.len() + 1;
        bytes.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").into_bytes());
        for place in places {
            bytes.extend(format!("{place:010} 00000 n \n").into_bytes());
        }
        let end =
            format!("trailer\n<< /Size {size} /Root 1 0 R {} >>\nstartxref\n{table}\n%%EOF\n", self.trailer);
        bytes.extend(end.into_bytes());
        bytes
    }
}
