use edgequake_types::UserId;
use edgequake_types::session::{Role, User};
use edgequake_types::users::{
    CreateUser, CreatedUser, DeleteUser, GetUser, ListUsers, UpdateUser, UpdatedUser, UserList,
};

use crate::table::Table;

#[test]
fn users() {
    let id = UserId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let everything = ListUsers::new().page(2).page_size(100).role("auditor").include_anonymous(true);
    let update = UpdateUser::new(&id);
    let changes = update.clone().role(Role::Admin).is_active(false).display_name("Mona").email("m@corp.test");
    Table::of("users", include_str!("users.txt"))
        .request("create", &CreateUser::new("mona", "mona@corp.test", "pw"))
        .request("create with a role", &CreateUser::new("mona", "mona@corp.test", "pw").role(Role::Readonly))
        .request("list", &ListUsers::new())
        .request("list with everything", &everything)
        .request("get", &GetUser::new(&id))
        .request("update", &changes)
        .request("update nothing", &update)
        .request("delete", &DeleteUser::new(&id))
        .answer::<CreatedUser>("created")
        .answer_read::<CreatedUser>("created, bare")
        .answer::<UserList>("listed")
        .answer_read::<UserList>("listed by the first servers")
        .answer::<User>("got")
        .answer_read::<User>("got, wrapped")
        .answer::<UpdatedUser>("updated")
        .answer::<()>("deleted")
        .finish();
}
