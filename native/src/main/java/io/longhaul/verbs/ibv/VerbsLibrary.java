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

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The functions of libibverbs, one method each. Pointers are plain addresses, 0 is null.
///
/// Methods that make something return its address, 0 when the call failed: {@link Scratch#errno()} says why. Methods
/// that
/// return an `int` return 0, or the positive `errno`, whichever of its two ways the C function has to tell it.
final class VerbsLibrary {
    private final Map<VerbsSymbol, MemorySegment> functions;

    private VerbsLibrary(Map<VerbsSymbol, MemorySegment> functions) {
        this.functions = functions;
    }

    /// Finds the functions.
    ///
    /// @throws VerbsUnavailableException when a required one is missing, or native access is denied
    static VerbsLibrary bind(String libraryName, SymbolLookup lookup) throws VerbsUnavailableException {
        String denied = VerbsShapes.denied();
        if (denied != null) {
            throw new VerbsUnavailableException(denied);
        }
        Map<VerbsSymbol, MemorySegment> functions = new EnumMap<>(VerbsSymbol.class);
        List<String> missing = new ArrayList<>();
        for (VerbsSymbol symbol : VerbsSymbol.values()) {
            Optional<MemorySegment> found = lookup.find(symbol.cName());
            if (found.isPresent()) {
                functions.put(symbol, found.get());
            } else if (symbol.isRequired()) {
                missing.add(symbol.cName());
            }
        }
        if (!missing.isEmpty()) {
            throw new VerbsUnavailableException(String.format(
                    Locale.ROOT,
                    "%s has no function %s: it is not the library of rdma-core 22 or newer; install libibverbs1",
                    libraryName,
                    String.join(", ", missing)));
        }
        return new VerbsLibrary(functions);
    }

    /// Whether an optional function is there.
    boolean has(VerbsSymbol symbol) {
        return functions.containsKey(symbol);
    }

    private MemorySegment function(VerbsSymbol symbol) {
        MemorySegment function = functions.get(symbol);
        if (function == null) {
            throw new IllegalStateException("the library has no " + symbol.cName());
        }
        return function;
    }

    /// 0, or a positive `errno`, of a call that returns 0, or `errno`, or -1 and leaves it, or the negated one.
    static int errnoOf(int result, Scratch scratch) {
        if (result >= 0) {
            return result;
        }
        return result == -1 ? scratch.errno() : -result;
    }

