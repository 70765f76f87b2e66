// Tells the thread sanitizer of the locks of Swift's Mutex that are taken and given back inside the standard library,
// which is not instrumented: without it every value behind a lock that two threads wanted at once is reported as a race.
// To be loaded before everything else (LD_PRELOAD) by a program under the thread sanitizer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context)) void *self

// The sanitizer's own; the program that is looked at has them.
__attribute__((weak)) extern void __tsan_acquire(void *address);
__attribute__((weak)) extern void __tsan_release(void *address);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void unlock_slow(SELF) __asm__(UNLOCK);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) {
    static __attribute__((swiftcall)) void (*next)(uint32_t, SELF);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, LOCK);
    next(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

__attribute__((swiftcall)) void unlock_slow(SELF) {
    static __attribute__((swiftcall)) void (*next)(SELF);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(self);
    next(self);
}
