use edgequake_types::operation;

#[operation(GET "/things" -> (), Required, Safe, None, new(), eq)]
#[derive(Eq)]
struct ListThings {}

fn main() {}
