use edgequake_types::setup::{GetSetupStatus, InitializeSetup, SetupResult, SetupStatus};

use edgequake_types::workspaces::RelationEdge;

use crate::table::Table;

#[test]
fn setup() {
    let initialize = InitializeSetup::new("Acme", "Bridges");
    let everything = initialize
        .clone()
        .admin_username("root")
        .admin_email("root@corp.test")
        .admin_password("correct horse")
        .tenant_description("Civil engineers")
        .workspace_slug("bridges")
        .workspace_description("All about bridges")
        .default_llm_model("m")
        .default_llm_provider("p")
        .default_embedding_model("e")
        .default_embedding_provider("q")
        .default_embedding_dimension(768)
        .default_vision_llm_model("v")
        .default_vision_llm_provider("r")
        .default_reasoning_effort("low")
        .pdf_parser_backend("edgeparse")
        .entity_types(["BRIDGE"])
        .entity_types_strict(false)
        .relation_types(["CROSSES"])
        .relation_types_strict(true)
        .relation_edges([RelationEdge::new("BRIDGE", "CROSSES", "RIVER")])
        .entity_type_colors([("BRIDGE".to_owned(), "#0000ff".to_owned())])
        .kg_schema_preset("finance")
        .chunking_mode("adaptive")
        .chunk_token_size(800)
        .chunk_overlap_token_size(80)
        .extract_budget_mode("custom")
        .extract_max_entities(30)
        .extract_max_records(60)
        .extraction_language("German")
        .vision_extract_images(true)
        .vision_extract_charts(false)
        .vision_extract_figures(true)
        .vision_page_system_prompt("a")
        .vision_image_system_prompt("b")
        .vision_chart_system_prompt("c")
        .vision_figure_system_prompt("d")
        .setup_token("t0ken");
    Table::of("setup", include_str!("setup.txt"))
        .request("status", &GetSetupStatus::new())
        .request("initialize", &initialize)
        .request("initialize with everything", &everything)
        .answer::<SetupStatus>("status")
        .answer::<SetupStatus>("status of a server that is set up")
        .answer::<SetupResult>("initialized")
        .answer_read::<SetupResult>("initialized without an administrator")
        .finish();
}
