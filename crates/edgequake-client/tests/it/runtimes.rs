//! A client on more than one runtime, on one that goes away, and on none.

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::transport::{HttpTransport, Proxies, RetireReason};
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::query::Query;
use edgequake_client::{Client, ErrorKind};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::http2_server::{Http2, Script};
use crate::log::Log;
use crate::server::{Act, LIST, Server, json, list, over, plain};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server on a runtime of its own.
fn serve(
    script: impl Fn(usize, &crate::server::Received) -> Act + Send + Sync + 'static,
) -> (Runtime, Server) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(script));
    (runtime, server)
}

fn client(server: &Server) -> (Client, HttpTransport) {
    over(&server.url, plain())
}

#[test]
fn a_call_on_another_runtime_opens_a_connection_of_its_own() {
    let (_running, server) = serve(|_, request| {
        Act::Send(json(
            200,
            if request.line().starts_with("POST") { r#"{"answer":"42","mode":"hybrid"}"# } else { LIST },
        ))
    });
    let (client, transport) = client(&server);
    // The first is alive, and idle.
    let (first, second) = (runtime(), runtime());
    first.block_on(list(&client)).unwrap();
    let limit = Duration::from_secs(20);
    second.block_on(async {
        list(&client).await.unwrap();
        let answer = client.query().execute(Query::new("x")).timeout(limit).await.unwrap();
        assert_eq!(answer.answer, "42");
    });
    let stats = transport.connection_stats();
    assert_eq!((stats.opened, stats.open), (2, 2));
    first.block_on(list(&client)).unwrap();
    assert_eq!(transport.connection_stats().opened, 2);
    assert_eq!(server.received().iter().map(|request| request.connection).collect::<Vec<_>>(), [0, 1, 1, 0]);
}

/// Polls a future on one runtime until that has nothing more to do, shuts it down, and goes on with the future on another.
fn moved<F: Future>(future: F, first: Runtime, until: impl Future) -> F::Output {
    let mut future = pin!(future);
    first.block_on(async {
        let mut until = pin!(until);
        std::future::poll_fn(|cx| {
            assert!(future.as_mut().poll(cx).is_pending());
            until.as_mut().poll(cx).map(drop)
        })
        .await;
    });
    drop(first);
    runtime()
        .block_on(async { tokio::time::timeout(Duration::from_secs(20), future).await.expect("it ends") })
}

#[test]
fn a_call_whose_runtime_goes_away_in_the_middle_was_interrupted_and_is_repeated_where_that_is_safe() {
    let (_running, server) = serve(|n, _| if n == 0 { Act::Hang } else { Act::Send(json(200, LIST)) });
    let (client, _) = client(&server);
    moved(list(&client), runtime(), server.wait_for(1)).unwrap();
    assert_eq!(server.received().len(), 2);

    let (_running, server) = serve(|n, _| if n == 0 { Act::Hang } else { Act::Send(json(200, LIST)) });
    let (client, transport) = self::client(&server);
    let upload = client.documents().upload_text(UploadText::new("x")).into_future();
    let error = moved(upload, runtime(), server.wait_for(1)).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Interrupted, 1), "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(transport.connection_stats().open, 0);
}

#[test]
fn a_call_whose_runtime_goes_away_before_there_is_a_connection_was_not_sent() {
    // It says nothing, so that TLS never comes to its end.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let transport =
        HttpTransport::builder().proxies(Proxies::none()).connect_timeout(Duration::from_secs(600));
    let client = Client::builder().base_url(format!("https://{}", mute.local_addr().unwrap())).api_key("k1");
    let client = client.retry(RetryConfig::none()).transport(transport).build().unwrap();
    let upload = client.documents().upload_text(UploadText::new("x")).into_future();
    let accepted = Arc::new(Notify::new());
    let telling = Arc::clone(&accepted);
    let held = std::thread::spawn(move || {
        let stream = mute.accept().unwrap();
        telling.notify_one();
        stream
    });
    let error = moved(upload, runtime(), accepted.notified()).unwrap_err();
    drop(held.join().unwrap());
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(format!("{error:?}").contains("the Tokio runtime"), "{error:?}");
}

#[test]
fn many_runtimes_leave_nothing_behind() {
    let (_running, server) = serve(|_, _| Act::Send(json(200, LIST)));
    let (client, transport) = client(&server);
    for _ in 0..50 {
        runtime().block_on(list(&client)).unwrap();
    }
    let stats = transport.connection_stats();
    assert_eq!((stats.opened, stats.open), (50, 0));
    assert_eq!(client.clone().stats(), Some(stats));
    let unknown = Client::builder().build_on(crate::memory::Memory::new(|_| None)).unwrap();
    assert_eq!(unknown.stats(), None);
}

#[test]
fn without_a_runtime_a_call_says_so() {
    fn error<T: std::fmt::Debug>(
        call: impl Future<Output = Result<T, edgequake_client::Error>>,
    ) -> edgequake_client::Error {
        match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result.unwrap_err(),
            Poll::Pending => panic!("nobody would wake it"),
        }
    }
    let poll = |client: &Client| error(client.documents().list(ListDocuments::new()).into_future());
    let transport = || HttpTransport::builder().proxies(Proxies::none()).tls(false);
    let builder = || Client::builder().base_url("http://127.0.0.1:1").api_key("k1").transport(transport());
    let limited = poll(&builder().build().unwrap());
    let unlimited = builder().timeout(None).attempt_timeout(None).build().unwrap();
    // It is no matter of the file, which is there.
    for client in [builder().build().unwrap(), unlimited.clone()] {
        let error = error(client.documents().upload_file(file!()).into_future());
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(error.to_string().contains("there is no Tokio runtime here"), "{error}");
    }
    for error in [limited, poll(&unlimited)] {
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
        assert!(!error.is_retryable());
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"/api/v1/documents: the client is misconfigured: there is no Tokio runtime here: await calls within one, such as in a `main` with `#[tokio::main]`");
        }
    }
}

