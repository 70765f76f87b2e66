#include "interface.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void omp_set_num_threads(int);

void onednn_prepare_thread(int threads) { omp_set_num_threads(threads); }

void onednn_version(char *text, size_t size) {
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, size, "%d.%d.%d", v->major, v->minor, v->patch);
}

int onednn_has_bf16(void) {
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}

// MARK: plans

// A product compiled for one count of rows, one panel width, one place of its rows and one epilogue, with memory objects
// of its own. One thread uses a plan at a time.
typedef struct plan {
    struct plan *next;  // most recently used first
    int busy;
    int64_t M, width, stride;
    int epilogue, biased;
    dnnl_primitive_t primitive;
    dnnl_memory_t src, bias, dst, scratch;
    dnnl_stream_t stream;
} plan;

// Some of a layer's outputs, packed by themselves.
typedef struct panel {
    int64_t first, width;
    descriptor packed;
    dnnl_memory_t weight;
    void *data;  // (the packed weight), 64-byte aligned
} panel;

struct onednn_linear {
    int64_t N, K;
    dnnl_data_type_t type;  // of the source and the weight
    int64_t count;
    panel *panels;
    pthread_mutex_t mutex;
    plan *plans;
};

// Idle plans a layer keeps: two counts of rows, two panel widths, and a plan for each thread.
enum { PLANS_KEPT = 64 };

static dnnl_engine_t the_engine;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static void make_engine(void) {
    if (dnnl_engine_create(&the_engine, dnnl_cpu, 0) != dnnl_success) the_engine = NULL;
}
dnnl_engine_t onednn_engine(void) {
    pthread_once(&engine_once, make_engine);
    return the_engine;
}

static void destroy_plan(plan *p) {
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
    if (p->src) dnnl_memory_destroy(p->src);
    if (p->bias) dnnl_memory_destroy(p->bias);
    if (p->dst) dnnl_memory_destroy(p->dst);
    if (p->scratch) dnnl_memory_destroy(p->scratch);
    if (p->stream) dnnl_stream_destroy(p->stream);
    free(p);
}

static dnnl_status_t compile_rows(onednn_linear *l, descriptor *weight, int64_t M, int64_t width, int64_t stride,
                                  int biased, int epilogue, dnnl_primitive_desc_t *pd, descriptor *src,
                                  descriptor *bias, descriptor *dst) {
    const dnnl_dims_t src_dims = {M, l->K}, src_strides = {l->K, 1};
    const dnnl_dims_t dst_dims = {M, width}, dst_strides = {stride, 1};
    const dnnl_dims_t bias_dims = {1, width}, bias_strides = {width, 1};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t s = describe(src, src_dims, src_strides, l->type);
    const dnnl_data_type_t dst_type = epilogue == ONEDNN_ROUND ? dnnl_bf16 : dnnl_f32;
    if (s == dnnl_success) s = describe(dst, dst_dims, dst_strides, dst_type);
    if (s == dnnl_success && biased) s = describe(bias, bias_dims, bias_strides, dnnl_f32);
    if (s == dnnl_success) s = dnnl_primitive_attr_create(&attr);
    if (s == dnnl_success) s = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (s == dnnl_success && (epilogue == ONEDNN_GELU || epilogue == ONEDNN_ACCUMULATE)) {
        s = dnnl_post_ops_create(&ops);
        if (s == dnnl_success) s = append(ops, epilogue);
        if (s == dnnl_success) s = dnnl_primitive_attr_set_post_ops(attr, ops);
    }
    if (s == dnnl_success) s = compile(pd, src, weight, biased ? bias : NULL, dst, attr, onednn_engine());
    if (ops) dnnl_post_ops_destroy(ops);
    if (attr) dnnl_primitive_attr_destroy(attr);
    return s;
}

