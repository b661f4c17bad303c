use edgequake_types::operation;

#[operation(GET "/things" -> (), Required, Safe, None, news())]
struct ListThings {}

fn main() {}
