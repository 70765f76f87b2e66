// Multiplies matrices of odd sizes by oneDNN between pages that nobody may touch. The library is the system's and not
// instrumented, so that a sanitizer does not see where it reaches; the processor does. Run by deploy/sanitize.sh.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "COneDNN.h"

static const size_t page = 4096;

// `bytes` that end (or begin, with `first`) where a forbidden page begins (or ends).
typedef struct {
    char *start;
    size_t length;
    void *data;
} guarded;

static guarded guard(size_t bytes, int first) {
    const size_t inside = (bytes + page - 1) / page * page, length = inside + 2 * page;
    guarded g = {mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), length, NULL};
    if (g.start == MAP_FAILED) abort();
    mprotect(g.start, page, PROT_NONE);
    mprotect(g.start + page + inside, page, PROT_NONE);
    g.data = g.start + page + (first ? 0 : inside - bytes);
    return g;
}

static void release(guarded g) { munmap(g.start, g.length); }

static void fill(float *x, size_t n, unsigned seed) {
    for (size_t i = 0; i < n; i++) x[i] = (float)((i * 2654435761u + seed) % 1000) / 1000 - 0.5f;
}

// The number as bf16 has it, to the nearest, ties to even.
static uint16_t rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float widened(uint16_t x) {
    const uint32_t bits = (uint32_t)x << 16;
    float y;
    memcpy(&y, &bits, 4);
    return y;
}

// The first n of x in bf16, where they lie.
static void narrow(float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const uint16_t half = rounded(x[i]);
        memcpy((char *)x + 2 * i, &half, 2);
    }
}

static float at(const guarded *g, size_t i, int format) {
    if (format == ONEDNN_F32) return ((const float *)g->data)[i];
    uint16_t half;
    memcpy(&half, (const char *)g->data + 2 * i, 2);
    return widened(half);
}

// n numbers of a format that end or begin at a forbidden page.
static guarded numbers(size_t n, unsigned seed, int format, int first) {
    guarded g = guard(n * (format == ONEDNN_BF16 ? 2 : 4), first);
    float *x = malloc(n * 4);
    if (!x) abort();
    fill(x, n, seed);
    if (format == ONEDNN_BF16) narrow(x, n);
    memcpy(g.data, x, n * (format == ONEDNN_BF16 ? 2 : 4));
    free(x);
    return g;
}

static int wrong;

static void expect(float found, double wanted, double scale, const char *what, int64_t M, int64_t N, int64_t K) {
    if (!(fabs(found - wanted) <= 1e-4 * scale) && wrong++ < 10)
        printf("%s %ld × %ld × %ld: %g instead of %g\n", what, (long)M, (long)N, (long)K, found, wanted);
}

static void linear(int64_t N, int64_t K, int64_t width, const int64_t *rows, int count, int format) {
    guarded weight = numbers((size_t)(N * K), 1, ONEDNN_F32, 0), bias = numbers((size_t)N, 2, ONEDNN_F32, 0);
    onednn_linear *l = onednn_linear_create(weight.data, N, K, width, format);
    if (!l) {
        printf("no layer of %ld × %ld\n", (long)N, (long)K);
        wrong++;
        return;
    }
    for (int r = 0; r < count; r++) {
        const int64_t M = rows[r];
        for (int turn = 0; turn < 16; turn++) {
            const int first = turn & 1, biased = turn >> 1 & 1, epilogue = turn >> 2;
            if (epilogue == ONEDNN_ROUND && format == ONEDNN_F32) continue;
            const int stored = epilogue == ONEDNN_ROUND ? ONEDNN_BF16 : ONEDNN_F32;
            guarded src = numbers((size_t)(M * K), 3, format, first), dst = numbers((size_t)(M * N), 4, stored, first);
            for (int64_t panel = 0; panel * width < N; panel++) {
                char *place = (char *)dst.data + panel * width * (stored == ONEDNN_BF16 ? 2 : 4);
                const float *own = biased ? (const float *)bias.data + panel * width : NULL;
                if (onednn_linear_forward(l, panel, place, N, src.data, own, M, epilogue)) {
                    printf("refused: %ld × %ld × %ld\n", (long)M, (long)N, (long)K);
                    wrong++;
                }
            }
            for (int64_t m = 0; (epilogue == ONEDNN_STORE || epilogue == ONEDNN_ROUND) && m < M; m += M > 8 ? M / 3 : 1)
                for (int64_t n = 0; n < N; n++) {
                    double sum = biased ? at(&bias, n, ONEDNN_F32) : 0;
                    for (int64_t k = 0; k < K; k++) {
                        const float w = at(&weight, n * K + k, ONEDNN_F32);
                        sum += (double)at(&src, m * K + k, format) * (format == ONEDNN_BF16 ? widened(rounded(w)) : w);
                    }
                    // A sum that is stored in bf16 keeps eight bits.
                    const double scale = stored == ONEDNN_BF16 ? 1 + (double)K + 40 * fabs(sum) : 1 + (double)K;
                    expect(at(&dst, m * N + n, stored), sum, scale, "layer", M, N, K);
                }
            release(src);
            release(dst);
        }
    }
    onednn_linear_destroy(l);
    release(weight);
    release(bias);
}

