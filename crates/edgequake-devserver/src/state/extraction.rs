//! [`Extraction`]: what extracts the entities of a document, and what decided that.

use edgequake_types::documents::ExtractionMode;
use edgequake_types::workspaces::Workspace;

/// What extracts the entities of a document, and what decided that. Here it is only told: entities are found in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extraction {
    /// [`ExtractionMode::Llm`] or [`ExtractionMode::Decision`].
    pub(crate) mode: ExtractionMode,
    /// `document`, `workspace` or `default`.
    pub(crate) source: &'static str,
}

impl Default for Extraction {
    fn default() -> Self {
        Self { mode: ExtractionMode::Llm, source: "default" }
    }
}

impl Extraction {
    /// That of a new document: as it is asked for, else as the workspace is set.
    pub(crate) fn choose(asked: Option<ExtractionMode>, workspace: Option<&Workspace>) -> Self {
        let set = workspace.and_then(|workspace| workspace.extraction_mode.as_deref());
        let set = set.map(ExtractionMode::from);
        let chosen = [(asked, "document"), (set, "workspace")].into_iter();
        let mut chosen = chosen.filter_map(|(mode, source)| Some(Self { mode: mode?, source }));
        chosen.find(|chosen| chosen.is_one()).unwrap_or_default()
    }

    /// Whether it names one of the ways, and does not leave it to somebody else.
    fn is_one(&self) -> bool {
        matches!(self.mode, ExtractionMode::Llm | ExtractionMode::Decision)
    }
}
