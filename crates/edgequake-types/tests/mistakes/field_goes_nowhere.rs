use edgequake_types::operation;

#[operation(DELETE "/things/{id}" -> (), Required, Safe, None, new(id))]
struct DeleteThing {
    id: String,
    force: Option<bool>,
}

fn main() {}
