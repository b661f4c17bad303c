use edgequake_types::tenants::CreateTenant;
use edgequake_types::workspaces::CreateWorkspace;
use edgequake_types::{Secret, UserId};
use http::Request;
use uuid::Uuid;

use super::*;
use crate::auth::permission::Grants;
use crate::ledger::SessionId;
use crate::state::{new_tenant_id, new_user_id, new_workspace_id, resources};

const UNKNOWN: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

/// Two tenants with a workspace each, and a user with a membership in the first tenant or its workspace.
struct Fixture {
    tenancy: Tenancy,
    user: UserId,
    own: Place,
    other: Place,
}

fn fixture(role: MemberRole, whole_tenant: bool) -> Fixture {
    let mut tenancy = Tenancy::default();
    let now = crate::clock::Timestamp::UNIX_EPOCH;
    let mut create = |name: &str| {
        let place = Place { tenant: new_tenant_id(), workspace: new_workspace_id() };
        let tenant = resources::new_tenant(CreateTenant::new(name), place.tenant.clone(), now);
        let workspace = CreateWorkspace::new(&place.tenant, name);
        let workspace = resources::new_workspace(workspace, &tenant, place.workspace.clone(), now);
        assert!(tenancy.insert_tenant(tenant));
        tenancy.insert_workspace(place.clone(), workspace).unwrap();
        place
    };
    let (own, other) = (create("Own"), create("Other"));
    let user = new_user_id();
    let workspace = (!whole_tenant).then(|| own.workspace.clone());
    tenancy.add_member(user.clone(), own.tenant.clone(), workspace, role);
    Fixture { tenancy, user, own, other }
}

impl Fixture {
    fn key(&self) -> Caller {
        Caller {
            identity: Identity::ApiKey { user: self.user.clone() },
            role: Role::Admin,
            grants: Grants::ALL,
        }
    }

    /// A session whose access token is bound to the user's own place.
    fn session(&self) -> Caller {
        let identity = Identity::Session {
            user: self.user.clone(),
            jti: Uuid::nil(),
            id: SessionId(Uuid::nil()),
            place: self.own.clone(),
        };
        Caller { identity, role: Role::Admin, grants: Grants::ALL }
    }

    /// Binds a request with these scope headers; an empty text counts as none.
    fn bind(&self, config: &Config, caller: Caller, tenant: &str, workspace: &str) -> Result<Scope, Refusal> {
        self.bind_to(config, caller, Method::GET, "/api/v1/documents", tenant, workspace)
            .map(|(scope, _)| scope)
    }

    fn bind_to(
        &self,
        config: &Config,
        mut caller: Caller,
        method: Method,
        path: &str,
        tenant: &str,
        workspace: &str,
    ) -> Result<(Scope, Role), Refusal> {
        let request = Request::builder().method(method).uri(path).header("x-tenant-id", tenant);
        let (parts, ()) = request.header("x-workspace-id", workspace).body(()).unwrap().into_parts();
        let binding = if path.starts_with("/api/v1/workspaces/") {
            Binding::WorkspaceInPath
        } else if path.starts_with("/api/v1/documents") {
            Binding::Workspace
        } else {
            Binding::Global
        };
        bind(config, &self.tenancy, &mut caller, binding, &parts).map(|scope| (scope, caller.role))
    }
}

fn status<T>(result: Result<T, Refusal>) -> u16 {
    result.map_or_else(|refusal| refusal.into_response("r").status().as_u16(), |_| 200)
}

#[test]
fn headers_win_over_claims_and_claims_over_defaults() {
    let fixture = fixture(MemberRole::Member, true);
    let config = Config::default();
    let (tenant, workspace) = (fixture.own.tenant.as_str(), fixture.own.workspace.as_str());
    for (tenant, workspace, bound) in [
        ("", "", 200),
        (tenant, workspace, 200),
        (" ", workspace, 200),
        (&tenant.to_uppercase(), &format!(" {workspace} "), 200),
        (fixture.other.tenant.as_str(), fixture.other.workspace.as_str(), 403),
        (tenant, fixture.other.workspace.as_str(), 403),
        (UNKNOWN, UNKNOWN, 403),
        ("acme", workspace, 400),
        (tenant, "workspace-123", 400),
    ] {
        let result = fixture.bind(&config, fixture.session(), tenant, workspace);
        if let Ok(scope) = &result {
            assert_eq!(scope.named_place(), Some(&fixture.own), "{tenant} {workspace}");
        }
        assert_eq!(status(result), bound, "{tenant} {workspace}");
    }
    // A key has no claims: without headers it works in the default place, where this user has no membership.
    assert_eq!(status(fixture.bind(&config, fixture.key(), "", "")), 403);
    assert_eq!(status(fixture.bind(&config, fixture.key(), tenant, workspace)), 200);
}