static plan *make_plan(onednn_linear *l, panel *part, int64_t M, int64_t stride, int biased, int epilogue) {
    plan *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->M = M;
    p->width = part->width;
    p->stride = stride;
    p->biased = biased;
    p->epilogue = epilogue;
    descriptor src = {0}, bias = {0}, dst = {0};
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t s =
        compile_rows(l, &part->packed, M, part->width, stride, biased, epilogue, &pd, &src, &bias, &dst);
    if (s == dnnl_success) s = dnnl_primitive_create(&p->primitive, pd);
    if (s == dnnl_success) s = memory_for(&p->src, &src, onednn_engine(), DNNL_MEMORY_NONE);
    if (s == dnnl_success) s = memory_for(&p->dst, &dst, onednn_engine(), DNNL_MEMORY_NONE);
    if (s == dnnl_success && biased) s = memory_for(&p->bias, &bias, onednn_engine(), DNNL_MEMORY_NONE);
    if (s == dnnl_success) s = scratch_of(pd, &p->scratch, onednn_engine());
    if (s == dnnl_success) s = dnnl_stream_create(&p->stream, onednn_engine(), dnnl_stream_default_flags);
    if (pd) dnnl_primitive_desc_destroy(pd);
    forget(&src);
    forget(&dst);
    forget(&bias);
    if (s == dnnl_success) return p;
    destroy_plan(p);
    return NULL;
}

// An idle plan for this shape, marked busy; made when there is none.
static plan *take_plan(onednn_linear *l, panel *part, int64_t M, int64_t stride, int biased, int epilogue) {
    pthread_mutex_lock(&l->mutex);
    for (plan **link = &l->plans; *link; link = &(*link)->next) {
        plan *p = *link;
        if (p->busy || p->M != M || p->width != part->width || p->stride != stride || p->biased != biased ||
            p->epilogue != epilogue)
            continue;
        p->busy = 1;
        *link = p->next;
        p->next = l->plans;
        l->plans = p;
        pthread_mutex_unlock(&l->mutex);
        return p;
    }
    pthread_mutex_unlock(&l->mutex);
    plan *p = make_plan(l, part, M, stride, biased, epilogue);
    if (!p) return NULL;
    p->busy = 1;
    pthread_mutex_lock(&l->mutex);
    p->next = l->plans;
    l->plans = p;
    int count = 0;
    for (plan **link = &l->plans; *link;) {
        plan *q = *link;
        if (++count > PLANS_KEPT && !q->busy) {
            *link = q->next;
            destroy_plan(q);
        } else {
            link = &q->next;
        }
    }
    pthread_mutex_unlock(&l->mutex);
    return p;
}

static void give_back(onednn_linear *l, plan *p) {
    pthread_mutex_lock(&l->mutex);
    p->busy = 0;
    pthread_mutex_unlock(&l->mutex);
}

// MARK: linear layers

static dnnl_status_t pack(onednn_linear *l, panel *part, const float *weight) {
    // The layout is asked for at a typical count of rows; it serves every other count.
    const dnnl_dims_t dims = {l->K, part->width};
    const dnnl_dims_t strides = {1, l->K};
    descriptor any = {0}, plain = {0}, src = {0}, bias = {0}, dst = {0};
    dnnl_primitive_desc_t pd = NULL, reorder_pd = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_memory_t from = NULL;
    dnnl_stream_t stream = NULL;
    dnnl_status_t s = describe(&any, dims, NULL, l->type);
    if (s == dnnl_success) s = describe(&plain, dims, strides, dnnl_f32);
    if (s == dnnl_success)
        s = compile_rows(l, &any, 197, part->width, l->N, 1, ONEDNN_STORE, &pd, &src, &bias, &dst);
    if (s == dnnl_success) s = weights_of(pd, &part->packed);
    if (s == dnnl_success) {
        size_t bytes = bytes_of(&part->packed);
        if (posix_memalign(&part->data, 64, bytes ? bytes : 64) != 0) s = dnnl_out_of_memory;
    }
    if (s == dnnl_success) s = memory_for(&part->weight, &part->packed, onednn_engine(), part->data);
    if (s == dnnl_success) s = memory_for(&from, &plain, onednn_engine(), (void *)(weight + part->first * l->K));
    if (s == dnnl_success) s = reorder_between(&reorder_pd, &plain, &part->packed, onednn_engine());
    if (s == dnnl_success) s = dnnl_primitive_create(&reorder, reorder_pd);
    if (s == dnnl_success) s = dnnl_stream_create(&stream, onednn_engine(), dnnl_stream_default_flags);
    if (s == dnnl_success) {
        dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, part->weight}};
        s = dnnl_primitive_execute(reorder, stream, 2, args);
        if (s == dnnl_success) s = dnnl_stream_wait(stream);
    }
    if (stream) dnnl_stream_destroy(stream);
    if (reorder) dnnl_primitive_destroy(reorder);
    if (reorder_pd) dnnl_primitive_desc_destroy(reorder_pd);
    if (from) dnnl_memory_destroy(from);
    if (pd) dnnl_primitive_desc_destroy(pd);
    forget(&any);
    forget(&plain);
    forget(&src);
    forget(&bias);
    forget(&dst);
    return s;
}

