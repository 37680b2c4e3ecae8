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

/// Memory and credit of arriving messages.
final class MessageAssembler {
    MessageAssembler(EngineConfig config, ReceiveMemory memory, EventQueue events) {}

    /// Message bytes that the peer may have sent since the start, each message counted with at least 64; never decreases.
    long creditBytes() {
        throw new AssertionError("in progress");
    }

    /// True when the credit advanced by a quarter of the window since {@link #onCreditSent}, or when the peer waits for it.
    boolean isCreditDue() {
        throw new AssertionError("in progress");
    }

    /// An ACK with {@link #creditBytes} was sent.
    void onCreditSent() {
        throw new AssertionError("in progress");
    }

    /// The peer is held back (PROBE with flag BLOCKED) and would like to have sent {@code wantedTotalBytes}.
    void onBlocked(long wantedTotalBytes) {
        throw new AssertionError("in progress");
    }

    /// Sets the smoothed round trip for the tuning of the window.
    void rttNanos(long value) {
        throw new AssertionError("in progress");
    }

    /// Takes back released messages. Cheap when there are none.
    void reclaim() {
        throw new AssertionError("in progress");
    }

    /// Drops partial messages and this side's hold on the memory; delivered messages stay valid until they are released.
    void close() {
        throw new AssertionError("in progress");
    }
}
