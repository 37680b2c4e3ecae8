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
package io.longhaul.verbs.ibv;

import io.longhaul.verbs.ibv.IbvLayouts.IbvContext;
import io.longhaul.verbs.ibv.IbvLayouts.VerbsContext;
import java.lang.foreign.MemorySegment;

/// The functions that are inline in the header: they call through pointers in the context, which the device's driver
/// has
/// put there.
///
/// The calls of the fast path allocate nothing and return what the driver returned: 0 or an `errno`, for
/// {@link #pollCq} a number of completions or a negative one.
final class ContextOps {
    private final long context;
    private final int contextBytes;
    private final MemorySegment pollCq;
    private final MemorySegment reqNotifyCq;
    private final MemorySegment postSend;
    private final MemorySegment postRecv;
    private final MemorySegment postSrqRecv;

    /// Reads the pointers of a context.
    ContextOps(long context, IbvLayouts.Tail tail) {
        this.context = context;
        contextBytes = tail.contextBytes();
        pollCq = operation(IbvContext.OPS_POLL_CQ);
        reqNotifyCq = operation(IbvContext.OPS_REQ_NOTIFY_CQ);
        postSend = operation(IbvContext.OPS_POST_SEND);
        postRecv = operation(IbvContext.OPS_POST_RECV);
        postSrqRecv = operation(IbvContext.OPS_POST_SRQ_RECV);
    }

    /// A function of `ibv_context.ops`, null where the driver has none.
    MemorySegment operation(int offset) {
        return MemorySegment.ofAddress(RawMemory.getLong(context + offset));
    }

    /// A function of the `verbs_context` around the context; null when the driver or the library is too old to have
    /// it.
    MemorySegment extension(int offset) {
        long size = RawMemory.getLong(context + VerbsContext.SZ);
        return size < contextBytes - offset ? MemorySegment.NULL : operation(offset);
    }

    /// `ibv_poll_cq`.
    int pollCq(long queue, int count, long completions) {
        try {
            return (int) VerbsShapes.POLL_CQ.invokeExact(pollCq, queue, count, completions);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_req_notify_cq`.
    int reqNotifyCq(long queue, int solicitedOnly) {
        try {
            return (int) VerbsShapes.REQ_NOTIFY_CQ.invokeExact(reqNotifyCq, queue, solicitedOnly);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_post_send`.
    int postSend(long queuePair, long requests, long badRequestPointer) {
        try {
            return (int) VerbsShapes.POST_SEND.invokeExact(postSend, queuePair, requests, badRequestPointer);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_post_recv`.
    int postRecv(long queuePair, long requests, long badRequestPointer) {
        try {
            return (int) VerbsShapes.POST_RECV.invokeExact(postRecv, queuePair, requests, badRequestPointer);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_post_srq_recv`.
    int postSrqRecv(long sharedQueue, long requests, long badRequestPointer) {
        try {
            return (int) VerbsShapes.POST_RECV.invokeExact(postSrqRecv, sharedQueue, requests, badRequestPointer);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_query_port` as the header has it: with the number of bytes that may be written.
    ///
    /// @param function from {@link #extension}
    static int queryPort(MemorySegment function, Scratch scratch, long context, int port, long attributes) {
        try {
            int result = (int) VerbsShapes.PBPP_I.invokeExact(
                    function, scratch.callState(), context, (byte) port, attributes, (long)
                            IbvLayouts.IbvPortAttr.BYTES);
            return VerbsLibrary.errnoOf(result, scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_modify_qp_rate_limit`.
    ///
    /// @param function from {@link #extension}
    static int modifyQpRateLimit(MemorySegment function, Scratch scratch, long queuePair, long attributes) {
        try {
            int result = (int) VerbsShapes.PP_I.invokeExact(function, scratch.callState(), queuePair, attributes);
            return VerbsLibrary.errnoOf(result, scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_alloc_mw`: a `struct ibv_mw*`, 0 when it failed.
    ///
    /// @param function from {@link #operation}
    static long allocMw(MemorySegment function, Scratch scratch, long domain, int type) {
        try {
            return (long) VerbsShapes.PI_P.invokeExact(function, scratch.callState(), domain, type);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_dealloc_mw`.
    ///
    /// @param function from {@link #operation}
    static int deallocMw(MemorySegment function, Scratch scratch, long window) {
        try {
            return VerbsLibrary.errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(function, scratch.callState(), window), scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_bind_mw`.
    ///
    /// @param function from {@link #operation}
    static int bindMw(MemorySegment function, Scratch scratch, long queuePair, long window, long bind) {
        try {
            return VerbsLibrary.errnoOf(
                    (int) VerbsShapes.PPP_I.invokeExact(function, scratch.callState(), queuePair, window, bind),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
