//! `tenants`: the customers of one server.

use edgequake_types::tenants::{CreateTenant, ListTenants, Tenant};

use super::{Listing, list, or_empty};
use crate::args::tenants::Command;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(cx: &mut Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(paging) => {
            let header = &["ID", "SLUG", "PLAN", "NAME"];
            let listing = Listing { header, optional: &[], row: &|it| Some(row(it)), all: paging.all };
            list(cx, ListTenants::new(), listing).await.map(drop)
        }
        Command::Create(create) => {
            let mut tenant = CreateTenant::new(create.name);
            tenant.slug = create.slug;
            tenant.plan = create.plan;
            let created = cx.client.tenants().create(tenant).await?;
            if cx.out.is_json() { cx.out.json(&created) } else { cx.out.line(created.id.as_str()) }
        }
    }
}

fn row(tenant: &Tenant) -> Vec<String> {
    vec![tenant.id.to_string(), tenant.slug.clone(), or_empty(tenant.plan.as_ref()), tenant.name.clone()]
}
