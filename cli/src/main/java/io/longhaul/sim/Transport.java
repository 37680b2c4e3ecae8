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
package io.longhaul.sim;

import io.longhaul.cli.account.SenderAccount;
import org.jspecify.annotations.Nullable;

/// One sender and one receiver, of whatever kind, in virtual time.
public interface Transport extends AutoCloseable {
    /// Gets ready to send; virtual time may pass.
    ///
    /// @param longestBytes longest transfer that will be asked for; 0 when there will be a stream
    void establish(long longestBytes);

    /// Sends without end from now on.
    void startStream();

    /// Ends the stream: nothing new is sent.
    void stopStream();

    /// Starts to move a number of bytes; {@link #isDone} tells when the sender knows that all have arrived.
    void startTransfer(long bytes);

    /// Starts a request of so many bytes, which the far end answers by others; {@link #isDone} tells when the
    /// answer has
    /// arrived.
    ///
    /// @throws IllegalArgumentException when this transport has no answers
    default void startExchange(long bytes, long answerBytes) {
        throw new IllegalArgumentException("only the scheme longhaul answers: leave out --answer");
    }

    /// True when the transfer is complete.
    boolean isDone();

    /// Application bytes that have arrived, each counted once.
    long deliveredBytes();

    /// Application bytes sent again.
    long retransmittedBytes();

    /// Bytes of parity and of duplicates sent ahead of any loss.
    long parityBytes();

    /// Application bytes sent for the first time.
    long sentBytes();

    /// Packets declared lost that had arrived.
    long spuriousPackets();

    /// Packets sent.
    long sentPackets();

    /// Application bytes of a full packet.
    int payloadBytesPerPacket();

    /// IP bytes of a full packet.
    int ipBytesPerPacket();

    /// What it counted as a sender; null for a model, which counts nothing of the kind.
    default @Nullable SenderAccount account() {
        return null;
    }

    /// Phase of the congestion controller, for diagnosis.
    String phase();

    /// Bytes that may be in flight.
    long windowBytes();

    /// Hash over everything that was sent, and when.
    long traceHash();

    /// Why it has ended by itself; empty while it lives.
    String failure();

    /// Checks what arrived against what was sent.
    ///
    /// @throws IllegalStateException when a byte differs
    void verify();

    @Override
    void close();
}
