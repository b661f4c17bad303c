use edgequake_types::operation;

#[operation(GET "/things?page=1" -> (), Required, Safe, Query)]
struct ListThings {
    page: Option<u64>,
}

fn main() {}
