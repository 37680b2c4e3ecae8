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
package io.longhaul.bench.micro;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.ibv.IbvDeviceConfig;
import io.longhaul.verbs.ibv.IbvDeviceProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A device of the library of `native/src/test/c/fake_ibverbs.c` whose functions do next to nothing, and the loops in C
/// over
/// the same functions. The path of the library is the system property `longhaul.fakeVerbs`.
final class FakeVerbsDevice {
    /// The system property with the path of the library.
    static final String LIBRARY = "longhaul.fakeVerbs";

    /// Not open.
    static final FakeVerbsDevice CLOSED = new FakeVerbsDevice(Map.of(), null);

    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final int DEPTH = 64;
    private static final int MTU_BYTES = 4096;

    private final Map<Loop, MethodHandle> loops;
    private final @Nullable Resources resources;

    /// The loops of the library.
    enum Loop {
        POST_SEND,
        POST_RECV,
        POLL_CQ
    }

    /// Everything that was made, in the order of making.
    private record Resources(
            Arena arena,
            RdmaDevice device,
            CompletionQueue queue,
            ProtectionDomain domain,
            MemoryRegion region,
            AddressHandle handle,
            QueuePair datagram,
            QueuePair connected,
            SendRequests sends,
            SendRequests datagramSends,
            ReceiveRequests receives,
            WorkCompletions completions) {}

    private FakeVerbsDevice(Map<Loop, MethodHandle> loops, @Nullable Resources resources) {
        this.loops = loops;
        this.resources = resources;
    }

    @SuppressWarnings("restricted") // functions of a benchmark's own library
    static FakeVerbsDevice open() {
        String library = System.getProperty(LIBRARY);
        if (library == null) {
            throw new IllegalStateException("the system property " + LIBRARY + " is not set: use bench/run-verbs");
        }
        SymbolLookup lookup = SymbolLookup.libraryLookup(Path.of(library), Arena.global());
        Map<Loop, MethodHandle> loops = new EnumMap<>(Loop.class);
        for (Loop each : Loop.values()) {
            loops.put(
                    each,
                    Linker.nativeLinker()
                            .downcallHandle(
                                    lookup.findOrThrow(
                                            "fake_loop_" + each.name().toLowerCase(Locale.ROOT)),
                                    FunctionDescriptor.of(JAVA_LONG, JAVA_LONG)));
        }
        try {
            Linker.nativeLinker()
                    .downcallHandle(lookup.findOrThrow("fake_trivial"), FunctionDescriptor.ofVoid(JAVA_INT))
                    .invokeExact(1);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
        return new FakeVerbsDevice(loops, make(library));
    }

    private static Resources make(String library) {
        Arena arena = Arena.ofShared();
        RdmaDevice device = new IbvDeviceProvider(IbvDeviceConfig.DEFAULT.withLibraryName(library)).open("fake0");
        CompletionQueue queue = device.createCompletionQueue(DEPTH, null);
        ProtectionDomain domain = device.allocateProtectionDomain();
        MemoryRegion region = domain.registerMemory(arena.allocate(MTU_BYTES, MTU_BYTES), AccessFlags.LOCAL_WRITE);
        AddressVector address = AddressVector.of(LOOPBACK, AddressVector.ROCE_UDP_PORT);
        AddressHandle handle = domain.createAddressHandle(address);
        QueuePair datagram = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, DEPTH, DEPTH));
        datagram.toInit(0, 1);
        datagram.toReadyToReceive();
        datagram.toReadyToSend(0);
        // The last to be made: the loops in C use it.
        QueuePair connected = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UC, queue, DEPTH, DEPTH));
        connected.toInit(0, 0);
        connected.toReadyToReceive(address, connected.number(), 0, MTU_BYTES);
        connected.toReadyToSend(0);
        SendRequests sends = SendRequests.allocate(arena, DEPTH).payload(0, region, 0, 64);
        SendRequests datagramSends = SendRequests.allocate(arena, DEPTH)
                .payload(0, region, 0, 64)
                .destination(0, handle, datagram.number(), 1);
        ReceiveRequests receives = ReceiveRequests.allocate(arena, DEPTH).buffer(0, region, 0, MTU_BYTES);
        return new Resources(
                arena,
                device,
                queue,
                domain,
                region,
                handle,
                datagram,
                connected,
                sends,
                datagramSends,
                receives,
                WorkCompletions.allocate(arena, DEPTH));
    }

    /// Runs a loop in C.
    long loop(Loop loop, long count) {
        try {
            return (long) Objects.requireNonNull(loops.get(loop), "not open").invokeExact(count);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private Resources resources() {
        if (resources == null) {
            throw new IllegalStateException("not open");
        }
        return resources;
    }

    QueuePair connected() {
        return resources().connected();
    }

    QueuePair datagram() {
        return resources().datagram();
    }

    CompletionQueue queue() {
        return resources().queue();
    }

    SendRequests sends() {
        return resources().sends();
    }

    SendRequests datagramSends() {
        return resources().datagramSends();
    }

    ReceiveRequests receives() {
        return resources().receives();
    }

    WorkCompletions completions() {
        return resources().completions();
    }

    void close() {
        Resources open = resources();
        open.connected().close();
        open.datagram().close();
        open.handle().close();
        open.region().close();
        open.domain().close();
        open.queue().close();
        open.device().close();
        open.arena().close();
    }
}
