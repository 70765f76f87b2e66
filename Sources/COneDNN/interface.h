#ifndef ONEDNN_INTERFACE_H
#define ONEDNN_INTERFACE_H

// What differs between the C interfaces of oneDNN 2.x and 3.x.

#include "COneDNN.h"

#include <dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t descriptor;  // owned, freed with dnnl_memory_desc_destroy
#else
typedef dnnl_memory_desc_t descriptor;  // a plain struct
#endif

#if DNNL_VERSION_MAJOR >= 3

static inline dnnl_status_t describe(descriptor *out, const dnnl_dim_t *dims, const dnnl_dim_t *strides,
                              dnnl_data_type_t type) {
    return strides ? dnnl_memory_desc_create_with_strides(out, 2, dims, type, strides)
                   : dnnl_memory_desc_create_with_tag(out, 2, dims, type, dnnl_format_tag_any);
}
static inline void forget(descriptor *d) {
    if (*d) dnnl_memory_desc_destroy(*d);
    *d = NULL;
}
static inline dnnl_status_t compile(dnnl_primitive_desc_t *out, descriptor *src, descriptor *w, descriptor *bias,
                             descriptor *dst, dnnl_primitive_attr_t attr, dnnl_engine_t engine) {
    return dnnl_matmul_primitive_desc_create(out, engine, *src, *w, bias ? *bias : NULL, *dst, attr);
}
static inline dnnl_status_t weights_of(dnnl_primitive_desc_t pd, descriptor *out) {
    return dnnl_memory_desc_clone(out, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
}
static inline size_t bytes_of(const descriptor *d) { return dnnl_memory_desc_get_size(*d); }
static inline dnnl_status_t memory_for(dnnl_memory_t *out, const descriptor *d, dnnl_engine_t engine, void *data) {
    return dnnl_memory_create(out, *d, engine, data);
}
static inline dnnl_status_t scratch_of(dnnl_primitive_desc_t pd, dnnl_memory_t *out, dnnl_engine_t engine) {
    return dnnl_memory_create(out, dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0), engine,
                              DNNL_MEMORY_ALLOCATE);
}
static inline dnnl_status_t reorder_between(dnnl_primitive_desc_t *out, const descriptor *from, const descriptor *to,
                                     dnnl_engine_t engine) {
    return dnnl_reorder_primitive_desc_create(out, *from, engine, *to, engine, NULL);
}
static inline dnnl_status_t append(dnnl_post_ops_t ops, int epilogue) {
    return epilogue == ONEDNN_GELU ? dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_gelu_erf, 0, 0)
                                   : dnnl_post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef);
}

#else

static inline dnnl_status_t describe(descriptor *out, const dnnl_dim_t *dims, const dnnl_dim_t *strides,
                              dnnl_data_type_t type) {
    return strides ? dnnl_memory_desc_init_by_strides(out, 2, dims, type, strides)
                   : dnnl_memory_desc_init_by_tag(out, 2, dims, type, dnnl_format_tag_any);
}
static inline void forget(descriptor *d) { (void)d; }
static inline dnnl_status_t compile(dnnl_primitive_desc_t *out, descriptor *src, descriptor *w, descriptor *bias,
                             descriptor *dst, dnnl_primitive_attr_t attr, dnnl_engine_t engine) {
    dnnl_matmul_desc_t product;
    dnnl_status_t status = dnnl_matmul_desc_init(&product, src, w, bias, dst);
    return status != dnnl_success ? status : dnnl_primitive_desc_create(out, &product, attr, engine, NULL);
}
static inline dnnl_status_t weights_of(dnnl_primitive_desc_t pd, descriptor *out) {
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    if (!md) return dnnl_runtime_error;
    *out = *md;
    return dnnl_success;
}
static inline size_t bytes_of(const descriptor *d) { return dnnl_memory_desc_get_size(d); }
static inline dnnl_status_t memory_for(dnnl_memory_t *out, const descriptor *d, dnnl_engine_t engine, void *data) {
    return dnnl_memory_create(out, d, engine, data);
}
static inline dnnl_status_t scratch_of(dnnl_primitive_desc_t pd, dnnl_memory_t *out, dnnl_engine_t engine) {
    return dnnl_memory_create(out, dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0), engine,
                              DNNL_MEMORY_ALLOCATE);
}
static inline dnnl_status_t reorder_between(dnnl_primitive_desc_t *out, const descriptor *from, const descriptor *to,
                                     dnnl_engine_t engine) {
    return dnnl_reorder_primitive_desc_create(out, from, engine, to, engine, NULL);
}
static inline dnnl_status_t append(dnnl_post_ops_t ops, int epilogue) {
    return epilogue == ONEDNN_GELU ? dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_gelu_erf, 0, 0)
                                   : dnnl_post_ops_append_sum(ops, 1);
}

#endif

// The one engine; null where oneDNN makes none.
dnnl_engine_t onednn_engine(void);

#endif
