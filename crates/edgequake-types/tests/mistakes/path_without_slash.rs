use edgequake_types::operation;

#[operation(GET "things" -> (), Required, Safe, None)]
struct ListThings {}

fn main() {}
