//! [`Operation`]: a declared operation as a row of a table.

use http::Method;

use super::{Answer, Auth, Endpoint, Payload, Retry};

/// What is known of an operation without a request: a row of [`OPERATIONS`](crate::OPERATIONS).
///
/// ```
/// use edgequake_types::{Auth, Operation};
/// use edgequake_types::users::ListUsers;
///
/// let operation = Operation::of::<ListUsers>("users");
/// assert_eq!((operation.name, operation.path), ("ListUsers", "/api/v1/users"));
/// assert_eq!(operation.auth, Auth::Required);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The name of its request type.
    pub name: &'static str,
    /// The group of the API that it belongs to, such as `documents`.
    pub group: &'static str,
    /// The method.
    pub method: Method,
    /// The route, with `{name}` for a parameter.
    pub path: &'static str,
    /// Whether a credential is needed.
    pub auth: Auth,
    /// When it may be repeated.
    pub retry: Retry,
    /// Where the fields travel.
    pub payload: Payload,
    /// The media type of a success.
    pub media_type: &'static str,
    /// Whether the answer has a type of its own, and is not any JSON.
    pub typed: bool,
    /// Whether the answer is taken piece by piece: events, lines, or a file.
    pub streamed: bool,
    /// The first server that has it, such as `0.30`; `None` where that is not known, or all of them do.
    pub since: Option<&'static str>,
}

impl Operation {
    /// The row of an endpoint, also of one of your own.
    pub const fn of<E: Endpoint>(group: &'static str) -> Self {
        Self {
            name: E::NAME,
            group,
            method: E::METHOD,
            path: E::PATH,
            auth: E::AUTH,
            retry: E::RETRY,
            payload: E::PAYLOAD,
            media_type: <E::Response as Answer>::MEDIA_TYPE,
            typed: <E::Response as Answer>::TYPED,
            streamed: <E::Response as Answer>::STREAMED,
            since: E::SINCE,
        }
    }
}

/// Lists the operations of a group: `operations! { "users": CreateUser, ListUsers }`.
macro_rules! operations {
    ($group:literal: $($request:ty),+ $(,)?) => {
        /// The operations of this group.
        pub static OPERATIONS: &[$crate::Operation] = &[$($crate::Operation::of::<$request>($group)),+];

        #[cfg(feature = "__samples")]
        pub(crate) static SAMPLES: &[$crate::endpoint::sample::Sample] =
            &[$($crate::endpoint::sample::Sample::of::<$request>($group)),+];
    };
}

pub(crate) use operations;
