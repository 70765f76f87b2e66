#ifndef KERNEL_LEVEL_H
#define KERNEL_LEVEL_H

// The instructions that the kernels use: 1, 3 or 4 for x86-64, -v3 (AVX2) and -v4 (AVX-512); 0 on other processors,
// which have one level. ONEDNN_MAX_CPU_ISA (SSE41, AVX, AVX2, …) bounds them as it bounds oneDNN's.
int kernels_level(void);

#endif
