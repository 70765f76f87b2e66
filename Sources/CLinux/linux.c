#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int linux_open_beneath(const char *root, const char *name) {
    int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -errno;
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long descriptor = syscall(SYS_openat2, directory, name, &how, sizeof how);
    int code = errno;
    close(directory);
    return descriptor < 0 ? -code : (int)descriptor;
}

int linux_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}

void linux_trim_memory(void) { malloc_trim(0); }

void linux_map_allocations(int smallest) { mallopt(M_MMAP_THRESHOLD, smallest); }

int linux_kill_process(int pid, int (*is_wanted)(int pid, const void *context), const void *context) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0) return -errno;
    // The descriptor stands for whoever has the number now; only then is it worth asking whether it is the right one.
    int code = is_wanted(pid, context) ? 0 : ESRCH;
    if (code == 0 && syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, (void *)0, 0) != 0) code = errno;
    close(descriptor);
    return -code;
}

void linux_lower_priority(int thread, int niceness) { setpriority(PRIO_PROCESS, (id_t)thread, niceness); }

int linux_raise_descriptors(int most) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
    rlim_t wanted = limit.rlim_max < (rlim_t)most ? limit.rlim_max : (rlim_t)most;
    if (limit.rlim_cur < wanted) {
        struct rlimit raised = {wanted, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit.rlim_cur = wanted;
    }
    return limit.rlim_cur < (rlim_t)most ? (int)limit.rlim_cur : most;
}

void linux_renounce_privileges(void) { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

void linux_renounce(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    linux_renounce_privileges();
}
