/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
/*
 * A library with the interface of libibverbs.so.1 and no device behind it: what is posted to a queue pair is delivered to a
 * queue pair of the same process, in memory, at once. It is built on the header of rdma-core, so that a caller with wrong
 * struct offsets fails with it as with the real library, and it can be told to fail.
 *
 * For tests and benchmarks. Not thread-safe. Functions named fake_* are its controls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#undef ibv_query_port
#undef ibv_reg_mr
#undef ibv_reg_mr_iova

#define API __attribute__((visibility("default")))
#define MAX_QPS 256
#define CQ_LIMIT 4096
#define WR_LIMIT 1024
#define INLINE_LIMIT 256
#define FIRST_QPN 0x11
#define FIRST_KEY 0x1000
#define MAX_MRS 256
#define MAX_SGES 4
#define MAX_DATAGRAM 4096
#define IPV4_GID 3

/* What is wrong with the library or its device. The numbers are shared with FakeIbverbs.java. */
enum fault {
    FAULT_NONE,
    FAULT_NO_KERNEL,        /* ibv_get_device_list: ENOSYS */
    FAULT_NO_DEVICE,        /* an empty list */
    FAULT_NO_PERMISSION,    /* ibv_open_device: EACCES */
    FAULT_ABI_COMPAT,       /* abi_compat is not -1 */
    FAULT_SMALL_EXTENSION,  /* verbs_context.sz is smaller than ibv_context */
    FAULT_HUGE_EXTENSION,   /* verbs_context.sz is not a size */
    FAULT_NULL_POLL_CQ,     /* a function that must be there is not */
    FAULT_DATA_POST_SEND,   /* a function pointer points to data */
    FAULT_OTHER_DEVICE,     /* the context names another device */
    FAULT_BAD_FD,           /* cmd_fd is no descriptor */
    FAULT_PORT_DOWN,
    FAULT_NO_GID,
    FAULT_INFINIBAND,       /* the link layer is not Ethernet */
    FAULT_NO_MEMLOCK,       /* ibv_reg_mr: ENOMEM */
    FAULT_QP_CONTEXT,       /* ibv_create_qp gives a struct of another shape */
    FAULT_CQ_CONTEXT,       /* ibv_create_cq likewise */
    FAULT_NO_QUERY_PORT,    /* verbs_context without query_port: the export is called */
};

static int fault;
static int live;
static int fail_after = -1; /* posts that succeed before one fails; -1 for none */
static int fail_errno;
static int poll_result; /* what poll_cq returns instead, when negative */
static uint64_t counted; /* what the trivial functions do */

struct entry {
    struct ibv_wc wc;
    int send_slots; /* places of the send queue that are free once this is taken */
};

struct fake_cq {
    struct ibv_cq cq;
    struct entry *ring;
    unsigned head, tail;
    int armed;
    int solicited_only;
};

struct receive {
    uint64_t wr_id;
    int sges;
    struct ibv_sge sge[MAX_SGES];
};

/* A send that waits while the queue pair is in SQD. */
struct waiting {
    struct ibv_send_wr wr;
    struct ibv_sge sge[MAX_SGES];
};

struct fake_mr {
    struct ibv_mr mr;
    unsigned access;
};

struct fake_ah {
    struct ibv_ah ah;
    struct ibv_ah_attr attr;
};

struct fake_qp {
    struct ibv_qp qp;
    uint32_t dest, qkey;
    struct receive *receives;
    unsigned rq_head, rq_tail, rq_size;
    struct waiting *waiting;
    unsigned waiting_count;
    unsigned sq_used, sq_size, unsignaled;
    int sq_sig_all;
};

struct fake_channel {
    struct ibv_comp_channel channel;
    int write_fd;
};

struct fake_context {
    struct verbs_context verbs;
    int cmd_write_fd, async_write_fd;
};

static struct ibv_device the_device = {
    .node_type = IBV_NODE_CA, .transport_type = IBV_TRANSPORT_IB, .name = "fake0", .dev_name = "uverbs-fake0"};
static struct ibv_device other_device;
static struct fake_qp *qps[MAX_QPS];
static struct fake_cq *last_cq;
static struct fake_qp *last_qp;
static struct fake_context *last_context;
static struct fake_mr *mrs[MAX_MRS];

/* ---- completions ---- */

