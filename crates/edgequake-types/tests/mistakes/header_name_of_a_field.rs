use edgequake_types::operation;

#[operation(GET "/things" -> (), Required, Safe, None)]
struct ListThings {
    #[field(header = "x id")]
    id: Option<String>,
}

#[operation(GET "/" -> (), Required, Safe, None)]
struct GetRoot {
    #[field(header = "")]
    id: Option<String>,
}

fn main() {}
