//! The setup of a server that has no user yet, and its status.

use edgequake_types::Secret;
use edgequake_types::TenantId;
use edgequake_types::session::Role;
use edgequake_types::setup::{GetSetupStatus, InitializeSetup, SetupResult, SetupStatus};
use edgequake_types::tenants::CreateTenant;
use edgequake_types::workspaces::{CreateWorkspace, WorkspaceSettings};

use crate::error::Refusal;
use crate::password::{self, PasswordHash};
use crate::place::Place;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::tenancy::MemberRole;
use crate::state::{Directory, new_tenant_id, new_workspace_id, resources};

/// Whether somebody has to create the first user.
fn is_needed(call: &Call, directory: &Directory) -> bool {
    call.app.config.auth && !directory.accounts.has_login_users()
}

pub(super) async fn status(call: Call, _: GetSetupStatus) -> Result<Reply<SetupStatus>, Refusal> {
    let directory = call.app.directory();
    let mut status = SetupStatus::new(is_needed(&call, &directory), call.app.config.auth);
    status.has_login_users = directory.accounts.has_login_users();
    status.tenant_count = directory.tenancy.tenants().len() as u64;
    status.workspace_count = directory.tenancy.workspace_count() as u64;
    Ok(Reply::new(status))
}

/// The minimum length of the name of the administrator, in characters.
const MIN_NAME: usize = 3;

/// Creates the first user, who owns a new tenant and its workspace.
pub(super) async fn initialize(
    call: Call,
    mut request: InitializeSetup,
) -> Result<Reply<SetupResult>, Refusal> {
    check_token(&call, request.setup_token.take())?;
    let done = || Refusal::conflict("The server is set up already");
    if !is_needed(&call, &call.app.directory()) {
        return Err(done());
    }
    for (name, value) in [("tenant_name", &request.tenant_name), ("workspace_name", &request.workspace_name)]
    {
        if value.trim().is_empty() {
            return Err(Refusal::bad_request(format!("{name} must not be empty")));
        }
    }
    let username = request.admin_username.take().unwrap_or_else(|| "admin".to_owned()).trim().to_owned();
    if username.chars().count() < MIN_NAME {
        return Err(Refusal::bad_request(format!("admin_username must have at least {MIN_NAME} characters")));
    }
    let email = request.admin_email.take().unwrap_or_else(|| format!("{username}@localhost"));
    let missing = || Refusal::bad_request("admin_password is required, because there is no user yet");
    let password = request.admin_password.take().ok_or_else(missing)?;
    password::check_policy(&password)?;
    let hash = PasswordHash::new(&password)?;

    let (tenant, mut workspace) = resources_of(request);
    let mut directory = call.app.directory();
    // Somebody else may have been faster.
    if !is_needed(&call, &directory) {
        return Err(done());
    }
    let tenant = resources::new_tenant(tenant, new_tenant_id(), call.now);
    workspace.tenant_id = tenant.id.clone();
    let place = Place { tenant: tenant.id.clone(), workspace: new_workspace_id() };
    let workspace = resources::new_workspace(workspace, &tenant, place.workspace.clone(), call.now);
    let taken = || Refusal::conflict(format!("The slug {} is already in use", tenant.slug));
    if directory.tenancy.tenant_by_slug(&tenant.slug).is_some() {
        return Err(taken());
    }
    let user = directory.accounts.create(&username, &email, Role::Admin, hash, call.now);
    let user = user.map_err(|_| Refusal::conflict("The user name or the e-mail address is taken"))?;
    // The tables of a server without users have room.
    let _ = directory.tenancy.insert_tenant(tenant.clone());
    let _ = directory.tenancy.insert_workspace(place.clone(), workspace.clone());
    for tenant in [place.tenant, TenantId::server_default()] {
        directory.tenancy.add_member(user.user_id.clone(), tenant, None, MemberRole::Owner);
    }
    let mut result = SetupResult::new(tenant, workspace);
    result.admin_username = Some(username);
    Ok(Reply::new(result))
}

/// # Errors
///
/// 401 where the server has a token and the request another one, or none.
fn check_token(call: &Call, given: Option<Secret>) -> Result<(), Refusal> {
    let Some(token) = &call.app.config.setup_token else { return Ok(()) };
    if given.is_some_and(|given| token.matches(given.expose())) {
        return Ok(());
    }
    Err(Refusal::unauthorized("invalid_setup_token", "initialize", "setup"))
}

/// The tenant, and the workspace without its tenant.
fn resources_of(request: InitializeSetup) -> (CreateTenant, CreateWorkspace) {
    let mut tenant = CreateTenant::new(request.tenant_name);
    let mut workspace = CreateWorkspace::new(TenantId::server_default(), request.workspace_name);
    workspace.slug = request.workspace_slug;
    let mut settings = WorkspaceSettings::default();
    macro_rules! take {
        ($to:ident: $($field:ident),* $(,)?) => {$($to.$field = request.$field;)*};
    }
    tenant.description = request.tenant_description;
    settings.description = request.workspace_description;
    settings.default_reasoning_effort.clone_from(&request.default_reasoning_effort);
    take! { tenant:
        default_llm_model,
        default_llm_provider,
        default_embedding_model,
        default_embedding_provider,
        default_embedding_dimension,
        default_vision_llm_model,
        default_vision_llm_provider,
        default_reasoning_effort,
    }
    take! { settings:
        pdf_parser_backend,
        entity_types,
        entity_types_strict,
        relation_types,
        relation_types_strict,
        relation_edges,
        entity_type_colors,
        kg_schema_preset,
        chunking_mode,
        chunk_token_size,
        chunk_overlap_token_size,
        extract_budget_mode,
        extract_max_entities,
        extract_max_records,
        extraction_language,
        vision_extract_images,
        vision_extract_charts,
        vision_extract_figures,
        vision_page_system_prompt,
        vision_image_system_prompt,
        vision_chart_system_prompt,
        vision_figure_system_prompt,
    }
    workspace.settings = settings;
    (tenant, workspace)
}
