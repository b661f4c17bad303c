//! Programs of Debian's packages for the chores that need them: those of the machine or, where there are none, unpacked below
//! the target folder. Nothing is installed, and no service is started.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::{output, run};
use crate::failure::{During, Failure, Result};

/// A program that is needed.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Debian's packages with it and with the libraries that a small machine lacks.
    pub(crate) packages: &'static [&'static str],
    /// Where the package has it.
    pub(crate) path: &'static str,
    /// How a test is told where it is.
    pub(crate) variable: &'static str,
}

impl Program {
    /// The machine's own, or the one unpacked into `folder`.
    pub(crate) fn find(&self, folder: &Path) -> Result<PathBuf> {
        let mut places = vec![PathBuf::from("/").join(self.path), folder.join(self.path)];
        let there = |places: &[PathBuf]| places.iter().find(|place| place.is_file()).cloned();
        if let Some(found) = there(&places) {
            return Ok(found);
        }
        println!("unpacking Debian's {}", self.name);
        self.unpack(folder)?;
        there(&places.split_off(1)).ok_or_else(|| {
            let packages = self.packages.join(", ");
            Failure::new(format!("Debian's {packages} have no {}; install {}", self.path, self.name))
        })
    }

    /// Tells `command` where the program is, and lets it find the libraries that were unpacked with it.
    pub(crate) fn tell(&self, command: &mut Command, folder: &Path) -> Result<()> {
        command.env(self.variable, self.find(folder)?);
        let arch = std::env::consts::ARCH;
        let libraries = ["usr/lib", "lib"].map(|path| folder.join(format!("{path}/{arch}-linux-gnu")));
        let libraries: Vec<_> = libraries.iter().filter(|path| path.is_dir()).collect();
        if let Ok(paths) = std::env::join_paths(&libraries)
            && !libraries.is_empty()
        {
            command.env("LD_LIBRARY_PATH", paths);
        }
        Ok(())
    }

    fn unpack(&self, folder: &Path) -> Result<()> {
        let packages = folder.join("packages");
        std::fs::create_dir_all(&packages).during("making the folder for packages")?;
        if self.download(&[], &packages).is_err() {
            // The lists of packages may be absent or old.
            run(Command::new("apt-get").arg("update").stdout(Stdio::null()))?;
            if self.download(&[], &packages).is_err() {
                self.download_backport(&packages)?;
            }
        }
        for entry in std::fs::read_dir(&packages).during("reading the folder for packages")? {
            let path = entry.during("reading the folder for packages")?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_ours = name.split_once('_').is_some_and(|(package, _)| self.packages.contains(&package));
            if is_ours && name.ends_with(".deb") {
                output(Command::new("dpkg").arg("-x").arg(&path).arg(folder))?;
            }
        }
        Ok(())
    }

    fn download(&self, options: &[String], packages: &Path) -> Result<()> {
        let mut download = Command::new("apt-get");
        run(download
            .args(options)
            .arg("download")
            .args(self.packages)
            .current_dir(packages)
            .stdout(Stdio::null()))
    }

    /// From the backports of the machine's own release, by the mirror that the machine uses.
    fn download_backport(&self, packages: &Path) -> Result<()> {
        let targets = output(Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(REPO_URI) $(CODENAME) $(ORIGIN)",
        ]))?;
        let mirror = targets.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            let (uri, codename, origin) = (words.next()?, words.next()?, words.next()?);
            (origin == "Debian" && !codename.contains('-')).then_some((uri, codename))
        });
        let Some((uri, codename)) = mirror else {
            return Err(Failure::new(format!("this is no Debian with a mirror; install {}", self.name)));
        };
        let lists = packages.join("lists");
        std::fs::create_dir_all(lists.join("partial")).during("making the folder for package lists")?;
        let sources = packages.join("backports.list");
        let signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
        std::fs::write(
            &sources,
            format!("deb {signed} {uri} {codename} main\ndeb {signed} {uri} {codename}-backports main\n"),
        )
        .during("writing the list of backports")?;
        let options = [
            format!("-oDir::Etc::SourceList={}", sources.display()),
            "-oDir::Etc::SourceParts=/dev/null".to_owned(),
            format!("-oDir::State::Lists={}", lists.display()),
            "-oAPT::Sandbox::User=root".to_owned(),
            format!("-oAPT::Default-Release={codename}-backports"),
        ];
        run(Command::new("apt-get").args(&options).arg("update").stdout(Stdio::null()))?;
        self.download(&options, packages)
    }
}
