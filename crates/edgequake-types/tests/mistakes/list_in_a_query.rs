use edgequake_types::operation;

#[operation(GET "/things" -> (), Required, Safe, Query)]
struct ListThings {
    ids: Option<Vec<String>>,
}

fn main() {}