static void push(struct ibv_cq *ibv, const struct ibv_wc *wc, int send_slots, int solicited)
{
    struct fake_cq *cq = (struct fake_cq *) ibv;
    struct entry *entry = &cq->ring[cq->tail % (unsigned) (ibv->cqe + 1)];

    if (cq->tail - cq->head > (unsigned) ibv->cqe) {
        return; /* overrun */
    }
    entry->wc = *wc;
    entry->send_slots = send_slots;
    cq->tail++;
    if (cq->armed && ibv->channel && (!cq->solicited_only || solicited || wc->status != IBV_WC_SUCCESS)) {
        ssize_t written = write(((struct fake_channel *) ibv->channel)->write_fd, &ibv, sizeof ibv);
        cq->armed = written != (ssize_t) sizeof ibv;
    }
}

static struct fake_qp *find_qp(uint32_t number)
{
    return number >= FIRST_QPN && number < FIRST_QPN + MAX_QPS ? qps[number - FIRST_QPN] : NULL;
}

static int fake_poll_cq(struct ibv_cq *ibv, int count, struct ibv_wc *wc)
{
    struct fake_cq *cq = (struct fake_cq *) ibv;
    int taken = 0;

    if (poll_result < 0) {
        return poll_result;
    }
    for (; taken < count && cq->head != cq->tail; taken++, cq->head++) {
        struct entry *entry = &cq->ring[cq->head % (unsigned) (ibv->cqe + 1)];
        struct fake_qp *qp = find_qp(entry->wc.qp_num);
        wc[taken] = entry->wc;
        if (qp) {
            qp->sq_used -= (unsigned) entry->send_slots;
        }
    }
    return taken;
}

static int fake_req_notify_cq(struct ibv_cq *ibv, int solicited_only)
{
    ((struct fake_cq *) ibv)->armed = 1;
    ((struct fake_cq *) ibv)->solicited_only = solicited_only;
    return 0;
}

/* ---- posting ---- */

/* The region of a key, when it has all these bytes and rights. */
static struct fake_mr *region(const struct ibv_pd *pd, uint32_t key, uint64_t addr, uint64_t length, unsigned access)
{
    struct fake_mr *mr = mrs[key % MAX_MRS];
    uint64_t begin = mr ? (uintptr_t) mr->mr.addr : 0;

    return mr && mr->mr.lkey == key && mr->mr.pd == pd && addr >= begin && length <= mr->mr.length
            && addr - begin <= mr->mr.length - length && (mr->access & access) == access
        ? mr
        : NULL;
}

static int may_use(const struct ibv_pd *pd, const struct ibv_sge *sges, int count, unsigned access)
{
    for (int i = 0; i < count; i++) {
        if (sges[i].length > 0 && !region(pd, sges[i].lkey, sges[i].addr, sges[i].length, access)) {
            return 0;
        }
    }
    return 1;
}

static uint32_t length_of(const struct ibv_sge *sges, int count)
{
    uint32_t length = 0;

    for (int i = 0; i < count; i++) {
        length += sges[i].length;
    }
    return length;
}

static void gather(const struct ibv_send_wr *wr, uint8_t *to)
{
    for (int i = 0; i < wr->num_sge; i++) {
        memcpy(to, (void *) (uintptr_t) wr->sg_list[i].addr, wr->sg_list[i].length);
        to += wr->sg_list[i].length;
    }
}

static void scatter(const struct receive *receive, const uint8_t *from, uint32_t length)
{
    for (int i = 0; i < receive->sges && length > 0; i++) {
        uint32_t part = length < receive->sge[i].length ? length : receive->sge[i].length;
        memcpy((void *) (uintptr_t) receive->sge[i].addr, from, part);
        from += part;
        length -= part;
    }
}

/* The IPv4 header in the place of a GRH: the fields that receivers look at. */
static void write_header(uint8_t *grh, const struct ibv_send_wr *wr)
{
    const struct ibv_ah_attr *attr = &((struct fake_ah *) wr->wr.ud.ah)->attr;
    static const uint8_t loopback[4] = {127, 0, 0, 1};

    memset(grh, 0, sizeof(struct ibv_grh));
    grh[20] = 0x45;
    grh[21] = attr->grh.traffic_class;
    grh[28] = attr->grh.hop_limit;
    memcpy(grh + 32, loopback, 4);
    memcpy(grh + 36, attr->grh.dgid.raw + 12, 4);
}

