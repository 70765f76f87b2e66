#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int limit(int resource, unsigned long most) {
    if (most == 0) return 0;
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) return -errno;
    if (limit.rlim_max > most) limit.rlim_max = most;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit) == 0 ? 0 : -errno;
}

int linux_limit(unsigned long address_bytes, unsigned long cpu_seconds, unsigned long file_bytes, unsigned long descriptors) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    int code = limit(RLIMIT_AS, address_bytes);
    if (code == 0) code = limit(RLIMIT_CPU, cpu_seconds);
    if (code == 0) code = limit(RLIMIT_FSIZE, file_bytes);
    if (code == 0) code = limit(RLIMIT_NOFILE, descriptors);
    return code;
}

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// What nobody needs who only computes. Anything else may be called: a list of what a runtime needs changes with every
// version of it, and a wrong list ends a server.
static const int refused[] = {
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_sendto, SYS_sendmmsg,
    SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_tkill,
    SYS_pidfd_send_signal, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare, SYS_open_tree, SYS_move_mount, SYS_fsopen,
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_keyctl, SYS_add_key, SYS_request_key, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
    SYS_reboot, SYS_swapon, SYS_swapoff, SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime,
    SYS_clock_adjtime, SYS_adjtimex, SYS_acct, SYS_quotactl, SYS_personality, SYS_setuid, SYS_setgid, SYS_setresuid,
    SYS_setresgid, SYS_setgroups, SYS_capset, SYS_seccomp, SYS_name_to_handle_at, SYS_open_by_handle_at,
    SYS_unlinkat, SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_mkdirat, SYS_mknodat, SYS_fchmodat, SYS_fchownat, SYS_truncate,
#if defined(__x86_64__)
    SYS_fork, SYS_vfork, SYS_unlink, SYS_rename, SYS_renameat, SYS_link, SYS_symlink, SYS_mkdir, SYS_rmdir, SYS_mknod, SYS_chmod,
    SYS_chown, SYS_lchown, SYS_creat, SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
};
enum { refused_count = sizeof refused / sizeof *refused, most_steps = 64 + 2 * refused_count };

int linux_confine(int flags) {
#ifndef OWN_ARCHITECTURE
    (void)flags;
    return -ENOSYS;
#else
    struct sock_filter steps[most_steps];
    unsigned count = 0;
#define STEP(code, k, if_true, if_false) steps[count++] = (struct sock_filter){(code), (if_true), (if_false), (uint32_t)(k)}
#define LOAD(field) STEP(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field), 0, 0)
#define ANSWER(action) STEP(BPF_RET | BPF_K, (action), 0, 0)
    LOAD(arch);
    STEP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0);
    ANSWER(SECCOMP_RET_KILL_PROCESS);
    LOAD(nr);
#if defined(__x86_64__)
    // The calls of the x32 ABI have other numbers.
    STEP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    ANSWER(SECCOMP_RET_KILL_PROCESS);
#endif
    for (unsigned index = 0; index < refused_count; index++) {
        STEP(BPF_JMP | BPF_JEQ | BPF_K, refused[index], 0, 1);
        ANSWER(SECCOMP_RET_ERRNO | EPERM);
    }
    // Signals to itself, which is how a program aborts.
    static const int signals[] = {SYS_kill, SYS_tgkill};
    for (unsigned index = 0; index < 2; index++) {
        STEP(BPF_JMP | BPF_JEQ | BPF_K, signals[index], 0, 4);
        LOAD(args[0]);
        STEP(BPF_JMP | BPF_JEQ | BPF_K, getpid(), 0, 1);
        ANSWER(SECCOMP_RET_ALLOW);
        ANSWER(SECCOMP_RET_ERRNO | EPERM);
    }
    // A filter does not see the arguments of clone3; told that it does not exist, the C library calls clone instead.
    STEP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
    ANSWER(SECCOMP_RET_ERRNO | ENOSYS);
    // Threads, and no processes.
    STEP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    LOAD(args[0]);
    STEP(BPF_JMP | BPF_JSET | BPF_K, flags & LINUX_CONFINE_STRICT ? 0 : CLONE_THREAD, 1, 0);
    ANSWER(SECCOMP_RET_ERRNO | EPERM);
    ANSWER(SECCOMP_RET_ALLOW);
    if (flags & LINUX_CONFINE_STRICT) {
        STEP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4);
        LOAD(args[2]);
        STEP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1);
        ANSWER(SECCOMP_RET_ERRNO | EPERM);
        ANSWER(SECCOMP_RET_ALLOW);
#if defined(__x86_64__)
        STEP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 0, 1);
        ANSWER(SECCOMP_RET_ERRNO | EPERM);
#endif
    }
    ANSWER(SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(unsigned short)count, steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0 ? 0 : -errno;
#endif
}

int linux_confine_files(const char *const *readable, int count) {
    // Every right of the first version, which all kernels with Landlock have, and those to truncate and to link elsewhere
    // of later ones where they are known.
    uint64_t handled = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    long version = syscall(SYS_landlock_create_ruleset, (void *)0, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0) return -errno;
    if (version >= 2) handled |= 1ULL << 13;
    if (version >= 3) handled |= 1ULL << 14;
    struct landlock_ruleset_attr rules = {.handled_access_fs = handled};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (ruleset < 0) return -errno;
    int code = 0;
    for (int index = 0; index < count && code == 0; index++) {
        int place = open(readable[index], O_PATH | O_CLOEXEC);
        // What is not there cannot be read either.
        if (place < 0) continue;
        struct landlock_path_beneath_attr beneath = {
            .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR, .parent_fd = place};
        if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0) {
            // A right to list does not go with a file.
            beneath.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
            if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0) code = -errno;
        }
        close(place);
    }
    if (code == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) code = -errno;
    if (code == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) code = -errno;
    close(ruleset);
    return code;
}
