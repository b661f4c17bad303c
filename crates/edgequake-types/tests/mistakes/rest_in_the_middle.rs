use edgequake_types::operation;

#[operation(GET "/things/{*path}/parts" -> (), Required, Safe, None)]
struct GetPart {
    path: String,
}

fn main() {}
