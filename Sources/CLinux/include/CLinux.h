#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>

// What Swift cannot call: system calls without a wrapper, variadic functions and macros.

// An open read-only descriptor of `name` below the directory `root`, or -errno. Neither `..`, nor a symbolic link,
// nor a magic link leads outside (openat2(2)).
int linux_open_beneath(const char *root, const char *name);

// Processors this process may run on; at least 1.
int linux_processors(void);

// Gives the pages of freed memory back to the system.
void linux_trim_memory(void);
// From `smallest` bytes on, each allocation of this process gets pages of its own.
void linux_map_allocations(int smallest);

// Ends the process `pid` at once if `is_wanted` says, of the process that has the number, that it is meant; 0 or -errno.
int linux_kill_process(int pid, int (*is_wanted)(int pid, const void *context), const void *context);

// Sets how far the thread steps back behind others; 0 is the calling one.
void linux_lower_priority(int thread, int niceness);

// Raises how many descriptors this process may have open as far as it may itself, to `most` at the most; hands back how
// many that are.
int linux_raise_descriptors(int most);

// No privileges that a program's file would give, for this thread and all that it starts.
void linux_renounce_privileges(void);

// No core dumps, and no privileges that a program's file would give.
void linux_renounce(void);

// The two ends of a connection inside this machine that keeps the borders of messages, closed in programs that are run;
// 0 or -errno.
int linux_message_pair(int ends[2]);

// Sends `size` bytes as one message, with the descriptor `attached` where it is not negative; 0 or -errno. Never a signal.
int linux_send_message(int socket, const void *bytes, size_t size, int attached);

// Waits for a message and leaves it there. Returns how many bytes it has, 0 where the other end is gone, or -errno.
long linux_next_message(int socket);

// Waits for a message and receives at most `room` bytes of it; `attached` becomes the first descriptor that came with it,
// closed in programs that are run, or -1. Returns how many bytes it has, 0 where the other end is gone, or -errno, with
// EMSGSIZE for a message that has more than `room`.
long linux_receive_message(int socket, void *bytes, size_t room, int *attached);

// A descriptor of memory with no name, closed in programs that are run, or -errno.
int linux_memory_file(const char *label);

// The most that this process may use from here on: address space, seconds of processor time, bytes of one file; 0 for no
// limit. 0 or -errno.
int linux_limit(unsigned long address_bytes, unsigned long cpu_seconds, unsigned long file_bytes, unsigned long descriptors);

// What a process that looks at hostile bytes may do no more, from here on and on all of its threads: run programs, make
// processes, reach a network, trace others, change the system. With `LINUX_CONFINE_STRICT` it also opens nothing for
// writing and starts no threads. What is refused fails with EPERM. 0 or -errno.
enum { LINUX_CONFINE_STRICT = 1 };
int linux_confine(int flags);

// Lets this thread, and those that it starts, open only what lies below `readable`, `count` paths, and only for reading.
// 0 or -errno; ENOSYS or EOPNOTSUPP where the kernel cannot.
int linux_confine_files(const char *const *readable, int count);

#endif
