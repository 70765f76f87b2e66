#include "kernels.h"
#include "training_kernels.h"

#include <float.h>
#include <math.h>

#ifndef KERNEL_LEVEL

// Half of exp(z²) · erfc(z), divided by t = 1 / (1 + z / 2): a polynomial in t, within 5e-8 for z ≥ 0.
static inline __attribute__((always_inline)) float tail_poly(float t) {
    float p = -0.02997901f;
    p = __builtin_fmaf(p, t, 0.14437753f);
    p = __builtin_fmaf(p, t, -0.24774884f);
    p = __builtin_fmaf(p, t, 0.14355674f);
    p = __builtin_fmaf(p, t, -0.0162618f);
    p = __builtin_fmaf(p, t, 0.10251526f);
    p = __builtin_fmaf(p, t, 0.12127603f);
    p = __builtin_fmaf(p, t, 0.14122269f);
    return __builtin_fmaf(p, t, 0.14104138f);
}

// Φ(x), the normal distribution function, within 2e-7; bell = exp(−x² / 2).
static inline __attribute__((always_inline)) float normal_cdf(float x, float bell) {
    const float z = fabsf(x) * 0.70710678f;
    const float t = 1.0f / (1.0f + 0.5f * z);
    const float tail = tail_poly(t) * t * bell;
    return x < 0 ? tail : 1.0f - tail;
}

// Rows summed apart before their sum is added: one long sum of floats drifts by its rounding.
enum { ROWS_APART = 64 };

#define KERNEL_FILE "training.c"
#include "each_level.h"

#else

KERNEL(void, layernorm_backward)(float *restrict dinp, float *restrict dweight, float *restrict dbias,
                                 const float *restrict dout, const float *restrict inp, const float *restrict weight,
                                 const float *restrict mean, const float *restrict rstd, size_t N, size_t C) {
    for (size_t n = 0; n < N; n++) {
        const float *x = inp + n * C, *dy = dout + n * C;
        float *dx = dinp + n * C;
        const float m = mean[n], s = rstd[n];
        float sum = 0, dot = 0;
        for (size_t c = 0; c < C; c++) {
            const float g = dy[c] * weight[c];
            sum += g;
            dot += g * (x[c] - m);
        }
        sum /= (float)C;
        dot *= s / (float)C;
        for (size_t c = 0; c < C; c++) {
            const float hat = (x[c] - m) * s;
            dx[c] += s * (dy[c] * weight[c] - sum - hat * dot);
            dweight[c] += dy[c] * hat;
            dbias[c] += dy[c];
        }
    }
}

KERNEL(void, gelu_out_forward)(float *restrict out, const float *restrict inp, size_t N) {
    for (size_t n = 0; n < N; n++) {
        const float x = inp[n];
        out[n] = x * normal_cdf(x, exp_poly(-0.5f * x * x));
    }
}

KERNEL(void, gelu_backward)(float *restrict dinp, const float *restrict dout, const float *restrict inp, size_t N) {
    for (size_t n = 0; n < N; n++) {
        const float x = inp[n], bell = exp_poly(-0.5f * x * x);
        dinp[n] = dout[n] * (normal_cdf(x, bell) + x * bell * 0.3989422804f);
    }
}

KERNEL(void, bias_backward)(float *restrict dbias, const float *restrict dout, size_t N, size_t C, size_t ld) {
    enum { WIDTH = 64 };
    for (size_t start = 0; start < N; start += ROWS_APART) {
        const size_t end = start + ROWS_APART < N ? start + ROWS_APART : N;
        for (size_t first = 0; first < C; first += WIDTH) {
            const size_t width = first + WIDTH < C ? WIDTH : C - first;
            float sum[WIDTH] = {0};
            for (size_t n = start; n < end; n++)
                for (size_t c = 0; c < width; c++) sum[c] += dout[n * ld + first + c];
            for (size_t c = 0; c < width; c++) dbias[first + c] += sum[c];
        }
    }
}

KERNEL(void, softmax_backward)(float *restrict dx, float *restrict dbias, const float *restrict p, size_t N, size_t C) {
    for (size_t n = 0; n < N; n++) {
        float *d = dx + n * C;
        const float *q = p + n * C;
        float dot = 0;
        for (size_t c = 0; c < C; c++) dot += d[c] * q[c];
        for (size_t c = 0; c < C; c++) d[c] = q[c] * (d[c] - dot);
        if (dbias)
            for (size_t c = 0; c < C; c++) dbias[n * C + c] += d[c];
    }
}

KERNEL(void, branch_forward)(float *restrict x, const float *restrict branch, const float *restrict gamma, float scale,
                             size_t N, size_t C) {
    for (size_t n = 0; n < N; n++) {
        float *y = x + n * C;
        const float *b = branch + n * C;
        if (gamma)
            for (size_t c = 0; c < C; c++) y[c] += b[c] * gamma[c] * scale;
        else
            for (size_t c = 0; c < C; c++) y[c] += b[c] * scale;
    }
}