    /// `ibv_get_device_list`: an array of `struct ibv_device*`, null-terminated; 0 when there is no RDMA.
    long getDeviceList(Scratch scratch, long countPointer) {
        try {
            return (long) VerbsShapes.P_P.invokeExact(
                    function(VerbsSymbol.IBV_GET_DEVICE_LIST), scratch.callState(), countPointer);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_free_device_list`.
    void freeDeviceList(Scratch scratch, long list) {
        try {
            VerbsShapes.P_V.invokeExact(function(VerbsSymbol.IBV_FREE_DEVICE_LIST), scratch.callState(), list);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_get_device_name`: a `char*`.
    long getDeviceName(Scratch scratch, long device) {
        try {
            return (long)
                    VerbsShapes.P_P.invokeExact(function(VerbsSymbol.IBV_GET_DEVICE_NAME), scratch.callState(), device);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_open_device`: a `struct ibv_context*`.
    long openDevice(Scratch scratch, long device) {
        try {
            return (long)
                    VerbsShapes.P_P.invokeExact(function(VerbsSymbol.IBV_OPEN_DEVICE), scratch.callState(), device);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_close_device`.
    int closeDevice(Scratch scratch, long context) {
        try {
            return errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(
                            function(VerbsSymbol.IBV_CLOSE_DEVICE), scratch.callState(), context),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_query_device`.
    int queryDevice(Scratch scratch, long context, long attributes) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PP_I.invokeExact(
                            function(VerbsSymbol.IBV_QUERY_DEVICE), scratch.callState(), context, attributes),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_query_port`, the exported one, which writes the first 48 bytes only.
    int queryPort(Scratch scratch, long context, int port, long attributes) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PBP_I.invokeExact(
                            function(VerbsSymbol.IBV_QUERY_PORT),
                            scratch.callState(),
                            context,
                            (byte) port,
                            attributes),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_query_gid`.
    int queryGid(Scratch scratch, long context, int port, int index, long gid) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PBIP_I.invokeExact(
                            function(VerbsSymbol.IBV_QUERY_GID), scratch.callState(), context, (byte) port, index, gid),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_alloc_pd`: a `struct ibv_pd*`.
    long allocPd(Scratch scratch, long context) {
        try {
            return (long) VerbsShapes.P_P.invokeExact(function(VerbsSymbol.IBV_ALLOC_PD), scratch.callState(), context);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_dealloc_pd`.
    int deallocPd(Scratch scratch, long domain) {
        try {
            return errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(
                            function(VerbsSymbol.IBV_DEALLOC_PD), scratch.callState(), domain),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_reg_mr`, the exported one, which does not know optional access flags: a `struct ibv_mr*`.
    long regMr(Scratch scratch, long domain, long address, long bytes, int access) {
        try {
            return (long) VerbsShapes.PPPI_P.invokeExact(
                    function(VerbsSymbol.IBV_REG_MR), scratch.callState(), domain, address, bytes, access);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_dereg_mr`.
    int deregMr(Scratch scratch, long region) {
        try {
            return errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(function(VerbsSymbol.IBV_DEREG_MR), scratch.callState(), region),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_create_comp_channel`: a `struct ibv_comp_channel*`.
    long createCompChannel(Scratch scratch, long context) {
        try {
            return (long) VerbsShapes.P_P.invokeExact(
                    function(VerbsSymbol.IBV_CREATE_COMP_CHANNEL), scratch.callState(), context);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_destroy_comp_channel`.
    int destroyCompChannel(Scratch scratch, long channel) {
        try {
            return errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(
                            function(VerbsSymbol.IBV_DESTROY_COMP_CHANNEL), scratch.callState(), channel),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_create_cq` with completion vector 0: a `struct ibv_cq*`.
    long createCq(Scratch scratch, long context, int entries, long channel) {
        try {
            return (long) VerbsShapes.PIPPI_P.invokeExact(
                    function(VerbsSymbol.IBV_CREATE_CQ), scratch.callState(), context, entries, 0L, channel, 0);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_destroy_cq`.
    int destroyCq(Scratch scratch, long queue) {
        try {
            return errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(function(VerbsSymbol.IBV_DESTROY_CQ), scratch.callState(), queue),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_get_cq_event`.
    int getCqEvent(Scratch scratch, long channel, long queuePointer, long contextPointer) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PPP_I.invokeExact(
                            function(VerbsSymbol.IBV_GET_CQ_EVENT),
                            scratch.callState(),
                            channel,
                            queuePointer,
                            contextPointer),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_ack_cq_events`.
    void ackCqEvents(Scratch scratch, long queue, int count) {
        try {
            VerbsShapes.PI_V.invokeExact(function(VerbsSymbol.IBV_ACK_CQ_EVENTS), scratch.callState(), queue, count);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_create_qp`: a `struct ibv_qp*`.
    long createQp(Scratch scratch, long domain, long attributes) {
        try {
            return (long) VerbsShapes.PP_P.invokeExact(
                    function(VerbsSymbol.IBV_CREATE_QP), scratch.callState(), domain, attributes);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_modify_qp`.
    int modifyQp(Scratch scratch, long queuePair, long attributes, int mask) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PPI_I.invokeExact(
                            function(VerbsSymbol.IBV_MODIFY_QP), scratch.callState(), queuePair, attributes, mask),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_query_qp`.
    int queryQp(Scratch scratch, long queuePair, long attributes, int mask, long initAttributes) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PPIP_I.invokeExact(
                            function(VerbsSymbol.IBV_QUERY_QP),
                            scratch.callState(),
                            queuePair,
                            attributes,
                            mask,
                            initAttributes),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_destroy_qp`.
    int destroyQp(Scratch scratch, long queuePair) {
        try {
            return errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(
                            function(VerbsSymbol.IBV_DESTROY_QP), scratch.callState(), queuePair),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_create_ah`: a `struct ibv_ah*`.
    long createAh(Scratch scratch, long domain, long attributes) {
        try {
            return (long) VerbsShapes.PP_P.invokeExact(
                    function(VerbsSymbol.IBV_CREATE_AH), scratch.callState(), domain, attributes);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_destroy_ah`.
    int destroyAh(Scratch scratch, long handle) {
        try {
            return errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(
                            function(VerbsSymbol.IBV_DESTROY_AH), scratch.callState(), handle),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_create_srq`: a `struct ibv_srq*`.
    long createSrq(Scratch scratch, long domain, long attributes) {
        try {
            return (long) VerbsShapes.PP_P.invokeExact(
                    function(VerbsSymbol.IBV_CREATE_SRQ), scratch.callState(), domain, attributes);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_modify_srq`.
    int modifySrq(Scratch scratch, long queue, long attributes, int mask) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PPI_I.invokeExact(
                            function(VerbsSymbol.IBV_MODIFY_SRQ), scratch.callState(), queue, attributes, mask),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_query_srq`.
    int querySrq(Scratch scratch, long queue, long attributes) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PP_I.invokeExact(
                            function(VerbsSymbol.IBV_QUERY_SRQ), scratch.callState(), queue, attributes),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_destroy_srq`.
    int destroySrq(Scratch scratch, long queue) {
        try {
            return errnoOf(
                    (int) VerbsShapes.P_I.invokeExact(
                            function(VerbsSymbol.IBV_DESTROY_SRQ), scratch.callState(), queue),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_get_async_event`.
    int getAsyncEvent(Scratch scratch, long context, long event) {
        try {
            return errnoOf(
                    (int) VerbsShapes.PP_I.invokeExact(
                            function(VerbsSymbol.IBV_GET_ASYNC_EVENT), scratch.callState(), context, event),
                    scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_ack_async_event`.
    void ackAsyncEvent(Scratch scratch, long event) {
        try {
            VerbsShapes.P_V.invokeExact(function(VerbsSymbol.IBV_ACK_ASYNC_EVENT), scratch.callState(), event);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ibv_reg_mr_iova2` with the I/O address equal to the address; leaves out optional access flags that the
    /// device does not
    /// know. A `struct ibv_mr*`.
    long regMrIova2(Scratch scratch, long domain, long address, long bytes, int access) {
        try {
            return (long) VerbsShapes.PPPPI_P.invokeExact(
                    function(VerbsSymbol.IBV_REG_MR_IOVA2),
                    scratch.callState(),
                    domain,
                    address,
                    bytes,
                    address,
                    access);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `_ibv_query_gid_ex`, what the inline `ibv_query_gid_ex` calls.
    int queryGidEx(Scratch scratch, long context, int port, int index, long entry) {
        try {
            int result = (int) VerbsShapes.PIIPIP_I.invokeExact(
                    function(VerbsSymbol._IBV_QUERY_GID_EX), scratch.callState(), context, port, index, entry, 0, (long)
                            IbvLayouts.IbvGidEntry.BYTES);
            return errnoOf(result, scratch);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
