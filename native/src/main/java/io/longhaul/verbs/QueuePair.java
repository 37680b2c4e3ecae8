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

/// A send queue and a receive queue.
///
/// States change by the `to*` methods, in the order of [QueuePairState]; a step out of order throws
/// [IllegalStateException]. Posting never throws on a queue pair that is in a state to take the work: a full queue
/// accepts
/// fewer requests than offered, and everything else that goes wrong is a completion with an error status.
///
/// Threading: posting belongs to the owner thread of the device's data path, see [RdmaDevice].
public interface QueuePair extends AutoCloseable {

    /// The service of a queue pair.
    enum Type {
        /// Reliable connection.
        RC,
        /// Unreliable connection: one peer, SEND and RDMA WRITE, what is lost stays lost.
        UC,
        /// Unreliable datagram: any peer, one packet per message, SEND only.
        UD
    }

    /// The service.
    Type type();

    /// The number by which peers address it, 24 bits.
    int number();

    /// The present state.
    QueuePairState state();

    /// The UDP port to which a peer must address its packets for this queue pair; 4791 on NICs.
    int udpPort();

    /// The index of its UDP source port among those of the device; 0 when it has no say.
    int sourcePortIndex();

    /// RESET -> INIT.
    ///
    /// @param access for UC and RC, what the peer may do: a sum of [AccessFlags]; ignored by UD
    /// @param queueKey for UD, the key that arriving packets must carry; ignored by UC and RC
    void toInit(int access, int queueKey);

    /// INIT -> RTR, UD.
    void toReadyToReceive();

    /// INIT -> RTR, UC: names the peer.
    ///
    /// @param remote the peer's address and UDP port
    /// @param remoteQueuePair the number of the peer's queue pair
    /// @param receivePsn the packet sequence number that the peer starts with, 24 bits
    /// @param pathMtuBytes most payload of one packet, the same at both ends: 256, 512, 1024, 2048, 4096, or where
    /// the
    ///     device allows it any multiple of 4 up to [PortAttributes#maxPayloadBytes()]
    void toReadyToReceive(AddressVector remote, int remoteQueuePair, int receivePsn, int pathMtuBytes);

    /// RTR -> RTS, or SQD -> RTS (then the number is ignored).
    ///
    /// @param sendPsn the packet sequence number to start with, 24 bits
    void toReadyToSend(int sendPsn);

    /// RTS -> SQD: posted sends wait until [#toReadyToSend].
    void toSendQueueDrained();

    /// Any state -> ERR: everything outstanding completes as [CompletionStatus#FLUSHED].
    void toError();

    /// Any state -> RESET: everything outstanding is forgotten without completions.
    void reset();

    /// Posts prepared sends with one doorbell.
    ///
    /// The requests are copied: they may be changed and posted again as soon as the call returns. The memory that
    /// they
    /// name must stay untouched until they complete. A request without [SendRequests#SIGNALED] completes silently;
    /// its
    /// place in the queue may be held until a later signaled one completes, so signal at least once per queue
    /// length.
    ///
    /// @param requests the prepared array
    /// @param first index of the first to post
    /// @param count how many to post, in order
    /// @return how many were accepted, 0 to `count`; fewer means that the queue is full
    /// @throws IllegalStateException in RESET, INIT and RTR
    int postSend(SendRequests requests, int first, int count);

    /// Posts prepared receives. As [#postSend], but also in INIT and RTR.
    ///
    /// A UD receive needs 40 bytes more than the payload: see [WorkCompletions#GRH_BYTES].
    ///
    /// @return how many were accepted
    /// @throws IllegalStateException in RESET
    int postReceive(ReceiveRequests requests, int first, int count);

    /// Destroys it; what is outstanding is forgotten without completions.
    @Override
    void close();
}
