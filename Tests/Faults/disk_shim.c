/* Stands between a program and its disk (LD_PRELOAD): calls on what lies below one directory are counted, written down,
 * and made to fail where a test wants it. The wall clock can be moved as well. `shim.py` compiles it and speaks with it.
 *
 *   FAULTS_BELOW   the directory, absolute and without links in its path
 *   FAULTS_STATE   a file of `struct state`, which every process under the shim and the test share
 *   FAULTS_LOG     where calls are written down; nothing is without it
 *
 * Processes that the program starts are under the shim too, whatever environment they are given. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Kinds of calls, and of lines of the log; `shim.py` has the same order. */
enum call { WRITE, SYNC, RENAME, OPEN, MAP, TRUNCATE, UNLINK, MKDIR, LINK, CALLS };
enum line { L_CREATE, L_WRITE, L_SIZE, L_SYNC, L_RENAME, L_UNLINK, L_MKDIR, L_RMDIR, L_LINK };

struct state {
    _Atomic uint64_t sequence;      /* of the log */
    _Atomic uint64_t counts[16];    /* calls of each kind */
    _Atomic uint64_t planned;       /* calls that the plan is about, so far */
    _Atomic uint64_t failed;        /* those that were made to fail */
    _Atomic uint64_t plan_kinds;    /* bits of `enum call` */
    _Atomic uint64_t plan_first;    /* from which one on they fail, counted from 1; 0 for none */
    _Atomic uint64_t plan_count;    /* how many fail */
    _Atomic uint64_t plan_error;    /* errno; 0 for half of a write */
    _Atomic int64_t clock_shift;    /* of the wall clock, nanoseconds */
    _Atomic int64_t sleep_shift;    /* of the clocks that only go on, as if the machine had slept, nanoseconds */
};

/* A line of the log; `count` bytes follow, then the two paths. */
struct record {
    uint32_t magic, kind;
    uint64_t sequence, began, inode, offset, count;
    uint32_t path, other;
};

#define MAGIC 0x4b534944u
#define FDS 65536

static struct state *state;
static char below[PATH_MAX];
static size_t below_length;
static int log_file = -1;
/* 0 not known, 1 below the directory, 2 elsewhere */
static _Atomic unsigned char places[FDS];

#define REAL(name) ((__typeof__(&name))real(&name##_real, #name))
#define SLOT(name) static _Atomic(void *) name##_real

static void *real(_Atomic(void *) *slot, const char *name) {
    void *found = atomic_load(slot);
    if (!found) {
        found = dlsym(RTLD_NEXT, name);
        atomic_store(slot, found);
    }
    return found;
}

