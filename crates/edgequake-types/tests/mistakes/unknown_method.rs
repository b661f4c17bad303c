use edgequake_types::operation;

#[operation(FETCH "/things" -> (), Required, Safe, None)]
struct ListThings {}

fn main() {}