static void product(int64_t M, int64_t N, int64_t K, int64_t more, int format) {
    for (int kind = 0; kind < 4; kind++) {
        const int tA = kind & 1, tB = kind >> 1;
        const int64_t ldA = (tA ? M : K) + more, ldB = (tB ? K : N) + more, ldC = N + more;
        const int64_t a = ((tA ? K : M) - 1) * ldA + (tA ? M : K), b = ((tB ? N : K) - 1) * ldB + (tB ? K : N),
                      c = (M - 1) * ldC + N;
        for (int first = 0; first < 2; first++) {
            guarded A = numbers((size_t)a, 5, format, first), B = numbers((size_t)b, 6, format, first),
                    C = numbers((size_t)c, 7, ONEDNN_F32, first);
            const onednn_extents extents = {M, N, K, ldA, ldB, ldC, tA, tB, 0};
            const int status =
                format == ONEDNN_F32
                    ? onednn_sgemm(C.data, A.data, B.data, tA ? 'T' : 'N', tB ? 'T' : 'N', M, N, K, 1, 0, ldA, ldB, ldC)
                    : onednn_bf16_product(C.data, A.data, B.data, &extents);
            if (status) wrong++;
            for (int64_t m = 0; m < M; m += M > 8 ? M / 3 : 1)
                for (int64_t n = 0; n < N; n++) {
                    double sum = 0;
                    for (int64_t k = 0; k < K; k++)
                        sum += (double)at(&A, tA ? k * ldA + m : m * ldA + k, format)
                               * at(&B, tB ? n * ldB + k : k * ldB + n, format);
                    expect(at(&C, m * ldC + n, ONEDNN_F32), sum, 1 + (double)K, "product", M, N, K);
                }
            release(A);
            release(B);
            release(C);
        }
    }
}

int main(void) {
    onednn_prepare_thread(1);
    const int64_t rows[] = {1, 2, 17, 50, 197, 198};
    const int64_t sizes[] = {1, 3, 15, 16, 17, 24, 36, 65, 100, 192};
    const int formats = onednn_has_bf16() ? 2 : 1;
    for (int format = ONEDNN_F32; format < formats; format++)
        for (int n = 0; n < 10; n++)
            for (int k = 0; k < 10; k++) {
                linear(sizes[n], sizes[k], sizes[n], rows, 6, format);
                if (sizes[n] > 16) linear(sizes[n], sizes[k], 16, rows, 3, format);
                for (int m = 0; m < 6; m++) product(rows[m], sizes[n], sizes[k], m % 2 ? 5 : 0, format);
            }
    printf("products of odd sizes%s: %d faults\n", formats > 1 ? "" : " (f32 alone: this processor has no bf16)", wrong);
    return wrong > 0;
}
