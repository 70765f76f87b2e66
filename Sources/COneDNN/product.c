#include "interface.h"

#include <pthread.h>
#include <stdlib.h>

// A product of two plain matrices, compiled for its extents, with memory objects of its own. One thread uses it at a time.
typedef struct product {
    struct product *next;  // most recently used first
    int busy;
    onednn_extents extents;
    dnnl_primitive_t primitive;
    dnnl_memory_t a, b, c, scratch;
    dnnl_stream_t stream;
} product;

// Idle products that are kept: those of a training step, for a few threads.
enum { PRODUCTS_KEPT = 256 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static product *products;

static int is_same(const onednn_extents *x, const onednn_extents *y) {
    return x->M == y->M && x->N == y->N && x->K == y->K && x->ldA == y->ldA && x->ldB == y->ldB && x->ldC == y->ldC &&
           x->transA == y->transA && x->transB == y->transB && x->accumulates == y->accumulates;
}

static void destroy(product *p) {
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
    if (p->a) dnnl_memory_destroy(p->a);
    if (p->b) dnnl_memory_destroy(p->b);
    if (p->c) dnnl_memory_destroy(p->c);
    if (p->scratch) dnnl_memory_destroy(p->scratch);
    if (p->stream) dnnl_stream_destroy(p->stream);
    free(p);
}

static product *make(const onednn_extents *e) {
    product *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->extents = *e;
    p->busy = 1;
    const dnnl_dims_t a_dims = {e->M, e->K}, a_strides = {e->transA ? 1 : e->ldA, e->transA ? e->ldA : 1};
    const dnnl_dims_t b_dims = {e->K, e->N}, b_strides = {e->transB ? 1 : e->ldB, e->transB ? e->ldB : 1};
    const dnnl_dims_t c_dims = {e->M, e->N}, c_strides = {e->ldC, 1};
    descriptor a = {0}, b = {0}, c = {0};
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t s = onednn_engine() ? dnnl_success : dnnl_runtime_error;
    if (s == dnnl_success) s = describe(&a, a_dims, a_strides, dnnl_bf16);
    if (s == dnnl_success) s = describe(&b, b_dims, b_strides, dnnl_bf16);
    if (s == dnnl_success) s = describe(&c, c_dims, c_strides, dnnl_f32);
    if (s == dnnl_success) s = dnnl_primitive_attr_create(&attr);
    if (s == dnnl_success) s = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (s == dnnl_success && e->accumulates) {
        s = dnnl_post_ops_create(&ops);
        if (s == dnnl_success) s = append(ops, ONEDNN_ACCUMULATE);
        if (s == dnnl_success) s = dnnl_primitive_attr_set_post_ops(attr, ops);
    }
    if (s == dnnl_success) s = compile(&pd, &a, &b, NULL, &c, attr, onednn_engine());
    if (s == dnnl_success) s = dnnl_primitive_create(&p->primitive, pd);
    if (s == dnnl_success) s = memory_for(&p->a, &a, onednn_engine(), DNNL_MEMORY_NONE);
    if (s == dnnl_success) s = memory_for(&p->b, &b, onednn_engine(), DNNL_MEMORY_NONE);
    if (s == dnnl_success) s = memory_for(&p->c, &c, onednn_engine(), DNNL_MEMORY_NONE);
    if (s == dnnl_success) s = scratch_of(pd, &p->scratch, onednn_engine());
    if (s == dnnl_success) s = dnnl_stream_create(&p->stream, onednn_engine(), dnnl_stream_default_flags);
    if (ops) dnnl_post_ops_destroy(ops);
    if (attr) dnnl_primitive_attr_destroy(attr);
    if (pd) dnnl_primitive_desc_destroy(pd);
    forget(&a);
    forget(&b);
    forget(&c);
    if (s == dnnl_success) return p;
    destroy(p);
    return NULL;
}

// An idle product of these extents, marked busy; made when there is none.
static product *take(const onednn_extents *e) {
    pthread_mutex_lock(&mutex);
    for (product **link = &products; *link; link = &(*link)->next) {
        product *p = *link;
        if (p->busy || !is_same(&p->extents, e)) continue;
        p->busy = 1;
        *link = p->next;
        p->next = products;
        products = p;
        pthread_mutex_unlock(&mutex);
        return p;
    }
    pthread_mutex_unlock(&mutex);
    product *p = make(e);
    if (!p) return NULL;
    pthread_mutex_lock(&mutex);
    p->next = products;
    products = p;
    int count = 0;
    for (product **link = &products; *link;) {
        product *q = *link;
        if (++count > PRODUCTS_KEPT && !q->busy) {
            *link = q->next;
            destroy(q);
        } else {
            link = &q->next;
        }
    }
    pthread_mutex_unlock(&mutex);
    return p;
}

int onednn_bf16_product(float *C, const uint16_t *A, const uint16_t *B, const onednn_extents *extents) {
    product *p = take(extents);
    if (!p) return dnnl_out_of_memory;
    dnnl_status_t s = dnnl_memory_set_data_handle(p->a, (void *)A);
    if (s == dnnl_success) s = dnnl_memory_set_data_handle(p->b, (void *)B);
    if (s == dnnl_success) s = dnnl_memory_set_data_handle(p->c, C);
    if (s == dnnl_success) {
        dnnl_exec_arg_t args[4] = {{DNNL_ARG_SRC, p->a},
                                   {DNNL_ARG_WEIGHTS, p->b},
                                   {DNNL_ARG_DST, p->c},
                                   {DNNL_ARG_SCRATCHPAD, p->scratch}};
        s = dnnl_primitive_execute(p->primitive, p->stream, 4, args);
        if (s == dnnl_success) s = dnnl_stream_wait(p->stream);
    }
    pthread_mutex_lock(&mutex);
    p->busy = 0;
    pthread_mutex_unlock(&mutex);
    return s;
}