/* Hands a message to the queue pair that it is for; what nobody waits for is lost, as on UC and UD. */
static void deliver(struct fake_qp *from, const struct ibv_send_wr *wr)
{
    static uint8_t message[sizeof(struct ibv_grh) + (1 << 23)];
    int datagram = from->qp.qp_type == IBV_QPT_UD;
    int write = wr->opcode == IBV_WR_RDMA_WRITE || wr->opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
    int immediate = wr->opcode == IBV_WR_SEND_WITH_IMM || wr->opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
    struct fake_qp *to = find_qp(datagram ? wr->wr.ud.remote_qpn : from->dest);
    uint32_t head = datagram ? sizeof(struct ibv_grh) : 0;
    uint32_t length = length_of(wr->sg_list, wr->num_sge);
    struct ibv_wc wc = {.status = IBV_WC_SUCCESS, .src_qp = from->qp.qp_num, .byte_len = head + length};
    struct receive *receive;

    if (!to || to->qp.state < IBV_QPS_RTR || to->qp.state == IBV_QPS_ERR || (datagram && wr->wr.ud.remote_qkey != to->qkey)
        || (write && length > 0
            && !region(to->qp.pd, wr->wr.rdma.rkey, wr->wr.rdma.remote_addr, length, IBV_ACCESS_REMOTE_WRITE))
        || (wr->opcode != IBV_WR_RDMA_WRITE && to->rq_head == to->rq_tail)) {
        return;
    }
    if (datagram) {
        write_header(message, wr);
    }
    gather(wr, message + head);
    if (write) {
        memcpy((void *) (uintptr_t) wr->wr.rdma.remote_addr, message, length);
        if (!immediate) {
            return;
        }
    }
    receive = &to->receives[to->rq_head % to->rq_size];
    if (!write && length_of(receive->sge, receive->sges) < head + length) {
        return;
    }
    to->rq_head++;
    wc.wr_id = receive->wr_id;
    wc.qp_num = to->qp.qp_num;
    wc.opcode = write ? IBV_WC_RECV_RDMA_WITH_IMM : IBV_WC_RECV;
    wc.wc_flags = (datagram ? IBV_WC_GRH : 0) | (immediate ? IBV_WC_WITH_IMM : 0);
    wc.imm_data = immediate ? wr->imm_data : 0;
    if (!write && !may_use(to->qp.pd, receive->sge, receive->sges, IBV_ACCESS_LOCAL_WRITE)) {
        wc.status = IBV_WC_LOC_PROT_ERR;
        to->qp.state = IBV_QPS_ERR;
    } else if (!write) {
        scatter(receive, message, head + length);
    }
    push(to->qp.recv_cq, &wc, 0, (wr->send_flags & IBV_SEND_SOLICITED) != 0);
}

/* Carries a send out, or says why it cannot be. */
static enum ibv_wc_status carry_out(struct fake_qp *qp, const struct ibv_send_wr *wr)
{
    if (qp->qp.state == IBV_QPS_ERR || qp->qp.state == IBV_QPS_SQE) {
        return IBV_WC_WR_FLUSH_ERR;
    }
    if (!(wr->send_flags & IBV_SEND_INLINE) && !may_use(qp->qp.pd, wr->sg_list, wr->num_sge, 0)) {
        return IBV_WC_LOC_PROT_ERR;
    }
    if (length_of(wr->sg_list, wr->num_sge) > (qp->qp.qp_type == IBV_QPT_UD ? MAX_DATAGRAM : 1u << 23)) {
        return IBV_WC_LOC_LEN_ERR;
    }
    deliver(qp, wr);
    return IBV_WC_SUCCESS;
}

static void execute(struct fake_qp *qp, const struct ibv_send_wr *wr)
{
    struct ibv_wc wc = {.wr_id = wr->wr_id, .qp_num = qp->qp.qp_num};

    wc.status = carry_out(qp, wr);
    if (wc.status != IBV_WC_SUCCESS && qp->qp.state == IBV_QPS_RTS) {
        qp->qp.state = qp->qp.qp_type == IBV_QPT_RC ? IBV_QPS_ERR : IBV_QPS_SQE;
    }
    wc.opcode = wr->opcode == IBV_WR_RDMA_WRITE || wr->opcode == IBV_WR_RDMA_WRITE_WITH_IMM ? IBV_WC_RDMA_WRITE
                                                                                           : IBV_WC_SEND;
    qp->unsignaled++;
    if (qp->sq_sig_all || wr->send_flags & IBV_SEND_SIGNALED || wc.status != IBV_WC_SUCCESS) {
        push(qp->qp.send_cq, &wc, (int) qp->unsignaled, 0);
        qp->unsignaled = 0;
    }
}

