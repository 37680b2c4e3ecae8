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

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/// The control connection: a reliable, ordered byte channel, in the clear or secured.
///
/// Threading: one reader and one writer; {@link #close} by any thread ends both.
interface ControlChannel extends AutoCloseable {
    /// Address of this end.
    InetSocketAddress localAddress();

    /// Address of the peer.
    InetSocketAddress remoteAddress();

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

    @Override
    void close();
}
