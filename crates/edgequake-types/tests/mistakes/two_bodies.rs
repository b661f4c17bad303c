use edgequake_types::operation;

#[operation(PUT "/things" -> (), Required, Safe, Json)]
struct PutThing {
    #[field(body)]
    content: Vec<u8>,
    name: String,
}

fn main() {}
