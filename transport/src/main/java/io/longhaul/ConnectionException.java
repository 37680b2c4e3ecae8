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
package io.longhaul;

import org.jspecify.annotations.Nullable;

/// A connection could not be made or has ended.
public class ConnectionException extends LonghaulException {
    private static final long serialVersionUID = 1L;

    /// Why.
    public enum Reason {
        /// Nobody listens there, or the peer cannot be reached.
        UNREACHABLE,
        /// The peer answered, but is no Longhaul.
        NOT_LONGHAUL,
        /// The peer speaks another version.
        VERSION_MISMATCH,
        /// The peer refused (limits, configuration).
        REFUSED,
        /// The peer did not prove to be who it must be, or does not speak TLS 1.3 where this end demands it.
        AUTHENTICATION_FAILED,
        /// No answer in time.
        TIMEOUT,
        /// The control connection works, datagrams do not get through.
        DATA_PATH_BLOCKED,
        /// The peer closed gracefully.
        PEER_CLOSED,
        /// The peer gave up with an error.
        PEER_RESET,
        /// Nothing was heard from the peer for the idle timeout.
        IDLE_TIMEOUT,
        /// The peer broke the protocol.
        PROTOCOL_VIOLATION,
        /// Closed by this side.
        LOCALLY_CLOSED,
        /// The device failed.
        DEVICE_FAILED,
        /// So many packets failed authentication that the next might not: somebody forges packets of this
        /// connection. Connect again.
        FORGERY_LIMIT,
        /// The key of a lane is used up, and the peer has confirmed no packet under it.
        KEY_LIMIT
    }

    /// Why.
    private final Reason reason;

    /// Creates an exception.
    public ConnectionException(Reason reason, String message, @Nullable Throwable cause) {
        super(Severity.ERROR, message, cause);
        this.reason = reason;
    }

    /// Creates an exception without a cause.
    public ConnectionException(Reason reason, String message) {
        this(reason, message, null);
    }

    /// Why.
    public Reason reason() {
        return reason;
    }
}
