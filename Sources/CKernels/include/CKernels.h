#ifndef CKERNELS_H
#define CKERNELS_H

#include "analysis_kernels.h"
#include "bf16_kernels.h"
#include "kernel_level.h"
#include "optimizer_kernels.h"
#include "product_kernels.h"
#include "training_kernels.h"
#include "variant_kernels.h"

#include <stddef.h>

// Loops over floats that the libraries lack. Outputs first, sizes last; no allocation, no globals, no threads, no
// errors. Shapes: B images, T tokens, C width of a token, H heads, N rows. `restrict`: outputs never overlap inputs
// unless a comment says so.

// out (N, C), mean (N), rstd (N) from inp (N, C): (inp − mean) · rstd · weight (C) + bias (C). mean and rstd may be null.
void layernorm_forward(float *restrict out, float *restrict mean, float *restrict rstd, const float *restrict inp,
                       const float *restrict weight, const float *restrict bias, float eps, size_t N, size_t C);

// Each row of x (N, C), ld apart, becomes its softmax; bias (N, C) is added first unless null.
void softmax_forward(float *restrict x, const float *restrict bias, size_t N, size_t C, size_t ld);

// out (N, H) = silu(gates (first H of each row of inp (N, 2H))) · the rest of the row.
void swiglu_forward(float *restrict out, const float *restrict inp, size_t N, size_t H);

// x (N) becomes its exact GELU, erf form.
void gelu_forward(float *restrict x, size_t N);

// out (GH·GW, CH·P·P) from image (CH, GH·P, GW·P): the pixels of each patch, ordered (channel, row, column).
void patches_forward(float *restrict out, const float *restrict image, size_t CH, size_t GH, size_t GW, size_t P);

// out (OH·OW, CH·9) from inp, CH channels of IH × IW pixels: the 3×3 neighbourhoods at stride 2, padding 1, ordered
// (channel, row, column). Channels lie `channel` floats apart, pixels `pixel`.
void neighbourhoods_forward(float *restrict out, const float *restrict inp, size_t CH, size_t IH, size_t IW,
                            size_t channel, size_t pixel);

// out (T, C): the rows of prefix (P, C), then patches (T − P, C) plus pos (T − P, C); pos may be null.
void tokens_forward(float *restrict out, const float *restrict prefix, const float *restrict patches,
                    const float *restrict pos, size_t T, size_t P, size_t C);

// out (C) = the mean of the rows of inp (N, C).
void mean_rows_forward(float *restrict out, const float *restrict inp, size_t N, size_t C);

// x (N) becomes max(x, 0).
void relu_forward(float *restrict x, size_t N);

#endif
