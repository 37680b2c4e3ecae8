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

import io.longhaul.linux.Errno;
import io.longhaul.verbs.DeviceException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What {@link CmEventChannel#poll} takes: a copy, so that nothing is left to be acknowledged.
///
/// @param type what happened
/// @param status 0 when all is well; a negated `errno`, or for {@link CmEventType#REJECTED} the code of a
///     {@link CmRejection}
/// @param id whom it concerns; new in {@link CmEventType#CONNECT_REQUEST}, and then to be accepted, rejected or closed
/// @param listener who listened, in {@link CmEventType#CONNECT_REQUEST}
/// @param connection what the peer said, where it said something and the port space is {@link PortSpace#TCP}
/// @param datagram the same in {@link PortSpace#UDP}
public record CmEvent(
        CmEventType type,
        int status,
        CmId id,
        @Nullable CmId listener,
        @Nullable ConnectionParameters connection,
        @Nullable DatagramPeer datagram) {

    /// What the peer of a connection said.
    ///
    /// @throws IllegalStateException when this event has nothing of the kind
    public ConnectionParameters parameters() {
        if (connection == null) {
            throw new IllegalStateException(type + " has no connection parameters");
        }
        return connection;
    }

    /// Where the datagram peer is.
    ///
    /// @throws IllegalStateException when this event has nothing of the kind
    public DatagramPeer datagramPeer() {
        if (datagram == null) {
            throw new IllegalStateException(type + " has no datagram peer");
        }
        return datagram;
    }

    /// The error that this event reports; empty when it reports none.
    public Optional<DeviceException> failure() {
        return switch (type) {
            case ADDR_ERROR -> Optional.of(failed("rdma_resolve_addr"));
            case ROUTE_ERROR -> Optional.of(failed("rdma_resolve_route"));
            case CONNECT_ERROR, UNREACHABLE -> Optional.of(failed("rdma_connect"));
            case REJECTED -> Optional.of(rejected());
            case DEVICE_REMOVAL ->
                Optional.of(new DeviceException(
                        "rdma_get_cm_event",
                        "",
                        id + ": the device is being removed; close its identifiers and queue pairs"));
            default -> Optional.empty();
        };
    }

    private DeviceException failed(String function) {
        String name = status == 0 ? "" : Errno.name(status);
        String remedy = CmFailure.remedy(function, Math.abs(status));
        if (remedy.isEmpty() && type == CmEventType.UNREACHABLE) {
            remedy = CmFailure.remedy(function, Errno.ETIMEDOUT);
        }
        String cause = name.isEmpty() ? type.name() : type + ", " + name;
        return new DeviceException(
                function,
                name,
                function + "(" + id.peerText() + ") failed: " + cause + (remedy.isEmpty() ? "" : "; " + remedy));
    }

    private DeviceException rejected() {
        CmRejection reason = CmRejection.ofStatus(status);
        return new DeviceException(
                "rdma_connect",
                Errno.name(Errno.ECONNREFUSED),
                "rdma_connect(" + id.peerText() + ") failed: REJECTED, code " + status + ", " + reason.meaning() + "; "
                        + reason.remedy());
    }
}
