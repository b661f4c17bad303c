use edgequake_types::model;

#[model(answer, setters, answer)]
struct Thing {
    id: String,
}

fn main() {}
