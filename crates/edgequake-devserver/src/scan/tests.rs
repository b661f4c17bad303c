use super::*;

/// A folder of its own that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("edgequake-scan-{name}-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    fn file(&self, path: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "text").unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(paths: impl IntoIterator<Item = PathBuf>) -> Vec<String> {
    paths.into_iter().map(|path| path.to_str().unwrap().replace('\\', "/")).collect()
}

#[test]
fn only_what_is_below_a_root_may_be_scanned() {
    let (inside, outside) = (Folder::new("inside"), Folder::new("outside"));
    inside.file("a/b.txt");
    outside.file("c.txt");
    let roots = [inside.0.clone()];
    let asked = |path: PathBuf| resolve(&roots, &path);
    assert_eq!(asked(inside.0.clone()), Ok(inside.0.clone()));
    assert_eq!(asked(inside.0.join("a/../a")), Ok(inside.0.join("a")));
    assert_eq!(asked(inside.0.join("a/b.txt")), Err(ScanError::Missing));
    assert_eq!(asked(inside.0.join("nowhere/below")), Err(ScanError::Missing));
    let climbing = inside.0.join("nowhere/../..").join(outside.0.file_name().unwrap());
    for path in
        [climbing, inside.0.join(".."), outside.0.clone(), outside.0.join("nowhere"), "".into(), "x".into()]
    {
        assert_eq!(asked(path.clone()), Err(ScanError::Forbidden), "{}", path.display());
    }
    assert_eq!(resolve(&[], &inside.0), Err(ScanError::Forbidden));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let (inside, outside) = (Folder::new("links"), Folder::new("linked"));
    outside.file("c.txt");
    std::os::unix::fs::symlink(&outside.0, inside.0.join("folder")).unwrap();
    std::os::unix::fs::symlink(outside.0.join("c.txt"), inside.0.join("c.txt")).unwrap();
    let roots = [inside.0.clone()];
    assert_eq!(resolve(&roots, &inside.0.join("folder")), Err(ScanError::Forbidden));
    let found = files(&inside.0, true, 10, |_| Ok(()));
    assert!(found.files.is_empty());
    let skipped: Vec<_> = found.skipped.iter().map(|(_, reason)| *reason).collect();
    assert_eq!(skipped, ["it is not a regular file"; 2]);
}

#[test]
fn files_are_chosen_in_order() {
    let folder = Folder::new("files");
    for path in ["b.md", "a/2.md", "a/1.txt", "c.md", "a/z/3.md"] {
        folder.file(path);
    }
    let choose = |path: &Path| if path.ends_with("1.txt") { Err("no") } else { Ok(()) };
    let found = files(&folder.0, true, 3, choose);
    assert_eq!(names(found.files), ["a/2.md", "a/z/3.md", "b.md"]);
    assert_eq!(found.skipped, [("a/1.txt".into(), "no"), ("c.md".into(), "max_files is reached")]);
    let found = files(&folder.0, false, 3, choose);
    assert_eq!((names(found.files), found.skipped), (vec!["b.md".to_owned(), "c.md".to_owned()], vec![]));
}

#[test]
fn a_file_is_read_if_it_is_there() {
    let folder = Folder::new("read");
    folder.file("a.txt");
    assert_eq!(read(&folder.0.join("a.txt")), Ok(b"text".to_vec()));
    assert_eq!(read(&folder.0.join("b.txt")), Err("it cannot be read"));
}
