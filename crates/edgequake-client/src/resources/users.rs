//! [`Users`]: accounts.

use edgequake_types::users::{CreateUser, DeleteUser, GetUser, ListUsers, UpdateUser};
use edgequake_types::{IdError, UserId};

use super::resource;
use crate::call::Call;

resource! {
    /// User accounts: `/api/v1/users`. For administrators, but for registration where the server allows it.
    ///
    /// ```no_run
    /// # async fn run(admin: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::users::{CreateUser, ListUsers};
    ///
    /// let created = admin.users().create(CreateUser::new("mona", "mona@corp.test", "correct horse")).await?;
    /// println!("{}", created.user.user_id);
    /// println!("{} accounts", admin.users().list(ListUsers::new()).await?.total);
    /// # Ok(())
    /// # }
    /// ```
    Users, users
}

impl Users<'_> {
    /// `POST /api/v1/users`: makes an account.
    pub fn create(&self, user: CreateUser) -> Call<CreateUser> {
        self.client.send(user)
    }

    /// `GET /api/v1/users`: a page of accounts.
    pub fn list(&self, list: ListUsers) -> Call<ListUsers> {
        self.client.send(list)
    }

    /// `GET /api/v1/users/{user_id}`: an account.
    pub fn get(&self, user: impl TryInto<UserId, Error: Into<IdError>>) -> Call<GetUser> {
        self.client.send_with(user, |user: UserId| GetUser::new(user))
    }

    /// `PATCH /api/v1/users/{user_id}`: changes an account.
    pub fn update(&self, update: UpdateUser) -> Call<UpdateUser> {
        self.client.send(update)
    }

    /// `DELETE /api/v1/users/{user_id}`: deletes an account.
    pub fn delete(&self, user: impl TryInto<UserId, Error: Into<IdError>>) -> Call<DeleteUser> {
        self.client.send_with(user, |user: UserId| DeleteUser::new(user))
    }
}
