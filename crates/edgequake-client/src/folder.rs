//! A folder into a workspace: [`FolderUpload`], and the [events](FolderEvent) that tell what becomes of each file.
//!
//! Feature `folder`. The files are walked, hashed and uploaded a few at a time, so that the memory that a run takes does not depend on how
//! large they are, and little on how many: kept are the hash of each file that was uploaded, and id and state of each document that is waited
//! for or, with [`resume`](FolderUpload::resume), that the workspace holds.
//!
//! ```no_run
//! # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
//! use edgequake_client::folder::FolderEvent;
//!
//! let mut events = client.documents().upload_folder("notes").resume(true).wait(true).events();
//! while let Some(event) = events.next().await {
//!     match event {
//!         FolderEvent::Uploaded { path, .. } => println!("{} was uploaded", path.display()),
//!         FolderEvent::Failed { path, error, .. } => eprintln!("{}: {error}", path.display()),
//!         FolderEvent::ProcessingFailed { path, error, .. } => eprintln!("{}: {error}", path.display()),
//!         FolderEvent::NotListed { error, .. } => eprintln!("nothing was uploaded: {error}"),
//!         FolderEvent::Finished(report) => println!("{report}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod event;
mod rules;
mod walk;
mod digest;
mod claim;
mod ends;
mod held;
mod options;
mod file;
mod run;
mod events;
mod upload;

pub use event::{FolderEvent, FolderReport, SkipReason};
pub use events::FolderEvents;
pub use rules::{GlobError, check_glob};
pub use upload::FolderUpload;
