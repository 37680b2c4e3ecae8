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

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.linux.Errno;
import io.longhaul.linux.Libc;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.ibv.IbvLayouts.IbvCompChannel;
import io.longhaul.verbs.ibv.IbvLayouts.IbvContext;
import io.longhaul.verbs.ibv.IbvLayouts.IbvCq;
import io.longhaul.verbs.ibv.IbvLayouts.IbvGidEntry;
import io.longhaul.verbs.ibv.IbvLayouts.IbvMr;
import io.longhaul.verbs.ibv.IbvLayouts.IbvPortAttr;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQp;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQpInitAttr;
import io.longhaul.verbs.ibv.IbvLayouts.LinkLayer;
import io.longhaul.verbs.ibv.IbvLayouts.PortState;
import io.longhaul.verbs.ibv.IbvLayouts.VerbsContext;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A libibverbs of Java functions with one device, whose every call can be made to fail. It needs no compiler, as
/// {@link FakeIbverbs} does, but carries no data.
///
/// What is called without safepoints (poll_cq, post_recv) must not be Java: those do nothing here.
@SuppressWarnings("restricted")
final class JavaVerbs implements AutoCloseable {
    static final String NAME = "fake0";
    private static final int EVENTFD_FLAGS = 0x80800;
    private static final int ROOM = 1024;
    private static final int CONTEXT_OFFSET = 400;

    private final Arena arena = Arena.ofShared();
    private final Libc.CallState callState = new Libc.CallState(arena);
    private final Map<VerbsSymbol, MemorySegment> functions = new EnumMap<>(VerbsSymbol.class);
    private final Map<String, Integer> failures = new HashMap<>();
    private final Set<Long> open = new HashSet<>();
    private final MethodHandle errnoLocation;
    private final MemorySegment device = arena.allocate(ROOM, 8);
    private final MemorySegment list = arena.allocate(16, 8);
    private final MemorySegment name = arena.allocateFrom(NAME);
    private final MemorySegment verbsContext = arena.allocate(ROOM, 8);

    /// The open context, for tests that spoil it.
    final MemorySegment context = verbsContext.asSlice(CONTEXT_OFFSET);

    int devices = 1;
    int portState = PortState.ACTIVE;
    int linkLayer = LinkLayer.ETHERNET;
    int gids = 1;

    /// Sends that the driver takes before its queue is full.
    int sendRoom = Integer.MAX_VALUE;

    /// What the driver says about the next send then.
    int sendErrno = Errno.ENOMEM;

    /// What it says when all are queued, naming none.
    int doorbellErrno;

    /// The place of the RoCEv2 entry.
    int routableGid = 1;

    /// How often an entry of the address table was read.
    int gidQueries;

    /// The entry of the last address handle.
    int sourceGid = -1;

    /// How long changes of state are refused with EINVAL, and how often.
    long drainedAtNanos = System.nanoTime();

    int drainRefusals;

    /// The mask of the last change.
    int modifyMask;

    /// The last rate limit in kbit/s.
    int rateLimit = -1;

    JavaVerbs() {
        Linker linker = Linker.nativeLinker();
        errnoLocation = linker.downcallHandle(
                linker.defaultLookup().find("__errno_location").orElseThrow(), FunctionDescriptor.of(JAVA_LONG));
        list.set(JAVA_LONG, 0, device.address());
        IbvLayouts.Tail tail = IbvLayouts.Tail.ofThisProcessor().orElseThrow();
        int fd = Libc.eventfd(callState, 0, EVENTFD_FLAGS);
        context.set(JAVA_LONG, IbvContext.DEVICE, device.address());
        context.set(JAVA_INT, IbvContext.CMD_FD, fd);
        context.set(JAVA_INT, IbvContext.ASYNC_FD, fd);
        context.set(JAVA_LONG, tail.contextAbiCompat(), -1L);
        verbsContext.set(JAVA_LONG, CONTEXT_OFFSET + VerbsContext.SZ, tail.contextBytes() + 8L);
        MemorySegment harmless = linker.defaultLookup().find("abs").orElseThrow();
        context.set(JAVA_LONG, IbvContext.OPS_POLL_CQ, harmless.address());
        context.set(JAVA_LONG, IbvContext.OPS_REQ_NOTIFY_CQ, harmless.address());
        context.set(JAVA_LONG, IbvContext.OPS_POST_RECV, harmless.address());
        context.set(
                JAVA_LONG,
                IbvContext.OPS_ALLOC_MW,
                stub("allocMw", JAVA_LONG, JAVA_LONG, JAVA_INT).address());
        context.set(
                JAVA_LONG,
                IbvContext.OPS_DEALLOC_MW,
                stub("deallocMw", JAVA_INT, JAVA_LONG).address());
        context.set(
                JAVA_LONG,
                IbvContext.OPS_POST_SEND,
                stub("postSend", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG).address());
        bindAll();
    }