onednn_linear *onednn_linear_create(const float *weight, int64_t N, int64_t K, int64_t width, int format) {
    onednn_linear *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->N = N;
    l->K = K;
    l->type = format == ONEDNN_BF16 ? dnnl_bf16 : dnnl_f32;
    pthread_mutex_init(&l->mutex, NULL);
    const int64_t count = (N + width - 1) / width;
    l->panels = onednn_engine() ? calloc((size_t)count, sizeof *l->panels) : NULL;
    dnnl_status_t s = l->panels ? dnnl_success : dnnl_out_of_memory;
    while (s == dnnl_success && l->count < count) {
        panel *part = &l->panels[l->count++];
        part->first = (l->count - 1) * width;
        part->width = N - part->first < width ? N - part->first : width;
        s = pack(l, part, weight);
    }
    if (s == dnnl_success) return l;
    onednn_linear_destroy(l);
    return NULL;
}

void onednn_linear_destroy(onednn_linear *l) {
    if (!l) return;
    while (l->plans) {
        plan *p = l->plans;
        l->plans = p->next;
        destroy_plan(p);
    }
    for (int64_t n = 0; n < l->count; n++) {
        if (l->panels[n].weight) dnnl_memory_destroy(l->panels[n].weight);
        free(l->panels[n].data);
        forget(&l->panels[n].packed);
    }
    free(l->panels);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

size_t onednn_linear_bytes(const onednn_linear *l) {
    size_t bytes = 0;
    for (int64_t n = 0; n < l->count; n++) bytes += bytes_of(&l->panels[n].packed);
    return bytes;
}

int onednn_linear_forward(onednn_linear *l, int64_t index, void *dst, int64_t stride, const void *src,
                          const float *bias, int64_t M, int epilogue) {
    panel *part = &l->panels[index];
    plan *p = take_plan(l, part, M, stride, bias != NULL, epilogue);
    if (!p) return dnnl_out_of_memory;
    dnnl_status_t s = dnnl_memory_set_data_handle(p->src, (void *)src);
    if (s == dnnl_success) s = dnnl_memory_set_data_handle(p->dst, dst);
    if (s == dnnl_success && bias) s = dnnl_memory_set_data_handle(p->bias, (void *)bias);
    if (s == dnnl_success) {
        dnnl_exec_arg_t args[5] = {{DNNL_ARG_SRC, p->src},
                                   {DNNL_ARG_WEIGHTS, part->weight},
                                   {DNNL_ARG_DST, p->dst},
                                   {DNNL_ARG_SCRATCHPAD, p->scratch},
                                   {DNNL_ARG_BIAS, p->bias}};
        s = dnnl_primitive_execute(p->primitive, p->stream, bias ? 5 : 4, args);
        if (s == dnnl_success) s = dnnl_stream_wait(p->stream);
    }
    give_back(l, p);
    return s;
}

int onednn_sgemm(float *C, const float *A, const float *B, char transA, char transB, int64_t M, int64_t N, int64_t K,
                 float alpha, float beta, int64_t ldA, int64_t ldB, int64_t ldC) {
    return dnnl_sgemm(transA, transB, M, N, K, alpha, A, ldA, B, ldB, beta, C, ldC);
}