/* Everything that waited in SQD. */
static void execute_waiting(struct fake_qp *qp)
{
    for (unsigned i = 0; i < qp->waiting_count; i++) {
        qp->waiting[i].wr.sg_list = qp->waiting[i].sge;
        execute(qp, &qp->waiting[i].wr);
    }
    qp->waiting_count = 0;
}

/* 0, or the error that was asked for. */
static int asked_to_fail(void)
{
    if (fail_after < 0) {
        return 0;
    }
    return fail_after-- == 0 ? fail_errno : 0;
}

static int fake_post_send(struct ibv_qp *ibv, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
    struct fake_qp *qp = (struct fake_qp *) ibv;

    for (; wr; wr = wr->next) {
        int error = asked_to_fail();
        if (!error && (qp->sq_used == qp->sq_size || wr->num_sge > MAX_SGES)) {
            error = ENOMEM;
        }
        if (!error && ibv->state < IBV_QPS_RTS) {
            error = EINVAL;
        }
        if (error) {
            *bad_wr = wr;
            return error;
        }
        qp->sq_used++;
        if (ibv->state == IBV_QPS_SQD) {
            struct waiting *waiting = &qp->waiting[qp->waiting_count++];
            waiting->wr = *wr;
            memcpy(waiting->sge, wr->sg_list, (size_t) wr->num_sge * sizeof(struct ibv_sge));
        } else {
            execute(qp, wr);
        }
    }
    return 0;
}

static int fake_post_recv(struct ibv_qp *ibv, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
    struct fake_qp *qp = (struct fake_qp *) ibv;

    for (; wr; wr = wr->next) {
        struct receive *receive = &qp->receives[qp->rq_tail % (qp->rq_size ? qp->rq_size : 1)];
        int error = asked_to_fail();
        if (!error && (qp->rq_tail - qp->rq_head == qp->rq_size || wr->num_sge > MAX_SGES)) {
            error = ENOMEM;
        }
        if (error) {
            *bad_wr = wr;
            return error;
        }
        receive->wr_id = wr->wr_id;
        receive->sges = wr->num_sge;
        memcpy(receive->sge, wr->sg_list, (size_t) wr->num_sge * sizeof(struct ibv_sge));
        qp->rq_tail++;
    }
    return 0;
}

/* ---- functions that do next to nothing, to time the call alone ---- */

static int trivial_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
    (void) qp;
    (void) bad_wr;
    counted += wr->wr_id;
    return 0;
}

static int trivial_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
    (void) qp;
    (void) bad_wr;
    counted += wr->wr_id;
    return 0;
}

static int trivial_poll_cq(struct ibv_cq *cq, int count, struct ibv_wc *wc)
{
    (void) cq;
    (void) count;
    wc->wr_id = counted++;
    wc->status = IBV_WC_SUCCESS;
    return 1;
}

/* The next device to be opened has these functions. */
static int trivial;

API void fake_trivial(int on)
{
    trivial = on;
}

/* Loops over the inline functions of the header, as an application in C would write them. Times are taken by the caller. */
__attribute__((noinline)) API long fake_loop_post_send(long count)
{
    static struct ibv_send_wr wr = {.wr_id = 1};
    struct ibv_send_wr *bad;
    struct ibv_qp *qp = &last_qp->qp;
    long errors = 0;

    for (long i = 0; i < count; i++) {
        errors += ibv_post_send(qp, &wr, &bad);
    }
    return errors;
}

__attribute__((noinline)) API long fake_loop_post_recv(long count)
{
    static struct ibv_recv_wr wr = {.wr_id = 1};
    struct ibv_recv_wr *bad;
    struct ibv_qp *qp = &last_qp->qp;
    long errors = 0;

    for (long i = 0; i < count; i++) {
        errors += ibv_post_recv(qp, &wr, &bad);
    }
    return errors;
}

__attribute__((noinline)) API long fake_loop_poll_cq(long count)
{
    struct ibv_cq *cq = &last_cq->cq;
    struct ibv_wc wc;
    long taken = 0;

    for (long i = 0; i < count; i++) {
        taken += ibv_poll_cq(cq, 1, &wc);
    }
    return taken;
}

