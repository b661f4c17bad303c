//! `tenants`: customers of one server.

use clap::Subcommand;
use edgequake_types::tenants::{CreateTenant, ListTenants, Tenant};

use super::{Listing, Paging, list, text};
use crate::context::Context;
use crate::failure::Failure;

/// What is done to tenants.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tenants
    List(Paging),
    /// Make a tenant and print its id; for platform administrators
    Create(Create),
}

/// Make a tenant and print its id; for platform administrators.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Its name
    name: String,
    /// Its name for URLs; by default made from the name
    #[arg(long)]
    slug: Option<String>,
    /// What it has booked: free, basic, pro or enterprise
    #[arg(long)]
    plan: Option<String>,
}

impl Command {
    pub(crate) async fn run(self, cx: &mut Context) -> Result<(), Failure> {
        match self {
            Self::List(paging) => {
                let head = &["ID", "SLUG", "PLAN", "NAME"];
                let listing = Listing { head, row: &|it| Some(row(it)), all: paging.all };
                list(cx, ListTenants::new(), listing).await.map(drop)
            }
            Self::Create(create) => {
                let mut tenant = CreateTenant::new(create.name);
                tenant.slug = create.slug;
                tenant.plan = create.plan.map(|plan| plan.as_str().into());
                let made = cx.client.tenants().create(tenant).await?;
                if cx.out.is_json() { cx.out.json(&made) } else { cx.out.line(made.id.as_str()) }
            }
        }
    }
}

fn row(tenant: &Tenant) -> Vec<String> {
    vec![tenant.id.to_string(), tenant.slug.clone(), text(tenant.plan.as_ref()), tenant.name.clone()]
}
