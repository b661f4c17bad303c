use edgequake_types::operation;

#[operation(GET "/things/:id" -> (), Required, Safe, None)]
struct GetThing {
    id: String,
}

fn main() {}
