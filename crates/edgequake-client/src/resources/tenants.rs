//! [`Tenants`]: customers of one server.

use edgequake_types::tenants::{CreateTenant, DeleteTenant, GetTenant, ListTenants, UpdateTenant};
use edgequake_types::{IdError, TenantId};

use super::resource;
use crate::call::Call;

resource! {
    /// Tenants: `/api/v1/tenants`. Creating and deleting is for platform administrators.
    ///
    /// ```no_run
    /// # async fn run(admin: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::tenants::{CreateTenant, ListTenants};
    ///
    /// let tenant = admin.tenants().create(CreateTenant::new("Acme")).await?;
    /// let acme = admin.with_tenant(&tenant.id);
    /// let mut all = acme.tenants().list(ListTenants::new()).items();
    /// while let Some(tenant) = all.next().await {
    ///     println!("{}", tenant?.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Tenants, tenants
}

impl Tenants<'_> {
    /// `POST /api/v1/tenants`: makes a tenant.
    pub fn create(&self, tenant: CreateTenant) -> Call<CreateTenant> {
        self.client.send(tenant)
    }

    /// `GET /api/v1/tenants`: a page of tenants.
    pub fn list(&self, list: ListTenants) -> Call<ListTenants> {
        self.client.send(list)
    }

    /// `GET /api/v1/tenants/{tenant_id}`: a tenant.
    pub fn get(&self, tenant: impl TryInto<TenantId, Error: Into<IdError>>) -> Call<GetTenant> {
        self.client.send_with(tenant, |tenant: TenantId| GetTenant::new(tenant))
    }

    /// `PUT /api/v1/tenants/{tenant_id}`: changes a tenant.
    pub fn update(&self, update: UpdateTenant) -> Call<UpdateTenant> {
        self.client.send(update)
    }

    /// `DELETE /api/v1/tenants/{tenant_id}`: deletes a tenant with all that belongs to it.
    pub fn delete(&self, tenant: impl TryInto<TenantId, Error: Into<IdError>>) -> Call<DeleteTenant> {
        self.client.send_with(tenant, |tenant: TenantId| DeleteTenant::new(tenant))
    }
}
