#ifndef CLINUX_H
#define CLINUX_H

// What Swift cannot call: system calls without a wrapper, variadic functions and macros.

// An open read-only descriptor of `name` below the directory `root`, or -errno. Neither `..`, nor a symbolic link,
// nor a magic link leads outside (openat2(2)).
int linux_open_beneath(const char *root, const char *name);

// Processors this process may run on; at least 1.
int linux_processors(void);

// Gives the pages of freed memory back to the system.
void linux_trim_memory(void);

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

#endif
