//! [`Dialer`]: TCP connections to a host, by its name or address.
//!
//! Addresses are tried as RFC 8305 says: families in turn, the next one when an attempt has failed or 250 ms after the last began,
//! and whichever answers first is taken. So an address that swallows everything costs a quarter of a second.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until};

use super::open_files;
use super::resolver::Resolve;
use super::steps::{Step, Steps};
use crate::fault::NoRuntime;

/// How long an attempt stands alone (RFC 8305, 8: Connection Attempt Delay).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How often a peer that was silent for the keep-alive time is asked before the connection is given up.
#[cfg(not(any(target_os = "openbsd", target_os = "haiku")))]
const PROBES: u32 = 3;

/// Opens TCP connections.
#[derive(Debug, Clone)]
pub(super) struct Dialer {
    pub(super) resolver: Arc<dyn Resolve>,
    /// How long a peer may be silent before it is probed, and between the probes.
    pub(super) keepalive: Option<Duration>,
    /// How long what was written may stay unacknowledged.
    pub(super) user_timeout: Option<Duration>,
}

impl Dialer {
    /// Connects to host and port of `uri`.
    pub(super) async fn dial(&self, uri: &Uri, steps: &Steps) -> io::Result<TcpStream> {
        self.dial_in_steps(uri, steps).await.map_err(open_files::named)
    }

    async fn dial_in_steps(&self, uri: &Uri, steps: &Steps) -> io::Result<TcpStream> {
        let (_, port) = host_and_port(uri);
        let addresses = self.addresses(uri, steps).await?;
        steps.begin(Step::Tcp);
        let addresses = in_turn(addresses).map(|address| SocketAddr::new(address, port));
        race(addresses, |address| self.connect(address), most_telling, |_| false)
            .await
            .unwrap_or_else(|| Err(no_address()))
    }

    /// The addresses of the host of `uri`, in the order in which they are to be tried.
    pub(super) async fn resolve(&self, uri: &Uri, steps: &Steps) -> io::Result<Vec<IpAddr>> {
        let addresses = self.addresses(uri, steps).await.map_err(open_files::named)?;
        if addresses.is_empty() { Err(no_address()) } else { Ok(in_turn(addresses).collect()) }
    }

    async fn addresses(&self, uri: &Uri, steps: &Steps) -> io::Result<Vec<IpAddr>> {
        let (host, _) = host_and_port(uri);
        match host.parse() {
            Ok(address) => Ok(vec![address]),
            Err(_) => {
                steps.begin(Step::Name);
                self.resolver.resolve(host.to_owned()).await
            }
        }
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        self.configure(&socket);
        let mut connecting = pin!(socket.connect(address));
        // Tokio panics on a runtime that was built without sockets.
        poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| connecting.as_mut().poll(cx)));
            polled.unwrap_or_else(|_| Poll::Ready(Err(io::Error::other(NoRuntime::BARE))))
        })
        .await
    }

    /// Sets the options. A system that does not know one, or forbids it, leaves a connection that works.
    fn configure(&self, socket: &TcpSocket) {
        let _ = socket.set_nodelay(true);
        let socket = SockRef::from(socket);
        if let Some(time) = self.keepalive {
            let _ = socket.set_tcp_keepalive(&keepalive(time));
        }
        #[cfg(any(target_os = "android", target_os = "linux"))]
        if self.user_timeout.is_some() {
            let _ = socket.set_tcp_user_timeout(self.user_timeout);
        }
    }
}

/// The host of a URI, an IPv6 address without its brackets, and the port, which the scheme implies where none is named.
pub(super) fn host_and_port(uri: &Uri) -> (&str, u16) {
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let implied = match uri.scheme_str() {
        Some("https") => 443,
        Some("socks5" | "socks5h") => 1080,
        _ => 80,
    };
    (host, uri.port_u16().unwrap_or(implied))
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the name has no address")
}

fn keepalive(time: Duration) -> TcpKeepalive {
    let keepalive = TcpKeepalive::new().with_time(time);
    #[cfg(not(any(target_os = "openbsd", target_os = "haiku")))]
    let keepalive = keepalive.with_interval(time).with_retries(PROBES);
    keepalive
}

