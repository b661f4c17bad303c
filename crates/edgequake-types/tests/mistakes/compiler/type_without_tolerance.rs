use edgequake_types::model;

#[model]
struct Thing {
    id: std::net::IpAddr,
}

fn main() {}
