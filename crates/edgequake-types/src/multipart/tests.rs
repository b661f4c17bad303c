use proptest::prelude::*;

use super::*;

fn text_of(form: &Form) -> String {
    String::from_utf8(form.bytes().unwrap().to_vec()).unwrap()
}

#[test]
fn a_form_on_the_wire() {
    let form = Form::with_boundary(
        "b0",
        vec![
            Part::file("file", "/tmp/u1/secret dir/Nguyễn \"1\".md", Content::Bytes("# T".into()))
                .content_type("text/markdown"),
            Part::text("metadata", r#"{"title":"T"}"#),
        ],
    );
    assert_eq!(form.content_type(), "multipart/form-data; boundary=b0");
    insta::assert_snapshot!(text_of(&form).replace('\r', "<CR>"), @r#"
    --b0<CR>
    Content-Disposition: form-data; name="file"; filename="Nguyễn %221%22.md"<CR>
    Content-Type: text/markdown<CR>
    <CR>
    # T<CR>
    --b0<CR>
    Content-Disposition: form-data; name="metadata"<CR>
    <CR>
    {"title":"T"}<CR>
    --b0--<CR>
    "#);
}

#[test]
fn deferred_content_has_its_place_and_counts() {
    let parts = |content| vec![Part::file("file", "a.bin", content), Part::text("x", "y")];
    let whole = Form::with_boundary("b0", parts(Content::Bytes("12345".into())));
    let deferred = Form::with_boundary("b0", parts(Content::Deferred(5)));
    assert_eq!(deferred.bytes(), None);
    assert_eq!(deferred.length(), whole.length());
    let assembled: Vec<u8> = deferred
        .segments()
        .into_iter()
        .flat_map(|segment| match segment {
            Segment::Bytes(bytes) => bytes.to_vec(),
            Segment::Deferred { part: 0, length: 5 } => b"12345".to_vec(),
            Segment::Deferred { .. } => panic!("another place"),
        })
        .collect();
    assert_eq!(assembled, whole.bytes().unwrap());
}

#[test]
fn header_injection_through_names_is_escaped() {
    let form = Form::with_boundary("b", vec![Part::text("a\"\r\nX: y", "v")]);
    assert!(
        text_of(&form).starts_with("--b\r\nContent-Disposition: form-data; name=\"a%22%0D%0AX: y\"\r\n\r\n")
    );
}

#[test]
fn bodies_that_are_no_form() {
    let read = |content_type: &str, body: &'static str| {
        Form::parse(content_type, &Bytes::from_static(body.as_bytes())).map(Form::into_parts)
    };
    let good = "multipart/form-data; boundary=b";
    assert_eq!(read("application/json", "{}"), Err(FormError::ContentType));
    assert_eq!(read("multipart/form-data", "--b--"), Err(FormError::ContentType));
    assert_eq!(read(good, ""), Err(FormError::Incomplete));
    assert_eq!(
        read(good, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx"),
        Err(FormError::Incomplete)
    );
    assert_eq!(read(good, "--b\r\nX: y\r\n\r\nx\r\n--b--"), Err(FormError::Disposition { index: 0 }));
    assert_eq!(read(good, "--b--"), Ok(vec![]));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        parts in prop::collection::vec(
            ("[^%\\\\\r\n]{1,12}", prop::option::of("[^%\\\\/]{1,12}"), prop::collection::vec(any::<u8>(), 0..64)),
            0..4,
        )
    ) {
        let parts: Vec<Part> = parts
            .into_iter()
            .map(|(name, file_name, content)| match file_name {
                Some(file_name) => Part::file(name, &file_name, Content::Bytes(content.into())),
                None => Part { content: Content::Bytes(content.into()), ..Part::text(name, "") },
            })
            .collect();
        let form = Form::new(parts.clone());
        let read = Form::parse(&form.content_type(), &form.bytes().unwrap()).unwrap();
        prop_assert_eq!(read.into_parts(), parts);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..200), prefix in any::<bool>()) {
        let body = if prefix { [b"--b\r\n".as_slice(), &body].concat() } else { body };
        let _ = Form::parse("multipart/form-data; boundary=b", &body.into());
    }
}
