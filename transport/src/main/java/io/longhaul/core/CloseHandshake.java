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

import io.longhaul.core.wire.CloseFlyweight;
import java.nio.charset.StandardCharsets;

/// How a connection ends: open, draining, closing (CLOSE sent, answer awaited), lingering (answers a repeated CLOSE),
/// closed.
final class CloseHandshake {
    /// States in their order; a connection only moves forward.
    enum State {
        OPEN,
        DRAINING,
        CLOSING,
        LINGERING,
        CLOSED
    }

    private static final int MAX_ATTEMPTS = 5;
    private static final int LINGER_TIMEOUTS = 3;

    private State state = State.OPEN;
    private int code;
    private byte[] reason = new byte[0];
    private int attempts;
    private long dueNanos = ConnectionEngine.NO_TIMEOUT;
    private boolean confirmPending;

    CloseHandshake() {}

    State state() {
        return state;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    /// True while data may still flow.
    boolean isLive() {
        return state == State.OPEN || state == State.DRAINING;
    }

    void drain(String text) {
        if (state == State.OPEN) {
            state = State.DRAINING;
            reason = text.getBytes(StandardCharsets.UTF_8);
        }
    }

    /// Starts sending CLOSE.
    void start(long nowNanos, int closeCode, String text) {
        if (isLive()) {
            state = State.CLOSING;
            code = closeCode;
            reason = text.getBytes(StandardCharsets.UTF_8);
            dueNanos = nowNanos;
        }
    }

    /// Starts sending CLOSE after everything was drained.
    void startDrained(long nowNanos) {
        if (state == State.DRAINING) {
            state = State.CLOSING;
            code = CloseFlyweight.CODE_GRACEFUL;
            dueNanos = nowNanos;
        }
    }

    /// The peer's CLOSE arrived: answer it, and linger.
    void onPeerClose(long nowNanos, long timeoutNanos) {
        confirmPending = true;
        if (state != State.CLOSED && state != State.LINGERING) {
            // A repeated CLOSE is answered, but does not lengthen the life of the connection.
            state = State.LINGERING;
            dueNanos = nowNanos + LINGER_TIMEOUTS * timeoutNanos;
        }
    }

    /// The peer confirmed our CLOSE.
    ///
    /// @return true when that ends the connection
    boolean onConfirmed() {
        if (state != State.CLOSING) {
            return false;
        }
        state = State.CLOSED;
        dueNanos = ConnectionEngine.NO_TIMEOUT;
        return true;
    }

    void abandon() {
        state = State.CLOSED;
        dueNanos = ConnectionEngine.NO_TIMEOUT;
        confirmPending = false;
    }

    long dueNanos() {
        return dueNanos;
    }

    /// True while the peer's CLOSE waits for its answer.
    boolean isConfirmPending() {
        return confirmPending;
    }

    /// Runs the timer of the handshake.
    ///
    /// @return true when the connection has ended by it
    boolean onTimeout(long nowNanos) {
        final boolean due = dueNanos != ConnectionEngine.NO_TIMEOUT && nowNanos - dueNanos >= 0;
        final boolean over = due && (state == State.LINGERING || state == State.CLOSING && attempts >= MAX_ATTEMPTS);
        if (over) {
            abandon();
        }
        return over;
    }

    /// Writes a CLOSE frame when one is due.
    ///
    /// @return true when one was written
    boolean put(long nowNanos, long timeoutNanos, PacketWriter writer) {
        if (confirmPending) {
            confirmPending = false;
            writer.advance(
                    CloseFlyweight.put(writer.segment(), writer.at(), CloseFlyweight.CODE_CONFIRMED, new byte[0]));
            return true;
        }
        final boolean due = state == State.CLOSING && nowNanos - dueNanos >= 0 && attempts < MAX_ATTEMPTS;
        if (due) {
            attempts++;
            dueNanos = nowNanos + timeoutNanos;
            writer.advance(CloseFlyweight.put(writer.segment(), writer.at(), code, reason));
        }
        return due;
    }
}
