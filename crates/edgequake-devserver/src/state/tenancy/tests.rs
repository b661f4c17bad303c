use edgequake_types::tenants::CreateTenant;
use edgequake_types::workspaces::CreateWorkspace;
use jiff::Timestamp;

use super::*;
use crate::state::{models, new_tenant_id, new_user_id, new_workspace_id};

fn tenant(name: &str) -> Tenant {
    models::tenant(CreateTenant::new(name), new_tenant_id(), Timestamp::UNIX_EPOCH)
}

fn workspace(tenant: &Tenant, name: &str) -> (Place, Workspace) {
    let place = Place { tenant: tenant.id.clone(), workspace: new_workspace_id() };
    let request = CreateWorkspace::new(&tenant.id, name);
    let workspace = models::workspace(request, tenant, place.workspace.clone(), Timestamp::UNIX_EPOCH);
    (place, workspace)
}

#[test]
fn slugs_are_unique_within_their_owner() {
    let mut tenancy = Tenancy::default();
    let (acme, other) = (tenant("Acme & Co."), tenant("Other"));
    assert_eq!(acme.slug, "acme-co");
    tenancy.insert_tenant(acme.clone()).unwrap();
    assert_eq!(tenancy.insert_tenant(tenant("acme co")), Err(Full::SlugTaken));
    tenancy.insert_tenant(other.clone()).unwrap();
    for owner in [&acme, &other] {
        let (place, made) = workspace(owner, "Notes");
        tenancy.insert_workspace(place, made).unwrap();
        let (place, made) = workspace(owner, "notes");
        assert_eq!(tenancy.insert_workspace(place, made), Err(Full::SlugTaken));
    }
}

#[test]
fn a_tenant_has_no_more_workspaces_than_it_may() {
    let mut tenancy = Tenancy::default();
    let mut acme = tenant("Acme");
    acme.max_workspaces = Some(1);
    tenancy.insert_tenant(acme.clone()).unwrap();
    let (place, made) = workspace(&acme, "one");
    tenancy.insert_workspace(place.clone(), made).unwrap();
    let (second, made) = workspace(&acme, "two");
    assert_eq!(tenancy.insert_workspace(second.clone(), made.clone()), Err(Full::Quota));
    assert!(tenancy.remove_workspace(&place) && !tenancy.remove_workspace(&place));
    tenancy.insert_workspace(second, made).unwrap();
}

#[test]
fn the_higher_seat_counts_and_seats_vanish_with_their_place() {
    let mut tenancy = Tenancy::default();
    let acme = tenant("Acme");
    tenancy.insert_tenant(acme.clone()).unwrap();
    let (one, made) = workspace(&acme, "one");
    tenancy.insert_workspace(one.clone(), made).unwrap();
    let (two, made) = workspace(&acme, "two");
    tenancy.insert_workspace(two.clone(), made).unwrap();
    let (mona, rita) = (new_user_id(), new_user_id());
    tenancy.admit(mona.clone(), acme.id.clone(), None, MemberRole::Readonly);
    tenancy.admit(mona.clone(), acme.id.clone(), Some(one.workspace.clone()), MemberRole::Owner);
    tenancy.admit(rita.clone(), acme.id.clone(), Some(one.workspace.clone()), MemberRole::Member);
    assert_eq!(tenancy.role_in(&mona, &one), Some(MemberRole::Owner));
    assert_eq!(tenancy.role_in(&mona, &two), Some(MemberRole::Readonly));
    assert_eq!(
        (tenancy.role_in(&rita, &one), tenancy.role_in(&rita, &two)),
        (Some(MemberRole::Member), None)
    );
    // A workspace of another tenant is no workspace at all.
    let elsewhere = Place { tenant: new_tenant_id(), ..one.clone() };
    assert!(tenancy.workspace(&elsewhere).is_none() && !tenancy.is_open(&elsewhere) && tenancy.is_open(&one));
    tenancy.remove_workspace(&one);
    assert_eq!((tenancy.role_in(&rita, &one), tenancy.belongs_to(&rita, &acme.id)), (None, false));
    tenancy.dismiss(&mona);
    assert!(!tenancy.belongs_to(&mona, &acme.id));
    assert_eq!(tenancy.remove_tenant(&acme.id), Some(vec![two]));
    assert_eq!((tenancy.remove_tenant(&acme.id), tenancy.workspace_count()), (None, 0));
}
