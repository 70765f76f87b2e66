#ifndef TRAINING_KERNELS_H
#define TRAINING_KERNELS_H

#include <stddef.h>

// Loops of a training step, forward and backward in pairs. Outputs first, sizes last; no allocation, no globals, no
// threads, no errors. Gradients of parameters accumulate; gradients of activations overwrite, but for those that a
// comment says add, where residual branches meet. `d` is the gradient of the loss at.

// dinp (N, C) += the gradient at the input; dweight (C) +=, dbias (C) +=.
void layernorm_backward(float *restrict dinp, float *restrict dweight, float *restrict dbias,
                        const float *restrict dout, const float *restrict inp, const float *restrict weight,
                        const float *restrict mean, const float *restrict rstd, size_t N, size_t C);

// out (N) = x · Φ(x), the exact GELU.
void gelu_out_forward(float *restrict out, const float *restrict inp, size_t N);

// dinp (N) = dout · (Φ(x) + x · φ(x)).
void gelu_backward(float *restrict dinp, const float *restrict dout, const float *restrict inp, size_t N);

// dinp (N, 2H) of swiglu_forward, from dout (N, H) and inp (N, 2H).
void swiglu_backward(float *restrict dinp, const float *restrict dout, const float *restrict inp, size_t N, size_t H);

// dbias (C) += the sum of the rows of dout (N, C), ld apart.
void bias_backward(float *restrict dbias, const float *restrict dout, size_t N, size_t C, size_t ld);

// dx (N, C) holds dP, the gradient at the softmax P = p (N, C), and becomes that at its scores; dbias
// (N, C) += it, unless null.
void softmax_backward(float *restrict dx, float *restrict dbias, const float *restrict p, size_t N, size_t C);

// x (N, C) += branch (N, C) · gamma (C) · scale; gamma may be null for ones.
void branch_forward(float *restrict x, const float *restrict branch, const float *restrict gamma, float scale, size_t N,
                    size_t C);

// dbranch (N, C) = dx · gamma · scale; dgamma (C) += Σ dx · branch · scale. gamma, dgamma and branch may be null.
void branch_backward(float *restrict dbranch, float *restrict dgamma, const float *restrict dx,
                     const float *restrict branch, const float *restrict gamma, float scale, size_t N, size_t C);

// Batch norm over the rows of inp (N, C), which may be some of the `total` rows of a batch: between the steps of one way,
// sums over all parts of the batch are made of those over this part.

// sum (C) of the rows.
void batchnorm_sum(float *restrict sum, const float *restrict inp, size_t N, size_t C);

// mean (C) holds the sum and becomes the mean; spread (C) becomes the sum of (inp − mean)².
void batchnorm_spread(float *restrict mean, float *restrict spread, const float *restrict inp, size_t total, size_t N,
                      size_t C);

// out (N, C) = (inp − mean) · rstd · weight + bias; weight and bias may be null for ones and zeros. rstd (C) holds the
// spread and becomes 1 / √(variance + eps), with the biased variance; running_mean and running_var (C) move by `momentum`,
// with the unbiased variance, unless null.
void batchnorm_forward(float *restrict out, const float *restrict mean, float *restrict rstd,
                       float *restrict running_mean, float *restrict running_var, const float *restrict inp,
                       const float *restrict weight, const float *restrict bias, float eps, float momentum, size_t total,
                       size_t N, size_t C);

// sums (2·C): Σ dout, then Σ dout · (inp − mean) · rstd; dweight (C) += the second, dbias (C) += the first, unless null.
void batchnorm_backward_sums(float *restrict sums, float *restrict dweight, float *restrict dbias,
                             const float *restrict dout, const float *restrict inp, const float *restrict mean,
                             const float *restrict rstd, size_t N, size_t C);

// dinp (N, C); sums (2·C) become means.
void batchnorm_backward(float *restrict dinp, float *restrict sums, const float *restrict dout, const float *restrict inp,
                        const float *restrict weight, const float *restrict mean, const float *restrict rstd, size_t total,
                        size_t N, size_t C);

// dx (N) becomes 0 where y (N), the output of relu, is 0.
void relu_backward(float *restrict dx, const float *restrict y, size_t N);

// out (N, C) = rows of inp divided by norm (N) = max(their length, eps).
void normalize_forward(float *restrict out, float *restrict norm, const float *restrict inp, float eps, size_t N,
                       size_t C);

// dinp (N, C) of normalize_forward; out (N, C) is its output.
void normalize_backward(float *restrict dinp, const float *restrict dout, const float *restrict out,
                        const float *restrict norm, float eps, size_t N, size_t C);

// x (T, C): rows with mask (T) 1 become token (C).
void mask_forward(float *restrict x, const float *restrict token, const float *restrict mask, size_t T, size_t C);

// dx (T, C): rows with mask 1 are added to dtoken (C) and become 0.
void mask_backward(float *restrict dx, float *restrict dtoken, const float *restrict mask, size_t T, size_t C);

// The sum of |target − out| over rows with mask (T) 1, and dout = sign(out − target) · scale there, 0 elsewhere. (T, C).
double masked_l1(float *restrict dout, const float *restrict out, const float *restrict target,
                 const float *restrict mask, float scale, size_t T, size_t C);

// The sum over rows with mask (T) 1 of the mean of (out − target)², and dout = 2 · (out − target) / C · scale there, 0
// elsewhere. (T, C).
double masked_l2(float *restrict dout, const float *restrict out, const float *restrict target,
                 const float *restrict mask, float scale, size_t T, size_t C);

// x (T, C): each row becomes (row − mean) / √(var + eps), with the unbiased variance.
void standardize_rows(float *restrict x, float eps, size_t T, size_t C);

// out (T, P·P·CH), ordered (row, column, channel), from inp (T, CH·P·P), ordered (channel, row, column).
void channels_last(float *restrict out, const float *restrict inp, size_t T, size_t CH, size_t P);

// y (N) += a · x (N).
void add_scaled(float *restrict y, const float *restrict x, float a, size_t N);

// The sum of the products of x (N) and y (N), in double precision.
double dot_double(const float *restrict x, const float *restrict y, size_t N);

#endif
