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
package io.longhaul.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The system calls, one method each, in the spelling of C.
///
/// Every method returns what the call returned, or the negated `errno` when it failed, as the kernel itself does.
/// Pointers
/// are plain addresses: the caller keeps the memory alive. Nothing is allocated by a call.
///
/// Nothing is looked up before [#unavailable()] is asked for the first time; while it names a reason, no other method
/// may
/// be called. This is the only class that calls restricted methods.
public final class Libc {
    private static final String STRUCT_ERROR = "errno";

    private Libc() {}

    /// Where a failed call leaves its `errno`. One per thread that calls; whoever makes it keeps it.
    public static final class CallState {
        private static final MemoryLayout LAYOUT = Linker.Option.captureStateLayout();
        private static final long ERRNO_OFFSET = LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement(STRUCT_ERROR));

        private final MemorySegment segment;

        /// Makes one in the memory of an arena.
        public CallState(Arena arena) {
            segment = arena.allocate(LAYOUT);
        }

        private int negatedErrno() {
            return -segment.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
        }
    }

    /// Why the system calls cannot be used here; empty when they can.
    public static Optional<String> unavailable() {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            return Optional.of("the system calls are those of Linux; this is " + System.getProperty("os.name"));
        }
        if (ValueLayout.ADDRESS.byteSize() != Long.BYTES || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            return Optional.of("only 64-bit little-endian processors are supported");
        }
        return Optional.ofNullable(Handles.missing);
    }

    /// `socket(2)`.
    public static int socket(CallState state, int domain, int type, int protocol) {
        try {
            int result = (int) Handles.SOCKET.invokeExact(state.segment, domain, type, protocol);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `bind(2)`.
    public static int bind(CallState state, int fd, long address, int addressBytes) {
        try {
            int result = (int) Handles.BIND.invokeExact(state.segment, fd, address, addressBytes);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `getsockname(2)`.
    public static int getsockname(CallState state, int fd, long address, long addressBytesPointer) {
        try {
            int result = (int) Handles.GETSOCKNAME.invokeExact(state.segment, fd, address, addressBytesPointer);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `setsockopt(2)`.
    public static int setsockopt(CallState state, int fd, int level, int option, long value, int valueBytes) {
        try {
            int result = (int) Handles.SETSOCKOPT.invokeExact(state.segment, fd, level, option, value, valueBytes);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `getsockopt(2)`.
    public static int getsockopt(CallState state, int fd, int level, int option, long value, long valueBytesPointer) {
        try {
            int result =
                    (int) Handles.GETSOCKOPT.invokeExact(state.segment, fd, level, option, value, valueBytesPointer);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `sendmsg(2)`.
    public static long sendmsg(CallState state, int fd, long message, int flags) {
        try {
            long result = (long) Handles.SENDMSG.invokeExact(state.segment, fd, message, flags);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `recvmsg(2)`.
    public static long recvmsg(CallState state, int fd, long message, int flags) {
        try {
            long result = (long) Handles.RECVMSG.invokeExact(state.segment, fd, message, flags);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `sendmmsg(2)`.
    public static int sendmmsg(CallState state, int fd, long messages, int count, int flags) {
        try {
            int result = (int) Handles.SENDMMSG.invokeExact(state.segment, fd, messages, count, flags);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `recvmmsg(2)` without its timeout.
    public static int recvmmsg(CallState state, int fd, long messages, int count, int flags) {
        try {
            int result = (int) Handles.RECVMMSG.invokeExact(state.segment, fd, messages, count, flags, 0L);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ppoll(2)` without its signal mask. A null timeout (0) waits without limit.
    public static int ppoll(CallState state, long pollFds, long count, long timeout) {
        try {
            int result = (int) Handles.PPOLL.invokeExact(state.segment, pollFds, count, timeout, 0L);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `eventfd(2)`.
    public static int eventfd(CallState state, int initial, int flags) {
        try {
            int result = (int) Handles.EVENTFD.invokeExact(state.segment, initial, flags);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `read(2)`.
    public static long read(CallState state, int fd, long buffer, long bytes) {
        try {
            long result = (long) Handles.READ.invokeExact(state.segment, fd, buffer, bytes);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `write(2)`.
    public static long write(CallState state, int fd, long buffer, long bytes) {
        try {
            long result = (long) Handles.WRITE.invokeExact(state.segment, fd, buffer, bytes);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `writev(2)`.
    ///
    /// @param pieces address of an array of `struct iovec`: address, length, 8 bytes each
    public static long writev(CallState state, int fd, long pieces, int count) {
        try {
            long result = (long) Handles.WRITEV.invokeExact(state.segment, fd, pieces, count);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `open(2)` of something that exists.
    ///
    /// @param path address of a name that ends with 0
    public static int open(CallState state, long path, int flags) {
        try {
            int result = (int) Handles.OPEN.invokeExact(state.segment, path, flags);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `ioctl(2)` with an argument of up to 8 bytes: a number, or an address.
    public static int ioctl(CallState state, int fd, long request, long argument) {
        try {
            int result = (int) Handles.IOCTL.invokeExact(state.segment, fd, request, argument);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `close(2)`.
    public static int close(CallState state, int fd) {
        try {
            int result = (int) Handles.CLOSE.invokeExact(state.segment, fd);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `fcntl(2)` with an integer argument.
    public static int fcntl(CallState state, int fd, int command, int argument) {
        try {
            int result = (int) Handles.FCNTL.invokeExact(state.segment, fd, command, argument);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// `setpriority(2)`: how nice a process, or with `PRIO_PROCESS` a single thread, is to the others.
    ///
    /// @param who its number; 0 is the calling thread
    /// @param niceness -20..19; only privileged callers lower it
    public static int setpriority(CallState state, int which, int who, int niceness) {
        try {
            int result = (int) Handles.SETPRIORITY.invokeExact(state.segment, which, who, niceness);
            return result < 0 ? state.negatedErrno() : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// Makes calls on a descriptor fail with EAGAIN instead of waiting.
    ///
    /// @return 0, or the negated `errno`
    public static int setNonBlocking(CallState state, int fd) {
        int flags = fcntl(state, fd, SocketLayouts.F_GETFL, 0);
        return flags < 0 ? flags : fcntl(state, fd, SocketLayouts.F_SETFL, flags | SocketLayouts.O_NONBLOCK);
    }

    /// The method handles, found when the first of them is needed.
    private static final class Handles {
        private static final Linker.Option ERRNO = Linker.Option.captureCallState(STRUCT_ERROR);

        /// The first thing that could not be found, or null.
        private static @Nullable String missing;

        private static final MethodHandle SOCKET =
                find("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        private static final MethodHandle BIND =
                find("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
        private static final MethodHandle GETSOCKNAME =
                find("getsockname", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
        private static final MethodHandle SETSOCKOPT =
                find("setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
        private static final MethodHandle GETSOCKOPT =
                find("getsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
        private static final MethodHandle SENDMSG =
                find("sendmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
        private static final MethodHandle RECVMSG =
                find("recvmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
        private static final MethodHandle SENDMMSG =
                find("sendmmsg", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));
        private static final MethodHandle RECVMMSG =
                find("recvmmsg", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));
        private static final MethodHandle PPOLL =
                find("ppoll", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
        private static final MethodHandle EVENTFD =
                find("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
        private static final MethodHandle READ =
                find("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
        private static final MethodHandle WRITE =
                find("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
        private static final MethodHandle WRITEV =
                find("writev", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
        private static final MethodHandle OPEN = find("open", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT));
        private static final MethodHandle IOCTL = find(
                "ioctl",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(2));
        private static final MethodHandle SETPRIORITY =
                find("setpriority", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
        private static final MethodHandle CLOSE = find("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        private static final MethodHandle FCNTL = find(
                "fcntl",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
                Linker.Option.firstVariadicArg(2));

        private Handles() {}

        /// Finds a function; what is missing is noted, and its handle throws when it is called after all.
        @SuppressWarnings("restricted")
        private static MethodHandle find(String name, FunctionDescriptor descriptor, Linker.Option... more) {
            Linker linker = Linker.nativeLinker();
            try {
                Optional<MemorySegment> symbol = linker.defaultLookup().find(name);
                if (symbol.isPresent()) {
                    return linker.downcallHandle(symbol.get(), descriptor, withErrno(more));
                }
                note("the C library has no function " + name);
            } catch (IllegalCallerException e) {
                note("native access is denied: start Java with --enable-native-access=io.longhaul.verbs,"
                        + " or ALL-UNNAMED on the class path");
            }
            return MethodHandles.throwException(void.class, UnsupportedOperationException.class);
        }

        private static Linker.Option[] withErrno(Linker.Option[] more) {
            Linker.Option[] options = Arrays.copyOf(more, more.length + 1);
            options[more.length] = ERRNO;
            return options;
        }

        private static void note(String reason) {
            if (missing == null) {
                missing = reason;
            }
        }
    }
}
