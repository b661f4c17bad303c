//! Completions of shells: complete, and printed without a server or a credential.

use crate::rig::Rig;

#[tokio::test]
async fn every_shell_gets_completions() {
    let mut rig = Rig::new().await;
    // Nothing is read or connected for them.
    rig.env("EDGEQUAKE_BASE_URL", "nonsense");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = rig.cli(&["completions", shell]).await.succeeded().stdout;
        for word in ["documents", "delete-all", "no-ignore", "recover-stuck", "pipeline"] {
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
    assert_eq!(rig.cli(&["completions", "tcsh"]).await.code, 2);
    assert_eq!(rig.server.stats().requests, 0);
}
