#ifndef BF16_KERNELS_H
#define BF16_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Kernels whose products are of bf16 numbers, the upper halves of f32; what is summed, and everything else, is f32.

// Whether attention_bf16 may be called: the processor multiplies pairs of bf16 (AVX512-BF16), and the environment allows
// it (kernel_level.h).
int kernels_have_bf16(void);

// out (N) = inp (N), rounded to nearest even.
void bf16_forward(uint16_t *restrict out, const float *restrict inp, size_t N);

// out (N) = scale · inp (N), rounded to nearest even.
void bf16_scaled(uint16_t *restrict out, const float *restrict inp, float scale, size_t N);

// out (N, C), rows ld apart: exact GELU, erf form, of inp (N, C), rounded to nearest even.
void gelu_bf16_forward(uint16_t *restrict out, const float *restrict inp, size_t N, size_t C, size_t ld);

// Some queries of one head of one image: softmax(q · kᵀ · scale + bias) and its product with the values. A query's numbers
// depend on no other query.
//
// qkv: queries, keys and values (T, D) each, `width` numbers apart, rows 3 · width apart. bias (T, T) may be null. queries
// (N) are positions below T. Row queries[n] of `out` (T, D), rows width apart, is written, and the same rounded of
// `rounded`; both may be null. Where slots[n] ≥ 0, row slots[n] of maps (…, T) is written. scratch has
// attention_bf16_scratch(T, D) numbers on a boundary of 64 bytes.
void attention_bf16(float *restrict out, uint16_t *restrict rounded, float *restrict maps, const uint16_t *restrict qkv,
                    const float *restrict bias, float scale, const int32_t *restrict queries,
                    const int32_t *restrict slots, float *restrict scratch, size_t N, size_t T, size_t D,
                    size_t width);

size_t attention_bf16_scratch(size_t T, size_t D);

#endif
