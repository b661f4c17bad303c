//! Dates as arguments. Servers compare them as text, so each becomes a whole time of day in UTC, written as they write it.

use edgequake_types::Timestamp;

/// The first instant that is meant: of a date its midnight.
pub(super) fn from(text: &str) -> Result<Timestamp, String> {
    parse(text, "00:00:00")
}

/// The last instant that is meant: of a date the end of that day.
pub(super) fn to(text: &str) -> Result<Timestamp, String> {
    parse(text, "23:59:59.999999999")
}

fn parse(text: &str, time_of_day: &str) -> Result<Timestamp, String> {
    const DATE: usize = "2031-02-03".len();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::new(format!("{}+00:00", instant.strftime("%Y-%m-%dT%H:%M:%S%.f"))));
    }
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if text.len() == DATE => Ok(Timestamp::new(format!("{date}T{time_of_day}+00:00"))),
        _ => Err("it must be a date such as 2031-02-03, in UTC, or a time such as 2031-02-03T10:11:00Z or \
                  2031-02-03T10:11:00+02:00"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_is_a_whole_time_in_utc() {
        for (text, first, last) in [
            ("2031-02-03", "2031-02-03T00:00:00+00:00", "2031-02-03T23:59:59.999999999+00:00"),
            ("2031-02-03T10:11:12Z", "2031-02-03T10:11:12+00:00", "2031-02-03T10:11:12+00:00"),
            ("2031-02-03T00:11:12.5+02:00", "2031-02-02T22:11:12.5+00:00", "2031-02-02T22:11:12.5+00:00"),
        ] {
            assert_eq!(from(text).unwrap().as_str(), first);
            assert_eq!(to(text).unwrap().as_str(), last);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "yesterday", "2031-02-30", "2031-02-03T10:11:12", "2031-2-3", "20310203"] {
            assert!(from(text).is_err() && to(text).is_err(), "{text}");
        }
    }
}