#[test]
fn strict_servers_reject_headers_that_contradict_the_claims() {
    let fixture = fixture(MemberRole::Member, true);
    let config = Config { strict_scope: true, ..Config::default() };
    let (tenant, workspace) = (fixture.own.tenant.as_str(), fixture.own.workspace.as_str());
    for (tenant, workspace, bound) in [
        ("", "", 200),
        (tenant, workspace, 200),
        (fixture.other.tenant.as_str(), "", 403),
        ("", fixture.other.workspace.as_str(), 403),
        ("acme", "", 403),
    ] {
        assert_eq!(
            status(fixture.bind(&config, fixture.session(), tenant, workspace)),
            bound,
            "{tenant} {workspace}"
        );
    }
    assert_eq!(status(fixture.bind(&config, fixture.key(), tenant, workspace)), 200);
}

#[test]
fn era_b_servers_check_memberships_only_when_strict() {
    let fixture = fixture(MemberRole::Member, true);
    let other = (fixture.other.tenant.as_str(), fixture.other.workspace.as_str());
    for (strict, bound) in [(false, 200), (true, 403)] {
        let config = Config { era: Era::B, strict_scope: strict, ..Config::default() };
        assert_eq!(status(fixture.bind(&config, fixture.key(), other.0, other.1)), bound, "{strict}");
    }
    // They compare the texts of header and claim.
    let strict = Config { era: Era::B, strict_scope: true, ..Config::default() };
    let upper = fixture.own.tenant.as_str().to_uppercase();
    for (tenant, bound) in [(fixture.own.tenant.as_str(), 200), (&*upper, 403)] {
        assert_eq!(status(fixture.bind(&strict, fixture.session(), tenant, "")), bound, "{tenant}");
    }
    // A malformed header is not rejected; it matches nothing.
    let config = Config { era: Era::B, ..Config::default() };
    let scope = fixture.bind(&config, fixture.key(), "acme", "workspace-123").unwrap();
    assert_eq!((scope.named_place(), scope.place()), (None, None));
}

#[test]
fn callers_that_need_no_membership() {
    let fixture = fixture(MemberRole::Member, true);
    let other = (fixture.other.tenant.as_str(), fixture.other.workspace.as_str());
    let caller = |identity| Caller { identity, role: Role::Admin, grants: Grants::ALL };
    for (strict, identity, bound) in [
        (true, Identity::MasterKey, 200),
        (true, Identity::BuiltIn(fixture.user.clone()), 200),
        (false, Identity::StaticKey, 200),
        (true, Identity::StaticKey, 403),
    ] {
        let config = Config { strict_scope: strict, master_key: Some(Secret::new("m")), ..Config::default() };
        let name = format!("{identity:?}");
        assert_eq!(status(fixture.bind(&config, caller(identity), other.0, other.1)), bound, "{name}");
    }
}

#[test]
fn a_path_with_a_workspace_must_be_sent_in_that_workspace() {
    let config = Config::default();
    for (role, whole_tenant, method, bound) in [
        (MemberRole::Member, true, Method::GET, 200),
        (MemberRole::Member, true, Method::PUT, 403),
        (MemberRole::Admin, true, Method::PUT, 200),
        (MemberRole::Owner, false, Method::DELETE, 200),
        (MemberRole::Readonly, false, Method::GET, 200),
    ] {
        let fixture = fixture(role, whole_tenant);
        let (tenant, workspace) = (fixture.own.tenant.as_str(), fixture.own.workspace.as_str());
        let path = format!("/api/v1/workspaces/{workspace}/stats");
        let bind =
            |path: &str| fixture.bind_to(&config, fixture.key(), method.clone(), path, tenant, workspace);
        assert_eq!(status(bind(&path)), bound, "{role:?} {method}");
        assert_eq!(status(bind(&format!("/api/v1/workspaces/{UNKNOWN}"))), 403);
        assert_eq!(status(bind(&format!("/api/v1/tenants/{UNKNOWN}/workspaces/by-slug/x"))), 200);
    }
}

#[test]
fn a_readonly_membership_makes_a_readonly_caller() {
    let config = Config::default();
    for (role, lowered) in [(MemberRole::Readonly, Role::Readonly), (MemberRole::Member, Role::Admin)] {
        let fixture = fixture(role, false);
        let (tenant, workspace) = (fixture.own.tenant.as_str(), fixture.own.workspace.as_str());
        let bound =
            fixture.bind_to(&config, fixture.key(), Method::GET, "/api/v1/documents", tenant, workspace);
        assert_eq!(bound.unwrap().1, lowered);
    }
}

#[test]
fn inactive_places_are_rejected() {
    let config = Config::default();
    for close_tenant in [true, false] {
        let mut fixture = fixture(MemberRole::Owner, true);
        let own = fixture.own.clone();
        if close_tenant {
            fixture.tenancy.tenant_mut(&own.tenant).unwrap().is_active = Some(false);
        } else {
            fixture.tenancy.workspace_mut(&own).unwrap().is_active = Some(false);
        }
        assert_eq!(status(fixture.bind(&config, fixture.session(), "", "")), 403);
    }
}
