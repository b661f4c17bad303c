//! [`NoProxy`]: the hosts that are reached without a proxy.

use std::net::IpAddr;

use edgequake_types::Origin;
use ipnet::IpNet;

/// A list as in `NO_PROXY`. The forms are told at [`Proxies`](super::Proxies), for users.
#[derive(Debug, Clone, Default)]
pub(super) struct NoProxy(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    host: Host,
    /// Any port without one.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// A name with a `*`, which stands for any characters. In lower case.
    Pattern(String),
    /// A domain and all names below it. In lower case, without dots at its ends.
    Domain(String),
    Network(IpNet),
}

impl NoProxy {
    pub(super) fn parse(list: &str) -> Self {
        let entries = list.split(|separator: char| separator == ',' || separator.is_whitespace());
        Self(entries.filter(|entry| !entry.is_empty()).filter_map(Entry::parse).collect())
    }

    /// Whether this origin is reached without a proxy.
    pub(super) fn covers(&self, origin: &Origin) -> bool {
        let host = origin.host().trim_end_matches('.').to_ascii_lowercase();
        let address = unbracketed(&host).parse::<IpAddr>().ok().map(|address| address.to_canonical());
        self.0.iter().any(|entry| {
            entry.port.is_none_or(|port| port == origin.port()) && entry.host.covers(&host, address)
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        // An address or a network may have colons of its own.
        if let Some(network) = network(text) {
            return Some(Self { host: Host::Network(network), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        if let Some(network) = network(host) {
            return Some(Self { host: Host::Network(network), port });
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let host = if name.contains('*') {
            Host::Pattern(name)
        } else {
            Host::Domain(name.trim_start_matches('.').to_owned())
        };
        (host != Host::Domain(String::new())).then_some(Self { host, port })
    }
}

impl Host {
    fn covers(&self, host: &str, address: Option<IpAddr>) -> bool {
        match (self, address) {
            (Self::Network(network), Some(address)) => network.contains(&address),
            (Self::Pattern(pattern), _) => matches(pattern, host),
            (Self::Domain(domain), None) => {
                host.strip_suffix(&**domain).is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
            (Self::Network(_), None) | (Self::Domain(_), Some(_)) => false,
        }
    }
}

/// An address, bracketed or not, or a network in CIDR notation. An IPv4 address within IPv6 is that IPv4 address.
fn network(text: &str) -> Option<IpNet> {
    match unbracketed(text).parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address.to_canonical())),
        Err(_) => text.parse().ok(),
    }
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Whether a text is of a pattern in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let (first, last) = (parts.next().unwrap_or_default(), parts.next_back());
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = last else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covers(list: &str, origin: &str) -> bool {
        NoProxy::parse(list).covers(&origin.parse().unwrap())
    }

    #[test]
    fn each_form_covers_what_it_says_and_nothing_else() {
        for (entry, covered, others) in [
            ("*", &["https://h.test", "http://10.0.0.1", "https://[2001:db8::1]:8443"][..], &[][..]),
            (
                "h.test",
                &["https://h.test", "https://a.b.H.test:1", "http://h.test."],
                &["https://oh.test", "https://test"],
            ),
            (".h.test", &["https://h.test", "https://a.h.test"], &["https://oh.test"]),
            ("H.Test.", &["https://h.test", "https://a.h.test"], &["https://h.test.example"]),
            ("*.h.test", &["https://a.h.test", "https://a.b.h.test"], &["https://h.test", "https://oh.test"]),
            (
                "h.test:2",
                &["https://h.test:2", "http://a.h.test:2"],
                &["https://h.test", "https://h.test:22"],
            ),
            ("h.test:443", &["https://h.test"], &["http://h.test"]),
            ("*:8080", &["http://h.test:8080", "http://10.0.0.1:8080"], &["http://h.test"]),
            ("eq-*.h.test", &["https://eq-1.h.test"], &["https://q-1.h.test", "https://eq-1.g.test"]),
            (
                "10.0.0.1",
                &["https://10.0.0.1:5", "https://[::ffff:10.0.0.1]"],
                &["https://10.0.0.11", "https://a.10.0.0.1.test"],
            ),
            ("10.0.0.1:8080", &["http://10.0.0.1:8080"], &["http://10.0.0.1"]),
            ("10.*", &["http://10.1.2.3"], &["http://110.1.2.3"]),
            ("2001:db8::1", &["https://[2001:DB8:0::1]"], &["https://[2001:db8::11]"]),
            ("[2001:db8::1]", &["https://[2001:db8::1]:5"], &["https://[2001:db8::11]"]),
            ("[2001:db8::1]:8080", &["http://[2001:db8::1]:8080"], &["http://[2001:db8::1]"]),
            ("10.0.0.0/8", &["https://10.1.2.3"], &["https://11.1.2.3", "https://h.test"]),
            ("2001:db8::/32", &["https://[2001:db8:1::9]"], &["https://[2001:db9::1]"]),
        ] {
            for origin in covered {
                assert!(covers(entry, origin), "{entry} {origin}");
                assert!(covers(&format!("x.test,{entry} , y.test"), origin), "{entry} {origin}");
                assert!(covers(&format!("x.test {entry}\ty.test"), origin), "{entry} {origin}");
            }
            for origin in others {
                assert!(!covers(entry, origin), "{entry} {origin}");
            }
        }
    }

    #[test]
    fn what_is_no_entry_covers_nothing() {
        for entry in ["", ",", " , ", ".", "h.test:", "h.test:99999", "h.test:x", "10.0.0.0/33", "/8", ":80"]
        {
            for origin in ["https://h.test", "https://10.0.0.1", "http://example.com"] {
                assert!(!covers(entry, origin), "{entry} {origin}");
            }
        }
    }

    proptest! {
        #[test]
        fn patterns_match_as_by_trying_everything(pattern in "[ab*]{0,6}", text in "[ab]{0,6}") {
            fn tried(pattern: &[u8], text: &[u8]) -> bool {
                match pattern {
                    [] => text.is_empty(),
                    [b'*', rest @ ..] => (0..=text.len()).any(|skipped| tried(rest, &text[skipped..])),
                    [first, rest @ ..] => text.first() == Some(first) && tried(rest, &text[1..]),
                }
            }
            prop_assert_eq!(matches(&pattern, &text), tried(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn any_list_is_read_without_a_panic(list in "[ -~]{0,40}", host in "[a-z0-9.-]{1,20}") {
            if let Ok(origin) = format!("http://{host}").parse() {
                NoProxy::parse(&list).covers(&origin);
            }
        }
    }
}
