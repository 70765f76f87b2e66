#ifndef VARIANT_KERNELS_H
#define VARIANT_KERNELS_H

#include <stddef.h>

// What some networks have where the plain one has GELU, layer norm and a table of positions; see CKernels.h for the rules.

// out (N) = x · ½(1 + tanh(√(2/π)(x + 0.044715 x³))) of inp (N), and dinp (N) from dout (N) and inp (N).
void gelu_tanh_forward(float *restrict out, const float *restrict inp, size_t N);
void gelu_tanh_backward(float *restrict dinp, const float *restrict dout, const float *restrict inp, size_t N);

// out (N) = x · sigmoid(scale · x) of inp (N), and dinp (N) from dout (N) and inp (N).
void swish_forward(float *restrict out, const float *restrict inp, float scale, size_t N);
void swish_backward(float *restrict dinp, const float *restrict dout, const float *restrict inp, float scale, size_t N);

// out (N, C) = inp · rstd · weight (C), rstd (N) = 1 / √(mean of squares + eps). rstd may be null.
void rmsnorm_forward(float *restrict out, float *restrict rstd, const float *restrict inp, const float *restrict weight,
                     float eps, size_t N, size_t C);

// Adds to dinp (N, C) and dweight (C), from dout (N, C) and what rmsnorm_forward had.
void rmsnorm_backward(float *restrict dinp, float *restrict dweight, const float *restrict dout,
                      const float *restrict inp, const float *restrict weight, const float *restrict rstd, size_t N,
                      size_t C);

// Turns x (N, D), rows ld apart, in place: of each pair (a, b) with its own angles, a becomes a·cos − b·sin and b becomes
// b·cos + a·sin. cosine and sine are (N, D). A pair is two neighbours, or where halves is not 0 numbers D/2 apart.
void rotate_forward(float *restrict x, const float *restrict cosine, const float *restrict sine, int halves, size_t N,
                    size_t D, size_t ld);

// The gradient at the input of rotate_forward, in place of that at its output.
void rotate_backward(float *restrict x, const float *restrict cosine, const float *restrict sine, int halves, size_t N,
                     size_t D, size_t ld);

#endif
