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
package io.longhaul.verbs.soft;

import io.longhaul.linux.SocketAddress;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A destination as a socket address.
final class SoftAddressHandle implements AddressHandle {
    private final SoftProtectionDomain domain;
    private final AddressVector vector;
    private final int handle;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment socketAddress = arena.allocate(SocketAddress.MAX_BYTES + 4L, 8);
    private final int socketAddressBytes;
    private final int trafficClass;
    private final int udpPort;
    private boolean closed;

    /// Makes a handle.
    ///
    /// @param handle its number, 0 for one that no work request names
    SoftAddressHandle(SoftProtectionDomain domain, AddressVector vector, int handle) {
        this.domain = domain;
        this.vector = vector;
        this.handle = handle;
        socketAddressBytes = SocketAddress.write(socketAddress, 0, vector.address(), vector.udpPort());
        trafficClass = vector.trafficClass();
        udpPort = vector.udpPort();
    }

    @Override
    public AddressVector vector() {
        return vector;
    }

    @Override
    public long handle() {
        return handle;
    }

    SoftProtectionDomain domain() {
        return domain;
    }

    /// The socket address, padded to 32 bytes.
    MemorySegment socketAddress() {
        return socketAddress;
    }

    int socketAddressBytes() {
        return socketAddressBytes;
    }

    int trafficClass() {
        return trafficClass;
    }

    int udpPort() {
        return udpPort;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            domain.forget(this);
        }
    }

    @Override
    public String toString() {
        return "address handle of " + vector.address().getHostAddress() + " port " + udpPort;
    }
}
