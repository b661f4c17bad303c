use edgequake_types::TenantId;
use edgequake_types::tenants::{
    CreateTenant, DeleteTenant, GetTenant, ListTenants, Plan, Tenant, TenantList, UpdateTenant,
};

use crate::table::Table;

#[test]
fn tenants() {
    let id = TenantId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let create = CreateTenant::new("Acme");
    let full = create
        .clone()
        .slug("acme")
        .description("Bridges")
        .plan(Plan::Enterprise)
        .default_llm_model("m")
        .default_llm_provider("p")
        .default_embedding_model("e")
        .default_embedding_provider("q")
        .default_embedding_dimension(768)
        .default_vision_llm_model("v")
        .default_vision_llm_provider("r")
        .default_reasoning_effort("low");
    let changes = UpdateTenant::new(&id)
        .name("A")
        .description("")
        .plan("gold")
        .is_active(false)
        .default_llm_model("m")
        .default_llm_provider("p")
        .default_embedding_model("e")
        .default_embedding_provider("q")
        .default_embedding_dimension(768)
        .default_vision_llm_model("v")
        .default_vision_llm_provider("r")
        .pdf_parser_backend("auto");
    Table::of("tenants", include_str!("tenants.txt"))
        .request("create", &create)
        .request("create with everything", &full)
        .request("list", &ListTenants::new())
        .request("list with everything", &ListTenants::new().offset(20).limit(100))
        .request("get", &GetTenant::new(&id))
        .request("update nothing", &UpdateTenant::new(&id))
        .request("update everything", &changes)
        .request("delete", &DeleteTenant::new(&id))
        .created::<CreateTenant>("created")
        .answer::<Tenant>("the tenant of a slug that is taken")
        .answer::<Tenant>("got")
        .answer_read::<Tenant>("got, with nulls")
        .answer::<TenantList>("listed")
        .answer_read::<TenantList>("listed, bare")
        .answer::<()>("deleted")
        .finish();
}
