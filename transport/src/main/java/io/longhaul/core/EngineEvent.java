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
package io.longhaul.core;

import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import org.jspecify.annotations.Nullable;

/// Something that the application must be told; reused, valid until the next call of {@code pollEvent}.
public final class EngineEvent {
    /// What happened.
    public enum Type {
        /// The data path has carried a packet both ways and its MTU is known.
        ESTABLISHED,
        /// {@link #operation} ended with {@link #status} and {@link #value} (old value of an atomic).
        OPERATION_ENDED,
        /// {@link #message} arrived; whoever takes it calls {@link InboundMessage#release}.
        MESSAGE,
        /// A write with immediate was placed: {@link #value} is the immediate, {@link #length} the bytes
        /// written.
        IMMEDIATE,
        /// The peer opened {@link #stream}.
        STREAM_OPENED,
        /// {@link #stream} has become readable, writable, or has ended.
        STREAM_READY,
        /// The lookup with token {@link #token} ended with {@link #status}: key {@link #value}, {@link
        /// #length}, {@link #rights}.
        LOOKUP_ENDED,
        /// The connection ended: {@link #closeReason}, {@link #closeText}.
        CLOSED
    }

    Type type = Type.ESTABLISHED;

    @Nullable
    Operation operation;

    OperationStatus status = OperationStatus.PENDING;
    long value;
    long length;
    long token;
    int rights;

    @Nullable
    InboundMessage message;

    @Nullable
    EngineStream stream;

    io.longhaul.ConnectionException.@Nullable Reason closeReason;
    String closeText = "";

    EngineEvent() {}

    void clear() {
        operation = null;
        message = null;
        stream = null;
        closeReason = null;
        closeText = "";
    }

    /// What happened.
    public Type type() {
        return type;
    }

    /// The operation of OPERATION_ENDED.
    public @Nullable Operation operation() {
        return operation;
    }

    /// How it ended.
    public OperationStatus status() {
        return status;
    }

    /// Old value of an atomic, immediate, or region key.
    public long value() {
        return value;
    }

    /// Length in bytes.
    public long length() {
        return length;
    }

    /// Token of a lookup.
    public long token() {
        return token;
    }

    /// Bits of the rights of a region, see {@link io.longhaul.Right#bit}.
    public int rights() {
        return rights;
    }

    /// The message of MESSAGE.
    public @Nullable InboundMessage message() {
        return message;
    }

    /// The stream of STREAM_OPENED and STREAM_READY.
    public @Nullable EngineStream stream() {
        return stream;
    }

    /// Why the connection ended; null after a graceful close that this side asked for.
    public io.longhaul.ConnectionException.@Nullable Reason closeReason() {
        return closeReason;
    }

    /// Why, in words.
    public String closeText() {
        return closeText;
    }
}
