//! The events of a recorded stream (WHATWG HTML, 9.2.6), out of a whole body.

/// Name and payload of each event. A last event whose end is missing counts: a recording may have been cut there.
pub(super) fn split(body: &str) -> Vec<(Option<String>, String)> {
    let body = body.strip_prefix('\u{feff}').unwrap_or(body).replace("\r\n", "\n").replace('\r', "\n");
    let mut events = Vec::new();
    let (mut name, mut data) = (None, None::<String>);
    for line in body.split('\n').chain([""]) {
        if line.is_empty() {
            let name = name.take();
            events.extend(data.take().map(|data| (name, data)));
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = Some(value.to_owned()).filter(|name| !name.is_empty()),
            "data" => match &mut data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_names_comments_and_a_cut() {
        let body = "\u{feff}: hello\r\nevent: token\r\nid: 1\r\ndata: a\r\ndata:  b\r\n\r\ndata\n\nevent: x\n\nretry: 5\rdata:{}\r";
        let event = |name: Option<&str>, data: &str| (name.map(str::to_owned), data.to_owned());
        assert_eq!(split(body), [event(Some("token"), "a\n b"), event(None, ""), event(None, "{}")]);
        assert_eq!(split(""), []);
    }
}
