//! Many callers at once, each of whom reads a page of 20 documents: the processor time of a call, through each client.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;
use edgequake_sdk::EdgeQuakeClient;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Result;
use crate::decode::Page;
use crate::get::{self, HyperUtil};

/// One of the clients, as its users share it.
#[derive(Clone)]
enum Shared {
    HyperUtil(HyperUtil),
    Reqwest(reqwest::Client, Arc<str>),
    Official(Arc<EdgeQuakeClient>),
    Ours(Client),
}

impl Shared {
    fn new(client: &str, address: &str) -> Result<Self> {
        Ok(match client {
            "hyper-util+serde" => Self::HyperUtil(HyperUtil::new(address)?),
            "reqwest" => Self::Reqwest(get::reqwest_client()?, get::url(address).into()),
            "official" => Self::Official(Arc::new(get::official_client(address)?)),
            "ours, typed" => Self::Ours(get::client(address)?),
            other => return Err(format!("no client `{other}`").into()),
        })
    }

    async fn call(self) -> Result<()> {
        match self {
            Self::HyperUtil(client) => {
                let body = client.get().await?.into_body().collect().await?.to_bytes();
                drop(black_box(serde_json::from_slice::<Page>(&body)?));
            }
            Self::Reqwest(client, url) => {
                let body = client.get(&*url).send().await?.error_for_status()?.bytes().await?;
                drop(black_box(serde_json::from_slice::<Page>(&body)?));
            }
            Self::Official(client) => drop(black_box(client.documents().list().await?)),
            Self::Ours(client) => drop(black_box(client.documents().list(ListDocuments::new()).await?)),
        }
        Ok(())
    }
}

/// Lets all callers make one call after another, and tells the processor time of a call in nanoseconds. The first two calls of each do
/// not count, which open the connections, nor do the last ones, when there are fewer and fewer callers.
pub(crate) async fn run(client: String, address: String, callers: u32, calls: u32) -> Result<Value> {
    let client = Shared::new(&client, &address)?;
    let (first, last) = (callers * 2, callers * (calls - 1));
    let meter = Arc::new(Meter { made: AtomicU32::new(0), spent: Mutex::default(), first, last });
    let mut all = JoinSet::new();
    for _ in 0..callers {
        let (client, meter) = (client.clone(), Arc::clone(&meter));
        all.spawn(async move {
            for _ in 0..calls {
                client.clone().call().await?;
                meter.note()?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(caller) = all.join_next().await {
        caller??;
    }
    let (began, ended) = *meter.spent.lock().map_err(|_| "a caller has panicked")?;
    Ok(json!({ "nanoseconds_per_call": (ended - began) as f64 / f64::from(last - first) }))
}

/// Counts calls, and reads the processor time after the first that counts and after the last.
struct Meter {
    made: AtomicU32,
    first: u32,
    last: u32,
    spent: Mutex<(u64, u64)>,
}

impl Meter {
    fn note(&self) -> Result<()> {
        let made = self.made.fetch_add(1, Relaxed) + 1;
        let mut spent = match made == self.first || made == self.last {
            true => self.spent.lock().map_err(|_| "a caller has panicked")?,
            false => return Ok(()),
        };
        *(if made == self.first { &mut spent.0 } else { &mut spent.1 }) = processor_time()?;
        Ok(())
    }
}

/// What the threads of this process have spent so far, in nanoseconds. None of them ends meanwhile.
fn processor_time() -> Result<u64> {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text.split_whitespace().next().ok_or("an empty schedstat")?.parse::<u64>()?;
    }
    Ok(sum)
}
