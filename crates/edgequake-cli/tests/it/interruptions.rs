//! Commands that are ended early, by signals or by their time limit: none of them loses the session.

use std::time::Duration;

use crate::rig::{MONA_PASSWORD, Rig, server};

#[cfg(unix)]
pub(crate) async fn signal(child: &tokio::process::Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args([name, &pid]).status().await.unwrap().success());
}

/// Sends a second signal, again and again: the first may still be on its way, and two of a kind are one.
#[cfg(unix)]
pub(crate) async fn signal_until_it_ends(child: &mut tokio::process::Child) -> std::process::ExitStatus {
    loop {
        signal(child, "-TERM").await;
        tokio::select! {
            status = child.wait() => break status.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
}

/// Whether the tests themselves run below `nohup`: the programs that they start inherit that, and a terminal that closes ends none.
#[cfg(unix)]
fn hang_ups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap() & 1 == 1
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_that_is_ended_does_not_lose_the_session() {
    for (name, code, text) in [
        ("-INT", 130, "error: interrupted"),
        ("-TERM", 143, "error: terminated"),
        ("-HUP", 129, "error: the terminal has closed"),
    ] {
        if name == "-HUP" && hang_ups_are_ignored() {
            continue;
        }
        let mut rig = Rig::with(server().refresh_delay(Duration::from_millis(300))).await;
        rig.quiet_login("mona", MONA_PASSWORD).await;
        rig.server.expire_access_tokens();
        let child = rig.command(&["whoami"]).spawn().unwrap();
        // The server has exchanged the tokens, and holds back its answer.
        while rig.server.stats().refreshes == 0 {
            tokio::task::yield_now().await;
        }
        signal(&child, name).await;
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8_lossy(&output.stderr).trim()),
            (Some(code), text)
        );
        rig.cli(&["whoami"]).await.succeeded();
        assert_eq!((rig.server.stats().refreshes, rig.server.stats().token_reuses), (1, 0));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_login_that_is_ended_is_kept() {
    let mut rig = Rig::new().await;
    let slow = edgequake_devserver::Fault::delayed(Duration::from_millis(300)).on("Login");
    let slow = rig.server.faults().add(slow).unwrap();
    std::fs::write(rig.home.path().join("mona"), MONA_PASSWORD).unwrap();
    rig.env("EDGEQUAKE_PASSWORD_FILE", "mona");
    let child = rig.command(&["login", "mona"]).spawn().unwrap();
    while rig.server.faults().hits(slow) == 0 {
        tokio::task::yield_now().await;
    }
    signal(&child, "-TERM").await;
    assert_eq!(child.wait_with_output().await.unwrap().status.code(), Some(143));
    rig.cli(&["whoami"]).await.succeeded();
    assert_eq!(rig.server.stats().logins, 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn below_nohup_a_terminal_that_closes_ends_nothing() {
    let mut rig = Rig::with(server().refresh_delay(Duration::from_millis(300))).await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.server.expire_access_tokens();
    let whoami = rig.command(&["whoami"]);
    let program = whoami.as_std().get_program().to_owned();
    let mut below = tokio::process::Command::new("nohup");
    below.arg(program).arg("whoami").env_clear().current_dir(rig.home.path());
    below.envs(whoami.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
    below.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    let child = below.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while rig.server.stats().refreshes == 0 {
        tokio::task::yield_now().await;
    }
    signal(&child, "-HUP").await;
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    // Longer than anybody waits.
    let mut rig = Rig::with(server().refresh_delay(Duration::from_secs(600))).await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.server.expire_access_tokens();
    let mut child = rig.command(&["whoami"]).spawn().unwrap();
    while rig.server.stats().refreshes == 0 {
        tokio::task::yield_now().await;
    }
    signal(&child, "-INT").await;
    let status = signal_until_it_ends(&mut child).await;
    assert!(matches!(status.code(), Some(130 | 143)), "{status}");
}

#[tokio::test]
async fn a_time_limit_does_not_lose_the_session() {
    let mut rig = Rig::with(server().refresh_delay(Duration::from_millis(300))).await;
    rig.quiet_login("mona", MONA_PASSWORD).await;
    rig.server.expire_access_tokens();
    let late = rig.cli(&["whoami", "--timeout", "0.2"]).await;
    assert_eq!(late.code, 7, "{}", late.stderr);
    rig.cli(&["whoami"]).await.succeeded();
    assert_eq!((rig.server.stats().refreshes, rig.server.stats().token_reuses), (1, 0));
}