/// The families in turn, beginning with that of the first address (RFC 8305, 4); each address once.
fn in_turn(addresses: Vec<IpAddr>) -> impl Iterator<Item = IpAddr> {
    let mut unique: Vec<IpAddr> = Vec::with_capacity(addresses.len());
    for address in addresses {
        if !unique.contains(&address) {
            unique.push(address);
        }
    }
    let is_v4 = unique.first().is_some_and(IpAddr::is_ipv4);
    let (first, second): (Vec<_>, Vec<_>) =
        unique.into_iter().partition(|address| address.is_ipv4() == is_v4);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turn = false;
    std::iter::from_fn(move || {
        turn = !turn;
        if turn { first.next().or_else(|| second.next()) } else { second.next().or_else(|| first.next()) }
    })
}

/// Connects to whichever address answers first. Of all failures `most_telling` chooses; `None` where there is no address.
///
/// After a failure that `is_last`, which no other address would change, none is tried any more. What is under way may still succeed; that
/// failure is told otherwise.
pub(super) async fn race<A, T, E, F>(
    mut addresses: impl Iterator<Item = A>,
    connect: impl Fn(A) -> F,
    most_telling: impl Fn(Option<E>, E) -> E,
    is_last: impl Fn(&E) -> bool,
) -> Option<Result<T, E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut attempts: Vec<Pin<Box<F>>> = Vec::new();
    let (mut failure, mut last): (Option<E>, Option<E>) = (None, None);
    let mut next = addresses.next();
    loop {
        match next.take() {
            Some(address) => attempts.push(Box::pin(connect(address))),
            None if attempts.is_empty() => return last.or(failure).map(Err),
            None => {}
        }
        let following = if last.is_none() { addresses.next() } else { None };
        let mut delay = pin!(sleep_until(Instant::now() + ATTEMPT_DELAY));
        let outcome = poll_fn(|cx| match poll_all(&mut attempts, cx) {
            // The last one is waited for as long as the limit of the whole allows.
            Poll::Pending if following.is_some() => delay.as_mut().poll(cx).map(|()| None),
            polled => polled.map(Some),
        });
        match outcome.await {
            Some(Ok(connected)) => return Some(Ok(connected)),
            Some(Err(error)) if is_last(&error) => last = last.or(Some(error)),
            Some(Err(error)) => failure = Some(most_telling(failure, error)),
            None => {}
        }
        next = following.filter(|_| last.is_none());
    }
}

/// The first of these that is over, which is taken out.
fn poll_all<F: Future>(attempts: &mut Vec<Pin<Box<F>>>, cx: &mut Context<'_>) -> Poll<F::Output> {
    for number in 0..attempts.len() {
        if let Some(attempt) = attempts.get_mut(number)
            && let Poll::Ready(result) = attempt.as_mut().poll(cx)
        {
            drop(attempts.swap_remove(number));
            return Poll::Ready(result);
        }
    }
    Poll::Pending
}

