#include "kernels.h"

#include "kernel_level.h"

int kernels_level(void) { return kernel_level(); }

#if !defined(__x86_64__)

int kernel_level(void) { return 0; }

#else

#include <fcntl.h>
#include <sys/syscall.h>

// Resolvers run while the program is being linked, before the C library is ready: system calls are made by hand, and
// nothing here calls a function of another library.

KERNEL_RESOLVER static long system_call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

KERNEL_RESOLVER static int upper(int letter) { return letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter; }

// Whether text (ended by a zero) is word, in whatever case.
KERNEL_RESOLVER static int is_word(const char *text, const char *word) {
    while (*word && upper(*text) == *word) {
        text++;
        word++;
    }
    return !*word && !*text;
}

// What follows name in text, or null.
KERNEL_RESOLVER static const char *after(const char *text, const char *name) {
    while (*name && *text == *name) {
        text++;
        name++;
    }
    return *name ? 0 : text;
}

// The highest level that oneDNN's variable allows.
KERNEL_RESOLVER static int allowed(const char *value) {
    if (is_word(value, "SSE41") || is_word(value, "AVX")) return 1;
    return is_word(value, "AVX2") || is_word(value, "AVX2_VNNI") || is_word(value, "AVX2_VNNI_2") ? 3 : 4;
}

// The level that the environment allows. oneDNN reads ONEDNN_MAX_CPU_ISA first, then its older name.
KERNEL_RESOLVER static int level_of_environment(void) {
    static char line[256];
    char piece[4096];
    int level = 4, is_decided = 0;
    const long file = system_call(SYS_open, (long)"/proc/self/environ", O_RDONLY | O_CLOEXEC, 0);
    if (file < 0) return level;
    unsigned long length = 0;
    long count;
    while ((count = system_call(SYS_read, file, (long)piece, sizeof piece)) > 0)
        for (long n = 0; n < count; n++) {
            if (length < sizeof line) line[length++] = piece[n];
            if (piece[n] != 0) continue;
            // Longer ones are no name of a level.
            line[sizeof line - 1] = 0;
            const char *value = after(line, "ONEDNN_MAX_CPU_ISA=");
            if (value) {
                level = allowed(value);
                is_decided = 1;
            } else if (!is_decided && (value = after(line, "DNNL_MAX_CPU_ISA="))) {
                level = allowed(value);
            }
            length = 0;
        }
    system_call(SYS_close, file, 0, 0);
    return level;
}

KERNEL_RESOLVER int kernel_level(void) {
    static int known;
    if (known) return known;
    __builtin_cpu_init();
    const int level = level_of_environment();
    if (level >= 4 && __builtin_cpu_supports("x86-64-v4"))
        known = 4;
    else if (level >= 3 && __builtin_cpu_supports("x86-64-v3"))
        known = 3;
    else
        known = 1;
    return known;
}

#endif
