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
package io.longhaul.verbs.cm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The functions of librdmacm, one method each, in the spelling of C.
///
/// A method returns what the function returned, or the negated `errno` when it failed. Pointers are plain addresses:
/// the
/// caller keeps the memory alive. No call blocks: the descriptor of the channel does not, and what the others wait for
/// is
/// done by the kernel in their own time. They enter the kernel all the same, so none is `critical`.
///
/// Threading: one thread at a time, which shares [State].
@SuppressWarnings("restricted") // the only class of this package that looks functions up and follows pointers
final class CmLibrary {
    /// The name under which every distribution installs it.
    static final String SONAME = "librdmacm.so.1";

    private static final String ERRNO = "errno";
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState(ERRNO);

    private final List<String> missing = new ArrayList<>();
    private final @Nullable String reason;
    private final MethodHandle createEventChannel;
    private final MethodHandle destroyEventChannel;
    private final MethodHandle createId;
    private final MethodHandle destroyId;
    private final MethodHandle bindAddress;
    private final MethodHandle resolveAddress;
    private final MethodHandle resolveRoute;
    private final MethodHandle listen;
    private final MethodHandle connect;
    private final MethodHandle establish;
    private final MethodHandle accept;
    private final MethodHandle reject;
    private final MethodHandle disconnect;
    private final MethodHandle setOption;
    private final MethodHandle initQpAttr;
    private final MethodHandle getEvent;
    private final MethodHandle ackEvent;

    /// Where a failed call leaves its `errno`, and the memory of the process, to follow pointers of librdmacm.
    static final class State {
        private static final MemoryLayout LAYOUT = Linker.Option.captureStateLayout();
        private static final long ERRNO_OFFSET = LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement(ERRNO));

        private final MemorySegment captured;

        State(Arena arena) {
            captured = arena.allocate(LAYOUT);
        }

