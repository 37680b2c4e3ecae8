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

/// How an operation ended. Every posted operation ends exactly once with one of these.
public enum OperationStatus {
    /// Not ended yet.
    PENDING,
    /// The bytes are placed and visible at the peer, or have arrived here (read, atomic).
    SUCCESS,
    /// The deadline passed first. A write may have been placed in part; an atomic may or may not have been
    /// executed.
    DEADLINE_EXCEEDED,
    /// The remote region is unknown, revoked, expired, or grants no such right.
    REMOTE_ACCESS_ERROR,
    /// The range lies outside the remote region, or an atomic is not aligned to 8 bytes.
    REMOTE_RANGE_ERROR,
    /// The peer has no room for a message of this length; see {@code maxMessageBytes}.
    MESSAGE_TOO_LARGE,
    /// The peer had no free resource (outstanding reads, streams) for the request.
    REMOTE_RESOURCES_EXHAUSTED,
    /// The name looked up is not exposed to this connection.
    NOT_FOUND,
    /// The local memory can no longer be read: its arena was closed, or belongs to one thread.
    LOCAL_ACCESS_ERROR,
    /// The connection was closed here before the operation ended.
    FLUSHED,
    /// The connection was lost; whether the peer saw the operation is unknown.
    CONNECTION_LOST
}
