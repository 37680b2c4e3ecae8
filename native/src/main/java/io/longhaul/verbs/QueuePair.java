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

import java.time.Duration;

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

    /// What `ibv_modify_qp` takes besides addresses, keys and numbers.
    ///
    /// @param serviceLevel 0..7, the priority of Ethernet frames (PCP)
    /// @param ackTimeout RC: how long an acknowledgement may take, rounded up to 4.096 us x 2^n, at most 2.4 hours;
    /// 0 waits
    ///     without limit. Must exceed the round trip
    /// @param retryCount RC: 0..7 repetitions after that time
    /// @param rnrRetryCount RC: 0..6 repetitions while the peer has no receive posted, 7 without limit
    /// @param minRnrTimer RC: what this side asks the peer to wait then, rounded up to one of 31 steps, 10 us to
    /// 655.36 ms
    /// @param maxReadsOut RC: most reads and atomics that this side has outstanding, 0..255 and what the device has
    /// @param maxReadsIn RC: most reads and atomics of the peer that this side serves at a time, as `maxReadsOut`
    /// there
    /// @param partitionKeyIndex place in the partition key table
    /// @param rateLimitBitsPerSecond what the device itself lets leave the queue pair, 0 without limit
    record Attributes(
            int serviceLevel,
            Duration ackTimeout,
            int retryCount,
            int rnrRetryCount,
            Duration minRnrTimer,
            int maxReadsOut,
            int maxReadsIn,
            int partitionKeyIndex,
            long rateLimitBitsPerSecond) {

        private static final int MAX_3_BITS = 7;
        private static final int MAX_8_BITS = 0xff;
        private static final int MAX_16_BITS = 0xffff;
        private static final Duration MAX_ACK_TIMEOUT = Duration.ofNanos(4_096L << 31);
        private static final Duration MAX_RNR_TIMER = Duration.ofNanos(655_360_000);

        /// For paths of up to 250 ms: repeats after 0.54 s, 7 times; waits without limit for receives; 16 reads
        /// at a time.
        public static final Attributes DEFAULT =
                new Attributes(0, Duration.ofMillis(500), 7, 7, Duration.ofNanos(640_000), 16, 16, 0, 0);

        /// Checks the ranges.
        public Attributes {
            AddressVector.checkRange("serviceLevel", serviceLevel, 0, MAX_3_BITS);
            AddressVector.checkRange("retryCount", retryCount, 0, MAX_3_BITS);
            AddressVector.checkRange("rnrRetryCount", rnrRetryCount, 0, MAX_3_BITS);
            AddressVector.checkRange("maxReadsOut", maxReadsOut, 0, MAX_8_BITS);
            AddressVector.checkRange("maxReadsIn", maxReadsIn, 0, MAX_8_BITS);
            AddressVector.checkRange("partitionKeyIndex", partitionKeyIndex, 0, MAX_16_BITS);
            checkRange("ackTimeout", ackTimeout, MAX_ACK_TIMEOUT);
            checkRange("minRnrTimer", minRnrTimer, MAX_RNR_TIMER);
            if (rateLimitBitsPerSecond < 0) {
                throw new IllegalArgumentException(
                        "rateLimitBitsPerSecond must not be negative, is " + rateLimitBitsPerSecond);
            }
        }

        private static void checkRange(String name, Duration value, Duration most) {
            if (value.isNegative() || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + " must be in 0.." + most + ", is " + value);
            }
        }

        /// The same with another service level.
        public Attributes withServiceLevel(int level) {
            return new Attributes(
                    level,
                    ackTimeout,
                    retryCount,
                    rnrRetryCount,
                    minRnrTimer,
                    maxReadsOut,
                    maxReadsIn,
                    partitionKeyIndex,
                    rateLimitBitsPerSecond);
        }

        /// The same with other repetitions for lost packets.
        public Attributes withRetries(Duration newAckTimeout, int newRetryCount) {
            return new Attributes(
                    serviceLevel,
                    newAckTimeout,
                    newRetryCount,
                    rnrRetryCount,
                    minRnrTimer,
                    maxReadsOut,
                    maxReadsIn,
                    partitionKeyIndex,
                    rateLimitBitsPerSecond);
        }

        /// The same with other repetitions for receivers that are not ready.
        public Attributes withRnrRetries(Duration newMinRnrTimer, int newRnrRetryCount) {
            return new Attributes(
                    serviceLevel,
                    ackTimeout,
                    retryCount,
                    newRnrRetryCount,
                    newMinRnrTimer,
                    maxReadsOut,
                    maxReadsIn,
                    partitionKeyIndex,
                    rateLimitBitsPerSecond);
        }

        /// The same with other numbers of reads and atomics at a time.
        public Attributes withReads(int out, int in) {
            return new Attributes(
                    serviceLevel,
                    ackTimeout,
                    retryCount,
                    rnrRetryCount,
                    minRnrTimer,
                    out,
                    in,
                    partitionKeyIndex,
                    rateLimitBitsPerSecond);
        }

        /// The same with another partition.
        public Attributes withPartitionKeyIndex(int index) {
            return new Attributes(
                    serviceLevel,
                    ackTimeout,
                    retryCount,
                    rnrRetryCount,
                    minRnrTimer,
                    maxReadsOut,
                    maxReadsIn,
                    index,
                    rateLimitBitsPerSecond);
        }

        /// The same with another rate limit.
        public Attributes withRateLimitBitsPerSecond(long rate) {
            return new Attributes(
                    serviceLevel,
                    ackTimeout,
                    retryCount,
                    rnrRetryCount,
                    minRnrTimer,
                    maxReadsOut,
                    maxReadsIn,
                    partitionKeyIndex,
                    rate);
        }
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

    /// Sets attributes, from the beginning [Attributes#DEFAULT]. The steps that follow use them; a changed
    /// `minRnrTimer` (RC) takes effect at once in RTR, RTS and SQD, a changed rate limit in RTR and RTS, and in SQD
    /// with
    /// the return to RTS.
    ///
    /// @throws DeviceException when the device does not have what is asked for
    void configure(Attributes attributes);

    /// RESET -> INIT.
    ///
    /// @param access for UC and RC, what the peer may do: a sum of [AccessFlags]; ignored by UD
    /// @param queueKey for UD, the key that arriving packets must carry; ignored by UC and RC
    void toInit(int access, int queueKey);

    /// INIT -> RTR, UD.
    void toReadyToReceive();

    /// INIT -> RTR, UC and RC: names the peer.
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
    /// @throws IllegalArgumentException on UD, when a request names no open address handle
    /// @throws DeviceException when the device was removed, or cannot read a request: an opcode that the type does
    /// not have,
    ///     an inline payload that is too long
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
