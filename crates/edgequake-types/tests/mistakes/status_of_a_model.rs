use edgequake_types::model;

#[model(answer, status = 201)]
struct Thing {
    id: String,
}

fn main() {}
