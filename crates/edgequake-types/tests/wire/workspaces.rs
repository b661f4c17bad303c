use edgequake_types::workspaces::{
    CreateWorkspace, DeleteWorkspace, GetWorkspace, GetWorkspaceBySlug, GetWorkspaceStats, ListWorkspaces,
    LlmRoleChange, LlmRoleChanges, RelationEdge, UpdateWorkspace, Workspace, WorkspaceList, WorkspaceStats,
};
use edgequake_types::{TenantId, WorkspaceId};

use crate::table::Table;

/// Sets everything that can be set when a workspace is created and changed.
macro_rules! full {
    ($request:expr) => {{
        let model = || LlmRoleChange::new().model("m");
        let extract = model()
            .provider("p")
            .reasoning_effort("high")
            .connection_id("0f6b6a1d-4b0c-9b43-6a53-7b0e2b520000");
        $request
            .description("d")
            .max_documents(500)
            .llm_model("m")
            .llm_provider("p")
            .embedding_model("e")
            .embedding_provider("q")
            .embedding_dimension(768)
            .vision_llm_model("none")
            .vision_llm_provider("r")
            .pdf_parser_backend("edgeparse-ocr")
            .entity_types(["BRIDGE"])
            .entity_types_strict(false)
            .relation_types(["CROSSES"])
            .relation_types_strict(true)
            .relation_edges([RelationEdge::new("BRIDGE", "CROSSES", "RIVER")])
            .kg_schema_preset("finance")
            .entity_type_colors([("BRIDGE".to_owned(), "#0000ff".to_owned())])
            .extraction_language("none")
            .chunking_mode("adaptive")
            .chunk_token_size(800)
            .chunk_overlap_token_size(80)
            .extract_budget_mode("custom")
            .extract_max_entities(30)
            .extract_max_records(60)
            .default_reasoning_effort("low")
            .llm_roles(
                LlmRoleChanges::new()
                    .extract(extract)
                    .query(model())
                    .summary(model())
                    .vlm(model())
                    .keyword(model()),
            )
            .vision_extract_images(true)
            .vision_extract_charts(false)
            .vision_extract_figures(true)
            .vision_page_system_prompt("a")
            .vision_image_system_prompt("b")
            .vision_chart_system_prompt("c")
            .vision_figure_system_prompt("d")
            .extraction_mode("decision")
            .decision_gate_preset("g")
            .decision_model("dm")
            .decision_pack_size(16)
    }};
}

#[test]
fn workspaces() {
    let tenant = TenantId::server_default();
    let word = TenantId::new("default").unwrap();
    let other = TenantId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let id = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let create = CreateWorkspace::new(&tenant, "Bridges");
    let list = ListWorkspaces::new(&other);
    let update = UpdateWorkspace::new(&id);
    let removing = update
        .clone()
        .vision_llm_model("none")
        .entity_types([""; 0])
        .entity_type_colors([])
        .chunking_mode("inherit")
        .decision_pack_size(0)
        .llm_roles(
            LlmRoleChanges::new()
                .clear_extract()
                .query(LlmRoleChange::new().model("m").clear_reasoning_effort()),
        );
    Table::of("workspaces", include_str!("workspaces.txt"))
        .request("create", &create)
        .request("create with everything", &full!(create.clone().slug("bridges")))
        .request("list", &list)
        .request("list with everything", &list.clone().offset(20).limit(10).include_stats(true))
        .request("get by slug", &GetWorkspaceBySlug::new(&tenant, "a/b c"))
        .request("get", &GetWorkspace::new(&id))
        .request("get in a tenant", &GetWorkspace::new(&id).tenant_id(&word))
        .request("update nothing", &update)
        .request("update everything", &full!(update.clone().name("B").is_active(true)))
        .request("update, removing", &removing)
        .request("update, removing all roles", &update.clone().llm_roles(LlmRoleChanges::new()))
        .request("delete", &DeleteWorkspace::new(&id))
        .request("stats", &GetWorkspaceStats::new(&id))
        .created::<CreateWorkspace>("created")
        .answer::<Workspace>("got")
        .answer::<WorkspaceList>("listed with stats")
        .answer_read::<WorkspaceList>("listed, bare")
        .answer::<WorkspaceStats>("stats")
        .answer::<WorkspaceStats>("stats of the first servers")
        .answer_read::<WorkspaceStats>("stats in the name of older clients")
        .answer::<()>("deleted")
        .finish();
}
