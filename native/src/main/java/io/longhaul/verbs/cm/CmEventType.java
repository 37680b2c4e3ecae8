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

/// What happened to an identifier, in the order of `enum rdma_cm_event_type`.
public enum CmEventType {
    /// The destination belongs to a device: [CmId#resolveRoute] is next.
    ADDR_RESOLVED,
    /// There is no device towards the destination.
    ADDR_ERROR,
    /// The path is known: [CmId#connect] is next.
    ROUTE_RESOLVED,
    /// The path could not be found.
    ROUTE_ERROR,
    /// A peer asks; the event's identifier is new and is to be accepted or rejected.
    CONNECT_REQUEST,
    /// The peer accepted; bring the queue pair to RTS, then [CmId#establish].
    CONNECT_RESPONSE,
    /// The connection could not be made for a local reason.
    CONNECT_ERROR,
    /// The peer does not answer.
    UNREACHABLE,
    /// The peer, or its kernel when nobody listens, refused: the status is a [CmRejection] code.
    REJECTED,
    /// The connection stands; for datagrams, the peer's queue pair is known.
    ESTABLISHED,
    /// One side ended the connection.
    DISCONNECTED,
    /// The device is going away: close its identifiers and queue pairs.
    DEVICE_REMOVAL,
    /// A multicast group was joined. Never seen: nothing here joins one.
    MULTICAST_JOIN,
    /// Joining failed. Never seen.
    MULTICAST_ERROR,
    /// The address moved to another device (bonding): the identifier keeps the old one.
    ADDR_CHANGE,
    /// Late packets can no longer arrive: the queue pair may be used again.
    TIMEWAIT_EXIT,
    /// A number that this version does not know.
    UNKNOWN;

    private static final CmEventType[] VALUES = values();

    static CmEventType ofCode(int code) {
        return code >= 0 && code < UNKNOWN.code() ? VALUES[code] : UNKNOWN;
    }

    @SuppressWarnings("EnumOrdinal") // the order is that of the C enumeration
    int code() {
        return ordinal();
    }
}
