use edgequake_types::tenants::CreateTenant;
use edgequake_types::workspaces::CreateWorkspace;
use edgequake_types::{Secret, UserId};
use http::Request;
use uuid::Uuid;

use super::*;
use crate::auth::permission::Grants;
use crate::options::DevServerBuilder;
use crate::state::{models, new_tenant_id, new_user_id, new_workspace_id};

const UNKNOWN: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

/// Two tenants with a workspace each, and a user with a seat in places of the first.
struct World {
    tenancy: Tenancy,
    user: UserId,
    home: Place,
    away: Place,
}

fn world(role: MemberRole, whole_tenant: bool) -> World {
    let mut tenancy = Tenancy::default();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut make = |name: &str| {
        let place = Place { tenant: new_tenant_id(), workspace: new_workspace_id() };
        let tenant = models::tenant(CreateTenant::new(name), place.tenant.clone(), now);
        let workspace = CreateWorkspace::new(&place.tenant, name);
        let workspace = models::workspace(workspace, &tenant, place.workspace.clone(), now);
        tenancy.insert_tenant(tenant).unwrap();
        tenancy.insert_workspace(place.clone(), workspace).unwrap();
        place
    };
    let (home, away) = (make("Home"), make("Away"));
    let user = new_user_id();
    let workspace = (!whole_tenant).then(|| home.workspace.clone());
    tenancy.admit(user.clone(), home.tenant.clone(), workspace, role);
    World { tenancy, user, home, away }
}

impl World {
    fn key(&self) -> Caller {
        Caller { identity: Identity::Key { user: self.user.clone() }, role: Role::Admin, grants: Grants::ALL }
    }

    /// A session whose token is bound to the home place.
    fn session(&self) -> Caller {
        let identity = Identity::Session {
            user: self.user.clone(),
            jti: Uuid::nil(),
            tenant: self.home.tenant.clone(),
            workspace: self.home.workspace.clone(),
        };
        Caller { identity, role: Role::Admin, grants: Grants::ALL }
    }

    /// Binds a request with these scope headers; an empty text is no header.
    fn bind(
        &self,
        options: &Options,
        caller: Caller,
        tenant: &str,
        workspace: &str,
    ) -> Result<Scope, Refusal> {
        self.bind_to(options, caller, Method::GET, "/api/v1/documents", tenant, workspace)
            .map(|(scope, _)| scope)
    }

    fn bind_to(
        &self,
        options: &Options,
        mut caller: Caller,
        method: Method,
        path: &str,
        tenant: &str,
        workspace: &str,
    ) -> Result<(Scope, Role), Refusal> {
        let request = Request::builder().method(method).uri(path).header("x-tenant-id", tenant);
        let (parts, ()) = request.header("x-workspace-id", workspace).body(()).unwrap().into_parts();
        bind(options, &self.tenancy, &mut caller, &parts).map(|scope| (scope, caller.role))
    }
}

fn options(change: impl FnOnce(DevServerBuilder) -> DevServerBuilder) -> Options {
    change(DevServerBuilder::default()).into_options()
}

fn status<T>(result: Result<T, Refusal>) -> u16 {
    result.map_or_else(|refusal| refusal.into_answer("r").status().as_u16(), |_| 200)
}

#[test]
fn headers_win_over_claims_and_claims_over_defaults() {
    let world = world(MemberRole::Member, true);
    let options = options(|builder| builder);
    let (tenant, workspace) = (world.home.tenant.as_str(), world.home.workspace.as_str());
    for (tenant, workspace, bound) in [
        ("", "", 200),
        (tenant, workspace, 200),
        (" ", workspace, 200),
        (&tenant.to_uppercase(), &format!(" {workspace} "), 200),
        (world.away.tenant.as_str(), world.away.workspace.as_str(), 403),
        (tenant, world.away.workspace.as_str(), 403),
        (UNKNOWN, UNKNOWN, 403),
        ("acme", workspace, 400),
        (tenant, "workspace-123", 400),
    ] {
        let result = world.bind(&options, world.session(), tenant, workspace);
        if let Ok(scope) = &result {
            assert_eq!(scope.listed(), Some(&world.home), "{tenant} {workspace}");
        }
        assert_eq!(status(result), bound, "{tenant} {workspace}");
    }
    // A key has no claims: without headers it is in the default place, where this user has no seat.
    assert_eq!(status(world.bind(&options, world.key(), "", "")), 403);
    assert_eq!(status(world.bind(&options, world.key(), tenant, workspace)), 200);
}