#[test]
fn a_runtime_without_timers_or_sockets_is_told_as_one() {
    let only_time = || Builder::new_current_thread().enable_time().build().unwrap();
    for (bare, sent) in [(Builder::new_current_thread().build().unwrap(), 0), (only_time(), 1)] {
        let transport = || HttpTransport::builder().proxies(Proxies::none()).tls(false);
        let builder =
            || Client::builder().base_url("http://127.0.0.1:1").api_key("k1").transport(transport());
        let unlimited = || builder().timeout(None).attempt_timeout(None).idle_timeout(None);
        for client in [builder().build().unwrap(), unlimited().build().unwrap()] {
            let error = bare.block_on(list(&client)).unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 1), "{sent} {error:?}");
            insta::allow_duplicates! {
                insta::assert_snapshot!(error, @"/api/v1/documents: the client is misconfigured: the Tokio runtime here has no timers or no sockets: build it with `enable_all`, or use `#[tokio::main]`");
            }
        }
    }
}

#[test]
fn a_call_that_was_sent_goes_on_where_there_are_no_timers() {
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let uploaded = r#"{"document_id":"d-1","status":"pending"}"#;
    let (_running, server) = serve(move |_, _| Act::Held(json(202, uploaded), Arc::clone(&gate)));
    // The attempt has a limit; a body whose limits begin there could not be read.
    let client = Client::builder().base_url(&server.url).api_key("k1").transport(plain());
    let client = client.timeout(None).idle_timeout(None).build().unwrap();
    let first = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut upload = client.documents().upload_text(UploadText::new("x")).into_future();
    first.block_on(async {
        tokio::select! {
            result = &mut upload => panic!("{result:?}"),
            () = server.wait_for(1) => {}
        }
    });
    let bare = Builder::new_current_thread().build().unwrap();
    bare.block_on(async {
        let polled = std::future::poll_fn(|cx| Poll::Ready(pin!(&mut upload).poll(cx).map(drop))).await;
        assert!(polled.is_pending(), "it was sent, and is not answered yet");
        go.notify_one();
        upload.await.unwrap();
    });
}

#[test]
fn a_runtime_that_is_shut_down_in_a_pause_ends_the_call() {
    let (_running, server) =
        serve(|_, _| Act::Send(crate::server::answer(503, &[("retry-after", "30")], b"")));
    let (client, _) = client(&server);
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(log.clone());
    // With one listener alone, tracing would keep for good that nobody listens to an event which a thread without any meets first.
    let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let _logging = tracing::subscriber::set_default(subscriber.finish());
    let first = runtime();
    let mut call = Box::pin(list(&client));
    first.block_on(async {
        tokio::select! {
            result = &mut call => panic!("{result:?}"),
            // It is said when the pause begins, in the same poll of the call.
            () = async { while !log.take().contains("retrying") { tokio::task::yield_now().await } } => {}
        }
    });
    drop(first);
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Err(error)) = call.as_mut().poll(&mut cx) else { panic!("nobody would wake it") };
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Interrupted, true), "{error:?}");
    let said = format!("{error:?}");
    assert!(said.contains("was shut down before the call was over"), "{said}");
    assert_eq!(server.received().len(), 1);
}

#[test]
fn an_answer_may_be_read_on_another_runtime() {
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let (_running, server) = serve(move |_, _| Act::Held(json(200, LIST), Arc::clone(&gate)));
    // There is no other, so that the second call shows that it came back.
    let (client, transport) = over(&server.url, plain().max_connections(1));
    let (first, second) =
        (Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap(), runtime());
    go.notify_one();
    let answer = first.block_on(client.documents().list(ListDocuments::new()).raw().into_future()).unwrap();
    second.block_on(async { drop(http_body_util::BodyExt::collect(answer.into_body()).await.unwrap()) });
    go.notify_one();
    first.block_on(list(&client)).unwrap();
    assert_eq!(transport.connection_stats().opened, 1);
}

#[test]
fn with_http_2_a_runtime_that_goes_away_interrupts_as_well() {
    let running = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = running.block_on(Http2::start(&[Script::Silence, Script::Serve]));
    let (client, transport) = over(&server.url, server.authority.trusted());
    let asked = |count| {
        let mut asked = server.asked.clone();
        async move { drop(asked.wait_for(|asked| *asked >= count).await.unwrap()) }
    };
    moved(list(&client), runtime(), asked(1)).unwrap();
    let stats = transport.connection_stats();
    assert_eq!((stats.opened, stats.retired(RetireReason::Runtime)), (2, 2));

    let server = running.block_on(Http2::start(&[Script::Silence]));
    let (client, _) = over(&server.url, server.authority.trusted());
    let mut asked = server.asked.clone();
    let asked = async move { drop(asked.wait_for(|asked| *asked >= 1).await.unwrap()) };
    let upload = client.documents().upload_text(UploadText::new("x")).into_future();
    let error = moved(upload, runtime(), asked).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Interrupted, 1), "{error:?}");
}
