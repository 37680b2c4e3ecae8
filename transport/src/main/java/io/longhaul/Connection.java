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

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// A connection to a peer: operations, messages, streams and regions.
///
/// Posting never blocks. The futures and listeners are completed on the agent's thread and must not block.
///
/// Threading: any thread may call anything. Operations posted by one thread keep their order.
public interface Connection extends AutoCloseable {
    /// Is told what the peer did.
    interface Listener {
        /// A message arrived; the receiver closes it. The default queues it for {@link Connection#receive}.
        ///
        /// @return true when taken; false queues it
        default boolean onMessage(Message message) {
            return false;
        }

        /// A write with immediate was placed completely; the default queues it for {@link
        /// Connection#receiveImmediate}.
        ///
        /// @return true when taken
        default boolean onImmediate(int immediate, long lengthBytes) {
            return false;
        }

        /// The peer opened a stream.
        ///
        /// @return true when taken; false queues it for {@link Connection#acceptStream}
        default boolean onStream(ByteStream stream) {
            return false;
        }

        /// The connection ended; {@code cause} is null after a graceful close by this side.
        default void onClosed(@Nullable ConnectionException cause) {}
    }

    /// Random 64-bit identifier of this end.
    long id();

    /// Address of the peer's control port.
    InetSocketAddress remoteAddress();

    /// Names of the peer as its certificate says (subject alternative names, DNS and IP), verified; none when the
    /// connection is insecure.
    default List<String> peerNames() {
        return List.of();
    }

    /// Name of the verbs device, for example {@code soft0}.
    String deviceName();

    /// Sets the listener. Events before the call are queued.
    void listener(Listener listener);

    /// Posts a prepared operation. Never blocks.
    ///
    /// @return false when the submission queue is full or the number of outstanding operations is at its limit:
    /// nothing was
    ///     posted; try again after a completion
    /// @throws ConnectionException when the connection has ended
    boolean post(Operation operation);

    /// Writes all of {@code source} to the remote region. The future fails with {@link OperationException}.
    CompletableFuture<Void> write(MemorySegment source, RemoteRegion target, long targetOffset);

    /// Writes and then tells the peer {@code immediate}.
    CompletableFuture<Void> writeWithImmediate(
            MemorySegment source, RemoteRegion target, long targetOffset, int immediate);

    /// Fills {@code target} from the remote region.
    CompletableFuture<Void> read(RemoteRegion source, long sourceOffset, MemorySegment target);

    /// Sends a message. The future is complete when the peer's endpoint holds it.
    CompletableFuture<Void> send(MemorySegment message);

    /// Adds to 8 aligned remote bytes and gives the old value.
    CompletableFuture<Long> fetchAndAdd(RemoteRegion target, long targetOffset, long delta);

    /// Replaces 8 aligned remote bytes if they hold {@code expected}; gives the old value.
    CompletableFuture<Long> compareAndSwap(RemoteRegion target, long targetOffset, long expected, long desired);

    /// Exposes memory to this peer alone.
    ///
    /// @param name 1 to 255 UTF-8 bytes
    /// @throws ConfigurationException when the name is taken or a limit is reached
    ExposedRegion expose(String name, MemorySegment segment, Grant grant);

    /// Asks the peer for a region. The future fails with {@link OperationException} NOT_FOUND when there is none.
    CompletableFuture<RemoteRegion> lookup(String name);

    /// Waits for a message.
    ///
    /// @return null when none came in time
    /// @throws ConnectionException when the connection has ended and nothing is queued
    @Nullable
    Message receive(Duration timeout) throws InterruptedException;

    /// Waits for the immediate of a write.
    ///
    /// @return the immediate as an unsigned value, or -1 when none came in time
    long receiveImmediate(Duration timeout) throws InterruptedException;

    /// Opens a stream. Waits for the agent, never for the peer.
    ///
    /// @throws OperationException REMOTE_RESOURCES_EXHAUSTED when as many streams are open as there may be
    ByteStream openStream();

    /// Waits for a stream that the peer opened; null when none came in time.
    @Nullable
    ByteStream acceptStream(Duration timeout) throws InterruptedException;

    /// What was measured up to now.
    ConnectionStatistics statistics();

    /// True until the connection has ended.
    boolean isOpen();

    /// Closes gracefully: waits until everything posted has ended, tells the peer, and waits for its answer.
    ///
    /// @param timeout zero aborts at once
    void close(Duration timeout);

    /// Closes gracefully within 5 seconds.
    @Override
    default void close() {
        close(Duration.ofSeconds(5));
    }
}
