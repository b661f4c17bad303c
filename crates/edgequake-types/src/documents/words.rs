//! The words of what is done with documents after their upload.

use super::*;

open_enum! {
    /// What became of a file of a batch.
    pub enum FileStatus {
        /// Accepted; the first servers have processed it by then. Some documents call it `success`.
        Processed = "processed" | "success",
        /// The same content is there already.
        Duplicate = "duplicate",
        /// Refused.
        Failed = "failed",
    }

    /// Which documents a search looks at.
    pub enum SearchedStatus {
        /// Those that are done.
        Completed = "completed",
        /// All of them.
        All = "all",
    }

    /// How much of a PDF is done again.
    pub enum ReprocessMode {
        /// The extraction of entities.
        Entities = "entities",
        /// Everything.
        Full = "full",
    }

    /// What becomes of a chunk that failed.
    pub enum FailedChunkStatus {
        /// It waits to be tried again.
        Pending = "pending",
        /// It is being tried again.
        Retrying = "retrying",
        /// It succeeded at last.
        Succeeded = "succeeded",
        /// It was given up.
        Abandoned = "abandoned",
    }

    /// The format of a lineage that is downloaded.
    pub enum LineageFormat {
        /// JSON.
        Json = "json",
        /// Comma-separated values, a line for each chunk.
        Csv = "csv",
    }

    /// What is done again with the pages of a PDF.
    pub enum PageStage {
        /// Reading the text.
        Parse = "parse",
        /// Cutting out figures.
        Figures = "figures",
        /// Extracting entities.
        Entities = "entities",
    }
}
