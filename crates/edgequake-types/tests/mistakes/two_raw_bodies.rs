use edgequake_types::operation;

#[operation(PUT "/things" -> (), Required, Safe, Raw)]
struct PutThing {
    #[field(body)]
    content: Vec<u8>,
    #[field(body)]
    more: Vec<u8>,
}

fn main() {}
