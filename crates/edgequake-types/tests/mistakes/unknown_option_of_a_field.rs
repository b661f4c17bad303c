use edgequake_types::model;

#[model]
struct Thing {
    #[field(skip)]
    id: String,
}

fn main() {}
