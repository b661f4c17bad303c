//! Making tenants and workspaces out of the requests for them.

use edgequake_types::tenants::{CreateTenant, Plan, Tenant};
use edgequake_types::workspaces::{CreateWorkspace, Workspace, WorkspaceSettings};
use edgequake_types::{TenantId, WorkspaceId};
use jiff::Timestamp;

use super::tenancy::slug;
use crate::clock::written;

/// How many workspaces a tenant may have.
const MAX_WORKSPACES: u64 = 100;

/// What stands for the models of a real server.
const PROVIDER: &str = "devserver";
const LLM_MODEL: &str = "quotations";
const EMBEDDING_MODEL: &str = "bm25";

/// `provider/model`.
fn full_id(provider: Option<&String>, model: Option<&String>) -> Option<String> {
    Some(format!("{}/{}", provider?, model?))
}

pub(crate) fn tenant(request: CreateTenant, id: TenantId, now: Timestamp) -> Tenant {
    let slug = request.slug.filter(|slug| !slug.is_empty()).unwrap_or_else(|| slug(&request.name));
    let mut tenant = Tenant::new(id, request.name, slug);
    tenant.plan = Some(request.plan.unwrap_or(Plan::Free));
    tenant.max_workspaces = Some(MAX_WORKSPACES);
    tenant.default_llm_provider = Some(request.default_llm_provider.unwrap_or_else(|| PROVIDER.to_owned()));
    tenant.default_llm_model = Some(request.default_llm_model.unwrap_or_else(|| LLM_MODEL.to_owned()));
    tenant.default_llm_full_id =
        full_id(tenant.default_llm_provider.as_ref(), tenant.default_llm_model.as_ref());
    tenant.default_embedding_provider =
        Some(request.default_embedding_provider.unwrap_or_else(|| PROVIDER.to_owned()));
    tenant.default_embedding_model =
        Some(request.default_embedding_model.unwrap_or_else(|| EMBEDDING_MODEL.to_owned()));
    tenant.default_embedding_full_id =
        full_id(tenant.default_embedding_provider.as_ref(), tenant.default_embedding_model.as_ref());
    tenant.default_embedding_dimension = Some(request.default_embedding_dimension.unwrap_or(0));
    tenant.default_vision_llm_provider = request.default_vision_llm_provider;
    tenant.default_vision_llm_model = request.default_vision_llm_model;
    tenant.created_at = Some(written(now));
    tenant.updated_at = Some(written(now));
    tenant
}

/// Models that the request does not name are the tenant's.
pub(crate) fn workspace(
    request: CreateWorkspace,
    tenant: &Tenant,
    id: WorkspaceId,
    now: Timestamp,
) -> Workspace {
    let slug = request.slug.filter(|slug| !slug.is_empty()).unwrap_or_else(|| slug(&request.name));
    let mut workspace = Workspace::new(id, tenant.id.clone(), request.name, slug);
    workspace.llm_provider.clone_from(&tenant.default_llm_provider);
    workspace.llm_model.clone_from(&tenant.default_llm_model);
    workspace.embedding_provider.clone_from(&tenant.default_embedding_provider);
    workspace.embedding_model.clone_from(&tenant.default_embedding_model);
    workspace.embedding_dimension = tenant.default_embedding_dimension;
    workspace.entity_types_strict = Some(true);
    workspace.created_at = Some(written(now));
    apply(&mut workspace, request.settings, now);
    workspace
}

/// Changes what the settings name, and nothing else.
pub(crate) fn apply(workspace: &mut Workspace, settings: WorkspaceSettings, now: Timestamp) {
    fn set<T>(field: &mut Option<T>, value: Option<T>) {
        if value.is_some() {
            *field = value;
        }
    }
    set(&mut workspace.description, settings.description);
    set(&mut workspace.max_documents, settings.max_documents);
    set(&mut workspace.llm_provider, settings.llm_provider);
    set(&mut workspace.llm_model, settings.llm_model);
    set(&mut workspace.embedding_provider, settings.embedding_provider);
    set(&mut workspace.embedding_model, settings.embedding_model);
    set(&mut workspace.embedding_dimension, settings.embedding_dimension);
    set(&mut workspace.entity_types_strict, settings.entity_types_strict);
    let extra = [
        ("vision_llm_provider", settings.vision_llm_provider.map(Into::into)),
        ("vision_llm_model", settings.vision_llm_model.map(Into::into)),
        ("pdf_parser_backend", settings.pdf_parser_backend.map(Into::into)),
        (
            "entity_types",
            settings.entity_types.map(|types| types.iter().map(|word| word.to_uppercase()).collect()),
        ),
        ("llm_roles", settings.llm_roles),
    ];
    for (name, value) in extra {
        if let Some(value) = value {
            workspace.extra.insert(name.to_owned(), value);
        }
    }
    workspace.llm_full_id = full_id(workspace.llm_provider.as_ref(), workspace.llm_model.as_ref());
    workspace.embedding_full_id =
        full_id(workspace.embedding_provider.as_ref(), workspace.embedding_model.as_ref());
    workspace.updated_at = Some(written(now));
}
