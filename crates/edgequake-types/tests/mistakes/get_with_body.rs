use edgequake_types::operation;

#[operation(GET "/things" -> (), Required, Safe, Json)]
struct ListThings {
    page: Option<u64>,
}

fn main() {}
