use edgequake_types::tenants::CreateTenant;
use edgequake_types::workspaces::CreateWorkspace;

use super::*;
use crate::clock::Timestamp;
use crate::state::{new_tenant_id, new_user_id, new_workspace_id, resources};

fn tenant(name: &str) -> Tenant {
    resources::new_tenant(CreateTenant::new(name), new_tenant_id(), Timestamp::UNIX_EPOCH)
}

fn workspace(tenant: &Tenant, name: &str) -> (Place, Workspace) {
    let place = Place { tenant: tenant.id.clone(), workspace: new_workspace_id() };
    let request = CreateWorkspace::new(&tenant.id, name);
    let workspace = resources::new_workspace(request, tenant, place.workspace.clone(), Timestamp::UNIX_EPOCH);
    (place, workspace)
}

#[test]
fn slugs_are_unique_within_their_tenant() {
    let mut tenancy = Tenancy::default();
    let (acme, other) = (tenant("Acme & Co."), tenant("Other"));
    assert_eq!(acme.slug, "acme-co");
    assert!(tenancy.insert_tenant(acme.clone()));
    assert_eq!(tenancy.tenant_by_slug(&acme.slug), Some(&acme));
    assert!(tenancy.insert_tenant(other.clone()));
    for owner in [&acme, &other] {
        let (place, created) = workspace(owner, "Notes");
        tenancy.insert_workspace(place, created).unwrap();
        let (place, created) = workspace(owner, "notes");
        assert_eq!(tenancy.insert_workspace(place, created), Err(InsertError::SlugTaken));
    }
}

#[test]
fn the_workspace_quota_is_enforced() {
    let mut tenancy = Tenancy::default();
    let mut acme = tenant("Acme");
    acme.max_workspaces = Some(1);
    assert!(tenancy.insert_tenant(acme.clone()));
    let (place, created) = workspace(&acme, "one");
    tenancy.insert_workspace(place.clone(), created).unwrap();
    let (second, created) = workspace(&acme, "two");
    assert_eq!(tenancy.insert_workspace(second.clone(), created.clone()), Err(InsertError::Quota));
    assert!(tenancy.remove_workspace(&place) && !tenancy.remove_workspace(&place));
    tenancy.insert_workspace(second, created).unwrap();
}

#[test]
fn the_higher_membership_counts_and_memberships_end_with_their_place() {
    let mut tenancy = Tenancy::default();
    let acme = tenant("Acme");
    assert!(tenancy.insert_tenant(acme.clone()));
    let (one, created) = workspace(&acme, "one");
    tenancy.insert_workspace(one.clone(), created).unwrap();
    let (two, created) = workspace(&acme, "two");
    tenancy.insert_workspace(two.clone(), created).unwrap();
    let (mona, rita) = (new_user_id(), new_user_id());
    tenancy.add_member(mona.clone(), acme.id.clone(), None, MemberRole::Readonly);
    tenancy.add_member(mona.clone(), acme.id.clone(), Some(one.workspace.clone()), MemberRole::Owner);
    tenancy.add_member(rita.clone(), acme.id.clone(), Some(one.workspace.clone()), MemberRole::Member);
    assert_eq!(tenancy.role_in(&mona, &one), Some(MemberRole::Owner));
    assert_eq!(tenancy.role_in(&mona, &two), Some(MemberRole::Readonly));
    assert_eq!(
        (tenancy.role_in(&rita, &one), tenancy.role_in(&rita, &two)),
        (Some(MemberRole::Member), None)
    );
    // A workspace does not exist in another tenant.
    let other_tenant = Place { tenant: new_tenant_id(), ..one.clone() };
    assert!(
        tenancy.workspace(&other_tenant).is_none()
            && !tenancy.is_active(&other_tenant)
            && tenancy.is_active(&one)
    );
    tenancy.remove_workspace(&one);
    assert_eq!((tenancy.role_in(&rita, &one), tenancy.belongs_to(&rita, &acme.id)), (None, false));
    tenancy.remove_user(&mona);
    assert!(!tenancy.belongs_to(&mona, &acme.id));
    assert_eq!(tenancy.remove_tenant(&acme.id), Some(vec![two]));
    assert_eq!((tenancy.remove_tenant(&acme.id), tenancy.workspace_count()), (None, 0));
}
