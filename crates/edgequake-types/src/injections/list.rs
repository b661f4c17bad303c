//! [`ListInjections`]: the injections of a workspace.

use super::*;

/// Lists the injections of a workspace, a page at a time.
#[operation(GET "/api/v1/workspaces/{workspace_id}/injections" -> InjectionList, Required, Safe, Query, new(workspace_id), eq)]
pub struct ListInjections {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// How many injections a page holds.
    pub limit: Option<u64>,
    /// How many injections to skip. Default 0.
    pub offset: Option<u64>,
}

/// One page of injections. Also read as a bare list, and without the fields of paging.
#[model(answer, known, bare = items, default, eq)]
pub struct InjectionList {
    /// The injections of this page.
    pub items: Vec<InjectionSummary>,
    /// How many there are on all pages.
    pub total: u64,
    /// How many a page holds at most; 0 if the server did not say.
    pub limit: u64,
    /// How many stand before this page.
    pub offset: u64,
    /// Whether there are pages after this one, where the server says so.
    pub has_more: Option<bool>,
}

/// An injection as lists show it: without its text.
#[model(new(injection_id, name, status), eq)]
pub struct InjectionSummary {
    /// Its id.
    pub injection_id: InjectionId,
    /// Its name.
    #[field(default)]
    pub name: String,
    /// How far its processing has come.
    pub status: Option<InjectionStatus>,
    /// How many entities were found in it.
    pub entity_count: u64,
    /// Where the text came from.
    pub source_type: Option<InjectionSource>,
    /// Why processing failed.
    pub error: Option<String>,
    /// When it was added.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}
