// Compiles the kernels of KERNEL_FILE once for each level of instructions; see KERNEL in kernels.h. What kernels of one
// level share is a KERNEL_PART(type), compiled into them, or a KERNEL_FUNCTION(type), with a name of the level's own by
// KERNEL_NAME.

#if defined(__x86_64__)

// The first level also makes the name that callers know.
#define KERNEL_LEVEL 4
#define KERNEL_NAME(name) name##_v4
#define KERNEL_PART(type) __attribute__((target("arch=x86-64-v4"), always_inline)) static inline type
#define KERNEL_FUNCTION(type) __attribute__((target("arch=x86-64-v4"), noinline)) static type
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
#undef KERNEL_PART
#undef KERNEL_FUNCTION
#undef KERNEL_NAME
#undef KERNEL_LEVEL

#define KERNEL_LEVEL 3
#define KERNEL_NAME(name) name##_v3
#define KERNEL_PART(type) __attribute__((target("arch=x86-64-v3"), always_inline)) static inline type
#define KERNEL_FUNCTION(type) __attribute__((target("arch=x86-64-v3"), noinline)) static type
#define KERNEL(type, name) __attribute__((target("arch=x86-64-v3"))) type name##_v3
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_PART
#undef KERNEL_FUNCTION
#undef KERNEL_NAME
#undef KERNEL_LEVEL

#define KERNEL_LEVEL 1
#define KERNEL_NAME(name) name##_v1
#define KERNEL_PART(type) __attribute__((always_inline)) static inline type
#define KERNEL_FUNCTION(type) __attribute__((noinline)) static type
#define KERNEL(type, name) type name##_v1
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_PART
#undef KERNEL_FUNCTION
#undef KERNEL_NAME
#undef KERNEL_LEVEL

#else

#define KERNEL_LEVEL 0
#define KERNEL_NAME(name) name##_v0
#define KERNEL_PART(type) __attribute__((always_inline)) static inline type
#define KERNEL_FUNCTION(type) __attribute__((noinline)) static type
#define KERNEL(type, name) type name
#include KERNEL_FILE
#undef KERNEL
#undef KERNEL_PART
#undef KERNEL_FUNCTION
#undef KERNEL_NAME
#undef KERNEL_LEVEL

#endif