/* ---- controls ---- */

/* Sets what is wrong from now on. */
API void fake_fault(int which)
{
    fault = which;
}

/* Lets a post fail with an errno after some that succeed. */
API void fake_fail_post(int after, int error)
{
    fail_after = after;
    fail_errno = error;
}

/* Lets poll_cq return a negative number; 0 ends it. */
API void fake_fail_poll(int result)
{
    poll_result = result;
}

/* Puts a completion into the send queue of a queue pair, as a device does when a request went wrong. */
API int fake_complete(uint32_t qp_num, uint64_t wr_id, int status, uint32_t vendor_err)
{
    struct fake_qp *qp = find_qp(qp_num);
    struct ibv_wc wc = {.wr_id = wr_id, .status = (enum ibv_wc_status) status, .vendor_err = vendor_err, .qp_num = qp_num};

    /* Of a failed completion only id, status, vendor error and queue pair are valid: the rest is what was there. */
    wc.opcode = (enum ibv_wc_opcode) 0x55;
    wc.byte_len = 0x5a5a5a5a;
    if (!qp) {
        return EINVAL;
    }
    push(qp->qp.send_cq, &wc, 0, 0);
    if (qp->qp.qp_type == IBV_QPT_RC && status != IBV_WC_SUCCESS) {
        qp->qp.state = IBV_QPS_ERR; /* as a device does by itself; nothing looks at what is posted from then on */
    }
    return 0;
}

/* Reports an event of the port or device. */
API int fake_async_event(int type, int port)
{
    struct ibv_async_event event = {.event_type = (enum ibv_event_type) type};

    event.element.port_num = port;
    return write(last_context->async_write_fd, &event, sizeof event) == (ssize_t) sizeof event ? 0 : errno;
}

/* Makes everything well again. */
API void fake_reset(void)
{
    fault = FAULT_NONE;
    fail_after = -1;
    poll_result = 0;
    trivial = 0;
}

/* How many objects were made and not destroyed. */
API int fake_live(void)
{
    return live;
}

/* ---- the library: devices ---- */

API struct ibv_device **ibv_get_device_list(int *count)
{
    struct ibv_device **list;

    if (fault == FAULT_NO_KERNEL) {
        errno = ENOSYS;
        return NULL;
    }
    list = calloc(2, sizeof *list);
    live++;
    list[0] = fault == FAULT_NO_DEVICE ? NULL : &the_device;
    if (count) {
        *count = fault == FAULT_NO_DEVICE ? 0 : 1;
    }
    return list;
}

API void ibv_free_device_list(struct ibv_device **list)
{
    live--;
    free(list);
}

API const char *ibv_get_device_name(struct ibv_device *device)
{
    return device->name;
}

static int fake_query_port(struct ibv_context *context, uint8_t port, struct ibv_port_attr *attr, size_t length)
{
    struct ibv_port_attr full = {0};

    (void) context;
    if (port != 1) {
        return EINVAL;
    }
    full.state = fault == FAULT_PORT_DOWN ? IBV_PORT_DOWN : IBV_PORT_ACTIVE;
    full.max_mtu = IBV_MTU_4096;
    full.active_mtu = IBV_MTU_4096;
    full.gid_tbl_len = fault == FAULT_NO_GID ? 0 : 4;
    full.max_msg_sz = 1 << 23;
    full.link_layer = fault == FAULT_INFINIBAND ? IBV_LINK_LAYER_INFINIBAND : IBV_LINK_LAYER_ETHERNET;
    memcpy(attr, &full, length < sizeof full ? length : sizeof full);
    return 0;
}

API int ibv_query_port(struct ibv_context *context, uint8_t port, struct _compat_ibv_port_attr *attr)
{
    return fake_query_port(context, port, (struct ibv_port_attr *) attr, 48);
}

static int make_pipe(int fds[2])
{
    return pipe2(fds, O_NONBLOCK | O_CLOEXEC);
}

