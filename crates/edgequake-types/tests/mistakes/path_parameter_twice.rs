use edgequake_types::operation;

#[operation(GET "/things/{id}/parts/{id}" -> (), Required, Safe, None)]
struct GetPart {
    id: String,
}

fn main() {}
