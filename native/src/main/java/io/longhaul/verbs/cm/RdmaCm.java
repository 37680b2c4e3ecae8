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

import io.longhaul.linux.Libc;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider.Availability;
import java.lang.foreign.Arena;
import java.util.Optional;

/// The connection manager of RDMA: finds the device behind an IP address, and exchanges with a peer what two queue
/// pairs
/// must know of each other, over the network that the queue pairs use.
///
/// Stands on `librdmacm.so.1`, `/dev/infiniband/rdma_cm` and the kernel module `rdma_ucm`. Making this object and
/// asking it
/// never throws: what is missing is told by {@link #availability()}.
///
/// One side listens, the other connects. Every step is an event of a channel:
///
/// ```
/// active                                        passive
/// resolveAddress   -> ADDR_RESOLVED             bind, listen
/// resolveRoute     -> ROUTE_RESOLVED
/// connect                                  ->   CONNECT_REQUEST (with a new identifier)
///                     CONNECT_RESPONSE     <-   bringToReadyToSend, accept
/// bringToReadyToSend
/// establish                                ->   ESTABLISHED
/// disconnect       -> DISCONNECTED              DISCONNECTED, then disconnect or close
/// ```
///
/// Queue pairs are those of the device ({@code ibv}), never made by librdmacm: it opens devices of its own, and a queue
/// pair
/// made there could not share protection domains and completion queues with those that an application has. So
/// `rdma_init_qp_attr` says what `ibv_modify_qp` must be told, {@link ConnectionParameters} carries the number of the
/// queue
/// pair, and the active side ends with `rdma_establish`.
public final class RdmaCm {
    private final CmLibrary library;

    /// Loads `librdmacm.so.1`.
    public RdmaCm() {
        this(CmLibrary.SONAME);
    }

    /// Loads a library of the same interface.
    ///
    /// @param libraryName a soname or a path
    public RdmaCm(String libraryName) {
        library = new CmLibrary(libraryName);
    }

    /// Whether connections can be made here, and if not, why: library, function, kernel module, permission, device.
    public Availability availability() {
        Optional<String> reason = library.unavailable();
        if (reason.isPresent()) {
            return Availability.unavailable(reason.get());
        }
        try (Arena arena = Arena.ofConfined()) {
            CmLibrary.State state = new CmLibrary.State(arena);
            long channel = library.createEventChannel(state);
            if (isErrno(channel)) {
                return Availability.unavailable(CmFailure.message(CmEventChannel.CREATE, "", (int) channel));
            }
            library.destroyEventChannel(state, channel);
            return Availability.AVAILABLE;
        }
    }

    /// Opens a channel, on which identifiers are made and their events arrive.
    ///
    /// @throws DeviceException when connections cannot be made here, or there are too many descriptors
    public CmEventChannel openEventChannel() {
        Optional<String> reason = library.unavailable();
        if (reason.isPresent()) {
            throw new DeviceException(CmEventChannel.CREATE, "", CmEventChannel.CREATE + "() failed: " + reason.get());
        }
        Arena arena = Arena.ofShared();
        try {
            return new CmEventChannel(library, arena, new Libc.CallState(arena));
        } catch (DeviceException e) {
            arena.close();
            throw e;
        }
    }

    /// Whether an answer is a negated error number and not an address.
    static boolean isErrno(long addressOrErrno) {
        return addressOrErrno < 0;
    }
}