API struct ibv_context *ibv_open_device(struct ibv_device *device)
{
    struct fake_context *made = calloc(1, sizeof *made);
    struct ibv_context *context = &made->verbs.context;
    int cmd[2], async[2];

    if (fault == FAULT_NO_PERMISSION || make_pipe(cmd) || make_pipe(async)) {
        free(made);
        errno = EACCES;
        return NULL;
    }
    context->device = fault == FAULT_OTHER_DEVICE ? &other_device : device;
    context->cmd_fd = fault == FAULT_BAD_FD ? -1 : cmd[0];
    context->async_fd = async[0];
    made->cmd_write_fd = cmd[1];
    made->async_write_fd = async[1];
    context->num_comp_vectors = 1;
    context->abi_compat = fault == FAULT_ABI_COMPAT ? NULL : __VERBS_ABI_IS_EXTENDED;
    context->ops.poll_cq = trivial ? trivial_poll_cq : fake_poll_cq;
    context->ops.req_notify_cq = fake_req_notify_cq;
    context->ops.post_send = trivial ? trivial_post_send : fake_post_send;
    context->ops.post_recv = trivial ? trivial_post_recv : fake_post_recv;
    made->verbs.sz = sizeof made->verbs;
    made->verbs.query_port = fault == FAULT_NO_QUERY_PORT ? NULL : fake_query_port;
    if (fault == FAULT_SMALL_EXTENSION) {
        made->verbs.sz = sizeof(struct ibv_context) - 8;
    } else if (fault == FAULT_HUGE_EXTENSION) {
        made->verbs.sz = (size_t) 1 << 40;
    } else if (fault == FAULT_NULL_POLL_CQ) {
        context->ops.poll_cq = NULL;
    } else if (fault == FAULT_DATA_POST_SEND) {
        context->ops.post_send = (int (*)(struct ibv_qp *, struct ibv_send_wr *, struct ibv_send_wr **)) (void *) made;
    }
    live++;
    last_context = made;
    return context;
}

API int ibv_close_device(struct ibv_context *context)
{
    struct fake_context *made = (struct fake_context *) (void *) ((char *) context - offsetof(struct fake_context, verbs.context));

    close(context->cmd_fd);
    close(context->async_fd);
    close(made->cmd_write_fd);
    close(made->async_write_fd);
    free(made);
    live--;
    return 0;
}

API int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *attr)
{
    (void) context;
    memset(attr, 0, sizeof *attr);
    strcpy(attr->fw_ver, "0.0");
    attr->max_mr_size = UINT64_MAX;
    attr->max_qp = MAX_QPS;
    attr->max_qp_wr = WR_LIMIT;
    attr->max_sge = 4;
    attr->max_cq = 64;
    attr->max_cqe = CQ_LIMIT;
    attr->max_mr = 1024;
    attr->max_pd = 64;
    attr->max_qp_rd_atom = 16;
    attr->max_qp_init_rd_atom = 16;
    attr->max_srq = 4;
    attr->max_srq_wr = WR_LIMIT;
    attr->max_srq_sge = 4;
    attr->max_pkeys = 1;
    attr->phys_port_cnt = 1;
    return 0;
}

static const uint8_t gids[4][16] = {
    {0xfe, 0x80, [15] = 1}, {0xfe, 0x80, [15] = 1}, {[10] = 0xff, 0xff, 127, 0, 0, 1}, {[10] = 0xff, 0xff, 127, 0, 0, 1}};

API int ibv_query_gid(struct ibv_context *context, uint8_t port, int index, union ibv_gid *gid)
{
    (void) context;
    if (port != 1 || index < 0 || index > 3 || fault == FAULT_NO_GID) {
        return -1;
    }
    memcpy(gid->raw, gids[index], sizeof gid->raw);
    return 0;
}

/* Index 0 is RoCEv1 and link-local, as on most real devices; the IPv4 RoCEv2 entry is index 3. */
API int _ibv_query_gid_ex(
    struct ibv_context *context, uint32_t port, uint32_t index, struct ibv_gid_entry *entry, uint32_t flags, size_t size)
{
    (void) flags;
    if (size < sizeof *entry || ibv_query_gid(context, (uint8_t) port, (int) index, &entry->gid)) {
        return ENODATA;
    }
    entry->gid_index = index;
    entry->port_num = port;
    entry->gid_type = index % 2 ? IBV_GID_TYPE_ROCE_V2 : IBV_GID_TYPE_ROCE_V1;
    entry->ndev_ifindex = 1;
    return 0;
}

/* ---- the library: resources ---- */

static void *make(size_t bytes)
{
    live++;
    return calloc(1, bytes);
}

static int destroy(void *object)
{
    live--;
    free(object);
    return 0;
}

API struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
    struct ibv_pd *pd = make(sizeof *pd);

    pd->context = context;
    return pd;
}

API int ibv_dealloc_pd(struct ibv_pd *pd)
{
    return destroy(pd);
}

API struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova, unsigned int access)
{
    static uint32_t next_key = FIRST_KEY;
    struct fake_mr *made;

    if (fault == FAULT_NO_MEMLOCK || iova != (uintptr_t) addr || mrs[next_key % MAX_MRS]) {
        errno = iova == (uintptr_t) addr ? ENOMEM : EINVAL;
        return NULL;
    }
    made = make(sizeof *made);
    made->mr.context = pd->context;
    made->mr.pd = pd;
    made->mr.addr = addr;
    made->mr.length = length;
    made->mr.lkey = made->mr.rkey = next_key;
    made->access = access;
    mrs[next_key++ % MAX_MRS] = made;
    return &made->mr;
}

API struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t length, int access)
{
    return ibv_reg_mr_iova2(pd, addr, length, (uintptr_t) addr, (unsigned int) access);
}

API int ibv_dereg_mr(struct ibv_mr *mr)
{
    mrs[mr->lkey % MAX_MRS] = NULL;
    return destroy(mr);
}

API struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context)
{
    struct fake_channel *made = make(sizeof *made);
    int fds[2];

    if (make_pipe(fds)) {
        destroy(made);
        return NULL;
    }
    made->channel.context = context;
    made->channel.fd = fds[0];
    made->write_fd = fds[1];
    return &made->channel;
}

API int ibv_destroy_comp_channel(struct ibv_comp_channel *channel)
{
    close(channel->fd);
    close(((struct fake_channel *) channel)->write_fd);
    return destroy(channel);
}

API int ibv_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq, void **cq_context)
{
    if (read(channel->fd, cq, sizeof *cq) != (ssize_t) sizeof *cq) {
        return -1;
    }
    *cq_context = (*cq)->cq_context;
    return 0;
}

API void ibv_ack_cq_events(struct ibv_cq *cq, unsigned int count)
{
    cq->comp_events_completed += count;
}

API struct ibv_cq *ibv_create_cq(
    struct ibv_context *context, int entries, void *cq_context, struct ibv_comp_channel *channel, int vector)
{
    struct fake_cq *made;

    if (entries < 1 || entries > CQ_LIMIT || vector != 0) {
        errno = EINVAL;
        return NULL;
    }
    made = make(sizeof *made);
    made->cq.context = fault == FAULT_CQ_CONTEXT ? NULL : context;
    made->cq.channel = channel;
    made->cq.cq_context = cq_context;
    made->cq.cqe = entries;
    made->ring = calloc((size_t) entries + 1, sizeof *made->ring);
    last_cq = made;
    return &made->cq;
}

API int ibv_destroy_cq(struct ibv_cq *cq)
{
    free(((struct fake_cq *) cq)->ring);
    return destroy(cq);
}

API struct ibv_qp *ibv_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
    struct fake_qp *made;
    uint32_t number = 0;

    while (number < MAX_QPS && qps[number]) {
        number++;
    }
    if (number == MAX_QPS || attr->cap.max_send_wr > WR_LIMIT || attr->cap.max_recv_wr > WR_LIMIT
        || attr->cap.max_inline_data > INLINE_LIMIT) {
        errno = number == MAX_QPS ? ENOMEM : EINVAL;
        return NULL;
    }
    made = make(sizeof *made);
    made->qp.context = fault == FAULT_QP_CONTEXT ? NULL : pd->context;
    made->qp.pd = pd;
    made->qp.qp_context = attr->qp_context;
    made->qp.send_cq = attr->send_cq;
    made->qp.recv_cq = attr->recv_cq;
    made->qp.qp_num = FIRST_QPN + number;
    made->qp.qp_type = attr->qp_type;
    made->sq_size = attr->cap.max_send_wr;
    made->rq_size = attr->cap.max_recv_wr;
    made->sq_sig_all = attr->sq_sig_all;
    made->receives = calloc(made->rq_size + 1, sizeof *made->receives);
    made->waiting = calloc(made->sq_size + 1, sizeof *made->waiting);
    qps[number] = made;
    last_qp = made;
    return &made->qp;
}

