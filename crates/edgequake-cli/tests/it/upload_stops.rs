//! Uploads that are ended early, by signals: what the server has taken is told, and how to go on.

use std::time::Duration;

use edgequake_devserver::Fault;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::interruptions::{signal, signal_until_it_ends};
use crate::rig::{ROOT_PASSWORD, Rig, server};
use crate::uploads::write;

#[tokio::test]
async fn ctrl_c_tells_what_was_accepted() {
    let mut rig = Rig::with(server().processing_delay(Duration::from_secs(3_600))).await;
    rig.quiet_login("root", ROOT_PASSWORD).await;
    write(rig.home.path(), &["a.md", "b.md"]);
    let mut child = rig.command(&["documents", "upload", "a.md", "b.md", "--wait"]).spawn().unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ids = Vec::new();
    for row in 0..3 {
        let line = rows.next_line().await.unwrap().unwrap();
        ids.extend(line.split_whitespace().next().filter(|_| row > 0).map(ToOwned::to_owned));
    }
    signal(&child, "-INT").await;
    let output = child.wait_with_output().await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("error: interrupted"), "{stderr}");
    assert!(
        stderr.contains("`edgequake-cli documents wait ") && ids.iter().all(|id| stderr.contains(id)),
        "{stderr}"
    );
    let sum = "2 files: 2 uploaded, 0 skipped, 0 failed; 0 processed, 0 not, 2 not waited for";
    assert!(stderr.contains(sum), "{stderr}");
}

/// Ten files, and uploads that take so long; gives how many have begun.
async fn slow_uploads(taking: Duration) -> (Rig, edgequake_devserver::FaultId) {
    let rig = Rig::as_root().await;
    for number in 0..10 {
        write(rig.home.path(), &[&format!("book/{number}.md")]);
    }
    let slow = rig.server.faults().add(Fault::delayed(taking).on("UploadFile")).unwrap();
    (rig, slow)
}

#[tokio::test]
async fn what_is_under_way_at_ctrl_c_is_waited_for() {
    for json in [false, true] {
        let (rig, slow) = slow_uploads(Duration::from_millis(500)).await;
        let mut args = vec!["documents", "upload", "book", "--jobs", "2"];
        args.extend(json.then_some("--json"));
        let child = rig.command(&args).spawn().unwrap();
        while rig.server.faults().hits(slow) < 2 {
            tokio::task::yield_now().await;
        }
        signal(&child, "-INT").await;
        let output = child.wait_with_output().await.unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("stopping: uploads under way have 3 s"), "{stderr}");
        let rows = stdout.lines().filter(|line| line.contains("uploaded") && line.contains("book/"));
        let rows = rows.count() as u64;
        // Each that the server has taken is told.
        assert_eq!((rows, rig.server.stats().uploads), (2, 2), "{stdout}");
        assert!(stderr.contains("`edgequake-cli documents wait ") && stderr.contains("--resume"), "{stderr}");
        let told = if json { &stdout } else { &stderr };
        let not_tried = if json { r#""not_tried":8"# } else { "8 not tried" };
        assert!(told.contains(not_tried), "{told}");
    }
}

#[tokio::test]
async fn what_takes_too_long_at_ctrl_c_is_cut_off() {
    let (rig, slow) = slow_uploads(Duration::from_secs(3_600)).await;
    for twice in [false, true] {
        let begun = rig.server.faults().hits(slow);
        let mut child = rig.command(&["documents", "upload", "book", "--jobs", "2"]).spawn().unwrap();
        while rig.server.faults().hits(slow) < begun + 2 {
            tokio::task::yield_now().await;
        }
        signal(&child, "-INT").await;
        if twice {
            signal_until_it_ends(&mut child).await;
        }
        let output = child.wait_with_output().await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(130 | 143)), "{stderr}");
        assert!(stderr.contains("hint: the same command with --resume uploads what is left"), "{stderr}");
        let cut_off = stderr.matches("the upload was cut off: the server may have taken it").count();
        assert_eq!(cut_off, if twice { 0 } else { 2 }, "{stderr}");
        let sum = "10 files: 0 uploaded, 0 skipped, 2 failed, 8 not tried";
        assert_eq!(stderr.contains(sum), !twice, "{stderr}");
    }
}