    private void bindAll() {
        bind(VerbsSymbol.IBV_GET_DEVICE_LIST, stub("deviceList", JAVA_LONG, JAVA_LONG));
        bind(VerbsSymbol.IBV_GET_DEVICE_NAME, stub("deviceName", JAVA_LONG, JAVA_LONG));
        bind(VerbsSymbol.IBV_OPEN_DEVICE, stub("openDevice", JAVA_LONG, JAVA_LONG));
        bind(VerbsSymbol.IBV_QUERY_DEVICE, stub("queryDevice", JAVA_INT, JAVA_LONG, JAVA_LONG));
        bind(VerbsSymbol.IBV_QUERY_PORT, stub("queryPort", JAVA_INT, JAVA_LONG, JAVA_BYTE, JAVA_LONG));
        bind(
                VerbsSymbol._IBV_QUERY_GID_EX,
                stub("queryGid", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG));
        bind(VerbsSymbol.IBV_ALLOC_PD, stub("allocPd", JAVA_LONG, JAVA_LONG));
        bind(VerbsSymbol.IBV_CREATE_COMP_CHANNEL, stub("createChannel", JAVA_LONG, JAVA_LONG));
        bind(
                VerbsSymbol.IBV_CREATE_CQ,
                stub("createCq", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
        bind(VerbsSymbol.IBV_CREATE_QP, stub("createQp", JAVA_LONG, JAVA_LONG, JAVA_LONG));
        bind(VerbsSymbol.IBV_CREATE_AH, stub("createAh", JAVA_LONG, JAVA_LONG, JAVA_LONG));
        bind(
                VerbsSymbol.IBV_REG_MR_IOVA2,
                stub("regMr", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT));
        bind(VerbsSymbol.IBV_MODIFY_QP, stub("modifyQp", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
        bind(VerbsSymbol.IBV_QUERY_QP, stub("queryQp", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG));
        bind(VerbsSymbol.IBV_GET_CQ_EVENT, stub("getCqEvent", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
        MemorySegment nothing = stub("nothing", null, JAVA_LONG);
        bind(VerbsSymbol.IBV_FREE_DEVICE_LIST, nothing);
        bind(VerbsSymbol.IBV_CLOSE_DEVICE, stub("closeDevice", JAVA_INT, JAVA_LONG));
        bind(VerbsSymbol.IBV_DEALLOC_PD, stub("deallocPd", JAVA_INT, JAVA_LONG));
        bind(VerbsSymbol.IBV_DEREG_MR, stub("deregMr", JAVA_INT, JAVA_LONG));
        MemorySegment destroy = stub("destroy", JAVA_INT, JAVA_LONG);
        bind(VerbsSymbol.IBV_DESTROY_COMP_CHANNEL, destroy);
        bind(VerbsSymbol.IBV_DESTROY_CQ, destroy);
        bind(VerbsSymbol.IBV_DESTROY_QP, destroy);
        bind(VerbsSymbol.IBV_DESTROY_AH, destroy);
        for (VerbsSymbol symbol : VerbsSymbol.values()) {
            if (symbol.isRequired()) {
                functions.putIfAbsent(symbol, nothing);
            }
        }
    }

    private void bind(VerbsSymbol symbol, MemorySegment function) {
        functions.put(symbol, function);
    }

    private MemorySegment stub(String method, MemoryLayout result, MemoryLayout... arguments) {
        FunctionDescriptor descriptor =
                result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments);
        try {
            MethodType type = descriptor.toMethodType();
            MethodHandle handle = MethodHandles.lookup().bind(this, method, type);
            return Linker.nativeLinker().upcallStub(handle, descriptor, arena);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /// Makes a call fail from now on.
    void fail(String verb, int errno) {
        failures.put(verb, errno);
    }

    /// Makes it succeed again.
    void mend(String verb) {
        failures.remove(verb);
    }

    /// Leaves a function out of the library.
    void remove(VerbsSymbol symbol) {
        functions.remove(symbol);
    }

    /// How many objects, contexts included, were made and not destroyed.
    int openObjects() {
        return open.size();
    }

    IbvDeviceProvider provider(IbvDeviceConfig config) {
        return new IbvDeviceProvider(config, ignored -> lookup());
    }

    private SymbolLookup lookup() {
        return wanted -> {
            for (Map.Entry<VerbsSymbol, MemorySegment> each : functions.entrySet()) {
                if (each.getKey().cName().equals(wanted)) {
                    return Optional.of(each.getValue());
                }
            }
            return Optional.empty();
        };
    }

    private long object(String verb, MemorySegment made) {
        Integer errno = failures.get(verb);
        if (errno != null) {
            try {
                long location = (long) errnoLocation.invokeExact();
                at(location).set(JAVA_INT, 0, errno);
            } catch (Throwable t) {
                throw new AssertionError(t);
            }
            return 0;
        }
        open.add(made.address());
        return made.address();
    }

    private MemorySegment object() {
        return arena.allocate(ROOM, 8);
    }

    private static MemorySegment at(long address) {
        return MemorySegment.ofAddress(address).reinterpret(ROOM);
    }

    private int result(String verb) {
        return failures.getOrDefault(verb, 0);
    }

    private int destroyed(String verb, long pointer) {
        int errno = result(verb);
        if (errno == 0 && !open.remove(pointer)) {
            throw new AssertionError(verb + " of what is not open");
        }
        return errno;
    }

    // The functions; called from native code.

    long deviceList(long count) {
        at(count).set(JAVA_INT, 0, devices);
        long made = object("ibv_get_device_list", list);
        open.remove(list.address());
        return made;
    }

    long deviceName(long ignored) {
        return name.address();
    }

    long openDevice(long ignored) {
        return object("ibv_open_device", context);
    }

    int closeDevice(long pointer) {
        return destroyed("ibv_close_device", pointer);
    }

    int queryDevice(long ignored, long attributes) {
        at(attributes).set(JAVA_INT, IbvLayouts.IbvDeviceAttr.MAX_CQE, 4096);
        return result("ibv_query_device");
    }

    int queryPort(long ignored, byte port, long attributes) {
        MemorySegment to = MemorySegment.ofAddress(attributes).reinterpret(IbvPortAttr.ROOM_BYTES);
        to.set(JAVA_INT, IbvPortAttr.STATE, portState);
        to.set(JAVA_INT, IbvPortAttr.ACTIVE_MTU, 3);
        to.set(JAVA_INT, IbvPortAttr.GID_TBL_LEN, 4);
        to.set(JAVA_BYTE, IbvPortAttr.LINK_LAYER, (byte) linkLayer);
        return port == 1 ? result("ibv_query_port") : Errno.EINVAL;
    }

    /// Place {@link #routableGid} is RoCEv2, those before and after RoCEv1, all of 192.0.2.1.
    int queryGid(long ignored, int port, int index, long entry, int flags, long bytes) {
        gidQueries++;
        if (index > gids || gids == 0) {
            return Errno.ENODATA;
        }
        MemorySegment to = MemorySegment.ofAddress(entry).reinterpret(IbvGidEntry.BYTES);
        byte[] gid = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, (byte) 192, 0, 2, 1};
        MemorySegment.copy(gid, 0, to, JAVA_BYTE, 0, gid.length);
        to.set(JAVA_INT, IbvGidEntry.GID_TYPE, index == routableGid ? 2 : 1);
        return 0;
    }

    long allocPd(long ignored) {
        return object("ibv_alloc_pd", object());
    }

    int deallocPd(long pointer) {
        return destroyed("ibv_dealloc_pd", pointer);
    }

    long createChannel(long ignored) {
        MemorySegment made = object();
        made.set(JAVA_INT, IbvCompChannel.FD, Libc.eventfd(callState, 1, EVENTFD_FLAGS));
        return object("ibv_create_comp_channel", made);
    }

    int getCqEvent(long channel, long queue, long ignored) {
        return -failures.getOrDefault("ibv_get_cq_event", Errno.EAGAIN);
    }

    long createCq(long owner, int entries, long cqContext, long channel, int vector) {
        MemorySegment made = object();
        made.set(JAVA_LONG, IbvCq.CONTEXT, owner);
        made.set(JAVA_INT, IbvCq.CQE, entries);
        return object("ibv_create_cq", made);
    }

    long createQp(long domain, long attributes) {
        MemorySegment made = object();
        made.set(JAVA_LONG, IbvQp.CONTEXT, context.address());
        made.set(JAVA_LONG, IbvQp.PD, domain);
        made.set(JAVA_INT, IbvQp.QP_NUM, 77);
        made.set(
                JAVA_INT,
                IbvQp.QP_TYPE,
                MemorySegment.ofAddress(attributes)
                        .reinterpret(IbvQpInitAttr.BYTES)
                        .get(JAVA_INT, IbvQpInitAttr.QP_TYPE));
        return object("ibv_create_qp", made);
    }

    int modifyQp(long queuePair, long attributes, int mask) {
        modifyMask = mask;
        if (System.nanoTime() - drainedAtNanos < 0) {
            drainRefusals++;
            return Errno.EINVAL;
        }
        return result("ibv_modify_qp");
    }

    int queryQp(long queuePair, long attributes, int mask, long init) {
        return Errno.EIO;
    }

    long createAh(long domain, long attributes) {
        sourceGid = at(attributes).get(JAVA_BYTE, IbvLayouts.IbvAhAttr.GRH_SGID_INDEX);
        return object("ibv_create_ah", object());
    }

    long regMr(long domain, long address, long bytes, long iova, int access) {
        MemorySegment made = object();
        made.set(JAVA_INT, IbvMr.LKEY, 5);
        return object("ibv_reg_mr_iova2", made);
    }

    int deregMr(long pointer) {
        return destroyed("ibv_dereg_mr", pointer);
    }

    int destroy(long pointer) {
        return destroyed("destroy", pointer);
    }

    void nothing(long ignored) {}

    int postSend(long queuePair, long requests, long bad) {
        long each = requests;
        while (each != 0) {
            if (sendRoom == 0) {
                at(bad).set(JAVA_LONG, 0, each);
                return sendErrno;
            }
            sendRoom--;
            each = at(each).get(JAVA_LONG, SendRequests.NEXT_OFFSET);
        }
        return doorbellErrno;
    }

    long allocMw(long domain, int type) {
        return object("ibv_alloc_mw", object());
    }

    int deallocMw(long pointer) {
        return destroyed("ibv_dealloc_mw", pointer);
    }

    int limitRate(long queuePair, long attributes) {
        rateLimit = at(attributes).get(JAVA_INT, IbvLayouts.IbvQpRateLimitAttr.RATE_LIMIT);
        return result("ibv_modify_qp_rate_limit");
    }

    /// Gives the device the function by which a queue pair's rate is limited.
    void offerRateLimit() {
        IbvLayouts.Tail tail = IbvLayouts.Tail.ofThisProcessor().orElseThrow();
        verbsContext.set(
                JAVA_LONG,
                CONTEXT_OFFSET + VerbsContext.SZ,
                (long) tail.contextBytes() - VerbsContext.MODIFY_QP_RATE_LIMIT);
        verbsContext.set(
                JAVA_LONG,
                CONTEXT_OFFSET + VerbsContext.MODIFY_QP_RATE_LIMIT,
                stub("limitRate", JAVA_INT, JAVA_LONG, JAVA_LONG).address());
    }

    @Override
    public void close() {
        arena.close();
    }
}