static void flush(struct fake_qp *qp)
{
    while (qp->rq_head != qp->rq_tail) {
        struct ibv_wc wc = {.wr_id = qp->receives[qp->rq_head++ % qp->rq_size].wr_id,
                            .status = IBV_WC_WR_FLUSH_ERR,
                            .qp_num = qp->qp.qp_num};
        push(qp->qp.recv_cq, &wc, 0, 0);
    }
    execute_waiting(qp);
}

/* The steps that the specification knows; others are refused. */
static int allowed(enum ibv_qp_state from, enum ibv_qp_state to)
{
    return to == IBV_QPS_RESET || to == IBV_QPS_ERR || (from == IBV_QPS_RESET && to == IBV_QPS_INIT)
        || (from == IBV_QPS_INIT && (to == IBV_QPS_INIT || to == IBV_QPS_RTR)) || (from == IBV_QPS_RTR && to == IBV_QPS_RTS)
        || (from == IBV_QPS_RTS && (to == IBV_QPS_RTS || to == IBV_QPS_SQD)) || (from == IBV_QPS_SQD && to == IBV_QPS_RTS);
}

API int ibv_modify_qp(struct ibv_qp *ibv, struct ibv_qp_attr *attr, int mask)
{
    struct fake_qp *qp = (struct fake_qp *) ibv;

    if (mask & IBV_QP_STATE && !allowed(ibv->state, attr->qp_state)) {
        return EINVAL;
    }
    if (mask & IBV_QP_DEST_QPN) {
        qp->dest = attr->dest_qp_num;
    }
    if (mask & IBV_QP_QKEY) {
        qp->qkey = attr->qkey;
    }
    if (mask & IBV_QP_STATE) {
        ibv->state = attr->qp_state;
        if (ibv->state == IBV_QPS_ERR) {
            flush(qp);
        } else if (ibv->state == IBV_QPS_RESET) {
            qp->rq_head = qp->rq_tail = qp->sq_used = qp->unsignaled = qp->waiting_count = 0;
        } else if (ibv->state == IBV_QPS_RTS) {
            execute_waiting(qp);
        }
    }
    return 0;
}

API int ibv_query_qp(struct ibv_qp *ibv, struct ibv_qp_attr *attr, int mask, struct ibv_qp_init_attr *init)
{
    struct fake_qp *qp = (struct fake_qp *) ibv;

    (void) mask;
    memset(attr, 0, sizeof *attr);
    memset(init, 0, sizeof *init);
    attr->qp_state = ibv->state;
    attr->dest_qp_num = qp->dest;
    attr->qkey = qp->qkey;
    init->cap.max_send_wr = qp->sq_size;
    init->cap.max_recv_wr = qp->rq_size;
    init->qp_type = ibv->qp_type;
    return 0;
}

API int ibv_destroy_qp(struct ibv_qp *ibv)
{
    qps[ibv->qp_num - FIRST_QPN] = NULL;
    free(((struct fake_qp *) ibv)->receives);
    free(((struct fake_qp *) ibv)->waiting);
    return destroy(ibv);
}

API struct ibv_ah *ibv_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr)
{
    struct fake_ah *made;

    if (!attr->is_global || attr->port_num != 1 || attr->grh.sgid_index != IPV4_GID) {
        errno = EINVAL;
        return NULL;
    }
    made = make(sizeof *made);
    made->ah.context = pd->context;
    made->ah.pd = pd;
    made->attr = *attr;
    return &made->ah;
}

API int ibv_destroy_ah(struct ibv_ah *ah)
{
    return destroy(ah);
}

/* ---- the library: what this device does not have ---- */

API struct ibv_srq *ibv_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
    (void) pd;
    (void) attr;
    errno = EOPNOTSUPP;
    return NULL;
}

API int ibv_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int mask)
{
    (void) srq;
    (void) attr;
    (void) mask;
    return EOPNOTSUPP;
}

API int ibv_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr)
{
    (void) srq;
    (void) attr;
    return EOPNOTSUPP;
}

API int ibv_destroy_srq(struct ibv_srq *srq)
{
    (void) srq;
    return EOPNOTSUPP;
}

API int ibv_get_async_event(struct ibv_context *context, struct ibv_async_event *event)
{
    return read(context->async_fd, event, sizeof *event) == (ssize_t) sizeof *event ? 0 : -1;
}

API void ibv_ack_async_event(struct ibv_async_event *event)
{
    (void) event;
}