KERNEL(void, branch_backward)(float *restrict dbranch, float *restrict dgamma, const float *restrict dx,
                              const float *restrict branch, const float *restrict gamma, float scale, size_t N,
                              size_t C) {
    for (size_t n = 0; n < N; n++) {
        const float *d = dx + n * C;
        float *o = dbranch + n * C;
        if (gamma) {
            const float *b = branch + n * C;
            for (size_t c = 0; c < C; c++) {
                dgamma[c] += d[c] * b[c] * scale;
                o[c] = d[c] * gamma[c] * scale;
            }
        } else {
            for (size_t c = 0; c < C; c++) o[c] = d[c] * scale;
        }
    }
}

KERNEL(void, batchnorm_sum)(float *restrict sum, const float *restrict inp, size_t N, size_t C) {
    for (size_t c = 0; c < C; c++) sum[c] = 0;
    bias_backward(sum, inp, N, C, C);
}

KERNEL(void, batchnorm_spread)(float *restrict mean, float *restrict spread, const float *restrict inp, size_t total,
                               size_t N, size_t C) {
    for (size_t c = 0; c < C; c++) {
        mean[c] /= (float)total;
        spread[c] = 0;
    }
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) spread[c] += (inp[n * C + c] - mean[c]) * (inp[n * C + c] - mean[c]);
}

KERNEL(void, batchnorm_forward)(float *restrict out, const float *restrict mean, float *restrict rstd,
                                float *restrict running_mean, float *restrict running_var, const float *restrict inp,
                                const float *restrict weight, const float *restrict bias, float eps, float momentum,
                                size_t total, size_t N, size_t C) {
    if (running_mean) {
        const float unbiased = total > 1 ? 1.0f / (float)(total - 1) : 1.0f;
        for (size_t c = 0; c < C; c++) {
            running_mean[c] += momentum * (mean[c] - running_mean[c]);
            running_var[c] += momentum * (rstd[c] * unbiased - running_var[c]);
        }
    }
    // A spread beyond the largest number is not known, as in layernorm_forward.
    for (size_t c = 0; c < C; c++) rstd[c] = rstd[c] > FLT_MAX ? NAN : 1.0f / sqrtf(rstd[c] / (float)total + eps);
    for (size_t n = 0; n < N; n++) {
        const float *x = inp + n * C;
        float *y = out + n * C;
        if (weight)
            for (size_t c = 0; c < C; c++) y[c] = (x[c] - mean[c]) * rstd[c] * weight[c] + bias[c];
        else
            for (size_t c = 0; c < C; c++) y[c] = (x[c] - mean[c]) * rstd[c];
    }
}

KERNEL(void, batchnorm_backward_sums)(float *restrict sums, float *restrict dweight, float *restrict dbias,
                                      const float *restrict dout, const float *restrict inp, const float *restrict mean,
                                      const float *restrict rstd, size_t N, size_t C) {
    float *sum = sums, *dot = sums + C;
    for (size_t c = 0; c < C; c++) sum[c] = dot[c] = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) {
            const float d = dout[n * C + c];
            sum[c] += d;
            dot[c] += d * (inp[n * C + c] - mean[c]) * rstd[c];
        }
    if (dweight)
        for (size_t c = 0; c < C; c++) {
            dweight[c] += dot[c];
            dbias[c] += sum[c];
        }
}

KERNEL(void, batchnorm_backward)(float *restrict dinp, float *restrict sums, const float *restrict dout,
                                 const float *restrict inp, const float *restrict weight, const float *restrict mean,
                                 const float *restrict rstd, size_t total, size_t N, size_t C) {
    float *sum = sums, *dot = sums + C;
    for (size_t c = 0; c < C; c++) {
        sum[c] /= (float)total;
        dot[c] /= (float)total;
    }
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) {
            const float hat = (inp[n * C + c] - mean[c]) * rstd[c];
            const float d = rstd[c] * (dout[n * C + c] - sum[c] - hat * dot[c]);
            dinp[n * C + c] = weight ? d * weight[c] : d;
        }
}

KERNEL(void, relu_backward)(float *restrict dx, const float *restrict y, size_t N) {
    for (size_t n = 0; n < N; n++) dx[n] = y[n] <= 0 ? 0 : dx[n];
}

KERNEL(void, normalize_forward)(float *restrict out, float *restrict norm, const float *restrict inp, float eps,
                                size_t N, size_t C) {
    for (size_t n = 0; n < N; n++) {
        const float *x = inp + n * C;
        float squares = 0;
        for (size_t c = 0; c < C; c++) squares += x[c] * x[c];
        const float length = sqrtf(squares);
        // A length beyond the largest number is not known: divided by it, a row would be 0.
        norm[n] = length > FLT_MAX ? NAN : length < eps ? eps : length;
        for (size_t c = 0; c < C; c++) out[n * C + c] = x[c] / norm[n];
    }
}

