//! The words of injections, and what those for a state mean.

use crate::prelude::*;

open_enum! {
    /// The state of an injection.
    pub enum InjectionStatus {
        /// Being processed.
        Processing = "processing",
        /// Done.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
    }

    /// Where the text of an injection came from.
    pub enum InjectionSource {
        /// From the request itself.
        Text = "text",
        /// From a file.
        File = "file",
    }
}

impl InjectionStatus {
    /// Whether processing is over, successfully or not. A word that is not known is not an end.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Whether processing is over and went well.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Completed)
    }
}
