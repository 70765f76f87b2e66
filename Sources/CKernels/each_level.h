// Compiles the kernels of KERNEL_FILE once for each level of instructions; see KERNEL in kernels.h.

#if defined(__x86_64__)

// The first level also makes the name that callers know.
#define KERNEL_LEVEL 4
#define KERNEL(type, name)                                                                       \
    extern __typeof__(name) name##_v4, name##_v3, name##_v1;                                     \
    KERNEL_RESOLVER static void *name##_resolver(void) {                                         \
        const int level = kernel_level();                                                        \
        return level == 4 ? (void *)name##_v4 : level == 3 ? (void *)name##_v3 : (void *)name##_v1; \
    }                                                                                            \
    extern __typeof__(name) name __attribute__((ifunc(#name "_resolver")));                      \
    __attribute__((target("arch=x86-64-v4"))) type name##_v4
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_LEVEL

#define KERNEL_LEVEL 3
#define KERNEL(type, name) __attribute__((target("arch=x86-64-v3"))) type name##_v3
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_LEVEL

#define KERNEL_LEVEL 1
#define KERNEL(type, name) type name##_v1
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_LEVEL

#else

#define KERNEL_LEVEL 0
#define KERNEL(type, name) type name
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_LEVEL

#endif
