use edgequake_types::model;

#[model]
struct Thing {
    #[cfg(unix)]
    id: String,
}

fn main() {}
