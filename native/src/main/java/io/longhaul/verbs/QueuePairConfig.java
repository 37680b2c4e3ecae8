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
package io.longhaul.verbs;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a queue pair is made of, after `struct ibv_qp_init_attr`.
///
/// @param type the service
/// @param sendQueue where sends complete
/// @param receiveQueue where receives complete; may be the same queue
/// @param maxSendRequests most sends outstanding, 1 and more
/// @param maxReceiveRequests most receives outstanding, 0 and more
/// @param sourcePortIndex which of the device's UDP source ports it sends from, 0 and more, taken modulo their number;
///     -1 takes them in turn
/// @param maxInlineBytes longest payload of a send with [SendRequests#INLINE], 0 when there are none; at most
///     [DeviceCapabilities#maxInlineBytes()]
/// @param sharedReceiveQueue from where receives are taken instead of a queue of its own, or null
public record QueuePairConfig(
        QueuePair.Type type,
        CompletionQueue sendQueue,
        CompletionQueue receiveQueue,
        int maxSendRequests,
        int maxReceiveRequests,
        int sourcePortIndex,
        int maxInlineBytes,
        @Nullable SharedReceiveQueue sharedReceiveQueue) {

    /// Takes the next source port in turn.
    public static final int NEXT_SOURCE_PORT = -1;

    /// Checks the ranges.
    public QueuePairConfig {
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(sendQueue, "sendQueue");
        Objects.requireNonNull(receiveQueue, "receiveQueue");
        if (maxSendRequests < 1) {
            throw new IllegalArgumentException("maxSendRequests must be at least 1, is " + maxSendRequests);
        }
        if (maxReceiveRequests < 0) {
            throw new IllegalArgumentException("maxReceiveRequests must not be negative, is " + maxReceiveRequests);
        }
        if (sourcePortIndex < NEXT_SOURCE_PORT) {
            throw new IllegalArgumentException("sourcePortIndex must be -1 or more, is " + sourcePortIndex);
        }
        if (maxInlineBytes < 0) {
            throw new IllegalArgumentException("maxInlineBytes must not be negative, is " + maxInlineBytes);
        }
    }

    /// A configuration without inline sends.
    public QueuePairConfig(
            QueuePair.Type type,
            CompletionQueue sendQueue,
            CompletionQueue receiveQueue,
            int maxSendRequests,
            int maxReceiveRequests,
            int sourcePortIndex) {
        this(type, sendQueue, receiveQueue, maxSendRequests, maxReceiveRequests, sourcePortIndex, 0, null);
    }

    /// A configuration with one completion queue for both directions and the next source port in turn.
    public static QueuePairConfig of(
            QueuePair.Type type, CompletionQueue queue, int maxSendRequests, int maxReceiveRequests) {
        return new QueuePairConfig(type, queue, queue, maxSendRequests, maxReceiveRequests, NEXT_SOURCE_PORT);
    }

    /// The same with another source port.
    public QueuePairConfig withSourcePortIndex(int index) {
        return new QueuePairConfig(
                type,
                sendQueue,
                receiveQueue,
                maxSendRequests,
                maxReceiveRequests,
                index,
                maxInlineBytes,
                sharedReceiveQueue);
    }

    /// The same with room for inline sends.
    public QueuePairConfig withMaxInlineBytes(int bytes) {
        return new QueuePairConfig(
                type,
                sendQueue,
                receiveQueue,
                maxSendRequests,
                maxReceiveRequests,
                sourcePortIndex,
                bytes,
                sharedReceiveQueue);
    }

    /// The same with a shared receive queue, and none of its own.
    public QueuePairConfig withSharedReceiveQueue(SharedReceiveQueue queue) {
        return new QueuePairConfig(
                type, sendQueue, receiveQueue, maxSendRequests, 0, sourcePortIndex, maxInlineBytes, queue);
    }
}
