use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_client::Client;
use edgequake_client::types::documents::UploadText;
use edgequake_devserver::{DevServer, Role};
use indicatif::TermLike;

use super::*;

/// A terminal of 80 columns that remembers everything that was drawn.
#[derive(Debug, Clone, Default)]
struct Terminal(Arc<Mutex<String>>);

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        80
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.write_str("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.lock().unwrap().push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\n")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Time passes only while nobody has anything to do, so every stage is seen.
#[tokio::test(start_paused = true)]
async fn bars_move_through_the_stages_that_the_server_tells() {
    let server = DevServer::builder().user("ada", "ada@example.com", "correct horse", Role::Admin);
    let server = server.auth(false).processing_delay(Duration::from_secs(10)).build().unwrap();
    let client = Client::builder().build_on(server.service()).unwrap();
    let text = "# One\n\nA line of its own.\n\n# Two\n\nAnother line.";
    let uploaded = client.documents().upload_text(UploadText::new(text)).await.unwrap();

    let terminal = Terminal::default();
    let screen = Screen::on(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
    let bar = screen.bar("a-name-that-is-much-longer-than-a-bar-has-room-for.md");
    let moving = bar.clone();
    let wait = client.documents().wait_for(&uploaded).poll_interval(Duration::from_secs(1));
    wait.on_progress(move |progress| moving.show(progress)).await.unwrap();
    bar.finish();

    let drawn = terminal.0.lock().unwrap().clone();
    let mut lines: Vec<&str> = drawn.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:?}");
    lines.dedup();
    let bars = [
        "a-name-that-is-much- [                    ]   0 %",
        "a-name-that-is-much- [                    ]   0 %  waiting",
        "a-name-that-is-much- [                    ]   0 %  preprocessing",
        "a-name-that-is-much- [                    ]   0 %  chunking",
        "a-name-that-is-much- [====>               ]  20 %  chunking",
        "a-name-that-is-much- [====>               ]  20 %  extracting, 0 of 2",
        "a-name-that-is-much- [========>           ]  40 %  extracting, 0 of 2",
        "a-name-that-is-much- [========>           ]  40 %  extracting, 1 of 2",
        "a-name-that-is-much- [==========>         ]  50 %  extracting, 1 of 2",
        "a-name-that-is-much- [==========>         ]  50 %  embedding",
        "a-name-that-is-much- [============>       ]  60 %  embedding",
        "a-name-that-is-much- [============>       ]  60 %  storing",
        "a-name-that-is-much- [================>   ]  80 %  storing",
        "a-name-that-is-much- [================>   ]  80 %  completed",
        "a-name-that-is-much- [====================] 100 %  completed",
    ];
    assert_eq!(lines, bars);
}

#[test]
fn lines_are_broken_between_words() {
    let wrapped = |pieces: &[&str]| {
        let mut wrap = Wrap::new(INDENT);
        pieces.iter().flat_map(|piece| piece.split_inclusive(' ')).for_each(|word| wrap.push(word));
        wrap.text
    };
    let words = "seven letters and so on ".repeat(8);
    let whole = wrapped(&[&words]);
    assert!(
        whole
            .lines()
            .all(|line| line.starts_with("   s") || line.starts_with("   l") || line.starts_with("   "))
    );
    assert!(whole.lines().all(|line| line.chars().count() <= WIDTH && line.trim_end() == line), "{whole}");
    assert_eq!(whole.split_whitespace().collect::<Vec<_>>(), words.split_whitespace().collect::<Vec<_>>());
    // The same, however it arrives.
    assert_eq!(wrapped(&words.split_inclusive(' ').collect::<Vec<_>>()), whole);
    // A word that is too long for a line has one of its own.
    let long = "x".repeat(100);
    assert_eq!(wrapped(&["a ", &long, " b"]), format!("   a\n   {long}\n   b"));
}
