use edgequake_types::operation;

#[operation(POST "/things" -> (), Required, Refused, Json, new(), status = 404)]
struct CreateThing {}

fn main() {}