KERNEL(void, normalize_backward)(float *restrict dinp, const float *restrict dout, const float *restrict out,
                                 const float *restrict norm, float eps, size_t N, size_t C) {
    for (size_t n = 0; n < N; n++) {
        const float *d = dout + n * C, *y = out + n * C;
        float dot = 0;
        for (size_t c = 0; c < C; c++) dot += d[c] * y[c];
        // Where the length was below eps, the divisor is a constant.
        if (norm[n] <= eps) dot = 0;
        for (size_t c = 0; c < C; c++) dinp[n * C + c] = (d[c] - y[c] * dot) / norm[n];
    }
}

KERNEL(void, mask_forward)(float *restrict x, const float *restrict token, const float *restrict mask, size_t T,
                           size_t C) {
    for (size_t t = 0; t < T; t++)
        if (mask[t] != 0)
            for (size_t c = 0; c < C; c++) x[t * C + c] = token[c];
}

KERNEL(void, mask_backward)(float *restrict dx, float *restrict dtoken, const float *restrict mask, size_t T,
                            size_t C) {
    for (size_t t = 0; t < T; t++)
        if (mask[t] != 0)
            for (size_t c = 0; c < C; c++) {
                dtoken[c] += dx[t * C + c];
                dx[t * C + c] = 0;
            }
}

KERNEL(double, masked_l1)(float *restrict dout, const float *restrict out, const float *restrict target,
                          const float *restrict mask, float scale, size_t T, size_t C) {
    double total = 0;
    for (size_t t = 0; t < T; t++) {
        const float *y = out + t * C, *x = target + t * C;
        float *d = dout + t * C;
        if (mask[t] == 0) {
            for (size_t c = 0; c < C; c++) d[c] = 0;
            continue;
        }
        float sum = 0;
        for (size_t c = 0; c < C; c++) {
            const float difference = y[c] - x[c];
            sum += fabsf(difference);
            d[c] = difference > 0 ? scale : difference < 0 ? -scale : difference * 0;
        }
        total += sum;
    }
    return total;
}

KERNEL(double, masked_l2)(float *restrict dout, const float *restrict out, const float *restrict target,
                          const float *restrict mask, float scale, size_t T, size_t C) {
    double total = 0;
    for (size_t t = 0; t < T; t++) {
        const float *y = out + t * C, *x = target + t * C;
        float *d = dout + t * C;
        if (mask[t] == 0) {
            for (size_t c = 0; c < C; c++) d[c] = 0;
            continue;
        }
        float sum = 0;
        for (size_t c = 0; c < C; c++) {
            const float difference = y[c] - x[c];
            sum += difference * difference;
            d[c] = 2 * difference * (scale / (float)C);
        }
        total += sum / (float)C;
    }
    return total;
}

KERNEL(void, standardize_rows)(float *restrict x, float eps, size_t T, size_t C) {
    for (size_t t = 0; t < T; t++) {
        float *row = x + t * C;
        float sum = 0, squares = 0;
        for (size_t c = 0; c < C; c++) sum += row[c];
        const float mean = sum / (float)C;
        for (size_t c = 0; c < C; c++) squares += (row[c] - mean) * (row[c] - mean);
        const float scale = squares > FLT_MAX ? NAN : 1.0f / sqrtf(squares / (float)(C > 1 ? C - 1 : 1) + eps);
        for (size_t c = 0; c < C; c++) row[c] = (row[c] - mean) * scale;
    }
}

KERNEL(void, channels_last)(float *restrict out, const float *restrict inp, size_t T, size_t CH, size_t P) {
    for (size_t t = 0; t < T; t++)
        for (size_t c = 0; c < CH; c++)
            for (size_t n = 0; n < P * P; n++) out[(t * P * P + n) * CH + c] = inp[(t * CH + c) * P * P + n];
}

KERNEL(void, add_scaled)(float *restrict y, const float *restrict x, float a, size_t N) {
    for (size_t n = 0; n < N; n++) y[n] += a * x[n];
}

KERNEL(double, dot_double)(const float *restrict x, const float *restrict y, size_t N) {
    double sum = 0;
    for (size_t n = 0; n < N; n++) sum += (double)x[n] * (double)y[n];
    return sum;
}

KERNEL(void, swiglu_backward)(float *restrict dinp, const float *restrict dout, const float *restrict inp, size_t N,
                              size_t H) {
    for (size_t n = 0; n < N; n++) {
        const float *gate = inp + n * 2 * H, *value = gate + H, *d = dout + n * H;
        float *dgate = dinp + n * 2 * H, *dvalue = dgate + H;
        for (size_t h = 0; h < H; h++) {
            const float sigmoid = 1.0f / (1.0f + exp_poly(gate[h] < -80 ? 80 : -gate[h]));
            const float silu = gate[h] * sigmoid;
            dgate[h] = d[h] * value[h] * (sigmoid + silu * (1 - sigmoid));
            dvalue[h] = d[h] * silu;
        }
    }
}

#endif
