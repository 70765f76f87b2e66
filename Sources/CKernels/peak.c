#include "CKernels.h"
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifndef KERNEL_LEVEL

// Sums that do not wait for each other: more than a multiplication's latency takes.
enum { PEAK_SUMS = 12 };

#define KERNEL_FILE "peak.c"
#include "each_level.h"

#if defined(__x86_64__)

__attribute__((target("arch=x86-64-v4,avx512bf16"))) double bf16_peak(float *sum, size_t N) {
    __m512 sums[PEAK_SUMS];
    for (int s = 0; s < PEAK_SUMS; s++) sums[s] = _mm512_set1_ps(*sum);
    const __m512bh x = (__m512bh)_mm512_set1_epi32(0x3F803F80);
    for (size_t n = 0; n < N; n++)
#pragma clang loop unroll(full)
        for (int s = 0; s < PEAK_SUMS; s++) sums[s] = _mm512_dpbf16_ps(sums[s], x, x);
    for (int s = 0; s < PEAK_SUMS; s++) *sum += _mm512_reduce_add_ps(sums[s]);
    return (double)N * PEAK_SUMS * 64;
}

#else

double bf16_peak(float *sum, size_t N) {
    *sum += (float)N;
    return 0;
}

#endif

#else

KERNEL(double, f32_peak)(float *sum, size_t N) {
#if KERNEL_LEVEL == 4
    __m512 sums[PEAK_SUMS];
    for (int s = 0; s < PEAK_SUMS; s++) sums[s] = _mm512_set1_ps(*sum);
    const __m512 x = _mm512_set1_ps(*sum + 0.5f);
    for (size_t n = 0; n < N; n++)
#pragma clang loop unroll(full)
        for (int s = 0; s < PEAK_SUMS; s++) sums[s] = _mm512_fmadd_ps(sums[s], x, x);
    for (int s = 0; s < PEAK_SUMS; s++) *sum += _mm512_reduce_add_ps(sums[s]);
    return (double)N * PEAK_SUMS * 32;
#else
    // Eight lanes are a register of AVX2, two of what is older.
    typedef float eight __attribute__((vector_size(32)));
    eight sums[PEAK_SUMS];
    for (int s = 0; s < PEAK_SUMS; s++) sums[s] = (eight){0} + *sum;
    const eight x = (eight){0} + (*sum + 0.5f);
    for (size_t n = 0; n < N; n++)
#pragma clang loop unroll(full)
        for (int s = 0; s < PEAK_SUMS; s++) sums[s] = sums[s] * x + x;
    for (int s = 0; s < PEAK_SUMS; s++)
        for (int l = 0; l < 8; l++) *sum += sums[s][l];
    return (double)N * PEAK_SUMS * 16;
#endif
}

#endif
