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
package io.longhaul.endpoint;

import io.longhaul.core.SealingParameters;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The control connection: a reliable, ordered byte channel, in the clear or secured.
///
/// Threading: one reader and one writer; {@link #close} by any thread ends both.
interface ControlChannel extends AutoCloseable {
    /// Address of this end.
    InetSocketAddress localAddress();

    /// Address of the peer.
    InetSocketAddress remoteAddress();

    /// What a silent end of the channel may mean, for people.
    default String hint() {
        return "is it a Longhaul server, and not overloaded?";
    }

    /// How long the handshake of this channel has waited for processors of this end, ns.
    default long waitedNanos() {
        return 0;
    }

    /// Names in the peer's certificate; none when the channel is in the clear.
    default List<String> peerNames() {
        return List.of();
    }

    /// The secret of the packets of the connection for which this channel stands; null when the channel is in the
    /// clear.
    ///
    /// @param context what distinguishes the connection, the same at both ends
    default @Nullable SealingParameters sealing(byte[] context) {
        return null;
    }

    /// The same after bootstrap: addresses, names and the end, and nothing of what TLS holds.
    default ControlChannel withoutSession() {
        return this;
    }

    /// Sends all bytes.
    void send(ByteBuffer bytes) throws IOException;

    /// Fills {@code target} up to its limit.
    ///
    /// @param deadlineNanos time of {@link System#nanoTime} at which it gives up
    /// @return the bytes read; fewer than asked for when the peer ended the channel first
    /// @throws java.net.SocketTimeoutException when the deadline passed
    int receive(ByteBuffer target, long deadlineNanos) throws IOException;

    /// Waits until the peer, or {@link #close}, ends the channel; whatever arrives is dropped.
    void awaitEnd();

    /// Waits until it ends, or cannot be waited for: the JDK needs descriptors when it does so for the first time.
    ///
    /// @return what happened to it
    default String awaitEndText() {
        try {
            awaitEnd();
            return "ended: the peer's process exited, was killed, or lost its network";
        } catch (LinkageError e) {
            return "cannot be watched (" + e + "): raise the limit of open files (ulimit -n)";
        }
    }

    @Override
    void close();
}
