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

#endif