/// Of two addresses that failed, the failure that says more: one where something answered, or where this machine is at fault.
fn most_telling(earlier: Option<io::Error>, later: io::Error) -> io::Error {
    let unreachable = |error: &io::Error| {
        // A system without a family says so in a way that has no kind.
        #[cfg(unix)]
        if error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()) {
            return true;
        }
        matches!(
            error.kind(),
            io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::AddrNotAvailable
                | io::ErrorKind::Unsupported
        )
    };
    match earlier {
        // It is not about the addresses at all.
        Some(earlier) if open_files::is_limit(&earlier) => earlier,
        Some(_) if open_files::is_limit(&later) => later,
        Some(earlier) if !unreachable(&earlier) || unreachable(&later) => earlier,
        _ => later,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn addresses(list: &[&str]) -> Vec<IpAddr> {
        list.iter().map(|address| address.parse().unwrap()).collect()
    }

    fn sockets(list: &[&str]) -> impl Iterator<Item = SocketAddr> {
        addresses(list).into_iter().map(|address| SocketAddr::new(address, 1)).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn families_take_turns_and_each_address_is_tried_once() {
        for (found, tried) in [
            (&["::1", "::2", "::3", "10.0.0.1"][..], &["::1", "10.0.0.1", "::2", "::3"][..]),
            (&["10.0.0.1", "10.0.0.2", "::1", "::2"], &["10.0.0.1", "::1", "10.0.0.2", "::2"]),
            (&["10.0.0.1", "10.0.0.1", "10.0.0.2"], &["10.0.0.1", "10.0.0.2"]),
            (&[], &[]),
        ] {
            assert_eq!(in_turn(addresses(found)).collect::<Vec<_>>(), addresses(tried));
        }
    }

    /// A failure that no other address would change.
    const LAST: io::ErrorKind = io::ErrorKind::PermissionDenied;

    /// What an address does: answers or fails after some time, or never.
    async fn act(address: SocketAddr) -> io::Result<SocketAddr> {
        let [.., verb, after] = match address.ip() {
            IpAddr::V4(address) => address.octets().map(u64::from),
            IpAddr::V6(_) => unreachable!("tests use the other family"),
        };
        tokio::time::sleep(Duration::from_millis(after * 10)).await;
        match verb {
            0 => Ok(address),
            1 => Err(io::ErrorKind::ConnectionRefused.into()),
            2 => Err(io::ErrorKind::NetworkUnreachable.into()),
            3 => Err(LAST.into()),
            _ => std::future::pending().await,
        }
    }

    /// Which address was taken, when each was tried, and when it was over, in ms.
    async fn run(list: &[&str]) -> (Result<String, io::ErrorKind>, Vec<u128>, u128) {
        let start = Instant::now();
        let tried = Mutex::new(Vec::new());
        let attempt = |address| {
            tried.lock().unwrap().push(start.elapsed().as_millis());
            act(address)
        };
        let is_last = |error: &io::Error| error.kind() == LAST;
        let result = race(sockets(list), attempt, most_telling, is_last).await;
        let result = result.unwrap_or_else(|| Err(no_address()));
        let result = result.map(|address| address.ip().to_string()).map_err(|error| error.kind());
        (result, tried.into_inner().unwrap(), start.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_swallows_everything_costs_a_quarter_of_a_second() {
        let run = run(&["10.0.9.0", "10.0.9.1", "10.0.0.5", "10.0.0.1"]).await;
        assert_eq!(run, (Ok("10.0.0.5".to_owned()), vec![0, 250, 500], 550));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_the_next_is_tried_at_once() {
        let run = run(&["10.0.1.1", "10.0.2.2", "10.0.0.0"]).await;
        assert_eq!(run, (Ok("10.0.0.0".to_owned()), vec![0, 10, 30], 30));
    }

    #[tokio::test(start_paused = true)]
    async fn an_early_attempt_may_still_win() {
        let run = run(&["10.0.0.40", "10.0.9.0"]).await;
        assert_eq!(run, (Ok("10.0.0.40".to_owned()), vec![0, 250], 400));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_no_other_address_would_change_ends_no_attempt_that_is_under_way() {
        let result = run(&["10.0.0.60", "10.0.3.1", "10.0.0.0"]).await;
        assert_eq!(result, (Ok("10.0.0.60".to_owned()), vec![0, 250], 600));
        let result = run(&["10.0.1.60", "10.0.3.1", "10.0.0.0"]).await;
        assert_eq!(result, (Err(LAST), vec![0, 250], 600));
        let result = run(&["10.0.1.1", "10.0.3.1", "10.0.0.0"]).await;
        assert_eq!(result, (Err(LAST), vec![0, 10], 20));
    }

    #[tokio::test(start_paused = true)]
    async fn of_all_failures_the_one_that_says_most_is_told() {
        let refused = Err(io::ErrorKind::ConnectionRefused);
        assert_eq!(run(&["10.0.2.0", "10.0.1.0", "10.0.2.1"]).await.0, refused);
        assert_eq!(run(&["10.0.1.0", "10.0.2.0"]).await.0, refused);
        #[cfg(unix)]
        {
            let no_family = io::Error::from_raw_os_error(rustix::io::Errno::AFNOSUPPORT.raw_os_error());
            let refused = io::ErrorKind::ConnectionRefused;
            assert_eq!(most_telling(Some(no_family), refused.into()).kind(), refused);
            for files in
                [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(|errno| errno.raw_os_error())
            {
                let full = || io::Error::from_raw_os_error(files);
                for (earlier, later) in [(full(), refused.into()), (refused.into(), full())] {
                    assert_eq!(most_telling(Some(earlier), later).raw_os_error(), Some(files));
                }
            }
        }
        assert_eq!(run(&["10.0.2.0"]).await.0, Err(io::ErrorKind::NetworkUnreachable));
        assert_eq!(run(&[]).await.0, Err(io::ErrorKind::NotFound));
    }

    #[tokio::test]
    async fn sockets_have_the_options() {
        let dialer = Dialer {
            resolver: Arc::new(super::super::resolver::System),
            keepalive: Some(Duration::from_secs(15)),
            user_timeout: Some(Duration::from_secs(30)),
        };
        let socket = TcpSocket::new_v4().unwrap();
        dialer.configure(&socket);
        assert!(socket.nodelay().unwrap() && socket.keepalive().unwrap());
        let socket = SockRef::from(&socket);
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(15));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(15));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), PROBES);
        #[cfg(any(target_os = "android", target_os = "linux"))]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(30)));
    }
}
