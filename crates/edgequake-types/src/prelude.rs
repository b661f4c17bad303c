//! What the modules of the groups use to declare their operations and models, and nothing that only some of them need.

pub(crate) use std::collections::BTreeMap;

pub(crate) use serde_json::{Map, Value};

pub(crate) use crate::endpoint::{
    AnswerHead, DecodeError, EncodeError, Event, EventText, Events, StreamFailure, from_json, operations,
};
pub(crate) use crate::open_enum::open_enum;
pub(crate) use crate::page::{Paginated, Pagination, offset_list, page_list};
pub(crate) use crate::{
    DocumentId, KeyId, Patch, Secret, TenantId, Timestamp, TrackId, UserId, WorkspaceId, model, operation,
    tolerant,
};
