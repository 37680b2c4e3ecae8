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

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import org.jspecify.annotations.Nullable;

/// Method handles by signature: the first argument of each is the address of the function, the second (but for those of
/// the fast path) is where `errno` is kept. Pointers are `long`.
///
/// A name lists the arguments after those, `P` pointer or `size_t`, `I` int, `B` byte, then the result, `V` for none.
final class VerbsShapes {
    /// Why no function can be called, or null.
    private static @Nullable String denied;

    static final MethodHandle P_P = errno(JAVA_LONG, JAVA_LONG);
    static final MethodHandle P_I = errno(JAVA_INT, JAVA_LONG);
    static final MethodHandle P_V = errno(null, JAVA_LONG);
    static final MethodHandle PI_P = errno(JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle PI_V = errno(null, JAVA_LONG, JAVA_INT);
    static final MethodHandle PP_P = errno(JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle PP_I = errno(JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle PBP_I = errno(JAVA_INT, JAVA_LONG, JAVA_BYTE, JAVA_LONG);
    static final MethodHandle PBPP_I = errno(JAVA_INT, JAVA_LONG, JAVA_BYTE, JAVA_LONG, JAVA_LONG);
    static final MethodHandle PBIP_I = errno(JAVA_INT, JAVA_LONG, JAVA_BYTE, JAVA_INT, JAVA_LONG);
    static final MethodHandle PPI_I = errno(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle PPP_I = errno(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle PPIP_I = errno(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
    static final MethodHandle PPPI_P = errno(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle PIIPIP_I = errno(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG);
    static final MethodHandle PPPPI_P = errno(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle PIPPI_P = errno(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    /// `ibv_post_send`: may enter the kernel (Soft-RoCE sends within it), so a safepoint must not wait for it.
    static final MethodHandle POST_SEND = plain(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    /// `ibv_req_notify_cq`: enters the kernel on Soft-RoCE.
    static final MethodHandle REQ_NOTIFY_CQ = plain(JAVA_INT, JAVA_LONG, JAVA_INT);

    /// `ibv_post_recv` and `ibv_post_srq_recv`: memory writes in user space, some tens of nanoseconds.
    static final MethodHandle POST_RECV =
            plain(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, Linker.Option.critical(false));

    /// `ibv_poll_cq`: memory reads in user space, some tens of nanoseconds for each completion.
    static final MethodHandle POLL_CQ = plain(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, Linker.Option.critical(false));

    private VerbsShapes() {}

    /// Why no function can be called here; null when they can.
    static @Nullable String denied() {
        return denied;
    }

    private static MethodHandle errno(@Nullable MemoryLayout result, MemoryLayout... arguments) {
        return handle(descriptor(result, arguments), Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle plain(
            MemoryLayout result, MemoryLayout first, MemoryLayout second, Linker.Option... options) {
        return handle(FunctionDescriptor.of(result, first, second), options);
    }

    private static MethodHandle plain(
            MemoryLayout result,
            MemoryLayout first,
            MemoryLayout second,
            MemoryLayout third,
            Linker.Option... options) {
        return handle(FunctionDescriptor.of(result, first, second, third), options);
    }

    private static FunctionDescriptor descriptor(@Nullable MemoryLayout result, MemoryLayout... arguments) {
        return result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(FunctionDescriptor descriptor, Linker.Option... options) {
        try {
            return Linker.nativeLinker().downcallHandle(descriptor, options);
        } catch (IllegalCallerException e) {
            denied = "native access is denied: start Java with --enable-native-access=io.longhaul.verbs, or ALL-UNNAMED"
                    + " on the class path";
            return MethodHandles.throwException(void.class, UnsupportedOperationException.class);
        }
    }
}
