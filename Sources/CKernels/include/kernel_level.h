#ifndef KERNEL_LEVEL_H
#define KERNEL_LEVEL_H

#include <stddef.h>

// The instructions that the kernels use: 1, 3 or 4 for x86-64, -v3 (AVX2) and -v4 (AVX-512); 0 on other processors,
// which have one level. ONEDNN_MAX_CPU_ISA (SSE41, AVX, AVX2, …) bounds them as it bounds oneDNN's.
int kernels_level(void);

// Multiplies and adds N times in registers alone, as quickly as the processor can, and returns how many operations that
// were: a multiplication and an addition count as two. The sum keeps the compiler from leaving it out. bf16_peak is for
// processors with AVX512-BF16; others have none, and it returns 0.
double f32_peak(float *sum, size_t N);
double bf16_peak(float *sum, size_t N);

#endif
