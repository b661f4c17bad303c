use edgequake_types::{Secret, operation};

#[operation(GET "/things" -> (), Required, Safe, None)]
struct ListThings {
    #[field(header = "Authorization")]
    token: Option<Secret>,
}

#[operation(GET "/things/{id}" -> (), Required, Safe, None)]
struct GetThing {
    id: u64,
    #[field(header = "transfer-encoding")]
    encoding: Option<String>,
}

#[operation(GET "/" -> (), Required, Safe, None, headers("x-api-key" = "k"))]
struct GetRoot {}

fn main() {}
