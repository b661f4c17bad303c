use edgequake_types::health::{GetHealth, GetLive, GetReady, Health, Readiness};

use crate::table::Table;

#[test]
fn health() {
    Table::of("health", include_str!("health.txt"))
        .request("health", &GetHealth::new())
        .request("ready", &GetReady::new())
        .request("live", &GetLive::new())
        .answer::<Health>("healthy")
        .answer::<Health>("degraded")
        .answer_read::<Readiness>("ready")
        .answer::<Readiness>("ready, of the newest servers")
        .answer::<String>("alive")
        .finish();
}