SLOT(execve);

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("FAULTS_BELOW"), *shared = getenv("FAULTS_STATE"), *log = getenv("FAULTS_LOG");
    if (!folder || !shared || strlen(folder) >= sizeof below) return;
    int file = syscall(SYS_openat, AT_FDCWD, shared, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *mapped = (void *)syscall(SYS_mmap, NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (mapped == MAP_FAILED) return;
    strcpy(below, folder);
    below_length = strlen(below);
    if (log) log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* Between fork and exec nothing may be looked up. */
    (void)REAL(execve);
    state = mapped;
}

static int is_below(const char *path) {
    return strncmp(path, below, below_length) == 0 && (path[below_length] == '/' || path[below_length] == 0);
}

/* The path of a descriptor, without the mark that the kernel gives to what was removed. */
static int path_of(int fd, char *path) {
    char name[40];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, name, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int is_ours(int fd) {
    if (!state || fd < 0 || fd >= FDS) return 0;
    unsigned char place = atomic_load(&places[fd]);
    if (!place) {
        char path[PATH_MAX];
        int saved = errno;
        place = path_of(fd, path) && is_below(path) ? 1 : 2;
        errno = saved;
        atomic_store(&places[fd], place);
    }
    return place == 1;
}

static void forget(int fd) { if (fd >= 0 && fd < FDS) atomic_store(&places[fd], 0); }

/* `path` from the root on; 0 where it is not below the directory. Names are taken as they are: the program uses none
 * that lead through `..` or a link. */
static int resolve(int folder, const char *path, char *whole) {
    if (!state || !path) return 0;
    if (path[0] == '/') {
        if (strlen(path) >= PATH_MAX) return 0;
        strcpy(whole, path);
    } else {
        char base[PATH_MAX];
        if (folder == AT_FDCWD) {
            if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
        } else if (!path_of(folder, base)) return 0;
        if (snprintf(whole, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return 0;
    }
    return is_below(whole);
}

/* Counts a call; true where it shall fail, and then `errno` says how. */
static int fails(enum call kind) {
    atomic_fetch_add(&state->counts[kind], 1);
    if (!(atomic_load(&state->plan_kinds) >> kind & 1)) return 0;
    uint64_t first = atomic_load(&state->plan_first), number = atomic_fetch_add(&state->planned, 1) + 1;
    if (!first || number < first || number - first >= atomic_load(&state->plan_count)) return 0;
    atomic_fetch_add(&state->failed, 1);
    errno = atomic_load(&state->plan_error);
    return 1;
}

static uint64_t inode(int fd) {
    struct stat status;
    int saved = errno;
    uint64_t found = fstat(fd, &status) == 0 ? status.st_ino : 0;
    errno = saved;
    return found;
}

static uint64_t now_sequence(void) { return state ? atomic_load(&state->sequence) : 0; }

static void tell(enum line kind, uint64_t began, uint64_t node, uint64_t offset, const struct iovec *data, int parts,
                 uint64_t count, const char *path, const char *other) {
    if (log_file < 0) {
        atomic_fetch_add(&state->sequence, 1);
        return;
    }
    int saved = errno;
    struct record record = {.magic = MAGIC, .kind = kind, .began = began, .inode = node, .offset = offset,
        .count = data ? count : 0, .path = path ? strlen(path) : 0, .other = other ? strlen(other) : 0};
    struct iovec all[70];
    int used = 0;
    all[used++] = (struct iovec){&record, sizeof record};
    uint64_t left = record.count;
    for (int part = 0; part < parts && left && used < 66; part++) {
        size_t size = data[part].iov_len < left ? data[part].iov_len : left;
        all[used++] = (struct iovec){data[part].iov_base, size};
        left -= size;
    }
    record.count -= left;
    if (path) all[used++] = (struct iovec){(void *)path, record.path};
    if (other) all[used++] = (struct iovec){(void *)other, record.other};
    record.sequence = atomic_fetch_add(&state->sequence, 1) + 1;
    syscall(SYS_writev, log_file, all, used);
    errno = saved;
}

/* MARK: writing */

SLOT(write); SLOT(pwrite64); SLOT(writev); SLOT(fsync); SLOT(fdatasync); SLOT(ftruncate64); SLOT(fallocate64);
SLOT(openat64); SLOT(close); SLOT(dup2); SLOT(dup3); SLOT(renameat); SLOT(renameat2); SLOT(unlinkat); SLOT(mkdirat);
SLOT(linkat); SLOT(clock_gettime); SLOT(posix_fallocate64); SLOT(copy_file_range); SLOT(sendfile64);
ssize_t sendfile64(int out, int in, off64_t *offset, size_t count);

static uint64_t end_of(int fd) {
    off_t place = lseek(fd, 0, SEEK_CUR);
    if (fcntl(fd, F_GETFL) & O_APPEND) place = lseek(fd, 0, SEEK_END);
    return place < 0 ? 0 : place;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (!is_ours(fd)) return REAL(write)(fd, bytes, count);
    if (fails(WRITE)) {
        if (errno || count < 2) return errno ? -1 : REAL(write)(fd, bytes, count);
        count /= 2;
    }
    ssize_t wrote = REAL(write)(fd, bytes, count);
    if (wrote > 0) {
        struct iovec part = {(void *)bytes, wrote};
        /* Where it went is known afterwards, also where several append. */
        off_t end = lseek(fd, 0, SEEK_CUR);
        tell(L_WRITE, 0, inode(fd), end < wrote ? 0 : end - wrote, &part, 1, wrote, NULL, NULL);
    }
    return wrote;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!is_ours(fd)) return REAL(writev)(fd, parts, count);
    if (fails(WRITE) && errno) return -1;
    uint64_t place = end_of(fd);
    ssize_t wrote = REAL(writev)(fd, parts, count);
    if (wrote > 0) tell(L_WRITE, 0, inode(fd), place, parts, count, wrote, NULL, NULL);
    return wrote;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    if (!is_ours(fd)) return REAL(pwrite64)(fd, bytes, count, offset);
    if (fails(WRITE)) {
        if (errno || count < 2) return errno ? -1 : REAL(pwrite64)(fd, bytes, count, offset);
        count /= 2;
    }
    ssize_t wrote = REAL(pwrite64)(fd, bytes, count, offset);
    if (wrote > 0) {
        struct iovec part = {(void *)bytes, wrote};
        tell(L_WRITE, 0, inode(fd), offset, &part, 1, wrote, NULL, NULL);
    }
    return wrote;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

/* What another file gave, read back for the log. */
static void tell_copied(int fd, uint64_t place, ssize_t count) {
    char piece[65536];
    while (count > 0) {
        ssize_t got = pread(fd, piece, (size_t)count < sizeof piece ? (size_t)count : sizeof piece, place);
        if (got <= 0) return;
        struct iovec part = {piece, got};
        tell(L_WRITE, 0, inode(fd), place, &part, 1, got, NULL, NULL);
        place += got;
        count -= got;
    }
}

ssize_t copy_file_range(int in, off64_t *in_place, int out, off64_t *out_place, size_t count, unsigned flags) {
    if (!is_ours(out)) return REAL(copy_file_range)(in, in_place, out, out_place, count, flags);
    if (fails(WRITE) && errno) return -1;
    uint64_t place = out_place ? (uint64_t)*out_place : end_of(out);
    ssize_t wrote = REAL(copy_file_range)(in, in_place, out, out_place, count, flags);
    if (wrote > 0) tell_copied(out, place, wrote);
    return wrote;
}

ssize_t sendfile64(int out, int in, off64_t *offset, size_t count) {
    if (!is_ours(out)) return REAL(sendfile64)(out, in, offset, count);
    if (fails(WRITE) && errno) return -1;
    uint64_t place = end_of(out);
    ssize_t wrote = REAL(sendfile64)(out, in, offset, count);
    if (wrote > 0) tell_copied(out, place, wrote);
    return wrote;
}

ssize_t sendfile(int out, int in, off_t *offset, size_t count) { return sendfile64(out, in, offset, count); }

/* What was written before a sync began is durable when it ends. */
static int synced(int fd, int (*sync)(int)) {
    if (fails(SYNC)) {
        if (!errno) errno = EIO;
        return -1;
    }
    uint64_t began = now_sequence();
    int result = sync(fd);
    if (result == 0) {
        char path[PATH_MAX];
        tell(L_SYNC, began, inode(fd), 0, NULL, 0, 0, path_of(fd, path) ? path : NULL, NULL);
    }
    return result;
}

int fsync(int fd) { return is_ours(fd) ? synced(fd, REAL(fsync)) : REAL(fsync)(fd); }
int fdatasync(int fd) { return is_ours(fd) ? synced(fd, REAL(fdatasync)) : REAL(fdatasync)(fd); }

static void tell_size(int fd) {
    struct stat status;
    int saved = errno;
    if (fstat(fd, &status) == 0) tell(L_SIZE, 0, status.st_ino, status.st_size, NULL, 0, 0, NULL, NULL);
    errno = saved;
}

int ftruncate64(int fd, off64_t length) {
    if (!is_ours(fd)) return REAL(ftruncate64)(fd, length);
    if (fails(TRUNCATE) && errno) return -1;
    int result = REAL(ftruncate64)(fd, length);
    if (result == 0) tell_size(fd);
    return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    if (!is_ours(fd)) return REAL(fallocate64)(fd, mode, offset, length);
    if (fails(TRUNCATE) && errno) return -1;
    int result = REAL(fallocate64)(fd, mode, offset, length);
    if (result == 0) tell_size(fd);
    return result;
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    if (!is_ours(fd)) return REAL(posix_fallocate64)(fd, offset, length);
    if (fails(TRUNCATE) && errno) return errno;
    int result = REAL(posix_fallocate64)(fd, offset, length);
    if (result == 0) tell_size(fd);
    return result;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

/* MARK: names */

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    if (!resolve(folder, path, whole)) {
        int fd = REAL(openat64)(folder, path, flags, mode);
        forget(fd);
        return fd;
    }
    if (fails(OPEN) && errno) return -1;
    struct stat before;
    int is_new = flags & O_CREAT && syscall(SYS_newfstatat, AT_FDCWD, whole, &before, AT_SYMLINK_NOFOLLOW) != 0;
    int fd = REAL(openat64)(folder, path, flags, mode);
    if (fd < 0) return fd;
    if (fd < FDS) atomic_store(&places[fd], 1);
    if (is_new) tell(L_CREATE, 0, inode(fd), 0, NULL, 0, 0, whole, NULL);
    if (flags & O_TRUNC && !is_new) tell_size(fd);
    return fd;
}

static mode_t mode_of(int flags, va_list list) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; }

#define OPENING(name, folder, ...)                                                                                    \
    int name(__VA_ARGS__, int flags, ...) {                                                                           \
        va_list list;                                                                                                 \
        va_start(list, flags);                                                                                        \
        mode_t mode = mode_of(flags, list);                                                                           \
        va_end(list);                                                                                                 \
        return opened(folder, path, flags, mode);                                                                     \
    }
OPENING(open, AT_FDCWD, const char *path)
OPENING(open64, AT_FDCWD, const char *path)
OPENING(openat, folder, int folder, const char *path)
OPENING(openat64, folder, int folder, const char *path)
int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __openat_2(int folder, const char *path, int flags) { return opened(folder, path, flags, 0); }
int __openat64_2(int folder, const char *path, int flags) { return opened(folder, path, flags, 0); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int close(int fd) {
    forget(fd);
    return REAL(close)(fd);
}

int dup2(int old, int new) {
    forget(new);
    int fd = REAL(dup2)(old, new);
    forget(fd);
    return fd;
}

int dup3(int old, int new, int flags) {
    forget(new);
    int fd = REAL(dup3)(old, new, flags);
    forget(fd);
    return fd;
}

static int renamed(int from, const char *path, int to, const char *name, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX];
    int is_old = resolve(from, path, old), is_new = resolve(to, name, new);
    if ((is_old || is_new) && fails(RENAME) && errno) return -1;
    int result = flags ? REAL(renameat2)(from, path, to, name, flags) : REAL(renameat)(from, path, to, name);
    if (result == 0 && (is_old || is_new)) tell(L_RENAME, 0, 0, flags, NULL, 0, 0, old, new);
    return result;
}

int rename(const char *path, const char *name) { return renamed(AT_FDCWD, path, AT_FDCWD, name, 0); }
int renameat(int from, const char *path, int to, const char *name) { return renamed(from, path, to, name, 0); }
int renameat2(int from, const char *path, int to, const char *name, unsigned flags) {
    return renamed(from, path, to, name, flags);
}

static int removed(int folder, const char *path, int flags) {
    char whole[PATH_MAX];
    int ours = resolve(folder, path, whole);
    if (ours && fails(UNLINK) && errno) return -1;
    int result = REAL(unlinkat)(folder, path, flags);
    if (result == 0 && ours) tell(flags & AT_REMOVEDIR ? L_RMDIR : L_UNLINK, 0, 0, 0, NULL, 0, 0, whole, NULL);
    return result;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return removed(folder, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *path, mode_t mode) {
    char whole[PATH_MAX];
    int ours = resolve(folder, path, whole);
    if (ours && fails(MKDIR) && errno) return -1;
    int result = REAL(mkdirat)(folder, path, mode);
    if (result == 0 && ours) tell(L_MKDIR, 0, 0, 0, NULL, 0, 0, whole, NULL);
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int linkat(int from, const char *path, int to, const char *name, int flags) {
    char old[PATH_MAX], new[PATH_MAX];
    int ours = resolve(to, name, new);
    if (ours && fails(LINK) && errno) return -1;
    int result = REAL(linkat)(from, path, to, name, flags);
    if (result == 0 && ours && resolve(from, path, old)) tell(L_LINK, 0, 0, 0, NULL, 0, 0, old, new);
    return result;
}

int link(const char *path, const char *name) { return linkat(AT_FDCWD, path, AT_FDCWD, name, 0); }

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
    if (state && !(flags & MAP_ANONYMOUS) && is_ours(fd) && fails(MAP) && errno) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap64(address, length, protection, flags, fd, offset);
}

/* MARK: processes and clocks */

/* An environment with the shim in it. Between fork and exec nothing may be allocated, so it lies with the caller. */
struct environment {
    char *all[512], own[4][PATH_MAX + 32];
};

static char *const *extended(char *const given[], struct environment *room) {
    static const char *const names[] = {"LD_PRELOAD", "FAULTS_BELOW", "FAULTS_STATE", "FAULTS_LOG"};
    if (!state) return given;
    int used = 0;
    for (int index = 0; index < 4; index++) {
        const char *value = getenv(names[index]);
        if (!value) continue;
        snprintf(room->own[index], sizeof room->own[index], "%s=%s", names[index], value);
        room->all[used++] = room->own[index];
    }
    for (int index = 0; given && given[index] && used < 511; index++) {
        int is_known = 0;
        for (int name = 0; name < 4; name++) {
            size_t length = strlen(names[name]);
            is_known |= strncmp(given[index], names[name], length) == 0 && given[index][length] == '=';
        }
        if (!is_known) room->all[used++] = given[index];
    }
    room->all[used] = NULL;
    return room->all;
}

int execve(const char *path, char *const arguments[], char *const environment[]) {
    struct environment room;
    return REAL(execve)(path, arguments, extended(environment, &room));
}

SLOT(posix_spawn);

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
    struct environment room;
    return REAL(posix_spawn)(pid, path, actions, attributes, arguments, extended(environment, &room));
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime)(clock, time);
    if (!state || result != 0) return result;
    int64_t shift = 0;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) shift = atomic_load(&state->clock_shift);
    if (clock == CLOCK_BOOTTIME) shift = atomic_load(&state->sleep_shift);
    if (shift) {
        int64_t nanoseconds = time->tv_nsec + shift % 1000000000;
        time->tv_sec += shift / 1000000000 + (nanoseconds < 0 ? -1 : nanoseconds / 1000000000);
        time->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    }
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *place) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (place) *place = now.tv_sec;
    return now.tv_sec;
}
