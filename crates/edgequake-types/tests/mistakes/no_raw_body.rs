use edgequake_types::operation;

#[operation(PUT "/things" -> (), Required, Safe, Raw)]
struct PutThing {
    content: Vec<u8>,
}

fn main() {}
