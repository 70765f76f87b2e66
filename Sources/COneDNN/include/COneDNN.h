#ifndef CONEDNN_H
#define CONEDNN_H

#include <stddef.h>
#include <stdint.h>

// The linear layers' matrix products by oneDNN, behind one face for its 2.x and 3.x C interfaces. Matrices are
// row-major, and f32 unless a comment says so. A function that can fail returns 0 for success or oneDNN's status.

// What happens to a product before it is stored.
enum onednn_epilogue {
    ONEDNN_STORE = 0,       // dst = product
    ONEDNN_GELU = 1,        // dst = gelu(product), exact erf form
    ONEDNN_ACCUMULATE = 2,  // dst = dst + product
    ONEDNN_ROUND = 3,       // dst, which is bf16, = product
};

// What a layer multiplies; sums are f32.
enum onednn_format {
    ONEDNN_F32 = 0,
    ONEDNN_BF16 = 1,
};

// Whether oneDNN multiplies bf16 by instructions of this processor, which ONEDNN_MAX_CPU_ISA bounds.
int onednn_has_bf16(void);

// The weight of one linear layer in the layout that this processor multiplies fastest.
typedef struct onednn_linear onednn_linear;

// Packs weight (N, K), rounded to `format`, in panels of `width` outputs, the last one of what is left. Null when memory
// is short or oneDNN refuses.
onednn_linear *onednn_linear_create(const float *weight, int64_t N, int64_t K, int64_t width, int format);
void onednn_linear_destroy(onednn_linear *linear);

// Bytes the packed weight takes.
size_t onednn_linear_bytes(const onednn_linear *linear);

// dst, the columns of panel `index` of M rows that lie `stride` numbers apart: epilogue(src (M, K) · weightᵀ + bias), where
// src has the layer's format, and bias is that of the panel's columns, or null. Safe to call from several threads at once.
int onednn_linear_forward(onednn_linear *linear, int64_t index, void *dst, int64_t stride, const void *src,
                          const float *bias, int64_t M, int epilogue);

// C (M, N) = alpha · op(A) · op(B) + beta · C, with leading dimensions; `trans` flags are 'N' or 'T'. On one thread.
int onednn_sgemm(float *C, const float *A, const float *B, char transA, char transB, int64_t M, int64_t N, int64_t K,
                 float alpha, float beta, int64_t ldA, int64_t ldB, int64_t ldC);

// A product C (M, N) = op(A) · op(B), or that added to C, of plain matrices: A (M, K) and B (K, N) after `op`, which
// transposes where it is not 0; ldA, ldB, ldC numbers from row to row as they are stored.
typedef struct onednn_extents {
    int64_t M, N, K, ldA, ldB, ldC;
    int transA, transB, accumulates;
} onednn_extents;

// The product of bf16 numbers in f32. On one thread, safe to call from several at once.
int onednn_bf16_product(float *C, const uint16_t *A, const uint16_t *B, const onednn_extents *extents);

// Makes oneDNN work single-threaded on the calling thread: parallelism is the caller's.
void onednn_prepare_thread(int threads);

// The library's version, "2.6.3".
void onednn_version(char *text, size_t size);

#endif
