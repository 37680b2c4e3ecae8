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

/// Why a connection request was refused: the status of a {@link CmEventType#REJECTED} event (IBTA volume 1, §12.6.7.2).
public enum CmRejection {
    /// The peer has no queue pair left.
    NO_QUEUE_PAIR(1, "the peer has no queue pair left", "close connections at the peer, or raise its limits"),
    /// The peer has no resources left.
    NO_RESOURCES(3, "the peer has no resources left", "close connections at the peer, or raise its limits"),
    /// The peer got no answer from here in time.
    TIMEOUT(
            4,
            "the peer waited for us in vain",
            "answer CONNECT_RESPONSE events earlier, and look for loss on the path"),
    /// The peer does not know what was asked.
    UNSUPPORTED(5, "the peer does not support the request", "use the same port space and parameters at both ends"),
    /// Nobody listens: the ECONNREFUSED of RDMA.
    INVALID_SERVICE_ID(8, "nobody listens there", "start the listener first, and check port and port space"),
    /// The peer still knows an older connection of these queue pairs.
    STALE_CONNECTION(10, "the peer still knows an older connection", "try again with a new queue pair"),
    /// The peer does not own the address.
    INVALID_GID(12, "the peer does not own the address", "check the address and the route"),
    /// The path MTU is too large for the peer.
    INVALID_MTU(26, "the path MTU is too large for the peer", "give both network interfaces the same MTU"),
    /// More reads and atomics at a time than the peer allows.
    INSUFFICIENT_RESPONDER_RESOURCES(
            27, "the peer allows fewer reads and atomics at a time", "ask for a smaller initiator depth"),
    /// The application at the peer refused; its private data says why.
    CONSUMER_DEFINED(28, "the application at the peer refused", "read the private data of the event"),
    /// Another code.
    OTHER(-1, "the peer refused", "look the code up in include/rdma/ib_cm.h of Linux");

    private final int code;
    private final String meaning;
    private final String remedy;

    CmRejection(int code, String meaning, String remedy) {
        this.code = code;
        this.meaning = meaning;
        this.remedy = remedy;
    }

    /// The reason behind the status of an event; {@link #OTHER} when the code has no name here.
    public static CmRejection ofStatus(int status) {
        for (CmRejection each : values()) {
            if (each.code == status) {
                return each;
            }
        }
        return OTHER;
    }

    /// What it means, a clause without a full stop.
    public String meaning() {
        return meaning;
    }

    /// What would help, a clause without a full stop.
    public String remedy() {
        return remedy;
    }
}
