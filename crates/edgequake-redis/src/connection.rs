//! [`Connection`]: a connection to Redis for many operations, made when it is first needed and again when it is lost.
//!
//! A connection lives on the runtime that made it, and providers have runtimes that come and go, so it is bound to one and left
//! when another asks.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use edgequake_auth::{StoreError, StoreErrorKind};
#[cfg(feature = "tls")]
use redis::ConnectionAddr;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use tokio::runtime::{Handle, Id};
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::error::failed;
use crate::settings::Settings;

/// Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    settings: Arc<Settings>,
    slot: Arc<Mutex<Slot>>,
}

#[derive(Debug, Default)]
struct Slot {
    made: u64,
    live: Option<Live>,
}

#[derive(Clone)]
struct Live {
    connection: MultiplexedConnection,
    /// It ends with the last who uses the connection; one that the redis crate has begun is known to it.
    _driver: Option<Arc<Driver>>,
    runtime: Id,
    number: u64,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The task that moves the bytes of a connection.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How often a command went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    Once,
    /// It may have been executed before.
    Again,
}

impl Connection {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, slot: Arc::default() }
    }

    /// Runs `command`, within the time limit. A connection that turns out to be lost is replaced, and the command sent once more:
    /// it must be one that may be repeated. Whether it was is told.
    pub(crate) async fn run<T, F>(
        &self,
        command: impl Fn(MultiplexedConnection) -> F,
    ) -> Result<(T, Sent), StoreError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        // Time limits need one, too.
        let Some(runtime) = Handle::try_current().ok().filter(|_| has_timers()) else {
            return Err(no_runtime());
        };
        let mut lost = None;
        let work = async {
            loop {
                let live = self.live(runtime.id(), lost).await?;
                match command(live.connection.clone()).await {
                    Ok(value) if lost.is_some() => return Ok((value, Sent::Again)),
                    Ok(value) => return Ok((value, Sent::Once)),
                    Err(error) if lost.is_none() && is_lost(&error) => {
                        tracing::debug!(category = error.category(), "the connection to Redis was lost");
                        lost = Some(live.number);
                    }
                    Err(error) => {
                        if is_lost(&error) {
                            self.leave(live.number).await;
                        }
                        return Err(failed(self.settings.address(), &error));
                    }
                }
            }
        };
        let limit = self.settings.limit;
        match timeout(limit, work).await {
            Ok(result) => result,
            Err(_) => {
                // It may be silent for good.
                self.leave_any().await;
                Err(late(limit))
            }
        }
    }

    /// The connection of this runtime, other than the one that was lost.
    async fn live(&self, runtime: Id, lost: Option<u64>) -> Result<Live, StoreError> {
        // Whoever comes while a connection is made waits for that one.
        let mut slot = self.slot.lock().await;
        if let Some(live) = &slot.live
            && live.runtime == runtime
            && Some(live.number) != lost
        {
            return Ok(live.clone());
        }
        slot.live = None;
        let mut connecting = pin!(self.connect());
        // Tokio panics on a runtime that was built without sockets.
        let connected = poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| connecting.as_mut().poll(cx)));
            polled.unwrap_or_else(|_| Poll::Ready(Err(no_runtime())))
        });
        let (connection, driver) = connected.await?;
        slot.made = slot.made.wrapping_add(1);
        let live = Live { connection, _driver: driver, runtime, number: slot.made };
        slot.live = Some(live.clone());
        tracing::debug!(number = live.number, "connected to Redis");
        Ok(live)
    }

    async fn connect(&self) -> Result<(MultiplexedConnection, Option<Arc<Driver>>), StoreError> {
        let settings = &*self.settings;
        let info = settings.connection_info().await?;
        let limit = Some(settings.limit);
        let config = AsyncConnectionConfig::new().set_connection_timeout(limit).set_response_timeout(limit);
        let failed = |error: RedisError| failed(settings.address(), &error);
        #[cfg(feature = "tls")]
        if let (Some(tls), ConnectionAddr::Tcp(host, port)) = (&settings.tls, info.addr()) {
            let stream = tls.connect(host, *port).await.map_err(|error| failed(error.into()))?;
            let made = MultiplexedConnection::new_with_config(info.redis_settings(), stream, config).await;
            let (connection, work) = made.map_err(failed)?;
            let driver = Driver(tokio::spawn(work).abort_handle());
            return Ok((connection, Some(Arc::new(driver))));
        }
        let client = Client::open(info).map_err(failed)?;
        let made = client.get_multiplexed_async_connection_with_config(&config).await;
        Ok((made.map_err(failed)?, None))
    }

    async fn leave(&self, number: u64) {
        let mut slot = self.slot.lock().await;
        slot.live.take_if(|live| live.number == number);
    }

    /// Leaves whatever there is, unless somebody is making a new one just now.
    async fn leave_any(&self) {
        if let Ok(mut slot) = self.slot.try_lock() {
            slot.live = None;
        }
    }
}

/// Whether the runtime that is current has timers. A panic is the only way in which Tokio tells.
fn has_timers() -> bool {
    catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok()
}

fn no_runtime() -> StoreError {
    let text = "a store in Redis needs a Tokio runtime with timers and sockets: build it with `enable_all`";
    StoreError::new(StoreErrorKind::Unavailable, text)
}

fn is_lost(error: &RedisError) -> bool {
    error.is_connection_dropped() || error.is_io_error() || error.is_unrecoverable_error()
}

fn late(limit: Duration) -> StoreError {
    StoreError::new(StoreErrorKind::Busy, format!("Redis did not answer within {limit:?}"))
}

#[cfg(test)]
mod tests {
    use edgequake_auth::{ServerKey, TokenStore};
    use tokio::runtime::Builder;

    use crate::RedisStore;

    #[test]
    fn a_runtime_without_timers_or_sockets_is_told_as_one() {
        let store = RedisStore::new("redis://127.0.0.1:1").unwrap();
        let key = ServerKey::new("http://localhost:8080".parse().unwrap(), "").account("mona");
        let only_time = Builder::new_current_thread().enable_time().build().unwrap();
        for runtime in [Builder::new_current_thread().build().unwrap(), only_time] {
            let error = runtime.block_on(store.read(&key)).unwrap_err();
            assert!(error.to_string().ends_with("build it with `enable_all`"), "{error}");
        }
    }
}
