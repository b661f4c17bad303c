//! What the modules of the groups use to declare their operations and models, and nothing that only some of them need.

pub(crate) use std::collections::BTreeMap;

pub(crate) use serde_json::{Map, Value};

pub(crate) use crate::endpoint::{AnswerHead, Download, Event, EventText, Events, StreamFailure, operations};
pub(crate) use crate::error::{DecodeError, EncodeError};
pub(crate) use crate::id::{
    ChunkId, DocumentId, InjectionId, KeyId, ParseJobId, PdfId, TenantId, TrackId, UserId, WorkspaceId,
};
pub(crate) use crate::json::from_json;
pub(crate) use crate::open_enum::open_enum;
pub(crate) use crate::page::{Paginated, Pagination, offset_list, page_list};
pub(crate) use crate::patch::Patch;
pub(crate) use crate::secret::Secret;
pub(crate) use crate::timestamp::Timestamp;
pub(crate) use crate::{model, operation, tolerant};
