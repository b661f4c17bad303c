use edgequake_types::model;

#[model(answer, wrapped = "thing")]
struct Thing {
    id: String,
}

fn main() {}