#[test]
fn strict_servers_refuse_what_contradicts_the_claims() {
    let world = world(MemberRole::Member, true);
    let options = options(|builder| builder.strict_scope(true));
    let (tenant, workspace) = (world.home.tenant.as_str(), world.home.workspace.as_str());
    for (tenant, workspace, bound) in [
        ("", "", 200),
        (tenant, workspace, 200),
        (world.away.tenant.as_str(), "", 403),
        ("", world.away.workspace.as_str(), 403),
        ("acme", "", 403),
    ] {
        assert_eq!(
            status(world.bind(&options, world.session(), tenant, workspace)),
            bound,
            "{tenant} {workspace}"
        );
    }
    assert_eq!(status(world.bind(&options, world.key(), tenant, workspace)), 200);
}

#[test]
fn middle_aged_servers_look_at_memberships_only_when_strict() {
    use crate::options::Era;

    let world = world(MemberRole::Member, true);
    let away = (world.away.tenant.as_str(), world.away.workspace.as_str());
    for (strict, bound) in [(false, 200), (true, 403)] {
        let options = options(|builder| builder.era(Era::B).strict_scope(strict));
        assert_eq!(status(world.bind(&options, world.key(), away.0, away.1)), bound, "{strict}");
    }
    // They compare the header with the claim letter by letter.
    let strict = options(|builder| builder.era(Era::B).strict_scope(true));
    let upper = world.home.tenant.as_str().to_uppercase();
    for (tenant, bound) in [(world.home.tenant.as_str(), 200), (&*upper, 403)] {
        assert_eq!(status(world.bind(&strict, world.session(), tenant, "")), bound, "{tenant}");
    }
    // Nobody checks a malformed header; it matches nothing.
    let options = options(|builder| builder.era(Era::B));
    let scope = world.bind(&options, world.key(), "acme", "workspace-123").unwrap();
    assert_eq!((scope.listed(), scope.place()), (None, None));
}

#[test]
fn who_has_no_seat_to_look_for() {
    let world = world(MemberRole::Member, true);
    let away = (world.away.tenant.as_str(), world.away.workspace.as_str());
    let caller = |identity| Caller { identity, role: Role::Admin, grants: Grants::ALL };
    for (strict, identity, bound) in [
        (true, Identity::Master, 200),
        (true, Identity::BuiltIn(world.user.clone()), 200),
        (false, Identity::Static, 200),
        (true, Identity::Static, 403),
    ] {
        let options = options(|builder| builder.strict_scope(strict).master_key(Secret::new("m")));
        let name = format!("{identity:?}");
        assert_eq!(status(world.bind(&options, caller(identity), away.0, away.1)), bound, "{name}");
    }
}

#[test]
fn a_path_with_a_workspace_must_be_sent_in_that_workspace() {
    let options = options(|builder| builder);
    for (role, whole_tenant, method, bound) in [
        (MemberRole::Member, true, Method::GET, 200),
        (MemberRole::Member, true, Method::PUT, 403),
        (MemberRole::Admin, true, Method::PUT, 200),
        (MemberRole::Owner, false, Method::DELETE, 200),
        (MemberRole::Readonly, false, Method::GET, 200),
    ] {
        let world = world(role, whole_tenant);
        let (tenant, workspace) = (world.home.tenant.as_str(), world.home.workspace.as_str());
        let path = format!("/api/v1/workspaces/{workspace}/stats");
        let bind = |path: &str| world.bind_to(&options, world.key(), method.clone(), path, tenant, workspace);
        assert_eq!(status(bind(&path)), bound, "{role:?} {method}");
        assert_eq!(status(bind(&format!("/api/v1/workspaces/{UNKNOWN}"))), 403);
        assert_eq!(status(bind(&format!("/api/v1/tenants/{UNKNOWN}/workspaces/by-slug/x"))), 200);
    }
}

#[test]
fn a_readonly_seat_makes_a_readonly_caller() {
    let options = options(|builder| builder);
    for (role, lowered) in [(MemberRole::Readonly, Role::Readonly), (MemberRole::Member, Role::Admin)] {
        let world = world(role, false);
        let (tenant, workspace) = (world.home.tenant.as_str(), world.home.workspace.as_str());
        let bound = world.bind_to(&options, world.key(), Method::GET, "/api/v1/documents", tenant, workspace);
        assert_eq!(bound.unwrap().1, lowered);
    }
}

#[test]
fn inactive_places_are_closed() {
    let options = options(|builder| builder);
    for close_tenant in [true, false] {
        let mut world = world(MemberRole::Owner, true);
        let home = world.home.clone();
        if close_tenant {
            world.tenancy.tenant_mut(&home.tenant).unwrap().is_active = Some(false);
        } else {
            world.tenancy.workspace_mut(&home).unwrap().is_active = Some(false);
        }
        assert_eq!(status(world.bind(&options, world.session(), "", "")), 403);
    }
}
