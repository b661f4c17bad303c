use edgequake_types::health::{GetHealth, GetLive, GetReady, Health};

use crate::table::Table;

#[test]
fn health() {
    Table::of("health", include_str!("health.txt"))
        .request("health", &GetHealth::new())
        .request("ready", &GetReady::new())
        .request("live", &GetLive::new())
        .answer::<Health>("healthy")
        .answer::<Health>("degraded")
        .answer_read::<()>("ready")
        .answer_read::<()>("ready, of newer servers")
        .answer::<String>("alive")
        .finish();
}
