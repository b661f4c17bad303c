//! Creates tenants and workspaces from requests, and applies settings to them.

use edgequake_types::tenants::{CreateTenant, Plan, Tenant};
use edgequake_types::workspaces::{CreateWorkspace, LlmRoleChanges, LlmRoles, Workspace, WorkspaceSettings};
use edgequake_types::{Patch, TenantId, WorkspaceId};
use serde_json::Value;

use super::tenancy::slug;
use crate::clock::{Timestamp, rfc3339};

/// How many workspaces a tenant may have.
const MAX_WORKSPACES: u64 = 100;

/// Named in place of the models of a real server.
const PROVIDER: &str = "devserver";
const LLM_MODEL: &str = "quotations";
const EMBEDDING_MODEL: &str = "bm25";

/// `provider/model`.
fn full_id(provider: Option<&String>, model: Option<&String>) -> Option<String> {
    Some(format!("{}/{}", provider?, model?))
}

pub(crate) fn new_tenant(request: CreateTenant, id: TenantId, now: Timestamp) -> Tenant {
    let slug = request.slug.filter(|slug| !slug.is_empty()).unwrap_or_else(|| slug(&request.name));
    let mut tenant = Tenant::new(id, request.name, slug);
    tenant.is_active = Some(true);
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
    tenant.default_vision_llm_provider =
        Some(request.default_vision_llm_provider.unwrap_or_else(|| PROVIDER.to_owned()));
    tenant.default_vision_llm_model =
        Some(request.default_vision_llm_model.unwrap_or_else(|| LLM_MODEL.to_owned()));
    tenant.created_at = Some(rfc3339(now));
    tenant.updated_at = Some(rfc3339(now));
    tenant
}

/// A new workspace. Models that the request does not name are those of the tenant.
pub(crate) fn new_workspace(
    request: CreateWorkspace,
    tenant: &Tenant,
    id: WorkspaceId,
    now: Timestamp,
) -> Workspace {
    let slug = request.slug.filter(|slug| !slug.is_empty()).unwrap_or_else(|| slug(&request.name));
    let mut workspace = Workspace::new(id, tenant.id.clone(), request.name, slug);
    workspace.is_active = Some(true);
    workspace.llm_provider.clone_from(&tenant.default_llm_provider);
    workspace.llm_model.clone_from(&tenant.default_llm_model);
    workspace.embedding_provider.clone_from(&tenant.default_embedding_provider);
    workspace.embedding_model.clone_from(&tenant.default_embedding_model);
    workspace.embedding_dimension = tenant.default_embedding_dimension;
    workspace.entity_types_strict = Some(true);
    workspace.created_at = Some(rfc3339(now));
    apply_settings(&mut workspace, request.settings, now);
    workspace
}

/// Changes the settings that are given, and nothing else.
pub(crate) fn apply_settings(workspace: &mut Workspace, settings: WorkspaceSettings, now: Timestamp) {
    macro_rules! take {
        ($($field:ident),* $(,)?) => {$(
            if settings.$field.is_some() {
                workspace.$field = settings.$field;
            }
        )*};
    }
    if let Some(types) = &settings.entity_types {
        workspace.entity_types = Some(types.iter().map(|word| word.to_uppercase()).collect());
    }
    if let Some(changes) = settings.llm_roles {
        workspace.llm_roles = merge_roles(workspace.llm_roles.take().unwrap_or_default(), changes);
    }
    take! {
        description,
        max_documents,
        llm_provider,
        llm_model,
        embedding_provider,
        embedding_model,
        embedding_dimension,
        vision_llm_provider,
        vision_llm_model,
        pdf_parser_backend,
        entity_types_strict,
        relation_types,
        relation_types_strict,
        relation_edges,
        kg_schema_preset,
        entity_type_colors,
        extraction_language,
        chunking_mode,
        chunk_token_size,
        chunk_overlap_token_size,
        extract_budget_mode,
        extract_max_entities,
        extract_max_records,
        default_reasoning_effort,
        vision_extract_images,
        vision_extract_charts,
        vision_extract_figures,
        vision_page_system_prompt,
        vision_image_system_prompt,
        vision_chart_system_prompt,
        vision_figure_system_prompt,
        extraction_mode,
        decision_gate_preset,
        decision_model,
        decision_pack_size,
    }
    workspace.llm_full_id = full_id(workspace.llm_provider.as_ref(), workspace.llm_model.as_ref());
    workspace.embedding_full_id =
        full_id(workspace.embedding_provider.as_ref(), workspace.embedding_model.as_ref());
    workspace.updated_at = Some(rfc3339(now));
}

/// Merges changes into the models of the roles, field by field; without any change, all of them are removed.
fn merge_roles(mut roles: LlmRoles, changes: LlmRoleChanges) -> Option<LlmRoles> {
    if changes == LlmRoleChanges::new() {
        return None;
    }
    let LlmRoleChanges { extract, query, summary, vlm, keyword, others, .. } = changes;
    let parts = [
        (&mut roles.extract, extract),
        (&mut roles.query, query),
        (&mut roles.summary, summary),
        (&mut roles.vlm, vlm),
        (&mut roles.keyword, keyword),
    ];
    for (role, change) in parts {
        match change {
            Patch::Keep => {}
            Patch::Clear => *role = None,
            Patch::Set(change) => {
                let role = role.get_or_insert_default();
                role.provider = change.provider.apply(role.provider.take());
                role.model = change.model.apply(role.model.take());
                role.reasoning_effort = change.reasoning_effort.apply(role.reasoning_effort.take());
                role.connection_id = change.connection_id.apply(role.connection_id.take());
            }
        }
    }
    for (name, change) in others {
        match change {
            Value::Null => drop(roles.others.remove(&name)),
            change => drop(roles.others.insert(name, change)),
        }
    }
    Some(roles)
}
