//! Which errors a system call may have.

/// Those of calls that look for a name.
const PATH: &[&str] = &["EACCES", "EIO", "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "ESTALE"];
/// Those of calls that change a folder.
const CHANGE: &[&str] =
    &["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EIO", "ENOENT", "EEXIST", "EMLINK", "ESTALE", "EINTR"];

/// The errors to try for a call of the store; none for calls that are not about files.
pub(crate) fn errors(call: &str) -> &'static [&'static str] {
    match call {
        "open" | "openat" => &[
            "EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EIO", "ENOENT", "EEXIST", "EMFILE", "ENFILE",
            "ESTALE", "EINTR", "ENOTDIR",
        ],
        "mkdir" | "mkdirat" | "unlink" | "unlinkat" | "rmdir" => CHANGE,
        "link" | "linkat" | "rename" | "renameat" | "renameat2" => &[
            "EACCES",
            "EPERM",
            "EROFS",
            "ENOSPC",
            "EDQUOT",
            "EIO",
            "ENOENT",
            "EEXIST",
            "EMLINK",
            "ESTALE",
            "EINTR",
            "ENOSYS",
            "EINVAL",
            "EOPNOTSUPP",
            "EXDEV",
        ],
        "write" | "pwrite64" | "writev" => &["ENOSPC", "EDQUOT", "EIO", "EINTR", "ESTALE", "EFBIG"],
        "fsync" | "fdatasync" => &["EIO", "ENOSPC", "EDQUOT", "EINTR", "EINVAL", "EROFS", "ENOSYS"],
        "ftruncate" | "fallocate" => {
            &["EIO", "EINTR", "EPERM", "EINVAL", "ENOSPC", "EDQUOT", "EFBIG", "EOPNOTSUPP", "ENOSYS"]
        }
        "read" | "pread64" | "readv" => &["EIO", "EINTR", "ESTALE"],
        "getdents64" => &["EIO", "EINTR", "ENOENT", "ESTALE", "EINVAL"],
        "close" => &["EIO", "EINTR", "ENOSPC", "EDQUOT"],
        "chmod" | "fchmod" | "fchmodat" => &["EPERM", "EROFS", "EIO", "EACCES"],
        "flock" | "fcntl" => &["EINTR", "ENOSYS", "EINVAL", "EIO"],
        "stat" | "lstat" | "fstat" | "newfstatat" | "readlink" | "readlinkat" | "access" | "faccessat"
        | "faccessat2" | "getcwd" => PATH,
        // Without it the C library does with older calls.
        "statx" => &["EACCES", "EIO", "ENOENT", "ENOTDIR", "ESTALE", "ENOSYS", "EPERM"],
        "lseek" => &["EINVAL", "EIO"],
        _ => &[],
    }
}

/// Calls of a thread that have nothing to do with files.
pub(crate) fn is_about_memory_or_time(call: &str) -> bool {
    [
        "futex",
        "mmap",
        "munmap",
        "mremap",
        "mprotect",
        "madvise",
        "brk",
        "clock_gettime",
        "clock_nanosleep",
        "gettid",
        "getpid",
        "getrandom",
        "sched_yield",
        "sched_getaffinity",
        "rt_sigprocmask",
        "sigaltstack",
        "rt_sigaction",
        "restart_syscall",
        "exit",
        "rseq",
        "set_robust_list",
        "prctl",
    ]
    .contains(&call)
}
