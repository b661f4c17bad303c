use edgequake_types::operation;

#[operation(GET "/things" -> (), Required, Safe, None, headers("x id" = "1"))]
struct ListThings {}

fn main() {}