        private int negatedErrno() {
            return -captured.get(JAVA_INT, ERRNO_OFFSET);
        }
    }

    /// Loads the library; what is missing is told by [#unavailable()].
    ///
    /// @param name a soname, or the path of a library
    CmLibrary(String name) {
        Lookup lookup = Lookup.load(name);
        FunctionDescriptor idOnly = FunctionDescriptor.of(JAVA_INT, JAVA_LONG);
        FunctionDescriptor idAndPointer = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG);
        FunctionDescriptor idAndInt = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT);
        createEventChannel = find(lookup, "rdma_create_event_channel", FunctionDescriptor.of(JAVA_LONG));
        destroyEventChannel = find(lookup, "rdma_destroy_event_channel", FunctionDescriptor.ofVoid(JAVA_LONG));
        createId = find(
                lookup, "rdma_create_id", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT));
        destroyId = find(lookup, "rdma_destroy_id", idOnly);
        bindAddress = find(lookup, "rdma_bind_addr", idAndPointer);
        resolveAddress = find(
                lookup,
                "rdma_resolve_addr",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT));
        resolveRoute = find(lookup, "rdma_resolve_route", idAndInt);
        listen = find(lookup, "rdma_listen", idAndInt);
        connect = find(lookup, "rdma_connect", idAndPointer);
        establish = find(lookup, "rdma_establish", idOnly);
        accept = find(lookup, "rdma_accept", idAndPointer);
        reject = find(lookup, "rdma_reject", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_BYTE));
        disconnect = find(lookup, "rdma_disconnect", idOnly);
        setOption = find(
                lookup,
                "rdma_set_option",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
        initQpAttr =
                find(lookup, "rdma_init_qp_attr", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
        getEvent = find(lookup, "rdma_get_cm_event", idAndPointer);
        ackEvent = find(lookup, "rdma_ack_cm_event", idOnly);
        reason = reason(lookup, name);
    }

    private @Nullable String reason(Lookup lookup, String name) {
        if (lookup.failure() != null) {
            return lookup.failure();
        }
        if (!missing.isEmpty()) {
            return name + " has no " + String.join(", ", missing) + "; install rdma-core 22 or newer";
        }
        return null;
    }

    /// Why the library cannot be used; empty when it can.
    Optional<String> unavailable() {
        return Optional.ofNullable(reason);
    }

    /// The functions of the library, or why there are none.
    private record Lookup(
            Optional<SymbolLookup> symbols, @Nullable String failure) {
        private static Lookup load(String name) {
            Optional<String> noLinux = Libc.unavailable();
            if (noLinux.isPresent()) {
                return new Lookup(Optional.empty(), noLinux.get());
            }
            try {
                return new Lookup(Optional.of(SymbolLookup.libraryLookup(name, Arena.global())), null);
            } catch (IllegalArgumentException e) {
                return new Lookup(
                        Optional.empty(), name + " cannot be loaded; install librdmacm1 (Debian) or librdmacm (RPM)");
            }
        }

        private Optional<MemorySegment> find(String name) {
            return symbols.flatMap(each -> each.find(name));
        }
    }

    /// Finds a function; what is missing is noted, and its handle throws when it is called after all.
    private MethodHandle find(Lookup lookup, String name, FunctionDescriptor descriptor) {
        Optional<MemorySegment> symbol = lookup.find(name);
        if (symbol.isPresent()) {
            return Linker.nativeLinker().downcallHandle(symbol.get(), descriptor, CAPTURE);
        }
        missing.add(name);
        return MethodHandles.throwException(void.class, UnsupportedOperationException.class);
    }

    /// Memory at an address that librdmacm gave.
    static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    /// The text at an address, until its zero byte.
    static String text(long address, int mostBytes) {
        return at(address, mostBytes).getString(0);
    }

    /// `rdma_create_event_channel(3)`: an address, or a negated `errno`.
    long createEventChannel(State state) {
        try {
            long channel = (long) createEventChannel.invokeExact(state.captured);
            return channel == 0 ? state.negatedErrno() : channel;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `rdma_destroy_event_channel(3)`.
    void destroyEventChannel(State state, long channel) {
        try {
            destroyEventChannel.invokeExact(state.captured, channel);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `rdma_create_id(3)`.
    int createId(State state, long channel, long idPointer, int portSpace) {
        try {
            return result(state, (int) createId.invokeExact(state.captured, channel, idPointer, 0L, portSpace));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `rdma_destroy_id(3)`. Waits for events that were taken and not acknowledged, of which there are none here.
    int destroyId(State state, long id) {
        return call(state, destroyId, id);
    }

    /// `rdma_bind_addr(3)`.
    int bindAddress(State state, long id, long address) {
        return call(state, bindAddress, id, address);
    }

    /// `rdma_resolve_addr(3)`.
    int resolveAddress(State state, long id, long source, long destination, int timeoutMillis) {
        try {
            return result(
                    state, (int) resolveAddress.invokeExact(state.captured, id, source, destination, timeoutMillis));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `rdma_resolve_route(3)`.
    int resolveRoute(State state, long id, int timeoutMillis) {
        return call(state, resolveRoute, id, timeoutMillis);
    }

    /// `rdma_listen(3)`.
    int listen(State state, long id, int backlog) {
        return call(state, listen, id, backlog);
    }

    /// `rdma_connect(3)`.
    int connect(State state, long id, long parameters) {
        return call(state, connect, id, parameters);
    }

    /// `rdma_establish(3)`.
    int establish(State state, long id) {
        return call(state, establish, id);
    }

    /// `rdma_accept(3)`.
    int accept(State state, long id, long parameters) {
        return call(state, accept, id, parameters);
    }

    /// `rdma_reject(3)`.
    int reject(State state, long id, long privateData, int privateDataBytes) {
        try {
            return result(state, (int) reject.invokeExact(state.captured, id, privateData, (byte) privateDataBytes));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `rdma_disconnect(3)`.
    int disconnect(State state, long id) {
        return call(state, disconnect, id);
    }

    /// `rdma_set_option(3)`.
    int setOption(State state, long id, int option, long value, long valueBytes) {
        try {
            return result(state, (int)
                    setOption.invokeExact(state.captured, id, CmLayouts.RDMA_OPTION_ID, option, value, valueBytes));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `rdma_init_qp_attr(3)`.
    int initQpAttr(State state, long id, long attributes, long mask) {
        try {
            return result(state, (int) initQpAttr.invokeExact(state.captured, id, attributes, mask));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `rdma_get_cm_event(3)`.
    int getEvent(State state, long channel, long eventPointer) {
        return call(state, getEvent, channel, eventPointer);
    }

    /// `rdma_ack_cm_event(3)`.
    int ackEvent(State state, long event) {
        return call(state, ackEvent, event);
    }

    private static int call(State state, MethodHandle function, long first) {
        try {
            return result(state, (int) function.invokeExact(state.captured, first));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static int call(State state, MethodHandle function, long first, long second) {
        try {
            return result(state, (int) function.invokeExact(state.captured, first, second));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static int call(State state, MethodHandle function, long first, int second) {
        try {
            return result(state, (int) function.invokeExact(state.captured, first, second));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static int result(State state, int result) {
        return result < 0 ? state.negatedErrno() : result;
    }
}
