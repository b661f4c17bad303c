use edgequake_types::operation;

#[operation(GET "/things/{thing_id}" -> (), Required, Safe, None, new(id))]
struct GetThing {
    id: String,
}

fn main() {}
